//! What the mails to reps, and the pages of sales, say in each language.

mod english;
mod german;

use crate::domain::consent::{Basis, Channel};
use crate::domain::event::EventKind;
use crate::domain::gate::StopKind;
use crate::domain::sales_link::SalesAction;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::temperature::Temperature;
use crate::workspace::Funnel;

/// Texts with `{}` in them say where a name goes.
pub struct Phrases {
    /// For HTML: `de`, `en`.
    pub language: &'static str,
    /// A date for [`chrono`], and a date with its time.
    pub date: &'static str,
    pub date_time: &'static str,
    pub clock: &'static str,

    /// The subject of a mail that brings a lead, and of one that brings a note. The rep's answer has it as well.
    pub new_lead: &'static str,
    pub about_lead: &'static str,
    pub handed_over: &'static str,
    pub reply_from: &'static str,
    pub wrote: &'static str,
    pub for_lead: &'static str,
    pub no_words: &'static str,
    pub attached: &'static str,
    pub left_out: &'static str,
    pub answer: &'static str,
    /// Below what an HTML mail shows: where the rest is. The lead may get to read it.
    pub see_file: &'static str,
    pub file_name: &'static str,
    pub answer_button: &'static str,
    pub copy: &'static str,
    pub respond_by: &'static str,
    /// A reminder: its subject, and what it says.
    pub waits: [&'static str; 2],
    /// For whoever stands behind the rep `{}`.
    pub escalated: [&'static str; 2],
    /// The day has come on which a rep wanted to be reminded.
    pub today: [&'static str; 2],

    /// A note for whoever had the lead, when `{rep}` has it.
    pub taken_over: &'static str,

    pub known: &'static str,
    /// Fields of a lead, and what they are called.
    pub fields: &'static [(&'static str, &'static str)],
    pub local_time: &'static str,
    pub may_call: &'static str,
    pub call_agreed: &'static str,
    pub call_unknown: &'static str,
    pub no_marketing: &'static str,

    pub colleagues: &'static str,
    pub with_marketing: &'static str,
    pub score: [&'static str; 3],
    pub judged: &'static str,
    pub stage: &'static str,
    pub qualification: &'static str,
    pub persona: &'static str,
    pub temperature: &'static str,
    pub temperatures: &'static [(Temperature, &'static str)],
    pub bant: &'static str,
    /// The field, what it is called, and what to ask as long as it is not known.
    pub questions: &'static [(&'static str, &'static str, &'static str)],
    pub ask: &'static str,
    pub actions: &'static str,
    pub mails: &'static str,
    pub a_mail: &'static str,
    pub opened: &'static str,
    pub clicked: &'static str,
    pub not_tracked: &'static str,
    pub consent: &'static str,
    pub no_consent: &'static str,
    pub wording: &'static str,

    /// What the links lead to.
    pub outcome: &'static str,
    pub links: &'static [(SalesAction, &'static str)],
    pub deeds: &'static [(EventKind, &'static str)],
    pub bases: &'static [(Basis, &'static str)],
    pub channels: &'static [(Channel, &'static str)],
    pub stages: &'static [(Stage, &'static str)],
    pub qualifications: &'static [(Qualification, &'static str)],
    /// Why leads are handed over, as the engine says it and as it is read here.
    pub causes: &'static [(&'static str, &'static str)],
    /// Why nothing is sent.
    pub stops: &'static [(StopKind, &'static str)],
}

impl Phrases {
    /// Why a lead is handed over. What somebody wrote himself stays as it is.
    pub fn cause<'a>(&self, cause: &'a str) -> &'a str {
        self.causes.iter().find(|(known, _)| *known == cause).map_or(cause, |(_, words)| words)
    }

    pub fn because(&self, stop: StopKind) -> &'static str {
        find(self.stops, &stop).unwrap_or(stop.because())
    }

    pub fn link(&self, action: SalesAction) -> &'static str {
        find(self.links, &action).unwrap_or(action.as_str())
    }

    pub fn stage(&self, stage: Stage) -> &'static str {
        find(self.stages, &stage).unwrap_or(stage.title())
    }

    pub fn qualification(&self, found: Qualification) -> &'static str {
        find(self.qualifications, &found).unwrap_or(found.title())
    }

    pub fn heat(&self, temperature: Temperature) -> &'static str {
        find(self.temperatures, &temperature).unwrap_or(temperature.as_str())
    }

    pub fn basis(&self, basis: Basis) -> &'static str {
        find(self.bases, &basis).unwrap_or(basis.as_str())
    }

    pub fn channel(&self, channel: Channel) -> &'static str {
        find(self.channels, &channel).unwrap_or(channel.as_str())
    }

    /// What a lead did; `about` is a link, a page, a form.
    pub fn deed(&self, kind: EventKind, about: &str) -> String {
        let words = find(self.deeds, &kind).unwrap_or(kind.as_str());
        words.replace("{}", about).trim().to_owned()
    }

    pub fn answers_for(&self, lead: &str) -> String {
        self.for_lead.replace("{}", lead)
    }

    pub fn scores(&self, fit: f64, engagement: f64) -> String {
        let [all, who, what] = self.score;
        format!("{all} {:.0}: {who} {fit:.0}, {what} {engagement:.0}", fit + engagement)
    }
}

fn find<K: PartialEq>(list: &[(K, &'static str)], key: &K) -> Option<&'static str> {
    list.iter().find(|(known, _)| known == key).map(|(_, words)| *words)
}

/// The phrases of the language that funnel.toml names.
pub fn phrases(funnel: &Funnel) -> &'static Phrases {
    if funnel.defaults.language == "de" { &german::GERMAN } else { &english::ENGLISH }
}
