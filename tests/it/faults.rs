//! What goes wrong between the engine and a mail server: nothing is lost, nothing is taken for sent that was not.

use std::time::Duration;

use dripline::domain::enrollment::MessageState;
use dripline::domain::event::EventKind;
use dripline::domain::gate::StopKind;
use dripline::domain::outcome::Phase;
use dripline::domain::time::{DAY, HOUR, MINUTE};
use dripline::mail::Timeouts;
use dripline::nurture::pause;
use dripline::storage::leads;

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::smtp_server::{Fault, Offer, StartTls};
use crate::support::world::{Setup, World, workspace};

on_both!(
    a_temporary_refusal_is_tried_again,
    a_connection_lost_before_the_body_is_tried_again,
    a_connection_lost_in_the_body_is_tried_again,
    a_connection_lost_after_the_dot_repeats_the_same_mail,
    lost_twice_after_the_dot_is_unknown,
    a_server_that_hangs_or_dribbles_is_left,
    a_refused_starttls_delays_and_loses_nothing,
    a_dead_address_is_suppressed,
    a_policy_refusal_pauses_the_lane,
    another_refusal_fails_and_the_walk_goes_on,
    a_relay_that_knows_nobody_does_not_empty_the_list,
    a_refusal_that_lasts_is_given_up_after_a_day,
);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";
const TWO: &str = "title = \"Two\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/one\"\n\
    [[step]]\nwait = \"1 day\"\nmail = \"mail/two\"\n";

/// Steps of a server that answers nothing take this long.
const SHORT: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    command: Duration::from_millis(400),
    data_end: Duration::from_millis(400),
};

fn address(number: usize) -> String {
    format!("lead{number}@d{}.example", number % 20)
}

/// Adds so many leads, each at one of twenty domains.
async fn add(world: &World, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(world.add(&address(number)).await);
    }
    ids
}

/// Faults that hit the first try for each of so many leads. Retries come later: their time must pass first.
fn at_first(world: &World, leads: usize, fault: impl Fn(usize) -> Fault + Send + Sync + 'static) {
    world.server.script(move |transaction| {
        (1..=leads).contains(&transaction.number).then(|| fault(transaction.number))
    });
}

/// Every lead has its mail once, in as many tries.
async fn each_sent_once(world: &World, ids: &[i64], attempts: i64) {
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(world.mails(&address(number)).len(), 1, "mails to lead {number}");
        let messages = world.messages(*id).await;
        let states: Vec<_> = messages.iter().map(|message| (message.state, message.attempt)).collect();
        assert_eq!(states, [(MessageState::Sent, attempts)], "lead {number}");
    }
}

async fn a_temporary_refusal_is_tried_again(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    let replies = [
        (Phase::Mail, "421 4.3.2 going down"),
        (Phase::Rcpt, "450 4.2.1 mailbox busy"),
        (Phase::Rcpt, "452 4.2.2 mailbox full"),
        (Phase::End, "451 4.3.0 local error"),
    ];
    at_first(&world, scaled(50) * replies.len(), move |number| {
        let (at, line) = replies[number % replies.len()];
        Fault::Reply { at, line }
    });
    let ids = add(&world, scaled(50) * replies.len()).await;
    world.settle().await;
    assert_eq!(world.server.accepted().len(), 0, "nothing is sent at first");
    world.pass(HOUR).await;
    each_sent_once(&world, &ids, 2).await;
    assert_eq!(world.count(ids[0], EventKind::Retried).await, 1);
    world.end().await;
}

async fn a_connection_lost_before_the_body_is_tried_again(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    at_first(&world, scaled(50), |_| Fault::DropAt(Phase::Data));
    let ids = add(&world, scaled(50)).await;
    world.settle().await;
    world.pass(HOUR).await;
    each_sent_once(&world, &ids, 2).await;
    for id in &ids {
        assert_eq!(world.messages(*id).await[0].ambiguous, 0, "it cannot have arrived");
    }
    world.end().await;
}

async fn a_connection_lost_in_the_body_is_tried_again(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    at_first(&world, scaled(50), |_| Fault::DropInsideData);
    let ids = add(&world, scaled(50)).await;
    world.settle().await;
    world.pass(HOUR).await;
    each_sent_once(&world, &ids, 2).await;
    world.end().await;
}

async fn a_connection_lost_after_the_dot_repeats_the_same_mail(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    at_first(&world, scaled(50), |_| Fault::TakeAndDrop);
    let ids = add(&world, scaled(50)).await;
    world.settle().await;
    world.pass(HOUR).await;
    for (number, id) in ids.iter().enumerate() {
        let mails = world.mails(&address(number));
        assert_eq!(mails.len(), 2, "taken twice");
        assert_eq!(message_id(&mails[0].body), message_id(&mails[1].body));
        let message = &world.messages(*id).await[0];
        assert_eq!((message.state, message.ambiguous), (MessageState::Sent, 1));
        assert_eq!(world.count(*id, EventKind::Ambiguous).await, 1);
    }
    world.end().await;
}

fn message_id(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).expect("a message");
    message.message_id().expect("a Message-ID").to_owned()
}

async fn lost_twice_after_the_dot_is_unknown(db: TestDb) {
    let world = World::begin(db, &workspace(&[("two", TWO)])).await;
    world.server.script(|transaction| {
        let first = String::from_utf8_lossy(&transaction.body).contains("This is mail/one");
        first.then_some(Fault::TakeAndDrop)
    });
    let ids = add(&world, 3).await;
    world.pass(3 * DAY).await;
    for (number, id) in ids.iter().enumerate() {
        let states: Vec<_> = world.messages(*id).await.iter().map(|message| message.state).collect();
        assert_eq!(states, [MessageState::Unknown, MessageState::Sent], "the walk goes on");
        assert_eq!(world.mails(&address(number)).len(), 3, "the first twice, and no more");
        assert_eq!(world.count(*id, EventKind::Ambiguous).await, 2);
    }
    world.end().await;
}

async fn a_server_that_hangs_or_dribbles_is_left(db: TestDb) {
    let setup = Setup { timeouts: SHORT, ..Setup::default() };
    let world = World::begin_with(db, &workspace(&[("hello", HELLO)]), setup).await;
    at_first(&world, scaled(50) * 2, |number| match number % 2 {
        0 => Fault::Hang(Phase::Rcpt),
        _ => Fault::OneBytePerSecond,
    });
    let ids = add(&world, scaled(50) * 2).await;
    world.settle().await;
    assert_eq!(world.server.accepted().len(), 0);
    world.pass(HOUR).await;
    each_sent_once(&world, &ids, 2).await;
    world.end().await;
}

async fn a_refused_starttls_delays_and_loses_nothing(db: TestDb) {
    let offer = Offer { starttls: StartTls::Refused, ..Offer::default() };
    let setup = Setup { offer, tls: "required", ..Setup::default() };
    let world = World::begin_with(db, &workspace(&[("hello", HELLO)]), setup).await;
    let ids = add(&world, scaled(50)).await;
    world.pass(10 * MINUTE).await;
    assert_eq!(world.server.accepted().len(), 0);
    for id in &ids {
        for message in world.messages(*id).await {
            assert_eq!(message.state, MessageState::Retry, "{:?}", message.reason);
            assert!(message.attempt <= 1, "a try that never began is not counted");
        }
    }
    world.end().await;
}

async fn a_dead_address_is_suppressed(db: TestDb) {
    let world = World::begin(db, &workspace(&[("two", TWO)])).await;
    // One in thirty: fewer than what the breaker takes for a broken relay.
    world.server.script(|transaction| {
        let dead = transaction.to.as_deref().is_some_and(|to| to.starts_with("dead"));
        let line = "550 5.1.1 no such user";
        (dead && transaction.at == Phase::Rcpt).then_some(Fault::Reply { at: Phase::Rcpt, line })
    });
    let mut dead = Vec::new();
    for number in 0..scaled(50) {
        add_some(&world, number * 30, 30).await;
        dead.push(world.add(&format!("dead{number}@d{}.example", number % 20)).await);
        world.settle().await;
    }
    world.pass(10 * DAY).await;
    assert_eq!(world.paused().await, None);
    for lead in &dead {
        let states: Vec<_> = world.messages(*lead).await.iter().map(|message| message.state).collect();
        assert_eq!(states, [MessageState::Failed]);
        let mut tx = world.engine.db.read().await.unwrap();
        let stored = leads::by_id(&mut tx, *lead).await.unwrap().expect("the lead");
        assert_eq!(stored.lead.closed_by, Some(StopKind::HardBounce));
        assert_eq!(stored.suppressed_by, Some(StopKind::HardBounce));
        drop(tx);
        assert_eq!(world.count(*lead, EventKind::Bounced).await, 1);
    }
    assert_eq!(world.server.accepted().len(), scaled(50) * 30 * 2, "the others have both mails");
    world.end().await;
}

async fn add_some(world: &World, from: usize, count: usize) {
    for number in from..from + count {
        world.add(&address(number)).await;
    }
}

async fn a_policy_refusal_pauses_the_lane(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    let line = "550 5.7.1 your network is blocked";
    world.server.script(move |transaction| {
        let blocked = transaction.to.as_deref().is_some_and(|to| to.ends_with("@strict.example"));
        (blocked && transaction.at == Phase::Rcpt).then_some(Fault::Reply { at: Phase::Rcpt, line })
    });
    let mut ids = Vec::new();
    for number in 0..scaled(50) {
        ids.push(world.add(&format!("lead{number}@strict.example")).await);
    }
    let free = world.add("lead@free.example").await;
    world.pass(DAY / 2).await;
    assert_eq!(world.messages(free).await[0].state, MessageState::Sent, "other lanes go on");
    let tries: usize = world.server.transactions().iter().filter(|mail| !mail.accepted).count();
    assert!(tries <= ids.len(), "once the lane pauses nothing more is tried in it: {tries}");
    world.server.script(|_| None);
    pause::resume(&world.engine).await.unwrap();
    world.pass(HOUR).await;
    for id in &ids {
        let messages = world.messages(*id).await;
        assert_eq!(messages[0].state, MessageState::Sent, "{:?}", messages[0].reason);
        let mut tx = world.engine.db.read().await.unwrap();
        assert_eq!(leads::by_id(&mut tx, *id).await.unwrap().expect("the lead").suppressed_by, None);
    }
    world.end().await;
}

async fn another_refusal_fails_and_the_walk_goes_on(db: TestDb) {
    let world = World::begin(db, &workspace(&[("two", TWO)])).await;
    at_first(&world, scaled(50), |_| Fault::Reply { at: Phase::Rcpt, line: "554 no" });
    let ids = add(&world, scaled(50)).await;
    world.pass(5 * DAY).await;
    for (number, id) in ids.iter().enumerate() {
        let states: Vec<_> = world.messages(*id).await.iter().map(|message| message.state).collect();
        assert_eq!(states, [MessageState::Failed, MessageState::Sent]);
        assert_eq!(world.subjects(&address(number)), ["About mail/two"]);
    }
    world.end().await;
}

async fn a_relay_that_knows_nobody_does_not_empty_the_list(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    world.server.script(|transaction| {
        let line = "550 5.1.1 relay of nobody";
        (transaction.at == Phase::Rcpt).then_some(Fault::Reply { at: Phase::Rcpt, line })
    });
    let ids = add(&world, 200).await;
    world.settle().await;
    assert!(world.paused().await.expect("sending is paused").contains("said not to exist"));
    let mut suppressed = 0;
    for id in &ids {
        let mut tx = world.engine.db.read().await.unwrap();
        let stored = leads::by_id(&mut tx, *id).await.unwrap().expect("the lead");
        suppressed += usize::from(stored.suppressed_by.is_some());
    }
    assert!(suppressed <= 5, "{suppressed} suppressed");
    world.server.script(|_| None);
    pause::resume(&world.engine).await.unwrap();
    world.pass(3 * HOUR).await;
    assert_eq!(world.server.accepted().len(), ids.len() - suppressed);
    world.end().await;
}

async fn a_refusal_that_lasts_is_given_up_after_a_day(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    world.server.script(|transaction| {
        let line = "452 4.2.2 mailbox full";
        (transaction.at == Phase::Rcpt).then_some(Fault::Reply { at: Phase::Rcpt, line })
    });
    let id = world.add("kim@example.org").await;
    world.pass(DAY - HOUR).await;
    assert_eq!(world.messages(id).await[0].state, MessageState::Retry);
    world.pass(DAY + 10 * MINUTE).await;
    let message = world.messages(id).await.remove(0);
    assert_eq!(message.state, MessageState::Failed);
    assert!(message.attempt > 8, "{} tries", message.attempt);
    world.end().await;
}
