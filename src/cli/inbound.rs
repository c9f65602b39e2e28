//! `dripline inbound`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::{Outcome, output};
use crate::domain::inbound::{DeliveryAction, Hard, InboundKind};
use crate::mail::inbound::{InboundMail, Recipient, SIZE_LIMIT, read, reply_text};

const EXAMPLES: &str = "\
Examples:
  dripline inbound --classify --json mail.eml
  dripline inbound --classify --json - < mail.eml
  dripline inbound --classify --json --text reply.txt

Each file is one mail as it came in (message/rfc822, with any line ends). Exit code 1: a file could not be read as a mail;
its line says why.";

/// Judge mails that came in: a line of JSON for each, without a database.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The mails; `-` reads standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Say what each mail is, and record nothing.
    #[arg(long, required = true)]
    classify: bool,
    /// Print JSON, the only way so far.
    #[arg(long, required = true)]
    json: bool,
    /// The files are the plain text of replies: print what the person wrote.
    #[arg(long)]
    text: bool,
}

/// A judged mail, for programs.
#[derive(Serialize)]
struct Judged {
    file: String,
    kind: InboundKind,
    /// `true`, `false` or `"mixed"` for a bounce.
    hard: serde_json::Value,
    recipients: Vec<Reported>,
    absent_until: Option<String>,
    text: String,
    /// What it was matched by; nothing is matched without a database.
    matched_by: Option<String>,
    evidence: String,
}

#[derive(Serialize)]
struct Reported {
    address: String,
    status: Option<String>,
    action: Option<DeliveryAction>,
    reason: Option<String>,
}

/// What a person wrote, for programs.
#[derive(Serialize)]
struct Written {
    file: String,
    text: String,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    for path in &args.files {
        let raw = bytes(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file = path.display().to_string();
        if args.text {
            let text = reply_text(&String::from_utf8_lossy(&raw));
            print_line(&Written { file, text })?;
            continue;
        }
        let judged = match read(&raw) {
            Ok(mail) => judged(file, mail),
            Err(why) => {
                outcome = Outcome::Problems;
                unread(file, &format!("not readable: {why}"))
            }
        };
        print_line(&judged)?;
    }
    Ok(outcome)
}

/// The file's bytes, one more at most than a mail may have.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut raw = Vec::new();
    source.take(SIZE_LIMIT as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}

fn print_line(value: &impl Serialize) -> anyhow::Result<()> {
    output::print(&format!("{}\n", serde_json::to_string(value)?))
}

fn judged(file: String, mail: InboundMail) -> Judged {
    let hard = match mail.hard {
        None => serde_json::Value::Null,
        Some(Hard::Mixed) => Hard::Mixed.as_str().into(),
        Some(hard) => (hard == Hard::Yes).into(),
    };
    Judged {
        file,
        kind: mail.kind,
        hard,
        recipients: mail.reports.into_iter().map(reported).collect(),
        absent_until: mail.absent_until.map(|date| date.to_string()),
        text: mail.text,
        matched_by: None,
        evidence: mail.evidence,
    }
}

fn reported(recipient: Recipient) -> Reported {
    let Recipient { address, status, action, diagnostic, .. } = recipient;
    Reported { address, status, action, reason: diagnostic }
}

/// A mail that somebody has to look at.
fn unread(file: String, why: &str) -> Judged {
    Judged {
        file,
        kind: InboundKind::Unrelated,
        hard: serde_json::Value::Null,
        recipients: Vec::new(),
        absent_until: None,
        text: String::new(),
        matched_by: None,
        evidence: why.to_owned(),
    }
}
