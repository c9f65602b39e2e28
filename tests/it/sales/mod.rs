//! What sales says of a lead: by the links of its mail, by answering the lead, or by saying nothing.

mod answers;
mod back;
mod clock;
mod letter;
mod pages;

use mail_parser::{MessageParser, MimeHeaders};

use crate::closing_the_loop::{OPERATOR, add, begin_with};
use crate::support::app::TestApp;
use crate::support::database::TestDb;
use crate::support::post::{Written, body};

const EVA: &str = "eva@kern.example";
const KIM: &str = "kim@nordwerk.example";
const LEE: &str = "lee@nordwerk.example";

/// What Eva answers.
const WORDS: &str = "Können wir am Dienstag sprechen?";

/// A server with one lead that got its first mail.
async fn begin(db: TestDb, more: &str) -> TestApp {
    let app = begin_with(db, OPERATOR, more).await;
    add(&app, EVA, true).await;
    app
}

/// The same once the lead has answered and the rep knows; and the rep's mail.
async fn answered(db: TestDb, more: &str) -> (TestApp, Vec<u8>) {
    let app = begin(db, more).await;
    let answer = Written::reply_to(&app.mails(EVA)[0], EVA, WORDS);
    assert_eq!(app.hand_in(&answer.raw).await["kind"], "human_reply");
    app.settle().await;
    let told = app.mails(KIM).pop().expect("the rep is told");
    (app, told)
}

/// The path of a link in the rep's mail, by its words.
fn link(mail: &[u8], words: &str) -> String {
    let text = body(mail);
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{words}: http://localhost:8080")));
    line.unwrap_or_else(|| panic!("no link \"{words}\" in {text}")).to_owned()
}

/// Whether there is one.
fn has_link(mail: &[u8], words: &str) -> bool {
    body(mail).contains(&format!("\n{words}: http"))
}

/// The file with everything that comes with a rep's mail.
fn file(mail: &[u8], name: &str) -> String {
    let message = MessageParser::default().parse(mail).expect("a message");
    let file = message.attachments().find(|file| file.attachment_name() == Some(name));
    String::from_utf8(file.expect("the file").contents().to_vec()).expect("UTF-8")
}

/// The HTML part of a mail.
fn html(mail: &[u8]) -> String {
    let message = MessageParser::default().parse(mail).expect("a message");
    assert!(message.html_part(0).is_some_and(|part| part.is_text_html()), "it has an HTML part");
    message.body_html(0).expect("HTML").into_owned()
}

/// What the timeline says.
async fn timeline(app: &TestApp, email: &str) -> Vec<String> {
    app.explain(email).await.timeline.into_iter().map(|entry| entry.what).collect()
}
