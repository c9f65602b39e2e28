//! The server is killed while it sends: every lead has its mail, and a double is known as one.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use dripline::domain::enrollment::MessageState;
use dripline::domain::event::EventKind;
use dripline::storage::{events, leads, messages};
use tokio::process::{Child, Command};

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::smtp_server::{Offer, SmtpServer, Transaction};
use crate::support::world::FUNNEL;

on_both!(a_killed_server_loses_nothing);

const LEADS: usize = 2_000;

/// With sixteen connections a run takes more than twenty seconds.
const DELAY: Duration = Duration::from_millis(170);

const SEQUENCE: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n";
const MAIL: &str = "+++\nsubject = \"Hello\"\n+++\nHello {{lead.email}}\n";

/// A workspace on the disk, and the server that runs in it.
struct Home {
    dir: tempfile::TempDir,
    url: String,
    port: u16,
}

impl Home {
    fn new(db: &TestDb, server: &SmtpServer) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = [
            ("funnel.toml", FUNNEL),
            ("sequences/hello.toml", SEQUENCE),
            ("templates/mail/hello.md", MAIL),
        ];
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { dir, url: db.url(), port: server.port() }
    }

    fn dripline(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command.env("DRIPLINE_WORKSPACE", self.dir.path());
        command.env("DRIPLINE_SERVER__DATABASE", &self.url);
        command.env("DRIPLINE_SERVER__LISTEN", "127.0.0.1:0");
        command.env("DRIPLINE_SECRET", "test:0123456789abcdef0123456789abcdef");
        command.env("DRIPLINE_RELAY__MAIN__URL", format!("smtp://127.0.0.1:{}?tls=none", self.port));
        command
    }

    async fn done(&self, args: &[&str]) {
        let status = self.dripline(args).status().await.unwrap();
        assert!(status.success(), "dripline {args:?}: {status}");
    }

    fn serve(&self) -> Child {
        self.dripline(&["serve"]).spawn().unwrap()
    }
}

async fn a_killed_server_loses_nothing(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let home = Home::new(&db, &server);
    home.done(&["serve", "--until-idle"]).await;
    server.delay(DELAY);
    let runs = scaled(50);
    for run in 0..runs {
        let csv = write_leads(home.dir.path(), run);
        home.done(&["import", &csv]).await;
        let mut child = home.serve();
        // Uniform over the run, each time somewhere else.
        let kill_at = run * LEADS + 1 + (run * 2 + 1) * LEADS / (2 * runs);
        server.wait_patiently(|server| server.accepted_count() >= kill_at).await;
        child.kill().await.unwrap();
        home.done(&["serve", "--until-idle"]).await;
    }
    check(&db, &server, runs * LEADS).await;
}

fn write_leads(dir: &Path, run: usize) -> String {
    let mut text = String::from("email,basis,consent_at\n");
    for n in 0..LEADS {
        text += &format!("lead{run}x{n}@d{}.example,double_opt_in,2026-01-01T00:00:00Z\n", n % 50);
    }
    let path = dir.join(format!("leads{run}.csv"));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

async fn check(db: &TestDb, server: &SmtpServer, count: usize) {
    let mut mails: HashMap<String, Vec<Transaction>> = HashMap::new();
    for mail in server.accepted() {
        mails.entry(mail.to.clone().unwrap_or_default()).or_default().push(mail);
    }
    assert_eq!(mails.len(), count, "every lead has its mail");
    let mut tx = db.read().await.unwrap();
    for (email, mails) in mails {
        let lead = leads::by_email(&mut tx, &email.parse().unwrap()).await.unwrap().unwrap().lead.id;
        let messages = messages::of_lead(&mut tx, lead).await.unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].state, MessageState::Sent, "{:?}", messages[0]);
        if mails.len() > 1 {
            let ids: Vec<String> = mails.iter().map(|mail| message_id(&mail.body)).collect();
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            assert_eq!(messages[0].ambiguous, 1);
            let timeline = events::timeline(&mut tx, lead, 100).await.unwrap();
            assert!(timeline.iter().any(|event| event.kind == EventKind::Ambiguous));
        }
    }
}

fn message_id(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).expect("a message");
    message.message_id().expect("a Message-ID").to_owned()
}
