//! Why this mail, why not that one, what comes next and when: one log for one lead.

mod history;
mod outlook;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::company;
use super::engine::Engine;
use super::error::NurtureResult;
use super::facts::LeadFacts;
use super::lookup::find;
use super::record::zone_of;
use super::revision::{self, Revision};
use super::routing::{self, InLine};
use crate::domain::enrollment::EnrollmentState;
use crate::domain::event::Happening;
use crate::domain::gate::Hold;
use crate::domain::hand_over::HandOver;
use crate::domain::lead::Lead;
use crate::domain::temperature::Temperature;
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::leads::StoredLead;
use crate::storage::messages::{self, Message};
use crate::storage::revisions::NumberedStep;
use crate::storage::{Tx, consents, events, hand_overs, holds, lanes, revisions};
use crate::workspace::ScoreFacts;
use crate::workspace::funnel::Rules;
pub use history::Entry;

/// The most events that are told, the newest.
const MOST_EVENTS: i64 = 10_000;

/// What there is to say about one lead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    pub lead: i64,
    pub email: String,
    /// The zone of all `local` times: the lead's own, else the default one.
    pub timezone: String,
    /// Where the lead stands: `MoFu · MQL · warm · with marketing · next mail Thu 09:00`.
    pub sentence: String,
    /// `score 45: fit 10, engagement 35`
    pub score: String,
    pub judged: Judged,
    /// What keeps mail from the lead now, in words that end "not sent because …".
    pub not_sent_because: Vec<String>,
    /// If a score would hand it over to sales, and nobody who fits can have more.
    pub waits_for_sales: Option<InLine>,
    pub next: Option<Next>,
    /// Oldest first.
    pub timeline: Vec<Entry>,
}

/// What the rules of funnel.toml make of a lead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    pub fit: f64,
    pub engagement: f64,
    pub temperature: Temperature,
    /// When the person did something last.
    #[serde(serialize_with = "as_opt_rfc3339")]
    pub alive_at: Option<Timestamp>,
    /// The name of the persona that fits best.
    pub persona: Option<String>,
    /// What people call it.
    pub persona_title: Option<String>,
    pub complete: bool,
    /// What of `[contact] complete` is not known.
    pub missing: Vec<String>,
}

impl Judged {
    /// Judges a lead as of now.
    pub fn of(rules: &Rules, lead: &Lead, now: Timestamp) -> Self {
        let ScoreFacts { fit, engagement, persona, complete, temperature } = rules.worth(lead, now);
        let title = persona.as_deref().and_then(|name| rules.personas.named(name));
        Self {
            fit,
            engagement,
            temperature,
            alive_at: lead.alive_at,
            persona_title: title.map(|persona| persona.title.clone()),
            persona,
            complete,
            missing: rules.completeness.missing(lead).into_iter().map(str::to_owned).collect(),
        }
    }
}

/// What comes next in the sequence that the lead walks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// The file name without `.toml`.
    pub sequence: String,
    pub title: String,
    /// None: the sequence ends.
    pub step: Option<String>,
    /// `mail mofu/guide`, in the words of the sequence file.
    pub what: String,
    /// None: when what it waits for has come.
    #[serde(serialize_with = "as_opt_rfc3339")]
    pub at: Option<Timestamp>,
    pub local: Option<String>,
    /// If it is not its time.
    pub waits_for: Option<String>,
}

fn as_opt_rfc3339<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => as_rfc3339(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// Explains a lead, named by its id or its address.
///
/// # Errors
/// [`NurtureError::NoLead`](super::NurtureError::NoLead); the database.
pub async fn explain(engine: &Engine, id_or_email: &str) -> NurtureResult<Explanation> {
    let revision = engine.revision().await?;
    let mut tx = engine.db.read().await?;
    let stored = find(&mut tx, id_or_email).await?;
    let now = engine.clock.now();
    let record = LeadRecord::read(&mut tx, stored, revision, now).await?;
    drop(tx);
    let zone = zone_of(&record.revision, &record.stored.lead);
    let next = outlook::next(&record, engine, zone, now);
    let rules = &record.revision.workspace.funnel.rules;
    let judged = Judged::of(rules, &record.stored.lead, now);
    Ok(Explanation {
        lead: record.stored.lead.id,
        email: record.stored.lead.email.to_string(),
        timezone: zone.name().to_owned(),
        sentence: outlook::sentence(&record, engine, judged.temperature, next.as_ref(), (zone, now)),
        score: rules.worth(&record.stored.lead, now).to_string(),
        judged,
        not_sent_because: outlook::not_sent_because(&record, engine, (zone, now)),
        waits_for_sales: record.in_line.clone(),
        next,
        timeline: history::entries(&record, zone),
    })
}

/// All that is stored about one lead, and the revisions that its mails were written from.
struct LeadRecord {
    stored: StoredLead,
    events: Vec<Happening>,
    messages: Vec<Message>,
    walks: Vec<Enrollment>,
    /// What decides on the walk that goes on, if one does.
    facts: LeadFacts,
    /// Those that follow from its company included.
    holds: Vec<Hold>,
    in_line: Option<InLine>,
    unwanted: Vec<String>,
    hand_over: Option<HandOver>,
    /// Sales lost it once: no rule makes it enter a sequence.
    was_lost: bool,
    /// Why nothing is sent to anybody.
    paused: Option<String>,
    /// Why nothing is sent to certain lanes.
    lanes: Vec<(i64, String)>,
    steps: Vec<NumberedStep>,
    revision: Arc<Revision>,
    /// Earlier ones, by their ids; one that this version cannot read any more is missing.
    past: BTreeMap<i64, Arc<Revision>>,
}

impl LeadRecord {
    async fn read(
        tx: &mut Tx,
        stored: StoredLead,
        revision: Arc<Revision>,
        now: Timestamp,
    ) -> NurtureResult<Self> {
        let id = stored.lead.id;
        let walks = enrollments::of_leads(tx, &[id]).await?;
        let active: Vec<Enrollment> =
            walks.iter().filter(|walk| walk.state == EnrollmentState::Active).cloned().collect();
        let messages = messages::of_lead(tx, id).await?;
        let past = past(tx, &messages, &revision).await?;
        let mut holds = holds::of_leads(tx, &[id]).await?;
        holds.extend(company::holds(tx, &revision.workspace.funnel, std::iter::once(&stored)).await?);
        Ok(Self {
            events: events::timeline(tx, id, MOST_EVENTS).await?,
            facts: LeadFacts::read(tx, &revision, &active, now).await?,
            walks,
            holds: holds.into_iter().map(|(_, hold)| hold).collect(),
            in_line: routing::place_of(tx, &revision, id, now).await?,
            unwanted: consents::unwanted_topics(tx, &[id])
                .await?
                .into_iter()
                .map(|(_, topic)| topic)
                .collect(),
            hand_over: hand_overs::open_of(tx, id).await?,
            was_lost: hand_overs::was_lost(tx, id).await?,
            paused: revisions::deployment(tx).await?.and_then(|deployment| deployment.paused_because),
            lanes: lanes::paused(tx).await?,
            steps: revisions::steps(tx).await?,
            stored,
            messages,
            revision,
            past,
        })
    }

    fn walk(&self, enrollment: i64) -> Option<&Enrollment> {
        self.walks.iter().find(|walk| walk.walk.enrollment == enrollment)
    }
}

async fn past(
    tx: &mut Tx,
    messages: &[Message],
    now: &Revision,
) -> NurtureResult<BTreeMap<i64, Arc<Revision>>> {
    let mut past = BTreeMap::new();
    for message in messages {
        if message.revision != now.id && !past.contains_key(&message.revision) {
            // What an older version accepted and this one does not can name no templates, but hides nothing else.
            if let Ok(revision) = revision::read(tx, message.revision).await {
                past.insert(message.revision, revision);
            }
        }
    }
    Ok(past)
}
