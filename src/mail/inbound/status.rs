//! What a server's words mean for an address: is it dead?

use super::field::bounded;
use super::words::any;
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

/// What a mailbox, or who has it, is called.
const NOUNS: &[&str] = &[
    "user",
    "userid",
    "username",
    "recipient",
    "recipients",
    "mailbox",
    "account",
    "address",
    "addressee",
    "alias",
    "person",
    "customer",
    "empfänger",
    "benutzer",
    "postfach",
    "adresse",
    "destinataire",
    "utilisateur",
    "usuario",
    "destinatario",
    "utente",
];
/// Words near them that say: there is none.
const NONE: &[&str] = &[
    "unknown",
    "no such",
    "not found",
    "could not be found",
    "couldn't be found",
    "wasn't found",
    "was not found",
    "does not exist",
    "doesn't exist",
    "do not exist",
    "not exist",
    "no longer exists",
    "no longer valid",
    "no longer on server",
    "not known",
    "isn't known",
    "invalid",
    "not a valid",
    "not valid",
    "not recognized",
    "not our",
    "not a known",
    "bad destination",
    "not present in",
    "not listed in",
    "not an active",
    "incorrect",
    "unrouteable",
    "unroutable",
    "existiert nicht",
    "unbekannt",
    "unbekannter",
    "nicht gefunden",
    "ungültig",
    "invalide",
    "inconnu",
    "inconnue",
    "desconocido",
    "no existe",
    "sconosciuto",
    "inesistente",
];
/// Words between the two.
const NEAR: usize = 4;
/// Other words that say: nobody lives at this address.
const DEAD: &[&str] = &[
    "no mailbox here",
    "no mailbox by that name",
    "no account by that name",
    "no user by that name",
    "no mail box available",
    "unknown local part",
    "unknown local-part",
    "mailbox unavailable",
    "recipnotfound",
    "invalid final delivery userid",
    "not known at this site",
    "no longer with us",
    "user has moved",
    "recipient has moved",
    "no longer accepts mail",
];

/// Words that say: the domain takes no mail, or does not exist.
const DEAD_DOMAIN: &[&str] = &[
    "no such domain",
    "unknown domain",
    "unrouteable mail domain",
    "name or service not known",
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
    "relaying",
    "relay access",
    "relay denied",
    "relay not",
    "to relay",
    "not relay",
    "cannot relay",
    "can't relay",
    "greylist",
    "graylist",
    "rate limit",
    "too many",
    "temporar",
    "try again later",
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
    "frozen",
    "locked",
    "deactivated",
    "on hold",
];

/// Words that say, in a report whose text does not name the address: somebody lives there, and the mailbox is full.
const FULL: &[&str] =
    &["disk space", "disk quota", "over quota", "mailbox full", "mailbox is full", "quota exceeded"];

/// Whether a final refusal says that the address is dead (or its domain). `told` is the whole text of the report.
///
/// A status that says so is believed. Words are not always: of a mail's content some servers say "user unknown", too.
pub fn is_dead(reply: &Reply, diagnostic: Option<&str>, told: &str, address: &str) -> bool {
    let told = told.to_lowercase();
    let words = diagnostic.map(str::to_lowercase).filter(|words| !words.is_empty());
    let words = words.as_deref().unwrap_or(&told);
    let names_address = words.contains(address);
    // The address may hold any of the words.
    let words = words.replace(address, " ").replace('’', "'");
    let of_another = !told.contains(address) && any(&told, FULL);
    let alive = any(&words, ALIVE) || of_another;
    let no_domain = any(&words, DEAD_DOMAIN);
    let at_rcpt = refused_at_rcpt(&told) || refused_at_rcpt(&words);
    let certain = reply.code.is_none() || at_rcpt || names_address || words.contains("mailbox unavailable");
    let named = is_named(&words) && certain && !refused_at_data(&told);
    match reply.status {
        Some(EnhancedStatus(5, 1, 1 | 3 | 6 | 10)) => !alive,
        Some(EnhancedStatus(5, 1, 2)) => true,
        // Exchange Online says this of unknown users.
        Some(EnhancedStatus(5, 4, 1)) => words.contains("recipient address rejected: access denied"),
        // Where to route, no null MX, and hosts that take no mail.
        Some(EnhancedStatus(5, 4, 4) | EnhancedStatus(5, 3, 2) | EnhancedStatus(5, 7, 27)) => no_domain,
        // The mailbox exists, by the standard; many say so of unknown users, too.
        Some(EnhancedStatus(5, 2, 1)) => named && !alive && at_rcpt,
        Some(EnhancedStatus(5, _, 0)) | None if reply.class() != Some(4) => {
            // 521 and 556: the host takes no mail (RFC 7504).
            matches!(reply.code, Some(521 | 556)) || !alive && (no_domain || named)
        }
        _ => false,
    }
}

/// Whether words say that nobody has the address. Some servers say `address rejected`, and nothing more.
fn is_named(words: &str) -> bool {
    any(words, DEAD) || says_none(words) || words.trim_end_matches([' ', '.']).ends_with("address rejected")
}

/// Whether a mailbox and "there is none" stand near each other.
fn says_none(words: &str) -> bool {
    let words = bounded(words, 4_000);
    NONE.iter().any(|none| {
        words.match_indices(none).any(|(at, _)| {
            let before =
                words[..at].rsplit(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
            let after = words[at + none.len()..].split(|letter: char| !letter.is_alphanumeric());
            let after = after.filter(|word| !word.is_empty());
            before.take(NEAR).chain(after.take(NEAR)).any(|word| NOUNS.contains(&word))
        })
    })
}

/// Whether the dialogue that is shown ended at the content. What is said then is about the mail.
fn refused_at_data(told: &str) -> bool {
    let at_data = any(told, &["end of data", ">>> data", "smtp command\ndata"]);
    // Without a recipient that was taken, the content is refused only because of them.
    at_data && !any(told, &[">>> rcpt to", "no valid recipients"])
}

fn refused_at_rcpt(told: &str) -> bool {
    any(told, &["rcpt to", "rcpt_to", "smtp:rcpt", "rcpt:", "does not like recipient", "no valid recipients"])
}
