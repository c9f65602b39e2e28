//! The pages behind the links: looking changes nothing, pressing does it once, and what is settled stays so.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::clock::CLOCK;
use super::{EVA, KIM, LEE, answered, begin, file, has_link, link, timeline};
use crate::closing_the_loop::{add, lead, subjects};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{BROWSER, body};
use dripline::domain::time::{DAY, HOUR, SECOND};
use dripline::storage::hand_overs;

on_both!(
    looking_changes_nothing,
    the_page_says_what_the_file_says,
    page_and_file_are_read_on_a_phone_and_on_a_desktop,
    a_button_acts_once,
    what_is_settled_stays_so,
    a_commitment_is_an_opportunity,
    another_reps_links_are_worth_nothing,
    a_late_mail_gives_no_buttons_to_whoever_had_the_lead,
    no_means_silence,
    the_wrong_person_names_the_right_one,
    the_right_person_stays_with_their_rep,
    whoever_steps_in_gets_the_right_person,
    what_was_no_reply_is_undone,
    forms_say_what_is_wrong,
    hostile_words_are_harmless,
);

const ALL: [&str; 11] = [
    "Everything on one page",
    "I take it on",
    "Later",
    "A meeting is agreed",
    "Wants an offer",
    "Won",
    "Lost",
    "Not interested",
    "Back to marketing",
    "Wrong person",
    "This is no reply",
];

async fn whole(app: &TestApp, email: &str) -> (Value, usize) {
    (lead(app, email).await, app.explain(email).await.timeline.len())
}

async fn looking_changes_nothing(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let before = whole(&app, EVA).await;
    for words in ALL {
        let path = link(&told, words);
        let (status, page) = app.open(&path).await;
        assert_eq!(status, 200, "{words}: {page}");
        assert!(page.contains("Eva Kern (Kern AG)") && !page.contains("<script"), "{words}: {page}");
        assert_eq!(page.contains("<form"), words != ALL[0], "{words}");
        let head = app.browse(Method::HEAD, &path, BROWSER).await;
        assert_eq!(head.status().as_u16(), 200);
        assert_eq!(head.headers()["referrer-policy"], "no-referrer", "the link is a secret");
    }
    let overview = app.open(&link(&told, ALL[0])).await.1;
    assert!(overview.contains("submitted") || overview.contains("replied"), "{overview}");
    assert!(overview.contains("Is there a budget"), "{overview}");
    assert_eq!(overview.matches("<a href=").count(), ALL.len() - 1, "{overview}");
    for wrong in ["/s/", "/s/abc", "/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(app.open(wrong).await.0, 404, "{wrong}");
    }
    let token = link(&told, "Won");
    let changed = format!("{}{}", &token[..token.len() - 1], if token.ends_with('a') { "b" } else { "a" });
    assert_eq!(app.press(&changed).await.0, 404);
    assert_eq!(whole(&app, EVA).await, before);
    app.end().await;
}

async fn the_page_says_what_the_file_says(db: TestDb) {
    let (app, told) = answered(db, CLOCK).await;
    let (status, page) = app.open(&link(&told, ALL[0])).await;
    assert_eq!(status, 200);
    let file = file(&told, "Contact.html");
    for words in [
        "Please answer by 5 Jan 2026, 13:00 (Europe/Berlin).",
        "href=\"mailto:eva@kern.example?",
        ">Write to Eva Kern</a>",
        "Send a blind copy (Bcc)",
        "@in.nordwerk.example",
        "class=\"first\">I take it on</a>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
        assert!(file.contains(words), "{words}: {file}");
    }
    assert!(page.contains("Eva Kern (Kern AG) was handed over to you: replied."), "{page}");
    let place = |words: &str| page.find(&format!(">{words}</a>")).unwrap_or_else(|| panic!("{words}"));
    assert!(ALL[1..].is_sorted_by_key(|words| place(words)), "in an order that reads well: {page}");

    let (accept, all) = (file.find(">I take it on<"), file.find(">Everything on one page<"));
    assert!(accept < all && accept.is_some(), "{file}");

    // Whoever is asked to step in reads why, and is not to write before they have the lead.
    app.pass(9 * HOUR).await;
    let to_lee = app.mails(LEE).pop().expect("nobody answered");
    let page = app.open(&link(&to_lee, ALL[0])).await.1;
    assert!(page.contains("has been waiting for a word from Kim Meier"), "{page}");
    assert!(!page.contains("mailto:"), "{page}");
    app.end().await;
}

/// How many lines the e-mail address takes, whether it stands below its label, whether all fits the width, and how many
/// buttons look other than "Lost".
const LAYOUT: &str = r#"
    const value = [...document.querySelectorAll("dd")].find(found => found.textContent == "eva@kern.example");
    const label = value.previousElementSibling, range = document.createRange();
    range.selectNodeContents(value);
    const tops = new Set([...range.getClientRects()].map(box => box.top));
    const links = [...document.querySelectorAll("a")], ground = link => getComputedStyle(link).backgroundColor;
    const lost = ground(links.find(link => link.textContent == "Lost"));
    const last = links.at(-1).getBoundingClientRect().width, whole = document.querySelector("main").clientWidth;
    return [
        tops.size, label.getBoundingClientRect().bottom <= value.getBoundingClientRect().top,
        document.documentElement.scrollWidth <= innerWidth, last < whole / 2,
        links.filter(link => ground(link) != lost).map(link => link.textContent),
    ];
"#;

async fn page_and_file_are_read_on_a_phone_and_on_a_desktop(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let path = app.workspace.path().join("Contact.html");
    fs::write(&path, file(&told, "Contact.html")).expect("written");
    let page = app.url(&link(&told, ALL[0]));
    let browser = Browser::start().await;
    for url in [page, format!("file://{}", path.display())] {
        for (width, stacked) in [(390, true), (1280, false)] {
            browser.resize(width, 900).await;
            browser.open(&url).await;
            let first = ["Write to Eva Kern", "I take it on"];
            let seen = browser.script(LAYOUT).await;
            assert_eq!(seen, json!([1, stacked, true, true, first]), "{url} at {width}");
        }
    }
    app.end().await;
}

async fn a_button_acts_once(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let accept = link(&told, "I take it on");
    let (status, page) = app.press(&accept).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("It is yours"), "{page}");
    assert_eq!(lead(&app, EVA).await["qualification"], "sql");
    app.settle().await;
    let before = whole(&app, EVA).await;
    let (status, page) = app.press(&accept).await;
    assert_eq!(status, 200);
    assert!(page.contains("That was so already"), "{page}");
    assert_eq!(whole(&app, EVA).await, before);
    let day = [("until", "2026-02-02")];
    let later = link(&told, "Later");
    for expected in ["You will be reminded", "That was so already"] {
        let (_, page) = app.fill(&later, &day).await;
        assert!(page.contains(expected), "{page}");
    }
    let postponed = timeline(&app, EVA).await.into_iter().filter(|line| line.contains("comes back"));
    assert_eq!(postponed.collect::<Vec<_>>(), ["sales comes back to the lead on 2026-02-02"]);
    app.end().await;
}

async fn what_is_settled_stays_so(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let (status, page) = app.fill(&link(&told, "Won"), &[("amount", "12.000,50 €")]).await;
    assert_eq!(status, 200);
    assert!(page.contains("Congratulations!"), "{page}");
    assert_eq!(lead(&app, EVA).await["stage"], "customer");
    app.settle().await;
    let before = whole(&app, EVA).await;
    for words in ALL {
        let path = link(&told, words);
        for (status, page) in [app.open(&path).await, app.fill(&path, &[("words", "x")]).await] {
            assert_eq!(status, 200, "{words}");
            assert!(
                page.contains("This lead is won.") && page.contains("Nothing changed."),
                "{words}: {page}"
            );
            assert!(!page.contains("Kern"), "nothing is shown of a lead that is no longer theirs: {page}");
        }
    }
    assert_eq!(whole(&app, EVA).await, before);
    let mut tx = app.engine.db.read().await.unwrap();
    let sql = "SELECT CAST(amount AS TEXT) FROM hand_overs";
    assert_eq!(tx.first(sql, vec![], |row| row.text(0)).await.unwrap().as_deref(), Some("12000.5"));
    drop(tx);
    app.end().await;
}

async fn a_commitment_is_an_opportunity(db: TestDb) {
    let (app, told) = answered(db, "").await;
    for (words, done) in [("A meeting is agreed", "Noted: a meeting"), ("Wants an offer", "Noted: an offer")]
    {
        for said in [done, "That was so already"] {
            let (status, page) = app.press(&link(&told, words)).await;
            assert_eq!(status, 200);
            assert!(page.contains(said), "{said}: {page}");
        }
    }
    assert_eq!(lead(&app, EVA).await["qualification"], "sql");
    let lines = timeline(&app, EVA).await;
    for line in ["sales and the lead agreed to meet", "the lead wants an offer"] {
        assert_eq!(lines.iter().filter(|told| *told == line).count(), 1, "{line}: {lines:#?}");
    }
    app.end().await;
}

async fn another_reps_links_are_worth_nothing(db: TestDb) {
    let (app, told) = answered(db, "").await;
    assert_eq!(app.post(&format!("/leads/{EVA}/accept"), &json!({ "rep": "lee" })).await.0, 200);
    app.pass(5 * SECOND).await;
    let before = whole(&app, EVA).await;
    for (status, page) in
        [app.open(&link(&told, "Won")).await, app.press(&link(&told, "Not interested")).await]
    {
        assert_eq!(status, 200);
        assert!(page.contains("with Lee Sander") && !page.contains("Kern"), "{page}");
    }
    assert_eq!(whole(&app, EVA).await, before);
    let to_lee = app.mails(LEE).pop().expect("Lee is told");
    assert!(app.press(&link(&to_lee, "A meeting is agreed")).await.1.contains("Noted"));
    assert!(!has_link(&to_lee, "I take it on"), "Lee has it already");
    app.end().await;
}

async fn a_late_mail_gives_no_buttons_to_whoever_had_the_lead(db: TestDb) {
    let app = begin(db, "").await;
    let hand_over = json!({ "cause": "called us", "rep": "kim" });
    assert_eq!(app.post(&format!("/leads/{EVA}/hand-over"), &hand_over).await.0, 200);
    // Before the mail of the hand-over is on its way.
    assert_eq!(app.post(&format!("/leads/{EVA}/accept"), &json!({ "rep": "lee" })).await.0, 200);
    app.pass(5 * SECOND).await;
    assert_eq!(subjects(&app, KIM), ["About Eva Kern (Kern AG)"], "a note, and no hand-over");
    let note = app.mails(KIM).pop().expect("a note");
    assert!(body(&note).contains("Lee Sander has this lead now."), "{}", body(&note));
    assert!(ALL.iter().all(|words| !has_link(&note, words)), "{}", body(&note));
    assert!(!file(&note, "Contact.html").contains("/s/"), "nor in the file");
    assert_eq!(subjects(&app, LEE), ["New contact: Eva Kern (Kern AG)"]);
    assert!(has_link(&app.mails(LEE)[0], "Won"));

    let tom = "tom@kern.example";
    add(&app, tom, false).await;
    app.post(&format!("/leads/{tom}/hand-over"), &hand_over).await;
    app.post(&format!("/leads/{tom}/lost"), &json!({ "reason": "too dear" })).await;
    app.pass(5 * SECOND).await;
    assert_eq!(app.mails(KIM).len(), 1, "what is settled is nobody's work any more");
    let untold = timeline(&app, tom).await.into_iter().filter(|line| line.contains("could not be told"));
    assert_eq!(untold.count(), 0, "and that is no trouble");
    app.end().await;
}

async fn no_means_silence(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let (status, page) =
        app.fill(&link(&told, "Not interested"), &[("no", "now"), ("words", "has one")]).await;
    assert_eq!(status, 200, "{page}");
    app.pass(60 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"], "\"no\" never returns to marketing by itself");
    assert_eq!(lead(&app, EVA).await["stopped_by"], json!(null));

    let tom = "tom@kern.example";
    add(&app, tom, false).await;
    app.post(&format!("/leads/{tom}/hand-over"), &json!({ "cause": "called us" })).await;
    app.pass(5 * SECOND).await;
    let told = app.mails(KIM).pop().expect("told");
    assert!(!has_link(&told, "This is no reply"), "nobody replied");
    let (status, page) = app.fill(&link(&told, "Not interested"), &[("no", "never")]).await;
    assert_eq!(status, 200, "{page}");
    let tom = lead(&app, tom).await;
    assert_eq!((&tom["stopped_by"], &tom["with"]), (&json!("objection"), &json!("marketing")), "{tom}");
    app.end().await;
}

async fn the_wrong_person_names_the_right_one(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let ida = "ida@kern.example";
    let wrong = link(&told, "Wrong person");
    let fields = [("email", ida), ("first_name", "Ida"), ("last_name", "Lang")];
    let (status, page) = app.fill(&wrong, &fields).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("The right person is yours"), "{page}");
    assert!(app.fill(&wrong, &fields).await.1.contains("Nothing changed"));
    app.pass(5 * SECOND).await;
    let right = lead(&app, ida).await;
    assert_eq!((&right["with"], &right["owner"]), (&json!("sales"), &json!("kim")), "{right}");
    assert_eq!(subjects(&app, KIM).pop().as_deref(), Some("New contact: Ida Lang (Kern AG)"));
    app.pass(40 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello"], "the wrong one is left alone");
    app.post(&format!("/leads/{ida}/return"), &json!({ "reason": "later" })).await;
    app.pass(40 * DAY).await;
    assert_eq!(subjects(&app, ida), [""; 0], "nobody is written to who did not agree");
    assert!(timeline(&app, EVA).await.contains(&format!("sales talks to {ida} instead")));
    app.end().await;
}

async fn the_right_person_stays_with_their_rep(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let ida = "ida@hill.example";
    let known = json!({ "email": ida, "first_name": "Ida", "last_name": "Lang", "company": "Hill GmbH" });
    assert_eq!(app.post("/leads", &known).await.0, 201);
    let hand_over = json!({ "cause": "called us", "rep": "lee" });
    assert_eq!(app.post(&format!("/leads/{ida}/hand-over"), &hand_over).await.0, 200);
    app.pass(5 * SECOND).await;
    let (status, page) = app.fill(&link(&told, "Wrong person"), &[("email", ida)]).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("with Lee Sander already") && !page.contains("is yours"), "{page}");
    app.pass(5 * SECOND).await;
    let right = lead(&app, ida).await;
    assert_eq!((&right["owner"], &right["company"]), (&json!("lee"), &json!("Hill GmbH")), "{right}");
    assert_eq!(subjects(&app, LEE)[1..], ["About Ida Lang (Hill GmbH)"]);
    let note = app.mails(LEE).pop().expect("a note");
    assert!(body(&note).contains("named in place of eva@kern.example"), "{}", body(&note));
    assert_eq!(lead(&app, EVA).await["with"], "marketing");
    app.end().await;
}

async fn whoever_steps_in_gets_the_right_person(db: TestDb) {
    let (app, _) = answered(db, CLOCK).await;
    app.pass(9 * HOUR).await;
    let to_lee = app.mails(LEE).pop().expect("nobody answered");
    let ida = "ida@kern.example";
    let (status, page) = app.fill(&link(&to_lee, "Wrong person"), &[("email", ida)]).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("The right person is yours"), "{page}");
    assert_eq!(lead(&app, ida).await["owner"], "lee");
    app.pass(5 * SECOND).await;
    assert_eq!(subjects(&app, LEE)[1..], ["New contact: ida@kern.example (Kern AG)"]);
    app.end().await;
}

async fn what_was_no_reply_is_undone(db: TestDb) {
    let more = "[[score]]\non = \"replied\"\npoints = 15\n";
    let (app, told) = answered(db, more).await;
    assert!(app.explain(EVA).await.score.contains("engagement 15"));
    let (status, page) = app.press(&link(&told, "This is no reply")).await;
    assert_eq!(status, 200, "{page}");
    let now = lead(&app, EVA).await;
    assert_eq!((&now["with"], &now["prospect_since"]), (&json!("marketing"), &json!(null)), "{now}");
    assert!(app.explain(EVA).await.score.contains("engagement 0"), "its points are gone");
    app.pass(4 * DAY).await;
    assert_eq!(subjects(&app, EVA), ["hello", "tofu-last"], "as if it had not been");
    let lines = timeline(&app, EVA).await;
    assert!(lines.iter().any(|line| line.starts_with("replied")), "the event stays: {lines:#?}");
    assert!(app.press(&link(&told, "This is no reply")).await.1.contains("Nothing changed"));
    app.end().await;
}

async fn forms_say_what_is_wrong(db: TestDb) {
    let (app, told) = answered(db, "[lost.dear]\ntitle = \"Too dear\"\n").await;
    let before = whole(&app, EVA).await;
    for (words, fields, expected) in [
        ("Later", [("until", "tomorrow")], "Please choose a day."),
        ("Later", [("until", "2025-01-01")], "a day to come"),
        ("Later", [("until", "2126-01-01")], "within two years"),
        ("Won", [("amount", "much")], "is not an amount"),
        ("Won", [("amount", "-3")], "is not an amount"),
        ("Lost", [("reason", "unknown")], "Please choose a reason"),
        ("Not interested", [("no", "")], "Please choose one"),
        ("Wrong person", [("email", "nobody")], "is not an e-mail address"),
        ("Wrong person", [("email", EVA)], "the same person"),
    ] {
        let (status, page) = app.fill(&link(&told, words), &fields).await;
        assert_eq!(status, 422, "{words}: {page}");
        assert!(page.contains(expected) && page.contains("<form"), "{words}: {page}");
        let (name, typed) = fields[0];
        let kept =
            !["until", "amount", "email"].contains(&name) || page.contains(&format!("value=\"{typed}\""));
        assert!(kept, "what was typed stays: {page}");
    }
    assert_eq!(whole(&app, EVA).await, before);
    let labelled = app.open(&link(&told, "Lost")).await.1;
    assert_eq!(labelled.matches("<input type=\"radio\"").count(), 1 + 4, "{labelled}");
    assert!(labelled.contains("Too dear"), "{labelled}");
    app.end().await;
}

async fn hostile_words_are_harmless(db: TestDb) {
    let (app, told) = answered(db, "").await;
    let hostile = "\"><script>alert(1)</script>\u{202e}\r\nBcc: x@y.example\0";
    let (status, page) = app.fill(&link(&told, "Won"), &[("amount", hostile)]).await;
    // The digit in it is an amount, and all else is left out.
    assert_eq!(status, 200, "{page}");
    let tom = "tom@kern.example";
    add(&app, tom, false).await;
    let cause = json!({ "cause": "\"><script>alert(1)</script>\u{202e}=1+1" });
    assert_eq!(app.post(&format!("/leads/{tom}/hand-over"), &cause).await.0, 200);
    app.pass(5 * SECOND).await;
    let told = app.mails(KIM).pop().expect("told");
    let (status, page) = app.fill(&link(&told, "Lost"), &[("words", hostile), ("feedback", "tone")]).await;
    assert_eq!(status, 200, "{page}");
    assert!(!page.contains("<script"), "{page}");
    let mut tx = app.engine.db.read().await.unwrap();
    let id = lead(&app, tom).await["id"].as_i64().expect("an id");
    assert_eq!(hand_overs::causes(&mut tx, id).await.unwrap().len(), 1);
    drop(tx);
    app.end().await;
}
