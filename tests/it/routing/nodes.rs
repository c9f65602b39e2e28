//! A thousand hand-overs at once on three nodes, of which one is killed: one rep for each lead, nobody has more than they
//! can have, and turns are even.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dripline::storage::Tx;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::process::Child;
use tokio::task::JoinSet;

use super::{RULES, rep};
use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_postgres};
use crate::support::program::{Program, serving, signal};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::{FUNNEL, files};

on_postgres!(a_thousand_hand_overs_at_once);

const LEADS: usize = 1_000;
const REPS: [&str; 7] = ["r1", "r2", "r3", "r4", "r5", "r6", "r7"];

/// Requests under way at once.
const AT_ONCE: usize = 24;

const PATIENCE: Duration = Duration::from_secs(120);

/// Nothing of it falls due in a test.
const LATER: &str = "title = \"Later\"\nstage = \"tofu\"\n[[step]]\nwait = \"9 days\"\nmail = \"later\"\n";

async fn a_thousand_hand_overs_at_once(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let leads = scaled(LEADS);
    // There are places for seven in ten.
    let capacity = leads / 10;
    let program = program(&db, &server, capacity);
    program.done(&["serve", "--until-idle"]).await;
    program.import((0..leads).map(email)).await;
    let key = program.done(&["key", "add", "--role", "api", "--name", "a test", "--json"]).await;
    let key: Value = serde_json::from_str(&key).expect("JSON");
    let api = Api { client: Client::new(), key: key["key"].as_str().expect("a key").to_owned() };
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        let mut command = program.command(&["serve"]);
        command.env("DRIPLINE_SERVER__NODE", name);
        nodes.push(serving(command).await);
    }
    let urls: Vec<String> = nodes.iter().map(|(_, url)| url.clone()).collect();
    let half = leads / 2;
    api.all_at_once(&urls, 0..half, Some((&mut nodes[0].0, half / 2))).await;
    let mut tx = db.read().await.unwrap();
    let loads = loads(&mut tx).await;
    assert_eq!(loads.values().sum::<i64>(), half as i64, "{loads:?}");
    let (least, most) = (loads.values().min().unwrap(), loads.values().max().unwrap());
    assert!(loads.len() == REPS.len() && most - least <= 1, "turns are even: {loads:?}");
    drop(tx);

    api.all_at_once(&urls[1..], half..leads, None).await;
    let full = REPS.map(|rep| (rep.to_owned(), capacity as i64));
    let places = (capacity * REPS.len()) as i64;
    settled(&db, places, leads as i64 - places).await;
    let mut tx = db.read().await.unwrap();
    assert_eq!(self::loads(&mut tx).await, BTreeMap::from(full.clone()));
    one_each(&mut tx, leads as i64).await;
    let sql = "SELECT l.email FROM hand_overs h JOIN leads l ON l.id = h.lead_id ORDER BY h.id LIMIT $1";
    let some = tx.all(sql, vec![(capacity as i64).into()], |row| row.text(0)).await.unwrap();
    drop(tx);

    // As many places become free: they are filled again, by whichever node.
    for (n, email) in some.iter().enumerate() {
        api.post(&urls[1 + n % 2], &format!("/leads/{email}/return"), &json!({ "reason": "no budget" }))
            .await;
    }
    settled(&db, places, leads as i64 - places - some.len() as i64).await;
    let mut tx = db.read().await.unwrap();
    assert_eq!(self::loads(&mut tx).await, BTreeMap::from(full));
    for (mut node, _) in nodes.into_iter().skip(1) {
        signal(&node, "-TERM").await;
        assert!(node.wait().await.unwrap().success());
    }
}

fn email(n: usize) -> String {
    format!("lead{n}@d{}.example", n % 20)
}

fn program(db: &TestDb, server: &SmtpServer, capacity: usize) -> Program {
    let more = format!("hours = \"always\"\ncapacity = {capacity}");
    let team: String = REPS.iter().map(|key| rep(key, &more)).collect();
    let funnel = format!("{FUNNEL}{RULES}{team}[[route]]\nteam = {REPS:?}\n");
    program_of(db, server, &funnel)
}

fn program_of(db: &TestDb, server: &SmtpServer, funnel: &str) -> Program {
    let mail = "+++\nsubject = \"Later\"\n+++\nHello.\n";
    let files =
        files(&[("funnel.toml", funnel), ("sequences/later.toml", LATER), ("templates/mail/later.md", mail)]);
    Program::new(db, server, &files)
}

#[derive(Clone)]
struct Api {
    client: Client,
    key: String,
}

impl Api {
    async fn send(&self, url: &str, path: &str, body: &Value) -> Result<u16, reqwest::Error> {
        let request = self.client.post(format!("{url}/api/v1{path}")).bearer_auth(&self.key).json(body);
        Ok(request.send().await?.status().as_u16())
    }

    async fn post(&self, url: &str, path: &str, body: &Value) {
        let status = self.send(url, path, body).await.expect("an answer");
        assert!((200..300).contains(&status), "{path}: {status}");
    }

    /// Has these leads reach their threshold, on all nodes at once. After so many of them a node is killed; what was asked
    /// of it is asked of the next.
    async fn all_at_once(
        &self,
        urls: &[String],
        leads: std::ops::Range<usize>,
        mut victim: Option<(&mut Child, usize)>,
    ) {
        let mut under_way = JoinSet::new();
        for (done, n) in leads.enumerate() {
            if let Some((child, _)) = victim.take_if(|(_, after)| done == *after) {
                child.start_kill().expect("it runs");
            }
            if under_way.len() >= AT_ONCE {
                under_way.join_next().await.expect("some are under way").expect("no panic");
            }
            let (api, urls) = (self.clone(), urls.to_vec());
            under_way.spawn(async move { api.reach(&urls, n).await });
        }
        while let Some(done) = under_way.join_next().await {
            done.expect("no panic");
        }
        assert!(victim.is_none(), "the node was killed");
    }

    /// The lead submits the form. A request that breaks off is repeated at the next node: the id makes it one event.
    async fn reach(&self, urls: &[String], n: usize) {
        let path = format!("/leads/{}/events", email(n));
        let body = json!({ "kind": "submitted", "id": "demo", "data": { "form": "demo" } });
        for attempt in 0..urls.len() {
            match self.send(&urls[(n + attempt) % urls.len()], &path, &body).await {
                Ok(200 | 201) => return,
                Ok(status) => panic!("{path}: {status}"),
                Err(_) => {}
            }
        }
        panic!("{path}: no node answers");
    }
}

/// How many open hand-overs each rep has.
async fn loads(tx: &mut Tx) -> BTreeMap<String, i64> {
    let sql = "SELECT rep, COUNT(*) FROM hand_overs WHERE closed_at IS NULL GROUP BY rep";
    let loads = tx.all(sql, vec![], |row| Ok((row.text(0)?, row.int(1)?))).await.unwrap();
    loads.into_iter().collect()
}

async fn count(tx: &mut Tx, sql: &'static str) -> i64 {
    tx.first(sql, vec![], |row| row.int(0)).await.unwrap().unwrap_or(0)
}

/// Waits until so many are with sales, and so many wait.
async fn settled(db: &TestDb, with_sales: i64, waiting: i64) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let mut tx = db.read().await.unwrap();
        let open = count(&mut tx, "SELECT COUNT(*) FROM hand_overs WHERE closed_at IS NULL").await;
        let line = count(&mut tx, "SELECT COUNT(*) FROM sales_line").await;
        if (open, line) == (with_sales, waiting) {
            return;
        }
        assert!(Instant::now() < give_up, "{open} are with sales, {line} wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Each lead is with one rep, who was told once, or waits.
async fn one_each(tx: &mut Tx, leads: i64) {
    let many = "SELECT COUNT(*) FROM (SELECT lead_id FROM events WHERE kind = 'handed_over' GROUP BY lead_id \
        HAVING COUNT(*) > 1) m";
    assert_eq!(count(tx, many).await, 0, "handed over twice");
    let both = "SELECT COUNT(*) FROM hand_overs h JOIN sales_line s ON s.lead_id = h.lead_id";
    assert_eq!(count(tx, both).await, 0, "with sales, and in line");
    let hand_overs = count(tx, "SELECT COUNT(*) FROM hand_overs").await;
    assert_eq!(count(tx, "SELECT COUNT(*) FROM events WHERE kind = 'submitted'").await, leads);
    assert_eq!(count(tx, "SELECT COUNT(*) FROM outbox").await, hand_overs, "one mail each");
}
