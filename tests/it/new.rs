//! `dripline new`: what it writes is sound, works at once, and overwrites nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dripline::workspace::Files;
use serde_json::Value;

use crate::schema::valid_workspace;
use crate::support::database::{TestDb, on_both};
use crate::support::post::body;
use crate::support::program::Program;
use crate::support::smtp_server::{Offer, SmtpServer};

on_both!(the_smallest_sequence_works_in_a_new_workspace);

/// The smallest useful sequence there is.
const SMALLEST: &str = "\
title = \"Hello\"
stage = \"tofu\"

[[step]]
mail = \"tofu/welcome\"

[[step]]
wait = \"3 days\"
mail = \"tofu/guide\"
";

fn dripline(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DRIPLINE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(args).output().expect("the program runs")
}

fn fine(folder: &Path, args: &[&str]) -> String {
    let output = dripline(folder, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let output = dripline(folder, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A new workspace in a temporary folder, and the folder of the workspace.
fn new_workspace(language: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    fine(folder.path(), &["new", "workspace", "acme", "--language", language]);
    let workspace = folder.path().join("acme");
    (folder, workspace)
}

fn nothing_to_mend(workspace: &Path) {
    let report: Value = serde_json::from_str(&fine(workspace, &["check", "--json"])).expect("JSON");
    assert_eq!(report["diagnostics"], Value::Array(Vec::new()));
    valid_workspace(workspace);
}

/// Every file of TOML names a schema that is there.
fn schemas_are_there(workspace: &Path) {
    let files = Files::read(workspace).expect("a workspace");
    let mut paths: Vec<&str> =
        files.below("").map(|(path, _)| path).filter(|path| path.ends_with(".toml")).collect();
    paths.push("dripline.toml");
    for path in paths {
        let file = workspace.join(path);
        let text = fs::read_to_string(&file).expect("text");
        let schema = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let schema =
            file.parent().expect("a folder").join(schema.unwrap_or_else(|| panic!("{path} names none")));
        let schema: Value = serde_json::from_slice(&fs::read(schema).expect(path)).expect("JSON");
        assert!(schema["properties"].is_object(), "{path}");
    }
}

#[test]
fn a_new_workspace_is_sound_in_both_languages() {
    for (language, hello) in [("en", "Best regards"), ("de", "Viele Grüße")] {
        let (_folder, workspace) = new_workspace(language);
        nothing_to_mend(&workspace);
        schemas_are_there(&workspace);
        let mail = fs::read_to_string(workspace.join("templates/mail/tofu/welcome.md")).expect("a mail");
        assert!(mail.contains(hello), "{mail}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let (folder, workspace) = new_workspace("en");
    fs::write(workspace.join("funnel.toml"), "mine").expect("written");
    let said = refused(folder.path(), &["new", "workspace", "acme"]);
    assert!(said.contains("nothing is written") && said.contains("sequences/welcome.toml"), "{said}");
    assert_eq!(fs::read_to_string(workspace.join("funnel.toml")).expect("text"), "mine");

    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("funnel.toml"), "mine").expect("written");
    assert!(
        refused(folder.path(), &["new", "workspace", "other"]).contains("funnel.toml is already in other")
    );
    assert_eq!(fs::read_dir(&other).expect("a folder").count(), 1, "all or nothing");
}

#[test]
fn a_new_sequence_is_sound_and_waits_for_its_maker() {
    let (_folder, workspace) = new_workspace("de");
    let said = fine(&workspace, &["new", "sequence", "mofu-evaluation", "--stage", "mofu"]);
    assert!(said.contains("templates/mail/mofu/evaluation.md") && said.contains("paused"), "{said}");
    nothing_to_mend(&workspace);
    schemas_are_there(&workspace);
    let text = fs::read_to_string(workspace.join("sequences/mofu-evaluation.toml")).expect("a sequence");
    assert!(text.contains("stage = \"mofu\"") && text.contains("\npaused = true"), "{text}");
    // What is commented out is sound as well, once its mail is there.
    fine(&workspace, &["new", "template", "mofu/another"]);
    let whole = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with("[[") || rest.contains(" = ") => format!("{rest}\n"),
        _ => format!("{line}\n"),
    });
    fs::write(workspace.join("sequences/mofu-evaluation.toml"), whole.collect::<String>()).expect("written");
    let report = dripline(&workspace, &["check"]);
    assert_eq!(report.status.code(), Some(0), "{report:?}");

    let again = refused(&workspace, &["new", "sequence", "mofu-evaluation", "--stage", "mofu"]);
    assert!(again.contains("is already in"), "{again}");
}

#[test]
fn a_new_mail_comes_in_the_languages_of_the_workspace() {
    let (_folder, workspace) = new_workspace("en");
    assert!(fine(&workspace, &["new", "template", "mofu/one"]).contains("templates/mail/mofu/one.md"));
    let german = fine(&workspace, &["new", "template", "mofu/two", "--language", "de"]);
    assert!(german.contains("templates/mail/mofu/two.de.md"), "{german}");
    fine(&workspace, &["new", "template", "mofu/two", "--language", "en"]);
    let both = fine(&workspace, &["new", "template", "bofu/three"]);
    assert!(both.contains("bofu/three.de.md") && both.contains("bofu/three.en.md"), "{both}");
    let german = fs::read_to_string(workspace.join("templates/mail/bofu/three.de.md")).expect("a mail");
    assert!(german.contains("Viele Grüße") && german.contains("subject   = \"Three\""), "{german}");
}

#[test]
fn what_is_no_name_or_no_workspace_is_refused() {
    let (folder, workspace) = new_workspace("en");
    for (args, why) in [
        (&["new", "sequence", "two words"][..], "is not a name"),
        (&["new", "sequence", "../evil"], "is not a name"),
        (&["new", "sequence", ".hidden"], "begins with a dot"),
        (&["new", "template", "../../evil"], "begins with a dot"),
        (&["new", "template", "a//b"], "is not a name"),
        (&["new", "template", "a", "--language", "deutsch"], "two letters"),
        (&["new", "sequence", "x", "--stage", "top"], "use one of"),
    ] {
        let said = refused(&workspace, args);
        assert!(said.contains(why), "{args:?}: {said}");
    }
    assert!(refused(folder.path(), &["new", "sequence", "x"]).contains("is not a workspace"));
}

#[test]
fn schemas_are_printed_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed: Value = serde_json::from_str(&fine(folder.path(), &["schema", "funnel"])).expect("JSON");
    assert_eq!(printed["title"], "funnel.toml");
    for _ in 0..2 {
        assert_eq!(fine(folder.path(), &["schema", "--out", "s"]).lines().count(), 4);
    }
    let written = fs::read(folder.path().join("s/funnel.json")).expect("a schema");
    assert_eq!(serde_json::from_slice::<Value>(&written).expect("JSON"), printed);
    assert!(refused(folder.path(), &["schema", "mail"]).contains("sequence, funnel, dripline, front-matter"));
    assert!(refused(folder.path(), &["schema"]).contains("required"));
}

async fn the_smallest_sequence_works_in_a_new_workspace(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    let program = Program::new(&db, &server, &Files::default());
    let folder = program.dir.path().to_owned();
    program.done(&["new", "workspace", &folder.display().to_string()]).await;
    fs::write(folder.join("sequences/hello.toml"), SMALLEST).expect("written");
    assert_eq!(program.done(&["check"]).await, "no errors in 2 sequences with 4 steps\n");
    program
        .done(&["lead", "add", "kim@example.org", "--first-name", "Kim", "--basis", "double_opt_in"])
        .await;
    let mut serve = program.serve();
    let mails = server.wait_for(1).await;
    assert_eq!(mails[0].to.as_deref(), Some("kim@example.org"));
    let text = body(&mails[0].body);
    assert!(text.contains("Hello Kim,") && text.contains("Example GmbH, Musterstr. 1"), "{text}");
    serve.kill().await.expect("it ends");
    assert!(program.done(&["explain", "kim@example.org"]).await.contains("of \"Hello\""));
}
