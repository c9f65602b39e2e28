//! Who gets in, and what is answered to what cannot be done.

use dripline::domain::token::fingerprint;
use dripline::storage::meta;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::files;
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};

on_both!(
    only_a_known_key_gets_in,
    what_cannot_be_done_is_a_problem,
    answers_are_safe,
    health_tells_of_the_database
);

async fn problem(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["status"], status);
    for member in ["type", "title", "detail"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
    }
    (status, body)
}

async fn only_a_known_key_gets_in(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let path = "/api/v1/leads/kim@example.org";
    for header in ["", "Bearer", "Bearer x", "Basic x", "dripline_x", "Bearer ü"] {
        let request = app.request(Method::GET, path).header("Authorization", header);
        assert_eq!(problem(request).await.0, 401, "{header}");
    }
    let response = app.request(Method::GET, path).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["www-authenticate"]),
        (401, &"Bearer".parse().unwrap())
    );
    let mut tx = app.engine.db.begin().await.unwrap();
    meta::add_api_key(&mut tx, &fingerprint("of-tomorrow"), "auditor", None, app.engine.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(problem(app.request(Method::GET, path).bearer_auth("of-tomorrow")).await.0, 403);
    assert_eq!(app.get("/leads/kim@example.org").await.0, 404, "the key of the test is known");
    app.end().await;
}

async fn what_cannot_be_done_is_a_problem(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let post = || app.api(Method::POST, "/leads");
    let json = |body: String| post().header("Content-Type", "application/json").body(body);
    assert_eq!(problem(json("{".into())).await.0, 400);
    assert_eq!(problem(json("[]".into())).await.0, 400);
    assert_eq!(problem(json(String::new())).await.0, 400);
    assert_eq!(problem(json(format!("{{\"email\": \"{}\"}}", "x".repeat(1024 * 1024)))).await.0, 413);
    assert_eq!(problem(post().body("email=kim@example.org")).await.0, 415);
    assert_eq!(problem(app.api(Method::GET, "/nothing")).await.0, 404);
    assert_eq!(problem(app.api(Method::DELETE, "/leads/1")).await.0, 405);
    let refused = app.api(Method::DELETE, "/leads/1").send().await.unwrap();
    assert_eq!(refused.headers()["allow"], "GET,HEAD");
    let (status, body) = problem(json(r#"{"email": "kim@example.org", "fist_name": "Kim"}"#.into())).await;
    assert_eq!(status, 422);
    assert_eq!(
        body["errors"],
        json!([{ "field": "fist_name", "message": "is not known; did you mean \"first_name\"?" }])
    );
    assert_eq!(app.get("/leads/kim@example.org").await.0, 404, "nothing was stored");
    app.end().await;
}

async fn answers_are_safe(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let (_, lead) = app.post("/leads", &json!({ "email": "kim@example.org" })).await;
    let page = app.unsubscribe_path(lead["id"].as_i64().expect("an id"));
    for path in ["/healthz", "/nothing", "/u/forged", "/api/v1/leads/1", page.as_str()] {
        let response = app.request(Method::GET, path).send().await.unwrap();
        let header = |name: &str| text_of(&response, name);
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
    app.end().await;
}

fn text_of(response: &Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

async fn health_tells_of_the_database(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let health = async || app.request(Method::GET, "/healthz").send().await.unwrap();
    let response = health().await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "status": "ok", "sending": "on" }));
    dripline::nurture::pause::pause(&app.engine, "lunch").await.unwrap();
    assert_eq!(health().await.json::<Value>().await.unwrap()["sending"], "paused");
    app.engine.db.close().await;
    let response = health().await;
    assert_eq!(response.status(), 503);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["detail"], "the database does not answer");
}
