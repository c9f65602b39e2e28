//! What the gate and a walk's decision look at, read for many leads at once and after their locks are held.

use std::collections::HashMap;
use std::sync::Arc;

use super::company;
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::{asks_for_deeds, zone_of};
use super::revision::Revision;
use crate::domain::condition::Known;
use crate::domain::enrollment::{Advance, Facts, MessageState, OpenMessage, advance};
use crate::domain::event::Happening;
use crate::domain::gate::{GateFacts, Hold};
use crate::domain::stage::Party;
use crate::domain::time::{DAY, Timestamp};
use crate::domain::track::Track;
use crate::storage::enrollments::Enrollment;
use crate::storage::leads::{self, StoredLead};
use crate::storage::messages::{self, Message};
use crate::storage::{Tx, consents, events, hits, holds};

/// Caps look back a week, or as far as the minimum gap.
const CAPS_LOOK_BACK: i64 = 7 * DAY;

/// What is known about some leads.
pub struct LeadFacts {
    leads: HashMap<i64, Arc<StoredLead>>,
    holds: HashMap<i64, Vec<Hold>>,
    unwanted: HashMap<i64, Vec<String>>,
    messages: HashMap<i64, Vec<Message>>,
    deeds: HashMap<i64, Vec<Happening>>,
    /// When the hits were that are not judged yet.
    hits: HashMap<i64, Vec<Timestamp>>,
}

impl LeadFacts {
    /// Reads the facts about the leads of these walks.
    pub async fn read(
        tx: &mut Tx,
        revision: &Revision,
        walks: &[Enrollment],
        now: Timestamp,
    ) -> NurtureResult<Self> {
        let ids: Vec<i64> = walks.iter().map(|walk| walk.lead).collect();
        let since = now - CAPS_LOOK_BACK.max(revision.workspace.funnel.caps.min_gap);
        let found = leads::by_ids(tx, &ids).await?;
        let curious: Vec<i64> =
            walks.iter().filter(|walk| asks(revision, walk)).map(|walk| walk.lead).collect();
        let leads: HashMap<i64, Arc<StoredLead>> =
            found.into_iter().map(|stored| (stored.lead.id, Arc::new(stored))).collect();
        let mut holds = holds::of_leads(tx, &ids).await?;
        let stored = leads.values().map(Arc::as_ref);
        holds.extend(company::holds(tx, &revision.workspace.funnel, stored).await?);
        let tracked = |id: &&i64| leads.get(*id).is_some_and(|stored| stored.lead.tracking);
        let watched: Vec<i64> = curious.iter().filter(tracked).copied().collect();
        Ok(Self {
            holds: grouped(holds),
            unwanted: grouped(consents::unwanted_topics(tx, &ids).await?),
            messages: grouped_by(messages::recent(tx, &ids, since).await?, |message| message.lead),
            deeds: grouped(events::deeds(tx, &curious).await?),
            hits: grouped(hits::unjudged(tx, &watched).await?),
            leads,
        })
    }

    pub fn lead(&self, id: i64) -> Option<&Arc<StoredLead>> {
        self.leads.get(&id)
    }

    /// What holds a lead, its company included.
    pub fn holds(&self, lead: i64) -> &[Hold] {
        slice(&self.holds, lead)
    }

    /// The messages of a lead that count for caps or are not over.
    pub fn messages(&self, lead: i64) -> &[Message] {
        slice(&self.messages, lead)
    }

    /// Decides what a walk does now. None: its lead is gone.
    pub fn advance(
        &self,
        revision: &Revision,
        track: &Track,
        walk: &Enrollment,
        engine: &Engine,
        now: Timestamp,
    ) -> Option<Advance> {
        let stored = self.lead(walk.lead)?;
        let lead = &stored.lead;
        let funnel = &revision.workspace.funnel;
        let messages = self.messages(lead.id);
        let sent: Vec<Timestamp> =
            messages.iter().filter(|message| counts(message)).map(|message| message.at).collect();
        let open: Vec<OpenMessage> =
            messages.iter().filter(|message| is_open(message, walk)).map(open_message).collect();
        let deeds = slice(&self.deeds, lead.id).iter().filter(|deed| deed.at >= walk.started_at);
        let deeds: Vec<Happening> = deeds.map(|deed| track.as_of_now(deed.clone())).collect();
        let in_segment = |name: &str| funnel.in_segment(name, lead, now);
        let unwanted = slice(&self.unwanted, lead.id);
        Some(advance(&Facts {
            track,
            walk: &walk.walk,
            known: Known {
                lead,
                happenings: &deeds,
                enrollment: Some(walk.walk.enrollment),
                in_segment: &in_segment,
            },
            gate: GateFacts {
                closed_by: lead.closed_by,
                suppressed_by: stored.suppressed_by,
                with_sales: lead.with == Party::Sales,
                holds: self.holds(lead.id),
                basis: lead.basis,
                required: funnel.consent,
                topic_unwanted: unwanted.contains(&track.sequence.topic),
                example: lead.example && engine.has_smtp(),
                sent: &sent,
                caps: funnel.caps,
            },
            in_flight: messages.iter().any(|message| message.state == MessageState::Sending),
            open: &open,
            unjudged: slice(&self.hits, lead.id),
            judge_after: engine.config.tracking.judge_after,
            zone: zone_of(revision, lead),
            now,
        }))
    }
}

/// Whether the walk's sequence asks for what the lead did.
fn asks(revision: &Revision, walk: &Enrollment) -> bool {
    revision.track(&walk.seq).is_some_and(|track| track.sequence.walking_phrases().any(asks_for_deeds))
}

/// Whether a message counts for caps: it was, or may have been, delivered.
fn counts(message: &Message) -> bool {
    matches!(message.state, MessageState::Sending | MessageState::Sent | MessageState::Unknown)
}

fn is_open(message: &Message, walk: &Enrollment) -> bool {
    message.enrollment == walk.walk.enrollment && message.state.open()
}

fn open_message(message: &Message) -> OpenMessage {
    OpenMessage { step: message.step, state: message.state, variant: message.variant }
}

fn slice<T>(map: &HashMap<i64, Vec<T>>, lead: i64) -> &[T] {
    map.get(&lead).map_or(&[], Vec::as_slice)
}

/// Values by their keys, each in the order in which they came.
pub(super) fn grouped<T>(pairs: Vec<(i64, T)>) -> HashMap<i64, Vec<T>> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

fn grouped_by<T>(values: Vec<T>, key: impl Fn(&T) -> i64) -> HashMap<i64, Vec<T>> {
    grouped(values.into_iter().map(|value| (key(&value), value)).collect())
}
