//! A mail that came in: what it is, whom it is about, and what the person wrote.
//!
//! - [`read`] is all that others call. It is pure, bounded, and takes any bytes.
//! - `part`, `field`, `body`, `html`: from bytes to texts.
//! - `classify` decides, by standards first: `report` (RFC 3464, RFC 5965), then `notice` and `bounce` (servers that
//!   follow none), `leaving`, `automatic` (RFC 3834).
//! - `status`: is the address dead? `absence`: until when? [`reply_text`]: what is new in this mail?

mod absence;
mod address;
mod attachment;
mod attribution;
mod automatic;
mod body;
mod bounce;
mod calendar;
mod classify;
mod contact;
mod date;
mod field;
mod html;
mod leaving;
mod notice;
mod part;
mod provider;
mod reply_text;
mod report;
mod returned;
mod signature;
mod status;
mod words;

pub use attachment::{Attachment, File};
pub use field::Mailbox;
pub use provider::{NotUnderstood, Provider};
pub use reply_text::visible as reply_text;

use chrono::NaiveDate;

use crate::domain::inbound::{DeliveryAction, Hard, InboundKind};
use part::Part;

/// Bytes of a mail that is read: what providers let through with files of 25 MB.
pub const SIZE_LIMIT: usize = 36 * 1024 * 1024;
/// Message-IDs that a mail refers to.
const REFERENCE_LIMIT: usize = 100;

/// A mail that came in.
#[derive(Clone, Debug)]
pub struct InboundMail {
    /// Without angle brackets.
    pub message_id: Option<String>,
    pub from: Option<Mailbox>,
    /// Every address that it was sent to: To, Cc, and what servers noted on its way. Lower case.
    pub recipients: Vec<String>,
    pub subject: String,
    /// The Message-IDs of In-Reply-To and References, and in reports those of the returned mail. Without angle brackets.
    pub referenced: Vec<String>,
    pub kind: InboundKind,
    /// The field or the line that decided.
    pub evidence: String,
    /// Only for bounces.
    pub hard: Option<Hard>,
    /// Whom a report is about.
    pub reports: Vec<Recipient>,
    /// The day an absence note names for the return. That of the last day of the absence, if it names only that.
    pub absent_until: Option<NaiveDate>,
    /// Whether it says that a person is away, with or without a date.
    pub is_absence: bool,
    /// A receipt, or a report on a whole domain: it is unrelated, and nobody need look at it.
    pub is_receipt: bool,
    /// What the person wrote, without the history that is quoted, signature and legal footer.
    pub text: String,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
}

/// A recipient that a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address that the mail was sent to, lower case (Original-Recipient; Final-Recipient without that).
    pub address: String,
    /// The address that it was forwarded to on its way, and that the report is about (Final-Recipient).
    pub forwarded_to: Option<String>,
    /// As in RFC 3463: `5.1.1`.
    pub status: Option<String>,
    pub action: Option<DeliveryAction>,
    /// What the server said.
    pub diagnostic: Option<String>,
    /// Whether nobody can be reached there any more.
    pub dead: bool,
}

impl Recipient {
    fn of_complaint(address: String) -> Self {
        Self { address, forwarded_to: None, status: None, action: None, diagnostic: None, dead: false }
    }
}

/// Why a mail was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the mail is empty")]
    Empty,
    #[error("the mail has more than {SIZE_LIMIT} bytes")]
    TooLarge,
    #[error("the mail has no header")]
    NoHeader,
    #[error("the header of the mail, or of a part of it, is too long")]
    HeaderTooLong,
    #[error("the mail has too many parts, or too many within each other")]
    TooManyParts,
}

/// What was found out about a mail's kind.
#[derive(Debug)]
struct Finding {
    kind: InboundKind,
    evidence: String,
    recipients: Vec<Recipient>,
    is_receipt: bool,
}

impl Finding {
    fn new(kind: InboundKind) -> Self {
        Self { kind, evidence: String::new(), recipients: Vec::new(), is_receipt: false }
    }

    fn receipt(evidence: String) -> Self {
        Self { evidence, is_receipt: true, ..Self::new(InboundKind::Unrelated) }
    }
}

/// Reads a mail as it came in, with any line ends.
///
/// # Errors
/// It breaks a bound, or is no mail. Somebody should look at it.
pub fn read(raw: &[u8]) -> Result<InboundMail, Unreadable> {
    read_on(raw, None)
}

/// As [`read`]; `received` is the day on which the mail came in. Absence notes are read by it that do not say when they
/// were sent.
///
/// # Errors
/// As [`read`].
pub fn read_on(raw: &[u8], received: Option<NaiveDate>) -> Result<InboundMail, Unreadable> {
    let raw = with_newlines(raw)?;
    let mail = Part::read(&raw)?;
    Ok(understood(&mail, &body::shown(&mail), received))
}

/// As [`read`], with the files that came with the mail, as many as are sent on to the rep.
///
/// # Errors
/// As [`read`].
pub fn read_with_files(raw: &[u8]) -> Result<(InboundMail, Vec<File>), Unreadable> {
    let raw = with_newlines(raw)?;
    let mail = Part::read(&raw)?;
    let shown = body::shown(&mail);
    Ok((understood(&mail, &shown, None), attachment::contents(&shown.files)))
}

fn understood(mail: &Part<'_>, shown: &body::Shown<'_, '_>, received: Option<NaiveDate>) -> InboundMail {
    let told = returned::Told::of(mail, &shown.text);
    let text = reply_text::visible(&shown.text);
    let found = classify::classify(mail, &told, &text);
    let fields = &mail.fields;
    let hard = (found.kind == InboundKind::Bounce)
        .then(|| Hard::of(found.recipients.iter().map(|recipient| recipient.dead)));
    let automatic = found.kind == InboundKind::AutoReply;
    let absent_until = automatic.then(|| absence::until(mail, &shown.text, received)).flatten();
    InboundMail {
        message_id: fields.ids("Message-ID").into_iter().next(),
        from: fields.mailboxes("From").into_iter().next(),
        recipients: recipients(mail),
        subject: fields.text("Subject").unwrap_or_default(),
        referenced: referenced(mail, &told, found.kind),
        kind: found.kind,
        evidence: found.evidence,
        hard,
        reports: found.recipients,
        is_absence: automatic && (absent_until.is_some() || absence::is_named(mail, &text)),
        absent_until,
        is_receipt: found.is_receipt,
        text,
        attachments: attachment::list(&shown.files),
    }
}

/// LF line ends: mails come with CRLF, LF, and from very old systems CR.
fn with_newlines(raw: &[u8]) -> Result<Vec<u8>, Unreadable> {
    if raw.len() > SIZE_LIMIT {
        return Err(Unreadable::TooLarge);
    }
    let mut lines = Vec::with_capacity(raw.len());
    for piece in raw.split_inclusive(|byte| *byte == b'\r') {
        // What follows a CR begins with the LF that belongs to it, or does not.
        let belongs = lines.last() == Some(&b'\r');
        if belongs {
            lines.pop();
            lines.push(b'\n');
        }
        let rest = piece.strip_prefix(b"\n").filter(|_| belongs).unwrap_or(piece);
        lines.extend_from_slice(rest);
    }
    if let Some(last) = lines.last_mut().filter(|last| **last == b'\r') {
        *last = b'\n';
    }
    Ok(lines)
}

fn recipients(mail: &Part<'_>) -> Vec<String> {
    let names = ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"];
    let found = names.iter().flat_map(|name| mail.fields.mailboxes(name));
    unique(found.map(|mailbox| mailbox.address).filter(|address| !address.is_empty()))
}

fn referenced(mail: &Part<'_>, told: &returned::Told, kind: InboundKind) -> Vec<String> {
    let mut ids = mail.fields.ids("In-Reply-To");
    // The nearest first: the oldest are listed first.
    ids.extend(mail.fields.ids("References").into_iter().rev());
    if let (true, Some(returned)) = (is_report(kind), &told.returned) {
        ids.extend(returned.ids("Message-ID"));
    }
    let mut ids = unique(ids.into_iter());
    ids.truncate(REFERENCE_LIMIT);
    ids
}

/// Kinds of mail that return the one they are about.
fn is_report(kind: InboundKind) -> bool {
    use InboundKind::{AuthFailureReport, AutoReply, Bounce, Complaint, Delayed, DsnSuccess};
    matches!(kind, Bounce | Delayed | DsnSuccess | Complaint | AuthFailureReport | AutoReply)
}

/// Without what came before. Quadratic, for short lists.
fn unique(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for text in texts.take(1_000) {
        if !unique.contains(&text) {
            unique.push(text);
        }
    }
    unique
}

#[cfg(test)]
mod tests;
