//! A [`Postfix`] of the test's own: it takes mail by SMTP on a free port and delivers it by LMTP to a
//! [`Dovecot`](super::dovecot::Dovecot), whose unknown users it reports to the sender.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dovecot::open_to_all;
use super::ports::{accepts, free_port};

/// No test waits longer for a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Services as in the package, none of them in a cage.
const SERVICES: &str = "pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

pub struct Postfix {
    dir: TempDir,
    pub port: u16,
}

impl Postfix {
    /// A server for these domains. Everything for the domain `inbound` goes to one mailbox.
    pub fn start(lmtp: u16, domains: &str, inbound: &str, mailbox: &str) -> Self {
        let root = Command::new("id").arg("-u").output().expect("id runs").stdout == b"0\n";
        assert!(root, "this test starts a Postfix of its own, which needs root: run tests/run as root");
        let dir = TempDir::new().expect("a folder");
        open_to_all(dir.path());
        let server = Self { dir, port: free_port() };
        for part in ["etc", "queue", "data"] {
            fs::create_dir(server.path(part)).expect("made");
        }
        server.run("chown", &["postfix", &server.path("data").display().to_string()]);
        fs::write(server.path("etc/main.cf"), server.configuration(lmtp, domains, inbound)).expect("written");
        let services = format!("127.0.0.1:{} inet n - n - - smtpd\n{SERVICES}", server.port);
        fs::write(server.path("etc/master.cf"), services).expect("written");
        let pattern = inbound.replace('.', "\\.");
        fs::write(server.path("etc/aliases"), format!("/@{pattern}$/ {mailbox}\n")).expect("written");
        server.postfix("start");
        let give_up = Instant::now() + PATIENCE;
        while !accepts(server.port) {
            assert!(Instant::now() < give_up, "Postfix does not start: {}", server.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    fn path(&self, part: &str) -> PathBuf {
        self.dir.path().join(part)
    }

    fn configuration(&self, lmtp: u16, domains: &str, inbound: &str) -> String {
        let dir = self.dir.path().display();
        format!(
            "compatibility_level = 3.6\nqueue_directory = {dir}/queue\ndata_directory = {dir}/data\n\
             command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n\
             setgid_group = postdrop\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             myhostname = mx.dripline.test\nmydestination =\nmynetworks = 127.0.0.0/8\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nsmtpd_reject_unlisted_recipient = no\n\
             smtpd_peername_lookup = no\nsmtpd_tls_security_level = none\ndisable_dns_lookups = yes\n\
             default_transport = error:5.4.4 there is no way out of this test\n\
             virtual_mailbox_domains = {domains}\nvirtual_transport = lmtp:inet:127.0.0.1:{lmtp}\n\
             virtual_alias_domains = {inbound}\nvirtual_alias_maps = regexp:{dir}/etc/aliases\n\
             alias_maps =\nalias_database =\nmaillog_file = {dir}/log\nmaillog_file_prefixes = {dir}\n\
             in_flow_delay = 0\n"
        )
    }

    fn postfix(&self, verb: &str) {
        self.run("/usr/sbin/postfix", &["-c", &self.path("etc").display().to_string(), verb]);
    }

    fn run(&self, program: &str, args: &[&str]) {
        let output = Command::new(program).args(args).output();
        let output = output.expect("this test needs Postfix: run tests/run, which installs it");
        assert!(output.status.success(), "{program} {args:?}: {output:?} {}", self.log());
    }

    /// What the server noted.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Postfix noted:\n{}", self.log());
        }
        let etc = self.path("etc");
        let _ = Command::new("/usr/sbin/postfix").arg("-c").arg(etc).arg("abort").output();
    }
}
