//! `dripline import FILE`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::context::Context;
use super::{Outcome, output, progress};
use crate::domain::consent::Basis;
use crate::domain::schedule::local;
use crate::domain::time::Timestamp;
use crate::nurture::import::columns::Mapping;
use crate::nurture::import::row::Given;
use crate::nurture::import::{ImportOptions, ImportReport, import};

const EXAMPLES: &str = "\
Examples:
  dripline import leads.csv
  dripline import fair.csv --source fair --basis opt_in
  dripline import export.csv --map \"E-Mail=email\" --map \"KdNr=external_id\"

Columns:
  email            required; the rest if you have it
  first_name, last_name, title, job_title, phone, city
  company, company_domain, company_industry
  company_size     how many people work there
  company_country  DE, AT, …
  salutation       mr, ms or neutral
  address_form     du or sie
  language         de, en-GB, …
  timezone         Europe/Berlin, …
  country          DE, AT, …
  stage            tofu, mofu, bofu or customer
  source           the channel of first contact
  tags             with ; between
  basis            opt_in, double_opt_in or existing_customer; none: no mail
  consent_at       when they agreed: 2026-10-01, or a time (RFC 3339)
  consent_text     what they agreed to
  tracking         yes or no
  external_id      the key in another system
  field.NAME       a field of your own

Other columns are reported and ignored. Exit code 1: some rows were not taken.";

/// Import leads from a CSV file. Bad rows are reported, the rest is taken; it is safe to repeat.
///
/// Leads that are known get their contact data updated; their stage, consent, stops and holds stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file, in UTF-8, with a line of column names; `-` reads standard input.
    file: PathBuf,
    /// Why these people may be written to, if the file has no column `basis`.
    #[arg(long, value_name = "BASIS")]
    basis: Option<Basis>,
    /// When they agreed (RFC 3339), if the file has no column `consent_at`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    consent_at: Option<Timestamp>,
    /// What they agreed to, if the file has no column `consent_text`.
    #[arg(long, value_name = "TEXT")]
    consent_text: Option<String>,
    /// The channel of first contact, if the file has no column `source`.
    #[arg(long)]
    source: Option<String>,
    /// A column of the file that has another name here; may be repeated.
    #[arg(long = "map", value_name = "THEIRS=OURS")]
    mappings: Vec<Mapping>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let moment = chrono::DateTime::parse_from_rfc3339(text);
    moment
        .map(|moment| moment.to_utc().into())
        .map_err(|_| "write a time such as 2026-03-01T09:30:00Z".to_owned())
}

pub async fn run(workspace: &Path, args: Args) -> anyhow::Result<Outcome> {
    let (source, size) = open(&args.file)?;
    let context = Context::open_applied(workspace).await?;
    let bar = progress_bar(size);
    let name = args.file.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
    let given = Given {
        basis: args.basis,
        consent_at: args.consent_at,
        consent_text: args.consent_text,
        source: args.source,
        form: Some(format!("import of {name}")),
        ..Given::default()
    };
    let options = ImportOptions { file: name.clone(), mappings: args.mappings, given };
    let mut taken = 0;
    let report = import(&context.engine, source, options, |progress| {
        taken = progress.taken;
        bar.set_position(progress.bytes);
        bar.set_message(rows(progress.rows));
    });
    let report = report.await;
    let report = report.with_context(|| ended_early(&name, taken))?;
    bar.finish_and_clear();
    if args.json {
        output::print_json(&report)?;
    } else {
        let zone = context.engine.revision().await?.workspace.funnel.defaults.timezone;
        output::print(&describe(&name, &report, |at| local(at, zone).date().to_string()))?;
    }
    context.close().await;
    Ok(if report.bad == 0 { Outcome::Fine } else { Outcome::Problems })
}

/// `1 row`, `2 rows`
fn rows(count: u64) -> String {
    format!("{count} {}", if count == 1 { "row" } else { "rows" })
}

/// What became of a file that could not be read to its end.
fn ended_early(name: &str, taken: u64) -> String {
    match taken {
        0 => format!("nothing of {name} was imported"),
        _ => format!("{name} was not imported to its end"),
    }
}

/// The file and its size in bytes, if that is known.
fn open(file: &Path) -> anyhow::Result<(Box<dyn Read>, Option<u64>)> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let cannot = || format!("{} cannot be read", file.display());
    let open = File::open(file).with_context(cannot)?;
    let metadata = open.metadata().with_context(cannot)?;
    anyhow::ensure!(!metadata.is_dir(), "{} is a directory", file.display());
    Ok((Box::new(open), Some(metadata.len())))
}

const BAR: &str = "{bar:40} {percent:>3} %  {msg}  {eta} left";

/// Of a text that comes from standard input nobody knows how much is left.
fn progress_bar(size: Option<u64>) -> ProgressBar {
    size.map_or_else(ProgressBar::new_spinner, |size| progress::bar(size, BAR))
}

/// The report for people: a line for each row that is not as it should be, then the sum.
fn describe(file: &str, report: &ImportReport, date: impl Fn(Timestamp) -> String) -> String {
    let mut lines = Vec::new();
    for column in &report.ignored {
        let (name, hint) = (&column.name, column.hint());
        lines.push(format!("{file}:1: the column \"{name}\" is not known and was ignored{hint}"));
    }
    for row in &report.bad_rows {
        for fault in &row.faults {
            lines.push(format!("{file}:{}: {fault}", row.line));
        }
    }
    for row in &report.stopped_rows {
        let (line, day, because) = (row.line, date(row.stopped_at), row.because);
        lines.push(format!(
            "{file}:{line}: stopped on {day} because {because}; contact data was taken, the lead stays stopped"
        ));
    }
    let ImportReport { new, updated, unchanged, bad, .. } = report;
    let rows = rows(report.rows);
    lines.push(format!("{rows}: {new} new, {updated} updated, {unchanged} unchanged, {bad} not taken"));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nurture::import::columns::{Name, UnknownColumn};
    use crate::nurture::import::report::{BadRow, StoppedRow};
    use crate::nurture::import::row::Fault;

    #[test]
    fn the_report_names_each_line() {
        let at = Timestamp::from_millis(0);
        let report = ImportReport {
            rows: 3,
            new: 1,
            bad: 1,
            ignored: vec![UnknownColumn { name: "mail".into(), meant: Some("email".into()), field: None }],
            bad_rows: vec![BadRow {
                line: 4,
                faults: vec![Fault::in_column("email", "no"), Fault::of_row("odd")],
            }],
            stopped_rows: vec![StoppedRow { line: 5, stopped_at: at, because: "the person objected" }],
            ..ImportReport::default()
        };
        let text = describe("a.csv", &report, |_| "1970-01-01".into());
        let expected = "\
a.csv:1: the column \"mail\" is not known and was ignored; did you mean \"email\"?
a.csv:4: email: no
a.csv:4: odd
a.csv:5: stopped on 1970-01-01 because the person objected; contact data was taken, the lead stays stopped
3 rows: 1 new, 0 updated, 0 unchanged, 1 not taken
";
        assert_eq!(text, expected);
    }

    #[test]
    fn one_row_is_no_rows() {
        let report = ImportReport { rows: 1, new: 1, ..ImportReport::default() };
        let text = describe("a.csv", &report, |_| String::new());
        assert_eq!(text, "1 row: 1 new, 0 updated, 0 unchanged, 0 not taken\n");
    }

    #[test]
    fn what_was_taken_of_a_file_that_ended_early_is_said() {
        assert_eq!(ended_early("a.csv", 0), "nothing of a.csv was imported");
        assert_eq!(ended_early("a.csv", 500), "a.csv was not imported to its end");
    }

    #[test]
    fn the_help_names_every_column() {
        let words: Vec<&str> = EXAMPLES.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        assert!(Name::ALL.iter().all(|name| words.contains(&name.as_str())));
    }

    #[test]
    fn the_bar_has_a_sound_template() {
        assert!(indicatif::ProgressStyle::with_template(BAR).is_ok());
    }
}
