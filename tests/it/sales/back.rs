//! What comes back from sales: quiet times, named sequences, reasons, and what sales thinks of the mails.

use serde_json::json;

use super::{EVA, KIM, answered, link, timeline};
use crate::closing_the_loop::{add, lead, subjects};
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::Written;
use dripline::domain::event::EventKind;
use dripline::domain::time::DAY;
use dripline::nurture::Change;
use dripline::storage::events;

on_both!(
    a_returned_lead_rests_and_walks_what_its_reason_names,
    a_return_bypasses_no_stop,
    a_win_ends_the_quiet_of_an_earlier_return,
    what_was_no_reply_leaves_the_quiet_as_it_was,
    a_lost_lead_may_come_again,
    a_lost_lead_goes_on_where_it_was,
    no_score_brings_a_lost_lead_back,
    feedback_is_about_the_mail,
    a_misspelt_reason_is_no_words,
    words_are_reason_enough,
);

const REASONS: &str = r#"
[returned.too-early]
title = "Too early"
quiet = "30 days"
stage = "mofu"
sequence = "evaluation"
[lost.no-budget]
title = "No budget"
again = "180 days"
sequence = "evaluation"
[lost.not-now]
again = "60 days"
[lost.rival]
title = "Chose another"
"#;

async fn a_returned_lead_rests_and_walks_what_its_reason_names(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let fields = [("reason", "too-early"), ("words", "after the fair")];
    let (status, page) = app.fill(&link(&told, "Back to marketing"), &fields).await;
    assert_eq!(status, 200, "{page}");
    let rest = app.engine.clock.now() + 30 * DAY;
    let day = rest.utc().format("Nothing is sent before %-d %b %Y.").to_string();
    assert!(page.contains(&day), "{day}: {page}");
    let now = lead(&app, EVA).await;
    assert_eq!((&now["with"], &now["stage"]), (&json!("marketing"), &json!("mofu")), "{now}");
    app.pass(29 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"], "quiet");
    assert!(quiet(&app).await, "and it says why, and until when");
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "guide"], "the named sequence, from its start");
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "guide", "case"], "its waits count from then");
    let because: Vec<String> =
        app.explain(EVA).await.timeline.into_iter().filter_map(|entry| entry.because).collect();
    assert!(because.contains(&"Too early: after the fair".to_owned()), "{because:#?}");
    let mut tx = app.engine.db.read().await.unwrap();
    let reason = tx.first("SELECT reason FROM hand_overs", vec![], |row| row.text(0)).await.unwrap();
    assert_eq!(reason.as_deref(), Some("too-early"), "the key, for reports");
    drop(tx);
    app.end().await;
}

/// Whether it is said that the lead is left in peace, and until when.
async fn quiet(app: &TestApp) -> bool {
    let because = app.explain(EVA).await.not_sent_because;
    because.iter().any(|because| because.contains("it is left in peace until "))
}

/// Eva's second answer, which the rep gets.
async fn answers_again(app: &TestApp) -> Vec<u8> {
    let again = Written::reply_to(&app.mails(EVA)[0], EVA, "I thought it over.");
    assert_eq!(app.hand_in(&again.raw).await["kind"], "human_reply");
    app.settle().await;
    app.mails(KIM).pop().expect("the rep is told")
}

async fn a_win_ends_the_quiet_of_an_earlier_return(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let fields = [("reason", "too-early")];
    assert_eq!(app.fill(&link(&told, "Back to marketing"), &fields).await.0, 200);
    app.pass(DAY).await;
    let told = answers_again(&app).await;
    assert_eq!(app.fill(&link(&told, "Won"), &[("amount", "")]).await.0, 200);
    assert_eq!(lead(&app, EVA).await["stage"], "customer");
    assert!(!quiet(&app).await, "a customer waits for nothing");
    app.end().await;
}

async fn what_was_no_reply_leaves_the_quiet_as_it_was(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let fields = [("reason", "too-early")];
    assert_eq!(app.fill(&link(&told, "Back to marketing"), &fields).await.0, 200);
    app.pass(DAY).await;
    let told = answers_again(&app).await;
    let (status, page) = app.press(&link(&told, "This is no reply")).await;
    assert_eq!(status, 200, "{page}");
    assert!(quiet(&app).await);
    app.pass(27 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"]);
    app.end().await;
}

async fn a_return_bypasses_no_stop(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let stop = json!({ "reason": "said so", "kind": "objection" });
    assert_eq!(app.post(&format!("/leads/{EVA}/stop"), &stop).await.0, 200);
    let (status, page) = app.fill(&link(&told, "Back to marketing"), &[("reason", "too-early")]).await;
    assert_eq!(status, 200, "{page}");
    app.pass(90 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"]);
    assert_eq!(lead(&app, EVA).await["with"], "marketing");
    app.end().await;
}

async fn a_lost_lead_may_come_again(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let (status, page) = app.fill(&link(&told, "Lost"), &[("reason", "no-budget")]).await;
    assert_eq!(status, 200, "{page}");
    app.pass(179 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"]);
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "guide"]);
    app.end().await;
}

async fn a_lost_lead_goes_on_where_it_was(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    assert_eq!(app.fill(&link(&told, "Lost"), &[("reason", "not-now")]).await.0, 200);
    app.pass(59 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"]);
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "tofu-last"], "no sequence is named: the one that it was in");
    app.end().await;
}

async fn no_score_brings_a_lost_lead_back(db: TestDb) {
    let (app, told) = answered(db, "").await;
    assert_eq!(app.fill(&link(&told, "Not interested"), &[("no", "now")]).await.0, 200);
    let demo = json!({ "kind": "submitted", "data": { "form": "demo" } });
    assert_eq!(app.post(&format!("/leads/{EVA}/events"), &demo).await.0, 201);
    app.pass(60 * DAY).await;
    assert_eq!(lead(&app, EVA).await["stage"], "mofu", "the points count");
    assert_eq!(subjects(&app, EVA), ["hello"], "and nothing begins by itself");
    // What sales has returned since is marketing's again.
    app.post(&format!("/leads/{EVA}/hand-over"), &json!({ "cause": "called us" })).await;
    app.post(&format!("/leads/{EVA}/return"), &json!({ "reason": "wants to read first" })).await;
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "guide"]);

    // Who was taken out by hand comes in again with the next stage, as before.
    let tom = "tom@kern.example";
    add(&app, tom, false).await;
    let id = lead(&app, tom).await["id"].as_i64().expect("an id");
    Change::Unenroll.carry_out(&app.engine, id).await.expect("taken out");
    assert_eq!(app.post(&format!("/leads/{tom}/events"), &demo).await.0, 201);
    app.pass(DAY).await;
    assert_eq!(subjects(&app, tom), ["hello", "guide"]);
    app.end().await;
}

async fn feedback_is_about_the_mail(db: TestDb) {
    let (app, told) = answered(db, REASONS).await;
    let fields = [("reason", "rival"), ("feedback", "tone"), ("feedback_words", "too loud for a miller")];
    let (status, page) = app.fill(&link(&told, "Lost"), &fields).await;
    assert_eq!(status, 200, "{page}");
    let id = lead(&app, EVA).await["id"].as_i64().expect("an id");
    let mut tx = app.engine.db.read().await.unwrap();
    let (_, message, said) =
        events::last(&mut tx, id, EventKind::Feedback).await.unwrap().expect("a feedback");
    let (_, answered, _) = events::last(&mut tx, id, EventKind::Replied).await.unwrap().expect("a reply");
    drop(tx);
    assert!(answered.is_some());
    assert_eq!(message, answered, "on the mail that the lead answered");
    assert_eq!(said.details.about.as_deref(), Some("tone"));
    assert_eq!(said.details.because.as_deref(), Some("too loud for a miller"));
    assert!(timeline(&app, EVA).await.contains(&"sales says of the mail: tone".to_owned()));
    app.pass(365 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"], "lost is silent unless its reason says otherwise");
    let body = json!({ "about": "benefit" });
    assert_eq!(app.post(&format!("/leads/{EVA}/feedback"), &body).await.0, 200);
    assert_eq!(app.post(&format!("/leads/{EVA}/feedback"), &json!({ "about": "font" })).await.0, 422);
    app.end().await;
}

async fn a_misspelt_reason_is_no_words(db: TestDb) {
    let (app, _) = answered(db, REASONS).await;
    for (what, slip, meant) in [("lost", "no-budgt", "no-budget"), ("return", "to-early", "too-early")] {
        let (status, answer) = app.post(&format!("/leads/{EVA}/{what}"), &json!({ "reason": slip })).await;
        assert_eq!(status, 409, "{answer}");
        assert!(answer.to_string().contains(meant), "{answer}");
    }
    assert_eq!(lead(&app, EVA).await["with"], "sales");
    assert_eq!(app.post(&format!("/leads/{EVA}/lost"), &json!({ "reason": "no budgt" })).await.0, 200);
    app.end().await;
}

async fn words_are_reason_enough(db: TestDb) {
    let (app, told) = answered(db, "[hand_over]\nquiet = \"10 days\"\n").await;
    let (status, page) = app.fill(&link(&told, "Back to marketing"), &[("words", "not now")]).await;
    assert_eq!(status, 200, "{page}");
    app.pass(9 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"]);
    app.pass(2 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "tofu-last"], "it goes on where it was");
    app.end().await;
}
