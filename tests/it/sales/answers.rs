//! The answers of sales by the API.

use dripline::domain::time::HOUR;
use serde_json::json;

use super::{EVA, answered, begin, timeline};
use crate::closing_the_loop::lead;
use crate::support::database::{TestDb, on_both};
use crate::support::post::Written;

on_both!(
    a_crm_can_say_the_same,
    what_was_handed_over_by_hand_stays_so,
    who_was_in_touch_since_stays_with_sales,
    a_crm_can_name_the_right_person
);

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

async fn a_crm_can_name_the_right_person(db: TestDb) {
    let (app, _) = answered(db, "").await;
    let path = format!("/leads/{EVA}/wrong-person");
    for (body, field) in [
        (json!({}), "email"),
        (json!({ "email": "ida" }), "email"),
        (json!({ "email": "ida@kern.example", "rep": "kim-lee" }), "rep"),
        (json!({ "email": "ida@kern.example", "name": "Ida" }), "name"),
    ] {
        let (status, answer) = app.post(&path, &body).await;
        assert_eq!((status, &answer["errors"][0]["field"]), (422, &json!(field)), "{answer}");
    }
    let ida = json!({ "email": "ida@kern.example", "first_name": "Ida", "last_name": "Kern" });
    assert_eq!(app.post(&path, &ida).await.0, 200);
    let now = lead(&app, EVA).await;
    assert_eq!(now["with"], "marketing", "{now}");
    let right = lead(&app, "ida@kern.example").await;
    assert_eq!(
        (&right["with"], &right["first_name"], &right["owner"]),
        (&json!("sales"), &json!("Ida"), &json!("kim"))
    );
    assert_eq!(right["company"], "Kern AG", "a colleague, unless it is known otherwise");
    assert_eq!(app.post(&path, &ida).await.0, 409, "it is not with sales any more");
    app.end().await;
}

async fn what_was_handed_over_by_hand_stays_so(db: TestDb) {
    let app = begin(db, "").await;
    let cause = json!({ "cause": "asked for an offer on the phone" });
    assert_eq!(app.post(&format!("/leads/{EVA}/hand-over"), &cause).await.0, 200);
    let answer = Written::reply_to(&app.mails(EVA)[0], EVA, "Out of the office.");
    app.hand_in(&answer.raw).await;
    let (status, refused) = app.post(&format!("/leads/{EVA}/not-a-reply"), &json!({})).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(lead(&app, EVA).await["with"], "sales");
    let (status, refused) = app.post(&format!("/leads/{EVA}/won"), &json!({ "amount": -3 })).await;
    assert_eq!((status, &refused["errors"][0]["field"]), (422, &json!("amount")), "{refused}");
    app.end().await;
}

async fn who_was_in_touch_since_stays_with_sales(db: TestDb) {
    let (app, _) = answered(db, "").await;
    app.pass(HOUR).await;
    let again = Written::reply_to(&app.mails(EVA)[0], EVA, "Do call me, please.");
    assert_eq!(app.hand_in(&again.raw).await["kind"], "human_reply");
    let (status, refused) = app.post(&format!("/leads/{EVA}/not-a-reply"), &json!({})).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused.to_string().contains("in touch since"), "{refused}");
    assert_eq!(lead(&app, EVA).await["with"], "sales");
    app.end().await;
}
