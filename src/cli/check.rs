//! `dripline check`

mod explain;
mod format;
mod tracked;

use std::path::Path;

use serde::Serialize;

use super::context::environment;
use super::{Outcome, output};
use crate::config::{self, Config};
use crate::workspace::{Checked, Code, Diagnostic, Files, Severity, Workspace, funnel};

pub use format::Format;
use format::Shown;

const EXAMPLES: &str = "\
Examples:
  dripline check
  dripline check --explain DL035
  dripline check --strict --format github
  dripline --workspace staging check --json

Exit code 0: no errors. 1: errors, or with --strict warnings. 2: there is nothing to check.";

/// Check the files of the workspace: each mistake with its file, line and column, and what would mend it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print what was found as JSON.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// How to print it. Without this: text on a terminal, github in a workflow of GitHub, else lines.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// End with exit code 1 if there are warnings, too.
    #[arg(long)]
    strict: bool,
    /// Explain a code such as DL035, with an example; without a code list all of them.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "")]
    explain: Option<String>,
}

/// What was found, for programs.
#[derive(Serialize)]
struct Report<'a> {
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Diagnostic],
}

pub async fn run(workspace: &Path, args: &Args) -> anyhow::Result<Outcome> {
    if let Some(code) = &args.explain {
        return explain::run(code);
    }
    let files = Files::read(workspace)?;
    refuse_other_folders(workspace, &files)?;
    let checked = Workspace::compile(&files);
    let (config, mut found) = Config::check(workspace, environment());
    found.extend(config.iter().flat_map(|config| unknown_to_operator(config, &checked, workspace)));
    found.extend(checked.diagnostics);
    found.sort_by(|a, b| {
        (a.file != config::FILE, &a.file, a.line).cmp(&(b.file != config::FILE, &b.file, b.line))
    });
    let leads = match &config {
        Some(config) => tracked::count(config, workspace).await,
        None => None,
    };
    if let Some(leads) = leads {
        let concerned = found.iter_mut().filter(|found| found.code == Code::OnlyTracked.number());
        concerned.for_each(|found| found.message = format!("{}: {leads}", found.message));
    }
    let errors = found.iter().filter(|found| found.is_error()).count();
    let report = Report { errors, warnings: found.len() - errors, diagnostics: &found };
    let format = if args.json { Format::Json } else { args.format.unwrap_or_else(Format::fitting) };
    if format == Format::Json {
        output::print_json(&report)?;
    } else {
        let shown = Shown { format, workspace, files: &files };
        let shown: String = found.iter().map(|found| shown.finding(found)).collect();
        output::print(&(shown + &summary(&report, checked.workspace.as_ref())))?;
    }
    let problems = errors > 0 || args.strict && report.warnings > 0;
    Ok(if problems { Outcome::Problems } else { Outcome::Fine })
}

/// Webhooks and relays that dripline.toml does not have, if there is one: it need not lie where the workspace is checked.
fn unknown_to_operator(config: &Config, checked: &Checked, workspace: &Path) -> Vec<Diagnostic> {
    let (webhooks, relays) = (&config.webhooks, &config.relays);
    if !workspace.join(config::FILE).exists() && webhooks.is_empty() && relays.is_empty() {
        return Vec::new();
    }
    checked.unknown_to_operator(&webhooks.keys().cloned().collect(), &relays.keys().cloned().collect())
}

/// A folder without any of a workspace's files is not a workspace with mistakes, but the wrong folder.
fn refuse_other_folders(workspace: &Path, files: &Files) -> anyhow::Result<()> {
    if files.file(funnel::FILE).is_some() || files.below("sequences/").next().is_some() {
        return Ok(());
    }
    let folder = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
    anyhow::bail!(
        "{} is not a workspace: it has no funnel.toml and no sequences\n  \
         go to the folder of your workspace, or name it: dripline --workspace DIR check\n  \
         or make one: dripline new workspace NAME",
        folder.display()
    )
}

/// `2 errors, 1 warning`, or what the workspace holds.
fn summary(report: &Report<'_>, workspace: Option<&Workspace>) -> String {
    let count = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let warnings = (report.warnings > 0).then(|| count(report.warnings, "warning"));
    let error = report.diagnostics.iter().find(|found| found.severity == Severity::Error);
    let explained = error.or(report.diagnostics.first()).map_or_else(String::new, |found| {
        format!("\nMore about a code, with examples: dripline check --explain {}", found.code)
    });
    let parts = if report.errors > 0 {
        [Some(count(report.errors, "error")), warnings]
    } else {
        let sequences = workspace.map_or(0, |workspace| workspace.sequences.len());
        let steps = workspace
            .map_or(0, |workspace| workspace.sequences.iter().map(|sequence| sequence.steps.len()).sum());
        let sound = format!("no errors in {} with {}", count(sequences, "sequence"), count(steps, "step"));
        [Some(sound), warnings]
    };
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ") + &explained + "\n"
}
