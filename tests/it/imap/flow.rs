//! A server that reads its mailbox by itself: news, cuts, restarts.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::imap::{mail, mailbox, recorded};
use crate::support::app::{Ground, TestApp};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;
use crate::support::post::Written;
use crate::support::proxy::Proxy;
use crate::support::world::{FUNNEL, files};

on_both!(
    an_answer_is_acted_upon_at_once,
    a_mail_that_comes_meanwhile_is_seen,
    a_server_that_tells_nothing_is_asked,
    a_connection_that_falls_silent_is_noticed,
    a_connection_that_is_cut_is_made_anew,
    a_server_that_was_down_loses_nothing,
);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n";
const MAIL: &str = "+++\nsubject = \"Hello\"\n+++\nHello there.\n";

/// A server with a mailbox at this port, which is looked at every `poll` and has `patience` for answers.
async fn begin(db: TestDb, port: u16, poll: Duration, patience: Duration) -> TestApp {
    let operator = format!("[inbound]\ndomain = \"in.nordwerk.example\"\n{}", mailbox(port, ""));
    let all = [
        ("dripline.toml", operator.as_str()),
        ("funnel.toml", FUNNEL),
        ("sequences/hello.toml", HELLO),
        ("templates/mail/hello.md", MAIL),
    ];
    let ground = Ground::new(db, &files(&all)).await.adjusted(move |config| {
        for mailbox in config.mailboxes.values_mut() {
            mailbox.poll = poll;
            mailbox.account = mailbox.account.clone().with_patience(patience);
        }
    });
    ground.start().await
}

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(500);

async fn until_recorded(app: &TestApp, mails: i64) {
    until(PATIENCE, async || (recorded(&app.db).await == mails).then_some(())).await;
}

async fn until_state(app: &TestApp, state: &str) {
    let wanted = json!({ "replies": state });
    let health = async || {
        let (status, health) = app.open("/healthz").await;
        assert_eq!(status, 200, "a mailbox is no illness");
        let health: serde_json::Value = serde_json::from_str(&health).expect("JSON");
        (health["mailboxes"] == wanted).then_some(())
    };
    until(PATIENCE, health).await;
}

async fn an_answer_is_acted_upon_at_once(db: TestDb) {
    let dovecot = Dovecot::start();
    let app = begin(db, dovecot.imap, LONG, LONG).await;
    let eva = "eva@kern.example";
    let lead = json!({ "email": eva, "basis": "double_opt_in", "consent_at": "2026-01-02T10:00:00Z" });
    assert_eq!(app.post("/leads", &lead).await.0, 201);
    app.settle().await;
    until_state(&app, "connected").await;
    let answer = Written::reply_to(&app.mails(eva)[0], eva, "Please call me.");
    let began = Instant::now();
    dovecot.deliver(BOX, &answer.raw);
    until_recorded(&app, 1).await;
    println!("from the mailbox into the database: {:?}", began.elapsed());
    let lead = app.get(&format!("/leads/{eva}")).await.1;
    assert_eq!((&lead["with"], &lead["owner"]), (&json!("sales"), &json!("kim")), "{lead}");
    let metrics = app.metrics().await;
    for line in [
        "dripline_mailbox_connected{mailbox=\"replies\"} 1.0",
        "dripline_mailbox_looked_seconds{mailbox=\"replies\"} 0.0",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let counted = "dripline_mailbox_mails_total{mailbox=\"replies\"} 1";
    until(PATIENCE, async || app.metrics().await.contains(counted).then_some(())).await;
    app.end().await;
}

/// The server tells of a mail while it carries out a command, and never again.
async fn a_mail_that_comes_meanwhile_is_seen(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    let app = begin(db, proxy.port, LONG, LONG).await;
    for (number, command) in [(1, "UID STORE"), (3, "IDLE")] {
        proxy.hold(command);
        dovecot.deliver(BOX, &mail(&format!("a{number}")));
        proxy.until_held().await;
        dovecot.deliver(BOX, &mail(&format!("b{number}")));
        proxy.go_on();
        until_recorded(&app, number + 1).await;
    }
    app.end().await;
}

async fn a_server_that_tells_nothing_is_asked(db: TestDb) {
    let dovecot = Dovecot::start_with("imap_capability = IMAP4rev1");
    let app = begin(db, dovecot.imap, SHORT, LONG).await;
    for number in 1..=3 {
        dovecot.deliver(BOX, &mail(&format!("a{number}")));
        until_recorded(&app, number).await;
    }
    app.end().await;
}

async fn a_connection_that_falls_silent_is_noticed(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    let app = begin(db, proxy.port, SHORT, 2 * SHORT).await;
    dovecot.deliver(BOX, &mail("a"));
    until_recorded(&app, 1).await;
    proxy.fall_silent();
    dovecot.deliver(BOX, &mail("b"));
    until_recorded(&app, 2).await;
    assert!(proxy.connections() >= 2, "over another connection");
    app.end().await;
}

async fn a_connection_that_is_cut_is_made_anew(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    let app = begin(db, proxy.port, LONG, LONG).await;
    for number in 1..=3 {
        dovecot.deliver(BOX, &mail(&format!("a{number}")));
        until_recorded(&app, number).await;
        proxy.cut();
    }
    app.end().await;
}

async fn a_server_that_was_down_loses_nothing(db: TestDb) {
    let mut dovecot = Dovecot::start();
    let app = begin(db, dovecot.imap, LONG, LONG).await;
    dovecot.deliver(BOX, &mail("a"));
    until_recorded(&app, 1).await;
    dovecot.stop();
    until_state(&app, "trouble").await;
    assert!(app.metrics().await.contains("dripline_mailbox_connected{mailbox=\"replies\"} 0.0"));
    dovecot.deliver(BOX, &mail("b"));
    dovecot.deliver(BOX, &mail("c"));
    dovecot.run();
    until_recorded(&app, 3).await;
    until_state(&app, "connected").await;
    app.end().await;
}
