//! Hand-over, return and stop by the API.

use std::time::Duration;

use dripline::domain::outcome::Phase;
use dripline::domain::time::DAY;
use serde_json::{Value, json};

use super::files;
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::smtp_server::Fault;

on_both!(
    a_hand_over_is_silence_until_the_return,
    a_stop_says_what_was_on_the_wire,
    a_stop_cancels_what_waits,
    what_makes_no_sense_is_refused,
    a_consent_opens_what_nobody_closed,
);

/// What a stop answers that found nothing.
fn nothing() -> Value {
    json!({
        "planned": [], "cancelled": [], "in_flight_delivered": [], "in_flight_failed": [], "in_flight_unknown": []
    })
}

async fn add(app: &TestApp) {
    let (status, _) =
        app.post("/leads", &json!({ "email": "kim@example.org", "basis": "double_opt_in" })).await;
    assert_eq!(status, 201);
}

/// The mails that this address got.
fn mails(app: &TestApp, email: &str) -> usize {
    app.mail.accepted().iter().filter(|mail| mail.to.as_deref() == Some(email)).count()
}

async fn a_hand_over_is_silence_until_the_return(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    add(&app).await;
    app.settle().await;
    let cause = json!({ "cause": "asked for a call" });
    let (status, found) = app.post("/leads/kim@example.org/hand-over", &cause).await;
    assert_eq!((status, found["planned"].as_array().map(Vec::len)), (200, Some(1)), "{found}");
    assert_eq!(app.post("/leads/kim@example.org/hand-over", &cause).await, (200, nothing()), "none is left");
    let (_, lead) = app.get("/leads/kim@example.org").await;
    assert_eq!((&lead["with"], &lead["owner"]), (&json!("sales"), &json!("kim")));
    app.pass(60 * DAY).await;
    assert_eq!((mails(&app, "kim@example.org"), mails(&app, "kim@nordwerk.example")), (1, 1));
    assert_eq!(
        app.post("/leads/kim@example.org/return", &json!({ "reason": "too early" })).await,
        (200, nothing())
    );
    assert_eq!(app.get("/leads/kim@example.org").await.1["with"], "marketing");
    app.settle().await;
    assert_eq!(mails(&app, "kim@example.org"), 1, "not before the next day");
    app.pass(DAY).await;
    assert_eq!(mails(&app, "kim@example.org"), 2);
    app.end().await;
}

async fn a_consent_opens_what_nobody_closed(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let pat = "pat@example.org";
    app.post("/leads", &json!({ "email": pat })).await;
    app.settle().await;
    assert_eq!(mails(&app, pat), 0, "nobody is written to without a consent");
    let at = "2026-01-02T09:00:00Z";
    let (status, wrong) = app.post("/leads/pat@example.org/consent", &json!({ "basis": "yes" })).await;
    assert_eq!((status, wrong["errors"].as_array().map(Vec::len)), (422, Some(2)), "{wrong}");
    let agreed =
        json!({ "basis": "double_opt_in", "at": at, "wording": "Yes, the guides", "tracking": true });
    assert_eq!(app.post("/leads/pat@example.org/consent", &agreed).await.0, 200);
    app.settle().await;
    assert_eq!(mails(&app, pat), 1);
    let lead = app.get("/leads/pat@example.org").await.1;
    assert_eq!((&lead["basis"], &lead["tracking"]), (&json!("double_opt_in"), &json!(true)), "{lead}");

    app.post("/leads/pat@example.org/stop", &json!({ "reason": "said so" })).await;
    let (status, refused) = app.post("/leads/pat@example.org/consent", &agreed).await;
    assert_eq!(status, 409, "only the person reopens it: {refused}");
    app.pass(60 * DAY).await;
    assert_eq!(mails(&app, pat), 1);
    app.end().await;
}

async fn a_stop_says_what_was_on_the_wire(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    app.mail.delay(Duration::from_secs(2));
    add(&app).await;
    app.mail.wait_until(|server| !server.transactions().is_empty()).await;
    let (status, found) = app
        .post("/leads/kim@example.org/stop", &json!({ "kind": "objection", "reason": "wrote to us" }))
        .await;
    assert_eq!((status, found["in_flight_delivered"].as_array().map(Vec::len)), (200, Some(1)), "{found}");
    assert_eq!(mails(&app, "kim@example.org"), 1, "it was taken before the stop answered");
    assert_eq!(app.get("/leads/kim@example.org").await.1["stopped_by"], "objection");
    app.pass(60 * DAY).await;
    assert_eq!(mails(&app, "kim@example.org"), 1);
    app.end().await;
}

async fn a_stop_cancels_what_waits(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    app.mail.script(|_| Some(Fault::Reply { at: Phase::Rcpt, line: "450 4.2.1 later" }));
    add(&app).await;
    app.settle().await;
    let (status, found) =
        app.post("/leads/kim@example.org/stop", &json!({ "reason": "asked by phone" })).await;
    assert_eq!((status, found["cancelled"].as_array().map(Vec::len)), (200, Some(1)), "{found}");
    assert_eq!(found["planned"], json!([]), "it is counted once");
    app.mail.script(|_| None);
    app.pass(60 * DAY).await;
    assert_eq!(mails(&app, "kim@example.org"), 0);
    app.end().await;
}

async fn what_makes_no_sense_is_refused(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    add(&app).await;
    let post = async |path: &str, body: Value| {
        let (status, problem) = app.post(&format!("/leads/kim@example.org/{path}"), &body).await;
        (status, problem["detail"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(post("return", json!({ "reason": "x" })).await, (409, "the lead is not with sales".into()));
    assert_eq!(post("stop", json!({})).await, (422, "reason: is missing".into()));
    assert_eq!(post("stop", json!({ "kind": "erasure", "reason": "x" })).await.0, 422);
    assert_eq!(
        post("hand-over", json!({ "cause": "x", "rep": "kin" })).await,
        (422, "rep: \"kin\" is not known; did you mean \"kim\"?".into())
    );
    assert_eq!(post("return", json!({ "reason": "x", "sequence": "welcom" })).await.0, 422);
    assert_eq!(app.post("/leads/lee@example.org/stop", &json!({ "reason": "x" })).await.0, 404);
    assert_eq!(app.get("/leads/kim@example.org").await.1["with"], "marketing");
    app.end().await;
}
