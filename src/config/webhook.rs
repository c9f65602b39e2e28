//! `[webhook.NAME]`: a program of somebody else that is told what happens to leads.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use hyper::http::uri::PathAndQuery;

use super::public::is_public;
use crate::domain::event::EventKind;
use crate::domain::webhook::SigningKey;
use crate::mail::{authority, host_and_port};
use crate::workspace::code::Code;
use crate::workspace::source::Finding;
use crate::workspace::table::{Table, Text};

/// `[webhook.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Must be given.
    pub url: WebhookUrl,
    /// `secret`: what each call is signed with, at least one. Must be given.
    pub keys: Vec<SigningKey>,
    /// What it is told of by itself. Hand-overs, and what sales makes of them.
    pub events: Vec<EventKind>,
    /// Whether it may be on this machine or in a private network, and without encryption. `false`.
    pub allow_private: bool,
}

/// What a webhook is told of by itself if it does not say: hand-overs, and what sales makes of them.
pub const HAND_OVERS: [EventKind; 10] = [
    EventKind::HandedOver,
    EventKind::Accepted,
    EventKind::Opportunity,
    EventKind::Won,
    EventKind::Lost,
    EventKind::Returned,
    EventKind::MeetingAgreed,
    EventKind::OfferAsked,
    EventKind::NotAReply,
    EventKind::Referred,
];

/// In `events`: everything.
const EVERYTHING: &str = "*";

/// `https://HOST[:PORT][/PATH][?QUERY]`
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    /// Whether it is encrypted.
    pub tls: bool,
    /// A name in ASCII, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// With the query. It may hold a key.
    pub path: PathAndQuery,
}

/// Why a text is no URL of a webhook. It quotes nothing: the path may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    #[error(
        "the url of a webhook begins with https://; write it like https://crm.example.com/hooks/dripline"
    )]
    Scheme,
    #[error("the url of a webhook has no login before an @; put a key into its path or its query instead")]
    Login,
    #[error(
        "the url has no host, or none that can be called; write it like https://crm.example.com/hooks/dripline"
    )]
    Host,
    #[error(
        "the path in the url has signs that it cannot have; write blanks, # and letters such as ü as %XX"
    )]
    Path,
}

impl WebhookUrl {
    /// What `Host` says: the port only if it is not the usual one.
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) if !self.host.contains(':') => self.host.clone(),
            _ => authority(&self.host, self.port),
        }
    }

    /// Whether it can be seen without asking anybody that it is on this machine or in a private network.
    fn is_private(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => !is_public(address),
            Err(_) => {
                let host = self.host.trim_end_matches('.');
                host == "localhost" || host.ends_with(".localhost")
            }
        }
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err(WebhookUrlError::Scheme),
        };
        let (place, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // It would stand in the log of whoever is called.
        if place.contains('@') {
            return Err(WebhookUrlError::Login);
        }
        let (host, port) = host_and_port(place).map_err(|_| WebhookUrlError::Host)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let path = match path.parse() {
            // What is behind a # never reaches a server.
            Ok(parsed) if !path.contains('#') && path.is_ascii() => parsed,
            _ => return Err(WebhookUrlError::Path),
        };
        // Some resolvers read numbers as addresses: `127.1`, `2130706433`.
        let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit())
            && host.parse::<Ipv4Addr>().is_err()
            && !host.contains(':')
        {
            return Err(WebhookUrlError::Host);
        }
        Ok(Self { tls, host, port: port.unwrap_or(if tls { 443 } else { 80 }), path })
    }
}

/// Without the path, which may hold a key.
impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/…", if self.tls { "https" } else { "http" }, self.authority())
    }
}

/// As [`WebhookUrl`] is shown.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads a table. None if there is no webhook without what is missing or wrong in it.
pub(super) fn read(mut table: Table) -> Option<WebhookConfig> {
    let place = table.required("url", "\"https://crm.example.com/hooks/dripline\"");
    let url = place.as_ref().and_then(Text::parse::<WebhookUrl>);
    let secrets = table.texts("secret");
    if secrets.is_empty() {
        table.required("secret", "\"whsec_…\", made by: echo whsec_$(openssl rand -base64 32)");
    }
    let keys: Vec<SigningKey> = secrets.iter().filter_map(Text::parse).collect();
    let events = events(&mut table);
    let allow_private = table.flag("allow_private").unwrap_or(false);
    if let (Some(place), Some(url), false) = (&place, &url, allow_private) {
        refuse_private(place, url);
    }
    table.finish();
    (!keys.is_empty()).then_some(WebhookConfig { url: url?, keys, events, allow_private })
}

fn refuse_private(place: &Text, url: &WebhookUrl) {
    let message = if url.is_private() {
        "the webhook is on this machine or in a private network"
    } else if !url.tls {
        "the webhook is not encrypted, and would be told about people in the open"
    } else {
        return;
    };
    let help = if url.tls { "" } else { "begin it with https://; " };
    let help = format!("{help}write allow_private = true beside it if it is in your own network");
    place.report(Finding::new(Code::BadValue, message).help(help));
}

fn events(table: &mut Table) -> Vec<EventKind> {
    let given = table.texts("events");
    if given.iter().any(|text| text.value == EVERYTHING) {
        return EventKind::ALL.iter().copied().filter(|kind| *kind != EventKind::Untold).collect();
    }
    let events: Vec<EventKind> = given.iter().filter_map(|text| text.read(event)).collect();
    if given.is_empty() { HAND_OVERS.to_vec() } else { events }
}

fn event(word: &str) -> Result<EventKind, String> {
    match word.parse() {
        Ok(EventKind::Untold) => {
            Err("that somebody could not be told is told to nobody; leave it out".to_owned())
        }
        Ok(kind) => Ok(kind),
        Err(error) => Err(crate::domain::UnknownWord::to_string(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(bool, String, u16, String)> {
        let url = text.parse::<WebhookUrl>().ok()?;
        Some((url.tls, url.host, url.port, url.path.to_string()))
    }

    #[test]
    fn urls_are_read() {
        for (text, tls, host, port, path) in [
            ("https://crm.example/hooks?key=1", true, "crm.example", 443, "/hooks?key=1"),
            ("https://crm.example", true, "crm.example", 443, "/"),
            ("https://crm.example?a=b", true, "crm.example", 443, "/?a=b"),
            ("http://[::1]:8080/x", false, "::1", 8080, "/x"),
            ("https://BÜRO.example:8443/", true, "xn--bro-hoa.example", 8443, "/"),
            ("http://127.0.0.1", false, "127.0.0.1", 80, "/"),
        ] {
            assert_eq!(parsed(text), Some((tls, host.to_owned(), port, path.to_owned())), "{text}");
        }
        for text in [
            "crm.example/x",
            "ftp://crm.example",
            "https://",
            "https://me:geheim@crm.example/",
            "https://crm.example/#top",
            "https://crm.example:0/",
            "https://crm.example/a b",
            "https://127.1/",
            "https://2130706433/",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_is_never_shown() {
        let url: WebhookUrl = "https://hooks.example:8443/services/T000/geheim".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://hooks.example:8443/… https://hooks.example:8443/…");
    }

    #[test]
    fn what_is_private_by_its_name_is_seen() {
        for (url, private) in [
            ("https://localhost/", true),
            ("https://api.localhost./", true),
            ("https://10.1.2.3/", true),
            ("https://[::ffff:127.0.0.1]/", true),
            ("https://crm.example/", false),
            ("https://9.9.9.9/", false),
        ] {
            assert_eq!(url.parse::<WebhookUrl>().unwrap().is_private(), private, "{url}");
        }
    }
}
