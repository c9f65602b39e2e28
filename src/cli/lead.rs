//! `dripline lead …`

mod add;
mod columns;
mod consent;
mod list;
mod sales;
pub(super) mod until;

use std::path::Path;

use clap::{Args, Subcommand};

use super::context::Context;
use super::{Outcome, explain, output};
use crate::domain::gate::StopKind;
use crate::domain::time::Timestamp;
use crate::domain::words::UnknownWord;
use crate::nurture::lookup::find;
use crate::nurture::record::{Found, Planned};
use crate::nurture::{Change, Engine};
use until::Until;

/// Add a lead, show one, or change where it walks.
#[derive(Debug, Subcommand)]
pub enum Command {
    Add(add::Args),
    Show(Show),
    List(list::Args),
    Consent(consent::Args),
    Enroll(Enroll),
    Unenroll(Unenroll),
    Pause(Pause),
    Resume(Resume),
    Stop(Stop),
    #[command(flatten)]
    Sales(sales::Command),
}

/// Show what is known about a lead, and where it stands.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead show kim@example.org")]
pub struct Show {
    #[command(flatten)]
    lead: Lead,
}

/// Enter a lead into a sequence by hand. It leaves the one it walks, and gets this one from its start, also the mails that
/// it had from it before.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead enroll kim@example.org mofu-evaluation")]
pub struct Enroll {
    #[command(flatten)]
    lead: Lead,
    /// The file name of the sequence, without .toml.
    sequence: String,
}

/// Take a lead out of its sequence. It enters no other one until its stage changes or somebody enrolls it.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead unenroll kim@example.org")]
pub struct Unenroll {
    #[command(flatten)]
    lead: Lead,
}

/// Send a lead nothing for a while.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dripline lead pause kim@example.org --until 2026-03-01
  dripline lead pause kim@example.org --until \"2 weeks\" --reason \"on holiday\"")]
pub struct Pause {
    #[command(flatten)]
    lead: Lead,
    /// When it ends by itself: a date, a date and time, or "2 weeks"; else with `dripline lead resume`. Times are those
    /// of [defaults] timezone in funnel.toml, unless they end in a zone such as Z or +01:00.
    #[arg(long, value_name = "TIME")]
    until: Option<Until>,
    #[arg(long, default_value = "paused by hand")]
    reason: String,
}

/// End a pause of a lead, or an absence that was misread.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead resume kim@example.org")]
pub struct Resume {
    #[command(flatten)]
    lead: Lead,
}

/// Stop all marketing mail to a lead. Only the person can undo it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: dripline lead stop kim@example.org --kind objection --reason \"wrote to support\""
)]
pub struct Stop {
    #[command(flatten)]
    lead: Lead,
    /// unsubscribe, objection, complaint, hard_bounce or by_hand.
    #[arg(long, default_value = "by_hand", value_parser = kind)]
    kind: StopKind,
    #[arg(long, default_value = "stopped by hand")]
    reason: String,
}

/// Which lead, and how to answer.
#[derive(Debug, Args)]
struct Lead {
    /// The e-mail address, or the id.
    #[arg(value_name = "LEAD")]
    name: String,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

/// An erasure is more than a stop, and nothing that this command does.
fn kind(text: &str) -> Result<StopKind, String> {
    match text.parse() {
        Ok(StopKind::Erasure) => Err("an erasure is more than a stop; stop the lead by hand".into()),
        kind => kind.map_err(|error: UnknownWord| error.to_string()),
    }
}

pub async fn run(workspace: &Path, command: Command) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    let engine = &context.engine;
    let (lead, wanted) = match command {
        Command::Add(args) => return add::run(context, args).await,
        Command::Show(args) => return explain::show(context, &args.lead.name, args.lead.json).await,
        Command::List(args) => return list::run(context, args).await,
        Command::Consent(args) => consent::read(engine, args).await?,
        Command::Enroll(args) => (args.lead, Change::Enroll { sequence: args.sequence }),
        Command::Unenroll(args) => (args.lead, Change::Unenroll),
        Command::Pause(args) => {
            let until = match args.until {
                Some(until) => Some(moment(engine, until).await?),
                None => None,
            };
            (args.lead, Change::Pause { until, because: args.reason })
        }
        Command::Resume(args) => (args.lead, Change::Resume),
        Command::Stop(args) => (args.lead, Change::Stop { kind: args.kind, because: args.reason }),
        Command::Sales(command) => command.read(engine).await?,
    };
    let resumed = wanted == Change::Resume;
    let found = change(engine, &lead.name, wanted).await?;
    if lead.json {
        output::print_json(&found)?;
    } else {
        let stands = explain::stands(engine, &lead.name, resumed).await?;
        let no_pause = if resumed { stop_is_no_pause(engine, &lead.name).await? } else { "" };
        output::print(&format!("{stands}{no_pause}{}", describe(&found)))?;
    }
    context.close().await;
    Ok(Outcome::Fine)
}

/// A moment to come, on the clocks of the workspace.
async fn moment(engine: &Engine, until: Until) -> anyhow::Result<Timestamp> {
    let zone = engine.revision().await?.workspace.funnel.defaults.timezone;
    let moment = until.moment(engine.clock.now(), zone);
    moment.map_err(|why| anyhow::anyhow!("--until: {why}"))
}

/// What to say to somebody who wants a stopped lead to go on.
async fn stop_is_no_pause(engine: &Engine, lead: &str) -> anyhow::Result<&'static str> {
    let mut tx = engine.db.read().await?;
    let stopped = find(&mut tx, lead).await?.lead.closed_by.is_some();
    Ok(if stopped { "`resume` ends pauses. A stop is none: only the person can undo it.\n" } else { "" })
}

async fn change(engine: &Engine, lead: &str, change: Change) -> anyhow::Result<Found> {
    let mut tx = engine.db.read().await?;
    let id = find(&mut tx, lead).await?.lead.id;
    drop(tx);
    Ok(change.carry_out(engine, id).await?)
}

/// What the change found planned or being sent; nothing, if there was nothing.
fn describe(found: &Found) -> String {
    let lines = [
        (&found.cancelled, "cancelled before it was sent"),
        (&found.in_flight_delivered, "on its way already, and has arrived"),
        (&found.in_flight_failed, "on its way already, and was not accepted"),
        (&found.in_flight_unknown, "on its way already, and whether it arrived is not known"),
    ];
    let lines = lines.into_iter().flat_map(|(ids, what)| ids.iter().map(move |id| (id, what)));
    let planned = found.planned.iter().map(|Planned { sequence, step, .. }| {
        format!("The next mail (step {step} of {sequence}) does not go out now.\n")
    });
    lines.map(|(id, what)| format!("Mail {id} was {what}.\n")).chain(planned).collect()
}
