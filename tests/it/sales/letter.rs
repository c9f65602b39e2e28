//! The rep's mail: what it says, and what of it may reach the lead by an answer that quotes all of it.

use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::json;

use super::{EVA, KIM, WORDS, answered, begin, file, has_link, html, link};
use crate::closing_the_loop::{OPERATOR, add, begin_with, lead, subjects};
use crate::support::database::{TestDb, on_both};
use crate::support::post::{self, BROWSER, Written, body};
use dripline::domain::time::{MINUTE, SECOND};

on_both!(
    it_says_all_that_is_known,
    a_mail_that_asks_for_the_form_has_its_subject,
    an_unwary_answer_quotes_nothing_but_the_lead,
    an_unwary_answer_quotes_no_cause,
    a_reply_is_why_sales_has_it,
    it_is_in_the_language_of_the_house,
    hostile_names_are_harmless,
);

async fn it_says_all_that_is_known(db: TestDb) {
    let app = begin(db, "").await;
    app.pass(2 * MINUTE).await;
    let click = post::links(&app.mails(EVA)[0]).remove(0);
    app.browse(Method::GET, &click, BROWSER).await;
    app.pass(2 * MINUTE).await;
    let more = json!({
        "email": EVA, "phone": "+49 40 1234", "city": "Hamburg", "job_title": "COO", "timezone": "Asia/Tokyo",
        "company": "Kern AG", "fields": { "budget": "50000", "need": "a new roof" },
    });
    assert!(app.post("/leads", &more).await.0 < 300);
    add(&app, "tom@kern.example", false).await;
    let answer = Written::reply_to(&app.mails(EVA)[0], EVA, WORDS);
    app.hand_in(&answer.raw).await;
    app.settle().await;
    let told = app.mails(KIM).pop().expect("the rep is told");
    let subject = subjects(&app, KIM).pop().expect("a subject");
    assert_eq!(subject, format!("Reply from Eva Kern (Kern AG): \"{WORDS}\""));
    let (text, file) = (body(&told), file(&told, "Contact.html"));
    for known in [
        WORDS,
        "+49 40 1234",
        "Hamburg",
        "COO",
        "Asia/Tokyo",
        "no consent to calls is recorded",
        "clicked price (5 Jan 2026)",
        "+20",
        "+10",
        "country DE",
        "MoFu",
        "prequalified",
        "50000",
        "a new roof",
        "Who decides",
        "By when is it to be solved?",
        "with marketing",
        "replied",
        "hello",
        "clicked",
        "agreed and confirmed, 2 Jan 2026",
    ] {
        assert!(text.contains(known), "{known} in {text}");
        assert!(file.contains(&known.replace('"', "&quot;")), "{known} in {file}");
    }
    let said = text.find(WORDS).expect("the words");
    let mark = text.find("\n-- \n").expect("the line that begins a signature");
    assert!(!file.contains("may I call?:") && !text.contains("?:"), "{text}");
    assert!(said < mark && text.find("budget").expect("a budget") > mark, "the words come first: {text}");
    let message = MessageParser::default().parse(&told).expect("a message");
    assert_eq!(message.in_reply_to().as_text(), Some(answer.message_id.as_str()));
    let file = file.replace("&#x3D;", "=");
    assert!(file.contains("mailto:eva@kern.example?subject=Re%3A%20hello&amp;bcc=c."), "{file}");
    app.end().await;
}

async fn a_mail_that_asks_for_the_form_has_its_subject(db: TestDb) {
    let app = begin_with(db, OPERATOR, "").await;
    app.edit("templates/mail/hello.md", "+++\nsubject = \"Who are you?\"\n+++\n[Tell us]({{link.form}})\n");
    app.apply().await;
    add(&app, EVA, false).await;
    app.hand_in(&Written::reply_to(&app.mails(EVA)[0], EVA, WORDS).raw).await;
    app.settle().await;
    let told = app.mails(KIM).pop().expect("the rep is told");
    assert!(body(&told).contains("09:00: \"Who are you?\""), "{}", body(&told));
    app.end().await;
}

/// As Gmail and Outlook do it, who quote the whole HTML part; and those that take the text leave out its signature.
async fn an_unwary_answer_quotes_nothing_but_the_lead(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let text = body(&told);
    let quoted = [html(&told), text.split("\n-- \n").next().expect("a text").to_owned()];
    for quoted in quoted {
        assert!(quoted.contains(WORDS));
        for secret in ["/s/", "score", "fit", "budget", "MoFu", "ToFu", "Sql", "c.", "Everything"] {
            let leaks = quoted.replace("css", "").contains(secret);
            // An address for copies begins so, and nothing else.
            let leaks = if secret == "c." { quoted.contains("@in.nordwerk.example") } else { leaks };
            assert!(!leaks, "{secret} in {quoted}");
        }
        assert!(!quoted.contains("http://localhost"), "{quoted}");
    }
    let html = html(&told);
    for loads in ["<img", "src=", "url(", "@import", "<link", "<script"] {
        assert!(!html.contains(loads), "{loads} in {html}");
    }
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("width=device-width"));
    app.end().await;
}

/// Nobody wrote anything: what was said of the lead is for the rep alone.
async fn an_unwary_answer_quotes_no_cause(db: TestDb) {
    let app = begin(db, "").await;
    let cause = "looked at pricing";
    assert_eq!(app.post(&format!("/leads/{EVA}/hand-over"), &json!({ "cause": cause })).await.0, 200);
    app.pass(5 * SECOND).await;
    let told = app.mails(KIM).pop().expect("told");
    assert_eq!(subjects(&app, KIM), ["New contact: Eva Kern (Kern AG)"], "the answer has it as well");
    let text = body(&told);
    let (quoted, kept) = text.split_once("\n-- \n").expect("a text");
    assert!(quoted.starts_with("Eva Kern (Kern AG)") && !quoted.contains(cause), "{quoted}");
    assert!(kept.contains(&format!("Eva Kern (Kern AG) was handed over to you: {cause}.")), "{kept}");
    assert!(!html(&told).contains(cause), "{}", html(&told));
    let file = file(&told, "Contact.html");
    assert!(file.contains(cause) && file.contains("<title>Eva Kern (Kern AG)</title>"), "{file}");
    app.end().await;
}

async fn a_reply_is_why_sales_has_it(db: TestDb) {
    let more = r#"
[[score]]
on = "replied"
points = 100
[qualification.mql]
when = "score >= 100"
hand_over = "is ready"
"#;
    let (app, told) = answered(db, more).await;
    assert_eq!(app.mails(KIM).len(), 1, "one mail tells all");
    assert!(has_link(&told, "This is no reply"), "{}", body(&told));
    let mut tx = app.engine.db.read().await.unwrap();
    let sql = "SELECT cause, origin FROM hand_overs";
    let opened = tx.all(sql, vec![], |row| Ok((row.text(0)?, row.text(1)?))).await.unwrap();
    drop(tx);
    assert_eq!(opened, [("replied".to_owned(), "reply".to_owned())], "it takes no place of capacity");
    assert_eq!(lead(&app, EVA).await["qualification"], "mql", "the rules are asked all the same");
    app.end().await;
}

async fn it_is_in_the_language_of_the_house(db: TestDb) {
    let (app, told) = {
        let app = begin_with(db, OPERATOR, "").await;
        app.reword("language = \"en\"", "language = \"de\"");
        app.apply().await;
        add(&app, EVA, true).await;
        app.hand_in(&Written::reply_to(&app.mails(EVA)[0], EVA, WORDS).raw).await;
        app.settle().await;
        let told = app.mails(KIM).pop().expect("the rep is told");
        (app, told)
    };
    let text = body(&told);
    for words in
        ["Antworte auf diese Mail", "Was zu klären ist", "Gibt es ein Budget", "keine Einwilligung in Anrufe"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(file(&told, "Kontakt.html").contains("Eva Kern schreiben"));
    let page = app.open(&link(&told, "Verloren")).await.1;
    assert!(page.contains("<html lang=\"de\">") && page.contains("In deinen Worten"), "{page}");
    app.end().await;
}

async fn hostile_names_are_harmless(db: TestDb) {
    let app = begin_with(db, OPERATOR, "").await;
    let hostile = "=HYPERLINK(\"x\")<b>&\u{202e}\u{1f600}\"";
    let body_of = json!({
        "email": EVA, "first_name": hostile, "last_name": "O'Brien", "company": hostile, "city": hostile,
        "job_title": "<img src=x>", "fields": { "budget": "</dd><script>alert(1)</script>" },
        "basis": "double_opt_in", "consent_at": "2026-01-02T10:00:00Z", "consent_text": "<i>\u{202e}yes",
    });
    assert_eq!(app.post("/leads", &body_of).await.0, 201);
    app.settle().await;
    let words = "<script>alert(1)</script>\n-- \nhttp://x.example/\n\u{202e}evil";
    app.hand_in(&Written::plain(&app.mails(EVA)[0], EVA, words).raw).await;
    app.pass(5 * SECOND).await;
    let told = app.mails(KIM).pop().expect("told");
    let message = MessageParser::default().parse(&told).expect("a message");
    let subject = message.subject().expect("a subject").to_owned();
    assert!(!subject.contains(['\u{202e}', '\n']), "{subject:?}");
    for page in
        [html(&told), file(&told, "Contact.html"), app.open(&link(&told, "Everything on one page")).await.1]
    {
        assert!(
            !page.contains("<script>alert") && !page.contains("<img") && !page.contains("<b>&"),
            "{page}"
        );
        assert!(!page.contains('\u{202e}'), "{page}");
        assert!(page.contains("\u{1f600}"), "an emoji is no harm: {page}");
    }
    let text = body(&told);
    let first = text.find("\n-- \n").expect("a mark");
    assert!(text[..first].contains("> <script>"), "the lead's words make no mark: {text}");
    assert!(!text.contains('\u{202e}'));
    app.end().await;
}
