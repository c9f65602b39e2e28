//! The unsubscribe link.

use dripline::domain::event::Happening;
use dripline::domain::gate::StopKind;
use dripline::domain::time::DAY;
use dripline::storage::leads::StoredLead;
use dripline::storage::messages::Message;
use dripline::storage::{events, leads, messages};
use reqwest::Method;
use serde_json::json;

use super::files;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::database::{TestDb, on_both};
use crate::support::world::subject;

on_both!(
    looking_changes_nothing,
    the_button_stops_the_mails,
    one_click_in_the_mail_program_stops_them_too,
    a_changed_bit_leads_nowhere,
    pages_speak_the_readers_language,
    a_person_leaves_in_a_browser,
);

/// A lead that got its first mail: its id.
async fn lead(app: &TestApp, more: serde_json::Value) -> i64 {
    let mut body = json!({ "email": "kim@example.org", "basis": "double_opt_in" });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let (status, lead) = app.post("/leads", &body).await;
    assert_eq!(status, 201, "{lead}");
    app.settle().await;
    lead["id"].as_i64().expect("an id")
}

/// All that is known about a lead.
async fn record(app: &TestApp, lead: i64) -> (StoredLead, Vec<Happening>, Vec<Message>) {
    let mut tx = app.engine.db.read().await.unwrap();
    let stored = leads::by_id(&mut tx, lead).await.unwrap().expect("the lead");
    let timeline = events::timeline(&mut tx, lead, 1_000).await.unwrap();
    (stored, timeline, messages::of_lead(&mut tx, lead).await.unwrap())
}

async fn looking_changes_nothing(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = lead(&app, json!({})).await;
    let path = app.unsubscribe_path(lead);
    let before = record(&app, lead).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let response = app.request(method, &path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    }
    let (_, html) = app.open(&path).await;
    assert!(html.contains("<form method=\"post\">") && html.contains("k…@example.org"), "{html}");
    assert!(!html.contains("kim@example.org"), "whoever was forwarded the mail does not learn the address");
    assert_eq!(record(&app, lead).await, before);
    app.pass(4 * DAY).await;
    assert_eq!(app.mail.accepted().len(), 2, "the walk goes on");
    app.end().await;
}

async fn the_button_stops_the_mails(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = lead(&app, json!({})).await;
    let path = app.unsubscribe_path(lead);
    let (status, html) = app.press(&path).await;
    assert_eq!(status, 200);
    assert!(html.contains("You are unsubscribed") && !html.contains("<form"), "{html}");
    let after = record(&app, lead).await;
    assert_eq!(after.0.lead.closed_by, Some(StopKind::Unsubscribe));
    assert_eq!(after.0.suppressed_by, Some(StopKind::Unsubscribe));
    let reason = after.1.last().and_then(|event| event.details.because.clone());
    assert_eq!(reason.as_deref(), Some("by the button on the page"));
    assert_eq!(app.press(&path).await.0, 200, "as often as one likes");
    assert_eq!(record(&app, lead).await, after, "and it is noted once");
    assert!(app.open(&path).await.1.contains("Already unsubscribed"));
    app.pass(60 * DAY).await;
    assert_eq!(app.mail.accepted().len(), 1);
    app.end().await;
}

async fn one_click_in_the_mail_program_stops_them_too(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = lead(&app, json!({ "language": "en" })).await;
    let mail = app.mail.accepted().remove(0).body;
    assert_eq!(subject(&mail), "About mail/hello");
    let raw = String::from_utf8_lossy(&mail).replace("\r\n ", " ").replace("\r\n\t", " ");
    assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{raw}");
    let header = raw.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: ")).expect("the header");
    let link = header.trim().trim_start_matches('<').trim_end_matches('>');
    let path = link.strip_prefix("http://localhost:8080").expect("a link of this server");
    assert_eq!(app.click_once(path).await.0, 200);
    let (stored, timeline, _) = record(&app, lead).await;
    assert_eq!(stored.lead.closed_by, Some(StopKind::Unsubscribe));
    let reason = timeline.last().and_then(|event| event.details.because.clone());
    assert_eq!(reason.as_deref(), Some("by one click in the mail program"));
    app.pass(60 * DAY).await;
    assert_eq!(app.mail.accepted().len(), 1);
    app.end().await;
}

async fn a_changed_bit_leads_nowhere(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = lead(&app, json!({})).await;
    let path = app.unsubscribe_path(lead);
    let before = record(&app, lead).await;
    let token = path.strip_prefix("/u/").expect("a token");
    let changed = (0..token.len()).map(|at| {
        let (head, tail) = token.split_at(at);
        let other = if tail.starts_with('a') { 'b' } else { 'a' };
        format!("{head}{other}{}", &tail[1..])
    });
    for token in changed.chain([token.to_uppercase(), "x".into(), "%00".into(), "a".repeat(5_000)]) {
        let path = format!("/u/{token}");
        let (status, html) = app.click_once(&path).await;
        assert_eq!(status, 404, "{token}");
        assert!(html.contains("There is no such page"), "{html}");
    }
    assert_eq!(app.open("/u/x").await.0, 404);
    assert_eq!(record(&app, lead).await, before);
    app.end().await;
}

async fn pages_speak_the_readers_language(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let german = lead(&app, json!({ "language": "de-AT" })).await;
    let path = app.unsubscribe_path(german);
    assert!(app.open(&path).await.1.contains("<html lang=\"de\">"));
    let (_, other) = app.post("/leads", &json!({ "email": "lee@example.org", "language": "fr" })).await;
    let path = app.unsubscribe_path(other["id"].as_i64().expect("an id"));
    let asked = async |accept: &str| {
        let response =
            app.request(Method::GET, &path).header("Accept-Language", accept).send().await.unwrap();
        response.text().await.unwrap()
    };
    assert!(asked("de;q=0.9, en;q=0.1").await.contains("E-Mails abbestellen?"));
    assert!(asked("fr").await.contains("Unsubscribe?"), "the default language of the workspace");
    assert!(app.press(&path).await.1.contains("You are unsubscribed"));
    app.end().await;
}

async fn a_person_leaves_in_a_browser(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = lead(&app, json!({})).await;
    let browser = Browser::start().await;
    browser.resize(390, 844).await;
    browser.prefer_dark(true).await;
    browser.open(&app.url(&app.unsubscribe_path(lead))).await;
    assert!(browser.text("main").await.contains("k…@example.org"));
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.script(fits).await, true, "a phone shows it without scrolling sideways");
    browser.click("button").await;
    browser.wait_for("main", "You are unsubscribed").await;
    assert!(!browser.screenshot().await.is_empty());
    assert_eq!(record(&app, lead).await.0.lead.closed_by, Some(StopKind::Unsubscribe));
    app.end().await;
}
