//! The databases of the benches: a SQLite file, or a private PostgreSQL cluster with the durability it has by default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::tree_cpu_seconds;

/// A private cluster on a Unix socket; gone when dropped.
pub struct Cluster {
    dir: PathBuf,
    bin: PathBuf,
}

impl Cluster {
    /// Makes and starts a cluster below `dir`. None: the server is not installed.
    pub fn start(dir: &Path) -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let bin = versions.flatten().map(|version| version.path().join("bin")).max()?;
        let cluster = Self { dir: dir.to_owned(), bin };
        fs::create_dir_all(dir).expect("a folder");
        let me = String::from_utf8(Command::new("id").arg("-u").output().ok()?.stdout).ok()?;
        if me.trim() == "0" {
            assert!(Command::new("chown").arg("postgres").arg(dir).status().ok()?.success());
        }
        cluster.run("initdb", &["-U", "dripline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        let options = format!("-c listen_addresses= -c unix_socket_directories={}", dir.display());
        cluster
            .run("pg_ctl", &["-w", "-s", "-l", &format!("{}/log", dir.display()), "-o", &options, "start"]);
        Some(cluster)
    }

    /// The URL of a fresh database.
    pub fn fresh(&self, name: &str) -> String {
        let socket = self.dir.display().to_string();
        let made = Command::new(self.bin.join("createdb"))
            .args(["-h", &socket, "-U", "dripline", name])
            .status()
            .expect("createdb runs");
        assert!(made.success(), "createdb failed");
        format!("postgres://dripline@localhost/{name}?host={socket}")
    }

    /// Seconds of CPU of the whole cluster.
    pub fn cpu_seconds(&self) -> f64 {
        let file = fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap_or_default();
        let pid = file.lines().next().and_then(|line| line.trim().parse().ok());
        pid.map_or(0.0, tree_cpu_seconds)
    }

    /// Runs a program of the server, which refuses to be root.
    fn run(&self, program: &str, args: &[&str]) {
        let data = self.dir.join("data").display().to_string();
        let program = self.bin.join(program).display().to_string();
        let root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        let mut command = if root { Command::new("runuser") } else { Command::new(&program) };
        if root {
            command.args(["-u", "postgres", "--", &program]);
        }
        let output = command.args(["-D", &data]).args(args).current_dir("/").output().expect("it starts");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-m", "immediate", "-s", "stop"]);
    }
}
