//! Webhooks: receivers that fail, hang, redirect, or lead where nobody is to be called.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dripline::config::{Config, HAND_OVERS, WebhookConfig};
use dripline::domain::event::EventKind;
use dripline::domain::hand_over::HandOverState;
use dripline::domain::time::{DAY, HOUR, MINUTE, SECOND};
use dripline::nurture::Change;
use dripline::nurture::webhook::network::{Network, Script};
use dripline::storage::outbox;

use crate::support::database::{TestDb, on_both};
use crate::support::fixtures::authorities;
use crate::support::pace::until;
use crate::support::program::{Program, serving};
use crate::support::receiver::{Receiver, Reply, SECRET};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::{Setup, World, hand_over, workspace};

on_both!(
    a_hand_over_and_what_becomes_of_it_is_told_signed,
    a_receiver_that_fails_is_told_later_in_order,
    a_receiver_that_hangs_delays_nobody_else,
    who_wants_no_more_is_asked_no_more,
    what_cannot_be_told_is_given_up_after_a_day,
    redirects_are_not_followed,
    private_addresses_are_not_called,
    a_name_is_resolved_once_and_that_address_is_called,
    a_step_calls_a_webhook,
    a_node_that_is_killed_loses_nothing,
    what_a_removed_webhook_left_is_given_up,
);

const PATIENCE: Duration = Duration::from_secs(60);

/// A `[webhook.NAME]` on this machine.
fn hook(name: &str, receiver: &Receiver, more: &str) -> String {
    let url = format!("http://{}/hooks/{name}?key=1", receiver.address);
    format!("[webhook.{name}]\nurl = \"{url}\"\nsecret = \"{SECRET}\"\nallow_private = true\n{more}\n")
}

async fn world(db: TestDb, webhooks: String) -> World {
    let setup = Setup { webhooks, ..Setup::default() };
    World::begin_with(db, &workspace(&[]), setup).await
}

async fn change(world: &World, lead: i64, change: Change) {
    change.carry_out(&world.engine, lead).await.unwrap();
}

async fn a_hand_over_and_what_becomes_of_it_is_told_signed(db: TestDb) {
    let crm = Receiver::start(|_, _| Reply::Status(204)).await;
    let world = world(db, hook("crm", &crm, "")).await;
    let lead =
        world.add_with("kim@example.org", |lead| lead.contact.last_name = Some("Roth".to_owned())).await;
    change(&world, lead, hand_over("asked for a call")).await;
    change(&world, lead, Change::Accept { rep: None, opportunity: true }).await;
    change(&world, lead, Change::Won { amount: Some(1200.0), reason: None }).await;
    world.pass(MINUTE).await;
    assert_eq!(crm.kinds(), ["handed_over", "opportunity", "won"], "and nothing else");
    for call in crm.calls() {
        assert!(call.is_signed(), "{call:?}");
        assert_eq!(call.path, "/hooks/crm?key=1");
        assert_eq!(call.header("host"), crm.address.to_string());
        assert_eq!(call.header("content-type"), "application/json");
        assert!(call.header("user-agent").starts_with("dripline/"), "{call:?}");
    }
    let [first, _, won] = &crm.calls()[..] else { panic!() };
    assert_ne!(first.header("webhook-id"), won.header("webhook-id"));
    let told = first.json();
    assert_eq!(told["timestamp"], "2026-01-05T08:00:00Z");
    let data = &told["data"];
    assert_eq!(data["lead"]["id"], lead);
    assert_eq!(data["lead"]["last_name"], "Roth");
    assert_eq!((&data["lead"]["with"], &data["lead"]["owner"]), (&"sales".into(), &"kim".into()));
    assert_eq!(data["lead"]["owner_email"], "kim@nordwerk.example");
    assert_eq!(data["event"]["because"], "asked for a call");
    assert_eq!(data["hand_over"]["state"], "open");
    assert_eq!(
        (&data["hand_over"]["cause"], &data["hand_over"]["rep"]),
        (&"asked for a call".into(), &"kim".into())
    );
    let won = &won.json()["data"]["hand_over"];
    assert_eq!((&won["state"], &won["amount"]), (&HandOverState::Won.as_str().into(), &1200.0.into()));
    world.end().await;
}

async fn a_receiver_that_fails_is_told_later_in_order(db: TestDb) {
    let failing = Arc::new(AtomicUsize::new(3));
    let left = failing.clone();
    let crm = Receiver::start(move |_, _| {
        let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails { Reply::Says(500, "X: y".to_owned(), "no\u{1b}[2J".to_owned()) } else { Reply::Status(200) }
    })
    .await;
    let world = world(db, hook("crm", &crm, "")).await;
    let lead = world.add("kim@example.org").await;
    change(&world, lead, hand_over("one")).await;
    // The mail to the rep gathers what comes within a second.
    world.pass(SECOND).await;
    // What comes meanwhile waits its turn, and the mail to the rep waits for no webhook.
    change(&world, lead, Change::Accept { rep: None, opportunity: false }).await;
    change(&world, lead, Change::Lost { reason: "price".to_owned(), words: None }).await;
    world.pass(SECOND).await;
    assert_eq!(crm.kinds(), ["handed_over"]);
    assert_eq!(world.subjects("kim@nordwerk.example").len(), 1);
    world.pass(HOUR).await;
    let kinds = ["handed_over", "handed_over", "handed_over", "handed_over", "accepted", "lost"];
    assert_eq!(crm.kinds(), kinds, "three times in vain, then all in order");
    let calls = crm.calls();
    let ids: Vec<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "a repeat is known by its id: {ids:?}");
    assert!(calls[..4].iter().all(|call| call.body == calls[0].body && call.is_signed()));
    let seconds: Vec<i64> =
        calls.iter().map(|call| call.header("webhook-timestamp").parse().unwrap()).collect();
    assert!(seconds[..4].windows(2).all(|pair| pair[0] < pair[1]), "each try has its own time: {seconds:?}");
    let mut tx = world.engine.db.read().await.unwrap();
    let reasons =
        tx.all("SELECT reason FROM outbox WHERE kind = 'webhook crm' AND attempt > 1", vec![], |row| {
            row.opt_text(0)
        });
    assert_eq!(reasons.await.unwrap(), [None], "it went well in the end");
    drop(tx);
    world.end().await;
}

async fn a_receiver_that_hangs_delays_nobody_else(db: TestDb) {
    let slow =
        Receiver::start(|_, before| if before == 0 { Reply::Silence } else { Reply::Status(200) }).await;
    let endless = Receiver::start(|_, _| Reply::Flood).await;
    let quick = Receiver::start(|_, _| Reply::Status(200)).await;
    let hooks = hook("slow", &slow, "") + &hook("endless", &endless, "") + &hook("quick", &quick, "");
    let world = world(db, hooks).await;
    let (first, second) = (world.add("one@example.org").await, world.add("two@example.org").await);
    change(&world, first, hand_over("one")).await;
    until(PATIENCE, async || (!slow.calls().is_empty()).then_some(())).await;
    // The slow one is asked for the other lead, while it does not answer for the first one.
    change(&world, second, hand_over("two")).await;
    until(PATIENCE, async || (slow.calls().len() == 2 && quick.calls().len() == 2).then_some(())).await;
    let unanswered = world.paused().await;
    assert_eq!(unanswered, None);
    world.engine.clock.set(world.engine.clock.now() + 2 * SECOND);
    until(PATIENCE, async || (world.subjects("kim@nordwerk.example").len() == 2).then_some(())).await;
    world.pass(2 * MINUTE).await;
    let asked: Vec<String> = slow.calls().iter().map(|call| call.email()).collect();
    assert_eq!(asked, ["one@example.org", "two@example.org", "one@example.org"], "asked again after a while");
    assert!(endless.calls().len() >= 4, "a head without end is no answer");
    world.end().await;
}

async fn who_wants_no_more_is_asked_no_more(db: TestDb) {
    let crm = Receiver::start(|_, before| Reply::Status(if before == 0 { 410 } else { 200 })).await;
    let world = world(db, hook("crm", &crm, "")).await;
    let lead = world.add("kim@example.org").await;
    change(&world, lead, hand_over("one")).await;
    world.pass(DAY).await;
    assert_eq!(crm.calls().len(), 1);
    assert_eq!(world.count(lead, EventKind::Untold).await, 1);
    world.end().await;
}

async fn what_cannot_be_told_is_given_up_after_a_day(db: TestDb) {
    let crm = Receiver::start(|_, _| Reply::Status(503)).await;
    let world = world(db, hook("crm", &crm, "events = \"*\"")).await;
    let lead = world.add("kim@example.org").await;
    world.pass(DAY - HOUR).await;
    assert_eq!(world.count(lead, EventKind::Untold).await, 0);
    assert!((15..30).contains(&crm.calls().len()), "{}", crm.calls().len());
    world.pass(4 * HOUR).await;
    let untold: Vec<_> =
        world.timeline(lead).await.into_iter().filter(|event| event.kind == EventKind::Untold).collect();
    assert_eq!(untold.len(), 1, "that it could not be told is not told: {untold:#?}");
    assert_eq!(untold[0].details.about.as_deref(), Some("webhook crm"));
    assert_eq!(untold[0].details.because.as_deref(), Some("it answered 503"));
    let explained = dripline::nurture::explain::explain(&world.engine, "kim@example.org").await.unwrap();
    assert!(explained.timeline.iter().any(|entry| entry.what == "the webhook crm could not be told"));
    world.end().await;
}

async fn redirects_are_not_followed(db: TestDb) {
    let aside = Receiver::start(|_, _| Reply::Status(200)).await;
    let target = format!("http://{}/", aside.address);
    let crm = Receiver::start(move |_, before| match before {
        0 => Reply::Says(307, format!("Location: {target}"), String::new()),
        1 => Reply::Says(302, "Location: http://169.254.169.254/latest/meta-data/".to_owned(), String::new()),
        _ => Reply::Status(200),
    })
    .await;
    let world = world(db, hook("crm", &crm, "")).await;
    let lead = world.add("kim@example.org").await;
    change(&world, lead, hand_over("one")).await;
    world.pass(HOUR).await;
    assert_eq!((crm.calls().len(), aside.calls().len()), (3, 0));
    world.end().await;
}

/// A network in which `localhost`, whose certificate the receiver has, is a public name, and which notes what it is asked.
struct Staged {
    network: Network,
    resolved: Arc<AtomicUsize>,
    reached: Arc<Mutex<Vec<SocketAddr>>>,
}

const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9));
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Names resolve to these addresses, one answer after the other; what goes to a public one arrives at `receiver`.
fn staged(answers: &'static [&'static [IpAddr]], receiver: SocketAddr) -> Staged {
    let (resolved, reached) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Vec<SocketAddr>>>::default());
    let (count, list) = (resolved.clone(), reached.clone());
    let resolve = move |name: &str| {
        assert_eq!(name, "localhost");
        let asked = count.fetch_add(1, Ordering::SeqCst);
        answers[asked.min(answers.len() - 1)].to_vec()
    };
    let reach = move |address: SocketAddr| {
        list.lock().unwrap().push(address);
        if address.ip() == PUBLIC { receiver } else { address }
    };
    let script = Script { resolve: Box::new(resolve), reach: Box::new(reach), authorities: authorities() };
    Staged { network: Network::scripted(script), resolved, reached }
}

/// A webhook that is to be public. The name is that of the certificate; dripline.toml would refuse it.
fn public_hook(config: &mut Config) {
    let webhook = WebhookConfig {
        url: "https://localhost/hook".parse().unwrap(),
        keys: vec![SECRET.parse().unwrap()],
        events: HAND_OVERS.to_vec(),
        allow_private: false,
    };
    config.webhooks.insert("crm".to_owned(), webhook);
}

async fn private_addresses_are_not_called(db: TestDb) {
    let inside = Receiver::encrypted(|_, _| Reply::Status(200)).await;
    const LINK_LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
    const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    // One of several is enough.
    let answers: &[&[IpAddr]] = &[&[LOOPBACK], &[LINK_LOCAL], &[PUBLIC, PRIVATE], &[]];
    let Staged { network, resolved, reached } = staged(answers, inside.address);
    let setup = Setup { edit: public_hook, network, ..Setup::default() };
    let world = World::begin_with(db, &workspace(&[]), setup).await;
    let lead = world.add("kim@example.org").await;
    change(&world, lead, hand_over("one")).await;
    world.pass(HOUR).await;
    assert!(resolved.load(Ordering::SeqCst) >= 4, "it is tried again");
    assert_eq!(reached.lock().unwrap().len(), 0, "nobody was called");
    assert_eq!(inside.calls().len(), 0);
    world.pass(DAY).await;
    let untold =
        world.timeline(lead).await.into_iter().find(|event| event.kind == EventKind::Untold).unwrap();
    assert_eq!(untold.details.because.as_deref(), Some("localhost has no address"));
    world.end().await;
}

async fn a_name_is_resolved_once_and_that_address_is_called(db: TestDb) {
    let crm = Receiver::encrypted(|_, _| Reply::Status(200)).await;
    // Whoever asked a second time would be led to this machine.
    let Staged { network, resolved, reached } = staged(&[&[PUBLIC], &[LOOPBACK]], crm.address);
    let setup = Setup { edit: public_hook, network, ..Setup::default() };
    let world = World::begin_with(db, &workspace(&[]), setup).await;
    let lead = world.add("kim@example.org").await;
    change(&world, lead, hand_over("one")).await;
    world.settle().await;
    assert_eq!(resolved.load(Ordering::SeqCst), 1);
    assert_eq!(*reached.lock().unwrap(), [SocketAddr::new(PUBLIC, 443)]);
    let [call] = &crm.calls()[..] else { panic!("{:?}", crm.calls()) };
    assert!(call.is_signed());
    assert_eq!((call.header("host"), call.path.as_str()), ("localhost", "/hook"));
    change(&world, lead, Change::Accept { rep: None, opportunity: false }).await;
    world.pass(5 * MINUTE).await;
    assert!(resolved.load(Ordering::SeqCst) >= 2);
    assert_eq!(reached.lock().unwrap().len(), 1, "the second answer is refused");
    world.end().await;
}

async fn a_step_calls_a_webhook(db: TestDb) {
    let crm = Receiver::start(|_, _| Reply::Status(200)).await;
    let setup = Setup { webhooks: hook("crm", &crm, "events = \"handed_over\""), ..Setup::default() };
    let sequence = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nwebhook = \"crm\"\n\
        [[step]]\nwebhook = \"erp\"\nid = \"other\"\n[[step]]\nmail = \"mail/hello\"\n";
    let world = World::begin_with(db, &workspace(&[("hello", sequence)]), setup).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let [call] = &crm.calls()[..] else { panic!("{:?}", crm.calls()) };
    assert!(call.is_signed());
    assert_eq!((call.kind(), call.email()), ("step".to_owned(), "kim@example.org".to_owned()));
    let event = &call.json()["data"]["event"];
    assert_eq!((&event["sequence"], &event["step"]), (&"hello".into(), &"webhook".into()));
    let untold =
        world.timeline(lead).await.into_iter().find(|event| event.kind == EventKind::Untold).unwrap();
    assert_eq!(untold.details.because.as_deref(), Some("there is no [webhook.erp] in dripline.toml"));
    assert_eq!(world.subjects("kim@example.org").len(), 1, "and the walk went on");
    world.end().await;
}

/// A process is killed while a receiver has its call and has not answered.
async fn a_node_that_is_killed_loses_nothing(db: TestDb) {
    let silent = Receiver::start(|_, _| Reply::Silence).await;
    let address = silent.address;
    let mail = SmtpServer::start(Offer::default()).await;
    let program = Program::new(&db, &mail, &workspace(&[]));
    std::fs::write(program.dir.path().join("dripline.toml"), hook("crm", &silent, "")).unwrap();
    program.import(["kim@example.org".to_owned()]).await;
    let (mut child, _) = serving(program.command(&["serve"])).await;
    program.done(&["lead", "hand-over", "kim@example.org", "--cause", "one"]).await;
    until(PATIENCE, async || (!silent.calls().is_empty()).then_some(())).await;
    child.kill().await.unwrap();
    // What happens while nobody runs is told as well.
    program.done(&["lead", "accept", "kim@example.org"]).await;
    let first = silent.calls().remove(0);
    drop(silent);
    let crm = Receiver::again(address, |_, _| Reply::Status(200)).await;
    let (mut child, _) = serving(program.command(&["serve"])).await;
    until(2 * PATIENCE, async || (crm.calls().len() == 2).then_some(())).await;
    assert_eq!(crm.kinds(), ["handed_over", "accepted"]);
    let again = crm.calls().remove(0);
    assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
    assert!(crm.calls().iter().all(|call| call.verifies()), "on the system's clock");
    child.kill().await.unwrap();
}

async fn what_a_removed_webhook_left_is_given_up(db: TestDb) {
    let crm = Receiver::start(|_, _| Reply::Status(500)).await;
    let before = world(db, hook("crm", &crm, "")).await;
    let lead = before.add("kim@example.org").await;
    change(&before, lead, hand_over("one")).await;
    before.settle().await;
    let engine = before.engine.clone();
    let count = async |now| {
        let mut tx = engine.db.begin().await.unwrap();
        let due = outbox::due(&mut tx, "webhook erp", now, 10).await.unwrap().len();
        // It locks what it finds, and a transaction that is dropped ends some time later.
        tx.commit().await.unwrap();
        due
    };
    let mut tx = engine.db.begin().await.unwrap();
    tx.execute("UPDATE outbox SET kind = 'webhook erp' WHERE kind = 'webhook crm'", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    engine.clock.set(engine.clock.now() + (DAY - HOUR));
    dripline::nurture::webhook::send::give_up_abandoned(&engine).await.unwrap();
    assert_eq!(count(engine.clock.now()).await, 1, "another node may know it");
    engine.clock.set(engine.clock.now() + HOUR);
    dripline::nurture::webhook::send::give_up_abandoned(&engine).await.unwrap();
    assert_eq!(count(engine.clock.now()).await, 0);
    assert_eq!(before.count(lead, EventKind::Untold).await, 1);
    before.end().await;
}
