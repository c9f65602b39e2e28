//! `dripline inbound`

mod classify;
mod record;
mod work;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Outcome;
use crate::mail::inbound::SIZE_LIMIT;

const EXAMPLES: &str = "\
Examples:
  dripline inbound mail.eml
  dripline inbound -                                  (a mail server's pipe)
  dripline inbound --classify --json mail.eml
  dripline inbound --classify --json --text reply.txt
  dripline inbound list

Each file is one mail as it came in (message/rfc822, with any line ends). The same mail twice is one event.

Exit codes: 0 all mails are recorded; 75 one could not be, try again later (EX_TEMPFAIL: a mail server keeps the mail and
does). With --classify: 1 a file could not be read as a mail, its line says why.";

/// Take in mails, judge them, or work through those that wait for a person.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<work::Command>,
    /// The mails; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what each mail is, a line of JSON for each, and record nothing.
    #[arg(long, requires = "json")]
    classify: bool,
    /// Print what became of each mail as a line of JSON.
    #[arg(long)]
    json: bool,
    /// The files are the plain text of replies: print what the person wrote.
    #[arg(long, requires = "classify")]
    text: bool,
}

pub async fn run(workspace: &Path, args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Some(command) => work::run(workspace, command).await,
        None if args.classify => classify::run(&args.files, args.text),
        None => Ok(record::run(workspace, &args.files, args.json).await),
    }
}

/// The file's bytes, one more at most than a mail may have.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut raw = Vec::new();
    source.take(SIZE_LIMIT as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}
