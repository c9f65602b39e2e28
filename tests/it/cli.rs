//! The command line as people and programs use it: what is printed, and with which exit code it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::world::FUNNEL;

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// A workspace with one sequence, in a folder of its own.
fn workspace() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "funnel.toml", FUNNEL);
    write(folder.path(), "sequences/hello.toml", HELLO);
    write(folder.path(), "templates/mail/mail/hello.md", "+++\nsubject = \"Hello\"\n+++\nHello.\n");
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn dripline(workspace: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DRIPLINE_")) {
        command.env_remove(name);
    }
    command.current_dir("/").arg("--workspace").arg(workspace).args(args).output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command that ends well prints as JSON.
fn answer(workspace: &Path, args: &[&str]) -> Value {
    let output = dripline(workspace, args);
    assert_eq!(code(&output), Some(0), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn check_names_every_mistake_and_says_so_by_its_exit_code() {
    let workspace = workspace();
    let fine = dripline(workspace.path(), &["check"]);
    assert_eq!(
        (code(&fine), text(&fine.stdout).as_str()),
        (Some(0), "no errors in 1 sequence with 1 step\n")
    );
    write(
        workspace.path(),
        "sequences/bad.toml",
        "title = \"Bad\"\nstage = \"top\"\n[[step]]\nmial = \"x\"\n",
    );
    write(workspace.path(), "dripline.toml", "[server]\nlisten = \"here\"\n");
    let bad = dripline(workspace.path(), &["check"]);
    let lines = text(&bad.stdout);
    assert_eq!(code(&bad), Some(1), "{lines}");
    for place in ["dripline.toml:2:", "sequences/bad.toml:2:", "sequences/bad.toml:4:"] {
        assert!(lines.lines().any(|line| line.starts_with(place)), "{place}: {lines}");
    }
    let report: Value =
        serde_json::from_slice(&dripline(workspace.path(), &["check", "--json"]).stdout).unwrap();
    assert_eq!(report["errors"].as_u64(), report["diagnostics"].as_array().map(|found| found.len() as u64));
    assert_eq!(code(&dripline(&workspace.path().join("none"), &["check"])), Some(2));
}

#[test]
fn an_import_says_which_rows_were_not_taken() {
    let workspace = workspace();
    let file = workspace.path().join("leads.csv");
    fs::write(&file, "email,stage,mood\nann@x.example,tofu,\nnobody,tofu,\nbob@x.example,top,\n").unwrap();
    let file = file.to_str().unwrap();
    let first = dripline(workspace.path(), &["import", file, "--basis", "double_opt_in"]);
    let expected = "\
leads.csv:1: the column \"mood\" is not known and was ignored
leads.csv:3: email: \"nobody\" is not an e-mail address: there is no @
leads.csv:4: stage: \"top\" is not known here; use one of: tofu, mofu, bofu, customer
3 rows: 1 new, 0 updated, 0 unchanged, 2 not taken
";
    assert_eq!((code(&first), text(&first.stdout).as_str()), (Some(1), expected));
    assert_eq!(text(&first.stderr), "", "no progress bar where nobody looks");
    let again = dripline(workspace.path(), &["import", file, "--json"]);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((report["new"].as_u64(), report["unchanged"].as_u64()), (Some(0), Some(1)));
    assert_eq!(report["bad_rows"][0]["line"], 3);
    let nowhere = dripline(workspace.path(), &["import", "nowhere.csv"]);
    assert_eq!(code(&nowhere), Some(2));
    assert!(text(&nowhere.stderr).starts_with("error: nowhere.csv cannot be read"), "{nowhere:?}");
}

#[test]
fn a_lead_is_added_shown_handed_over_returned_and_stopped() {
    let workspace = workspace();
    let run = |args: &[&str]| answer(workspace.path(), &[&["lead"], args, &["--json"]].concat());
    let kim = "kim@example.org";
    let added = run(&["add", kim, "--first-name", "Kim", "--basis", "double_opt_in", "--field", "size=12"]);
    assert_eq!((&added["how"], &added["stopped_because"]), (&json!("new"), &Value::Null));
    let shown = run(&["show", kim]);
    assert_eq!((&shown["first_name"], &shown["fields"]["size"]), (&json!("Kim"), &json!(12)));
    let nothing = json!({
        "planned": [], "cancelled": [], "in_flight_delivered": [], "in_flight_failed": [], "in_flight_unknown": []
    });
    let the_next_mail = |found: Value| {
        assert_eq!(found["planned"].as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!((&found["planned"][0]["step"], &found["cancelled"]), (&json!("hello"), &json!([])));
    };
    the_next_mail(run(&["hand-over", kim, "--cause", "asked for an offer"]));
    let explained = |pointer: &str| {
        let told = answer(workspace.path(), &["explain", kim, "--json"]);
        told.pointer(pointer).cloned().unwrap_or_else(|| panic!("{pointer}: {told:#}"))
    };
    assert_eq!(explained("/not_sent_because/0"), "the lead is with sales");
    assert_eq!(run(&["return", kim, "--reason", "too early"]), nothing);
    assert_eq!(explained("/next/step"), "hello");
    the_next_mail(run(&["unenroll", kim]));
    assert_eq!(explained("/not_sent_because/0"), "the lead is paused");
    assert_eq!(run(&["enroll", kim, "hello"]), nothing);
    assert_eq!(explained("/next/sequence"), "hello");
    the_next_mail(run(&["stop", kim, "--reason", "wrote to support"]));
    assert_eq!(explained("/sentence"), "ToFu · unqualified · with marketing · stopped");
    assert_eq!(run(&["add", kim, "--first-name", "Kim"])["stopped_because"], "the lead was stopped by hand");
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let workspace = workspace();
    for (args, words) in [
        (&["lead", "show", "kim@example.org"][..], "there is no lead kim@example.org"),
        (&["explain", "nobody"], "there is no lead nobody"),
        (&["lead", "add", "nobody"], "not an e-mail address"),
        (&["lead", "add", "a@x.example", "--stage", "top"], "use one of: tofu"),
        (&["lead", "stop", "a@x.example", "--kind", "erasure"], "an erasure is more than a stop"),
        (&["lead", "walk"], "unrecognized subcommand"),
        (&["import"], "required"),
    ] {
        let refused = dripline(workspace.path(), args);
        assert_eq!(code(&refused), Some(2), "{args:?}");
        assert!(text(&refused.stderr).contains(words), "{args:?}: {}", text(&refused.stderr));
    }
}

#[test]
fn a_workspace_with_mistakes_is_not_applied() {
    let workspace = workspace();
    write(workspace.path(), "sequences/hello.toml", "title = 1\n");
    let refused = dripline(workspace.path(), &["lead", "add", "kim@example.org"]);
    let said = text(&refused.stderr);
    assert_eq!(code(&refused), Some(2));
    assert!(said.contains("dripline check") && said.contains("sequences/hello.toml:1:"), "{said}");
}

#[test]
fn a_folder_that_is_no_workspace_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    for args in [
        &["serve", "--until-idle"][..],
        &["lead", "add", "kim@example.org"],
        &["explain", "kim@example.org"],
        &["key", "list"],
        &["pause"],
    ] {
        let refused = dripline(folder.path(), args);
        assert_eq!(code(&refused), Some(2), "{args:?}");
        let said = text(&refused.stderr);
        assert!(
            said.contains("is not a workspace") && said.contains("dripline new workspace"),
            "{args:?}: {said}"
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written into it");
}

#[test]
fn keys_are_listed_and_revoked() {
    let workspace = workspace();
    let run = |args: &[&str]| {
        let output = dripline(workspace.path(), &[&["key"], args].concat());
        (code(&output), text(&output.stdout), text(&output.stderr))
    };
    assert!(run(&["list"]).1.starts_with("There are no API keys."));
    for name in ["CRM", "web", "web"] {
        assert_eq!(run(&["add", "--role", "api", "--name", name]).0, Some(0));
    }
    let listed = run(&["list"]).1;
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(listed.starts_with("id       role   made                 name\n"), "{listed}");
    assert!(!listed.contains("dripline_"), "the keys themselves are not known");
    let (ended, said, _) = run(&["revoke", "CRM"]);
    assert!(ended == Some(0) && said.ends_with("(CRM) opens nothing any more.\n"), "{said}");
    for (name, why) in [("CRM", "there is no API key \"CRM\""), ("web", "say which by its id")] {
        let (ended, _, said) = run(&["revoke", name]);
        assert!(ended == Some(2) && said.contains(why), "{said}");
    }
    let keys = answer(workspace.path(), &["key", "list", "--json"]);
    let id = keys[0]["id"].to_string();
    assert_eq!(run(&["revoke", &id]).0, Some(0));
    assert_eq!(answer(workspace.path(), &["key", "list", "--json"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_pause_ends_when_people_say_and_a_stop_does_not() {
    let workspace = workspace();
    let run = |args: &[&str]| dripline(workspace.path(), &[&["lead"], args].concat());
    let kim = "kim@example.org";
    run(&["add", kim, "--basis", "double_opt_in"]);
    for until in ["2 weeks", "2199-03-01", "2199-03-01 09:00"] {
        let paused = run(&["pause", kim, "--until", until]);
        assert_eq!(code(&paused), Some(0), "{until}: {}", text(&paused.stderr));
    }
    assert!(text(&run(&["pause", kim, "--until", "2001-01-01"]).stderr).contains("over already"));
    assert!(!text(&run(&["resume", kim]).stdout).contains("Not sent because"));
    run(&["stop", kim]);
    let resumed = text(&run(&["resume", kim]).stdout);
    assert!(resumed.contains("Not sent because the lead was stopped by hand."), "{resumed}");
    assert!(resumed.contains("only the person can undo it"), "{resumed}");
}

#[test]
fn mails_that_came_in_are_judged_without_a_workspace() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    write(folder.path(), "away.eml", AWAY);
    write(folder.path(), "broken.eml", "no mail at all");
    write(
        folder.path(),
        "reply.txt",
        "Yes.\n\nOn 11 Nov 2026, at 08:30, Jan <jan@nordwerk.example> wrote:\n> When?\n",
    );
    let nowhere = folder.path().join("nowhere");
    let judge = |args: &[&str]| {
        let output = dripline(&nowhere, &[&["inbound", "--classify", "--json"], args].concat());
        let lines = text(&output.stdout);
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (code(&output), lines)
    };

    let (ended, lines) = judge(&[&at("away.eml")]);
    let expected = json!([{
        "file": at("away.eml"), "kind": "auto_reply", "hard": null, "recipients": [], "absent_until": "2026-11-23",
        "text": "I am back on 23 November.", "matched_by": null, "evidence": "Auto-Submitted: auto-replied",
    }]);
    assert_eq!((ended, json!(lines)), (Some(0), expected));

    let (ended, lines) = judge(&[&at("broken.eml"), &at("away.eml")]);
    assert_eq!(
        (ended, lines.len()),
        (Some(1), 2),
        "one that cannot be read does not keep the next from being judged"
    );
    assert_eq!((&lines[0]["kind"], &lines[1]["kind"]), (&json!("unrelated"), &json!("auto_reply")));
    assert!(lines[0]["evidence"].as_str().unwrap().contains("no header"), "{}", lines[0]);

    let (ended, lines) = judge(&["--text", &at("reply.txt")]);
    assert_eq!((ended, json!(lines)), (Some(0), json!([{ "file": at("reply.txt"), "text": "Yes." }])));
    assert_eq!(judge(&[&at("missing.eml")]).0, Some(2));
    assert_eq!(code(&dripline(&nowhere, &["inbound"])), Some(2));
}

const AWAY: &str = "From: petra@kunde.example\nDate: Thu, 12 Nov 2026 10:15:00 +0100\nAuto-Submitted: auto-replied\n\
                    Subject: Automatic reply: Offer\n\nI am back on 23 November.\n";
