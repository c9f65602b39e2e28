//! The answers of sales by the API.

use serde_json::json;

use super::{EVA, answered, timeline};
use crate::closing_the_loop::lead;
use crate::support::database::{TestDb, on_both};

on_both!(a_crm_can_say_the_same);

async fn a_crm_can_say_the_same(db: TestDb) {
    let (app, _) = answered(db, "").await;
    let path = |what: &str| format!("/leads/{EVA}/{what}");
    assert_eq!(app.post(&path("later"), &json!({})).await.0, 422);
    assert_eq!(app.post(&path("later"), &json!({ "until": "2026-02-01T08:00:00Z" })).await.0, 200);
    assert_eq!(app.post(&path("meeting"), &json!({})).await.0, 200);
    assert_eq!(app.post(&path("offer"), &json!({})).await.0, 200);
    assert_eq!(lead(&app, EVA).await["qualification"], "sql");
    assert_eq!(app.post(&path("no"), &json!({ "words": "has one" })).await.0, 200);
    assert_eq!(app.post(&path("no"), &json!({ "never": true })).await.0, 409, "it is not with sales");
    assert_eq!(lead(&app, EVA).await["stopped_by"], json!(null), "and nothing was stopped");
    assert_eq!(app.post(&path("not-a-reply"), &json!({})).await.0, 409);
    let lines = timeline(&app, EVA).await;
    assert!(lines.contains(&"sales comes back to the lead on 2026-02-01".to_owned()), "{lines:#?}");
    app.end().await;
}
