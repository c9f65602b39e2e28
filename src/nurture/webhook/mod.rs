//! Webhooks: programs of others are told what happens to leads, as Standard Webhooks has it.
//!
//! [`note`] stores events and, with them, what is to be told of them; [`send`] tells it; [`network`] keeps calls out of
//! networks that are not the public internet.

mod body;
mod call;
pub mod network;
pub mod send;

use std::collections::BTreeMap;

use body::Body;

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use super::revision::Revision;
use crate::config::HAND_OVERS;
use crate::domain::event::{Details, EventKind};
use crate::domain::time::Timestamp;
use crate::storage::events::{self, Event};
use crate::storage::leads::{self, StoredLead};
use crate::storage::outbox::{self, OutboxItem};
use crate::storage::{Tx, hand_overs};

/// The kind of the outbox rows for a webhook.
pub(super) fn kind(name: &str) -> String {
    format!("webhook {name}")
}

/// Puts what webhooks are to be told of these events, which are stored under these ids, into the outbox. What a machine
/// did is told nobody: nothing follows from it.
pub(super) async fn announce(
    engine: &Engine,
    tx: &mut Tx,
    revision: &Revision,
    ids: &[i64],
    events: &[Event],
) -> NurtureResult<()> {
    let told = |event: &Event| {
        let asked = engine.config.webhooks.values().any(|webhook| webhook.events.contains(&event.kind));
        asked && event.details.machine.is_none()
    };
    let told: Vec<(i64, &Event)> = ids.iter().copied().zip(events).filter(|(_, event)| told(event)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let of: Vec<i64> = told.iter().map(|(_, event)| event.lead).collect();
    let leads = leads::by_ids(tx, &of).await?.into_iter().map(|stored| (stored.lead.id, stored));
    let leads: BTreeMap<i64, StoredLead> = leads.collect();
    let now = engine.clock.now();
    for (id, event) in told {
        let Some(stored) = leads.get(&event.lead) else { continue };
        let mut body = Body::of_event(revision, stored, id, event, now);
        if HAND_OVERS.contains(&event.kind) {
            body.hand_over(hand_overs::latest(tx, event.lead).await?);
        }
        let body = body.to_json();
        let asked = |events: &[EventKind]| events.contains(&event.kind);
        let names = engine.config.webhooks.iter().filter(|(_, webhook)| asked(&webhook.events));
        for (name, _) in names {
            put(tx, event.lead, name, &body, now).await?;
        }
    }
    Ok(())
}

async fn put(tx: &mut Tx, lead: i64, name: &str, body: &str, now: Timestamp) -> NurtureResult<()> {
    let item = OutboxItem {
        id: tx.id()?,
        lead,
        kind: kind(name),
        payload: body.to_owned(),
        attempt: 0,
        first_at: now,
    };
    Ok(outbox::insert(tx, &item, now).await?)
}

impl Record<'_> {
    /// Stores events, and has webhooks told of them.
    pub(super) async fn note(&mut self, events: &[Event]) -> NurtureResult<()> {
        let ids = events::insert(self.tx, events).await?;
        announce(self.engine, self.tx, self.revision, &ids, events).await
    }

    /// Has a webhook told that a lead has come to a step, whatever events it asks for.
    pub(super) async fn call_webhook(
        &mut self,
        lead: i64,
        name: &str,
        sequence: &str,
        step: &str,
    ) -> NurtureResult<()> {
        if !self.engine.config.webhooks.contains_key(name) {
            let because = Some(format!("there is no [webhook.{name}] in dripline.toml"));
            let about = Some(kind(name));
            return self
                .event(lead, EventKind::Untold, Details { about, because, ..Details::default() })
                .await;
        }
        let stored = self.lead(lead).await?;
        let body = Body::of_step(self.revision, &stored, sequence, step, self.now);
        put(self.tx, lead, name, &body.to_json(), self.now).await
    }
}
