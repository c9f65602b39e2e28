//! `dripline check` as a program: its forms, its exit codes, and that it changes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::broken::{check, sound, text, write};

/// A sound workspace but for a step that leads without tracking get nothing instead of.
fn with_a_warning() -> TempDir {
    let mut files = sound();
    let welcome = files.get_mut("sequences/welcome.toml").expect("the sequence");
    *welcome = welcome.replace("only_if = \"not clicked guide\"\n", "");
    write(&files)
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// The names of all files, folders left out.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let names = entries.flat_map(|path| match path.is_dir() {
        true => files(&path),
        false => BTreeSet::from([path.display().to_string()]),
    });
    names.collect()
}

#[test]
fn warnings_are_fine_unless_they_are_to_count() {
    let folder = with_a_warning();
    let plain = check(folder.path(), &[], None);
    assert_eq!(code(&plain), Some(0), "{}", text(&plain.stdout));
    assert!(text(&plain.stdout).contains("no errors in 1 sequence with 4 steps, 1 warning\n"));
    assert_eq!(code(&check(folder.path(), &["--strict"], None)), Some(1));
    let report: Value =
        serde_json::from_slice(&check(folder.path(), &["--strict", "--json"], None).stdout).expect("JSON");
    assert_eq!((report["errors"].as_u64(), report["warnings"].as_u64()), (Some(0), Some(1)));
}

#[test]
fn a_workflow_of_github_gets_annotations() {
    let folder = with_a_warning();
    let output = check(folder.path(), &[], Some(("GITHUB_ACTIONS", "true")));
    let workspace = folder.path().display().to_string().trim_start_matches('/').to_owned();
    let expected = format!(
        "::warning file={workspace}/sequences/welcome.toml,line=12,col=12,title=DL081::\
         leads who did not agree to tracking never get this mail%0A\
         send them another: a [[step]] with only_if = \"not clicked guide\"\n"
    );
    assert!(text(&output.stdout).starts_with(&expected), "{}\n{expected}", text(&output.stdout));
    let lines = check(folder.path(), &["--format", "lines"], Some(("GITHUB_ACTIONS", "true")));
    assert!(text(&lines.stdout).starts_with("sequences/welcome.toml:12:12: warning[DL081]: "));
    let variable = check(folder.path(), &["--format", "github"], Some(("DRIPLINE_COLOUR", "green")));
    assert!(
        text(&variable.stdout)
            .starts_with("::warning title=DL012::DRIPLINE_COLOUR: nothing reads this variable%0A")
    );
}

#[test]
fn codes_are_explained_and_listed() {
    let nowhere = Path::new("/nowhere");
    let explained = check(nowhere, &["--explain", "DL012"], None);
    let shown = text(&explained.stdout);
    assert_eq!(code(&explained), Some(0), "{}", text(&explained.stderr));
    for part in ["DL012 (warning): ", "\nWrong, in environment:\n\n    DRIPLINE_INBOUND_KEY=", "\nRight, in "]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(text(&check(nowhere, &["--explain", "dl12"], None).stdout), shown, "as people write it");
    let listed = text(&check(nowhere, &["--explain"], None).stdout);
    assert!(listed.lines().any(|line| line.starts_with("DL035  error    ")), "{listed}");
    let unknown = check(nowhere, &["--explain", "DL999"], None);
    assert_eq!(code(&unknown), Some(2));
    assert!(text(&unknown.stderr).starts_with("error: there is no code DL999"), "{}", text(&unknown.stderr));
}

#[test]
fn a_folder_that_is_no_workspace_is_told_as_such() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("notes.txt"), "x").expect("written");
    let output = check(folder.path(), &[], None);
    assert_eq!((code(&output), text(&output.stdout).as_str()), (Some(2), ""));
    let said = text(&output.stderr);
    for part in ["is not a workspace", "dripline --workspace DIR check", "dripline new workspace NAME"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_workspace_without_a_funnel_is_one_mistake() {
    let mut files = sound();
    files.remove("funnel.toml");
    let folder = write(&files);
    let output = check(folder.path(), &["--format", "text"], None);
    let said = text(&output.stdout);
    assert_eq!(code(&output), Some(1));
    assert!(said.contains("error[DL013]") && said.contains("dripline new workspace NAME"), "{said}");
    assert!(said.contains("\n1 error\n"), "{said}");
}

#[test]
fn checking_makes_no_database_and_no_key() {
    let folder = with_a_warning();
    let before = files(folder.path());
    let output = check(folder.path(), &[], None);
    assert!(!text(&output.stdout).contains("of your"), "{}", text(&output.stdout));
    assert_eq!(files(folder.path()), before);
}

#[test]
fn leads_without_tracking_are_counted_in_a_database_that_is_there() {
    let folder = with_a_warning();
    let csv = folder.path().join("leads.csv");
    let rows = "email,tracking\na@x.example,yes\nb@x.example,no\nc@x.example,\n";
    fs::write(&csv, rows).expect("written");
    let mut import = Command::new(env!("CARGO_BIN_EXE_dripline"));
    import
        .env("DRIPLINE_WORKSPACE", folder.path())
        .arg("import")
        .arg(&csv)
        .args(["--basis", "double_opt_in"]);
    assert!(import.output().expect("run").status.success());
    let database = folder.path().join("dripline.db");
    let (before, content) = (files(folder.path()), fs::read(&database).expect("a database"));
    let output = check(folder.path(), &[], None);
    let said = text(&output.stdout);
    assert!(said.contains("never get this mail: that is 2 of your 3 leads"), "{said}");
    assert_eq!(files(folder.path()), before);
    assert!(fs::read(&database).expect("the database") == content, "it was only read");
    fs::write(&database, "no database").expect("written");
    let said = text(&check(folder.path(), &[], None).stdout);
    assert!(said.contains("never get this mail ("), "{said}");
}

#[test]
fn no_secret_is_shown_whatever_is_wrong_with_it() {
    for line in [
        "[inbound]\nkey = GEHEIM123",
        "[inbound]\nkey = \"GEHEIM123",
        "[inbound]\nkey: GEHEIM123",
        "[inbound]\nkey = \"a\" GEHEIM123",
        "[mailbox.a]\npassword = 4711471147",
        "[mailbox.a]\nurl = \"imaps://me:GEHEIM123@imap.example.com:143x\"",
        "[relay.main]\nurl = \"smtp://me:GEHEIM123@mx.example.com:587",
        "[relay.main]\nurl = smtp://me:GEHEIM123@mx.example.com",
        "[server]\ndatabase = \"postgress://me:GEHEIM123@db.example.com/x\"",
    ] {
        let mut files = sound();
        files.insert("dripline.toml", format!("{line}\n"));
        let folder = write(&files);
        for format in ["text", "json", "lines", "github"] {
            let shown = check(folder.path(), &["--format", format], None);
            assert_eq!(code(&shown), Some(1), "{line}: {}", text(&shown.stdout));
            let all = [text(&shown.stdout), text(&shown.stderr)].concat();
            assert!(!all.contains("GEHEIM123") && !all.contains("4711471147"), "{line}: {all}");
        }
    }
}
