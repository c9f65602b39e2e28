//! `dripline serve`, run as a program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use dripline::workspace::Files;
use serde_json::json;

use crate::support::app::write;
use crate::support::database::{TestDb, on_both};
use crate::support::world::{FUNNEL, files, workspace};

on_both!(
    examples_are_written_into_files,
    a_server_takes_keys_signals_and_edits,
    a_port_that_is_taken_is_named
);

const WELCOME: &str = "title = \"Welcome\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n\
    [[step]]\nwait = \"3 days\"\nmail = \"mail/guide\"\n";

const EXAMPLES: &str = "email,first_name,basis,stage\n\
    ada@lovelace.example,Ada,double_opt_in,tofu\n\
    grace@hopper.example,Grace,double_opt_in,tofu\n\
    kim@nobody.example,Kim,,tofu\n";

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

fn dripline(folder: &Path, db: &TestDb, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    command.args(args).arg("--workspace").arg(folder);
    command.env("DRIPLINE_SERVER__DATABASE", db.url()).env("DRIPLINE_SERVER__LISTEN", "127.0.0.1:0");
    command.env("DRIPLINE_LOG", "warn");
    command.env_remove("DRIPLINE_TEST_POSTGRES").env_remove("DRIPLINE_TEST_FULL");
    command
}

fn run(folder: &Path, db: &TestDb, args: &[&str]) -> Output {
    dripline(folder, db, args).output().expect("the program runs")
}

/// What it printed, if it went well.
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn examples_are_written_into_files(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &workspace(&[("welcome", WELCOME)]));
    fs::write(folder.path().join("sequences/leads.example.csv"), EXAMPLES).expect("written");
    let first = printed(run(folder.path(), &db, &["serve", "--until-idle"]));
    for part in
        ["no relay is configured", "3 examples", "sent       2 mails", " explain ada@lovelace.example\n"]
    {
        assert!(first.contains(part), "{part}: {first}");
    }
    let mails = || fs::read_dir(folder.path().join("outbox")).expect("the outbox").count();
    assert_eq!(mails(), 2, "none to the lead without a consent");
    let again = printed(run(folder.path(), &db, &["serve", "--until-idle"]));
    assert!(again.contains("leads      3\n") && again.contains("sent       0 mails"), "{again}");
    assert_eq!(mails(), 2);
}

/// A server that is killed when the test fails.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path, db: &TestDb) -> Server {
        let mut child =
            dripline(folder, db, &["serve"]).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map(|line| line.expect("text"));
        let line =
            lines.find(|line| line.trim_start().starts_with("http ")).expect("it says where it serves");
        let url = line.split_whitespace().nth(1).expect("a URL").to_owned();
        // Whoever reads no further must not stop the server.
        drop(lines);
        Server { child, url }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    async fn page(&self, path: &str) -> String {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.expect("an answer");
        answer.text().await.expect("text")
    }

    async fn until(&self, path: &str, part: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.page(path).await.contains(part) {
            assert!(Instant::now() < give_up, "{path} never says {part}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn a_server_takes_keys_signals_and_edits(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, &workspace(&[("welcome", WELCOME)]));
    let mut server = Server::start(folder, &db);
    server.until("/healthz", "\"sending\":\"on\"").await;

    let key = printed(run(folder, &db, &["key", "add", "--role", "admin"]));
    let request = reqwest::Client::new().post(format!("{}/api/v1/leads", server.url)).bearer_auth(key.trim());
    let answer = request.json(&json!({ "email": "kim@example.org" })).send().await.expect("an answer");
    assert_eq!(answer.status(), 201);

    let paused = printed(run(folder, &db, &["pause", "lunch"]));
    assert!(paused.contains("lunch"), "{paused}");
    server.until("/healthz", "paused").await;
    let resumed = printed(run(folder, &db, &["resume"]));
    assert!(resumed.contains("It was paused: lunch"), "{resumed}");
    server.until("/healthz", "\"on\"").await;

    let second = run(folder, &db, &["serve"]);
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    assert!(String::from_utf8_lossy(&second.stderr).contains("end it first"), "{second:?}");

    let edited: Files = files(&[("funnel.toml", &FUNNEL.replace("Nordwerk GmbH", "Südwerk AG"))]);
    write(folder, &edited);
    server.signal("-HUP");
    server.until("/u/x", "Südwerk AG").await;

    server.signal("-TERM");
    assert!(server.child.wait().expect("it ends").success());
}

async fn a_port_that_is_taken_is_named(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, &workspace(&[("welcome", WELCOME)]));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let serve = |args: &[&str]| {
        let mut command = dripline(folder, &db, &[&["serve"], args].concat());
        command.env("DRIPLINE_SERVER__LISTEN", &address).output().expect("it runs")
    };
    let refused = serve(&[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("another program uses this port") && said.contains(&address), "{said}");
    let short = printed(serve(&["--until-idle"]));
    assert!(short.contains("Nothing more is due now.") && !short.contains(&address), "{short}");
    assert!(short.contains("Ends when nothing is due.") && short.contains("write dripline.toml"), "{short}");
}
