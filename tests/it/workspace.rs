//! The example workspace is sound, every mistake in one is found at its place, and no damage to it is a panic.

mod broken;
mod command;
mod damage;
mod explanations;
mod mistakes;

use std::collections::BTreeMap;
use std::path::Path;

use dripline::domain::sequence::Verb;
use dripline::domain::wait::Wait;
use dripline::workspace::{Diagnostic, Files, Workspace};

fn example() -> Files {
    Files::read(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the project's own workspace")
}

/// What is found in these files.
fn found(files: BTreeMap<String, Vec<u8>>) -> Vec<Diagnostic> {
    let checked = Workspace::compile(&Files::from_map(files));
    assert_eq!(checked.workspace.is_none(), checked.diagnostics.iter().any(Diagnostic::is_error));
    checked.diagnostics
}

fn lines(found: &[Diagnostic]) -> Vec<String> {
    found
        .iter()
        .map(|found| format!("{}:{}:{} {}", found.file, found.line, found.column, found.code))
        .collect()
}

#[test]
fn the_example_workspace_has_no_mistakes() {
    let checked = Workspace::compile(&example());
    assert_eq!(lines(&checked.diagnostics), Vec::<String>::new());
    let workspace = checked.workspace.expect("no mistakes");
    assert_eq!(workspace.hash, example().hash());
    let ids: Vec<&str> = workspace.sequences.iter().map(|sequence| sequence.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "bofu-offer",
            "customer-start",
            "customer-terminal",
            "customer-voice",
            "mofu-evaluation",
            "mofu-small",
            "tofu-fair",
            "tofu-referral",
            "tofu-webinar",
            "tofu-welcome"
        ]
    );
    for sequence in &workspace.sequences {
        for step in &sequence.steps {
            let Verb::Mail { variants, .. } = &step.verb else { continue };
            for variant in variants {
                assert_eq!(
                    workspace.templates.languages(variant).collect::<Vec<_>>(),
                    ["de", "en"],
                    "{variant}"
                );
            }
        }
    }
}

#[test]
fn a_revision_is_the_same_workspace() {
    let files = Files::from_json(&example().to_json()).expect("sound");
    assert_eq!(files, example());
    assert!(Workspace::compile(&files).workspace.is_some());
}

#[test]
fn a_sequence_file_becomes_a_sequence() {
    let workspace = Workspace::compile(&example()).workspace.expect("no mistakes");
    let sequence =
        workspace.sequences.iter().find(|sequence| sequence.id == "mofu-evaluation").expect("there is one");
    assert_eq!(
        (sequence.topic.as_str(), sequence.sender.as_str(), sequence.priority),
        ("guides", "anna", 10)
    );
    let ids: Vec<&str> = sequence.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["guide", "case-study", "guide-short", "roi", "data", "hand_over", "prices"]);
    assert_eq!(sequence.steps[1].wait, Some(Wait::Days(3)));
    assert_eq!(sequence.steps[1].only_if[0].to_string(), "clicked guide");
    assert_eq!(sequence.steps[2].only_if[0].to_string(), "not clicked guide");
    assert_eq!(sequence.steps[3].send.to_string(), "Mon-Fri 08:00-17:00");
    assert_eq!(sequence.steps[5].until[0].to_string(), "clicked link pricing");
    assert_eq!(sequence.steps[5].verb, Verb::HandOver("looked at the prices".into()));
    let offer =
        workspace.sequences.iter().find(|sequence| sequence.id == "bofu-offer").expect("there is one");
    assert_eq!(offer.steps[0].send.to_string(), "Mon-Fri 08:00-18:00", "the default of funnel.toml");
    let thread = Verb::Mail { variants: vec!["bofu/reference".into()], thread: Some("appointment".into()) };
    assert_eq!(offer.steps[1].verb, thread);
}
