//! Mailboxes, with a real Dovecot, a real Postfix, and a proxy that gets in the way.

mod circle;
mod crash;
mod flow;
mod large;
mod login;
mod nodes;
mod step;
mod trouble;
mod uids;

use std::sync::Arc;

use dripline::config::Config;
use dripline::domain::token::KeyRing;
use dripline::nurture::Engine;
use dripline::nurture::clock::Clock;
use dripline::nurture::mailbox::{MailboxError, Reader};
use dripline::nurture::relays::Relays;
use dripline::storage::Db;
use tempfile::TempDir;

use crate::support::app::write;
use crate::support::database::TestDb;
use crate::support::dovecot::{BOX, url};
use crate::support::world::{MONDAY, files, run, workspace};

const SEQUENCE: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// `[mailbox.replies]` at the mailbox [`BOX`], with further keys.
fn mailbox(port: u16, keys: &str) -> String {
    format!("[mailbox.replies]\nurl = \"{}\"\n{keys}\n", url(BOX, port))
}

/// A raw mail with this subject, from a stranger.
fn mail(subject: &str) -> Vec<u8> {
    let text = format!(
        "From: Someone <someone@elsewhere.example>\r\nTo: hello@in.nordwerk.example\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@elsewhere.example>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n\r\nText of {subject}\r\n"
    );
    text.into_bytes()
}

/// An engine and the reader of its mailbox, which takes its steps when the test says so.
struct Inbox {
    engine: Arc<Engine>,
    reader: Reader,
    _dir: TempDir,
}

impl Inbox {
    /// With the mailbox at this port, and further keys.
    async fn new(db: &TestDb, port: u16, keys: &str) -> Self {
        Self::of(db, &mailbox(port, keys), |_| ()).await
    }

    async fn of(db: &TestDb, operator: &str, adjust: impl Fn(&mut Config)) -> Self {
        let dir = TempDir::new().expect("a folder");
        write(dir.path(), &files(&[("dripline.toml", operator)]));
        let mut config = Config::load(dir.path(), []).expect("a configuration");
        adjust(&mut config);
        let relays = Relays::new(&config, dir.path()).expect("files");
        let keys = KeyRing::parse("test:0123456789abcdef0123456789abcdef").expect("a ring");
        let db = db.another().await;
        let engine = Engine::new(db, Clock::manual(MONDAY), keys, Arc::new(config), relays).await;
        let engine = Arc::new(engine.expect("an engine"));
        run(&engine, &workspace(&[("hello", SEQUENCE)])).await;
        let reader = Reader::all(&engine).remove(0);
        Self { engine, reader, _dir: dir }
    }

    /// How many mails a step takes in; it must not fail.
    async fn step(&mut self) -> usize {
        self.try_step().await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn try_step(&mut self) -> Result<usize, MailboxError> {
        self.reader.step(&self.engine).await
    }
}

/// A number from the database.
async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.read().await.unwrap();
    tx.first(sql, vec![], |row| row.int(0)).await.unwrap().unwrap_or(0)
}

/// How many mails are recorded.
async fn recorded(db: &Db) -> i64 {
    count(db, "SELECT COUNT(*) FROM inbound").await
}

/// Why mails are kept as they are, in the order in which they came.
async fn evidence(db: &Db) -> Vec<String> {
    let mut tx = db.read().await.unwrap();
    tx.all("SELECT evidence FROM inbound ORDER BY id", vec![], |row| row.text(0)).await.unwrap()
}
