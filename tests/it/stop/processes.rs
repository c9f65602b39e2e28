//! Stops from another process than the one that sends.

use std::process::Stdio;
use std::time::{Duration, Instant};

use dripline::domain::gate::StopKind;
use dripline::nurture::clock::Clock;
use dripline::nurture::record::Found;
use dripline::storage::{leads, messages};
use serde_json::Value;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::support::counts::scaled;
use crate::support::database::{Home, TestDb, on_postgres, run};
use crate::support::nodes::Node;
use crate::support::program::{Program, signal};
use crate::support::smtp_server::{Offer, SmtpServer, Transaction};
use crate::support::stops::{KINDS, Kind, LATER, Stopped};
use crate::support::world::{Setup, workspace};

on_postgres!(a_halted_node_starts_nothing_late);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leads of one lane: a node with one connection claims them at once.
const LEADS: usize = 8;

fn email(round: usize, n: usize) -> String {
    format!("r{round}n{n}@one.example")
}

async fn id_of(db: &TestDb, email: &str) -> i64 {
    let mut tx = db.read().await.unwrap();
    leads::by_email(&mut tx, &email.parse().unwrap()).await.unwrap().expect("a lead").lead.id
}

async fn message_of(db: &TestDb, lead: i64) -> Option<i64> {
    let mut tx = db.read().await.unwrap();
    messages::of_lead(&mut tx, lead).await.unwrap().first().map(|message| message.id)
}

/// Waits until so many messages are being sent.
async fn until_sending(db: &TestDb, count: i64) {
    let give_up = Instant::now() + PATIENCE;
    let sql = "SELECT COUNT(*) FROM messages WHERE state = 1";
    loop {
        let mut tx = db.read().await.unwrap();
        let sending = tx.first(sql, vec![], |row| row.int(0)).await.unwrap().unwrap_or(0);
        if sending == count {
            return;
        }
        assert!(Instant::now() < give_up, "{sending} are being sent, and not {count}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn seen_of<'t>(transactions: &'t [Transaction], email: &str) -> Vec<&'t Transaction> {
    transactions.iter().filter(|seen| seen.to.as_deref() == Some(email)).collect()
}

/// Node a is a process with claims that wait for its one connection. It is halted, leads are stopped on node b, the
/// notice of that is lost, and a goes on.
async fn a_halted_node_starts_nothing_late(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let files = workspace(&[("hello", HELLO), ("later", LATER)]);
    let program = Program::new(&db, &server, &files);
    program.done(&["serve", "--until-idle"]).await;
    let b = Node::new(&db, "b", &server, Clock::System, &Setup::default()).await;
    program.import((0..LEADS).map(|n| email(0, n))).await;
    server.delay(Duration::from_secs(4));
    let a = program.serve_as("a", 1);
    server.wait_until(|server| !server.transactions().is_empty()).await;
    until_sending(&db, LEADS as i64).await;
    signal(&a, "-STOP").await;
    let begun = server.transactions();
    let waiting: Vec<usize> = (0..LEADS).filter(|n| seen_of(&begun, &email(0, *n)).is_empty()).collect();
    assert_eq!(waiting.len(), LEADS - 1, "one is on the wire");
    let end_listener = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    sqlx::query(end_listener).execute(db.postgres().unwrap()).await.unwrap();
    let mut stops = JoinSet::new();
    for n in &waiting[1..] {
        let (kind, engine, lead) =
            (KINDS[n % KINDS.len()], b.engine.clone(), id_of(&db, &email(0, *n)).await);
        stops.spawn(async move { kind.carry_out(&engine, lead).await });
    }
    let stopped = tokio::time::timeout(PATIENCE, stops.join_all()).await.expect("the stops answer");
    for stopped in stopped {
        assert_eq!(stopped.found.in_flight_unknown.len(), 1, "a may be sending it: {stopped:?}");
    }
    server.delay(Duration::ZERO);
    signal(&a, "-CONT").await;
    // The lead that nobody stopped has its mail: a goes on, and has been past the others.
    let last = email(0, waiting[0]);
    server.wait_until(|server| !seen_of(&server.transactions(), &last).is_empty()).await;
    until_sending(&db, 0).await;
    let transactions = server.transactions();
    for n in &waiting[1..] {
        assert_eq!(seen_of(&transactions, &email(0, *n)).len(), 0, "lead {n}");
    }
    b.end().await;
}

#[test]
fn the_command_line_stops_what_the_server_sends() {
    run(Home::sqlite(), stop_by_command_line);
}

/// The server cannot be told on SQLite: the command waits until each mail has had its end.
async fn stop_by_command_line(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let program = Program::new(&db, &server, &workspace(&[("hello", HELLO), ("later", LATER)]));
    program.done(&["serve", "--until-idle"]).await;
    server.delay(Duration::from_millis(400));
    let mut serve = program.serve_as("a", 1);
    let mut found_something = 0;
    for round in 0..scaled(20) {
        let before = server.transactions().len();
        program.import((0..LEADS).map(|n| email(round, n))).await;
        server.wait_until(|server| server.transactions().len() > before).await;
        let mut stops = JoinSet::new();
        for (n, (kind, before, after)) in COMMANDS.into_iter().enumerate() {
            let email = email(round, LEADS - 1 - n);
            let args = [before, &[email.as_str()][..], after, &["--json"]].concat();
            let mut command = program.command(&args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            stops.spawn(async move { (email, stop_with(command, kind).await) });
        }
        let stopped = stops.join_all().await;
        until_sending(&db, 0).await;
        let transactions = server.transactions();
        for (email, stop) in stopped {
            let message = message_of(&db, id_of(&db, &email).await).await;
            stop.check(message, &seen_of(&transactions, &email));
            assert_eq!(stop.found.in_flight_unknown, [0; 0], "{stop:?}");
            found_something += usize::from(stop.found != Found::default());
        }
    }
    assert!(found_something > 0, "the stops met mails");
    signal(&serve, "-TERM").await;
    assert!(serve.wait().await.unwrap().success());
}

/// What stops a lead: the words before its address, and those after.
const COMMANDS: [(Kind, &[&str], &[&str]); 5] = [
    (Kind::Stop(StopKind::ByHand), &["lead", "stop"], &[]),
    (Kind::HandOver, &["lead", "hand-over"], &[]),
    (Kind::Unenroll, &["lead", "unenroll"], &[]),
    (Kind::Enroll, &["lead", "enroll"], &["later"]),
    (Kind::Stop(StopKind::Objection), &["lead", "stop"], &["--kind", "objection"]),
];

async fn stop_with(mut command: Command, kind: Kind) -> Stopped {
    let output = command.output().await.unwrap();
    let answered = Instant::now();
    assert!(output.status.success(), "{kind:?}: {output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids = |name: &str| -> Vec<i64> {
        let list = answer[name].as_array().unwrap_or_else(|| panic!("{name}: {answer}"));
        list.iter().filter_map(Value::as_i64).collect()
    };
    let found = Found {
        cancelled: ids("cancelled"),
        in_flight_delivered: ids("in_flight_delivered"),
        in_flight_failed: ids("in_flight_failed"),
        in_flight_unknown: ids("in_flight_unknown"),
        ..Found::default()
    };
    Stopped { kind, found, answered }
}
