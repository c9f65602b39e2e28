//! `dripline` as a program, over a workspace in a folder.

use std::path::Path;
use std::process::Command;

use super::process::Running;

const DRIPLINE: &str = env!("CARGO_BIN_EXE_dripline");

/// Runs a command, which must end well; what it printed.
pub fn dripline(dir: &Path, args: &[&str]) -> String {
    let output =
        Command::new(DRIPLINE).arg("--workspace").arg(dir).args(args).output().expect("dripline runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Applies the workspace and imports the leads; when the next server starts, all of them are due.
pub fn prepare(dir: &Path, csv: &Path) {
    dripline(dir, &["serve", "--until-idle"]);
    dripline(dir, &["pause", "bench"]);
    dripline(dir, &["import", &csv.display().to_string()]);
    dripline(dir, &["resume"]);
}

/// Starts a server.
pub fn serve(dir: &Path, args: &[&str], variables: &[(&str, String)]) -> Running {
    let mut command = Command::new(DRIPLINE);
    command.arg("--workspace").arg(dir).arg("serve").args(args).env("DRIPLINE_LOG", "warn");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    Running::start(&mut command)
}
