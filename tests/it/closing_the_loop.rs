//! The loop closes: a click on the price moves a lead on, its answer brings it to sales, and marketing is silent until
//! sales returns or wins it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use dripline::domain::time::{DAY, MINUTE, SECOND};
use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{self, BROWSER, Written};
use crate::support::world::{FUNNEL, files, subject};

on_both!(
    a_click_moves_on_and_an_answer_brings_silence,
    sales_wins_a_lead,
    an_absence_note_is_no_answer,
    a_scanner_moves_nobody,
    a_slow_scanner_is_seen_through,
    mails_that_come_back_stop_whom_they_concern,
    nobody_is_watched_unasked,
    events_of_other_programs_act_at_once,
);

const RULES: &str = r#"
[[score]]
on = "clicked link price"
points = 20
[[score]]
on = "submitted demo"
points = 30
[[fit]]
when = 'lead.country == "DE"'
points = 10
[stage.mofu]
when = "engagement >= 20"
[qualification.prequalified]
when = "score >= 30"
[team.lee]
name = "Lee Sander"
email = "lee@nordwerk.example"
"#;

pub const OPERATOR: &str = "[inbound]\ndomain = \"in.nordwerk.example\"\nkey = \"post-key\"\n";

const WELCOME: &str = r#"
title = "Welcome"
stage = "tofu"
[[step]]
mail = "hello"
[[step]]
wait = "3 days"
mail = "tofu-last"
"#;

const EVALUATION: &str = r#"
title = "Evaluation"
stage = "mofu"
[[step]]
mail = "guide"
[[step]]
wait = "2 days"
mail = "case"
[[step]]
wait = "2 days"
mail = "mofu-last"
"#;

const ONBOARDING: &str = "title = \"Onboarding\"\nstage = \"customer\"\n[[step]]\nmail = \"start\"\n";

pub async fn begin(db: TestDb) -> TestApp {
    begin_with(db, OPERATOR, "").await
}

/// With settings of the test's own: dripline.toml, and what is added to funnel.toml.
pub async fn begin_with(db: TestDb, operator: &str, more: &str) -> TestApp {
    let mail = |name: &str| {
        format!(
            "+++\nsubject = \"{name}\"\n+++\nHello {{{{default lead.first_name \"there\"}}}}: \
             [the price](https://www.nordwerk.example/price?a=1&b={{{{lead.email}}}} \"price\") and \
             [the guide](https://www.nordwerk.example/guide \"guide\").\n"
        )
    };
    let names = ["hello", "tofu-last", "guide", "case", "mofu-last", "start"];
    let mails: Vec<(String, String)> =
        names.iter().map(|name| (format!("templates/mail/{name}.md"), mail(name))).collect();
    let funnel = format!("{FUNNEL}{RULES}{more}");
    let mut all = vec![
        ("dripline.toml", operator),
        ("funnel.toml", funnel.as_str()),
        ("sequences/welcome.toml", WELCOME),
        ("sequences/evaluation.toml", EVALUATION),
        ("sequences/onboarding.toml", ONBOARDING),
    ];
    all.extend(mails.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    TestApp::start(db, &files(&all)).await
}

/// A lead that agreed to mail, and to be tracked if `tracking` says so.
pub async fn add(app: &TestApp, email: &str, tracking: bool) {
    let body = json!({
        "email": email, "first_name": "Eva", "last_name": "Kern", "country": "DE", "company": "Kern AG",
        "basis": "double_opt_in", "consent_at": "2026-01-02T10:00:00Z", "tracking": tracking,
    });
    assert_eq!(app.post("/leads", &body).await.0, 201);
    app.settle().await;
}

pub fn subjects(app: &TestApp, email: &str) -> Vec<String> {
    app.mails(email).iter().map(|raw| subject(raw)).collect()
}

pub async fn lead(app: &TestApp, email: &str) -> Value {
    let (status, lead) = app.get(&format!("/leads/{email}")).await;
    assert_eq!(status, 200, "{lead}");
    lead
}

/// Clicks on the price as somebody does who has read the mail, and waits until that is judged.
async fn click_on_price(app: &TestApp, email: &str) {
    app.pass(2 * MINUTE).await;
    let raw = app.mails(email).pop().expect("a mail");
    let link = post::links(&raw).into_iter().next().expect("a link");
    let response = app.browse(Method::GET, &link, BROWSER).await;
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().expect("ASCII").to_owned();
    assert_eq!(location, format!("https://www.nordwerk.example/price?a=1&b={email}"));
    app.pass(2 * MINUTE).await;
}

async fn a_click_moves_on_and_an_answer_brings_silence(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, true).await;
    assert_eq!(subjects(&app, eva), ["hello"]);
    click_on_price(&app, eva).await;
    let now = lead(&app, eva).await;
    assert_eq!((&now["stage"], &now["qualification"]), (&json!("mofu"), &json!("prequalified")), "{now}");
    app.settle().await;
    assert_eq!(subjects(&app, eva), ["hello", "guide"], "the sequence of the new stage");
    app.pass(2 * DAY + MINUTE).await;
    assert_eq!(subjects(&app, eva), ["hello", "guide", "case"]);

    let answer = Written::reply_to(&app.mails(eva)[2], eva, "Können wir am Dienstag sprechen?\n\nGruß, Eva");
    let received = app.hand_in(&answer.raw).await;
    assert_eq!(received["kind"], "human_reply", "{received}");
    assert_eq!((&received["email"], &received["matched_by"]), (&json!(eva), &json!("reply_address")));
    assert_eq!(
        received["found"]["planned"][0]["step"], "mofu-last",
        "the next mail is called off: {received}"
    );
    assert_eq!(app.hand_in(&answer.raw).await["known"], true, "the same mail is one event");
    app.settle().await;
    let now = lead(&app, eva).await;
    assert_eq!((&now["with"], &now["owner"]), (&json!("sales"), &json!("kim")), "{now}");
    let since = now["prospect_since"].as_str().expect("a prospect").parse::<DateTime<Utc>>();
    assert!(since.is_ok());
    the_rep_has_the_words(&app, eva, &answer);

    app.pass(60 * DAY).await;
    assert_eq!(subjects(&app, eva).len(), 3, "sixty days of silence");
    assert_eq!(app.mails("kim@nordwerk.example").len(), 1);
    assert_eq!(
        app.post(&format!("/leads/{eva}/return"), &json!({ "reason": "not before spring" })).await.0,
        200
    );
    app.settle().await;
    assert_eq!(subjects(&app, eva).len(), 3, "no sooner than the next day");
    app.pass(DAY).await;
    assert_eq!(subjects(&app, eva), ["hello", "guide", "case", "mofu-last"]);
    the_story_is_told(&app, eva).await;
    app.end().await;
}

/// One mail to the rep, with the words of the lead, which it answers.
fn the_rep_has_the_words(app: &TestApp, email: &str, answer: &Written) {
    let told = app.mails("kim@nordwerk.example");
    assert_eq!(told.len(), 1);
    let mail = MessageParser::default().parse(&told[0]).expect("a message");
    let text = mail.body_text(0).expect("a text").into_owned();
    assert!(text.contains("> Können wir am Dienstag sprechen?"), "{text}");
    assert!(!text.contains("Hello Eva"), "what was quoted stays out: {text}");
    assert!(text.contains("Kern AG") && text.contains("engagement 19"), "{text}");
    let reply_to = mail.reply_to().and_then(|to| to.first()).and_then(|to| to.address());
    assert_eq!(reply_to, Some(email));
    assert_eq!(mail.in_reply_to().as_text(), Some(answer.message_id.as_str()));
    assert!(mail.subject().unwrap_or_default().contains("Können wir"), "{:?}", mail.subject());
}

async fn the_story_is_told(app: &TestApp, email: &str) {
    let told = app.explain(email).await;
    let lines: Vec<&str> = told.timeline.iter().map(|entry| entry.what.as_str()).collect();
    for part in [
        "clicked price in step hello of \"Welcome\" (+20)",
        "moved from ToFu to MoFu",
        "counts as prequalified now",
        "replied: Re: case",
        "handed over to Kim Meier",
        "sales returned the lead",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} in {lines:#?}");
    }
}

async fn sales_wins_a_lead(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, false).await;
    let (status, _) = app.post(&format!("/leads/{eva}/hand-over"), &json!({ "cause": "called us" })).await;
    assert_eq!(status, 200);
    assert_eq!(app.post(&format!("/leads/{eva}/accept"), &json!({ "rep": "lee" })).await.0, 200);
    app.pass(10 * SECOND).await;
    assert_eq!(subjects(&app, "lee@nordwerk.example"), ["New contact: Eva Kern (Kern AG)"]);
    assert_eq!(lead(&app, eva).await["qualification"], "sql");
    app.pass(10 * DAY).await;
    assert_eq!(subjects(&app, eva), ["hello"]);
    assert_eq!(app.post(&format!("/leads/{eva}/won"), &json!({ "amount": 12_000 })).await.0, 200);
    app.settle().await;
    assert_eq!(subjects(&app, eva), ["hello", "start"], "the customer's sequence");
    assert_eq!(lead(&app, eva).await["stage"], "customer");

    let tom = "tom@kern.example";
    add(&app, tom, false).await;
    app.post(&format!("/leads/{tom}/hand-over"), &json!({ "cause": "called us" })).await;
    assert_eq!(app.post(&format!("/leads/{tom}/lost"), &json!({ "reason": "too dear" })).await.0, 200);
    app.pass(30 * DAY).await;
    assert_eq!(subjects(&app, tom), ["hello"], "lost, and left alone");
    app.end().await;
}

async fn an_absence_note_is_no_answer(db: TestDb) {
    let app = begin(db).await;
    let [eva, tom, ida] = ["eva@kern.example", "tom@kern.example", "ida@kern.example"];
    for email in [eva, tom, ida] {
        add(&app, email, false).await;
    }
    let note = Written::absence_note(&app.mails(eva)[0], eva, "Ich bin zur Zeit nicht im Haus.");
    let received = app.hand_in(&note.raw).await;
    assert_eq!((&received["kind"], &received["email"]), (&json!("auto_reply"), &json!(eva)), "{received}");
    // Monday, 5 January 2026 is today.
    let dated = Written::absence_note(&app.mails(tom)[0], tom, "Ich bin bis zum 20.01.2026 nicht im Büro.");
    assert_eq!(app.hand_in(&dated.raw).await["kind"], "auto_reply");
    let ticket = Written::automatic(&app.mails(ida)[0], ida, "Ihre Anfrage hat die Nummer 4711.");
    assert_eq!(app.hand_in(&ticket.raw).await["kind"], "auto_reply");
    app.pass(4 * DAY).await;
    assert_eq!(subjects(&app, ida), ["hello", "tofu-last"], "a ticket stops nothing");
    assert_eq!(subjects(&app, eva), ["hello"], "away for a week, as long as the note says nothing else");
    assert_eq!(subjects(&app, tom), ["hello"], "away");
    assert!(app.mails("kim@nordwerk.example").is_empty());
    assert_eq!(lead(&app, eva).await["prospect_since"], json!(null));
    app.pass(4 * DAY).await;
    assert_eq!(subjects(&app, eva), ["hello", "tofu-last"]);
    assert_eq!(subjects(&app, tom), ["hello"], "still away");
    app.pass(16 * DAY).await;
    assert_eq!(subjects(&app, tom), ["hello", "tofu-last"], "back again");
    app.end().await;
}

async fn a_scanner_moves_nobody(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, true).await;
    app.pass(10 * 1_000).await;
    let raw = app.mails(eva).pop().expect("a mail");
    let mut targets = post::links(&raw);
    assert_eq!(targets.len(), 2, "two links are tracked");
    targets.push(post::pixel(&raw).expect("a pixel"));
    targets.push(post::one_click(&raw));
    // As a gateway does: a browser's name, HEAD and GET of everything within a minute.
    for target in &targets {
        for method in [Method::HEAD, Method::GET] {
            let status = app.browse(method, target, BROWSER).await.status().as_u16();
            assert!(status == 200 || status == 302, "{target}: {status}");
        }
        app.engine.clock.set(app.engine.clock.now() + 10 * 1_000);
    }
    app.pass(5 * MINUTE).await;
    let now = lead(&app, eva).await;
    assert_eq!((&now["stage"], &now["stopped_by"]), (&json!("tofu"), &json!(null)), "{now}");
    let told = app.explain(eva).await;
    assert_eq!(told.score, "score 10: fit 10, engagement 0");
    let clicks = told.timeline.iter().filter(|entry| entry.kind == "clicked");
    let because: Vec<&str> = clicks.filter_map(|entry| entry.because.as_deref()).collect();
    assert!(
        because.len() >= 2 && because.iter().all(|because| because.starts_with("a machine")),
        "{because:?}"
    );
    // Somebody reads the mail later, and clicks.
    click_on_price(&app, eva).await;
    assert_eq!(lead(&app, eva).await["stage"], "mofu");
    app.end().await;
}

/// One that asks only by GET, with the name of a browser, so slowly that its hits are judged one after the other.
async fn a_slow_scanner_is_seen_through(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, true).await;
    app.pass(10 * SECOND).await;
    let raw = app.mails(eva).pop().expect("a mail");
    for link in post::links(&raw) {
        app.browse(Method::GET, &link, BROWSER).await;
        app.pass(55 * SECOND).await;
    }
    app.pass(5 * MINUTE).await;
    assert_eq!(lead(&app, eva).await["stage"], "tofu");
    let clicks = app.explain(eva).await.timeline.into_iter().filter(|entry| entry.kind == "clicked");
    let because: Vec<String> = clicks.filter_map(|entry| entry.because).collect();
    assert_eq!(because.len(), 2);
    assert!(because.iter().all(|because| because.contains("all links")), "{because:?}");
    app.end().await;
}

async fn mails_that_come_back_stop_whom_they_concern(db: TestDb) {
    let app = begin(db).await;
    let emails = ["eva@kern.example", "tom@kern.example", "ida@kern.example", "leo@kern.example"];
    for email in emails {
        add(&app, email, false).await;
    }
    let bounces = app.mail.accepted().into_iter().map(|mail| (mail.to.unwrap_or_default(), mail.from));
    let bounces: BTreeMap<String, String> = bounces.collect();
    let [eva, tom, ida, leo] = emails;
    let dead = post::bounce(&bounces[eva], eva, "5.1.1");
    let received = app.hand_in(&dead).await;
    assert_eq!((&received["kind"], &received["matched_by"]), (&json!("bounce"), &json!("bounce_address")));
    assert_eq!(lead(&app, eva).await["stopped_by"], "hard_bounce");
    let full = post::bounce(&bounces[tom], tom, "5.2.2");
    assert_eq!(app.hand_in(&full).await["email"], tom);
    assert_eq!(lead(&app, tom).await["stopped_by"], json!(null), "a full mailbox is no dead address");
    // Anybody can write a report about anybody: this one knows nothing that was in the mail.
    let forged = post::bounce("somebody@in.nordwerk.example", ida, "5.1.1");
    let received = app.hand_in(&forged).await;
    assert_eq!((&received["email"], &received["matched_by"]), (&json!(ida), &json!("sender")));
    assert_eq!(lead(&app, ida).await["stopped_by"], json!(null));
    let mut leaving = Written::plain(&app.mails(leo)[0], leo, "Bitte abmelden");
    leaving.raw.extend(b"\0");
    assert_eq!(app.hand_in(&leaving.raw).await["kind"], "unsubscribe");
    assert_eq!(lead(&app, leo).await["stopped_by"], "unsubscribe");
    app.pass(10 * DAY).await;
    let counts = emails.map(|email| subjects(&app, email).len());
    assert_eq!(counts, [1, 2, 2, 1]);
    app.end().await;
}

async fn nobody_is_watched_unasked(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, false).await;
    let raw = app.mails(eva).pop().expect("a mail");
    assert_eq!((post::links(&raw), post::pixel(&raw)), (vec![], None));
    let (status, told) = app
        .post(&format!("/leads/{eva}/events"), &json!({ "kind": "visited", "data": { "path": "/price" } }))
        .await;
    assert_eq!((status, &told["recorded"]), (200, &json!(false)), "{told}");
    app.end().await;
}

async fn events_of_other_programs_act_at_once(db: TestDb) {
    let app = begin(db).await;
    let eva = "eva@kern.example";
    add(&app, eva, false).await;
    let path = format!("/leads/{eva}/events");
    let demo = json!({ "kind": "submitted", "id": "form-1", "data": { "form": "demo" } });
    let (status, told) = app.post(&path, &demo).await;
    assert_eq!((status, &told["recorded"]), (201, &json!(true)), "{told}");
    assert_eq!(lead(&app, eva).await["stage"], "mofu");
    let (status, told) = app.post(&path, &demo).await;
    assert_eq!((status, &told["recorded"]), (200, &json!(false)), "{told}");
    assert_eq!(app.explain(eva).await.score, "score 40: fit 10, engagement 30");
    let (status, _) = app.post(&path, &json!({ "kind": "meeting_booked" })).await;
    assert_eq!(status, 201);
    let now = lead(&app, eva).await;
    assert_eq!((&now["qualification"], &now["with"]), (&json!("sql"), &json!("sales")), "{now}");
    let metrics = app.metrics().await;
    for name in
        ["dripline_queue_due", "dripline_outcomes_total{outcome=\"sent\"}", "dripline_stop_seconds_count"]
    {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name} in {metrics}");
    }
    app.end().await;
}
