//! The sample workspace with its forty leads: what a newcomer sees must work, lead by lead and mail by mail.

use std::collections::BTreeSet;
use std::path::Path;

use dripline::domain::address::Address;
use dripline::domain::enrollment::MessageState;
use dripline::domain::time::{DAY, MINUTE};
use dripline::nurture::import::{ImportOptions, import};
use dripline::storage::messages;
use dripline::workspace::{Files, Workspace};
use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{self, BROWSER, body};
use crate::support::smtp_server::Transaction;
use crate::support::world::subject;

on_both!(every_lead_gets_whole_mails, one_click_on_the_prices_moves_eva_on);

const LEADS: &str = "sequences/leads.example.csv";

const EVA: &str = "eva.mueller@mueller-praezision.example";

/// The leads that nobody may write to: opted in only once, or not at all.
const UNCONFIRMED: [(&str, &str); 3] = [
    ("sabine.keller+planung@mueller-praezision.example", "the consent to e-mail is not confirmed"),
    ("marek.dvorak@dvorak-strojirna.example", "the consent to e-mail is not confirmed"),
    ("heike.brandl@brandl-federn.example", "no consent to e-mail is recorded"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample() -> Files {
    Files::read(root()).expect("the sample")
}

/// The sample with all its leads, on a Monday at nine.
async fn begin(db: TestDb) -> TestApp {
    let app = TestApp::start(db, &sample()).await;
    let csv = std::fs::read(root().join(LEADS)).expect("the leads");
    let options = ImportOptions { file: "leads.example.csv".into(), ..ImportOptions::default() };
    let report = import(&app.engine, csv.as_slice(), options, |_| ()).await.expect("an import");
    assert_eq!((report.new, report.bad), (40, 0), "{report:?}");
    app.settle().await;
    app
}

fn subjects(app: &TestApp, email: &str) -> Vec<String> {
    app.mails(email).iter().map(|raw| subject(raw)).collect()
}

async fn every_lead_gets_whole_mails(db: TestDb) {
    let app = begin(db).await;
    for (email, reason) in UNCONFIRMED {
        let told = app.explain(email).await;
        assert!(told.not_sent_because.iter().any(|why| why.contains(reason)), "{email}: {told:?}");
    }
    app.pass(120 * DAY).await;
    let accepted = app.mail.accepted();
    let to_leads = accepted.iter().filter(|mail| !to(mail).ends_with("@nordwerk.example"));
    let mut written_to = BTreeSet::new();
    for mail in to_leads {
        written_to.insert(to(mail).to_owned());
        whole(&mail.body);
    }
    assert_eq!(written_to.len(), 40 - UNCONFIRMED.len(), "{written_to:#?}");
    assert!(UNCONFIRMED.iter().all(|(email, _)| !written_to.contains(*email)));
    everything_was_sent(&app).await;
    app.end().await;
}

fn to(mail: &Transaction) -> &str {
    mail.to.as_deref().unwrap_or_default()
}

/// Nothing is left out, doubled or still a tag, in the subject or in either part.
fn whole(raw: &[u8]) {
    let message = MessageParser::default().parse(raw).expect("a message");
    let (subject, text) = (message.subject().unwrap_or_default(), body(raw));
    for gap in ["{{", "}}", " ,", "Guten Tag Frau,", "Guten Tag Herr,", " .", "..", "null"] {
        assert!(!text.contains(gap) && !subject.contains(gap), "{gap:?} in {subject}: {text}");
    }
    assert!(text.contains("Amtsgericht Hamburg") && text.contains("/u/"), "{text}");
}

/// No mail was held back for want of a field, and somebody walked each sequence.
async fn everything_was_sent(app: &TestApp) {
    let mut tx = app.engine.db.read().await.expect("a transaction");
    let states: Vec<MessageState> = messages::count_by_state(&mut tx)
        .await
        .expect("counts")
        .into_iter()
        .map(|(state, _)| state)
        .collect();
    assert_eq!(states, [MessageState::Sent]);
    drop(tx);
    let mut entered = BTreeSet::new();
    for email in emails() {
        let told = app.explain(&email).await;
        entered.extend(
            told.timeline.into_iter().filter_map(|entry| {
                entry.what.strip_prefix("entered \"")?.strip_suffix('"').map(str::to_owned)
            }),
        );
    }
    let sample = Workspace::compile(&sample()).workspace.expect("no mistakes");
    let all: BTreeSet<String> = sample.sequences.into_iter().map(|sequence| sequence.title).collect();
    assert_eq!(entered, all);
}

/// The addresses of the example leads, as they are stored.
fn emails() -> Vec<String> {
    let mut rows = csv::Reader::from_path(root().join(LEADS)).expect("the leads");
    let email = |row: csv::StringRecord| row[0].parse::<Address>().expect("an address").to_string();
    rows.records().map(|row| email(row.expect("a row"))).collect()
}

async fn one_click_on_the_prices_moves_eva_on(db: TestDb) {
    let app = begin(db).await;
    assert_eq!(subjects(&app, EVA), ["Ihre Checkliste für die Feinplanung"]);
    assert_eq!(subjects(&app, "kim.kowalski@stahlbau-kowalski.example").len(), 1);
    app.pass(2 * MINUTE).await;
    click_on_prices(&app).await;
    app.pass(2 * MINUTE).await;
    let (_, eva) = app.get(&format!("/leads/{EVA}")).await;
    assert_eq!(eva["stage"], "mofu", "{eva}");
    app.pass(3 * DAY).await;
    assert_eq!(subjects(&app, EVA).len(), 2, "{:?}", subjects(&app, EVA));
    assert_eq!(subjects(&app, EVA)[1], "Leitfaden: Planungssoftware ohne Reue auswählen");
    let told = app.explain(EVA).await;
    assert!(told.next.is_some(), "another mail waits: {told:?}");
    app.post(&format!("/leads/{EVA}/hand-over"), &json!({ "cause": "called us" })).await;
    app.pass(30 * DAY).await;
    assert_eq!(subjects(&app, EVA).len(), 2, "silence");
    assert_eq!(app.post(&format!("/leads/{EVA}/won"), &json!({ "amount": 12_000 })).await.0, 200);
    app.settle().await;
    assert_eq!(
        subjects(&app, EVA).last().map(String::as_str),
        Some("Willkommen! So beginnt die erste Woche")
    );
    app.end().await;
}

/// Clicks on the link of Eva's first mail that leads to the prices.
async fn click_on_prices(app: &TestApp) {
    let sample = Workspace::compile(&sample()).workspace.expect("no mistakes");
    let mut links = sample.templates.links("tofu/welcome", "de").iter().filter(|link| link.is_tracked());
    let place = links.position(|link| link.name.as_deref() == Some("pricing")).expect("a link to the prices");
    let link = post::links(&app.mails(EVA)[0]).swap_remove(place);
    assert_eq!(app.browse(Method::GET, &link, BROWSER).await.status(), 302);
}
