//! What a report says in its own words, and the mail that it returns.

use super::field::{Fields, bounded};
use super::part::Part;
use super::words::any;

/// Bytes of a report's own words that are looked at.
const LIMIT: usize = 32 * 1024;

/// The two halves of a report.
#[derive(Debug, Default)]
pub struct Told {
    /// Its own words.
    pub text: String,
    /// The header of the mail that it returns.
    pub returned: Option<Fields>,
}

impl Told {
    /// Parts the text that a mail shows from the mail that it returns, whether enclosed or written below.
    pub fn of(mail: &Part<'_>, shown: &str) -> Self {
        let enclosed = mail.all().into_iter().find_map(Part::enclosed);
        let lines: Vec<&str> = bounded(shown, LIMIT).lines().collect();
        let end =
            lines.iter().enumerate().position(|(at, line)| is_marker(line) || begins_header(&lines[at..]));
        let end = end.unwrap_or(lines.len());
        let below = || header_below(&lines[end..]);
        Self { text: lines[..end].join("\n"), returned: enclosed.or_else(below) }
    }
}

/// Whether a line says that the returned mail follows.
fn is_marker(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    // "The following addresses did not receive a copy of your message:"
    if line.len() > 100 || line.is_empty() || any(&line, &["address", "recipient", "receive", "transcript"]) {
        return false;
    }
    let ruled =
        line.starts_with("--") || line.starts_with("==") || line.starts_with("**") || line.ends_with(':');
    let mail = any(&line, &["message", "mail", "nachricht"]);
    let returned = any(
        &line,
        &[
            "original",
            "returned",
            "copy of",
            "header",
            "unsent",
            "undelivered",
            "old message",
            "ursprüngliche",
            "kopie",
        ],
    );
    let follows = any(
        &line,
        &["message follows", "headers follow", "copy of the message", "message reads", "message attached"],
    );
    mail && (ruled && returned || follows)
}

/// Whether the header of a mail begins here: fields in a row, one of which only mails on their way have.
fn begins_header(lines: &[&str]) -> bool {
    let fields: Vec<&str> = lines.iter().take(12).map_while(|line| field_name(line)).collect();
    let known =
        |names: &[&str]| fields.iter().any(|field| names.iter().any(|name| name.eq_ignore_ascii_case(field)));
    fields.len() >= 3 && known(&["Received", "Message-ID", "Return-Path", "MIME-Version", "DKIM-Signature"])
}

/// The name of the field that a line begins or continues.
fn field_name(line: &str) -> Option<&str> {
    if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
        return Some("");
    }
    let (name, _) = line.trim_start_matches('>').split_once(':')?;
    let fine = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fine.then_some(name)
}

/// The header that is written below a marker.
fn header_below(lines: &[&str]) -> Option<Fields> {
    let start =
        lines.iter().take(12).position(|line| field_name(line).is_some_and(|name| !name.is_empty()))?;
    let text: Vec<&str> = lines[start..].iter().map(|line| line.strip_prefix('>').unwrap_or(line)).collect();
    let (fields, _) = Fields::read(text.join("\n").as_bytes()).ok()?;
    (!fields.is_empty()).then_some(fields)
}
