//! A server, or one of three, is killed while it sends: every lead has its mail, and a double is known as one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use dripline::domain::enrollment::MessageState;
use dripline::domain::event::EventKind;
use dripline::storage::{events, leads, messages};

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::program::{Program, signal};
use crate::support::smtp_server::{Offer, SmtpServer, Transaction};
use crate::support::world::workspace;

on_both!(a_killed_server_loses_nothing);
on_postgres!(a_killed_node_of_three_loses_nothing);

const LEADS: usize = 2_000;

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// With sixteen connections a run takes more than twenty seconds.
const DELAY: Duration = Duration::from_millis(170);

const SEQUENCE: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

async fn a_killed_server_loses_nothing(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let home = Program::new(&db, &server, &workspace(&[("hello", SEQUENCE)]));
    home.done(&["serve", "--until-idle"]).await;
    server.delay(DELAY);
    let runs = scaled(50);
    for run in 0..runs {
        home.import((0..LEADS).map(|n| address(run, n))).await;
        let mut child = home.serve();
        // Uniform over the run, each time somewhere else.
        let kill_at = run * LEADS + 1 + (run * 2 + 1) * LEADS / (2 * runs);
        server.wait_patiently(|server| server.accepted_count() >= kill_at).await;
        child.kill().await.unwrap();
        home.done(&["serve", "--until-idle"]).await;
    }
    // What did not get its turn on a busy machine is tried again some seconds later, when `--until-idle` has ended.
    while waiting(&db).await {
        home.done(&["serve", "--until-idle"]).await;
    }
    check(&db, &server, runs * LEADS).await;
}

/// Leads of one run with three nodes.
const SHARED: usize = 900;

async fn a_killed_node_of_three_loses_nothing(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let home = Program::new(&db, &server, &workspace(&[("hello", SEQUENCE)]));
    home.done(&["serve", "--until-idle"]).await;
    server.delay(DELAY);
    let runs = scaled(10);
    for run in 0..runs {
        home.import((0..SHARED).map(|n| address(run, n))).await;
        let [mut victim, b, c] = ["a", "b", "c"].map(|name| home.serve_as(name, 6));
        let enough = run * SHARED + 50 + run * 40;
        server.wait_patiently(|server| server.accepted_count() >= enough).await;
        until(&db, "SELECT COUNT(*) FROM messages WHERE state = 1 AND node = 'a'", |count| count > 0).await;
        victim.kill().await.unwrap();
        // The others notice that it is gone, let its claims run out, and take them over.
        let all = ((run + 1) * SHARED) as i64;
        until(&db, "SELECT COUNT(*) FROM messages WHERE state = 2", |count| count == all).await;
        for mut node in [b, c] {
            signal(&node, "-TERM").await;
            assert!(node.wait().await.unwrap().success());
        }
    }
    check(&db, &server, runs * SHARED).await;
    let taken_over = "SELECT COUNT(*) FROM messages WHERE ambiguous = 1 AND node <> 'a'";
    until(&db, taken_over, |count| count > 0).await;
}

/// Waits until a count is as wanted.
async fn until(db: &TestDb, sql: &'static str, wanted: impl Fn(i64) -> bool) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let mut tx = db.read().await.unwrap();
        let count = tx.first(sql, vec![], |row| row.int(0)).await.unwrap().unwrap_or(0);
        if wanted(count) {
            return;
        }
        assert!(Instant::now() < give_up, "{sql}: {count}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether a mail waits for another try.
async fn waiting(db: &TestDb) -> bool {
    let mut tx = db.read().await.unwrap();
    let counts = messages::count_by_state(&mut tx).await.unwrap();
    counts.iter().any(|(state, count)| *state == MessageState::Retry && *count > 0)
}

fn address(run: usize, n: usize) -> String {
    format!("lead{run}x{n}@d{}.example", n % 50)
}

async fn check(db: &TestDb, server: &SmtpServer, count: usize) {
    let mut mails: HashMap<String, Vec<Transaction>> = HashMap::new();
    for mail in server.accepted() {
        mails.entry(mail.to.clone().unwrap_or_default()).or_default().push(mail);
    }
    assert_eq!(mails.len(), count, "every lead has its mail");
    let mut tx = db.read().await.unwrap();
    for (email, mails) in mails {
        let lead = leads::by_email(&mut tx, &email.parse().unwrap()).await.unwrap().unwrap().lead.id;
        let messages = messages::of_lead(&mut tx, lead).await.unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].state, MessageState::Sent, "{:?}", messages[0]);
        if mails.len() > 1 {
            let ids: Vec<String> = mails.iter().map(|mail| message_id(&mail.body)).collect();
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            assert_eq!(messages[0].ambiguous, 1);
            let timeline = events::timeline(&mut tx, lead, 100).await.unwrap();
            assert!(timeline.iter().any(|event| event.kind == EventKind::Ambiguous));
        }
    }
}

fn message_id(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).expect("a message");
    message.message_id().expect("a Message-ID").to_owned()
}
