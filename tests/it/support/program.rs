//! `dripline` as a program: a workspace on the disk, the servers that run in it, and signals to them.

use std::process::Stdio;

use dripline::workspace::Files;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::app::write;
use super::database::TestDb;
use super::smtp_server::SmtpServer;

/// The key ring of every program here.
pub const SECRET: &str = "test:0123456789abcdef0123456789abcdef";

/// A workspace on the disk, with a database and a relay.
pub struct Program {
    pub dir: tempfile::TempDir,
    url: String,
    port: u16,
}

impl Program {
    pub fn new(db: &TestDb, server: &SmtpServer, files: &Files) -> Self {
        Self::at(db.url(), server, files)
    }

    /// As [`Program::new`], with the URL of a database of the test's own.
    pub fn at(url: String, server: &SmtpServer, files: &Files) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), files);
        Self { dir, url, port: server.port() }
    }

    /// A command that is killed when the test fails.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
        command.args(args).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // What this suite is told is no setting, of which the program would warn.
        ["DRIPLINE_TEST_POSTGRES", "DRIPLINE_TEST_FULL", "DRIPLINE_CORPUS", "DRIPLINE_SCREENSHOTS"]
            .iter()
            .for_each(|name| _ = command.env_remove(name));
        command.env("DRIPLINE_WORKSPACE", self.dir.path());
        command.env("DRIPLINE_SERVER__DATABASE", &self.url);
        command.env("DRIPLINE_SERVER__LISTEN", "127.0.0.1:0");
        command.env("DRIPLINE_SECRET", SECRET);
        command.env("DRIPLINE_RELAY__MAIN__URL", format!("smtp://127.0.0.1:{}?tls=none", self.port));
        command
    }

    /// Runs a command, which must end well; what it printed.
    pub async fn done(&self, args: &[&str]) -> String {
        let output = self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().await.unwrap();
        assert!(output.status.success(), "dripline {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Imports leads with these addresses.
    pub async fn import(&self, emails: impl IntoIterator<Item = String>) {
        let rows = emails.into_iter().map(|email| format!("{email},double_opt_in,2026-01-01T00:00:00Z\n"));
        let text = format!("email,basis,consent_at\n{}", rows.collect::<String>());
        let path = self.dir.path().join("leads.csv");
        std::fs::write(&path, text).unwrap();
        self.done(&["import", &path.display().to_string()]).await;
    }

    /// A server that is being started.
    pub fn serve(&self) -> Child {
        self.command(&["serve"]).spawn().unwrap()
    }

    /// A node of this name, with so many connections, that is being started.
    pub fn serve_as(&self, node: &str, connections: usize) -> Child {
        let mut command = self.command(&["serve"]);
        command.env("DRIPLINE_SERVER__NODE", node);
        command.env("DRIPLINE_RELAY__MAIN__MAX_CONNECTIONS", connections.to_string());
        command.spawn().unwrap()
    }
}

/// Starts a server and waits until it says where it serves.
pub async fn serving(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(rest) = line.trim_start().strip_prefix("http ") {
            let url = rest.split_whitespace().next().expect("a URL").to_owned();
            // What it says further must not stop it.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, url);
        }
    }
    panic!("the server ends without a word on where it serves");
}

/// Sends a signal, such as `-STOP`.
pub async fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
}
