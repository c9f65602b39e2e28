//! What the report counts, over rows that are written down here.

use dripline::domain::stage::{Qualification, Stage};
use dripline::domain::time::DAY;
use dripline::storage::report::{
    self, FeedbackCount, LeadCount, MailCount, MailKey, Period, SourceCount, WalkCount,
};
use dripline::storage::{Arg, Sql, Tx};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, lead, store_leads};

on_both!(
    nothing_is_zero,
    leads_are_counted_by_stage_and_qualification,
    moves_and_the_median_time_in_a_stage,
    walks_by_their_end,
    mails_and_what_came_of_them,
    a_revision_may_have_another_mail_in_the_same_place,
    hand_overs_follow_from_the_last_mail_before_them,
    sources_and_what_became_of_their_leads,
    reasons_and_feedback,
);

const EVER: Period = Period { since: None, until: None };

fn between(since: i64, until: i64) -> Period {
    Period { since: Some(at(since)), until: Some(at(until)) }
}

async fn run(tx: &mut Tx, sql: String) {
    let sql: &str = sql.leak();
    tx.execute(Sql::from(sql), vec![]).await.unwrap();
}

/// Leads with the ids from 1; all of them came at 1,000.
async fn leads(tx: &mut Tx, count: i64) {
    let new: Vec<_> = (1..=count).map(lead).collect();
    store_leads(tx, &new).await;
    run(tx, "UPDATE leads SET created_at = 1000".to_owned()).await;
}

async fn event(tx: &mut Tx, lead: i64, message: Option<i64>, kind: &str, at: i64, data: &str) {
    let sql = "INSERT INTO events (id, lead_id, message_id, kind, at, data) VALUES ($1, $2, $3, $4, $5, $6)";
    let mut row = vec![Arg::from(tx.id().unwrap()), Arg::from(lead), Arg::from(message)];
    row.extend([Arg::from(kind), Arg::from(at), Arg::from(data)]);
    tx.execute(sql, row).await.unwrap();
}

async fn moved(tx: &mut Tx, lead: i64, at: i64, about: &str) {
    // What is said behind it must not be taken for the move.
    let data = format!(r#"{{"about":"{about}","because":"was \"bofu -> customer\", says who"}}"#);
    event(tx, lead, None, "stage_changed", at, &data).await;
}

/// A walk with the id of its lead, and a mail of it: `(id, step, variant, at)`.
async fn walk(tx: &mut Tx, lead: i64, seq: &str, state: &str, mails: &[(i64, i64, i64, i64)]) {
    run(
        tx,
        format!(
            "INSERT INTO enrollments (id, lead_id, seq, state, place_at, lane, started_at) \
             VALUES ({lead}, {lead}, '{seq}', '{state}', 1, 1, {lead})"
        ),
    )
    .await;
    for (id, step, variant, at) in mails {
        run(
            tx,
            format!(
                "INSERT INTO messages (id, lead_id, enrollment_id, step, state, node, revision, variant, first_at, at) \
                 VALUES ({id}, {lead}, {lead}, {step}, 2, 'main', 1, {variant}, 1, {at})"
            ),
        )
        .await;
    }
}

async fn hand_over(tx: &mut Tx, lead: i64, opened: i64, state: &str, rest: &str) {
    let id = tx.id().unwrap();
    let closed = if matches!(state, "won" | "lost" | "returned") { opened + 10 } else { 0 };
    let closed = if closed > 0 { closed.to_string() } else { "NULL".to_owned() };
    run(
        tx,
        format!(
            "INSERT INTO hand_overs (id, lead_id, state, cause, opened_at, closed_at, reason, amount) \
             VALUES ({id}, {lead}, '{state}', 'x', {opened}, {closed}, {rest})"
        ),
    )
    .await;
}

fn key(seq: &str, step: i64, variant: i64) -> MailKey {
    MailKey { seq: seq.to_owned(), step, revision: 1, variant }
}

async fn nothing_is_zero(db: TestDb) {
    let mut tx = db.read().await.unwrap();
    assert_eq!(report::leads(&mut tx).await.unwrap(), []);
    assert_eq!(report::moves(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::times(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::walks(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::mails(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::handed_over(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::sources(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::reasons(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::feedback_of_mails(&mut tx, EVER).await.unwrap(), []);
    assert_eq!(report::feedback_of_sources(&mut tx, EVER).await.unwrap(), []);
}

async fn leads_are_counted_by_stage_and_qualification(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 5).await;
    run(
        &mut tx,
        "UPDATE leads SET stage = 'mofu', qualification = 'mql', tracking = 1 = 1 WHERE id <= 2".into(),
    )
    .await;
    run(&mut tx, "UPDATE leads SET tracking = 1 = 1 WHERE id = 3".into()).await;
    let mut found = report::leads(&mut tx).await.unwrap();
    found.sort_by_key(|count| count.stage);
    let count = |stage, qualification, leads, tracked| LeadCount { stage, qualification, leads, tracked };
    let tofu = count(Stage::Tofu, Qualification::Unqualified, 3, 1);
    assert_eq!(found, [tofu, count(Stage::Mofu, Qualification::Mql, 2, 2)]);
}

async fn moves_and_the_median_time_in_a_stage(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 4).await;
    // In ToFu for 2, 4, 8 and 100 days; the fourth comes back and leaves for customer after 3 days in MoFu.
    for (lead, days) in [(1, 2), (2, 4), (3, 8), (4, 100)] {
        moved(&mut tx, lead, 1_000 + days * DAY, "tofu -> mofu").await;
    }
    moved(&mut tx, 4, 1_000 + 103 * DAY, "mofu -> customer").await;
    moved(&mut tx, 4, 1_000 + 104 * DAY, "customer -> tofu").await;
    let mut moves = report::moves(&mut tx, EVER).await.unwrap();
    moves.sort();
    let customer = (Stage::Mofu, Stage::Customer, 1);
    assert_eq!(moves, [(Stage::Tofu, Stage::Mofu, 4), customer, (Stage::Customer, Stage::Tofu, 1)]);
    let mut times = report::times(&mut tx, EVER).await.unwrap();
    times.sort();
    // Of four it is between the two in the middle: 4 and 8 days.
    assert_eq!(times, [(Stage::Tofu, 4, 6 * DAY), (Stage::Mofu, 1, 3 * DAY), (Stage::Customer, 1, DAY)]);
    let early = between(0, 1_000 + 8 * DAY + 1);
    assert_eq!(report::moves(&mut tx, early).await.unwrap(), [(Stage::Tofu, Stage::Mofu, 3)]);
    assert_eq!(report::times(&mut tx, early).await.unwrap(), [(Stage::Tofu, 3, 4 * DAY)]);
    // The time before the period counts for those who leave in it.
    let late = between(1_000 + 101 * DAY, 1_000 + 104 * DAY);
    assert_eq!(report::times(&mut tx, late).await.unwrap(), [(Stage::Mofu, 1, 3 * DAY)]);
}

async fn walks_by_their_end(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 5).await;
    for (lead, seq, state) in [
        (1, "a", "active"),
        (2, "a", "finished"),
        (3, "a", "reached_goal"),
        (4, "a", "left"),
        (5, "b", "active"),
    ] {
        walk(&mut tx, lead, seq, state, &[]).await;
    }
    let row = |seq: &str, [entered, active, finished, reached_goal]: [i64; 4]| WalkCount {
        seq: seq.to_owned(),
        entered,
        active,
        finished,
        reached_goal,
    };
    assert_eq!(report::walks(&mut tx, EVER).await.unwrap(), [row("a", [4, 1, 1, 1]), row("b", [1, 1, 0, 0])]);
    // They began at the number of their lead.
    assert_eq!(report::walks(&mut tx, between(2, 4)).await.unwrap(), [row("a", [2, 0, 1, 1])]);
}

async fn mails_and_what_came_of_them(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 4).await;
    run(&mut tx, "UPDATE leads SET tracking = 1 = 1 WHERE id <= 3".into()).await;
    walk(&mut tx, 1, "a", "active", &[(11, 1, 0, 100), (12, 2, 0, 200)]).await;
    walk(&mut tx, 2, "a", "active", &[(21, 1, 0, 110)]).await;
    walk(&mut tx, 3, "a", "active", &[(31, 1, 1, 120)]).await;
    walk(&mut tx, 4, "b", "active", &[(41, 1, 0, 130)]).await;
    // A mail that is not sent counts nowhere.
    run(&mut tx, "UPDATE messages SET state = 4 WHERE id = 12".into()).await;
    // Twice is once; what a machine did does not count, nor what is known of those who agree no more.
    for _ in 0..2 {
        event(&mut tx, 1, Some(11), "opened", 300, "{}").await;
        event(&mut tx, 1, Some(11), "clicked", 301, r#"{"about":"a \"machine\":\"x\" by name"}"#).await;
    }
    event(&mut tx, 2, Some(21), "clicked", 300, r#"{"machine":"head"}"#).await;
    event(&mut tx, 4, Some(41), "opened", 300, "{}").await;
    event(&mut tx, 4, Some(41), "replied", 300, "{}").await;
    event(&mut tx, 2, Some(21), "unsubscribed", 300, "{}").await;
    event(&mut tx, 3, Some(31), "complained", 300, "{}").await;
    let count = |[sent, tracked, opened, clicked, replied, unsubscribed, complained]: [i64; 7]| MailCount {
        sent,
        tracked,
        opened,
        clicked,
        replied,
        unsubscribed,
        complained,
    };
    let all = report::mails(&mut tx, EVER).await.unwrap();
    let expected = [
        (key("a", 1, 0), count([2, 2, 1, 1, 0, 1, 0])),
        (key("a", 1, 1), count([1, 1, 0, 0, 0, 0, 1])),
        (key("b", 1, 0), count([1, 0, 0, 0, 1, 0, 0])),
    ];
    assert_eq!(all, expected);
    let some = report::mails(&mut tx, between(110, 130)).await.unwrap();
    let expected =
        [(key("a", 1, 0), count([1, 1, 0, 0, 0, 1, 0])), (key("a", 1, 1), count([1, 1, 0, 0, 0, 0, 1]))];
    assert_eq!(some, expected);
}

async fn a_revision_may_have_another_mail_in_the_same_place(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 2).await;
    for lead in 1..=2 {
        walk(&mut tx, lead, "a", "active", &[(lead * 10, 1, 0, 100)]).await;
        hand_over(&mut tx, lead, 250, "open", "NULL, NULL").await;
        event(&mut tx, lead, Some(lead * 10), "feedback", 300, r#"{"about":"tone"}"#).await;
    }
    run(&mut tx, "UPDATE messages SET revision = 2 WHERE id = 20".into()).await;
    let keys = [key("a", 1, 0), MailKey { revision: 2, ..key("a", 1, 0) }];
    let mails = report::mails(&mut tx, EVER).await.unwrap();
    assert_eq!(
        mails.iter().map(|(key, count)| (key, count.sent)).collect::<Vec<_>>(),
        [(&keys[0], 1), (&keys[1], 1)]
    );
    let mut handed = report::handed_over(&mut tx, EVER).await.unwrap();
    handed.sort();
    assert_eq!(handed, keys.clone().map(|key| (key, 1, 0)));
    let mut said = report::feedback_of_mails(&mut tx, EVER).await.unwrap();
    said.sort_by(|a, b| a.0.cmp(&b.0));
    let tone = FeedbackCount { tone: 1, ..FeedbackCount::default() };
    assert_eq!(said, keys.map(|key| (key, tone)));
}

async fn hand_overs_follow_from_the_last_mail_before_them(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 3).await;
    walk(&mut tx, 1, "a", "active", &[(11, 1, 0, 100), (12, 2, 1, 200), (13, 3, 0, 300)]).await;
    walk(&mut tx, 2, "a", "active", &[(21, 2, 1, 100)]).await;
    hand_over(&mut tx, 1, 250, "won", "NULL, 10.5").await;
    hand_over(&mut tx, 2, 100, "open", "NULL, NULL").await;
    // Nobody wrote to this one.
    hand_over(&mut tx, 3, 100, "won", "NULL, NULL").await;
    assert_eq!(report::handed_over(&mut tx, EVER).await.unwrap(), [(key("a", 2, 1), 2, 1)]);
    assert_eq!(report::handed_over(&mut tx, between(0, 150)).await.unwrap(), [(key("a", 2, 1), 1, 0)]);
}

async fn sources_and_what_became_of_their_leads(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 5).await;
    run(&mut tx, "UPDATE leads SET source = 'fair' WHERE id <= 3".into()).await;
    run(&mut tx, "UPDATE leads SET qualification = 'mql' WHERE id = 1".into()).await;
    run(&mut tx, "UPDATE leads SET qualification = 'sql', stage = 'customer' WHERE id = 2".into()).await;
    // This one was a customer when it came.
    run(&mut tx, "UPDATE leads SET stage = 'customer', created_at = 5000 WHERE id = 3".into()).await;
    moved(&mut tx, 2, 2_000, "mofu -> customer").await;
    hand_over(&mut tx, 1, 1_500, "returned", "'later', NULL").await;
    hand_over(&mut tx, 1, 1_600, "open", "NULL, NULL").await;
    hand_over(&mut tx, 2, 1_500, "won", "NULL, 100.5").await;
    hand_over(&mut tx, 2, 3_500, "won", "NULL, 20").await;
    let fair = SourceCount {
        source: "fair".to_owned(),
        leads: 3,
        mql: 2,
        sql: 1,
        handed_over: 2,
        won: 1,
        customers: 1,
        amount: 120.5,
    };
    let unknown = SourceCount { leads: 2, ..SourceCount::default() };
    assert_eq!(report::sources(&mut tx, EVER).await.unwrap(), [fair, unknown]);
    let late = report::sources(&mut tx, between(5_000, 6_000)).await.unwrap();
    assert_eq!(late, [SourceCount { source: "fair".to_owned(), leads: 1, ..SourceCount::default() }]);
}

async fn reasons_and_feedback(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    leads(&mut tx, 3).await;
    run(&mut tx, "UPDATE leads SET source = 'fair' WHERE id = 1".into()).await;
    walk(&mut tx, 1, "a", "active", &[(11, 1, 0, 100)]).await;
    for (lead, opened, state, reason) in [
        (1, 100, "lost", "price"),
        (1, 200, "lost", "price"),
        (2, 100, "lost", "time"),
        (3, 100, "returned", "later"),
    ] {
        hand_over(&mut tx, lead, opened, state, &format!("'{reason}', NULL")).await;
    }
    hand_over(&mut tx, 2, 300, "won", "'price', 1").await;
    let row = |state: &str, reason: &str, count: i64| (state.to_owned(), reason.to_owned(), count);
    let all = [row("returned", "later", 1), row("lost", "price", 2), row("lost", "time", 1)];
    assert_eq!(report::reasons(&mut tx, EVER).await.unwrap(), all);
    // They end ten later than they begin.
    assert_eq!(report::reasons(&mut tx, between(210, 211)).await.unwrap(), [row("lost", "price", 1)]);
    for (lead, message, about) in
        [(1, Some(11), "tone"), (1, Some(11), "tone"), (2, None, "benefit"), (1, Some(11), "address")]
    {
        event(&mut tx, lead, message, "feedback", 500, &format!(r#"{{"about":"{about}","because":"so"}}"#))
            .await;
    }
    let mut mails = report::feedback_of_mails(&mut tx, EVER).await.unwrap();
    mails.sort_by(|a, b| a.0.cmp(&b.0));
    let count = |address, benefit, tone| FeedbackCount { address, benefit, tone };
    assert_eq!(mails, [(MailKey::default(), count(0, 1, 0)), (key("a", 1, 0), count(1, 0, 2))]);
    let mut sources = report::feedback_of_sources(&mut tx, EVER).await.unwrap();
    sources.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(sources, [(String::new(), count(0, 1, 0)), ("fair".to_owned(), count(1, 0, 2))]);
    assert_eq!(report::feedback_of_mails(&mut tx, between(0, 500)).await.unwrap(), []);
}
