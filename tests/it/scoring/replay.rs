//! `dripline score --replay`: many leads, other rules, right numbers, and nothing is changed.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dripline::domain::event::{Details, EventKind};
use dripline::domain::gate::StopKind;
use dripline::domain::score::Engagement;
use dripline::domain::time::Timestamp;
use dripline::storage::events::{self, Event};
use dripline::storage::leads::StoredLead;
use dripline::storage::{Tx, leads};
use serde_json::{Value, json};

use super::WELCOME;
use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::program::Program;
use crate::support::records::{lead, store_leads};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::workspace_with;

on_both!(other_rules_are_tried_on_all_leads, a_repair_needs_the_applied_files);

const APPLIED: &str = "[[score]]\non = \"visited /pricing*\"\npoints = 20\n";

const TRIED: &str = r#"
[[score]]
on = "visited /pricing*"
points = 10
at_most = 30
[[score]]
on = "replied"
points = 50
[contact]
complete = ["phone"]
[stage.mofu]
when = 'engagement >= 25'
[qualification.mql]
when = 'score >= 45 && lead.complete'
hand_over = "ready"
"#;

/// Leads of one batch of the test's own.
const BATCH: usize = 500;

/// The program holds no more for ten times as many leads, in kilobytes: all of them would be some 1.5 KB each.
const ROOM: u64 = 8 * 1024;

/// A minute ago, so that nothing has faded that anybody would see.
fn moment() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap() - 60_000)
}

/// Lead number n is one of five kinds: 0 did nothing; 1 looked at the prices once; 2 five times; 3 replied; 4 replied and
/// is stopped. Of kind 3 every second one has a telephone number.
async fn fill(tx: &mut Tx, numbers: std::ops::Range<usize>, at: Timestamp) {
    let mut new: Vec<StoredLead> = Vec::new();
    let mut happened = Vec::new();
    let mut points = Vec::new();
    for number in numbers {
        let mut stored = lead(tx.id().unwrap());
        let visits = [0, 1, 5, 0, 0][number % 5];
        let kinds = [vec![EventKind::Visited; visits], vec![EventKind::Replied; usize::from(number % 5 > 2)]];
        for kind in kinds.concat() {
            let about = (kind == EventKind::Visited).then(|| "/pricing".to_owned());
            let details = Details { about, ..Details::default() };
            happened.push(Event { lead: stored.lead.id, message: None, kind, at, details });
        }
        stored.lead.closed_by = (number % 5 == 4).then_some(StopKind::Objection);
        stored.lead.contact.phone = (number % 2 == 0).then(|| "+49 40 1".to_owned());
        if number % 5 > 0 {
            points.push((stored.lead.id, Engagement::new(20.0 * visits as f64, Some(at))));
        }
        new.push(stored);
    }
    store_leads(tx, &new).await;
    events::insert(tx, &happened).await.unwrap();
    for (lead, engagement) in points {
        leads::set_engagement(tx, lead, engagement, Some(at)).await.unwrap();
    }
}

async fn add(db: &TestDb, numbers: std::ops::Range<usize>, at: Timestamp) {
    let end = numbers.end;
    for start in numbers.step_by(BATCH) {
        let mut tx = db.begin().await.unwrap();
        fill(&mut tx, start..(start + BATCH).min(end), at).await;
        tx.commit().await.unwrap();
    }
}

/// The lines that a dry run prints, and the most memory that it held, in kilobytes.
async fn dry_run(program: &Program) -> (Vec<Value>, u64) {
    let mut command = program.command(&["score", "--replay", "--dry-run", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let out = child.stdout.take().unwrap();
    let read = tokio::spawn(async move {
        let mut text = String::new();
        let mut out = out;
        tokio::io::AsyncReadExt::read_to_string(&mut out, &mut text).await.unwrap();
        text
    });
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let held = std::fs::read_to_string(&status).unwrap_or_default();
        let held = held.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = held.and_then(|held| held.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(held.unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(child.wait().await.unwrap().success());
    let text = read.await.unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), most)
}

/// What is stored of leads, and how much of everything else there is.
async fn stored(db: &TestDb) -> Vec<(i64, i64)> {
    let mut tx = db.read().await.unwrap();
    let mut found = tx
        .all("SELECT COUNT(*), CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM leads", vec![], |row| {
            Ok((row.int(0)?, row.int(1)?))
        })
        .await
        .unwrap();
    for count in [
        "SELECT COUNT(*), 0 FROM events",
        "SELECT COUNT(*), 0 FROM messages",
        "SELECT COUNT(*), 0 FROM outbox",
        "SELECT COUNT(*), 0 FROM hand_overs",
        "SELECT COUNT(*), 0 FROM enrollments",
        "SELECT COUNT(*), 0 FROM revisions",
    ] {
        found.extend(tx.all(count, vec![], |row| Ok((row.int(0)?, 0))).await.unwrap());
    }
    found
}

async fn other_rules_are_tried_on_all_leads(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let program = Program::new(&db, &server, &workspace_with(APPLIED, &[("welcome", WELCOME)]));
    let applied = program.done(&["score", "--replay", "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&applied).unwrap(), json!({ "leads": 0, "changed": 0 }));
    let (all, at) = (scaled(100_000), moment());
    // By then SQLite's cache is full, which grows with the file up to its bound.
    add(&db, 0..all / 2, at).await;
    crate::support::app::write(program.dir.path(), &workspace_with(TRIED, &[("welcome", WELCOME)]));
    let (_, few) = dry_run(&program).await;
    add(&db, all / 2..all, at).await;
    let before = stored(&db).await;
    let (mut lines, many) = dry_run(&program).await;
    let total = lines.pop().unwrap();
    let fifth = all / 5;
    assert_eq!(
        total,
        json!({ "applied": false, "total": {
            "leads": all, "higher": 2 * fifth, "lower": 2 * fifth, "moved": 2 * fifth,
            "stages": [{ "from": "tofu", "to": "mofu", "leads": 2 * fifth }],
            "qualifications": [{ "from": "unqualified", "to": "mql", "leads": all / 10 }],
            "temperatures": [
                { "from": "cold", "to": "warm", "leads": 2 * fifth },
                { "from": "hot", "to": "warm", "leads": fifth },
            ],
            "hand_overs": { "ready": all / 10 },
        } })
    );
    assert_eq!(lines.len(), 4 * fifth, "a line for each lead that changes");
    let stopped =
        lines.iter().filter(|line| line["stage"].is_null() && line["score"]["to"].as_f64() > Some(40.0));
    assert_eq!(stopped.count(), fifth, "whoever is not written to is moved nowhere");
    assert_eq!(stored(&db).await, before, "nothing was written");
    assert!(server.transactions().is_empty(), "nothing was sent");
    assert!(many < few + ROOM, "{few} kB for {}, {many} kB for {all}", all / 2);
    let shown = program.done(&["score", "--replay", "--dry-run", "--first", "3"]).await;
    let named = shown.lines().filter(|line| line.starts_with("  lead")).count();
    assert_eq!(named, 3, "{shown}");
    assert!(shown.contains(&format!("{:>8}  ToFu -> MoFu\n", 2 * fifth)), "{shown}");
    assert!(shown.contains(&format!("{:>8}  ready\n", all / 10)), "{shown}");
    assert!(shown.ends_with("Nothing was changed, sent or handed over.\n"), "{shown}");
}

async fn a_repair_needs_the_applied_files(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let program = Program::new(&db, &server, &workspace_with(APPLIED, &[("welcome", WELCOME)]));
    program.done(&["score", "--replay"]).await;
    let at = moment();
    add(&db, 0..10, at).await;
    let mut tx = db.begin().await.unwrap();
    tx.execute("UPDATE leads SET engagement = 1 WHERE engagement > 0", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let events = stored(&db).await[1];
    let repaired = program.done(&["score", "--replay"]).await;
    assert_eq!(repaired, "10 leads, counted anew: 4 had another score than what is written now\n");
    let sum = "SELECT CAST(SUM(engagement) AS BIGINT) FROM leads";
    let mut tx = db.read().await.unwrap();
    assert_eq!(tx.first(sum, vec![], |row| row.int(0)).await.unwrap(), Some(2 * (20 + 100)));
    drop(tx);
    assert_eq!(stored(&db).await[1], events);
    crate::support::app::write(program.dir.path(), &workspace_with(TRIED, &[("welcome", WELCOME)]));
    let refused = program.command(&["score", "--replay"]).stderr(Stdio::piped()).output().await.unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("the files are not those that are applied"), "{said}");
}
