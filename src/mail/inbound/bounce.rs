//! Bounces of servers that follow no standard: by who sent them, what they are called, and the replies that they quote.

use super::address::addresses_in;
use super::field::Fields;
use super::part::Part;
use super::returned::Told;
use super::status::{Reply, is_dead};
use super::words::{any, has_phrase, plain};
use super::{Finding, Recipient};
use crate::domain::inbound::{DeliveryAction, InboundKind};

/// Recipients of one bounce.
const RECIPIENT_LIMIT: usize = 200;

/// Bytes before an address that say whose it is.
const NEAR: usize = 160;

/// Bytes of a subject before the words that name a bounce: `Warning: `, `[Postmaster] Email `.
const TITLE: usize = 12;

/// Local parts that no person has.
const DAEMONS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "maildaemon",
    "mdaemon",
    "postmaster",
    "mail.delivery.system",
    "mail-delivery-system",
];
/// How the names begin that daemons go by.
const DAEMON_NAMES: &[&str] = &[
    "mail delivery s",
    "mail deliver s",
    "mailer-daemon",
    "mailer daemon",
    "delivery subsystem",
    "mail system",
    "the mail system",
    "smtp_mail_service",
];
/// Names that are those of daemons as a whole only: people have them behind their own.
const TITLES: &[&str] = &["mail administrator", "system administrator"];
/// What bounces are called.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "non-delivery",
    "nondeliverable",
    "not delivered",
    "delivery failure",
    "delivery failed",
    "delivery status notification",
    "delivery report",
    "delivery error",
    "delivery problem",
    "delivery has failed",
    "delivery delayed",
    "delivery notification",
    "delivery unsuccessful",
    "delivery to",
    "failure delivery",
    "failure notice",
    "failed mail",
    "failed delivery",
    "mail failure",
    "mail error",
    "message delayed",
    "mail system error",
    "mail delivery",
    "mail status report",
    "could not be delivered",
    "could not send mail",
    "cannot be delivered",
    "error sending your mail",
    "returned mail",
    "returned email",
    "returned message",
    "returning message",
    "returned to sender",
    "message status",
    "unzustellbar",
    "nicht zugestellt",
    "zustellung fehlgeschlagen",
    "zustellungsfehler",
    "unable to deliver",
    "non remis",
    "no se puede entregar",
    "mancato recapito",
];
/// What they say.
const TEXTS: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "could not deliver",
    "couldn't deliver",
    "cannot be delivered",
    "can't be delivered",
    "cannot deliver",
    "unable to deliver",
    "unable to be delivered",
    "wasn't able to deliver",
    "was not able to deliver",
    "not been delivered",
    "not yet been delivered",
    "was not delivered",
    "wasn't delivered",
    "were not delivered",
    "not delivered to",
    "not be delivered",
    "not delivered",
    "undeliverable",
    "delivery has failed",
    "delivery failed",
    "delivery failure",
    "delivery error",
    "delivery errors",
    "delivery to the following recipient",
    "delivery problems",
    "error delivering your",
    "trouble delivering",
    "error occurred while trying to deliver",
    "did not reach",
    "failed recipient",
    "permanent error",
    "permanent fatal error",
    "fatal errors",
    "had errors",
    "is delayed",
    "been delayed",
    "error was detected while processing",
    "following recipients were affected",
    "did not receive a copy",
    "rejected by a remote",
    "mailbox is full",
    "nicht zugestellt",
    "konnte nicht zu",
    "unzustellbar",
    "n'a pas pu être remis",
    "no se pudo entregar",
    "non è stato possibile recapitare",
];
/// What servers say that still try.
const WARNINGS: &[&str] = &[
    "this is a warning message only",
    "will be retried",
    "will keep trying",
    "will continue to try",
    "still trying",
    "not yet been delivered",
    "has been delayed",
    "is delayed",
    "message delayed",
    "delivery delayed",
    "notification (delay)",
    "could not send mail for past",
    "could not be delivered for past",
    "temporary failure report",
    "do not need to resend",
    "do not need to re-send",
    "delivery attempts will continue",
    "noch nicht zugestellt",
    "verzögert",
];

/// What stands before a recipient.
const LABELS: &[&str] = &[
    "rcpt to:",
    "recipient:",
    "recipients:",
    "address:",
    "email address :",
    "error-for:",
    "user:",
    "errors:",
    "expanded from:",
    "deliver to",
    "delivered to",
    "your mail to",
    "undeliverable to",
    "addressed to",
];

/// What a mail is, if it is a bounce.
pub fn read(mail: &Part<'_>, told: &Told) -> Option<Finding> {
    let fields = &mail.fields;
    let subject = plain(&fields.text("Subject").unwrap_or_default());
    let said = plain(&told.text);
    let daemon = daemon(fields);
    let called = SUBJECTS.iter().find(|words| subject.contains(**words));
    let says = TEXTS.iter().find(|words| said.contains(**words));
    let recipients = recipients(fields, told);
    let quoted = Reply::in_text(&told.text) != Reply::default() && !recipients.is_empty();
    // Whoever writes of something else that was not delivered names no one but himself, and quotes no refusal.
    let own = own(fields);
    let is_of_another = recipients.iter().any(|one| !own.contains(&one.address) && (quoted || one.dead));
    let returned = told.returned.is_some() && !recipients.is_empty();
    // People name such a mail in the middle of theirs; a server's subject begins so.
    let titled = SUBJECTS.iter().any(|words| subject.find(words).is_some_and(|at| at <= TITLE));
    let evidence = match (daemon, called, says) {
        (Some(Daemon::Named(who)), called, says) if called.or(says).is_some() || quoted || returned => {
            let why = called.or(says).copied().unwrap_or("it quotes a refusal, or returns a mail");
            format!("{who}; {why}")
        }
        (Some(Daemon::Called(who)), called, says) if called.or(says).is_some() || quoted => {
            format!("{who}; {}", called.or(says).copied().unwrap_or("it quotes a refusal"))
        }
        (Some(Daemon::NoSender), Some(called), _) => format!("Return-Path: <>; Subject: {called}"),
        (Some(Daemon::NoSender), None, Some(says)) if quoted => format!("Return-Path: <>; {says}"),
        (None, Some(called), Some(says)) if titled && is_of_another && !is_answer(&subject) => {
            format!("Subject: {called}; {says}")
        }
        _ => return None,
    };
    Some(finding(told, evidence, &(subject + " " + &said), recipients))
}

fn finding(told: &Told, evidence: String, said: &str, mut recipients: Vec<Recipient>) -> Finding {
    let delayed = any(said, WARNINGS)
        && !any(said, &["permanent error", "failed permanently", "given up", "giving up"]);
    let (kind, action) = match delayed {
        true => (InboundKind::Delayed, DeliveryAction::Delayed),
        false => (InboundKind::Bounce, DeliveryAction::Failed),
    };
    for recipient in &mut recipients {
        recipient.action = Some(action);
        recipient.dead &= !delayed;
    }
    let first = told.text.lines().find(|line| Reply::in_text(line).status.is_some());
    let evidence = first.map_or(evidence.clone(), |line| format!("{evidence}; {}", line.trim()));
    Finding { kind, evidence, recipients, is_receipt: false }
}

/// Who sends what no person sends.
enum Daemon {
    /// The field that names it.
    Named(String),
    /// The name that it goes by; its address says nothing.
    Called(String),
    /// The null sender (RFC 5321 section 4.5.5), which absence notes have, too.
    NoSender,
}

fn daemon(fields: &Fields) -> Option<Daemon> {
    if let Some(failed) = fields.text("X-Failed-Recipients") {
        return Some(Daemon::Named(format!("X-Failed-Recipients: {failed}")));
    }
    let from = fields.mailboxes("From").into_iter().next().unwrap_or_default();
    let whole = fields.lower("From");
    let local = from.address.split('@').next().unwrap_or_default();
    let name = from.name.unwrap_or_default().to_lowercase();
    let name = name.trim_matches(['"', '\'', ' ']);
    let who = || format!("From: {}", fields.text("From").unwrap_or_default());
    if DAEMONS.contains(&local) || any(local, DAEMON_NAMES) {
        return Some(Daemon::Named(who()));
    }
    let path = fields.lower("Return-Path");
    if path.contains("mailer-daemon") {
        return Some(Daemon::Named(format!("Return-Path: {path}")));
    }
    let called = TITLES.contains(&name)
        || DAEMON_NAMES.iter().chain(DAEMONS).any(|daemon| name.starts_with(daemon))
        || DAEMONS.iter().any(|daemon| whole.starts_with(daemon));
    match called {
        true => Some(Daemon::Called(who())),
        false => is_null(&path).then_some(Daemon::NoSender),
    }
}

/// Whether a Return-Path is that of mails that must not be answered.
pub fn is_null(path: &str) -> bool {
    path.split_whitespace().collect::<String>() == "<>"
}

/// `Re: …`
fn is_answer(subject: &str) -> bool {
    ["re:", "aw:", "antw:", "fw:", "fwd:", "wg:", "sv:", "rv:"].iter().any(|mark| subject.starts_with(mark))
}

/// The addresses of the bounce itself.
fn own(fields: &Fields) -> Vec<String> {
    let names = ["To", "From", "Reply-To", "Delivered-To"];
    names.iter().flat_map(|name| fields.mailboxes(name)).map(|mailbox| mailbox.address).collect()
}

/// Whom a bounce is about.
fn recipients(fields: &Fields, told: &Told) -> Vec<Recipient> {
    let own = own(fields);
    let named: Vec<String> = fields
        .raw("X-Failed-Recipients")
        .flat_map(|list| addresses_in(list).map(|found| found.address).collect::<Vec<_>>())
        .collect();
    let mut suspects = if named.is_empty() { suspects(&told.text, &own) } else { named };
    if suspects.is_empty() {
        let to = told.returned.as_ref().map(|returned| returned.mailboxes("To")).unwrap_or_default();
        suspects =
            to.into_iter().map(|mailbox| mailbox.address).filter(|address| address.contains('@')).collect();
    }
    let mut suspects = super::unique(suspects.into_iter());
    suspects.truncate(RECIPIENT_LIMIT);
    suspects.iter().map(|address| recipient(address, &suspects, &told.text)).collect()
}

/// What a bounce says of one of its recipients: up to where it speaks of the next.
fn recipient(address: &str, all: &[String], told: &str) -> Recipient {
    let said = if all.len() == 1 { told.to_owned() } else { passage(address, all, told) };
    let reply = Reply::in_text(&said);
    let diagnostic = said.lines().find(|line| {
        let quoted = Reply::in_text(line);
        quoted.status.is_some() || quoted.code.is_some()
    });
    Recipient {
        address: address.to_owned(),
        forwarded_to: None,
        status: reply.status.map(|status| status.to_string()),
        action: None,
        diagnostic: diagnostic.map(|line| line.trim().to_owned()),
        dead: is_dead(&reply, Some(&said), &said, address),
    }
}

fn passage(address: &str, all: &[String], told: &str) -> String {
    let mut passage = String::new();
    let mut within = false;
    for line in told.lines() {
        let mut named = addresses_in(line).map(|found| found.address).filter(|found| all.contains(found));
        within = named.next().map_or(within, |named| named == address);
        if within {
            passage.push_str(line);
            passage.push('\n');
        }
    }
    passage
}

/// The addresses in the words of a bounce that it seems to be about. `own` are those of the bounce itself.
fn suspects(told: &str, own: &[String]) -> Vec<String> {
    let mut sure = Vec::new();
    let mut likely = Vec::new();
    let mut own_ones = Vec::new();
    for line in told.lines().take(1_000) {
        let mut before_is_sure = false;
        for found in addresses_in(line) {
            let near = line.ceil_char_boundary(found.start.saturating_sub(NEAR));
            let before = plain(&line[near..found.start]);
            let sure_one = is_sure(&before) || before_is_sure && before.ends_with(['<', '(']);
            before_is_sure = sure_one;
            let list = match () {
                () if is_of_system(&found.address) || !sure_one && is_other(&before) => continue,
                () if own.contains(&found.address) => &mut own_ones,
                () if sure_one => &mut sure,
                () => &mut likely,
            };
            if list.len() < RECIPIENT_LIMIT {
                list.push(found.address);
            }
        }
    }
    [sure, likely, own_ones].into_iter().find(|list| !list.is_empty()).unwrap_or_default()
}

/// Whether an address stands where bounces put recipients.
fn is_sure(before: &str) -> bool {
    let lead = before.trim_end_matches(['<', '[', '(', '"', '\'', '*', '-', '>', ' ', '+', '|']);
    lead.is_empty() || LABELS.iter().any(|label| lead.ends_with(label))
}

/// Whether the words before an address say that it is not the recipient's.
fn is_other(before: &str) -> bool {
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(40))..];
    ["from", "sender", "contact", "by", "reply-to", "return-path", "mailto", "support", "original sender"]
        .iter()
        .any(|word| has_phrase(near, word))
        || near.ends_with("mailto:")
}

/// Addresses of systems and their keepers.
fn is_of_system(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default();
    DAEMONS.contains(&local)
        || ["abuse", "root", "hostmaster", "helpdesk", "support", "noreply", "no-reply"].contains(&local)
}
