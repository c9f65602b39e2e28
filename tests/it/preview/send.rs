//! `dripline preview --send` and `--lead` beside a running server.

use std::process::{Output, Stdio};

use dripline::domain::gate::StopKind;
use dripline::storage::{hits, leads};
use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::json;
use tokio::process::Command;

use crate::closing_the_loop::begin;
use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{BROWSER, Written};
use crate::support::program::SECRET;
use crate::support::world::subject;

on_both!(
    a_test_is_marked_and_its_links_work_and_do_not_count,
    an_answer_to_a_test_is_no_answer_of_a_lead,
    safety_holds_for_tests_too,
    a_lead_of_the_database_can_be_looked_at,
);

const KIM: &str = "kim@example.org";

/// Runs `dripline preview` beside the server.
async fn preview(app: &TestApp, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    command.arg("preview").args(args).kill_on_drop(true).stdin(Stdio::null());
    command.env("DRIPLINE_WORKSPACE", app.workspace.path());
    command.env("DRIPLINE_SERVER__DATABASE", app.db.url());
    command.env("DRIPLINE_SECRET", SECRET);
    command.env("DRIPLINE_RELAY__MAIN__URL", format!("smtp://127.0.0.1:{}?tls=none", app.mail.port()));
    command.envs(variables.iter().copied());
    command.output().await.unwrap()
}

async fn sent(app: &TestApp, args: &[&str]) -> String {
    let output = preview(app, args, &[]).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Somebody who tries a mail out on an address that is a lead's too.
async fn lead(app: &TestApp) -> i64 {
    let body = json!({ "email": KIM, "basis": "double_opt_in", "tracking": true });
    let (status, lead) = app.post("/leads", &body).await;
    assert_eq!(status, 201, "{lead}");
    app.settle().await;
    lead["id"].as_i64().unwrap()
}

/// The paths of a mail's links to this server.
fn paths(raw: &[u8]) -> Vec<String> {
    let message = MessageParser::default().parse(raw).unwrap();
    let html = message.body_html(0).unwrap().into_owned();
    let quoted = html.split('"').filter_map(|text| text.strip_prefix("http://localhost:8080"));
    quoted.map(str::to_owned).collect()
}

async fn a_test_is_marked_and_its_links_work_and_do_not_count(db: TestDb) {
    let app = begin(db).await;
    let id = lead(&app).await;
    let before = app.explain(KIM).await;
    let said = sent(&app, &["--send", KIM, "--mail", "guide"]).await;
    assert!(said.contains("sent  guide (en) to kim@example.org"), "{said}");
    let raw = app.mails(KIM).pop().unwrap();
    assert_eq!(subject(&raw), "[Test] guide");
    let message = MessageParser::default().parse(&raw).unwrap();
    assert_eq!(message.header_raw("X-Dripline-Test").map(str::trim), Some("guide en"));
    let text = message.body_text(0).unwrap().into_owned();
    let paths = paths(&raw);
    assert_eq!(paths.len(), 4, "two links, the way out and the picture: {paths:?}");
    assert!(paths.iter().all(|path| path.starts_with("/t/")), "{paths:?}");
    assert!(paths[..3].iter().all(|path| text.contains(path)), "the plain part has the same links: {text}");

    let mut targets = Vec::new();
    for path in &paths {
        let answer = app.browse(Method::GET, path, BROWSER).await;
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        targets.push((answer.status().as_u16(), to));
    }
    let price = "https://www.nordwerk.example/price?a=1&b=".to_owned();
    assert!(targets[0].0 == 302 && targets[0].1.as_ref().unwrap().starts_with(&price), "{targets:?}");
    assert_eq!(targets[1], (302, Some("https://www.nordwerk.example/guide".to_owned())));
    assert_eq!((targets[2].0, targets[3].0), (200, 200));
    let header = message.header_raw("List-Unsubscribe").unwrap();
    let header: String = header.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(header.contains(&paths[2]), "{header}");
    assert!(app.open(&paths[2]).await.1.contains("This is only a test"));
    assert!(app.click_once(&paths[2]).await.1.contains("nobody is unsubscribed"));
    assert_eq!(app.click_once(&paths[0]).await.0, 404, "only the way out can be pressed");

    let mut tx = app.engine.db.read().await.unwrap();
    assert!(hits::of_leads(&mut tx, &[id]).await.unwrap().is_empty());
    assert_eq!(hits::oldest(&mut tx).await.unwrap(), None, "nor a hit of anybody else");
    let stored = leads::by_id(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(stored.lead.closed_by, None::<StopKind>);
    drop(tx);
    assert_eq!(app.explain(KIM).await.timeline.len(), before.timeline.len(), "nothing happened to anybody");
    app.end().await;
}

async fn an_answer_to_a_test_is_no_answer_of_a_lead(db: TestDb) {
    let app = begin(db).await;
    lead(&app).await;
    sent(&app, &["--send", KIM, "--mail", "guide"]).await;
    let answer = Written::reply_to(&app.mails(KIM).pop().unwrap(), KIM, "The price is wrong in line 3.");
    let received = app.hand_in(&answer.raw).await;
    assert_eq!(received["matched_by"], json!(null), "{received}");
    let (_, lead) = app.get(&format!("/leads/{KIM}")).await;
    assert_eq!((&lead["with"], &lead["prospect_since"]), (&json!("marketing"), &json!(null)), "{lead}");
    app.end().await;
}

async fn safety_holds_for_tests_too(db: TestDb) {
    let app = begin(db).await;
    let args = ["--send", "me@elsewhere.example", "--mail", "guide"];
    let refused = preview(&app, &args, &[("DRIPLINE_SAFETY__ONLY_TO", "*@nordwerk.example")]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("[safety] only_to"), "{refused:?}");
    let redirect = ("DRIPLINE_SAFETY__REDIRECT_ALL_TO", "all@nordwerk.example");
    let redirected = preview(&app, &args, &[redirect]).await;
    assert!(
        String::from_utf8_lossy(&redirected.stdout).contains("to all@nordwerk.example"),
        "{redirected:?}"
    );
    assert!(app.mails("me@elsewhere.example").is_empty());
    let raw = app.mails("all@nordwerk.example").pop().unwrap();
    let message = MessageParser::default().parse(&raw).unwrap();
    let meant = message.header_raw("X-Dripline-Redirected-From").map(str::trim);
    assert_eq!(meant, Some("me@elsewhere.example"));
    let all = sent(&app, &["--send", "me@nordwerk.example"]).await;
    let order: Vec<&str> =
        all.lines().filter_map(|line| line.strip_prefix("sent  ")?.split(' ').next()).collect();
    assert_eq!(order, ["hello", "tofu-last", "guide", "case", "mofu-last", "start"]);
    assert_eq!(app.mails("me@nordwerk.example").len(), 6);
    for (args, said) in [
        (&["--send", KIM, "--mail", "giude"][..], "did you mean \"guide\"?"),
        (&["--send", KIM, "--mail", "guide", "--lang", "fr"], "guide is not written in \"fr\""),
    ] {
        let output = preview(&app, args, &[]).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
    app.end().await;
}

async fn a_lead_of_the_database_can_be_looked_at(db: TestDb) {
    let app = begin(db).await;
    let body = json!({ "email": KIM, "first_name": "Kim-Kerstin", "basis": "double_opt_in" });
    assert_eq!(app.post("/leads", &body).await.0, 201);
    let folder = app.workspace.path().join("copy");
    let out = folder.display().to_string();
    sent(&app, &["--lead", KIM, "--out", &out]).await;
    let text = std::fs::read_to_string(folder.join("mails/hello.en.txt")).unwrap();
    assert!(text.contains("Hello Kim-Kerstin"), "{text}");
    let unknown = preview(&app, &["--lead", "nobody@example.org", "--out", &out], &[]).await;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nobody@example.org"), "{unknown:?}");
    app.end().await;
}

#[tokio::test]
async fn nothing_is_made_where_nothing_is() {
    let workspace = super::copy_of_sample();
    let run = async |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
        command.arg("preview").args(args).env("DRIPLINE_WORKSPACE", workspace.path());
        let output = command.stdin(Stdio::null()).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run(&["--lead", KIM]).await;
    assert!(said.contains("--lead takes a lead of the database, and there is none to read"), "{said}");
    let said = run(&["--send", KIM]).await;
    assert!(said.contains("there is no key yet"), "{said}");
    let others = workspace.path().join("others");
    std::fs::create_dir(&others).unwrap();
    std::fs::write(others.join("notes.txt"), "x").unwrap();
    let said = run(&["--out", &others.display().to_string()]).await;
    assert!(said.contains("holds other things than an earlier preview"), "{said}");
    assert!(
        !workspace.path().join("dripline.db").exists() && !workspace.path().join("dripline.key").exists()
    );
}
