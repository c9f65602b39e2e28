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
leads.csv:1: the column \"mood\" is not known and was ignored; write field.mood to keep it as a field of your own
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
    let nobody = workspace.path().join("nobody.csv");
    fs::write(&nobody, "name\nAnn\n").unwrap();
    let refused = dripline(workspace.path(), &["import", nobody.to_str().unwrap()]);
    assert!(text(&refused.stderr).starts_with("error: nothing of nobody.csv was imported"), "{refused:?}");
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
    let because = explained("/not_sent_because/0");
    let quiet = "sales has let go of the lead, and it is left in peace until ";
    assert!(because.as_str().is_some_and(|because| because.starts_with(quiet)), "{because}");
    assert_eq!(run(&["enroll", kim, "hello"]), nothing);
    assert_eq!(explained("/next/sequence"), "hello");
    the_next_mail(run(&["stop", kim, "--reason", "wrote to support"]));
    assert_eq!(explained("/sentence"), "ToFu · unqualified · cold · with marketing · stopped");
    assert_eq!(run(&["add", kim, "--first-name", "Kim"])["stopped_because"], "the lead was stopped by hand");
}

#[test]
fn sales_can_say_all_that_its_links_say() {
    let workspace = workspace();
    let run = |args: &[&str]| answer(workspace.path(), &[&["lead"], args, &["--json"]].concat());
    let kim = "kim@example.org";
    let lead = |email: &str, field: &str| run(&["show", email])[field].clone();
    run(&["add", kim, "--company", "Roth AG", "--basis", "double_opt_in"]);
    let shown = dripline(workspace.path(), &["lead", "show", kim]);
    let agreed = "E-mail: agreed to and confirmed (double_opt_in).\nTracking: not agreed to.\n";
    assert!(text(&shown.stdout).contains(agreed), "{}", text(&shown.stdout));
    run(&["hand-over", kim]);
    let refused = dripline(workspace.path(), &["lead", "won", kim, "--amount=-3"]);
    assert!(text(&refused.stderr).contains("a number from 0"), "{}", text(&refused.stderr));
    run(&["later", kim, "--until", "2 weeks"]);
    run(&["meeting", kim]);
    run(&["offer", kim]);
    assert_eq!(lead(kim, "qualification"), "sql");
    run(&["feedback", kim, "tone", "--words", "too loud"]);
    run(&["wrong-person", kim, "pat@example.org", "--first-name", "Pat"]);
    assert_eq!((lead(kim, "with"), lead("pat@example.org", "with")), (json!("marketing"), json!("sales")));
    run(&["no", "pat@example.org", "--never", "--words", "has one already"]);
    assert_eq!(lead("pat@example.org", "stopped_by"), "objection");
    let told = answer(workspace.path(), &["explain", kim, "--json"]);
    assert!(told["timeline"].to_string().contains("sales says of the mail: tone"), "{told:#}");

    let refused = dripline(workspace.path(), &["lead", "not-a-reply", kim]);
    assert_eq!(code(&refused), Some(2));
    assert!(text(&refused.stderr).contains("the lead is not with sales"), "{}", text(&refused.stderr));
}

#[test]
fn leads_are_listed_for_people_and_programs() {
    let workspace = workspace();
    let list = |args: &[&str]| dripline(workspace.path(), &[&["lead", "list"], args].concat());
    let said = |args: &[&str]| text(&list(args).stdout).to_owned();
    assert_eq!(said(&[]), "There are no leads yet; `dripline import FILE.csv` brings them in.\n");
    for (email, name, country) in [("kim@example.org", "Kim", "DE"), ("pat@example.org", "=Pat", "AT")] {
        dripline(workspace.path(), &["lead", "add", email, "--first-name", name, "--country", country]);
    }
    dripline(workspace.path(), &["lead", "hand-over", "kim@example.org"]);
    let both = said(&[]);
    assert!(both.contains("kim@example.org") && both.ends_with("\n2 leads.\n"), "{both}");
    let one = said(&["--first", "1"]);
    assert!(one.ends_with("2 leads, of which the 1 with the best scores are shown.\n"), "{one}");
    for (args, email) in [
        (&["--with", "sales"][..], "kim@example.org"),
        (&["--with", "marketing", "--stage", "tofu"], "pat@example.org"),
        (&["--when", "lead.country in [\"AT\"] && score < 50"], "pat@example.org"),
    ] {
        let found = said(&[args, &["--json"]].concat());
        let found: Value = serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}"));
        assert_eq!(found["email"], email, "{args:?}");
    }
    assert_eq!(said(&["--stage", "bofu"]), "None of 2 leads.\n");
    let csv = said(&["--csv", "--with", "marketing"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(
        lines[0].starts_with("\"id\",\"email\",\"first_name\"") && lines[1].contains("\"'=Pat\""),
        "{csv}"
    );
    for (args, words) in [
        (
            &["--when", "lead.contry == \"DE\""][..],
            "--when:1:1: error[DL041]: `lead.contry` is not known here; did you mean `lead.country`?",
        ),
        (&["--rep", "nobody"], "--rep \"nobody\" is not known"),
        (&["--with", "both"], "use one of: marketing, sales"),
    ] {
        let refused = list(args);
        assert_eq!(code(&refused), Some(2), "{args:?}");
        assert!(text(&refused.stderr).contains(words), "{args:?}: {}", text(&refused.stderr));
    }
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

#[test]
fn mails_are_recorded_and_worked_through() {
    let workspace = workspace();
    let at = |name: &str| workspace.path().join(name).display().to_string();
    write(workspace.path(), "away.eml", AWAY);
    write(
        workspace.path(),
        "question.eml",
        "From: uwe@fremd.example\nSubject: Frage\u{1b}[2J\n\nWas kostet das?\n",
    );
    let recorded = dripline(workspace.path(), &["inbound", &at("away.eml"), &at("question.eml")]);
    assert_eq!(code(&recorded), Some(0), "{}", text(&recorded.stderr));
    assert!(text(&recorded.stdout).contains("question.eml: human_reply, of no lead that is known\n"));
    let again = answer(workspace.path(), &["inbound", "--json", &at("question.eml")]);
    assert_eq!((&again["known"], &again["kind"]), (&json!(true), &json!("human_reply")));

    let list = answer(workspace.path(), &["inbound", "list", "--json"]);
    assert_eq!((list.as_array().unwrap().len(), &list[0]["text"]), (1, &json!("Was kostet das?")), "{list}");
    let id = list[0]["id"].to_string();
    let shown = text(&dripline(workspace.path(), &["inbound", "show", &id]).stdout);
    assert!(
        shown.contains("Was kostet das?") && !shown.contains('\u{1b}'),
        "nothing that a terminal obeys: {shown}"
    );
    let raw = dripline(workspace.path(), &["inbound", "show", &id, "--raw"]).stdout;
    assert_eq!(raw, fs::read(at("question.eml")).unwrap());
    let nobody = dripline(workspace.path(), &["inbound", "resolve", &id, "--as", "unsubscribe"]);
    assert_eq!(code(&nobody), Some(2));
    assert!(text(&nobody.stderr).contains("--lead"), "{}", text(&nobody.stderr));
    assert_eq!(code(&dripline(workspace.path(), &["inbound", "resolve", &id, "--ignore"])), Some(0));
    assert!(text(&dripline(workspace.path(), &["inbound", "list"]).stdout).starts_with("No mail waits"));
    assert_eq!(
        answer(workspace.path(), &["inbound", "list", "--all", "--json"]).as_array().unwrap().len(),
        2
    );
}

#[test]
fn a_mail_server_is_asked_to_try_again() {
    let workspace = workspace();
    let file = workspace.path().join("away.eml").display().to_string();
    let record = || dripline(workspace.path(), &["inbound", &file]);
    assert_eq!(code(&record()), Some(75), "there is no such file yet");
    write(workspace.path(), "away.eml", AWAY);
    write(workspace.path(), "dripline.toml", "[server]\ndatabase = \"postgres://nobody@127.0.0.1:1/none\"\n");
    let output = record();
    assert_eq!(code(&output), Some(75), "the database is not there");
    assert!(text(&output.stderr).contains("hand it in again"), "{}", text(&output.stderr));
    write(workspace.path(), "dripline.toml", "[server]\ndatabase = 1\n");
    assert_eq!(code(&record()), Some(75), "a mistake of ours");
    fs::remove_file(workspace.path().join("dripline.toml")).unwrap();
    assert_eq!(code(&record()), Some(0));
}

const AWAY: &str = "From: petra@kunde.example\nDate: Thu, 12 Nov 2026 10:15:00 +0100\nAuto-Submitted: auto-replied\n\
                    Subject: Automatic reply: Offer\n\nI am back on 23 November.\n";
