//! The workspace: a marketer's files, read into checked types, with every mistake named and placed.
//!
//! [`Files`] are the bytes, [`Workspace::compile`] reads and checks them, [`Diagnostic`]s say what is wrong.

pub mod code;
pub mod color;
mod conditions;
pub mod diagnostic;
pub mod expression;
pub mod files;
pub mod funnel;
mod kind;
mod mention;
mod names;
mod phrase;
pub mod schema;
pub mod segment;
mod sequence;
pub mod source;
mod step;
mod syntax;
pub mod table;
pub mod templates;
mod times;

#[cfg(test)]
mod fixture;

use std::collections::BTreeSet;
use std::thread;

use crate::domain::sequence::Sequence;

use mention::{Mention, Noun};
use names::Names;
pub use names::check_word;
use source::{Finding, Report, Source};
use table::Document;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use expression::{FUNCTIONS, ScoreFacts};
pub use files::{Files, FilesError};
pub use funnel::Funnel;
pub use segment::Segments;
pub use templates::{Links, MailContext, RenderError, Rendered, Templates};

/// Where the sequences are.
const SEQUENCES: &str = "sequences/";

/// Bytes of stack for reading files. The readers of expressions and templates go as deep as what they read; this is
/// address space, and becomes memory only as far as it is used.
const STACK: usize = 64 * 1024 * 1024;

/// A marketer's files, read and without mistakes.
pub struct Workspace {
    /// The hash of its files.
    pub hash: String,
    pub funnel: Funnel,
    /// By their ids.
    pub sequences: Vec<Sequence>,
    pub templates: Templates,
}

/// What reading files gave.
pub struct Checked {
    /// The workspace, if nothing but warnings was found.
    pub workspace: Option<Workspace>,
    /// Everything that was found, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The names by which it asks for what the operator has set up.
    asked: Vec<Mention>,
}

impl Workspace {
    /// Reads and checks files. Finds all mistakes, and never panics, whatever the files contain.
    pub fn compile(files: &Files) -> Checked {
        let compile = || compile(files);
        let done = thread::scope(|scope| {
            let reader = thread::Builder::new().name("workspace".to_owned()).stack_size(STACK);
            reader.spawn_scoped(scope, compile).map(|reader| reader.join())
        });
        match done {
            Ok(Ok(checked)) => checked,
            // A reader of a format has met its limits: the workspace is refused like any with a mistake.
            Ok(Err(_)) => {
                Checked::refused("the files cannot be checked: a reader of templates or expressions failed")
            }
            Err(error) => {
                Checked::refused(&format!("the files cannot be checked: no thread can be started: {error}"))
            }
        }
    }
}

impl Checked {
    /// What is asked for by a name that dripline.toml does not have: it has these webhooks and relays.
    pub fn unknown_to_operator(
        &self,
        webhooks: &BTreeSet<String>,
        relays: &BTreeSet<String>,
    ) -> Vec<Diagnostic> {
        let report = Report::default();
        for mention in &self.asked {
            let known = if mention.noun == Noun::Webhook { webhooks } else { relays };
            let finding = mention::unknown(mention, known);
            finding.into_iter().for_each(|finding| report.push_at(mention, finding));
        }
        report.finish()
    }

    fn refused(message: &str) -> Self {
        let report = Report::default();
        Source::new(funnel::FILE, "", &report).report_file(Finding::new(Code::Internal, message));
        Self { workspace: None, diagnostics: report.finish(), asked: Vec::new() }
    }
}

fn compile(files: &Files) -> Checked {
    let report = Report::default();
    let mut names = Names::default();
    let Some(bytes) = files.file(funnel::FILE) else { return without_funnel(files, names, report) };
    // Even what is no text is read as well as can be, or else all that it defines would be found missing.
    let text = String::from_utf8_lossy(bytes);
    let source = Source::decode(funnel::FILE, bytes, &report);
    let source = source.unwrap_or(Source::new(funnel::FILE, &text, &report));
    let funnel = funnel::read(source, &mut names);
    finish(files, funnel, names, report)
}

/// The rest is read as well, without what a funnel.toml would say.
fn without_funnel(files: &Files, mut names: Names, report: Report) -> Checked {
    let nothing = Report::default();
    let funnel = funnel::read(Source::new(funnel::FILE, "", &nothing), &mut names);
    let source = Source::new(funnel::FILE, "", &report);
    let finding = Finding::new(Code::NoFunnel, "the workspace has no funnel.toml");
    let help =
        "`dripline new workspace NAME` makes a workspace with one to begin with, in a folder of its own";
    source.report_file(finding.help(help));
    source.broken(0, false);
    finish(files, funnel, names, report)
}

fn finish(files: &Files, funnel: Funnel, mut names: Names, report: Report) -> Checked {
    let templates = templates::compile(files, &funnel, &mut names, &report);
    mention::check_links(&report, &names);
    let personas: Vec<&str> = names.personas.iter().map(String::as_str).collect();
    mention::check_asked(&report, Noun::Persona, &personas);
    let sequences = sequences(files, &funnel, &names, &report);
    if report.read_whole() {
        let ids: Vec<&str> = sequences.iter().map(|sequence| sequence.id.as_str()).collect();
        mention::check_asked(&report, Noun::Sequence, &ids);
        mention::check_spelling(&report);
        if !sequences.is_empty() && sequences.iter().all(|sequence| !sequence.steps.is_empty()) {
            mention::check_unused(&report);
        }
    }
    let asked = mention::of_operator(&report);
    let diagnostics = report.finish();
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    let workspace = sound.then(|| Workspace { hash: files.hash(), funnel, sequences, templates });
    Checked { workspace, diagnostics, asked }
}

fn sequences(files: &Files, funnel: &Funnel, names: &Names, report: &Report) -> Vec<Sequence> {
    let files = files.below(SEQUENCES).filter_map(|(path, bytes)| {
        let id = path.strip_prefix(SEQUENCES)?.strip_suffix(".toml")?;
        Some((id, Document::parse(Source::decode(path, bytes, report)?)))
    });
    let documents: Vec<(&str, Document)> = files.collect();
    let ids: Vec<&str> = documents.iter().map(|(id, _)| *id).collect();
    for (id, document) in &documents {
        if let Err(message) = check_word(id) {
            document.source().report_file(Finding::new(Code::BadName, message).help("rename the file"));
        }
    }
    let read =
        documents.iter().filter_map(|(id, document)| sequence::read(document, id, &funnel.defaults, names));
    let read: Vec<sequence::Placement> = read.collect();
    sequence::check_names(&read, &ids);
    if read.len() == documents.len() && report.read_whole() {
        sequence::check_reach(&read, names);
    }
    read.into_iter().map(|placed| placed.sequence).collect()
}
