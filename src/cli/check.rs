//! `dripline check`

use std::io::IsTerminal;
use std::path::Path;

use serde::Serialize;

use super::context::Mistakes;
use super::context::load_config;
use super::{Outcome, output};
use crate::config;
use crate::workspace::{Diagnostic, Files, Workspace};

const EXAMPLES: &str = "\
Examples:
  dripline check
  dripline --workspace staging check --json

Exit code 1: there are errors. Warnings alone are fine.";

/// Check the files of the workspace: each mistake with its file, line and column.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Report<'a> {
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Diagnostic],
}

pub fn run(workspace: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let files = Files::read(workspace)?;
    let checked = Workspace::compile(&files);
    let mut found = match load_config(workspace) {
        Ok(_) => Vec::new(),
        Err(error) => error.downcast::<Mistakes>()?.0,
    };
    found.extend(checked.diagnostics);
    let errors = found.iter().filter(|found| found.is_error()).count();
    let report = Report { errors, warnings: found.len() - errors, diagnostics: &found };
    if args.json {
        output::print_json(&report)?;
    } else {
        let shown: String = found.iter().map(|found| shown(found, workspace, &files)).collect();
        output::print(&(shown + &summary(&report, checked.workspace.as_ref())))?;
    }
    Ok(if errors == 0 { Outcome::Fine } else { Outcome::Problems })
}

/// On a terminal the line with a mark below it; elsewhere one line that editors and `grep` understand.
fn shown(found: &Diagnostic, workspace: &Path, files: &Files) -> String {
    if !std::io::stdout().is_terminal() {
        let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        return format!("{found}{help}\n");
    }
    let text = if found.file == config::FILE {
        std::fs::read_to_string(workspace.join(config::FILE)).ok()
    } else {
        files.file(&found.file).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    found.render(text.as_deref(), output::colours()) + "\n\n"
}

/// `2 errors, 1 warning`, or what the workspace holds.
fn summary(report: &Report<'_>, workspace: Option<&Workspace>) -> String {
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let warnings = (report.warnings > 0).then(|| count(report.warnings, "warning"));
    if report.errors > 0 {
        let errors = [Some(count(report.errors, "error")), warnings];
        return errors.into_iter().flatten().collect::<Vec<_>>().join(", ") + "\n";
    }
    let sequences = workspace.map_or(0, |workspace| workspace.sequences.len());
    let steps = workspace
        .map_or(0, |workspace| workspace.sequences.iter().map(|sequence| sequence.steps.len()).sum());
    let sound = format!("no errors in {} with {}", count(sequences, "sequence"), count(steps, "step"));
    [Some(sound), warnings].into_iter().flatten().collect::<Vec<_>>().join(", ") + "\n"
}
