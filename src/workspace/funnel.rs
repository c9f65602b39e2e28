//! [`Funnel`]: what marketing and sales agreed on, from `funnel.toml`.

mod completeness;
mod persona;
mod read;
mod rules;
mod sales;
mod score;
mod team;
mod temperature;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::color::Color;
use super::segment::Segments;
use crate::domain::address::Address;
use crate::domain::consent::Basis;
use crate::domain::gate::Caps;
use crate::domain::lead::Lead;
use crate::domain::schedule::SendTimes;
use crate::domain::time::Timestamp;
use crate::domain::wait::Wait;
use crate::domain::words::words;

pub use completeness::{Asked, Completeness};
pub use persona::{Feature, Persona, Personas};
pub(super) use read::read;
pub use rules::{FitRule, Moves, QualificationRule, Rules};
pub use sales::{LossRule, ReturnRule, SalesRules};
pub use score::{ScoreRule, Share, Tally};
pub use team::{Rep, Route, Routing, SalesHold};

/// The name of the file inside the workspace.
pub const FILE: &str = "funnel.toml";

/// A checked `funnel.toml`. Each field says what it is when nothing is given.
#[derive(Debug)]
pub struct Funnel {
    pub company: OwnCompany,
    pub defaults: Defaults,
    /// `[sender.NAME]`. At least one must be given.
    pub senders: BTreeMap<String, Sender>,
    /// `[topic.NAME]`: what recipients can choose among. One, `general`.
    pub topics: BTreeMap<String, Topic>,
    /// `[team.NAME]`: the reps, in the order of the file. None.
    pub team: Vec<(String, Rep)>,
    /// `[routing]` and `[[route]]`: which of them takes a lead.
    pub routing: Routing,
    /// `[segment.NAME]`. None.
    pub segments: Segments,
    /// `[caps]`. One mail a day and three a week.
    pub caps: Caps,
    /// `[consent] require`: what the gate accepts besides an existing customer. `double_opt_in`.
    pub consent: Basis,
    /// `[reply] then`. `hand_over`.
    pub reply_then: ReplyThen,
    /// `[reply] absence`: how long somebody is held who is away, and does not say until when. `0 days`: not at all.
    /// A week.
    pub absence: Wait,
    /// `[source.NAME]`: what a source of leads is called, and what it cost. None.
    pub sources: BTreeMap<String, LeadSource>,
    /// How leads are scored and qualified.
    pub rules: Rules,
    /// By when sales answers, and what becomes of what comes back.
    pub sales: SalesRules,
}

/// `[source.NAME]`: where leads come from, by the word that they bring along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadSource {
    /// What the report calls it. The name.
    pub title: Option<String>,
    /// What was spent on it, in the currency of the house. Not known.
    pub cost: Option<i64>,
}

/// `[company]`: who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnCompany {
    /// The imprint up to its first comma.
    pub name: String,
    /// Stands in every mail. Must be given.
    pub imprint: String,
    /// `#rrggbb`: of buttons and links in the built-in layout. Blue.
    pub color: Option<Color>,
}

/// `[defaults]`: what sequences and leads do not say themselves.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Two letters. `en`.
    pub language: String,
    /// `UTC`.
    pub timezone: Tz,
    /// A key of the senders. The first of the file.
    pub sender: String,
    /// A key of the topics. The first of the file.
    pub topic: String,
    /// When mails go out. `Mon-Fri 08:00-18:00`.
    pub send: Arc<SendTimes>,
}

/// `[sender.NAME]`: who a mail is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub name: String,
    pub email: Address,
    /// Where answers go if no signed reply address is used. The sender.
    pub reply_to: Option<Address>,
    /// A key of `[relay.NAME]` in dripline.toml. Any relay.
    pub relay: Option<String>,
}

/// `[topic.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What recipients read. The name.
    pub title: String,
}

words! {
    /// `[reply] then`: what the reply of a person leads to.
    pub enum ReplyThen {
        /// The lead is handed to sales.
        HandOver = "hand_over",
        /// Marketing waits until somebody has answered.
        Hold = "hold",
    }
}

impl Funnel {
    /// Whether a lead is in the segment of this name now.
    pub fn in_segment(&self, name: &str, lead: &Lead, now: Timestamp) -> bool {
        self.segments.contains(name, lead, &self.rules.worth(lead, now))
    }
}

#[cfg(test)]
mod tests;
