//! `dripline report`

mod section;

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use indicatif::{ProgressBar, ProgressStyle};

use super::context::{load_config, require_workspace};
use super::lead::until::Until;
use super::table::comma;
use super::{Outcome, output};
use crate::domain::schedule::{local, resolve};
use crate::domain::time::{DAY, Timestamp};
use crate::domain::wait::Wait;
use crate::home;
use crate::nurture::clock::Clock;
use crate::nurture::report::{self, Period, Report};
use crate::nurture::revision;
use crate::storage::Db;
use section::Section;

const EXAMPLES: &str = "\
Examples:
  dripline report
  dripline report --since 2026-10-01 --until 2026-12-31
  dripline report mails sources --since \"30 days\"
  dripline report --csv sources > sources.csv
  dripline report --json

It only reads, also beside a running server. docs/report.md says what each number counts.";

/// Report how leads move, what came of each mail and of each source, and what sales says.
///
/// Of a date, --since counts from its beginning and --until to its end, on the clocks of the workspace.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these parts; all, if none is named.
    #[arg(value_enum, value_name = "PART")]
    sections: Vec<Section>,
    /// Only what was from then on: a date, a time, or how long ago, such as "30 days".
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Only what was until then.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Print the whole report as JSON.
    #[arg(long, conflicts_with_all = ["csv", "sections"])]
    json: bool,
    /// Print one part as CSV, whose cells are no formulas.
    #[arg(long, value_enum, value_name = "PART", conflicts_with = "sections")]
    csv: Option<Section>,
}

pub async fn run(workspace: &Path, args: &Args) -> anyhow::Result<Outcome> {
    require_workspace(workspace)?;
    let config = load_config(workspace)?;
    let url = home::database_url(&config, workspace);
    let db = Db::look(&url).await.context("there is no database yet that could be reported on")?;
    let zone = zone(&db).await?;
    let now = Clock::System.now();
    let period = Period {
        since: args.since.as_deref().map(|text| moment(text, now, zone, false)).transpose()?,
        until: args.until.as_deref().map(|text| moment(text, now, zone, true)).transpose()?,
    };
    if let (Some(since), Some(until)) = (period.since, period.until) {
        anyhow::ensure!(since < until, "the report would end before it begins: --since is behind --until");
    }
    let spinner = spinner();
    let report =
        report::read(&db, period, now, |what| spinner.set_message(format!("reading {what} …"))).await;
    spinner.finish_and_clear();
    let report = report?;
    db.close().await;
    print(&report, args, period, zone)?;
    Ok(Outcome::Fine)
}

fn print(report: &Report, args: &Args, period: Period, zone: Tz) -> anyhow::Result<()> {
    if args.json {
        return output::print_json(report);
    }
    if let Some(section) = args.csv {
        return output::print(&comma::separated(&section.table(report))?);
    }
    let asked = if args.sections.is_empty() { Section::all() } else { &args.sections };
    let parts: Vec<String> = asked.iter().map(|section| section.text(report)).collect();
    output::print(&format!("{}\n\n{}", head(report, period, zone), parts.join("\n")))
}

/// What the report is about, and as of when.
fn head(report: &Report, period: Period, zone: Tz) -> String {
    let shown = |at: Timestamp| local(at, zone).format("%Y-%m-%d %H:%M").to_string();
    let period = match (period.since.map(shown), period.until.map(shown)) {
        (None, None) => "all of the time".to_owned(),
        (Some(since), None) => format!("from {since} on"),
        (None, Some(until)) => format!("until {until}"),
        (Some(since), Some(until)) => format!("from {since} until {until}"),
    };
    format!("Report of {} ({zone}): {period}", shown(report.at))
}

/// On which clocks dates are meant.
async fn zone(db: &Db) -> anyhow::Result<Tz> {
    let mut tx = db.read().await?;
    Ok(revision::deployed(&mut tx)
        .await
        .map_or(Tz::UTC, |revision| revision.workspace.funnel.defaults.timezone))
}

/// A moment as people say it. A date alone is its beginning, or its end.
fn moment(text: &str, now: Timestamp, zone: Tz, end: bool) -> anyhow::Result<Timestamp> {
    if let Ok(date) = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
        let date = if end { date.checked_add_days(Days::new(1)).unwrap_or(date) } else { date };
        return Ok(resolve(date.and_time(NaiveTime::MIN), zone));
    }
    match text.parse::<Until>() {
        Ok(Until::Moment(moment)) => Ok(moment),
        Ok(Until::Local(moment)) => Ok(resolve(moment, zone)),
        Ok(Until::After(Wait::Exact(millis))) => Ok(now - millis),
        Ok(Until::After(Wait::Days(days))) => Ok(now - i64::from(days) * DAY),
        Err(why) => anyhow::bail!("`{text}` is no moment: {why}"),
    }
}

/// Shows on a terminal that the report is being read, once that takes a while.
fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    #[test]
    fn moments_are_read() {
        let now = Timestamp::from_millis(1_767_600_000_000);
        let shown = |text: &str, end: bool| moment(text, now, Berlin, end).map(|at| at.to_string()).ok();
        assert_eq!(shown("2026-03-01", false).as_deref(), Some("2026-02-28T23:00:00Z"));
        assert_eq!(shown("2026-03-01", true).as_deref(), Some("2026-03-01T23:00:00Z"));
        assert_eq!(shown("2026-03-01 09:00", true).as_deref(), Some("2026-03-01T08:00:00Z"));
        assert_eq!(shown("30 days", false).as_deref(), Some("2025-12-06T08:00:00Z"));
        assert_eq!(shown("lately", false), None);
    }
}
