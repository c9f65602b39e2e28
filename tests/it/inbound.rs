//! Mail that comes in, beyond the reply: what waits for a person, runs of bounces, files for the rep, other sources.

use dripline::domain::inbound::InboundKind;
use dripline::domain::outcome::Phase;
use dripline::domain::time::{DAY, MINUTE};
use dripline::nurture::receive::waiting::{self, Decision};
use mail_parser::{MessageParser, MimeHeaders};
use reqwest::Method;
use serde_json::{Value, json};

use crate::closing_the_loop::{OPERATOR, add, begin, begin_with, lead, subjects};
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{self, Written};
use crate::support::smtp_server::Fault;

on_both!(
    a_run_of_soft_bounces_stops,
    a_sign_of_life_ends_a_run,
    what_nobody_knows_waits_for_a_person,
    a_person_decides_what_a_mail_is,
    the_rep_has_the_files_and_the_mail_itself,
    a_relay_that_takes_no_large_mail_gets_the_words,
    a_colleague_answers_for_the_lead,
    reps_are_written_to_in_their_language,
    the_same_mail_from_two_sources_is_one,
);

const KIM: &str = "kim@nordwerk.example";
const EVA: &str = "eva@kern.example";

/// Bounces the last mail to a lead, for now.
async fn bounce_softly(app: &TestApp, email: &str) {
    let sent =
        app.mail.accepted().into_iter().rfind(|mail| mail.to.as_deref() == Some(email)).expect("a mail");
    let count = app.mails(email).len();
    let mut raw = post::bounce(&sent.from, email, "5.2.2");
    raw.extend(format!("{count}\r\n").bytes());
    let raw =
        String::from_utf8(raw).expect("text").replace("Message-ID: <5", &format!("Message-ID: <{count}-5"));
    let received = app.hand_in(raw.as_bytes()).await;
    assert_eq!(
        (&received["kind"], &received["email"], &received["known"]),
        (&json!("bounce"), &json!(email), &json!(false))
    );
}

async fn a_run_of_soft_bounces_stops(db: TestDb) {
    let app = begin_with(db, &format!("{OPERATOR}soft_bounces = 2\n"), "").await;
    add(&app, EVA, false).await;
    bounce_softly(&app, EVA).await;
    assert_eq!(lead(&app, EVA).await["stopped_by"], json!(null), "one full mailbox says little");
    app.pass(3 * DAY + MINUTE).await;
    assert_eq!(subjects(&app, EVA), ["hello", "tofu-last"]);
    bounce_softly(&app, EVA).await;
    assert_eq!(lead(&app, EVA).await["stopped_by"], "soft_bounces");
    let told = app.explain(EVA).await;
    assert!(
        told.timeline.iter().any(|entry| entry.because.as_deref() == Some("2 mails in a row came back")),
        "{told:?}"
    );
    app.end().await;
}

async fn a_sign_of_life_ends_a_run(db: TestDb) {
    let app = begin_with(db, &format!("{OPERATOR}soft_bounces = 2\n"), "").await;
    add(&app, EVA, false).await;
    bounce_softly(&app, EVA).await;
    app.pass(MINUTE).await;
    let ticket = Written::automatic(&app.mails(EVA)[0], EVA, "Your number is 4711.");
    app.hand_in(&ticket.raw).await;
    app.pass(3 * DAY + MINUTE).await;
    bounce_softly(&app, EVA).await;
    assert_eq!(lead(&app, EVA).await["stopped_by"], json!(null), "somebody's program answered in between");
    app.end().await;
}

/// A mail of nobody who is known.
fn stranger(subject: &str, text: &str) -> Vec<u8> {
    format!(
        "From: Uwe Fremd <uwe@fremd.example>\r\nTo: <anna@nordwerk.example>\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@fremd.example>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n\r\n{text}\r\n"
    )
    .into_bytes()
}

async fn what_nobody_knows_waits_for_a_person(db: TestDb) {
    let app = begin(db).await;
    app.hand_in(&stranger("Frage", "Was kostet der Leitstand?")).await;
    app.hand_in(b"no header, and no mail").await;
    add(&app, EVA, false).await;
    let own = format!(
        "From: Kim <kim@nordwerk.example>\r\nTo: <{EVA}>\r\nSubject: intern\r\nMessage-ID: <k@nordwerk.example>\r\n\r\nx\r\n"
    );
    app.hand_in(own.as_bytes()).await;
    app.hand_in(&post::bounce("x@nordwerk.example", "nobody@fremd.example", "5.1.1")).await;
    let waiting = waiting::list(&app.engine, false, 100).await.expect("a list");
    let seen: Vec<_> =
        waiting.iter().map(|mail| (mail.kind, mail.subject.as_str(), mail.text.as_str())).collect();
    assert_eq!(
        seen,
        [(InboundKind::Unrelated, "", ""), (InboundKind::HumanReply, "Frage", "Was kostet der Leitstand?")],
        "the newest first; own mail to a lead and bounces of strangers ask nobody"
    );
    assert_eq!(waiting[1].state, "it concerns no lead that is known");
    assert!(waiting[0].evidence.contains("no header"), "{:?}", waiting[0]);
    assert_eq!(waiting::list(&app.engine, true, 100).await.expect("a list").len(), 4, "nothing is dropped");
    let (_, raw) = waiting::show(&app.engine, waiting[1].id).await.expect("a mail");
    assert_eq!(raw, stranger("Frage", "Was kostet der Leitstand?"));
    assert!(app.metrics().await.contains("dripline_inbound_waiting 2"));
    waiting::resolve(&app.engine, waiting[0].id, &Decision::Ignore).await.expect("resolved");
    assert_eq!(waiting::count(&app.engine).await.expect("a number"), 1);
    app.end().await;
}

async fn a_person_decides_what_a_mail_is(db: TestDb) {
    let app = begin(db).await;
    let tom = "tom@kern.example";
    add(&app, EVA, false).await;
    add(&app, tom, false).await;
    app.hand_in(&stranger("Angebot", "Bitte um ein Angebot.")).await;
    app.hand_in(&stranger("Genug", "Ich habe Ihnen schon einmal gesagt, dass das reicht.")).await;
    let waiting = waiting::list(&app.engine, false, 100).await.expect("a list");
    let take = |lead: Option<&str>, kind| Decision::Take { lead: lead.map(str::to_owned), kind };
    let [enough, offer] = &waiting[..] else { panic!("{waiting:?}") };
    let refused = waiting::resolve(&app.engine, offer.id, &take(None, None)).await.expect_err("whose?");
    assert!(refused.to_string().contains("--lead"), "{refused}");
    waiting::resolve(&app.engine, offer.id, &take(Some(EVA), None)).await.expect("resolved");
    let stop = take(Some(tom), Some(InboundKind::Unsubscribe));
    waiting::resolve(&app.engine, enough.id, &stop).await.expect("resolved");
    let twice = waiting::resolve(&app.engine, enough.id, &stop).await.expect_err("resolved already");
    assert!(twice.to_string().contains("resolved already"), "{twice}");
    app.settle().await;
    assert_eq!(lead(&app, EVA).await["with"], "sales");
    assert_eq!(lead(&app, tom).await["stopped_by"], "unsubscribe");
    let told = app.mails(KIM);
    assert!(post::body(&told[0]).contains("> Bitte um ein Angebot."), "{}", post::body(&told[0]));
    assert_eq!(waiting::count(&app.engine).await.expect("a number"), 0);
    let all = waiting::list(&app.engine, true, 100).await.expect("a list");
    assert_eq!(all[0].state, "taken for unsubscribe by hand");
    assert_eq!(all[0].lead.as_deref(), Some(tom));
    app.end().await;
}

async fn the_rep_has_the_files_and_the_mail_itself(db: TestDb) {
    let app = begin(db).await;
    add(&app, EVA, false).await;
    let file = ("Lastenheft.pdf", "%PDF-1.7 lots of wishes");
    let answer = Written::with_file(&app.mails(EVA)[0], EVA, "Anbei unser Lastenheft.", file);
    assert_eq!(app.hand_in(&answer.raw).await["kind"], "human_reply");
    app.settle().await;
    let told = app.mails(KIM).pop().expect("a mail");
    let mail = MessageParser::default().parse(&told).expect("a message");
    let files: Vec<(&str, &[u8])> = mail
        .attachments()
        .map(|part| (part.attachment_name().unwrap_or_default(), part.contents()))
        .collect();
    assert_eq!(files.len(), 3, "{}", String::from_utf8_lossy(&told));
    assert_eq!(files[0].0, "Contact.html", "what is known");
    assert_eq!(files[1], ("Lastenheft.pdf", "%PDF-1.7 lots of wishes".as_bytes()));
    assert!(files[2].0.ends_with(".eml") && files[2].1 == answer.raw, "the mail as it came");
    let types: Vec<_> =
        mail.attachments().map(|part| part.content_type().expect("a type").subtype()).collect();
    for place in [0, 2] {
        assert_eq!(types[place], Some("octet-stream"), "no mail program shows it by itself");
    }
    let text = post::body(&told);
    assert!(
        text.contains("Attached: Lastenheft.pdf (") && text.contains("> Anbei unser Lastenheft."),
        "{text}"
    );
    assert!(mail.body_html(0).is_none_or(|html| !html.contains("<script")), "our own text only");
    app.end().await;
}

async fn a_relay_that_takes_no_large_mail_gets_the_words(db: TestDb) {
    let app = begin(db).await;
    add(&app, EVA, false).await;
    app.mail.script(|transaction| {
        let line = "552 5.3.4 message size exceeds fixed limit";
        let too_large = transaction.at == Phase::End && transaction.body.len() > 150_000;
        too_large.then_some(Fault::Reply { at: Phase::End, line })
    });
    let wishes = "wishes\n".repeat(20_000);
    let file = ("Lastenheft.pdf", wishes.as_str());
    let answer = Written::with_file(&app.mails(EVA)[0], EVA, "Anbei unser Lastenheft.", file);
    assert_eq!(app.hand_in(&answer.raw).await["kind"], "human_reply");
    app.settle().await;
    let told = app.mails(KIM).pop().expect("the words arrive at once");
    let text = post::body(&told);
    assert!(text.contains("> Anbei unser Lastenheft."), "{text}");
    let named = text.lines().find(|line| line.starts_with("Not in this mail (dripline inbound show "));
    assert!(named.is_some_and(|line| line.contains("--raw): Lastenheft.pdf (")), "{text}");
    let mail = MessageParser::default().parse(&told).expect("a message");
    assert_eq!(mail.attachment_count(), 1, "only what is known");
    app.end().await;
}

async fn a_colleague_answers_for_the_lead(db: TestDb) {
    let app = begin(db).await;
    add(&app, EVA, false).await;
    let ost = "juergen.ost@kern.example";
    let answer = Written::reply_to(&app.mails(EVA)[0], ost, "Mich interessiert der Preis.");
    let received = app.hand_in(&answer.raw).await;
    assert_eq!(received["email"], EVA, "the thread is hers: {received}");
    app.settle().await;
    let told = app.mails(KIM).pop().expect("a mail");
    let mail = MessageParser::default().parse(&told).expect("a message");
    let to: Vec<&str> = mail.reply_to().expect("Reply-To").iter().filter_map(|to| to.address()).collect();
    assert_eq!(to, [ost, EVA], "both are answered");
    assert!(
        post::body(&told).contains(&format!("{ost} (for Eva Kern (Kern AG)) wrote:")),
        "{}",
        post::body(&told)
    );
    let timeline = app.get(&format!("/leads/{EVA}/events")).await;
    assert!(timeline.0 != 200 || timeline.1.to_string().contains(ost), "{timeline:?}");
    app.end().await;
}

async fn reps_are_written_to_in_their_language(db: TestDb) {
    let app = begin_with(db, OPERATOR, "").await;
    let ground = app.end().await;
    ground.reword("language = \"en\"", "language = \"de\"");
    let app = ground.start().await;
    add(&app, EVA, false).await;
    let answer = Written::reply_to(
        &app.mails(EVA)[0],
        EVA,
        "Guten Tag,\n\nwas kostet das für drei Werke?\n\nEva Kern",
    );
    app.hand_in(&answer.raw).await;
    app.settle().await;
    let told = app.mails(KIM).pop().expect("a mail");
    let mail = MessageParser::default().parse(&told).expect("a message");
    assert_eq!(
        mail.subject(),
        Some("Antwort von Eva Kern (Kern AG): \"was kostet das für drei Werke? Eva Kern\"")
    );
    let text = post::body(&told);
    for part in [
        "ist jetzt bei dir: hat geantwortet.",
        "E-Mail: eva@kern.example",
        "Firma: Kern AG",
        "Punkte 10: Profil 10",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("replied") && !text.contains("company"), "{text}");
    app.end().await;
}

async fn the_same_mail_from_two_sources_is_one(db: TestDb) {
    let app = begin(db).await;
    add(&app, EVA, false).await;
    let answer = Written::reply_to(&app.mails(EVA)[0], EVA, "Können wir am Dienstag sprechen?");
    assert_eq!(app.hand_in(&answer.raw).await["known"], false);
    let mail = MessageParser::default().parse(&answer.raw).expect("a message");
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("a recipient");
    let body = json!({
        "From": EVA, "FromFull": { "Email": EVA, "Name": "" }, "ToFull": [{ "Email": to, "Name": "" }],
        "OriginalRecipient": to, "Subject": mail.subject(), "Date": "Mon, 05 Jan 2026 10:00:00 +0000",
        "TextBody": post::body(&answer.raw), "MessageID": "postmark-1",
        "Headers": [{ "Name": "Message-ID", "Value": format!("<{}>", answer.message_id) }],
    });
    let (status, received) = hand_in_json(&app, "/inbound/postmark?key=post-key", &body).await;
    assert_eq!(
        (status, &received["known"], &received["kind"]),
        (200, &json!(true), &json!("human_reply")),
        "{received}"
    );
    let raw = json!({ "RawEmail": String::from_utf8(answer.raw.clone()).expect("text") });
    assert_eq!(hand_in_json(&app, "/inbound/postmark?key=post-key", &raw).await.1["known"], true);
    assert_eq!(hand_in_json(&app, "/inbound/postmark?key=wrong", &raw).await.0, 401);
    assert_eq!(hand_in_json(&app, "/inbound/pigeon?key=post-key", &raw).await.0, 404);
    assert_eq!(hand_in_json(&app, "/inbound/postmark?key=post-key", &json!({ "a": 1 })).await.0, 422);
    app.settle().await;
    assert_eq!(app.mails(KIM).len(), 1);
    app.end().await;
}

async fn hand_in_json(app: &TestApp, path: &str, body: &Value) -> (u16, Value) {
    let answer = app.request(Method::POST, path).json(body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}
