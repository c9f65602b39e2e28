//! What a server's words mean for an address: is it dead?

use super::words::{any, has_phrase};
use crate::domain::outcome::EnhancedStatus;

/// Code and enhanced status of a reply that a report quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Three digits (RFC 5321).
    pub code: Option<u16>,
    /// RFC 3463.
    pub status: Option<EnhancedStatus>,
}

impl Reply {
    /// The reply that a text quotes: its first codes.
    pub fn in_text(text: &str) -> Self {
        let statuses = statuses(text);
        let telling = statuses.iter().copied().find(|status| !is_vague(*status));
        Self { code: code_in(text), status: telling.or_else(|| statuses.first().copied()) }
    }

    /// What a report says of a recipient: what the server answered, or else the report's own status.
    pub fn of_report(status: &str, diagnostic: &str) -> Self {
        let quoted = Self::in_text(diagnostic);
        let own = statuses(status).first().copied();
        let status = match (quoted.status, own) {
            (Some(quoted), Some(own)) if is_vague(quoted) && !is_vague(own) => Some(own),
            (quoted, own) => quoted.or(own),
        };
        Self { code: quoted.code, status }
    }

    /// 2, 4 or 5.
    pub fn class(&self) -> Option<u16> {
        self.status.map(|status| u16::from(status.0)).or(self.code.map(|code| code / 100))
    }
}

/// x.0.0, and the statuses that only name the part of the system.
fn is_vague(status: EnhancedStatus) -> bool {
    status.2 == 0
}

/// The enhanced statuses in a text.
fn statuses(text: &str) -> Vec<EnhancedStatus> {
    let edge = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '-');
    let words = text.split(edge).flat_map(|word| word.rsplit('-').next());
    words.filter_map(|word| EnhancedStatus::at_start_of(word.trim_end_matches('.'))).take(20).collect()
}

/// The first number in a text that can be an SMTP reply code of a refusal.
fn code_in(text: &str) -> Option<u16> {
    let edge = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '.' || letter == '-');
    let code = |word: &str| match word.as_bytes() {
        [b'4' | b'5', b'0'..=b'7', b'0'..=b'9'] => word.parse().ok(),
        _ => None,
    };
    text.split(edge).find_map(|word| code(word.split('-').next().unwrap_or_default()))
}

/// Words that say: nobody lives at this address.
const DEAD: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no such person",
    "no mailbox here",
    "no mailbox by that name",
    "no account by that name",
    "no user by that name",
    "not a known user",
    "not a valid user",
    "not a valid mailbox",
    "not a valid recipient",
    "not our user",
    "not our customer",
    "user not found",
    "user not known",
    "user not exist",
    "user does not exist",
    "user doesn't exist",
    "user doesn't have",
    "user is unknown",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "recipnotfound",
    "recipient does not exist",
    "recipient address does not exist",
    "recipient name is not recognized",
    "recipient address unknown",
    "invalid recipient",
    "invalid mailbox",
    "invalid address",
    "invalid user",
    "invalid final delivery userid",
    "mailbox unavailable",
    "mailbox not found",
    "mailbox does not exist",
    "mailbox doesn't exist",
    "mailbox unknown",
    "unknown mailbox",
    "unknown address",
    "unknown local part",
    "unknown local-part",
    "unknown or illegal alias",
    "address unknown",
    "addressee unknown",
    "address not found",
    "address does not exist",
    "address doesn't exist",
    "address you entered couldn't be found",
    "address wasn't found",
    "account does not exist",
    "account doesn't exist",
    "account is unavailable",
    "account that you tried to reach does not exist",
    "account not found",
    "unknown account",
    "no longer with",
    "no longer valid",
    "not listed in",
    "can't find the recipient",
    "unrouteable address",
    "unroutable address",
    "adresse unbekannt",
    "empfänger unbekannt",
    "unbekannter empfänger",
    "adresse existiert nicht",
    "postfach existiert nicht",
    "adresse destinataire invalide",
    "utilisateur inconnu",
    "usuario desconocido",
    "utente sconosciuto",
];

/// Words that say: the domain takes no mail, or does not exist.
const DEAD_DOMAIN: &[&str] = &[
    "no such domain",
    "domain not found",
    "domain does not exist",
    "domain is not reachable",
    "host unknown",
    "unknown host",
    "host not found",
    "domain name not found",
    "couldn't find any host",
    "name service error",
    "does not accept mail",
    "not accepting network messages",
    "domain couldn't be found",
];

/// Words that say: not this mail, not now, or not from you. They outweigh the others.
const ALIVE: &[&str] = &[
    "quota",
    "mailbox full",
    "mailbox is full",
    "mailbox size",
    "too much mail",
    "exceeds allowed size",
    "storage",
    "insufficient",
    "spam",
    "blacklist",
    "block list",
    "blocklist",
    "blocked",
    "banned",
    "reputation",
    "virus",
    "policy",
    "preferences",
    "too large",
    "message size",
    "size limit",
    "access denied",
    "not allowed",
    "not authorized",
    "unauthenticated",
    "authentication",
    "dmarc",
    "spf",
    "dkim",
    "relay",
    "greylist",
    "graylist",
    "rate limit",
    "too many",
    "temporar",
    "try again",
    "try later",
    "timed out",
    "timeout",
    "expired",
    "too long",
    "sender address",
    "domain of sender",
    "sender domain",
    "sender rejected",
    "mail from",
    "ptr record",
    "reverse dns",
    "client host rejected",
    "loop",
    "hops",
    "suspended",
    "disabled",
];

/// Whether a final refusal says that the address is dead (or its domain). `told` is the whole text of the report.
pub fn is_dead(reply: &Reply, diagnostic: Option<&str>, told: &str, address: &str) -> bool {
    let words = diagnostic.filter(|words| !words.is_empty()).unwrap_or(told);
    // The address may hold any of the words.
    let words = words.to_lowercase().replace(address, " ").replace('’', "'");
    let alive = any(&words, ALIVE);
    let named = any(&words, DEAD);
    let no_domain = any(&words, DEAD_DOMAIN);
    let at_data = refused_at_data(told);
    match reply.status {
        Some(EnhancedStatus(5, 1, 1 | 3 | 6 | 10)) => !alive,
        Some(EnhancedStatus(5, 1, 2)) => true,
        // Where to route, no null MX, and hosts that take no mail.
        Some(EnhancedStatus(5, 4, 4) | EnhancedStatus(5, 3, 2) | EnhancedStatus(5, 7, 27)) => no_domain,
        // The mailbox exists, by the standard; many say so of unknown users, too.
        Some(EnhancedStatus(5, 2, 1)) => named && !alive && refused_at_rcpt(told),
        Some(EnhancedStatus(5, _, 0)) | None if reply.class() != Some(4) => {
            matches!(reply.code, Some(521 | 556)) || !alive && (no_domain || named && !at_data)
        }
        _ => false,
    }
}

/// Whether the dialogue that is shown ended at the content. What is said then is about the mail.
fn refused_at_data(told: &str) -> bool {
    let told = told.to_lowercase();
    any(&told, &["end of data", ">>> data", "smtp command\ndata"]) && !has_phrase(&told, ">>> rcpt to")
}

fn refused_at_rcpt(told: &str) -> bool {
    let told = told.to_lowercase();
    any(&told, &["rcpt to", "[rcpt_to]"])
}
