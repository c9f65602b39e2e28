//! What `check --explain` and docs/check.md say is true: each example has the mistake that it is one of, and mended it
//! has none.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dripline::config::Config;
use dripline::workspace::code::{self, Example};
use dripline::workspace::{Code, Diagnostic, Files, Workspace};

use super::broken;

/// Codes whose mistake is no text that could be shown.
const WITHOUT_EXAMPLE: [Code; 10] = [
    Code::UnknownToOperator,
    Code::NotYet,
    Code::NotText,
    Code::TooLarge,
    Code::Ignored,
    Code::Internal,
    Code::NoFunnel,
    Code::DuplicateTemplate,
    Code::PlainPart,
    Code::MissingLanguage,
];

/// Codes whose mistake is mended by leaving it out.
const WITHOUT_RIGHT: [Code; 3] = [Code::UnusedTemplate, Code::UnusedName, Code::AsksNothing];

/// A part of a file as a whole one.
fn whole(example: Example, files: &BTreeMap<&'static str, String>) -> String {
    let text = example.text;
    match example.file {
        file if file.starts_with("sequences/") && !text.contains("title") => {
            let (keys, steps) = text.split_at(text.find("[[step]]").unwrap_or(text.len()));
            let steps = if steps.is_empty() { "[[step]]\nmail = \"tofu/guide\"\n" } else { steps };
            format!("title = \"Welcome\"\nstage = \"tofu\"\n{keys}\n{steps}")
        }
        "funnel.toml" => {
            let funnel = &files["funnel.toml"];
            let without = match text.contains("[segment.dach]") {
                true => funnel.replace("[segment.dach]", "[segment.other]"),
                false => funnel.clone(),
            };
            let without = if text.contains("[team.kim]") {
                without.replace("[team.kim]", "[team.zoe]")
            } else {
                without
            };
            format!("{without}\n{text}")
        }
        file if file.starts_with("templates/mail/")
            && !text.starts_with("+++")
            && !text.contains("here is your guide") =>
        {
            format!("+++\nsubject = \"Your guide\"\n+++\n{text}")
        }
        _ => text.to_owned(),
    }
}

fn found(example: Example) -> Vec<Diagnostic> {
    if example.file == "environment" {
        let variables = example.text.lines().filter_map(|line| line.split_once('='));
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        return Config::check(Path::new("/nowhere"), variables).1;
    }
    let mut files = broken::sound();
    let text = whole(example, &files);
    if example.file.starts_with("templates/mail/tofu/guide.") {
        files.remove("templates/mail/tofu/guide.en.md");
    }
    files.insert(example.file, text);
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes()));
    Workspace::compile(&Files::from_map(files.collect())).diagnostics
}

#[test]
fn examples_have_the_mistake_that_they_are_of_and_mended_none() {
    for code in Code::ALL {
        let explained = code.explained();
        assert_eq!(explained.wrong().is_none(), WITHOUT_EXAMPLE.contains(code), "{}", code.number());
        let Some(wrong) = explained.wrong() else { continue };
        let seen = found(wrong);
        assert!(seen.iter().any(|found| found.code == code.number()), "{}: {seen:#?}", code.number());
        assert_eq!(explained.right().is_none(), WITHOUT_RIGHT.contains(code), "{}", code.number());
        let Some(right) = explained.right() else { continue };
        let seen = found(right);
        let bad = |found: &&Diagnostic| found.code == code.number() || found.is_error();
        assert_eq!(seen.iter().filter(bad).collect::<Vec<_>>(), [] as [&Diagnostic; 0], "{}", code.number());
    }
}

#[test]
fn the_page_of_the_docs_says_the_same() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
    if std::env::var_os("DRIPLINE_WRITE_DOCS").is_some() {
        fs::write(&page, code::document()).expect("written");
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == code::document(),
        "docs/check.md is old: DRIPLINE_WRITE_DOCS=1 tests/run explanations"
    );
}
