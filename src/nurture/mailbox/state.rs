//! [`Mailboxes`]: what a node knows about its mailboxes, for metrics and health.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::MailboxError;
use crate::domain::time::Timestamp;

/// The mailboxes of this node, by name.
#[derive(Default)]
pub struct Mailboxes(Mutex<BTreeMap<String, State>>);

/// How a mailbox does.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub reading: Reading,
    /// When all that was there had last been taken in.
    pub looked_at: Option<Timestamp>,
    /// Mails that this node has taken in since it started.
    pub taken: u64,
    /// A step is under way.
    busy: bool,
}

/// Whether a mailbox is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It was not tried yet.
    #[default]
    NotYet,
    Connected,
    /// Another node reads it.
    Elsewhere,
    /// The log says why not.
    Trouble,
}

impl Reading {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "not yet",
            Self::Connected => "connected",
            Self::Elsewhere => "another node reads it",
            Self::Trouble => "trouble",
        }
    }
}

impl Mailboxes {
    /// With these names, none of which was looked at yet.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Mutex::new(names.into_iter().map(|name| (name, State::default())).collect()))
    }

    /// All of them as they are now.
    pub fn all(&self) -> BTreeMap<String, State> {
        self.lock().clone()
    }

    /// Whether each was tried, and none is being taken in.
    pub fn are_idle(&self) -> bool {
        self.lock().values().all(|state| !state.busy && state.reading != Reading::NotYet)
    }

    pub(super) fn begin(&self, name: &str) {
        self.lock().entry(name.to_owned()).or_default().busy = true;
    }

    pub(super) fn connected(&self, name: &str) {
        self.lock().entry(name.to_owned()).or_default().reading = Reading::Connected;
    }

    pub(super) fn looked(&self, name: &str, at: Timestamp, taken: usize) {
        let mut all = self.lock();
        let state = all.entry(name.to_owned()).or_default();
        let taken = state.taken + taken as u64;
        *state = State { reading: Reading::Connected, looked_at: Some(at), taken, busy: false };
    }

    pub(super) fn failed(&self, name: &str, error: &MailboxError) {
        let mut all = self.lock();
        let state = all.entry(name.to_owned()).or_default();
        state.busy = false;
        state.reading = match error {
            MailboxError::Elsewhere => Reading::Elsewhere,
            _ => Reading::Trouble,
        };
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
