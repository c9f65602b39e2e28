//! A [`Claimed`] message: the proof, made by the pump alone, that this node may try to send it. And how that ended.

use std::sync::Arc;

use super::revision::Revision;
use crate::domain::sequence::{Sequence, Step, Verb};
use crate::domain::time::Timestamp;
use crate::domain::track::Track;
use crate::mail::delivery::Delivery;
use crate::storage::leads::StoredLead;

/// A message that was committed as being sent by this node, with all that is needed to write it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: i64,
    pub lane: i64,
    /// The place of its relay in the configuration.
    pub relay: usize,
    pub enrollment: i64,
    /// The number of its step.
    pub step: i64,
    pub variant: i64,
    /// How often it was tried, this time included.
    pub attempt: i64,
    /// How often it may have arrived already.
    pub ambiguous: i64,
    pub first_at: Timestamp,
    /// When it was claimed.
    pub at: Timestamp,
    /// Whether the walk goes on as soon as this one has its outcome.
    pub wakes: bool,
    pub lead: Arc<StoredLead>,
    pub revision: Arc<Revision>,
    pub track: Arc<Track>,
    /// The place of the step in the file.
    pub place: usize,
    pub(super) _proof: Proof,
}

/// What nobody outside `nurture` can make, and so no [`Claimed`] either.
#[derive(Clone, Copy, Debug)]
pub struct Proof(pub(super) ());

impl Claimed {
    pub fn sequence(&self) -> &Sequence {
        &self.track.sequence
    }

    pub fn of_step(&self) -> &Step {
        &self.track.sequence.steps[self.place]
    }

    /// The template of this variant.
    pub fn template(&self) -> &str {
        match &self.of_step().verb {
            Verb::Mail { variants, .. } => variants.get(self.variant as usize).map_or("", String::as_str),
            _ => "",
        }
    }
}

/// How the try to send a claimed message ended.
#[derive(Clone, Debug)]
pub enum End {
    /// The relay had its say, or the connection broke.
    Tried(Delivery),
    /// A stop or hold came first; nothing was written.
    Cancelled,
    /// It did not start in time, or this node may not send any more; nothing was written.
    TooLate,
    /// No connection to the relay could be had, for this reason; nothing was written.
    NoConnection(String),
    /// It cannot be written as the templates and the lead are now, for this reason.
    Unsendable(String),
}
