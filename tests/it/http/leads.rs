//! Storing and showing leads.

use reqwest::Method;
use serde_json::{Value, json};

use super::files;
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};

on_both!(
    a_lead_is_stored_and_shown,
    known_leads_are_brought_up_to_date,
    one_lead_whoever_is_first,
    ids_belong_to_one_lead,
    leads_are_listed_some_at_a_time,
);

async fn a_lead_is_stored_and_shown(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let body = json!({
        "email": "Kim@Example.org", "first_name": "Kim", "last_name": "Meier", "salutation": "neutral",
        "language": "de", "timezone": "Europe/Vienna", "country": "at", "company": "Meier AG",
        "company_domain": "meier.example", "tags": ["fair", "vip"], "source": "fair-2026", "basis": "double_opt_in",
        "consent_at": "2025-12-01T10:00:00+01:00", "consent_text": "Yes, send me guides.", "external_id": "crm-7",
        "fields": { "seats": 12, "plan": "pro" }
    });
    let response = app.api(Method::POST, "/leads").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let stored: Value = response.json().await.unwrap();
    assert_eq!(location, format!("/api/v1/leads/{}", stored["id"]));
    assert_eq!(stored["email"], "kim@example.org");
    for member in [
        "first_name",
        "timezone",
        "company",
        "company_domain",
        "tags",
        "source",
        "basis",
        "external_id",
        "fields",
    ] {
        assert_eq!(stored[member], body[member], "{member}");
    }
    assert_eq!(
        (&stored["country"], &stored["stage"], &stored["with"]),
        (&json!("AT"), &json!("tofu"), &json!("marketing"))
    );
    assert_eq!(stored["created_at"], "2026-01-05T08:00:00Z");
    app.settle().await;
    assert_eq!(app.mail.accepted().len(), 1, "it walks");
    let stands = &app.get("/leads/kim@example.org").await.1["stands"];
    assert_eq!(
        (&stands["next"]["sequence"], &stands["next"]["step"]),
        (&json!("welcome"), &json!("guide")),
        "{stands}"
    );
    assert!(stands["sentence"].as_str().is_some_and(|text| text.starts_with("ToFu")), "{stands}");
    for name in [stored["id"].to_string(), "kim@example.org".into(), "KIM@EXAMPLE.ORG".into()] {
        let (status, shown) = app.get(&format!("/leads/{name}")).await;
        assert_eq!((status, &shown["id"]), (200, &stored["id"]), "{name}");
    }
    for name in ["999999", "nobody@example.org", "kim", "-1", "99999999999999999999"] {
        assert_eq!(app.get(&format!("/leads/{name}")).await.0, 404, "{name}");
    }
    app.end().await;
}

async fn known_leads_are_brought_up_to_date(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let first = json!({ "email": "kim@example.org", "first_name": "Kim", "source": "fair", "city": "Wien" });
    let (status, stored) = app.post("/leads", &first).await;
    assert_eq!(status, 201);
    let again = json!({ "email": "kim@example.org", "first_name": "Kimberly", "source": "web", "stage": "bofu", "basis": "opt_in" });
    let (status, updated) = app.post("/leads", &again).await;
    assert_eq!((status, &updated["id"]), (200, &stored["id"]));
    assert_eq!((&updated["first_name"], &updated["city"]), (&json!("Kimberly"), &json!("Wien")));
    assert_eq!(
        (&updated["source"], &updated["stage"]),
        (&json!("fair"), &json!("tofu")),
        "of the first time"
    );
    assert_eq!(updated["basis"], Value::Null, "a consent is taken from new leads only");
    app.post(&format!("/leads/{}/stop", stored["id"]), &json!({ "reason": "asked by phone" })).await;
    let (status, stopped) = app.post("/leads", &again).await;
    assert_eq!((status, &stopped["stopped_by"]), (200, &json!("by_hand")), "nothing reopens a stop");
    app.end().await;
}

async fn one_lead_whoever_is_first(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let body = json!({ "email": "kim@example.org", "basis": "double_opt_in", "company": "Meier AG" });
    let posts = (0..8).map(|_| app.api(Method::POST, "/leads").json(&body).send());
    let posts: Vec<_> = posts.map(tokio::spawn).collect();
    let mut new = 0;
    for post in posts {
        let status = post.await.unwrap().unwrap().status().as_u16();
        assert!(status == 200 || status == 201, "{status}");
        new += usize::from(status == 201);
    }
    assert_eq!(new, 1);
    app.settle().await;
    assert_eq!(app.mail.accepted().len(), 1);
    app.end().await;
}

async fn ids_belong_to_one_lead(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let lead = |email: &str| json!({ "email": email, "external_id": "crm-7" });
    assert_eq!(app.post("/leads", &lead("kim@example.org")).await.0, 201);
    let (status, problem) = app.post("/leads", &lead("lee@example.org")).await;
    assert_eq!((status, &problem["title"]), (409, &json!("Conflict")));
    assert_eq!(app.get("/leads/lee@example.org").await.0, 404);
    app.end().await;
}

async fn leads_are_listed_some_at_a_time(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    assert_eq!(app.get("/leads").await, (200, json!({ "leads": [], "next": null })));
    for (number, country) in ["DE", "AT", "DE"].into_iter().enumerate() {
        let lead = json!({ "email": format!("lead{number}@example.org"), "country": country });
        assert_eq!(app.post("/leads", &lead).await.0, 201);
    }
    let emails = async |query: &str| {
        let (status, page) = app.get(&format!("/leads?{query}")).await;
        assert_eq!(status, 200, "{page}");
        let leads = page["leads"].as_array().expect("leads").clone();
        let next = page["next"].as_i64();
        (
            leads
                .iter()
                .map(|lead| lead["email"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>(),
            next,
        )
    };
    let (all, next) = emails("stage=tofu&with=marketing").await;
    assert_eq!(all.len(), 3);
    let next = next.expect("where others would be");
    assert_eq!(emails(&format!("after={next}")).await, (vec![], None), "there are no more");
    assert_eq!(emails("when=lead.country%20%3D%3D%20%22AT%22").await.0, ["lead1@example.org"]);
    for (query, field) in [
        ("stage=top", "stage"),
        ("when=lead.contry%20%3D%3D%201", "when"),
        ("after=x", "after"),
        ("rep=nobody", "rep"),
        ("with=sales&rep=", "rep"),
        ("after=", "after"),
        ("colour=red", "colour"),
    ] {
        let (status, wrong) = app.get(&format!("/leads?{query}")).await;
        assert_eq!((status, &wrong["errors"][0]["field"]), (422, &json!(field)), "{wrong}");
    }
    app.end().await;
}
