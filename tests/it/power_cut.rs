//! The power fails while the server answers: what it had answered is still there (SQLite).

use std::time::Duration;

use dripline::domain::stage::Party;
use dripline::domain::token::{KeyRing, Purpose};
use dripline::storage::{Db, hand_overs, hits, leads};
use reqwest::{Client, RequestBuilder};
use tokio::sync::mpsc;

use crate::support::counts::scaled;
use crate::support::database::runtime;
use crate::support::power_cut::PowerCut;
use crate::support::program::{Program, SECRET, serving};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::workspace;

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// Leads of one round; each is stopped, handed over, or opens its mail.
const LEADS: usize = 60;

#[test]
fn what_was_answered_survives_a_power_cut() {
    runtime().block_on(async {
        let server = SmtpServer::start(Offer::default()).await;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("dripline.db");
        let url = format!("sqlite:{}", database.display());
        let program = Program::at(url.clone(), &server, &workspace(&[("hello", HELLO)]));
        program.done(&["serve", "--until-idle"]).await;
        let key = program.done(&["key", "add", "--role", "admin"]).await;
        let cut = PowerCut::new(&database);
        // Most cuts take something that was not synced; at least one must.
        let (mut round, mut lost) = (0, 0);
        while round < scaled(50) || lost == 0 {
            assert!(round < 200, "no cut takes anything: is the server followed?");
            let emails: Vec<String> = (0..LEADS).map(|n| format!("r{round}n{n}@d{n}.example")).collect();
            program.import(emails.iter().cloned()).await;
            let ids = ids(&url, &emails).await;
            let answered = answered_before_the_cut(&program, &cut, key.trim(), &ids, round).await;
            lost += usize::from(cut.cut());
            check(&url, &answered).await;
            round += 1;
        }
    });
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Unsubscribe,
    HandOver,
    /// A mail was opened: the picture was asked for.
    Open,
}

/// Asks for a change of every lead at once, kills the server in the midst of it, and says what it had answered.
async fn answered_before_the_cut(
    program: &Program,
    cut: &PowerCut,
    key: &str,
    ids: &[i64],
    round: usize,
) -> Vec<(i64, Change)> {
    let mut command = program.command(&["serve"]);
    cut.follow(&mut command);
    let (mut server, url) = serving(command).await;
    let keys = KeyRing::parse(SECRET).unwrap();
    let client = Client::new();
    let (answers, mut answered) = mpsc::unbounded_channel();
    for (n, id) in ids.iter().enumerate() {
        let change = [Change::Unsubscribe, Change::HandOver, Change::Open][n % 3];
        let request = match change {
            Change::Unsubscribe => {
                let token = keys.sign(Purpose::Unsubscribe, &[*id, 1]);
                client.post(format!("{url}/u/{token}")).body("List-Unsubscribe=One-Click")
            }
            Change::Open => {
                let token = keys.sign(Purpose::Open, &[*id, 1]);
                client.get(format!("{url}/o/{token}.gif"))
            }
            Change::HandOver => client
                .post(format!("{url}/api/v1/leads/{id}/hand-over"))
                .bearer_auth(key)
                .json(&serde_json::json!({ "cause": "asked for an offer" })),
        };
        tokio::spawn(ask(request, (*id, change), answers.clone()));
    }
    drop(answers);
    let mut all = Vec::new();
    // Each time somewhere else.
    let enough = 1 + (round * 7 + 3) % (LEADS - 1);
    while all.len() < enough {
        all.push(answered.recv().await.expect("the server answers"));
    }
    // Right behind an answer nothing is being written yet.
    tokio::time::sleep(Duration::from_millis((round * 11 + 5) as u64 % 37)).await;
    server.kill().await.unwrap();
    // What had come back until then was answered as well.
    while let Some(answer) = answered.recv().await {
        all.push(answer);
    }
    all
}

async fn ask(request: RequestBuilder, change: (i64, Change), answers: mpsc::UnboundedSender<(i64, Change)>) {
    if let Ok(answer) = request.send().await {
        assert!(answer.status().is_success(), "{change:?}: {}", answer.status());
        let _ = answers.send(change);
    }
}

async fn ids(url: &str, emails: &[String]) -> Vec<i64> {
    let db = Db::open(url).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
    let found = leads::by_emails(&mut tx, &emails).await.unwrap();
    drop(tx);
    db.close().await;
    assert_eq!(found.len(), LEADS);
    found.into_iter().map(|stored| stored.lead.id).collect()
}

async fn check(url: &str, answered: &[(i64, Change)]) {
    let db = Db::open(url).await.expect("the database opens after the cut");
    let mut tx = db.read().await.unwrap();
    let sound = tx.all("PRAGMA integrity_check", vec![], |row| row.text(0)).await.unwrap();
    assert_eq!(sound, ["ok"]);
    for (id, change) in answered {
        let lead = leads::by_id(&mut tx, *id).await.unwrap().expect("the lead").lead;
        match change {
            Change::Unsubscribe => assert!(lead.closed_by.is_some(), "{id} was told it is unsubscribed"),
            Change::Open => {
                let seen = hits::of_leads(&mut tx, &[*id]).await.unwrap();
                assert_eq!(seen.len(), 1, "{id} was seen");
            }
            Change::HandOver => {
                assert_eq!(lead.with, Party::Sales, "{id} was handed over");
                assert!(hand_overs::open_of(&mut tx, *id).await.unwrap().is_some());
            }
        }
    }
    drop(tx);
    db.close().await;
}
