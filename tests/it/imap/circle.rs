//! The whole way: a mail goes out by Postfix into Dovecot, its reader answers with a mail program of their own, the answer
//! comes back into the inbound mailbox, and sales has it.

use std::process::Stdio;
use std::time::Duration;

use mail_parser::MessageParser;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::imap::mailbox;
use crate::support::app::{Ground, TestApp};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;
use crate::support::postfix::Postfix;
use crate::support::world::{FUNNEL, files};

on_both!(an_answer_comes_back_to_sales, a_bounce_of_postfix_suppresses);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const EVA: &str = "eva@kern.example";
const KIM: &str = "kim@nordwerk.example";
const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n[[step]]\nwait = \"3 days\"\nmail = \"more\"\n";
const MAIL: &str = "+++\nsubject = \"What does a bad roof cost?\"\n+++\nDear {{default lead.first_name \"reader\"}}, shall we talk?\n";

struct World {
    app: TestApp,
    dovecot: Dovecot,
    postfix: Postfix,
}

/// Dripline between a Postfix and a Dovecot, as in an office.
async fn begin(db: TestDb) -> World {
    let dovecot = Dovecot::start();
    [EVA, KIM].iter().for_each(|user| dovecot.add_user(user));
    let domain = "in.nordwerk.example";
    let postfix = Postfix::start(dovecot.lmtp, "kern.example, nordwerk.example, boxes.test", domain, BOX);
    let operator =
        format!("[inbound]\ndomain = \"{domain}\"\n{}", mailbox(dovecot.imap, "then = \"move Done\""));
    let all = [
        ("dripline.toml", operator.as_str()),
        ("funnel.toml", FUNNEL),
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
    let done = async || Some(world.dovecot.flags("Done")).filter(|flags| flags.len() == 1);
    until(PATIENCE, done).await;
    assert_eq!(world.dovecot.flags("INBOX").len(), 0);
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
