//! Reads `funnel.toml`. What is wrong is reported, and has its default in the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::{Defaults, FILE, Funnel, LeadSource, OwnCompany, ReplyThen, Sender, Topic, rules, sales, team};
use crate::domain::address::Address;
use crate::domain::consent::Basis;
use crate::domain::gate::Caps;
use crate::domain::schedule::{SendTimes, zone};
use crate::domain::time::DAY;
use crate::domain::wait::Wait;
use crate::workspace::code::Code;
use crate::workspace::expression::{Expression, Scope};
use crate::workspace::mention::{Noun, Role};
use crate::workspace::names::{self, Names};
use crate::workspace::segment::Segments;
use crate::workspace::source::{Finding, Source};
use crate::workspace::table::{Document, Table};
use crate::workspace::times;

/// The topic of those who name none.
const GENERAL: &str = "general";

/// Reads the file. The names that it defines are added to `names`.
pub fn read(source: Source, names: &mut Names) -> Funnel {
    let document = Document::parse(source);
    let mut root = Table::root(&document);
    let company = company(root.table("company"));
    let senders = senders(&mut root, names);
    let topics = topics(&mut root, names);
    let segments = segments(&mut root, names);
    let (reply_then, absence) = reply(root.table("reply"));
    let defaults = defaults(root.table("defaults"), &senders.1, &topics.1, names);
    let team = team::team(&mut root, defaults.timezone, names);
    let funnel = Funnel {
        company,
        defaults,
        senders: senders.0,
        topics: topics.0,
        team,
        routing: team::routing(&mut root, names),
        segments,
        caps: caps(root.table("caps")),
        consent: consent(root.table("consent")),
        reply_then,
        absence,
        sources: sources(&mut root),
        rules: rules::read(&mut root, names),
        sales: sales::read(&mut root),
    };
    root.finish();
    funnel
}

fn company(mut table: Table) -> OwnCompany {
    let imprint = table.required("imprint", "\"Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg\"");
    let imprint = imprint.map_or("", |text| text.value);
    let name = table.text("name").map_or(imprint.split(',').next().unwrap_or(imprint), |text| text.value);
    let color = table.parse("color");
    table.finish();
    OwnCompany { name: name.trim().to_owned(), imprint: imprint.trim().to_owned(), color }
}

/// The senders, and the name of the first.
fn senders(root: &mut Table, names: &mut Names) -> (BTreeMap<String, Sender>, Option<String>) {
    let tables = names::tables(root, "sender");
    if tables.is_empty() {
        let finding =
            Finding::new(Code::Missing, format!("{FILE} has no sender, so that mails would be from nobody"));
        root.report(finding.help("write [sender.anna], and below it name = \"…\" and email = \"…\""));
    }
    let first = tables.first().map(|(name, _)| name.value.to_owned());
    let mut senders = BTreeMap::new();
    for (name, table) in tables {
        name.mention(Noun::Sender, Role::Defines);
        names.senders.insert(name.value.to_owned());
        senders.extend(sender(table).map(|sender| (name.value.to_owned(), sender)));
    }
    (senders, first)
}

fn sender(mut table: Table) -> Option<Sender> {
    let name = table.required("name", "\"Anna Berg\"");
    let email = table.required("email", "\"anna@nordwerk.example\"").and_then(|email| email.read(address));
    let reply_to = table.text("reply_to").and_then(|reply_to| reply_to.read(address));
    let relay = table.text("relay");
    relay.iter().for_each(names::one_word);
    relay.iter().for_each(|relay| relay.mention(Noun::Relay, Role::Asks));
    table.finish();
    Some(Sender {
        name: name?.one_line().to_owned(),
        email: email?,
        reply_to,
        relay: relay.map(|relay| relay.value.to_owned()),
    })
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error| format!("{error}; write the address alone, such as anna@nordwerk.example"))
}

/// The topics, and the name of the first.
fn topics(root: &mut Table, names: &mut Names) -> (BTreeMap<String, Topic>, String) {
    let tables = names::tables(root, "topic");
    let first = tables.first().map_or(GENERAL, |(name, _)| name.value).to_owned();
    let mut topics = BTreeMap::new();
    for (name, mut table) in tables {
        name.mention(Noun::Topic, Role::Defines);
        let title = table.text("title").map_or_else(|| name.value, |title| title.one_line());
        topics.insert(name.value.to_owned(), Topic { title: title.to_owned() });
        table.finish();
    }
    if topics.is_empty() {
        topics.insert(GENERAL.to_owned(), Topic { title: "General".to_owned() });
    }
    names.topics.extend(topics.keys().cloned());
    (topics, first)
}

/// Sources are what imports and forms call them, which need not be one word.
fn sources(root: &mut Table) -> BTreeMap<String, LeadSource> {
    let source = |mut table: Table| {
        let title = table.text("title").map(|title| title.one_line().to_owned());
        let cost = table.integer("cost", 0..=1_000_000_000_000);
        table.finish();
        LeadSource { title, cost }
    };
    let tables = root.named("source").into_iter();
    tables.map(|(name, table)| (name.value.to_owned(), source(table))).collect()
}

fn segments(root: &mut Table, names: &mut Names) -> Segments {
    let mut segments = Vec::new();
    for (name, mut table) in names::tables(root, "segment") {
        name.mention(Noun::Segment, Role::Defines);
        names.segments.insert(name.value.to_owned());
        segments.extend(when(&mut table, Scope::Everything).map(|when| (name.value.to_owned(), when)));
        table.finish();
    }
    segments.into_iter().collect()
}

/// The expression that a table must have.
pub(super) fn when(table: &mut Table, scope: Scope) -> Option<Expression> {
    table.required("when", "'lead.country == \"DE\"'").and_then(|text| Expression::parse(&text, scope))
}

fn defaults(mut table: Table, sender: &Option<String>, topic: &str, names: &Names) -> Defaults {
    let language = table.text("language").and_then(|text| text.read(language));
    let timezone = table.text("timezone").and_then(|text| text.read(zone));
    let named_sender = table.text("sender");
    named_sender.iter().for_each(|name| names::check_known(name, &names.senders, Noun::Sender));
    let named_topic = table.text("topic");
    named_topic.iter().for_each(|name| names::check_known(name, &names.topics, Noun::Topic));
    let send = times::read(&mut table).unwrap_or_else(|| Arc::new(office_hours()));
    // What is the default by being first is used as well as one that is named.
    let source = table.place().source;
    let first = [(Noun::Sender, &named_sender, sender.as_deref()), (Noun::Topic, &named_topic, Some(topic))];
    for (noun, named, first) in first {
        let first = first.filter(|_| named.is_none());
        first.iter().for_each(|first| source.mention(noun, Role::Asks, first, 0..0));
    }
    table.finish();
    Defaults {
        language: language.unwrap_or_else(|| "en".to_owned()),
        timezone: timezone.unwrap_or(Tz::UTC),
        sender: named_sender.map_or(sender.as_deref().unwrap_or_default(), |name| name.value).to_owned(),
        topic: named_topic.map_or(topic, |name| name.value).to_owned(),
        send,
    }
}

pub(super) fn office_hours() -> SendTimes {
    SendTimes::parse_send("Mon-Fri 08:00-18:00").unwrap_or(SendTimes::Always)
}

fn language(text: &str) -> Result<String, String> {
    let two_letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if two_letters {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not a language; write its two small letters, such as \"de\" or \"en\""))
    }
}

fn caps(mut table: Table) -> Caps {
    let gap = table.parse::<Wait>("min_gap").map_or(DAY, |gap| match gap {
        Wait::Exact(millis) => millis,
        Wait::Days(days) => i64::from(days) * DAY,
    });
    let per_week = table.integer("per_week", 1..=1000).and_then(|number| usize::try_from(number).ok());
    table.finish();
    Caps { min_gap: gap, per_week: per_week.unwrap_or(3) }
}

fn consent(mut table: Table) -> Basis {
    let required = table.text("require").and_then(|text| {
        text.read(|text| match text.parse() {
            Ok(basis @ (Basis::OptIn | Basis::DoubleOptIn)) => Ok(basis),
            _ => Err(format!(
                "`{text}` cannot be required; use one of: {}, {}",
                Basis::DoubleOptIn,
                Basis::OptIn
            )),
        })
    });
    table.finish();
    required.unwrap_or(Basis::DoubleOptIn)
}

fn reply(mut table: Table) -> (ReplyThen, Wait) {
    let (then, absence) = (table.parse("then"), table.parse("absence"));
    table.finish();
    (then.unwrap_or(ReplyThen::HandOver), absence.unwrap_or(Wait::Days(7)))
}
