//! A [`Dovecot`] of the test's own: IMAP and LMTP on free ports, users with the password `secret`, mails in a temporary
//! folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

use super::fixtures::fixture;
use super::ports::{accepts, free_port};

/// The mailbox of most tests.
pub const BOX: &str = "inbound@boxes.test";

/// No test waits longer for a server.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Dovecot {
    dir: TempDir,
    owner: Owner,
    settings: &'static str,
    pub imap: u16,
    pub imaps: u16,
    pub lmtp: u16,
    child: Option<Child>,
}

/// Whom the mails belong to: root's own processes must not touch them.
#[derive(Clone, Copy)]
struct Owner {
    root: bool,
    user: u32,
    group: u32,
}

impl Owner {
    fn find() -> Self {
        let (user, group) = (id(&["-u"]), id(&["-g"]));
        if user == 0 {
            Self { root: true, user: id(&["-u", "mail"]), group: id(&["-g", "mail"]) }
        } else {
            Self { root: false, user, group }
        }
    }

    /// Gives a path to the owner of the mails.
    fn gets(self, path: &Path) {
        if self.root {
            std::os::unix::fs::chown(path, Some(self.user), Some(self.group)).expect("root may do that");
        }
    }
}

fn id(args: &[&str]) -> u32 {
    let output = Command::new("id").args(args).output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

impl Dovecot {
    /// A server with one user, [`BOX`].
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// As [`Dovecot::start`], with further settings.
    pub fn start_with(settings: &'static str) -> Self {
        let dir = TempDir::new().expect("a folder");
        open_to_all(dir.path());
        let mut server = Self {
            owner: Owner::find(),
            settings,
            imap: free_port(),
            imaps: free_port(),
            lmtp: free_port(),
            child: None,
            dir,
        };
        for part in ["run", "state", "mail"] {
            fs::create_dir(server.path(part)).expect("made");
            server.owner.gets(&server.path(part));
        }
        for part in ["localhost.pem", "localhost.key"] {
            fs::copy(fixture(part), server.path(part)).expect("copied");
            server.owner.gets(&server.path(part));
        }
        fs::write(server.path("conf"), server.configuration()).expect("written");
        fs::write(server.path("users"), "").expect("written");
        server.add_user(BOX);
        server.run();
        server
    }

    fn path(&self, part: &str) -> PathBuf {
        self.dir.path().join(part)
    }

    fn configuration(&self) -> String {
        let dir = self.dir.path().display();
        let Self { imap, imaps, lmtp, settings, owner, .. } = self;
        let name = |option: &str| {
            let output = Command::new("id").arg(option).output().expect("id runs");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let unprivileged = if owner.root {
            String::new()
        } else {
            let (user, group) = (name("-un"), name("-gn"));
            format!(
                "default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
                 service anvil {{\n chroot =\n}}\nservice imap-login {{\n chroot =\n}}\n"
            )
        };
        format!(
            "base_dir = {dir}/run\nstate_dir = {dir}/state\nlog_path = {dir}/log\nprotocols = imap lmtp\n\
             listen = 127.0.0.1\nssl = yes\nssl_cert = <{dir}/localhost.pem\nssl_key = <{dir}/localhost.key\n\
             disable_plaintext_auth = no\nauth_mechanisms = plain\nauth_failure_delay = 0\nfirst_valid_uid = 1\n\
             mail_location = maildir:~/Maildir\nmail_fsync = never\nmail_max_userip_connections = 0\n{unprivileged}\
             passdb {{\n driver = passwd-file\n args = {dir}/users\n}}\n\
             userdb {{\n driver = passwd-file\n args = {dir}/users\n}}\n\
             service imap-login {{\n inet_listener imap {{\n  port = {imap}\n }}\n \
             inet_listener imaps {{\n  port = {imaps}\n  ssl = yes\n }}\n}}\n\
             service lmtp {{\n inet_listener lmtp {{\n  port = {lmtp}\n }}\n}}\n{settings}\n"
        )
    }

    /// Starts the server, and waits until it takes connections.
    pub fn run(&mut self) {
        let mut command = Command::new("/usr/sbin/dovecot");
        command.args(["-F", "-c"]).arg(self.path("conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command
            .process_group(0)
            .spawn()
            .expect("these tests need Dovecot: run tests/run, which installs it");
        self.child = Some(child);
        let give_up = Instant::now() + PATIENCE;
        while ![self.imap, self.imaps, self.lmtp].into_iter().all(accepts) {
            assert!(Instant::now() < give_up, "Dovecot does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the server and all its connections.
    pub fn stop(&mut self) {
        self.end("-TERM");
    }

    /// Sends a signal to all its processes, and waits for the first.
    fn end(&mut self, signal: &str) {
        let Some(mut child) = self.child.take() else { return };
        let _ = Command::new("kill").args([signal, "--", &format!("-{}", child.id())]).status();
        let _ = child.wait();
    }

    /// What the server noted.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Adds a user, whose mailbox is empty.
    pub fn add_user(&self, email: &str) {
        let Owner { user, group, .. } = self.owner;
        let home = self.path("mail").join(email);
        let mut users = File::options().append(true).open(self.path("users")).expect("the users");
        writeln!(users, "{email}:{{PLAIN}}secret:{user}:{group}::{}::", home.display()).expect("written");
        for part in ["", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"] {
            fs::create_dir(home.join(part)).expect("made");
            self.owner.gets(&home.join(part));
        }
    }

    /// Puts a mail into a mailbox, as a delivery agent does.
    pub fn deliver(&self, email: &str, raw: &[u8]) {
        self.deliver_at(email, raw, SystemTime::now());
    }

    /// As [`Dovecot::deliver`], at another time.
    pub fn deliver_at(&self, email: &str, raw: &[u8], at: SystemTime) {
        static DELIVERED: AtomicUsize = AtomicUsize::new(0);
        let number = DELIVERED.fetch_add(1, Ordering::Relaxed);
        let maildir = self.path("mail").join(email).join("Maildir");
        // Dovecot numbers new mails in the order of their names.
        let name = format!("1700000000.M{number:09}.test");
        let file = maildir.join("tmp").join(&name);
        fs::write(&file, raw).expect("written");
        File::options().append(true).open(&file).and_then(|file| file.set_modified(at)).expect("a time");
        self.owner.gets(&file);
        fs::rename(&file, maildir.join("new").join(&name)).expect("delivered");
    }

    /// Puts so many mails into a mailbox that were there before, all with these bytes and this time.
    pub fn fill(&self, email: &str, mails: usize, raw: &[u8], at: SystemTime) {
        self.deliver_at(email, raw, at);
        let maildir = self.path("mail").join(email).join("Maildir");
        let first = fs::read_dir(maildir.join("new"))
            .expect("a folder")
            .next()
            .expect("a mail")
            .expect("read")
            .path();
        for number in 0..mails {
            let file = maildir.join("cur").join(format!("1600000000.M{number:09}.test:2,"));
            fs::hard_link(&first, file).expect("linked");
        }
        fs::remove_file(first).expect("removed");
    }

    /// Runs `doveadm`, which must succeed; what it printed.
    pub fn doveadm(&self, args: &[&str]) -> String {
        let output = Command::new("doveadm").arg("-c").arg(self.path("conf")).args(args).output();
        let output = output.expect("doveadm runs");
        assert!(output.status.success(), "doveadm {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The flags of each mail in a folder of [`BOX`].
    pub fn flags(&self, folder: &str) -> Vec<String> {
        let found = self.doveadm(&["-f", "flow", "fetch", "-u", BOX, "flags", "mailbox", folder]);
        found
            .lines()
            .map(|line| line.trim_start_matches("flags=").replace("\\Recent", "").trim().to_owned())
            .collect()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // A soft end would take a second.
        self.end("-KILL");
        if std::thread::panicking() {
            eprintln!("Dovecot noted:\n{}", self.log());
        }
    }
}

/// The URL of a mailbox on this machine, without encryption.
pub fn url(email: &str, port: u16) -> String {
    format!("imap://{}:secret@127.0.0.1:{port}?tls=none", email.replace('@', "%40"))
}

/// Lets the servers' own users into a folder.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("ours");
}
