//! `dripline report` over a small history, whose numbers are worked out here.
//!
//! Three leads come from `fair`, one from nowhere. Ada, Bob and Cleo get both mails of `hello` (the second is an A/B test),
//! Dora, who came later, only the first. Ada and Bob agree to tracking. Ada opens and clicks the first mail, a machine clicks
//! Bob's. Cleo leaves by the link in her first mail. Ada is handed over after her second mail, and won for 900.

use std::collections::BTreeMap;

use dripline::domain::event::{Details, EventKind};
use dripline::domain::hand_over::Origin;
use dripline::domain::hit::Machine;
use dripline::domain::time::{DAY, HOUR, MINUTE};
use dripline::nurture::Change;
use dripline::nurture::change::{record_deed, store_lead};
use dripline::nurture::record::{Deed, NOT_A_REPLY};
use dripline::nurture::report::{self, Period};
use dripline::storage::messages;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::program::Program;
use crate::support::world::{FUNNEL, World, deed, files, hand_over, lead};

on_both!(
    the_report_says_what_happened,
    people_read_titles_and_programs_keys,
    a_new_variant_begins_at_nothing,
    a_workspace_without_a_history_has_a_report,
);

const SOURCES: &str = "[contact]\ncomplete = [\"last_name\"]\n[source.fair]\ntitle = \"Spring fair\"\ncost = 1200\n[source.\"google ads\"]\ncost = 300\n\
    [lost.dear]\ntitle = \"Too dear\"\n[returned.busy]\ntitle = \"Has no time\"\n";

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n\
    [[step]]\nwait = \"1 day\"\nmail = [\"second-a\", \"second-b\"]\n";

fn workspace() -> dripline::workspace::Files {
    let funnel = format!("{FUNNEL}{SOURCES}");
    let mail = "+++\nsubject = \"Hello\"\n+++\nHello.\n";
    files(&[
        ("funnel.toml", &funnel),
        ("sequences/hello.toml", HELLO),
        ("templates/mail/hello.md", mail),
        ("templates/mail/second-a.md", mail),
        ("templates/mail/second-b.md", mail),
    ])
}

async fn add(app: &TestApp, name: &str, source: Option<&str>, tracking: bool) -> i64 {
    let mut input = lead(&format!("{name}@example.org"), app.engine.clock.now());
    input.contact.last_name = (name == "bob").then(|| "Lee".to_owned());
    input.source = source.map(str::to_owned);
    input.tracking = tracking;
    store_lead(&app.engine, input).await.unwrap().id
}

/// Something done with the nth mail of a lead.
async fn did(app: &TestApp, lead: i64, nth: usize, kind: EventKind, machine: Option<Machine>) {
    let mut tx = app.engine.db.read().await.unwrap();
    let message = messages::of_lead(&mut tx, lead).await.unwrap()[nth].id;
    drop(tx);
    let details = Details { machine, ..Details::default() };
    let deed = Deed { kind, at: app.engine.clock.now(), message: Some(message), details, client_id: None };
    record_deed(&app.engine, lead, deed).await.unwrap();
}

async fn history(db: TestDb) -> TestApp {
    let app = TestApp::start(db, &workspace()).await;
    let ada = add(&app, "ada", Some("fair"), true).await;
    let bob = add(&app, "bob", Some("fair"), true).await;
    let cleo = add(&app, "cleo", Some("fair"), false).await;
    app.settle().await;
    did(&app, ada, 0, EventKind::Opened, None).await;
    did(&app, ada, 0, EventKind::Clicked, None).await;
    did(&app, bob, 0, EventKind::Clicked, Some(Machine::Head)).await;
    app.pass(DAY + HOUR).await;
    let mut tx = app.engine.db.read().await.unwrap();
    let first = messages::of_lead(&mut tx, cleo).await.unwrap()[0].id;
    drop(tx);
    let link = app.engine.unsubscribe_link(cleo, first);
    let path = link.strip_prefix(&app.engine.config.server.public_url).unwrap();
    assert_eq!(app.click_once(path).await.0, 200);
    hand_over("asked").carry_out(&app.engine, ada).await.unwrap();
    Change::Won { amount: Some(900.0), reason: None }.carry_out(&app.engine, ada).await.unwrap();
    app.pass(10 * DAY).await;
    add(&app, "dora", None, false).await;
    app.settle().await;
    app
}

/// Hands a lead over that sales then lost or returned.
async fn give_up(app: &TestApp, lead: i64, how: Change) {
    let change = Change::HandOver { cause: "asked".to_owned(), rep: None, origin: Origin::Person };
    change.carry_out(&app.engine, lead).await.unwrap();
    how.carry_out(&app.engine, lead).await.unwrap();
}

async fn people_read_titles_and_programs_keys(db: TestDb) {
    let app = TestApp::start(db, &workspace()).await;
    let ada = add(&app, "ada", Some("fair"), false).await;
    let words = None;
    for how in [
        Change::Lost { reason: "dear".to_owned(), words: words.clone() },
        Change::Lost { reason: "moved to Mars".to_owned(), words: words.clone() },
        Change::Return { reason: "busy".to_owned(), words: words.clone(), sequence: None },
        Change::No { never: false, words },
        Change::Return { reason: NOT_A_REPLY.to_owned(), words: None, sequence: None },
    ] {
        give_up(&app, ada, how).await;
    }
    let program = Program::at(app.db.url(), &app.mail, &workspace());
    let text = program.done(&["report", "sources", "reasons"]).await;
    for words in
        ["Spring fair", "Too dear", "moved to Mars", "Has no time", "not interested", "it was no reply"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    for key in ["  fair", "  dear", "busy", "not_interested", "not_a_reply"] {
        assert!(!text.contains(key), "{key}: {text}");
    }
    let table = program.done(&["report", "--csv", "reasons"]).await;
    for line in [
        r#""state","reason","title","hand_overs""#,
        r#""lost","dear","Too dear",1"#,
        r#""lost","moved to Mars","",1"#,
    ] {
        assert!(table.lines().any(|known| known == line), "{line}: {table}");
    }
    app.end().await;
}

async fn the_report_says_what_happened(db: TestDb) {
    let app = history(db).await;
    let program = Program::at(app.db.url(), &app.mail, &workspace());
    let report: Value = serde_json::from_str(&program.done(&["report", "--json"]).await).unwrap();
    let leads = json!([
        {"stage": "customer", "qualification": "unqualified", "leads": 1, "tracked": 1},
        {"stage": "tofu", "qualification": "unqualified", "leads": 3, "tracked": 1},
    ]);
    let mut found = report["leads"].as_array().unwrap().clone();
    found.sort_by_key(|row| row["stage"].to_string());
    assert_eq!(Value::from(found), leads);
    assert_eq!(report["moves"], json!([{"from": "tofu", "to": "customer", "moves": 1}]));
    assert_eq!(report["stages"], json!([{"stage": "tofu", "left": 1, "median_days": 1.04}]));
    let hello = &report["sequences"][0];
    assert_eq!((&hello["sequence"], &hello["title"]), (&json!("hello"), &json!("Hello")));
    let numbers = ["entered", "sent", "unsubscribed", "handed_over", "won"].map(|name| &hello[name]);
    assert_eq!(numbers, [&json!(4), &json!(7), &json!(1), &json!(1), &json!(1)]);
    let mails = report["mails"].as_array().unwrap();
    let first = json!({
        "sequence": "hello", "step": "hello", "mail": "hello", "variant": 1, "sent": 4, "tracked": 2,
        "tracked_share": 0.5, "opened": 1, "open_rate": 0.5, "clicked": 1, "click_rate": 0.5, "replied": 0,
        "reply_rate": 0.0, "unsubscribed": 1, "complained": 0, "leave_rate": 0.25, "handed_over": 0, "won": 0,
    });
    assert_eq!(mails[0], first);
    let second: Vec<&Value> = mails.iter().filter(|row| row["step"] == "second-a").collect();
    assert_eq!(second.iter().map(|row| row["sent"].as_i64().unwrap()).sum::<i64>(), 3);
    assert_eq!(second.iter().map(|row| row["won"].as_i64().unwrap()).sum::<i64>(), 1);
    for row in &second {
        let letter = if row["variant"] == 1 { "second-a" } else { "second-b" };
        assert_eq!(row["mail"], letter);
    }
    let fair = &report["sources"][0];
    let numbers =
        ["leads", "handed_over", "won", "amount", "customers", "cost", "cac"].map(|name| &fair[name]);
    let expected: [Value; 7] =
        [3.into(), 1.into(), 1.into(), 900.0.into(), 1.into(), 1200.into(), 1200.0.into()];
    assert_eq!(numbers, expected.each_ref());
    assert_eq!((&fair["complete"], &fair["complete_rate"]), (&json!(1), &json!(0.3333)));
    let ads = &report["sources"][2];
    assert_eq!((&ads["source"], &ads["leads"], &ads["cost"]), (&json!("google ads"), &json!(0), &json!(300)));
    // Within a period, its leads and mails, and no costs.
    let late: Value =
        serde_json::from_str(&program.done(&["report", "--json", "--since", "2026-01-10"]).await).unwrap();
    assert_eq!(late["mails"].as_array().unwrap().len(), 1);
    assert_eq!((&late["mails"][0]["sent"], &late["moves"]), (&json!(1), &json!([])));
    assert_eq!((&late["sources"][0]["source"], &late["sources"][1]["cost"]), (&json!(""), &Value::Null));
    let early: Value = serde_json::from_str(
        &program.done(&["report", "--json", "--until", "2026-01-05", "--since", "2026-01-05"]).await,
    )
    .unwrap();
    assert_eq!((&early["mails"][0]["sent"], early["mails"].as_array().unwrap().len()), (&json!(3), 1));
    // For people and for spreadsheets the same numbers.
    let text = program.done(&["report"]).await;
    for line in ["Leads: 4 now, of whom 2 agree to tracking", "1 200", "50.0 %", "google ads", "Why sales"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let part = program.done(&["report", "moves"]).await;
    assert!(part.contains("customer") && !part.contains("Sources"), "{part}");
    let table = program.done(&["report", "--csv", "sources"]).await;
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let names: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        let at = names.iter().position(|known| known == name).unwrap_or_else(|| panic!("{name}"));
        rows[row][at].to_owned()
    };
    assert_eq!([cell(0, "source"), cell(0, "title"), cell(0, "cac")], ["fair", "Spring fair", "1200"]);
    assert_eq!(rows.len(), 3);
    // It only reads: whoever is asked while it is read answers as before.
    let (status, _) = app.get("/leads/ada@example.org").await;
    assert_eq!(status, 200);
    assert_eq!(app.request(Method::GET, "/healthz").send().await.unwrap().status(), 200);
    app.pass(MINUTE).await;
    app.end().await;
}

/// A sequence of one step that is an A/B test of these two.
fn test_of(first: &str, second: &str) -> dripline::workspace::Files {
    let sequence = format!(
        "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nid = \"test\"\nmail = [\"{first}\", \"{second}\"]\n"
    );
    let mail = "+++\nsubject = \"Hello\"\n+++\nHello.\n";
    files(&[
        ("funnel.toml", FUNNEL),
        ("sequences/hello.toml", &sequence),
        (&format!("templates/mail/{first}.md"), mail),
        (&format!("templates/mail/{second}.md"), mail),
    ])
}

async fn a_new_variant_begins_at_nothing(db: TestDb) {
    let world = World::begin(db, &test_of("old", "stays")).await;
    let mut sent = BTreeMap::new();
    for (round, variants) in [["old", "stays"], ["stays", "new"]].into_iter().enumerate() {
        world.apply(&test_of(variants[0], variants[1])).await;
        for nth in 0..8 {
            let lead = world.add(&format!("lead{nth}@round{round}.example")).await;
            world.settle().await;
            let [message] = &world.messages(lead).await[..] else { panic!("one mail") };
            *sent.entry(variants[message.variant as usize]).or_insert(0) += 1;
            let deed = deed(EventKind::Feedback, "tone", world.engine.clock.now());
            let deed = Deed { message: Some(message.id), ..deed };
            record_deed(&world.engine, lead, deed).await.unwrap();
        }
    }
    let now = world.engine.clock.now();
    let report = report::read(&world.engine.db, Period::default(), now, |_| ()).await.unwrap();
    let mails = report.mails.iter().map(|row| (row.mail.as_str(), row.sent));
    assert_eq!(mails.clone().collect::<BTreeMap<_, _>>(), sent);
    assert_eq!(mails.count(), sent.len(), "what stays is one row, wherever it stood");
    let said = report.feedback.iter().map(|row| (row.mail.as_str(), row.tone));
    assert_eq!(said.clone().collect::<BTreeMap<_, _>>(), sent);
    assert_eq!(said.count(), sent.len());
    let places: Vec<(&str, i64)> = report.mails.iter().map(|row| (row.mail.as_str(), row.variant)).collect();
    assert!(sent.len() < 3 || places == [("old", 1), ("stays", 1), ("new", 2)], "{places:?}");
}

async fn a_workspace_without_a_history_has_a_report(db: TestDb) {
    let mail = crate::support::smtp_server::SmtpServer::start(Default::default()).await;
    let program = Program::new(&db, &mail, &workspace());
    let text = program.done(&["report"]).await;
    assert!(text.contains("Leads: 0 now") && text.contains("\n  none\n"), "{text}");
    let refused = program.command(&["report", "--since", "yesterday"]).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(2));
}
