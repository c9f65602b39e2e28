//! `dripline lead list`

use std::fmt::Write;

use indicatif::ProgressBar;

use crate::cli::context::Context;
use crate::cli::table::{Cell, Column, Table, comma};
use crate::cli::{Outcome, output, progress};
use crate::domain::gate::StopKind;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::suggest::nearest;
use crate::nurture::listing::{Filter, Listed, Listing};
use crate::workspace::expression::Expression;
use crate::workspace::{Diagnostic, Funnel};

/// List leads, the best score first.
///
/// Each flag leaves some out. --when is an expression as in [segment.NAME] of funnel.toml.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dripline lead list
  dripline lead list --qualification mql --with marketing
  dripline lead list --with sales --rep kim
  dripline lead list --when 'score >= 50 && lead.country == \"DE\"'
  dripline lead list --segment plant-size --csv > plants.csv
  dripline lead list --json | jq .email                         # a line for each lead")]
pub struct Args {
    /// tofu, mofu, bofu or customer.
    #[arg(long)]
    stage: Option<Stage>,
    /// unqualified, prequalified, mql or sql.
    #[arg(long)]
    qualification: Option<Qualification>,
    /// marketing or sales.
    #[arg(long)]
    with: Option<Party>,
    /// Whose lead it is, or was last: a name of [team.NAME].
    #[arg(long)]
    rep: Option<String>,
    /// A [segment.NAME] of funnel.toml.
    #[arg(long)]
    segment: Option<String>,
    /// What holds for the lead, such as 'lead.tags.exists(tag, tag == "fair")'.
    #[arg(long, value_name = "EXPRESSION")]
    when: Option<String>,
    /// How many are shown.
    #[arg(long, value_name = "N", default_value_t = 50, conflicts_with_all = ["json", "csv"])]
    first: usize,
    /// Print all of them as JSON, a line for each, in the order in which they were added.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print all of them as CSV, whose cells are no formulas.
    #[arg(long)]
    csv: bool,
}

pub async fn run(context: Context, args: Args) -> anyhow::Result<Outcome> {
    let engine = &context.engine;
    let revision = engine.revision().await?;
    let funnel = &revision.workspace.funnel;
    let mut listing = Listing::new(engine, filter(&args, funnel)?);
    if args.json {
        while let Some(found) = listing.step().await? {
            let lines: Result<String, serde_json::Error> =
                found.iter().map(|lead| Ok(serde_json::to_string(lead)? + "\n")).collect();
            output::print(&lines?)?;
        }
    } else if args.csv {
        output::print(&comma::head(&cells(&[]))?)?;
        while let Some(found) = listing.step().await? {
            output::print(&comma::rows(&cells(&found))?)?;
        }
    } else {
        let bar = progress::of_leads(engine).await?;
        let (best, count) = best(&mut listing, args.first, &bar).await?;
        bar.finish_and_clear();
        output::print(&describe(&best, count, listing.seen, funnel))?;
    }
    context.close().await;
    Ok(Outcome::Fine)
}

fn filter(args: &Args, funnel: &Funnel) -> anyhow::Result<Filter> {
    let reps: Vec<&str> = funnel.team.iter().map(|(name, _)| name.as_str()).collect();
    known("rep", args.rep.as_deref(), &reps)?;
    known("segment", args.segment.as_deref(), &funnel.segments.names().collect::<Vec<_>>())?;
    let when = args.when.as_deref().map(expression).transpose()?;
    Ok(Filter {
        stage: args.stage,
        qualification: args.qualification,
        with: args.with,
        owner: args.rep.clone(),
        segment: args.segment.clone(),
        when,
    })
}

fn expression(text: &str) -> anyhow::Result<Expression> {
    Expression::alone("--when", text).map_err(|found| {
        let line = |found: &Diagnostic| match &found.help {
            Some(help) => format!("{found}; {help}"),
            None => found.to_string(),
        };
        anyhow::anyhow!(found.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}

/// Refuses a name that funnel.toml does not know.
fn known(flag: &str, name: Option<&str>, names: &[&str]) -> anyhow::Result<()> {
    let Some(name) = name.filter(|name| !names.contains(name)) else { return Ok(()) };
    let help = match nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None if names.is_empty() => "funnel.toml has none".to_owned(),
        None => format!("funnel.toml has: {}", names.join(", ")),
    };
    anyhow::bail!("--{flag} \"{name}\" is not known; {help}")
}

/// The leads with the best scores, and how many there are in all.
async fn best(
    listing: &mut Listing<'_>,
    most: usize,
    bar: &ProgressBar,
) -> anyhow::Result<(Vec<Listed>, u64)> {
    let (mut best, mut count): (Vec<Listed>, u64) = (Vec::new(), 0);
    while let Some(found) = listing.step().await? {
        count += found.len() as u64;
        best.extend(found);
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        best.truncate(most);
        bar.set_position(listing.seen);
    }
    Ok((best, count))
}

fn describe(best: &[Listed], count: u64, seen: u64, funnel: &Funnel) -> String {
    if count == 0 {
        return match seen {
            0 => "There are no leads yet; `dripline import FILE.csv` brings them in.\n".to_owned(),
            _ => format!("None of {seen} leads.\n"),
        };
    }
    let mut text = table(best, funnel).text();
    let leads = if count == 1 { "lead" } else { "leads" };
    let shown = best.len();
    let _ = match (shown as u64) < count {
        true => writeln!(text, "\n{count} {leads}, of which the {shown} with the best scores are shown."),
        false => writeln!(text, "\n{count} {leads}."),
    };
    text
}

/// For people.
fn table(leads: &[Listed], funnel: &Funnel) -> Table {
    let columns = ["id", "e-mail", "name", "company", "stage", "counts as", "score", "with"];
    let row = |lead: &Listed| {
        let name = [&lead.first_name, &lead.last_name].into_iter().flatten();
        let name = name.map(String::as_str).collect::<Vec<_>>().join(" ");
        vec![
            Cell::Text(lead.id.to_string()),
            Cell::Text(lead.email.clone()),
            Cell::Text(name),
            optional(&lead.company),
            text(lead.stage.title()),
            text(lead.qualification.title()),
            Cell::Text(format!("{:.0} {}", lead.score, lead.judged.temperature)),
            Cell::Text(stands(lead, funnel)),
        ]
    };
    let columns = columns.map(|head| Column { name: head, head }).to_vec();
    Table { columns, rows: leads.iter().map(row).collect(), bars: None }
}

/// Who may write to a lead.
fn stands(lead: &Listed, funnel: &Funnel) -> String {
    match (lead.stopped_by, lead.with, &lead.owner) {
        (_, Party::Sales, Some(owner)) => funnel.rep_name(owner).to_owned(),
        (_, Party::Sales, None) => "sales".to_owned(),
        (Some(_), ..) => "nobody: stopped".to_owned(),
        (None, Party::Marketing, _) => "marketing".to_owned(),
    }
}

/// For programs.
fn cells(leads: &[Listed]) -> Table {
    let columns = [
        "id",
        "email",
        "first_name",
        "last_name",
        "company",
        "stage",
        "qualification",
        "score",
        "fit",
        "engagement",
        "temperature",
        "persona",
        "complete",
        "with",
        "owner",
        "source",
        "tags",
        "stopped_by",
    ];
    let row = |lead: &Listed| {
        vec![
            Cell::Count(lead.id),
            Cell::Text(lead.email.clone()),
            optional(&lead.first_name),
            optional(&lead.last_name),
            optional(&lead.company),
            text(lead.stage.as_str()),
            text(lead.qualification.as_str()),
            Cell::Points(lead.score),
            Cell::Points(lead.judged.fit),
            Cell::Points(lead.judged.engagement),
            text(lead.judged.temperature.as_str()),
            optional(&lead.judged.persona),
            text(if lead.judged.complete { "yes" } else { "no" }),
            text(lead.with.as_str()),
            optional(&lead.owner),
            optional(&lead.source),
            Cell::Text(lead.tags.join(";")),
            text(lead.stopped_by.map_or("", StopKind::as_str)),
        ]
    };
    let columns = columns.map(|name| Column { name, head: name }).to_vec();
    Table { columns, rows: leads.iter().map(row).collect(), bars: None }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn optional(text: &Option<String>) -> Cell {
    Cell::Text(text.clone().unwrap_or_default())
}
