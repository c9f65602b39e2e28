//! [`PowerCut`]: what is left of a SQLite database when the power fails, by a library that is preloaded into the
//! server and remembers which writes were synced.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::fixtures::fixture;

pub struct PowerCut {
    dir: TempDir,
    database: PathBuf,
}

impl PowerCut {
    /// For the database in this file, which exists already and which nobody has open.
    pub fn new(database: &Path) -> PowerCut {
        let cut = PowerCut { dir: TempDir::new().unwrap(), database: database.canonicalize().unwrap() };
        let mut cc = std::process::Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(cut.library());
        let output = cc.arg(fixture("power_cut.c")).args(["-ldl", "-lpthread"]).output().expect("cc runs");
        assert!(output.status.success(), "{output:?}");
        cut
    }

    fn library(&self) -> PathBuf {
        self.dir.path().join("power_cut.so")
    }

    /// Has a process that is not started yet remember what it has synced.
    pub fn follow(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library()).env("POWER_CUT", &self.database);
    }

    /// Once the process is killed: takes back what it had written and not synced. Whether there was anything.
    pub fn cut(&self) -> bool {
        let mut lost = false;
        for suffix in ["", "-wal"] {
            let (file, durable) = (self.beside(suffix), self.beside(&format!("{suffix}.durable")));
            // The log is written for every change; the database itself only now and then.
            assert!(suffix.is_empty() || durable.exists(), "the process was not followed");
            if durable.exists() {
                lost |= fs::read(&file).unwrap() != fs::read(&durable).unwrap();
                fs::rename(&durable, &file).unwrap();
            }
        }
        // The index of the log is memory that is shared between processes, and gone with the power.
        let _ = fs::remove_file(self.beside("-shm"));
        lost
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path: OsString = self.database.clone().into();
        path.push(suffix);
        path.into()
    }
}
