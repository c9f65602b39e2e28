//! The statements of the engine read what they need: their plans hold no full scan of a table that grows.

use dripline::storage::{Arg, Cells, Dialect, Sql, Tx};
use dripline::storage::{
    addresses, consents, enrollments, events, hand_overs, hits, holds, inbound, leads, messages, outbox,
    responses, sales_line,
};

use crate::support::database::{TestDb, on_both};
use crate::support::records::new_leads;

on_both!(hot_statements_scan_no_table);

const LEADS: usize = 20_000;

/// The tables that grow with the leads or the mails, and what fills those behind the first two from the leads:
/// walks in 16 lanes, a few mails on the wire and a few held, one of everything else.
const GROWING: [(&str, &str); 13] = [
    ("leads", ""),
    ("addresses", ""),
    ("consents", "(id, lead_id, channel, basis, at) SELECT id, id, 'email', 'opt_in', 1 FROM leads"),
    ("topic_choices", "(lead_id, topic, wanted, at) SELECT id, 'news', id < 0, 1 FROM leads"),
    ("holds", "(id, lead_id, kind) SELECT id, id, 'pause' FROM leads"),
    (
        "enrollments",
        "(id, lead_id, seq, state, place_at, lane, due_at, started_at) \
         SELECT id, id, 'welcome', 'active', 1, id % 16, id, 1 FROM leads",
    ),
    (
        "messages",
        "(id, lead_id, enrollment_id, step, state, node, revision, variant, first_at, at) SELECT id, id, id, 1, \
         CASE WHEN id % 200 = 0 THEN 1 WHEN id % 200 = 1 THEN 4 ELSE 2 END, 'main', 1, 0, 1, 1 FROM leads",
    ),
    ("events", "(id, lead_id, kind, at, data) SELECT id, id, 'visited', 1, '{}' FROM leads"),
    (
        "hand_overs",
        "(id, lead_id, state, cause, rep, opened_at) SELECT id, id, 'open', 'pricing', 'rep' || (id % 1000), 1 FROM leads",
    ),
    ("sales_line", "(lead_id, cause, since) SELECT id, 'is ready', 1 FROM leads"),
    (
        "hits",
        "(id, lead_id, message_id, kind, at, head, agent, network) \
         SELECT id, id, id, 'click', id, id < 0, '', '192.0.2.0' FROM leads",
    ),
    (
        "inbound",
        "(id, hash, raw, received_at, kind, evidence, lead_id) SELECT id, email, '', 1, 'unrelated', '', id FROM leads",
    ),
    (
        "outbox",
        "(id, lead_id, kind, payload, due_at, first_at) SELECT id, id, 'mail', '{}', id, 1 FROM leads",
    ),
];

/// The modules with statements that must not scan.
const HOT: [(&str, &[(&str, &str)]); 13] = [
    ("addresses", addresses::HOT),
    ("consents", consents::HOT),
    ("enrollments", enrollments::HOT),
    ("events", events::HOT),
    ("hand_overs", hand_overs::HOT),
    ("hits", hits::HOT),
    ("holds", holds::HOT),
    ("inbound", inbound::HOT),
    ("leads", leads::HOT),
    ("messages", messages::HOT),
    ("outbox", outbox::HOT),
    ("sales_line", sales_line::HOT),
    ("responses", responses::HOT),
];

async fn hot_statements_scan_no_table(db: TestDb) {
    for _ in 0..LEADS / 1_000 {
        let mut tx = db.begin().await.unwrap();
        new_leads(&mut tx, 1_000).await;
        tx.commit().await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    tx.execute("UPDATE leads SET external_id = email", vec![]).await.unwrap();
    in_companies(&mut tx).await;
    for (table, rows) in GROWING.iter().filter(|(_, rows)| !rows.is_empty()) {
        let insert: &str = format!("INSERT INTO {table} {rows}").leak();
        tx.execute(Sql::from(insert), vec![]).await.unwrap();
    }
    match tx.dialect() {
        // The product never runs ANALYZE there.
        Dialect::Sqlite => assert_no_scan(&mut tx).await,
        // With the default, made for disks that turn, reading so small a table whole is cheaper than 64 look-ups.
        Dialect::Postgres => {
            tx.execute("SET LOCAL random_page_cost = 1.1", vec![]).await.unwrap();
        }
    }
    tx.execute("ANALYZE", vec![]).await.unwrap();
    assert_no_scan(&mut tx).await;
}

/// Puts the leads into companies of ten each. A few are with sales.
async fn in_companies(tx: &mut Tx) {
    let companies =
        "INSERT INTO companies (id, name, found_by) SELECT id, email, email FROM leads WHERE id % 10 = 0";
    tx.execute(companies, vec![]).await.unwrap();
    let members = "UPDATE leads SET company_id = id / 10 * 10, owner = 'kim', \
        party = CASE WHEN id % 50 = 0 THEN 'sales' ELSE 'marketing' END \
        WHERE EXISTS (SELECT 1 FROM companies c WHERE c.id = leads.id / 10 * 10)";
    tx.execute(members, vec![]).await.unwrap();
}

async fn assert_no_scan(tx: &mut Tx) {
    for (module, statements) in HOT {
        for (name, text) in statements {
            for rows in if text.contains("{rows}") { vec![1, 64] } else { vec![0] } {
                let plan = plan(tx, text, &format!("{module}::{name}"), rows).await;
                let scans: Vec<&String> = plan.iter().filter(|line| scans(line)).collect();
                assert!(scans.is_empty(), "{module}::{name} reads a whole table: {scans:#?} in {plan:#?}");
            }
        }
    }
}

/// Whether a line of a plan reads a growing table from one end to the other.
fn scans(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("-> ").trim_start();
    let Some((_, rest)) = line.split_once("Seq Scan on ").or(line.split_once("SCAN ")) else { return false };
    // SQLite names the alias.
    let table = match rest.split_whitespace().next() {
        Some("l") => "leads",
        Some("a") => "addresses",
        Some("e") => "enrollments",
        Some("m") => "messages",
        Some("o" | "b") => "outbox",
        table => table.unwrap_or_default(),
    };
    GROWING.iter().any(|(growing, _)| *growing == table)
}

/// The plan of a statement, line by line.
async fn plan(tx: &mut Tx, text: &str, name: &str, rows: usize) -> Vec<String> {
    let (explain, column) = match tx.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Dialect::Postgres => ("EXPLAIN", 0),
    };
    let (mut args, row) = arguments(name);
    let sql = format!("{explain} {text}").leak();
    let sql = Sql::rows(sql, rows, row(0).len(), args.len() + 1);
    args.extend((0..rows as i64).flat_map(row));
    let read = |row: &dyn Cells| row.text(column);
    tx.all(sql, args, read).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

type Row = fn(i64) -> Vec<Arg>;

/// The arguments of a statement: those before its rows, and those of the nth row.
fn arguments(name: &str) -> (Vec<Arg>, Row) {
    let none: Row = |_| vec![];
    let key: Row = |n| vec![Arg::from(n + 100)];
    let int = |n: i64| Arg::from(n);
    let text = |text: &str| Arg::from(text);
    match name {
        "addresses::suppress" => (vec![text("hash-7"), text("by_hand"), int(1)], none),
        "addresses::complained" => (vec![int(500)], none),
        "addresses::suppressions" => (vec![], |n| vec![Arg::from(format!("hash-{n}"))]),
        "enrollments::claim" => (vec![int(3), int(5_000), int(64)], none),
        "enrollments::advance" => (vec![], |n| {
            let due = Arg::from(Some(9));
            vec![
                Arg::from(n + 100),
                Arg::from("1,2"),
                Arg::from(9),
                Arg::from(1),
                due,
                Arg::from(None::<String>),
            ]
        }),
        "enrollments::end" => (vec![int(7), text("left"), int(1)], none),
        "enrollments::wake" | "enrollments::wake_leads" => (vec![int(1)], key),
        "enrollments::wake_from" => (vec![int(1), text("a colleague")], key),
        "enrollments::rest" => (vec![int(7), int(1), text("away")], none),
        "events::last" => (vec![int(7), text("replied")], none),
        "events::mark" => (vec![int(7), text("{}")], none),
        "events::timeline" => (vec![int(7), int(50)], none),
        "hand_overs::close" => (vec![int(7), text("won"), int(1), text(""), Arg::Real(None)], none),
        "hand_overs::accept" => (vec![int(7), text("accepted"), text("kim"), int(1)], none),
        "hand_overs::loads" => (vec![text("rule")], |n| vec![Arg::from(format!("rep{n}"))]),
        "hits::old" => (vec![int(500), int(64)], none),
        "hits::forget" => (vec![int(7)], none),
        "hits::any_judged" => (vec![int(500)], none),
        "hits::purge" => (vec![int(500), int(64)], none),
        "hits::near" => (vec![int(500), int(600), int(64)], none),
        "hits::oldest" => (vec![], none),
        "inbound::resolve" => {
            (vec![int(7), int(1), text("by hand"), text("bounce"), text("by_hand"), int(7)], none)
        }
        "inbound::by_id" | "inbound::locked" | "events::signs" => (vec![int(7)], none),
        "inbound::last" => (vec![int(7), text("human_reply"), int(1)], none),
        "inbound::by_hash" => (vec![text("lead107@example.org")], none),
        "holds::end" => (vec![int(7), text("pause")], none),
        "leads::by_emails" => (vec![], |n| vec![Arg::from(format!("lead{}@example.org", n + 100))]),
        "leads::by_external_ids" => (vec![], |n| vec![Arg::from(format!("crm-{n}"))]),
        "leads::of_company" => (vec![int(7), int(8), int(10)], none),
        "leads::clear_prospect" => (vec![int(7), int(8)], none),
        "leads::behind" => (vec![int(7), int(256)], none),
        "leads::ids_of_company" => (vec![int(100), int(7), int(256)], none),
        "leads::owners" | "leads::with_sales" => (vec![], |n| vec![Arg::from((n + 10) * 10)]),
        "leads::close" => (vec![int(7), text("by_hand")], none),
        "leads::set_party" => (vec![int(7), text("sales"), text("kim")], none),
        "leads::set_qualification" => (vec![int(7), text("mql")], none),
        "leads::set_engagement" => (vec![int(7), Arg::from(1.5), int(1), int(1)], none),
        "leads::set_prospect" => (vec![int(7), int(1), int(2)], none),
        "leads::set_stage" => (vec![int(7), text("mofu"), Arg::from(true)], none),
        "messages::claim" => (vec![], |n| {
            let ids = [n, 7, 8, 1, 1].map(Arg::from);
            ids.into_iter().chain([Arg::from("main")]).chain([1, 0, 5, 5].map(Arg::from)).collect()
        }),
        "messages::sent" => (vec![int(1), text("main")], key),
        "messages::settle" => {
            (vec![int(7), int(6), int(1), text("lost"), int(0), int(0), text("main")], none)
        }
        "messages::cancel" | "messages::cancel_one" => (vec![int(7), int(1), text("stopped")], none),
        "messages::recent" => (vec![int(1)], key),
        "messages::orphans" => (vec![text("main"), int(64)], none),
        "messages::held" => (vec![int(7), int(64)], none),
        "outbox::amend" => (vec![int(7), text("{}"), int(1)], none),
        "outbox::due" => (vec![text("mail"), int(5_000), int(16)], none),
        "outbox::lease" => (vec![int(1)], key),
        "outbox::done" | "outbox::retry" => (vec![int(7), int(1), text("away")], none),
        "responses::by_id"
        | "responses::open_of"
        | "responses::newest_of"
        | "responses::silence"
        | "responses::stop_clock" => (vec![int(7)], none),
        "responses::start" | "responses::answered" | "responses::postpone" => (vec![int(7), int(9)], none),
        "responses::meeting" | "responses::offer" | "responses::escalated" => (vec![int(7), int(9)], none),
        "responses::reminded" => (vec![int(7), int(9), int(10)], none),
        "responses::due" => (vec![int(500), int(16)], none),
        "responses::next" => (vec![], none),
        "outbox::untried" => (vec![int(7), text("mail")], none),
        "outbox::delay" => (vec![int(7), int(1)], none),
        "outbox::next" => (vec![text("mail")], none),
        "enrollments::lanes" | "messages::nodes" | "outbox::kinds" => (vec![], none),
        // The others find by one id, or by many.
        "enrollments::active" | "enrollments::by_id" | "leads::lock" | "hand_overs::open" => {
            (vec![int(7)], none)
        }
        "enrollments::lead_of"
        | "hand_overs::await_answer"
        | "hand_overs::causes"
        | "hand_overs::latest"
        | "hand_overs::was_lost"
        | "inbound::raw" => (vec![int(7)], none),
        "enrollments::count_due" => (vec![int(3), int(50)], none),
        "messages::of_lead" | "messages::by_id" | "sales_line::leave" => (vec![int(7)], none),
        "consents::of_lead" => (vec![int(7)], none),
        "consents::unwanted" | "enrollments::of_leads" | "events::deeds" => (vec![], key),
        "hits::of_leads" | "hits::unjudged" | "hits::mark" | "messages::sending" => (vec![], key),
        "sales_line::of_leads" => (vec![], key),
        "holds::of_leads" | "leads::by_ids" | "leads::lock_all" | "messages::by_ids" => (vec![], key),
        other => panic!("say which arguments {other} takes"),
    }
}
