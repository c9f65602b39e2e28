//! `dripline inbound --classify`: what mails are, without a database.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::bytes;
use crate::cli::{Outcome, output};
use crate::domain::inbound::{DeliveryAction, Hard, InboundKind};
use crate::mail::inbound::{InboundMail, Recipient, read, reply_text};

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

/// Judges the files; if `text`, they are the plain text of replies.
pub fn run(files: &[PathBuf], text: bool) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Fine;
    for path in files {
        let raw = bytes(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let file = path.display().to_string();
        if text {
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
