//! The personal form: it asks for what is missing, and for nothing else.

use dripline::domain::event::{EventKind, Happening};
use dripline::domain::lead::Lead;
use dripline::storage::{events, leads};
use reqwest::Method;
use serde_json::json;

use super::WELCOME;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::database::{TestDb, on_both};
use crate::support::world::{FUNNEL, files};

on_both!(
    a_lead_is_asked_for_what_is_missing,
    what_is_filled_stays,
    hostile_answers_are_harmless,
    a_person_fills_it_in_on_a_phone,
);

const RULES: &str = r#"
[contact]
complete = ["name", "company", "company.size", "phone", "country", "salutation", "fields.budget"]
[qualification.mql]
when = 'lead.complete'
hand_over = "complete"
"#;

const MAIL: &str = "+++\nsubject = \"Who are you?\"\n+++\n{{#if lead.complete}}All is known.{{else}}\
                    [Tell us]({{link.form}}){{/if}} {{#if lead.persona}}x{{/if}}\n";

async fn begin(db: TestDb) -> TestApp {
    let funnel = format!("{FUNNEL}{RULES}");
    let workspace = files(&[
        ("funnel.toml", &funnel),
        ("sequences/welcome.toml", WELCOME),
        ("templates/mail/mail/hello.md", MAIL),
        ("templates/mail/mail/guide.md", MAIL),
    ]);
    TestApp::start(db, &workspace).await
}

/// Adds Kim, whose name and language are known; the path of the form in the mail.
async fn add_kim(app: &TestApp) -> (i64, String) {
    let kim = json!({ "email": "kim@example.org", "basis": "double_opt_in", "first_name": "Kim", "last_name": "Roth" });
    let (_, kim) = app.post("/leads", &kim).await;
    app.settle().await;
    let mail =
        String::from_utf8_lossy(&app.mails("kim@example.org")[0]).replace("=\r\n", "").replace("=3D", "=");
    let link = mail
        .split("http://localhost:8080")
        .find(|part| part.starts_with("/f/"))
        .expect("the link of the form");
    let path: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
    (kim["id"].as_i64().unwrap(), path)
}

async fn record(app: &TestApp, lead: i64) -> (Lead, Vec<Happening>) {
    let mut tx = app.engine.db.read().await.unwrap();
    let stored = leads::by_id(&mut tx, lead).await.unwrap().expect("the lead");
    (stored.lead, events::timeline(&mut tx, lead, 1_000).await.unwrap())
}

/// The names of the inputs of a page.
fn inputs(html: &str) -> Vec<&str> {
    html.split(" name=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| *name != "from")
        .collect()
}

async fn a_lead_is_asked_for_what_is_missing(db: TestDb) {
    let app = begin(db).await;
    let (lead, path) = add_kim(&app).await;
    let before = record(&app, lead).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(app.request(method, &path).send().await.unwrap().status(), 200);
    }
    let (_, html) = app.open(&path).await;
    // `viewport`, `robots` and `color-scheme` are names of the page's head.
    let asked: Vec<&str> = inputs(&html).into_iter().skip(3).collect();
    assert_eq!(asked, ["company.name", "company.size", "phone", "country", "salutation", "fields.budget"]);
    assert!(!html.contains("Kim") && !html.contains("Roth"), "whoever was forwarded the mail learns nothing");
    for name in &asked {
        assert!(html.contains(&format!("<label for=\"{name}\">")), "{name} has no label");
    }
    assert_eq!(record(&app, lead).await, before, "reading changes nothing");

    let (status, html) =
        app.fill(&path, &[("phone", "call me"), ("company.size", "some"), ("country", "de")]).await;
    assert_eq!(status, 422);
    assert_eq!(html.matches("class=\"wrong\"").count(), 2, "{html}");
    assert!(
        html.contains("value=\"call me\"") && html.contains("aria-describedby=\"wrong-phone\""),
        "{html}"
    );
    assert_eq!(record(&app, lead).await, before, "all or nothing");

    let answers = [
        ("phone", " +49 40 / 123-456 "),
        ("company.name", "Roth AG"),
        ("company.size", "120"),
        ("from", "page"),
    ];
    let (status, html) = app.fill(&path, &answers).await;
    assert!(status == 200 && html.contains("Thank you!") && html.contains("the rest later"), "{html}");
    let (now, timeline) = record(&app, lead).await;
    let company = now.company.expect("a company");
    assert_eq!((company.name.as_str(), company.size), ("Roth AG", Some(120)));
    assert_eq!(now.contact.phone.as_deref(), Some("+49 40 / 123-456"));
    let told = timeline.iter().find(|event| event.kind == EventKind::Submitted).expect("a deed");
    assert_eq!(told.details.about.as_deref(), Some("complete-profile"));
    assert_eq!(told.details.data.as_ref().unwrap()["filled"], "company.name, company.size, phone");

    let rest = [("country", "at"), ("salutation", "ms"), ("fields.budget", "20000")];
    assert!(app.fill(&path, &rest).await.1.contains("Your details are stored."));
    let (now, timeline) = record(&app, lead).await;
    assert_eq!(now.contact.country.as_deref(), Some("AT"));
    assert_eq!(now.contact.fields["budget"], 20_000);
    assert_eq!(now.qualification.as_str(), "mql", "a rule acts at once");
    assert!(timeline.iter().any(|event| event.kind == EventKind::HandedOver));
    let (_, html) = app.open(&path).await;
    assert!(html.contains("Nothing is missing") && !html.contains("<form"), "{html}");
    app.end().await;
}

async fn what_is_filled_stays(db: TestDb) {
    let app = begin(db).await;
    let (lead, path) = add_kim(&app).await;
    let answers = [
        ("first_name", "Mallory"),
        ("email", "m@example.org"),
        ("stage", "customer"),
        ("phone", "+49 40 123456"),
    ];
    assert_eq!(app.fill(&path, &answers).await.0, 200);
    let (now, _) = record(&app, lead).await;
    assert_eq!((now.contact.first_name.as_deref(), now.email.as_str()), (Some("Kim"), "kim@example.org"));
    assert_eq!((now.stage.as_str(), now.contact.phone.as_deref()), ("tofu", Some("+49 40 123456")));
    let noted = record(&app, lead).await;
    assert_eq!(app.fill(&path, &[("phone", "+49 40 654321")]).await.0, 200, "as often as one likes");
    assert_eq!(app.fill(&path, &[]).await.0, 200);
    assert_eq!(record(&app, lead).await, noted, "and nothing is overwritten");
    // Whoever says to work for a company that is known changes nothing of what is known of it.
    let known = json!({ "email": "lee@example.org", "company": "Known AG", "company_size": "9" });
    assert_eq!(app.post("/leads", &known).await.0, 201);
    assert_eq!(app.fill(&path, &[("company.name", "KNOWN AG"), ("company.size", "4000")]).await.0, 200);
    let company = record(&app, lead).await.0.company.expect("a company");
    assert_eq!((company.name.as_str(), company.size), ("Known AG", Some(9)));
    app.end().await;
}

async fn hostile_answers_are_harmless(db: TestDb) {
    let app = begin(db).await;
    let (lead, path) = add_kim(&app).await;
    let before = record(&app, lead).await;
    let long = "x".repeat(201);
    for (field, answer) in [
        ("company.name", long.as_str()),
        ("company.name", "a\u{0}b"),
        ("company.size", "-1"),
        ("company.size", "99999999999999999999"),
        ("phone", "=1+1"),
        ("phone", "1"),
        ("country", "<b>"),
        ("salutation", "king"),
        ("fields.budget", "\u{1b}[31m"),
    ] {
        let (status, html) = app.fill(&path, &[(field, answer), ("phone2", "x")]).await;
        assert_eq!(status, 422, "{field} = {answer:?}");
        assert!(!html.contains("<b>"), "{html}");
    }
    for body in ["", "%", "a=%ff%fe&b", "phone"] {
        assert_eq!(app.post_form(&path, body).await.0, 200, "{body}");
    }
    let json = app.request(Method::POST, &path).json(&json!({ "phone": "+49 40 123456" }));
    assert_eq!(json.send().await.unwrap().status(), 200, "what is no form has no answers");
    assert_eq!(record(&app, lead).await, before);
    for token in ["x", "%00", &path[3..path.len() - 1], &path[3..].to_uppercase()] {
        assert_eq!(app.open(&format!("/f/{token}")).await.0, 404, "{token}");
        assert_eq!(app.fill(&format!("/f/{token}"), &[("phone", "+49 40 123456")]).await.0, 404, "{token}");
    }
    let leave = app.unsubscribe_path(lead);
    assert_eq!(app.open(&leave.replacen("/u/", "/f/", 1)).await.0, 404, "a token of another kind");
    let name = "\u{202e}<img src=x onerror=alert(1)> \"Roth\" & 🦀 {{lead.email}}";
    assert_eq!(app.fill(&path, &[("company.name", name)]).await.0, 200);
    let (_, html) = app.open(&path).await;
    assert!(!html.contains("<img"), "{html}");
    let stored = record(&app, lead).await.0.company.expect("a company").name;
    assert_eq!(stored, name.trim_start_matches('\u{202e}'), "nothing turns what stands beside it");
    app.end().await;
}

async fn a_person_fills_it_in_on_a_phone(db: TestDb) {
    let app = begin(db).await;
    let (lead, path) = add_kim(&app).await;
    let browser = Browser::start().await;
    browser.resize(390, 844).await;
    browser.open(&app.url(&path)).await;
    assert!(browser.text("main").await.contains("A few details are missing"));
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.script(fits).await, true, "a phone shows it without scrolling sideways");
    let labelled =
        "return [...document.querySelectorAll('input, select')].every(input => input.labels.length == 1)";
    assert_eq!(browser.script(labelled).await, true);
    let write = "document.getElementById('phone').value = '+49 40 123456'; document.getElementById('salutation').value = 'ms'";
    browser.script(write).await;
    browser.click("button").await;
    browser.wait_for("main", "Your details are stored.").await;
    let (now, _) = record(&app, lead).await;
    assert_eq!(now.contact.phone.as_deref(), Some("+49 40 123456"));
    assert_eq!(now.contact.salutation.map(|word| word.as_str()), Some("ms"));
    app.end().await;
}
