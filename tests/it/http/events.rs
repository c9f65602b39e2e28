//! Events of other programs: many at once, purchases, page views of a website's server.

use reqwest::Method;
use serde_json::{Value, json};

use super::WELCOME;
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::world::{FUNNEL, files};

on_both!(
    a_wrong_event_does_not_lose_the_others,
    a_purchase_is_kept_with_its_items,
    a_thousand_events_and_no_more
);

const RULES: &str = r#"
[[score]]
on = "visited /pricing*"
points = 20
at_most = 40
[[score]]
on = "did cart"
points = 5
[stage.mofu]
when = 'engagement >= 20'
"#;

async fn begin(db: TestDb) -> TestApp {
    let mail = |name: &str| format!("+++\nsubject = \"{name}\"\n+++\nHello.\n");
    let (hello, guide) = (mail("hello"), mail("guide"));
    let funnel = format!("{FUNNEL}{RULES}");
    let workspace = files(&[
        ("funnel.toml", &funnel),
        ("sequences/welcome.toml", WELCOME),
        ("templates/mail/mail/hello.md", &hello),
        ("templates/mail/mail/guide.md", &guide),
    ]);
    let app = TestApp::start(db, &workspace).await;
    for (email, tracking) in [("kim@example.org", true), ("lee@example.org", false)] {
        let lead = json!({ "email": email, "basis": "double_opt_in", "tracking": tracking });
        assert_eq!(app.post("/leads", &lead).await.0, 201);
    }
    app.settle().await;
    app
}

async fn a_wrong_event_does_not_lose_the_others(db: TestDb) {
    let app = begin(db).await;
    let (_, kim) = app.get("/leads/kim@example.org").await;
    let visit = |lead: Value, id: &str| json!({ "lead": lead, "kind": "visited", "id": id, "data": { "path": "/pricing?x=1" } });
    let events = json!({ "events": [
        visit("KIM@example.org".into(), "v1"),
        { "lead": "kim@example.org", "kind": "cart" },
        { "lead": "kim@example.org", "kind": "two words", "at": "yesterday" },
        visit("lee@example.org".into(), "v1"),
        visit("nobody@example.org".into(), "v1"),
        { "kind": "cart" },
        visit(kim["id"].clone(), "v2"),
        visit(kim["id"].clone(), "v2"),
        7,
    ] });
    let (status, told) = app.post("/events", &events).await;
    assert_eq!((status, &told["recorded"]), (200, &json!(3)), "{told:#}");
    let said = |told: &Value| -> Vec<String> {
        let events = told["events"].as_array().unwrap();
        let one = |event: &Value| match (&event["because"], &event["errors"]) {
            (Value::String(because), _) => because.clone(),
            (_, Value::Array(errors)) => {
                errors.iter().filter_map(|error| error["field"].as_str()).collect::<Vec<_>>().join(" ")
            }
            _ => if event["event"].is_i64() { "recorded" } else { "?" }.to_owned(),
        };
        events.iter().map(one).collect()
    };
    let untracked = "the lead did not agree to be tracked";
    let known = "an event with this id is known already";
    let none = "there is no such lead";
    assert_eq!(
        said(&told),
        ["recorded", "recorded", "at kind", untracked, none, "lead", "recorded", known, "event"]
    );
    let (_, kim) = app.get("/leads/kim@example.org").await;
    assert_eq!((&kim["stage"], &kim["stands"]["engagement"]), (&json!("mofu"), &json!(45.0)), "{kim:#}");
    let (_, again) = app.post("/events", &events).await;
    assert_eq!(
        said(&again),
        [known, "recorded", "at kind", untracked, none, "lead", known, known, "event"],
        "what has an id is one event"
    );
    assert_eq!(app.get("/leads/kim@example.org").await.1["stands"]["engagement"], json!(50.0));
    app.end().await;
}

async fn a_purchase_is_kept_with_its_items(db: TestDb) {
    let app = begin(db).await;
    let bought = json!({ "kind": "purchase", "data": { "amount": 1190, "currency": "eur", "order": "O-1", "items": [
        { "name": "Licence", "quantity": 2, "price": 500 }, { "sku": "<b>=1+1", "price": 190 } ] } });
    let (status, told) = app.post("/leads/kim@example.org/events", &bought).await;
    assert_eq!(status, 201, "{told}");
    assert_eq!(app.get("/leads/kim@example.org").await.1["stage"], "customer");
    let timeline = app.explain("kim@example.org").await.timeline;
    let line = timeline.iter().find(|entry| entry.kind == "purchase").expect("it is on the timeline");
    assert_eq!(line.what, "bought 2 x Licence, <b>=1+1 for 1190.00 EUR");
    for wrong in [json!({ "amount": -5 }), json!({ "items": [{ "price": 5 }] }), json!({ "items": "x" })] {
        let wrong = json!({ "kind": "purchase", "data": wrong });
        assert_eq!(app.post("/leads/lee@example.org/events", &wrong).await.0, 422, "{wrong}");
    }
    let bare = app.post("/leads/lee@example.org/events", &json!({ "kind": "purchase" })).await;
    assert_eq!(bare.0, 201, "nothing of it must be known");
    app.end().await;
}

async fn a_thousand_events_and_no_more(db: TestDb) {
    let app = begin(db).await;
    let events = |count: usize| {
        let one = |number: usize| {
            let lead = ["kim@example.org", "lee@example.org"][number % 2];
            json!({ "lead": lead, "kind": "cart", "id": format!("c{number}"), "at": "2026-01-05T07:00:00Z" })
        };
        json!({ "events": (0..count).map(one).collect::<Vec<_>>() })
    };
    let (status, told) = app.post("/events", &events(1_001)).await;
    assert_eq!((status, &told["errors"][0]["field"]), (422, &json!("events")), "{told}");
    let (status, told) = app.post("/events", &events(1_000)).await;
    assert_eq!((status, &told["recorded"]), (200, &json!(1_000)));
    assert_eq!(
        app.post("/events", &json!({ "events": [] })).await,
        (200, json!({ "recorded": 0, "events": [] }))
    );
    for wrong in [json!({}), json!({ "events": {} }), json!({ "events": [], "more": 1 })] {
        assert_eq!(app.post("/events", &wrong).await.0, 422, "{wrong}");
    }
    let (_, lee) = app.get("/leads/lee@example.org").await;
    let engagement = lee["stands"]["engagement"].as_f64().unwrap();
    assert!((2_490.0..=2_500.0).contains(&engagement), "{engagement}");
    let without = app.request(Method::POST, "/api/v1/events").json(&events(1)).send().await.unwrap();
    assert_eq!(without.status(), 401);
    app.end().await;
}
