//! `dripline lead add`

use serde::Serialize;

use super::columns::Columns;
use crate::cli::context::Context;
use crate::cli::{Outcome, output};
use crate::domain::time::Timestamp;
use crate::nurture::change::store_lead;
use crate::nurture::import::columns::{Column, Name};
use crate::nurture::import::row::{self, Given};
use crate::nurture::record::{How, LeadInput, Stored};

const EXAMPLES: &str = "\
Examples:
  dripline lead add kim@example.org --first-name Kim --last-name Roth --salutation ms --basis double_opt_in
  dripline lead add kim@example.org --company \"Roth AG\" --tags \"fair;press\" --field machines=22";

const NOT_TAKEN: &str = "Stage, consent and tracking were not taken: those are for new leads only. \
    What it agreed to since is recorded by `dripline lead consent`.\n";

/// Add a lead, or bring the contact data of a known one up to date.
///
/// Without a basis the lead is stored, and nobody writes to it. Stage, consent and tracking are taken for new leads only:
/// who has left stays away, whatever is added.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The e-mail address.
    email: String,
    #[command(flatten)]
    columns: Columns,
    /// Print what was done as JSON.
    #[arg(long)]
    json: bool,
}

/// What was done, for programs.
#[derive(Serialize)]
struct Added {
    id: i64,
    how: How,
    /// Why the lead is not written to, whatever is added.
    stopped_because: Option<&'static str>,
}

pub async fn run(context: Context, args: Args) -> anyhow::Result<Outcome> {
    let engine = &context.engine;
    let input = match read(&args, engine.clock.now()) {
        Ok(input) => input,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("error: {fault}"));
            return Ok(Outcome::CouldNotRun);
        }
    };
    let email = input.email.to_string();
    let for_new_ones = !input.consents.is_empty() || input.stage.is_some() || input.tracking;
    let Stored { id, how, suppressed } = store_lead(engine, input).await?;
    let stopped_because = suppressed.map(|suppression| suppression.kind.because());
    if args.json {
        output::print_json(&Added { id, how, stopped_because })?;
    } else {
        let left = for_new_ones && how != How::New;
        output::print(&describe(&email, id, how, stopped_because))?;
        output::print(if left { NOT_TAKEN } else { "" })?;
    }
    context.close().await;
    Ok(Outcome::Fine)
}

fn describe(email: &str, id: i64, how: How, stopped_because: Option<&str>) -> String {
    let what = match how {
        How::New => "is lead",
        How::Updated => "was known: its contact data is up to date now. It is lead",
        How::Unchanged => "was known already. It is lead",
    };
    let stopped =
        stopped_because.map(|because| format!("Nothing is sent because {because}.\n")).unwrap_or_default();
    format!("{email} {what} {id}.\n{stopped}")
}

fn read(args: &Args, now: Timestamp) -> Result<LeadInput, Vec<row::Fault>> {
    let email = (Column::Known(Name::Email), args.email.clone());
    let cells = std::iter::once(&email).chain(&args.columns.0);
    let given = Given { form: Some("command line".to_owned()), ..Given::default() };
    row::read(cells.map(|(column, cell)| (column, cell.as_str())), &given, now)
}
