//! Marketing leaves a whole company alone while sales talks to somebody of it.

use std::time::{Duration, Instant};

use dripline::nurture::clock::Clock;
use dripline::nurture::company::report_deal;
use dripline::nurture::record::Found;
use dripline::storage::messages::{self, NewClaim};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::{DAILY, DAY, World, desk, give_back, of, told};
use crate::support::app::TestApp;
use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::nodes::Node;
use crate::support::pace;
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::{MONDAY, Setup, add, hand_over, lead};

on_both!(
    a_company_is_left_alone_until_sales_is_done_with_it,
    without_the_key_only_the_lead_is,
    a_deal_holds_everybody_of_the_company,
    what_is_on_the_wire_to_a_colleague_is_found,
    a_new_lead_holds_what_is_on_the_wire_to_a_colleague,
    no_mail_to_a_colleague_begins_after_the_answer,
);

const HOLD: &str = "[routing]\nhold = \"company\"\n";
/// Rounds of a race after which it is clear that one of its ends does not come about.
const MOST_ROUNDS: usize = 100;
const TALKS: &str = "sales is talking to a colleague";

async fn a_company_is_left_alone_until_sales_is_done_with_it(db: TestDb) {
    let world = World::begin(db, &desk("", HOLD)).await;
    let ann = world.add_with("ann@x.example", of("DE", "alpha")).await;
    let bob = world.add_with("bob@x.example", of("DE", "alpha")).await;
    world.add_with("cid@x.example", of("DE", "beta")).await;
    world.settle().await;
    hand_over("called us").carry_out(&world.engine, ann).await.expect("handed over");
    let dan = world.add_with("dan@x.example", of("DE", "alpha")).await;
    world.pass(3 * DAY).await;
    assert_eq!(world.subjects("cid@x.example"), ["one", "two", "three"], "another company");
    assert_eq!(world.subjects("bob@x.example"), ["one"]);
    assert_eq!(world.subjects("dan@x.example"), [""; 0], "who joins is left alone as well");
    for lead in [bob, dan] {
        let told = told(&world, lead).await;
        assert!(told.not_sent_because.iter().any(|why| why == TALKS), "{told:?}");
        assert!(told.sentence.contains("next mail waits"), "{}", told.sentence);
    }
    hand_over("called us").carry_out(&world.engine, dan).await.expect("handed over");
    give_back(&world, ann).await;
    world.pass(2 * DAY).await;
    assert_eq!(world.subjects("bob@x.example"), ["one"], "sales still talks to dan");
    give_back(&world, dan).await;
    world.settle().await;
    assert_eq!(world.subjects("bob@x.example"), ["one", "two"], "now nobody is with sales");
    world.pass(3 * DAY).await;
    for email in ["ann", "bob", "dan"] {
        assert_eq!(world.subjects(&format!("{email}@x.example")).last().map(String::as_str), Some("three"));
    }
    world.end().await;
}

async fn without_the_key_only_the_lead_is(db: TestDb) {
    let world = World::begin(db, &desk("", HOLD)).await;
    let ann = world.add_with("ann@x.example", of("DE", "alpha")).await;
    world.add_with("bob@x.example", of("DE", "alpha")).await;
    world.settle().await;
    hand_over("called us").carry_out(&world.engine, ann).await.expect("handed over");
    world.pass(DAY).await;
    assert_eq!(world.subjects("bob@x.example"), ["one"]);
    world.apply(&desk("", "")).await;
    world.settle().await;
    assert_eq!(world.subjects("bob@x.example"), ["one", "two"], "the change lets him go");
    assert_eq!(world.subjects("ann@x.example"), ["one"]);
    world.end().await;
}

async fn a_deal_holds_everybody_of_the_company(db: TestDb) {
    let app = TestApp::start(db, &desk("", "")).await;
    let email = "ann@alpha.example";
    let body = json!({
        "email": email, "company": "Alpha", "company_domain": "alpha.example",
        "basis": "double_opt_in", "consent_at": "2026-01-02T10:00:00Z",
    });
    assert_eq!(app.post("/leads", &body).await.0, 201);
    app.settle().await;
    let deal = "/companies/Alpha.example/deal";
    let (status, found) = app.post(deal, &json!({ "open": true })).await;
    assert_eq!((status, &found["cancelled"]), (200, &json!([])), "{found}");
    app.pass(3 * DAY).await;
    assert_eq!(app.mails(email).len(), 1);
    let told = app.explain(email).await;
    assert!(told.not_sent_because.iter().any(|why| why == "sales has an open deal with the company"));
    assert_eq!(app.post(deal, &json!({ "open": false })).await.0, 200);
    app.settle().await;
    assert_eq!(app.mails(email).len(), 2);
    assert_eq!(app.post("/companies/beta.example/deal", &json!({ "open": true })).await.0, 404);
    assert_eq!(app.post(deal, &json!({})).await.0, 422);
    let plain = app.request(Method::POST, &format!("/api/v1{deal}")).send().await.expect("an answer");
    assert_eq!(plain.status(), 401);
    app.end().await;
}

/// A mail to a colleague that another node has claimed, which is gone.
async fn what_is_on_the_wire_to_a_colleague_is_found(db: TestDb) {
    let world = World::begin(db, &desk("", HOLD)).await;
    let ann = world.add_with("ann@x.example", of("DE", "alpha")).await;
    let bob = world.add_with("bob@x.example", of("DE", "alpha")).await;
    let cid = world.add_with("cid@x.example", of("DE", "beta")).await;
    world.settle().await;
    let mut tx = world.engine.db.begin().await.unwrap();
    let claims = [bob, cid].map(|lead| NewClaim { lead, enrollment: 1, step: 1, variant: 0 });
    let now = world.engine.clock.now();
    let claimed = messages::claim(&mut tx, &claims, "gone", 1, now).await.unwrap();
    tx.commit().await.unwrap();
    let of_bob: Vec<i64> = claimed.iter().filter(|row| row.lead == bob).map(|row| row.id).collect();
    let found = hand_over("called us").carry_out(&world.engine, ann).await.expect("handed over");
    assert_eq!(found.in_flight_unknown, of_bob);
    assert_eq!(found.planned.len(), 1, "that of ann");
    let again = report_deal(&world.engine, "alpha.example", true).await.expect("noted");
    assert_eq!(again, Found { in_flight_unknown: of_bob, ..Found::default() });
    world.end().await;
}

/// One that a rule hands over as it comes.
async fn a_new_lead_holds_what_is_on_the_wire_to_a_colleague(db: TestDb) {
    let fits = "[qualification.prequalified]\nwhen = \"fit >= 40\"\nhand_over = \"fits\"\n";
    let world = World::begin(db, &desk("", &format!("{HOLD}{fits}"))).await;
    let bob = world.add_with("bob@x.example", of("AT", "alpha")).await;
    world.settle().await;
    let mut tx = world.engine.db.begin().await.unwrap();
    let claim = [NewClaim { lead: bob, enrollment: 1, step: 1, variant: 0 }];
    let now = world.engine.clock.now();
    let claimed = messages::claim(&mut tx, &claim, "gone", 1, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut ann = lead("ann@x.example", now);
    of("DE", "alpha")(&mut ann);
    let found = world.record(async |record| record.store_lead(ann).await.expect("stored").1).await;
    assert_eq!(found, Found { in_flight_unknown: vec![claimed[0].id], ..Found::default() });
    world.end().await;
}

/// Companies of two whose first mails are due. While they are sent, the first is handed over; and not one to the other
/// begins once that has answered.
async fn no_mail_to_a_colleague_begins_after_the_answer(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    server.delay(Duration::from_millis(40));
    let names: &[&str] = if db.postgres().is_some() { &["a", "b"] } else { &["a"] };
    let (clock, setup) = (Clock::manual(MONDAY), Setup { connections: 2, ..Setup::default() });
    let mut nodes = Vec::new();
    for name in names {
        let node = Node::new(&db, name, &server, clock.clone(), &setup).await;
        node.apply(&desk("", HOLD)).await;
        node.take_lock().await;
        node.listen().await;
        node.work();
        nodes.push(node);
    }
    let (mut cancelled, mut delivered, mut round) = (0, 0, 0);
    // On, until the race had both of its ends: on a busy machine that takes more rounds.
    while round < scaled(20) || (round < MOST_ROUNDS && (cancelled == 0 || delivered == 0)) {
        let inputs = (0..80).map(|n| {
            let mut input = lead(&format!("r{round}n{n}@d{}.example", n % 9), MONDAY);
            of("DE", &format!("r{round}c{}", n / 2))(&mut input);
            input
        });
        let ids = add(&nodes[0].engine, inputs.collect()).await;
        let mut asked = JoinSet::new();
        for (n, pair) in ids.chunks(2).enumerate() {
            let (engine, pair) = (nodes[n % nodes.len()].engine.clone(), [pair[0], pair[1]]);
            asked.spawn(async move {
                // The race itself: nothing here waits for something to have happened.
                tokio::time::sleep(Duration::from_millis(n as u64 * 17 % 700)).await;
                let found = hand_over("called us").carry_out(&engine, pair[0]).await.expect("handed over");
                (n, pair[1], found, Instant::now())
            });
        }
        let answers = asked.join_all().await;
        pace::settle(&nodes[0].engine).await;
        let seen = server.transactions();
        for (n, colleague, found, answered) in answers {
            let mut tx = nodes[0].engine.db.read().await.unwrap();
            let message =
                messages::of_lead(&mut tx, colleague).await.unwrap().first().map(|message| message.id);
            let email = format!("r{round}n{}@d{}.example", n * 2 + 1, (n * 2 + 1) % 9);
            let mails: Vec<_> = seen.iter().filter(|mail| mail.to.as_ref() == Some(&email)).collect();
            let late = mails.iter().any(|mail| mail.began > answered);
            assert!(!late, "{email}: a mail began after the answer {found:?}");
            let named = |ids: &[i64]| message.is_some_and(|id| ids.contains(&id));
            assert!(!named(&found.cancelled) || mails.is_empty(), "{email}: cancelled, and begun");
            cancelled += usize::from(named(&found.cancelled));
            delivered += usize::from(named(&found.in_flight_delivered));
        }
        round += 1;
    }
    assert!(cancelled > 0 && delivered > 0, "{cancelled} cancelled, {delivered} delivered");
    for node in nodes {
        node.end().await;
    }
}

/// The sequence is the one that the tests count the mails of.
#[test]
fn three_mails_are_three() {
    assert_eq!(DAILY.matches("mail = ").count(), 3);
}
