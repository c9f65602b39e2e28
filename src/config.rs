//! [`Config`]: the operator's settings, from `dripline.toml` and the environment.
//!
//! A variable such as `DRIPLINE_RELAY__MAIN__URL` overrides or adds the key `url` of `[relay.main]`. All names of such
//! variables are folded to lower case. `DRIPLINE_SECRET`, `DRIPLINE_WORKSPACE` and others without `__` are no keys.

mod environment;
mod mailbox;
pub mod public;
mod ratio;
mod schema;
pub mod secrets;
mod webhook;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::{fmt, io};

use crate::domain::address::Address;
use crate::domain::condition::fits;
use crate::domain::rate::Rate;
use crate::domain::time::{DAY, MINUTE};
use crate::domain::wait::Wait;
use crate::mail::Relay;
use crate::workspace::code::Code;
use crate::workspace::source::{Finding, Report, Source};
use crate::workspace::table::{Document, Table};
use crate::workspace::{Diagnostic, diagnostic::Severity};

use environment::Environment;
pub use mailbox::{MailboxConfig, Then};
pub use ratio::Ratio;
pub use schema::DRIPLINE as SCHEMA;
pub use webhook::{HAND_OVERS, WebhookConfig, WebhookUrl};

/// The name of the file inside the workspace.
pub const FILE: &str = "dripline.toml";

/// What the operator decides. Each field says what it is when nothing is given.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    /// `[relay.NAME]`: where mail goes out. None: into files below `outbox`.
    pub relays: BTreeMap<String, RelayConfig>,
    /// `[lane.NAME]`: recipient domains that share a provider and its limits. None.
    pub lanes: BTreeMap<String, LaneConfig>,
    pub inbound: Inbound,
    /// `[mailbox.NAME]`: where mail comes in. None: it is handed in by HTTP.
    pub mailboxes: BTreeMap<String, MailboxConfig>,
    /// `[webhook.NAME]`: who is told what happens to leads. Nobody.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    pub tracking: Tracking,
    pub safety: Safety,
    pub fuse: Fuse,
}

/// `[server]`
#[derive(Clone)]
pub struct Server {
    /// Where HTTP is served. `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// What links in mails begin with, without a slash at its end. `http://localhost:8080`.
    pub public_url: String,
    /// `sqlite:FILE` or `postgres://…`. `sqlite:dripline.db`.
    pub database: String,
    /// Unique per process on one database. `main`.
    pub node: String,
}

/// `[relay.NAME]`
#[derive(Clone, PartialEq, Eq)]
pub struct RelayConfig {
    /// `smtp://…`, `smtps://…` or `file:DIR`. Must be given.
    pub url: String,
    /// SMTP connections at once. 16.
    pub max_connections: usize,
    /// Mails at most. Unlimited.
    pub rate: Option<Rate>,
}

/// `[lane.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// In lower case. Must be given.
    pub domains: Vec<String>,
    /// SMTP connections at once. The relay's.
    pub max_connections: Option<usize>,
    /// Mails at most. Unlimited.
    pub rate: Option<Rate>,
}

/// `[inbound]`
#[derive(Clone)]
pub struct Inbound {
    /// The domain of signed reply addresses. Without it Reply-To is the sender.
    pub domain: Option<String>,
    /// What the mail server proves itself with. None: no mail is taken in by HTTP.
    pub key: Option<String>,
    /// After so many mails in a row that came back, though the address may exist, nothing is sent any more. 0: never. 5.
    pub soft_bounces: usize,
}

impl Default for Inbound {
    fn default() -> Self {
        Self { domain: None, key: None, soft_bounces: 5 }
    }
}

/// `[tracking]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// How long an open or a click waits until it is judged, in milliseconds: by then scanners have shown themselves.
    /// 1 minute.
    pub judge_after: i64,
}

/// `[safety]`: for staging. Nothing is restricted.
#[derive(Clone, Debug, Default)]
pub struct Safety {
    /// Patterns such as `*@nordwerk.example`, in lower case; others get nothing. Empty: no restriction.
    pub only_to: Vec<String>,
    /// Every mail goes to this address instead.
    pub redirect_all_to: Option<Address>,
}

/// `[fuse]`: halts all sending when something has run wild.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fuse {
    /// Mails to one lead within a day. 10.
    pub per_lead_per_day: u32,
    /// Mails of one step within an hour. Unlimited.
    pub per_step_per_hour: Option<u32>,
    /// Complaints among the mails of a week. 0.3 %.
    pub complaint_rate: Ratio,
    /// Hard bounces among the last mails sent. 5 %.
    pub bounce_rate: Ratio,
}

impl Server {
    /// The host name in `public_url`.
    pub fn public_host(&self) -> &str {
        let host = self.public_url.split_once("://").map_or(self.public_url.as_str(), |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or(host);
        if host.is_empty() { "localhost" } else { host }
    }
}

impl Safety {
    /// Whether mail to this address may go out.
    pub fn allows(&self, address: &Address) -> bool {
        self.only_to.is_empty() || self.only_to.iter().any(|pattern| fits(pattern, address.as_str()))
    }
}

impl Config {
    /// Reads `dripline.toml` of this directory, which may be absent, and the variables that begin with `DRIPLINE_`.
    ///
    /// # Errors
    /// Every mistake in both.
    pub fn load(
        workspace: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (config, found) = Self::check(workspace, variables);
        config.ok_or(found)
    }

    /// As [`Config::load`], with what is found also if there is nothing but warnings.
    pub fn check(
        workspace: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> (Option<Self>, Vec<Diagnostic>) {
        let report = Report::default();
        let bytes = match std::fs::read(workspace.join(FILE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let finding = Finding::new(Code::NotText, format!("the file cannot be read: {error}"));
                Source::new(FILE, "", &report).report_file(finding);
                return (None, report.finish());
            }
        };
        let environment = Environment::new(variables);
        let config = Source::decode(FILE, &bytes, &report).map(|file| {
            let file = Document::parse(file);
            let overrides = Document::parse_texts(environment.source(&report));
            read(Table::layered(&file, &overrides))
        });
        environment.report_unknown(&report, is_setting);
        let mut found = report.finish();
        let text = String::from_utf8_lossy(&bytes);
        found.iter_mut().filter(|found| found.file == FILE).for_each(|found| secrets::hide(found, &text));
        let found = environment.name_variables(found);
        let sound = found.iter().all(|found| found.severity != Severity::Error);
        (config.filter(|_| sound), found)
    }
}

/// Whether a variable of this name is a setting, whatever else is missing beside it.
fn is_setting(name: &str, value: &str) -> bool {
    let report = Report::default();
    let environment = Environment::new([(name.to_owned(), value.to_owned())]);
    let nothing = Document::parse(Source::new(FILE, "", &report));
    read(Table::layered(&nothing, &Document::parse_texts(environment.source(&report))));
    let unknown = [Code::UnknownKey.number(), Code::WrongType.number()];
    report.finish().iter().all(|found| !unknown.contains(&found.code))
}

/// Reads all keys. What is wrong is reported, and has its default in the answer.
fn read(mut root: Table) -> Config {
    let config = Config {
        server: server(root.table("server")),
        relays: root
            .named("relay")
            .into_iter()
            .map(|(name, table)| (name.value.to_owned(), relay(table)))
            .collect(),
        lanes: root
            .named("lane")
            .into_iter()
            .map(|(name, table)| (name.value.to_owned(), lane(table)))
            .collect(),
        inbound: inbound(root.table("inbound")),
        mailboxes: root
            .named("mailbox")
            .into_iter()
            .filter_map(|(name, table)| Some((name.value.to_owned(), mailbox::read(table)?)))
            .collect(),
        webhooks: root
            .named("webhook")
            .into_iter()
            .filter_map(|(name, table)| Some((name.value.to_owned(), webhook::read(table)?)))
            .collect(),
        tracking: tracking(root.table("tracking")),
        safety: safety(root.table("safety")),
        fuse: fuse(root.table("fuse")),
    };
    root.finish();
    config
}

fn server(mut table: Table) -> Server {
    let listen = table.text("listen").and_then(|text| {
        text.read(|text| {
            text.parse()
                .map_err(|_| format!("`{text}` is not an address with a port; write it like 127.0.0.1:8080"))
        })
    });
    let url = table.text("public_url").and_then(|text| text.read(public_url));
    let server = Server {
        listen: listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
        public_url: url.unwrap_or_else(|| "http://localhost:8080".to_owned()),
        database: table
            .text("database")
            .and_then(|text| text.read(database))
            .unwrap_or_else(|| "sqlite:dripline.db".to_owned()),
        node: table.text("node").map_or("main", |text| text.value).to_owned(),
    };
    table.finish();
    server
}

fn database(text: &str) -> Result<String, &'static str> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    // Not the URL itself: it may hold a password.
    if known {
        Ok(text.to_owned())
    } else {
        Err("this is no database that can be used; write sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(format!(
            "`{text}` is nothing that links can begin with; write it like https://mail.nordwerk.example"
        )),
    }
}

fn relay(mut table: Table) -> RelayConfig {
    let relay = RelayConfig {
        url: table
            .required("url", "\"smtp://mx.example:587?tls=required\"")
            .and_then(|text| text.read(relay_url))
            .unwrap_or_default(),
        max_connections: connections(&mut table).unwrap_or(16),
        rate: table.parse("rate"),
    };
    table.finish();
    relay
}

fn relay_url(url: &str) -> Result<String, String> {
    let example = "write it like smtp://mx.example:587?tls=required";
    url.parse::<Relay>().map(|_| url.to_owned()).map_err(|error| format!("{error}; {example}"))
}

fn lane(mut table: Table) -> LaneConfig {
    let domains = table.texts("domains");
    if domains.is_empty() {
        table.required("domains", "[\"gmail.com\", \"googlemail.com\"]");
    }
    let lane = LaneConfig {
        domains: domains.iter().filter_map(|text| text.read(domain)).collect(),
        max_connections: connections(&mut table),
        rate: table.parse("rate"),
    };
    table.finish();
    lane
}

fn connections(table: &mut Table) -> Option<usize> {
    table.integer("max_connections", 1..=1000).and_then(|number| usize::try_from(number).ok())
}

fn inbound(mut table: Table) -> Inbound {
    let inbound = Inbound {
        domain: table.text("domain").and_then(|text| text.read(domain)),
        key: table.text("key").map(|text| text.value.to_owned()),
        soft_bounces: table
            .integer("soft_bounces", 0..=1000)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(Inbound::default().soft_bounces),
    };
    table.finish();
    inbound
}

/// A domain name, in the form in which it stands in addresses.
fn domain(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not a domain; write it like in.nordwerk.example");
    let domain = idna::domain_to_ascii_strict(text.trim()).map_err(|_| wrong())?;
    let labels = domain.split('.').all(|label| !label.is_empty() && label.len() < 64);
    if labels && !text.contains('@') && (domain.contains('.') || domain == "localhost") {
        Ok(domain)
    } else {
        Err(wrong())
    }
}

fn tracking(mut table: Table) -> Tracking {
    let judge_after = table.parse::<Wait>("judge_after").map(|wait| match wait {
        Wait::Exact(millis) => millis,
        Wait::Days(days) => i64::from(days) * DAY,
    });
    table.finish();
    Tracking { judge_after: judge_after.unwrap_or(MINUTE) }
}

fn safety(mut table: Table) -> Safety {
    let safety = Safety {
        only_to: table.texts("only_to").iter().map(|text| text.value.to_lowercase()).collect(),
        redirect_all_to: table.parse("redirect_all_to"),
    };
    table.finish();
    safety
}

fn fuse(mut table: Table) -> Fuse {
    let mut mails = |key| table.integer(key, 1..=1_000_000_000).and_then(|number| u32::try_from(number).ok());
    let (per_lead_per_day, per_step_per_hour) = (mails("per_lead_per_day"), mails("per_step_per_hour"));
    let fuse = Fuse {
        per_lead_per_day: per_lead_per_day.unwrap_or(10),
        per_step_per_hour,
        complaint_rate: table.parse("complaint_rate").unwrap_or(Ratio::from_percent(0.3)),
        bounce_rate: table.parse("bounce_rate").unwrap_or(Ratio::from_percent(5.0)),
    };
    table.finish();
    fuse
}

/// Without the database's password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("database", &without_login(&self.database))
            .field("node", &self.node)
            .finish()
    }
}

/// Without the relay's password.
impl fmt::Debug for RelayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayConfig")
            .field("url", &without_login(&self.url))
            .field("max_connections", &self.max_connections)
            .field("rate", &self.rate)
            .finish()
    }
}

/// Without the key.
impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        f.debug_struct("Inbound")
            .field("domain", &self.domain)
            .field("key", &key)
            .field("soft_bounces", &self.soft_bounces)
            .finish()
    }
}

/// A URL without what stands before its `@` and behind its `?`, which may hold passwords.
fn without_login(url: &str) -> String {
    let url = url.split('?').next().unwrap_or(url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
