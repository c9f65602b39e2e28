//! The rep's clock, on a clock of the test's own: Monday, 5 January 2026, 09:00 in Berlin.

use serde_json::json;

use super::{EVA, KIM, LEE, WORDS, answered, link, timeline};
use crate::closing_the_loop::{lead, subjects};
use crate::support::database::{TestDb, on_both};
use crate::support::post::{Written, body};
use crate::support::smtp_server::Fault;
use dripline::domain::outcome::Phase;
use dripline::domain::time::{DAY, HOUR, MINUTE};
use dripline::nurture::deadlines;
use dripline::nurture::receive::waiting;

on_both!(
    a_rep_is_reminded_and_then_somebody_else,
    a_copy_of_the_answer_stops_the_clock,
    a_mail_of_the_team_stops_the_clock,
    a_day_is_remembered,
    a_day_outlives_what_else_the_rep_does,
    several_nodes_tell_once,
    a_machine_answers_nothing,
    a_late_answer_is_for_the_rep_and_not_for_whoever_is_told_of_the_wait,
    while_a_rep_is_away_the_deputy_hears_of_it,
    who_asks_twice_waits_no_longer,
    a_lead_that_answers_all_is_heard,
    what_only_looks_like_ours_is_looked_at,
);

pub const CLOCK: &str = r#"
[hand_over]
respond_within = "4 hours"
escalate_after = "4 hours"
[[route]]
team = "kim"
[routing]
head = "lee"
"#;

async fn a_rep_is_reminded_and_then_somebody_else(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    assert!(body(&told).contains("Please answer by 5 Jan 2026, 13:00"), "{}", body(&told));
    app.pass(4 * HOUR - MINUTE).await;
    assert_eq!(app.mails(KIM).len(), 1, "not yet");
    app.pass(2 * MINUTE).await;
    assert_eq!(subjects(&app, KIM)[1], "Still waiting: Eva Kern (Kern AG)");
    let reminder = app.mails(KIM).pop().expect("a reminder");
    assert_eq!(app.mails(LEE).len(), 0);
    app.pass(4 * HOUR).await;
    assert_eq!(subjects(&app, LEE), ["Nobody answers Eva Kern (Kern AG)"]);
    app.pass(30 * DAY).await;
    assert_eq!((app.mails(KIM).len(), app.mails(LEE).len()), (2, 1), "told once each");
    assert!(link(&reminder, "I take it on").starts_with("/s/"));
    assert!(body(&reminder).contains(&format!("> {WORDS}")), "what is waited for: {}", body(&reminder));
    // Lee steps in: Kim's links are worth nothing any more.
    let to_lee = app.mails(LEE).pop().expect("a mail");
    assert!(body(&to_lee).contains("from Kim Meier"), "{}", body(&to_lee));
    assert!(app.press(&link(&to_lee, "I take it on")).await.1.contains("It is yours"));
    assert_eq!(lead(&app, EVA).await["owner"], "lee");
    assert!(app.press(&link(&reminder, "Won")).await.1.contains("with Lee Sander"));
    let lines = timeline(&app, EVA).await;
    for line in
        ["Kim Meier was reminded that the lead waits", "Lee Sander was told that nobody answers the lead"]
    {
        assert!(lines.contains(&line.to_owned()), "{line}: {lines:#?}");
    }
    app.end().await;
}

/// As a mail program sends it, and the server that takes in the copy notes for whom it is.
fn answer_of_kim(fields: &str) -> Vec<u8> {
    let raw = format!(
        "From: Kim Meier <{KIM}>\r\nTo: <{EVA}>\r\nSubject: Re: hello\r\nMessage-ID: <kim-1@nordwerk.example>\r\n\
         {fields}Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nTuesday it is.\r\n"
    );
    raw.into_bytes()
}

async fn a_copy_of_the_answer_stops_the_clock(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    let copy = copy_address(&told);
    // Written from an address of Kim's own, which nobody knows here.
    let raw = String::from_utf8(answer_of_kim(&format!("Delivered-To: {copy}\r\n"))).expect("text");
    let raw = raw.replace(KIM, "kim.private@mail.example");
    let received = app.hand_in(raw.as_bytes()).await;
    assert_eq!((&received["kind"], &received["email"]), (&json!("unrelated"), &json!(EVA)), "{received}");
    app.pass(10 * DAY).await;
    assert_eq!((app.mails(KIM).len(), app.mails(LEE).len()), (1, 0), "nobody is reminded");
    assert!(timeline(&app, EVA).await.contains(&"Kim Meier wrote to the lead".to_owned()));
    assert_eq!(lead(&app, EVA).await["with"], "sales", "marketing stays silent");
    app.end().await;
}

async fn a_mail_of_the_team_stops_the_clock(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.pass(5 * HOUR).await;
    assert_eq!(app.mails(KIM).len(), 2, "reminded");
    for _ in 0..2 {
        app.hand_in(&answer_of_kim("")).await;
    }
    app.pass(10 * DAY).await;
    assert_eq!((app.mails(KIM).len(), app.mails(LEE).len()), (2, 0), "nobody else is told");
    let seen = timeline(&app, EVA).await.into_iter().filter(|line| line == "Kim Meier wrote to the lead");
    assert_eq!(seen.count(), 1);
    app.end().await;
}

async fn a_day_is_remembered(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    app.fill(&link(&told, "Later"), &[("until", "2026-01-20")]).await;
    app.pass(14 * DAY).await;
    assert_eq!(app.mails(KIM).len(), 1, "nobody is reminded before the day");
    app.pass(DAY).await;
    let told = subjects(&app, KIM);
    assert_eq!(told[1], "Today: Eva Kern (Kern AG)", "{told:#?}");
    assert_eq!(app.mails(EVA).len(), 1, "marketing is silent all the time");
    app.pass(10 * DAY).await;
    assert_eq!(subjects(&app, KIM)[2], "Still waiting: Eva Kern (Kern AG)", "from then on the clock runs");
    app.end().await;
}

async fn a_day_outlives_what_else_the_rep_does(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    app.fill(&link(&told, "Later"), &[("until", "2026-01-20")]).await;
    app.hand_in(&answer_of_kim("")).await;
    app.press(&link(&told, "I take it on")).await;
    app.press(&link(&told, "A meeting is agreed")).await;
    app.pass(14 * DAY).await;
    assert_eq!(app.mails(KIM).len(), 1, "nobody is reminded before the day");
    app.pass(30 * DAY).await;
    assert_eq!(subjects(&app, KIM)[1..], ["Today: Eva Kern (Kern AG)"], "once, and no clock runs after it");

    let later = [("until", "2026-03-20")];
    assert!(app.fill(&link(&told, "Later"), &later).await.1.contains("You will be reminded"));
    app.press(&link(&told, "Won")).await;
    app.pass(60 * DAY).await;
    assert_eq!(app.mails(KIM).len(), 2, "what is settled is not recalled");
    app.end().await;
}

async fn several_nodes_tell_once(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.engine.clock.set(app.engine.clock.now() + 5 * HOUR);
    let nodes = (0..8).map(|_| {
        let engine = app.engine.clone();
        tokio::spawn(async move { deadlines::step(&engine).await })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.expect("no panic").expect("a step");
    }
    app.settle().await;
    assert_eq!(app.mails(KIM).len(), 2);
    app.end().await;
}

/// The address for copies in a mail to a rep.
fn copy_address(told: &[u8]) -> String {
    let text = body(told);
    let copy = text.lines().find(|line| line.starts_with("c.") && line.contains('@'));
    copy.expect("an address").to_owned()
}

async fn a_lead_that_answers_all_is_heard(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    let raw = format!(
        "From: Eva Kern <{EVA}>\r\nTo: <{KIM}>, <{}>\r\nSubject: Re: hello\r\nMessage-ID: <eva-2@kern.example>\r\n\
         Date: Mon, 05 Jan 2026 11:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n\
         Please unsubscribe me.\r\n",
        copy_address(&told)
    );
    let received = app.hand_in(raw.as_bytes()).await;
    assert_eq!((&received["kind"], &received["email"]), (&json!("unsubscribe"), &json!(EVA)), "{received}");
    assert_eq!(lead(&app, EVA).await["stopped_by"], "unsubscribe");
    assert!(!timeline(&app, EVA).await.contains(&"Kim Meier wrote to the lead".to_owned()));
    app.end().await;
}

async fn what_only_looks_like_ours_is_looked_at(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.hand_in(&answer_of_kim("")).await;
    assert_eq!(waiting::count(&app.engine).await.unwrap(), 0, "it goes to a lead");
    let raw = String::from_utf8(answer_of_kim("")).expect("text");
    let raw = raw.replace(EVA, "office@nordwerk.example").replace("kim-1", "kim-2");
    let received = app.hand_in(raw.as_bytes()).await;
    assert_eq!(received["kind"], "unrelated", "{received}");
    assert_eq!(waiting::count(&app.engine).await.unwrap(), 1, "anybody can write in Kim's name");
    app.end().await;
}

async fn a_machine_answers_nothing(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.hand_in(&answer_of_kim("Auto-Submitted: auto-replied\r\n")).await;
    app.pass(5 * HOUR).await;
    assert_eq!(app.mails(KIM).len(), 2, "reminded all the same");
    app.end().await;
}

/// The relay is down when the rep is to be reminded, and the mail to the head of sales waits behind that one.
async fn a_late_answer_is_for_the_rep_and_not_for_whoever_is_told_of_the_wait(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.mail.script(|_| Some(Fault::Reply { at: Phase::Rcpt, line: "451 4.3.0 come back later" }));
    app.pass(8 * HOUR + 2 * MINUTE).await;
    let again = Written::reply_to(&app.mails(EVA)[0], EVA, "Is anybody there?");
    assert_eq!(app.hand_in(&again.raw).await["kind"], "human_reply");
    app.mail.script(|_| None);
    app.pass(3 * HOUR).await;
    let to_kim = subjects(&app, KIM);
    let reply = "Reply from Eva Kern (Kern AG): \"Is anybody there?\"";
    assert_eq!(to_kim[1..], ["Still waiting: Eva Kern (Kern AG)", reply]);
    assert_eq!(subjects(&app, LEE), ["Nobody answers Eva Kern (Kern AG)"]);
    app.end().await;
}

async fn while_a_rep_is_away_the_deputy_hears_of_it(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.hand_in(&answer_of_kim("")).await;
    let email = format!("email = \"{KIM}\"\n");
    let away = format!("{email}away = \"2026-01-07..2026-01-30\"\ndeputy = \"lee\"\n");
    app.reword(&email, &away);
    app.apply().await;
    app.pass(2 * DAY).await;
    let again = Written::reply_to(&app.mails(EVA)[0], EVA, "And the price?");
    app.hand_in(&again.raw).await;
    app.settle().await;
    let reply = "Reply from Eva Kern (Kern AG): \"And the price?\"";
    assert_eq!(
        (subjects(&app, KIM)[1..].join(""), subjects(&app, LEE)),
        (reply.to_owned(), vec![reply.to_owned()])
    );
    let told = app.mails(LEE).pop().expect("the deputy is told");
    assert!(body(&told).contains("Please answer by 7 Jan 2026, 13:00"), "lee's day: {}", body(&told));
    app.pass(4 * HOUR + MINUTE).await;
    assert_eq!(subjects(&app, LEE)[1], "Still waiting: Eva Kern (Kern AG)");
    assert_eq!(subjects(&app, KIM).len(), 3);
    assert!(app.press(&link(&told, "I take it on")).await.1.contains("It is yours"));
    assert_eq!(lead(&app, EVA).await["owner"], "lee");
    app.end().await;
}

async fn who_asks_twice_waits_no_longer(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.pass(3 * HOUR).await;
    app.hand_in(&Written::reply_to(&app.mails(EVA)[0], EVA, "Is anybody there?").raw).await;
    app.pass(HOUR + MINUTE).await;
    assert_eq!(subjects(&app, KIM).pop().as_deref(), Some("Still waiting: Eva Kern (Kern AG)"));
    app.hand_in(&answer_of_kim("")).await;
    app.hand_in(&Written::reply_to(&app.mails(EVA)[0], EVA, "And the price?").raw).await;
    app.pass(4 * HOUR + MINUTE).await;
    let again = subjects(&app, KIM).into_iter().filter(|subject| subject.starts_with("Still waiting"));
    assert_eq!(again.count(), 2, "the second question waits as the first did");
    app.end().await;
}
