//! Interleavings that a race would meet once in a long while, forced: PostgreSQL waits where the test says so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dripline::domain::enrollment::MessageState;
use dripline::domain::event::EventKind;
use dripline::domain::outcome::Phase;
use dripline::domain::token::lock_number;
use dripline::nurture::Engine;
use dripline::nurture::clock::Clock;
use dripline::nurture::pause;
use dripline::nurture::pump::Pump;
use dripline::nurture::record::{Found, Record};
use dripline::storage::messages::{self, NewClaim};
use dripline::storage::{Tx, enrollments, events, leads};
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinHandle;

use crate::support::database::{TestDb, on_postgres};
use crate::support::nodes::Node;
use crate::support::pace;
use crate::support::smtp_server::{Fault, Offer, SmtpServer};
use crate::support::stops::{KINDS, Kind, LATER, Stopped};
use crate::support::world::{MONDAY, Setup, add, lead, workspace};

on_postgres!(
    a_claim_passes_over_a_lead_that_is_being_stopped,
    a_stop_waits_for_the_claim_it_meets,
    who_has_the_lead_is_waited_for,
    a_notice_cancels_what_waits_on_another_node,
    a_late_claim_does_not_start,
    a_node_without_its_lock_starts_nothing,
    who_stops_twice_waits_twice,
    a_frozen_transaction_does_not_hold_a_stop_for_good,
);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the statement begins that takes a lead's lock.
const LOCK_LEAD: &str = "SELECT id FROM leads WHERE id";

/// Two nodes, neither of which does anything yet, and leads on node a.
struct Scene {
    db: TestDb,
    server: SmtpServer,
    a: Node,
    b: Node,
}

impl Scene {
    async fn new(db: TestDb, connections: usize) -> Scene {
        let server = SmtpServer::start(Offer::default()).await;
        let (clock, setup) = (Clock::manual(MONDAY), Setup { connections, ..Setup::default() });
        let a = Node::new(&db, "a", &server, clock.clone(), &setup).await;
        let b = Node::new(&db, "b", &server, clock, &setup).await;
        for node in [&a, &b] {
            node.apply(&workspace(&[("hello", HELLO), ("later", LATER)])).await;
        }
        Scene { db, server, a, b }
    }

    /// Adds so many leads, of one lane, whose mail is due.
    async fn leads(&self, count: usize) -> Vec<i64> {
        let inputs = (0..count).map(|n| lead(&email(n), self.a.engine.clock.now()));
        add(&self.a.engine, inputs.collect()).await
    }

    /// Waits until a session waits for a lock with a statement that begins so, or `done`.
    async fn blocked(&self, statement: &str, done: impl Fn() -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while self.db.waiting(statement).await == 0 && !done() {
            assert!(Instant::now() < give_up, "nobody waits for a lock");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until the lead's message is in this state.
    async fn until(&self, lead: i64, state: MessageState) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let mut tx = self.db.read().await.unwrap();
            let messages = messages::of_lead(&mut tx, lead).await.unwrap();
            if messages.iter().any(|message| message.state == state) {
                return;
            }
            assert!(Instant::now() < give_up, "{messages:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until the lead was unenrolled so often.
    async fn unenrolled(&self, lead: i64, times: usize) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let mut tx = self.db.read().await.unwrap();
            let timeline = events::timeline(&mut tx, lead, 100).await.unwrap();
            if timeline.iter().filter(|event| event.kind == EventKind::Unenrolled).count() == times {
                return;
            }
            assert!(Instant::now() < give_up, "{timeline:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How many mails to leads the mail server saw begin; there are others, to reps.
    fn begun(&self) -> usize {
        let to_lead = |to: &str| to.ends_with("@one.example");
        self.server.transactions().iter().filter(|mail| mail.to.as_deref().is_some_and(to_lead)).count()
    }

    /// Checks the stop of lead `n`.
    async fn check(&self, n: usize, lead: i64, stopped: &Stopped) {
        let mut tx = self.db.read().await.unwrap();
        let message = messages::of_lead(&mut tx, lead).await.unwrap().first().map(|message| message.id);
        let transactions = self.server.transactions();
        let seen: Vec<_> = transactions.iter().filter(|seen| seen.to.as_deref() == Some(&email(n))).collect();
        stopped.check(message, &seen);
    }

    async fn end(self) {
        self.a.end().await;
        self.b.end().await;
    }
}

fn email(n: usize) -> String {
    format!("lead{n}@one.example")
}

/// One step of a node's pump, in a task of its own.
fn step(engine: &Arc<Engine>) -> JoinHandle<usize> {
    let engine = engine.clone();
    tokio::spawn(async move { Pump::default().step(&engine).await.unwrap().claimed })
}

fn stop(kind: Kind, engine: &Arc<Engine>, lead: i64) -> JoinHandle<Stopped> {
    let engine = engine.clone();
    tokio::spawn(async move { kind.carry_out(&engine, lead).await })
}

/// The stop has done its part and not committed when the claim comes.
async fn a_claim_passes_over_a_lead_that_is_being_stopped(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    let leads = scene.leads(KINDS.len()).await;
    scene.a.take_lock().await;
    let b = &scene.b.engine;
    let mut stops = Vec::new();
    for (kind, lead) in KINDS.into_iter().zip(&leads) {
        let (mut tx, revision) = b.begin().await.unwrap();
        let mut record = Record { tx: &mut tx, engine: b, revision: &revision, now: b.clock.now() };
        let ticket = kind.act(&mut record, *lead).await;
        stops.push((kind, tx, ticket));
    }
    let pump = step(&scene.a.engine);
    scene.blocked("SELECT", || pump.is_finished()).await;
    let mut stopped = Vec::new();
    for (kind, tx, ticket) in stops {
        tx.commit().await.unwrap();
        let found = ticket.settle(b).await.unwrap();
        only_a_plan(&found);
        stopped.push(Stopped { kind, found, answered: Instant::now() });
    }
    assert_eq!(pump.await.unwrap(), 0, "nothing is claimed");
    scene.a.work();
    pace::settle(&scene.a.engine).await;
    for (n, stopped) in stopped.iter().enumerate() {
        scene.check(n, leads[n], stopped).await;
    }
    assert_eq!(scene.begun(), 0);
    scene.end().await;
}

/// The claim has the lead, has read that the gate is open, and has not committed when the stop comes.
async fn a_stop_waits_for_the_claim_it_meets(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    let a = &scene.a.engine;
    scene.a.take_lock().await;
    scene.a.work();
    for (n, kind) in KINDS.into_iter().enumerate() {
        pause::pause(a, "the scene is set").await.unwrap();
        let lead = add(a, vec![lead(&email(n), a.clock.now())]).await[0];
        // A row under the key of the claim, not committed, halts the claim right before it is stored.
        let mut obstacle = scene.db.begin().await.unwrap();
        claim_for_nobody(&mut obstacle, lead).await;
        pause::resume(a).await.unwrap();
        scene.blocked("INSERT INTO messages", || false).await;
        let stop = stop(kind, &scene.b.engine, lead);
        scene.blocked(LOCK_LEAD, || stop.is_finished()).await;
        assert!(!stop.is_finished(), "{kind:?} answers before it has the lead");
        drop(obstacle);
        let stopped = stop.await.unwrap();
        pace::settle(a).await;
        scene.check(n, lead, &stopped).await;
    }
    scene.end().await;
}

/// The mail was not claimed yet: it was planned, and is called off.
fn only_a_plan(found: &Found) {
    let nothing = Found { planned: found.planned.clone(), ..Found::default() };
    assert_eq!((found.planned.len(), found), (1, &nothing));
}

/// Claims the first mail of a lead for a node that is not there.
async fn claim_for_nobody(tx: &mut Tx, lead: i64) {
    let walk = enrollments::active(tx, lead).await.unwrap().expect("it walks");
    let claim = NewClaim { lead, enrollment: walk.walk.enrollment, step: 1, variant: 0 };
    messages::claim(tx, &[claim], "nobody", 1, MONDAY).await.unwrap();
}

/// Somebody else has the lead's lock while the pump and a stop come, in both orders.
async fn who_has_the_lead_is_waited_for(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    scene.a.take_lock().await;
    let leads = scene.leads(3).await;
    let mut holder = scene.db.begin().await.unwrap();
    leads::lock_all(&mut holder, &leads[..2]).await.unwrap();
    let first = stop(KINDS[0], &scene.b.engine, leads[0]);
    scene.blocked(LOCK_LEAD, || first.is_finished()).await;
    assert_eq!(step(&scene.a.engine).await.unwrap(), 1, "only the lead that nobody has is claimed");
    let second = stop(KINDS[1], &scene.b.engine, leads[1]);
    while scene.db.waiting(LOCK_LEAD).await < 2 && !second.is_finished() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!first.is_finished() && !second.is_finished(), "neither answers before it has the lead");
    drop(holder);
    let stopped = [first.await.unwrap(), second.await.unwrap()];
    scene.a.work();
    scene.server.wait_for(1).await;
    pace::settle(&scene.a.engine).await;
    for n in 0..2 {
        only_a_plan(&stopped[n].found);
        scene.check(n, leads[n], &stopped[n]).await;
    }
    assert_eq!(scene.begun(), 1);
    scene.end().await;
}

/// One connection, and the mail server never answers what is on it: the other mails wait.
async fn a_notice_cancels_what_waits_on_another_node(db: TestDb) {
    let scene = Scene::new(db, 1).await;
    scene.server.script(|mail| (mail.at == Phase::End).then_some(Fault::Hang(Phase::End)));
    scene.a.take_lock().await;
    scene.a.listen().await;
    scene.a.work();
    let leads = scene.leads(3).await;
    scene.server.wait_until(|server| !server.transactions().is_empty()).await;
    for lead in &leads {
        scene.until(*lead, MessageState::Sending).await;
    }
    let on_wire = scene.server.transactions()[0].to.clone();
    let waiting: Vec<usize> = (0..3).filter(|n| on_wire != Some(email(*n))).collect();
    // As the command line: it has the name of a node, and not its claims.
    let beside = Node::new(&scene.db, "a", &scene.server, Clock::manual(MONDAY), &Setup::default()).await;
    for (n, engine) in waiting.into_iter().zip([&scene.b.engine, &beside.engine]) {
        let stopped = KINDS[n].carry_out(engine, leads[n]).await;
        assert_eq!(stopped.found.cancelled.len(), 1, "it need not wait for its time to run out: {stopped:?}");
    }
    scene.server.script(|_| None);
    scene.server.hang_up();
    beside.end().await;
    scene.end().await;
}

/// Node a claims, and is halted before anything starts; the notice of the stop does not reach it.
async fn a_late_claim_does_not_start(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    scene.a.take_lock().await;
    let leads = scene.leads(KINDS.len()).await;
    assert_eq!(step(&scene.a.engine).await.unwrap(), leads.len());
    let stops = KINDS.into_iter().zip(&leads).map(|(kind, lead)| stop(kind, &scene.b.engine, *lead));
    let stops: Vec<JoinHandle<Stopped>> = stops.collect();
    for stop in stops {
        let stopped = stop.await.unwrap();
        assert_eq!(stopped.found.in_flight_unknown.len(), 1, "a may be sending it: {stopped:?}");
    }
    scene.a.work();
    pace::settle(&scene.a.engine).await;
    assert_eq!(scene.begun(), 0, "its time has run out");
    scene.end().await;
}

/// Node a loses its lock to somebody who takes it for dead, right after a claim.
async fn a_node_without_its_lock_starts_nothing(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    let a = &scene.a.engine;
    scene.a.take_lock().await;
    let lead = scene.leads(1).await[0];
    assert_eq!(step(a).await.unwrap(), 1);
    let heir = take_lock_away(&scene.db).await;
    let give_up = Instant::now() + PATIENCE;
    while a.registry.is_live() {
        assert!(Instant::now() < give_up, "a does not notice");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    scene.a.work();
    pace::settle(a).await;
    assert_eq!(scene.begun(), 0);
    scene.until(lead, MessageState::Retry).await;
    assert_eq!(add(a, vec![crate::support::world::lead("new@one.example", MONDAY)]).await.len(), 1);
    assert_eq!(step(a).await.unwrap(), 0, "it leaves the mail to others");
    scene.b.take_lock().await;
    scene.b.work();
    scene.server.wait_for(1).await;
    heir.close().await.unwrap();
    scene.end().await;
}

/// Ends the session that holds the lock of node a, and takes the lock.
async fn take_lock_away(db: &TestDb) -> PgConnection {
    let options = db.postgres().expect("PostgreSQL").connect_options();
    let mut heir = (*options).clone().connect().await.unwrap();
    let number = lock_number("a");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted \
        AND ((classid::bigint << 32) | objid::bigint) = $1";
    sqlx::query(end).bind(number).execute(&mut heir).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(number).execute(&mut heir).await.unwrap();
    heir
}

/// The first call has ended the walk, and waits for its mail; the second finds no walk.
async fn who_stops_twice_waits_twice(db: TestDb) {
    let scene = Scene::new(db, 1).await;
    scene.server.script(|mail| (mail.at == Phase::End).then_some(Fault::Hang(Phase::End)));
    scene.a.take_lock().await;
    scene.a.work();
    let lead = scene.leads(1).await[0];
    scene.server.wait_until(|server| server.transactions().iter().any(|mail| mail.at == Phase::End)).await;
    let first = stop(Kind::Unenroll, &scene.b.engine, lead);
    scene.unenrolled(lead, 1).await;
    let second = stop(Kind::Unenroll, &scene.b.engine, lead);
    scene.unenrolled(lead, 2).await;
    scene.server.hang_up();
    for stop in [first, second] {
        let stopped = stop.await.unwrap();
        assert_eq!(stopped.found.in_flight_unknown.len(), 1, "{stopped:?}");
    }
    scene.end().await;
}

/// A process was halted between two statements, with the lead's lock.
async fn a_frozen_transaction_does_not_hold_a_stop_for_good(db: TestDb) {
    let scene = Scene::new(db, 16).await;
    let leads = scene.leads(1).await;
    let (mut frozen, _) = scene.a.engine.begin().await.unwrap();
    leads::lock(&mut frozen, leads[0]).await.unwrap();
    let stop = stop(KINDS[0], &scene.b.engine, leads[0]);
    let stopped = tokio::time::timeout(PATIENCE, stop).await.expect("it answers").unwrap();
    scene.check(0, leads[0], &stopped).await;
    assert!(frozen.commit().await.is_err(), "whoever held the lead has lost it");
    scene.end().await;
}
