//! The whole way: a mail goes out by Postfix into Dovecot, its reader answers with a mail program of their own, the answer
//! comes back into the inbound mailbox, and sales has it.

use std::process::Stdio;
use std::time::Duration;

use dripline::domain::time::HOUR;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::imap::mailbox;
use crate::support::app::{Ground, TestApp};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot, url};
use crate::support::pace::until;
use crate::support::postfix::Postfix;
use crate::support::world::{FUNNEL, files};

on_both!(
    an_answer_comes_back_to_sales,
    a_rep_presses_reply,
    a_folder_of_sent_mail_stops_the_clock,
    a_bounce_of_postfix_suppresses
);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const EVA: &str = "eva@kern.example";
const KIM: &str = "kim@nordwerk.example";
const SENT: &str = "kim-sent@boxes.test";
const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n[[step]]\nwait = \"3 days\"\nmail = \"more\"\n";
const MAIL: &str = "+++\nsubject = \"What does a bad roof cost?\"\n+++\nDear {{default lead.first_name \"reader\"}}, shall we talk?\n";

struct World {
    app: TestApp,
    dovecot: Dovecot,
    postfix: Postfix,
}

/// Dripline between a Postfix and a Dovecot, as in an office.
async fn begin(db: TestDb) -> World {
    begin_with(db, "").await
}

/// The same, with more in funnel.toml.
async fn begin_with(db: TestDb, more: &str) -> World {
    let funnel = format!("{FUNNEL}{more}");
    let dovecot = Dovecot::start();
    [EVA, KIM, SENT].iter().for_each(|user| dovecot.add_user(user));
    let domain = "in.nordwerk.example";
    let postfix = Postfix::start(dovecot.lmtp, "kern.example, nordwerk.example, boxes.test", domain, BOX);
    let operator =
        format!("[inbound]\ndomain = \"{domain}\"\n{}", mailbox(dovecot.imap, "then = \"move Done\""));
    // The folder in which Kim's mail program keeps what it sent.
    let sent = format!("[mailbox.sent]\nurl = \"{}\"\nsent = true\n", url(SENT, dovecot.imap));
    let operator = operator + &sent;
    let all = [
        ("dripline.toml", operator.as_str()),
        ("funnel.toml", funnel.as_str()),
        ("sequences/hello.toml", HELLO),
        ("templates/mail/hello.md", MAIL),
        ("templates/mail/more.md", MAIL),
    ];
    let relay = format!("smtp://127.0.0.1:{}?tls=none", postfix.port);
    let ground = Ground::new(db, &files(&all)).await;
    let ground = ground.adjusted(move |config| {
        config.relays.get_mut("main").expect("a relay").url = relay.clone();
    });
    World { app: ground.start().await, dovecot, postfix }
}

impl World {
    async fn add(&self, email: &str) {
        let lead = json!({
            "email": email, "first_name": "Eva", "last_name": "Kern", "basis": "double_opt_in",
            "consent_at": "2026-01-02T10:00:00Z",
        });
        assert_eq!(self.app.post("/leads", &lead).await.0, 201);
        self.app.settle().await;
    }

    /// A lead as it is once this is so.
    async fn lead_when(&self, email: &str, so: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/leads/{email}");
        until(PATIENCE, async || Some(self.app.get(&path).await.1).filter(|lead| so(lead))).await
    }

    /// The mails in a mailbox, oldest first, once there are so many.
    async fn mails_of(&self, email: &str, count: usize) -> Vec<Vec<u8>> {
        let uids = ["-f", "flow", "fetch", "-u", email, "uid", "mailbox", "INBOX"];
        let mails = async || {
            let found = self.dovecot.doveadm(&uids);
            let uids: Vec<&str> = found.lines().map(|line| line.trim().trim_start_matches("uid=")).collect();
            let mail = |uid: &&str| {
                let fetch = ["fetch", "-u", email, "text", "mailbox", "INBOX", "uid", uid];
                self.dovecot.doveadm(&fetch).trim_start_matches("text:\n").as_bytes().to_vec()
            };
            (uids.len() >= count).then(|| uids.iter().map(mail).collect::<Vec<_>>())
        };
        until(PATIENCE, mails).await
    }

    /// Somebody answers the newest of so many mails with a mail program.
    async fn reply(&self, user: &str, count: usize, words: &str, copy: &[&str]) {
        let ports = [self.dovecot.imap, self.postfix.port].map(|port| port.to_string());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/imap/reply.py");
        let mut program = Command::new("python3");
        program.arg(script).args(ports).args([user, &count.to_string(), words]).args(copy);
        program.stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, program.output()).await.expect("it ends");
        let output = output.expect("this test needs Python 3: run tests/run, which installs it");
        assert!(output.status.success(), "{output:?}");
    }

    /// The only mail in a mailbox, once it is there.
    async fn mail_of(&self, email: &str) -> Vec<u8> {
        let fetch = ["fetch", "-u", email, "text", "mailbox", "INBOX"];
        let raw = async || Some(self.dovecot.doveadm(&fetch)).filter(|raw| !raw.is_empty());
        let raw = until(PATIENCE, raw).await;
        raw.trim_start_matches("text:\n").as_bytes().to_vec()
    }
}

async fn an_answer_comes_back_to_sales(db: TestDb) {
    let world = begin(db).await;
    world.add(EVA).await;
    let words = "Yes please. The plan of our roof is attached.\nBest, Eva";
    let ports = [world.dovecot.imap, world.postfix.port].map(|port| port.to_string());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/imap/answer.py");
    let mut program = Command::new("python3");
    program.arg(script).args(ports).args([EVA, words]).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, program.output()).await.expect("it ends");
    let output = output.expect("this test needs Python 3: run tests/run, which installs it");
    assert!(output.status.success(), "{output:?}");

    let lead = world.lead_when(EVA, |lead| lead["with"] == "sales").await;
    assert_eq!(lead["owner"], "kim", "{lead}");
    assert!(lead["prospect_since"].is_string(), "{lead}");
    world.app.settle().await;
    let raw = world.mail_of(KIM).await;
    let told = MessageParser::default().parse(&raw).expect("a message");
    let text = told.body_text(0).expect("a text").replace("\r\n", "\n");
    assert!(text.contains("Yes please. The plan of our roof is attached."), "{text}");
    assert!(!text.contains("shall we talk"), "what is quoted is known: {text}");
    let answers_to = told.reply_to().and_then(|to| to.first()).and_then(|to| to.address());
    assert_eq!(answers_to, Some(EVA));
    let plan = told.attachments().find(|file| file.attachment_name() == Some("plan.pdf"));
    assert_eq!(plan.expect("the rep gets the file").contents(), b"%PDF-1.4 the plan\n");
    let done = async || Some(world.dovecot.flags("Done")).filter(|flags| flags.len() == 1);
    until(PATIENCE, done).await;
    assert_eq!(world.dovecot.flags("INBOX").len(), 0);
    world.app.end().await;
}

/// The lead answers, the rep presses "reply" with a blind copy, the lead has it, the clock stops, and the lead's next answer
/// reaches the rep.
async fn a_rep_presses_reply(db: TestDb) {
    let world = begin_with(db, "[hand_over]\nrespond_within = \"4 hours\"\n").await;
    world.add(EVA).await;
    world.reply(EVA, 1, "Yes please, on Tuesday.", &[]).await;
    world.lead_when(EVA, |lead| lead["with"] == "sales").await;
    world.app.settle().await;
    world.reply(KIM, 1, "Tuesday it is.", &["c."]).await;

    let mails = world.mails_of(EVA, 2).await;
    let answer = MessageParser::default().parse(&mails[1]).expect("a message");
    let from = answer.from().and_then(|from| from.first()).and_then(|from| from.address());
    assert_eq!(from, Some(KIM));
    let parts = [answer.body_text(0), answer.body_html(0)].map(|part| part.expect("both parts").into_owned());
    for part in parts {
        assert!(part.contains("Tuesday it is.") && part.contains("Yes please, on Tuesday."), "{part}");
        for secret in ["/s/", "Is there a budget", "score", "in.nordwerk.example"] {
            assert!(!part.contains(secret), "{secret} reached the lead: {part}");
        }
    }
    let raw = String::from_utf8_lossy(&mails[1]).into_owned();
    assert!(!raw.contains("Bcc:"), "{raw}");
    assert!(answer.references().as_text_list().is_some_and(|ids| ids.len() >= 2), "it stays in the thread");

    let seen = async || {
        let told = world.app.explain(EVA).await.timeline;
        told.into_iter().find(|entry| entry.what == "Kim Meier wrote to the lead")
    };
    until(PATIENCE, seen).await;
    world.app.pass(20 * HOUR).await;
    assert_eq!(world.mails_of(KIM, 1).await.len(), 1, "nobody is reminded: the clock stands");

    world.reply(EVA, 2, "See you then.", &[]).await;
    let mails = world.mails_of(KIM, 2).await;
    let next = MessageParser::default().parse(&mails[1]).expect("a message");
    assert!(next.body_text(0).expect("a text").contains("See you then."));
    let from = next.from().and_then(|from| from.first()).and_then(|from| from.address());
    assert_eq!(from, Some(EVA));
    world.app.end().await;
}

async fn a_folder_of_sent_mail_stops_the_clock(db: TestDb) {
    let world = begin_with(db, "").await;
    world.add(EVA).await;
    let cause = json!({ "cause": "called us" });
    assert_eq!(world.app.post(&format!("/leads/{EVA}/hand-over"), &cause).await.0, 200);
    let mail = |to: &str| {
        format!(
            "From: Kim <kim.meier@private.example>\r\nTo: {to}\r\nSubject: Lunch\r\nMessage-ID: <{to}>\r\n\r\nAt one.\r\n"
        )
    };
    world.dovecot.deliver(SENT, mail("friend@private.example").as_bytes());
    world.dovecot.deliver(SENT, mail(EVA).as_bytes());
    let seen = async || {
        let told = world.app.explain(EVA).await.timeline;
        told.into_iter().find(|entry| entry.what.ends_with("wrote to the lead"))
    };
    let seen = until(PATIENCE, seen).await;
    assert_eq!(seen.what, "kim.meier@private.example wrote to the lead");
    let kept = crate::imap::evidence(&world.app.engine.db).await;
    assert_eq!(kept.len(), 1, "what concerns no lead is not kept: {kept:?}");
    world.app.end().await;
}

async fn a_bounce_of_postfix_suppresses(db: TestDb) {
    let world = begin(db).await;
    let nobody = "nobody@kern.example";
    world.add(nobody).await;
    let lead = world.lead_when(nobody, |lead| lead["stopped_by"].is_string()).await;
    assert_eq!(lead["stopped_by"], "hard_bounce", "{lead}");
    world.add(EVA).await;
    let other = world.app.get(&format!("/leads/{EVA}")).await.1;
    assert_eq!(other["stopped_by"], Value::Null, "{other}");
    world.app.end().await;
}
