//! Real input, end to end: a CSV, three stages, a real SMTP dialogue for each mail, two time zones, one who leaves, one
//! who is handed over.

use std::collections::BTreeSet;

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;
use dripline::domain::time::{DAY, HOUR, Timestamp};
use dripline::nurture::import::{ImportOptions, import};
use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{body, one_click};
use crate::support::world::{FUNNEL, files, subject};

on_both!(leads_from_a_file_walk_their_stages);

const WELCOME: &str = r#"
title = "Welcome"
stage = "tofu"
send  = "Mon-Fri 09:00-17:00"
[[step]]
mail = "hello"
[[step]]
wait = "2 days"
mail = ["roi-a", "roi-b"]
[[step]]
wait    = "1 day"
only_if = "tagged vip"
mail    = "vip"
[[step]]
only_if = "not tagged vip"
mail    = "plain"
"#;

const EVALUATION: &str = r#"
title = "Evaluation"
stage = "mofu"
[[step]]
mail = "guide"
[[step]]
wait    = "3 days"
only_if = "has company.name"
mail    = "case"
"#;

const OFFER: &str = r#"
title = "Offer"
stage = "bofu"
[[step]]
mail = "offer"
[[step]]
wait      = "1 day"
hand_over = "had the offer"
"#;

const HEAD: &str = "email,first_name,timezone,stage,company,tags,basis,consent_at,external_id\n";

const PEOPLE: &str = "\
anna@berlin.example,Anna,Europe/Berlin,tofu,,vip,double_opt_in,2025-12-01T10:00:00Z,\n\
bob@york.example,Bob,America/New_York,tofu,,,double_opt_in,2025-12-01T10:00:00Z,\n\
carla@plant.example,Carla,Europe/Berlin,mofu,Plant AG,,double_opt_in,2025-12-01T10:00:00Z,\n\
dan@home.example,Dan,Europe/Berlin,mofu,,,existing_customer,2025-12-01T10:00:00Z,\n\
erik@ready.example,Erik,Europe/Berlin,bofu,,,double_opt_in,2025-12-01T10:00:00Z,\n\
fay@leaves.example,Fay,Europe/Berlin,tofu,,,double_opt_in,2025-12-01T10:00:00Z,\n\
gus@calls.example,Gus,Europe/Berlin,tofu,,,double_opt_in,2025-12-01T10:00:00Z,\n\
nora@nothing.example,Nora,Europe/Berlin,tofu,,,,,\n";

/// So many more, for both variants.
const CROWD: usize = 40;

fn csv() -> String {
    let mut csv = HEAD.to_owned() + PEOPLE;
    for n in 0..CROWD {
        csv += &format!("c{n}@crowd.example,C,Europe/Berlin,tofu,,,double_opt_in,2025-12-01T10:00:00Z,\n");
    }
    csv
}

async fn begin(db: TestDb) -> TestApp {
    let mail =
        |name: &str| format!("+++\nsubject = \"{name}\"\n+++\nHello {{{{lead.first_name}}}}: {name}.\n");
    let names = ["hello", "roi-a", "roi-b", "vip", "plain", "guide", "case", "offer"];
    let mails: Vec<(String, String)> =
        names.iter().map(|name| (format!("templates/mail/{name}.md"), mail(name))).collect();
    let mut all = vec![
        ("funnel.toml", FUNNEL),
        ("sequences/welcome.toml", WELCOME),
        ("sequences/evaluation.toml", EVALUATION),
        ("sequences/offer.toml", OFFER),
    ];
    all.extend(mails.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    TestApp::start(db, &files(&all)).await
}

async fn take(app: &TestApp, csv: &str) {
    let options = ImportOptions { file: "leads.csv".into(), ..ImportOptions::default() };
    let report = import(&app.engine, csv.as_bytes(), options, |_| ()).await.expect("an import");
    assert_eq!(report.bad, 0, "{report:?}");
}

fn subjects(app: &TestApp, email: &str) -> Vec<String> {
    app.mails(email).iter().map(|raw| subject(raw)).collect()
}

/// Every mail of these went out on a weekday between nine and five of that zone.
fn in_office_hours(app: &TestApp, email: &str, zone: Tz) {
    for raw in app.mails(email) {
        let message = MessageParser::default().parse(&raw).expect("a message");
        let sent = Timestamp::from_millis(message.date().expect("a date").to_timestamp() * 1000);
        let local = sent.utc().with_timezone(&zone);
        assert!((9..17).contains(&local.hour()), "{email} at {local}");
        assert!(!matches!(local.weekday(), Weekday::Sat | Weekday::Sun), "{email} at {local}");
    }
}

async fn leads_from_a_file_walk_their_stages(db: TestDb) {
    let app = begin(db).await;
    take(&app, &csv()).await;
    app.settle().await;
    assert_eq!(subjects(&app, "anna@berlin.example"), ["hello"], "it is nine in Berlin");
    assert_eq!(subjects(&app, "bob@york.example"), [""; 0], "and three at night in New York");
    app.pass(6 * HOUR).await;
    assert_eq!(subjects(&app, "bob@york.example"), ["hello"]);

    one_who_leaves(&app).await;
    let (status, found) =
        app.post("/leads/gus@calls.example/hand-over", &json!({ "cause": "asked for a call" })).await;
    assert_eq!(status, 200);
    let nothing: [i64; 0] = [];
    for list in ["cancelled", "in_flight_delivered", "in_flight_failed", "in_flight_unknown"] {
        assert_eq!(found[list], json!(nothing), "{found}");
    }

    app.pass(60 * DAY).await;
    assert_eq!(subjects(&app, "gus@calls.example"), ["hello"], "sixty days of silence");
    told_of(&app, "New contact: Gus", "asked for a call");
    the_others(&app);
    after_the_return(&app).await;
    app.end().await;
}

async fn one_who_leaves(app: &TestApp) {
    let fay = "fay@leaves.example";
    let path = one_click(&app.mails(fay)[0]);
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(app.request(method, &path).send().await.expect("an answer").status(), 200);
    }
    assert_eq!(stopped_by(app, fay).await, json!(null), "reading never acts");
    let mut forged = path.clone().into_bytes();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let forged = String::from_utf8(forged).expect("ASCII");
    assert_eq!(app.click_once(&forged).await.0, 404);
    assert_eq!(app.click_once(&path).await.0, 200);
    assert_eq!(stopped_by(app, fay).await, json!("unsubscribe"));
    take(app, &csv()).await;
    assert_eq!(stopped_by(app, fay).await, json!("unsubscribe"), "imported anew");
}

/// A mail to the rep, by its subject and what it says of the lead.
fn told_of(app: &TestApp, about: &str, words: &str) {
    let mails = app.mails("kim@nordwerk.example");
    let says = |raw: &Vec<u8>| subject(raw).contains(about) && body(raw).contains(words);
    assert!(mails.iter().any(says), "{:?}", subjects(app, "kim@nordwerk.example"));
}

async fn stopped_by(app: &TestApp, email: &str) -> serde_json::Value {
    let lead = app.get(&format!("/leads/{email}")).await.1;
    lead.get("stopped_by").unwrap_or_else(|| panic!("{lead}")).clone()
}

/// Who neither left nor was handed over walked as their files say.
fn the_others(app: &TestApp) {
    assert_eq!(subjects(app, "fay@leaves.example"), ["hello"]);
    assert_eq!(subjects(app, "nora@nothing.example"), [""; 0], "never unasked");
    assert_eq!(subjects(app, "carla@plant.example"), ["guide", "case"]);
    assert_eq!(subjects(app, "dan@home.example"), ["guide"]);
    assert_eq!(subjects(app, "erik@ready.example"), ["offer"]);
    told_of(app, "New contact: Erik", "had the offer");
    let tofu = |email: &str, last: &str| {
        let got = subjects(app, email);
        assert_eq!(got.len(), 3, "{email}: {got:?}");
        assert_eq!((got[0].as_str(), got[2].as_str()), ("hello", last), "{email}");
        got[1].clone()
    };
    let mut variants =
        BTreeSet::from([tofu("anna@berlin.example", "vip"), tofu("bob@york.example", "plain")]);
    for n in 0..CROWD {
        variants.insert(tofu(&format!("c{n}@crowd.example"), "plain"));
    }
    assert_eq!(variants, BTreeSet::from(["roi-a".to_owned(), "roi-b".to_owned()]));
    in_office_hours(app, "anna@berlin.example", chrono_tz::Europe::Berlin);
    in_office_hours(app, "bob@york.example", chrono_tz::America::New_York);
}

async fn after_the_return(app: &TestApp) {
    let gus = "gus@calls.example";
    let (status, _) = app.post(&format!("/leads/{gus}/return"), &json!({ "reason": "too early" })).await;
    assert_eq!(status, 200);
    assert_eq!(subjects(app, gus).len(), 1, "no sooner than the next day");
    app.pass(10 * DAY).await;
    let got = subjects(app, gus);
    assert_eq!(got.len(), 3, "{got:?}");
    assert!(got[1].starts_with("roi-") && got[2] == "plain", "{got:?}");
}
