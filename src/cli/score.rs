//! `dripline score`

mod words;

use std::path::Path;

use serde_json::json;

use super::context::{Context, Mistakes};
use super::{Outcome, output, progress};
use crate::nurture::Engine;
use crate::nurture::replay::{Recount, Rehearsal, Shift};
use crate::nurture::score::account;
use crate::workspace::{Checked, Files, Workspace};

/// Show what the score of a lead is made of, or count all scores anew.
///
/// With --replay --dry-run all leads are counted under the files as they are now, applied or not: how many scores would
/// change, and who would cross which stage, qualification or hand-over. Nothing is changed, sent or handed over. --replay
/// alone writes the scores under the applied rules, and moves nobody.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dripline score kim@example.org
  dripline score --replay --dry-run
  dripline score --replay --dry-run --json > changes.jsonl    # a line for each lead, then the sum")]
pub struct Args {
    /// The e-mail address of a lead, or its id.
    #[arg(required_unless_present = "replay", conflicts_with = "replay")]
    lead: Option<String>,
    /// Count the scores of all leads anew, from what they did.
    #[arg(long)]
    replay: bool,
    /// Only say what would change.
    #[arg(long, requires = "replay")]
    dry_run: bool,
    /// How many of the leads that would move are named.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "dry_run")]
    first: usize,
    /// Print JSON; of a dry run a line for each lead that would change, and one with the sum.
    #[arg(long)]
    json: bool,
}

pub async fn run(workspace: &Path, args: Args) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    let engine = &context.engine;
    match &args.lead {
        Some(lead) => {
            let account = account(engine, lead).await?;
            if args.json {
                output::print_json(&account)?;
            } else {
                output::print(&words::account(&account))?;
            }
        }
        None if args.dry_run => rehearse(engine, workspace, &args).await?,
        None => recount(engine, workspace, args.json).await?,
    }
    context.close().await;
    Ok(Outcome::Fine)
}

/// The files as they are now.
fn compile(folder: &Path) -> anyhow::Result<Workspace> {
    let Checked { workspace, diagnostics, .. } = Workspace::compile(&Files::read(folder)?);
    Ok(workspace.ok_or(Mistakes(diagnostics))?)
}

async fn rehearse(engine: &Engine, folder: &Path, args: &Args) -> anyhow::Result<()> {
    let tried = compile(folder)?;
    let applied = engine.revision().await?;
    let mut rehearsal = Rehearsal::new(engine, &applied.workspace.funnel.rules, &tried.funnel.rules);
    let bar = progress::of_leads(engine).await?;
    let mut first: Vec<Shift> = Vec::new();
    while let Some(shifts) = rehearsal.step().await? {
        if args.json {
            let lines: Result<String, _> =
                shifts.iter().map(|shift| Ok(serde_json::to_string(shift)? + "\n")).collect();
            output::print(&lines.map_err(|error: serde_json::Error| error)?)?;
        } else {
            let room = args.first - first.len();
            first.extend(shifts.into_iter().filter(Shift::moves).take(room));
        }
        bar.set_position(rehearsal.totals.leads);
    }
    bar.finish_and_clear();
    let is_applied = applied.workspace.hash == tried.hash;
    match args.json {
        true => output::print(&format!("{}\n", json!({ "applied": is_applied, "total": rehearsal.totals }))),
        false => output::print(&words::rehearsal(&rehearsal.totals, &first, is_applied)),
    }
}

async fn recount(engine: &Engine, folder: &Path, json: bool) -> anyhow::Result<()> {
    let here = compile(folder)?.hash;
    anyhow::ensure!(
        here == engine.revision().await?.workspace.hash,
        "the files are not those that are applied\n  \
         to see what they would change: dripline score --replay --dry-run\n  \
         a server that applies them (a restart, or SIGHUP) counts all scores anew by itself"
    );
    let mut recount = Recount::new(engine);
    let bar = progress::of_leads(engine).await?;
    while recount.step().await? {
        bar.set_position(recount.leads);
    }
    bar.finish_and_clear();
    let Recount { leads, changed, .. } = recount;
    match json {
        true => output::print_json(&json!({ "leads": leads, "changed": changed })),
        false => output::print(&format!(
            "{leads} leads, counted anew: {changed} had another score than what is written now\n"
        )),
    }
}
