//! The messages that this node has claimed, in memory: what waits for a connection, what is on the wire, and what
//! came of it. `MAIL FROM` is written only through [`Registry::start`] (PROTOCOL.md, "Rules").

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::claim::{Claimed, End};

/// How long after its claim began a message may start.
pub const START_DEADLINE: Duration = Duration::from_secs(5);

/// The claims of one node.
pub struct Registry {
    state: Mutex<State>,
    /// Something may be taken by a connection.
    ready: Notify,
    /// Something ended, for the pump to record.
    ended: Notify,
    /// Outcomes were recorded, for stops that wait for them.
    recorded: Notify,
    /// Whether this node holds its liveness lock.
    live: AtomicBool,
    /// How many messages may be claimed at once.
    capacity: usize,
}

#[derive(Default)]
struct State {
    messages: HashMap<i64, Entry>,
    /// By relay and lane.
    queues: HashMap<(usize, i64), VecDeque<Claimed>>,
    /// The queues that are not empty, in the order in which they are served.
    turns: VecDeque<(usize, i64)>,
    on_wire_by_lane: HashMap<i64, usize>,
    most_by_lane: HashMap<i64, usize>,
    ends: Vec<(Claimed, End)>,
    closed: bool,
}

struct Entry {
    phase: Phase,
    lane: i64,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Queued,
    /// A connection has it, and may write `MAIL FROM` once `start` agrees.
    Taken,
    OnWire,
    /// Cancelled by a stop before it started.
    Cancelled,
    /// It waited too long for a connection.
    Expired,
    /// It ended; the outcome is not recorded yet.
    Ended,
}

impl Registry {
    /// A registry for so many messages, of which at most so many are on the wire in certain lanes.
    pub fn new(capacity: usize, most_by_lane: HashMap<i64, usize>) -> Self {
        Self {
            state: Mutex::new(State { most_by_lane, ..State::default() }),
            ready: Notify::new(),
            ended: Notify::new(),
            recorded: Notify::new(),
            live: AtomicBool::new(true),
            capacity,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more messages may be claimed now. Without its liveness lock a node claims nothing: it could not start
    /// it, and would keep it from the others.
    pub fn free(&self) -> usize {
        if !self.is_live() {
            return 0;
        }
        self.capacity.saturating_sub(self.state().messages.len())
    }

    /// How many more messages may be claimed in a lane now.
    pub fn free_in(&self, lane: i64) -> usize {
        let state = self.state();
        let free = self.capacity.saturating_sub(state.messages.len());
        match state.most_by_lane.get(&lane) {
            Some(most) => {
                let claimed = state.messages.values().filter(|entry| entry.lane == lane).count();
                free.min((most * CLAIM_AHEAD).saturating_sub(claimed))
            }
            None => free,
        }
    }

    /// Makes claims known before they are committed, so that a stop that sees them in the database finds them here.
    /// `since` was taken before the transaction began.
    pub fn announce(&self, ids: impl IntoIterator<Item = (i64, i64)>, since: Instant) {
        let mut state = self.state();
        for (id, lane) in ids {
            state.messages.insert(id, Entry { phase: Phase::Queued, lane, since });
        }
    }

    /// Takes announced claims back: their transaction did not commit.
    pub fn forget(&self, ids: impl IntoIterator<Item = i64>) {
        let mut state = self.state();
        for id in ids {
            state.messages.remove(&id);
        }
    }

    /// Offers committed claims to the connections. What a stop cancelled in between goes straight to its end.
    pub fn offer(&self, claims: Vec<Claimed>) {
        let mut state = self.state();
        for claim in claims {
            if state.messages.get(&claim.id).is_some_and(|entry| entry.phase == Phase::Cancelled) {
                state.end(claim, End::Cancelled);
            } else {
                let key = (claim.relay, claim.lane);
                let queue = state.queues.entry(key).or_default();
                queue.push_back(claim);
                if queue.len() == 1 {
                    state.turns.push_back(key);
                }
            }
        }
        drop(state);
        self.ready.notify_waiters();
        self.ended.notify_one();
    }

    /// The next message for a connection of a relay; none once the registry is closed. Cancel safe.
    pub async fn next(&self, relay: usize) -> Option<Claimed> {
        loop {
            let mut ready = std::pin::pin!(self.ready.notified());
            ready.as_mut().enable();
            {
                let mut state = self.state();
                if state.closed {
                    return None;
                }
                if let Some(claim) = state.take(relay) {
                    return Some(claim);
                }
            }
            ready.await;
        }
    }

    /// Whether `MAIL FROM` may be written now. Says no to what was cancelled, to what is past its deadline, and once
    /// this node has lost its liveness lock.
    pub fn start(&self, id: i64) -> Result<(), End> {
        let mut state = self.state();
        if !self.is_live() || state.closed {
            return Err(End::TooLate);
        }
        match state.messages.get_mut(&id) {
            Some(entry) if entry.phase != Phase::Taken => Err(End::Cancelled),
            Some(entry) if entry.since.elapsed() >= START_DEADLINE => Err(End::TooLate),
            Some(entry) => {
                entry.phase = Phase::OnWire;
                Ok(())
            }
            None => Err(End::Cancelled),
        }
    }

    /// Notes how a message that a connection had taken ended.
    pub fn finish(&self, claim: Claimed, end: End) {
        let mut state = self.state();
        if let Some(count) = state.on_wire_by_lane.get_mut(&claim.lane) {
            *count = count.saturating_sub(1);
        }
        let limited = state.most_by_lane.contains_key(&claim.lane);
        state.end(claim, end);
        drop(state);
        self.ended.notify_one();
        if limited {
            self.ready.notify_waiters();
        }
    }

    /// Cancels what has not started of these messages. What is queued goes to its end at once; what a connection
    /// holds will find out at its start. Answers those that will not start.
    pub fn cancel(&self, ids: &[i64]) -> Vec<i64> {
        let mut state = self.state();
        let mut cancelled = Vec::new();
        for id in ids {
            let Some(entry) = state.messages.get_mut(id) else { continue };
            if matches!(entry.phase, Phase::Queued | Phase::Taken) {
                entry.phase = Phase::Cancelled;
                cancelled.push(*id);
            }
        }
        state.drop_unwanted();
        drop(state);
        self.ended.notify_one();
        cancelled
    }

    /// Whether any of these messages is claimed here, and its outcome not recorded yet.
    pub fn holds_any(&self, ids: &[i64]) -> bool {
        let state = self.state();
        ids.iter().any(|id| state.messages.contains_key(id))
    }

    /// Sends what has waited beyond its deadline for a connection to its end.
    pub fn expire(&self) {
        let mut state = self.state();
        for entry in state.messages.values_mut() {
            if entry.phase == Phase::Queued && entry.since.elapsed() >= START_DEADLINE {
                entry.phase = Phase::Expired;
            }
        }
        state.drop_unwanted();
    }

    /// Whether nothing starts any more.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// What has ended and is to be recorded.
    pub fn take_ends(&self) -> Vec<(Claimed, End)> {
        std::mem::take(&mut self.state().ends)
    }

    /// Puts ends back that could not be recorded.
    pub fn put_back(&self, ends: Vec<(Claimed, End)>) {
        self.state().ends.extend(ends);
    }

    /// Forgets messages whose ends are recorded, and tells those who wait for that.
    pub fn recorded(&self, ids: impl IntoIterator<Item = i64>) {
        self.forget(ids);
        self.recorded.notify_waiters();
    }

    /// Waits until something ended.
    pub async fn until_ended(&self) {
        self.ended.notified().await;
    }

    /// Waits until outcomes were recorded. Create the future before looking, so that none is missed.
    pub fn until_recorded(&self) -> Notified<'_> {
        self.recorded.notified()
    }

    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.state().messages.is_empty()
    }

    /// How many messages are claimed, and how many of them are on the wire.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        let on_wire = state.messages.values().filter(|entry| entry.phase == Phase::OnWire).count();
        (state.messages.len(), on_wire)
    }

    /// Whether this node holds its liveness lock, as far as it knows.
    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::SeqCst)
    }

    /// Says whether this node holds its liveness lock. Without it nothing starts.
    pub fn set_live(&self, live: bool) {
        self.live.store(live, Ordering::SeqCst);
    }

    /// Starts nothing any more: what has not started goes to its end as too late, what is on the wire goes on.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let queues = std::mem::take(&mut state.queues);
        state.turns.clear();
        for claim in queues.into_values().flatten() {
            state.end(claim, End::TooLate);
        }
        drop(state);
        self.ready.notify_waiters();
        self.ended.notify_one();
    }
}

/// A node claims ahead so many times its connections: claiming only what goes on the wire at once would make each
/// batch wait for its commit.
pub const CLAIM_AHEAD: usize = 8;

impl State {
    /// The next message for a relay, of the next lane that has room on the wire.
    fn take(&mut self, relay: usize) -> Option<Claimed> {
        for _ in 0..self.turns.len() {
            let key = self.turns.pop_front()?;
            if key.0 != relay || self.is_full(key.1) {
                self.turns.push_back(key);
                continue;
            }
            let queue = self.queues.get_mut(&key)?;
            let claim = queue.pop_front()?;
            if queue.is_empty() {
                self.queues.remove(&key);
            } else {
                self.turns.push_back(key);
            }
            *self.on_wire_by_lane.entry(key.1).or_default() += 1;
            if let Some(entry) = self.messages.get_mut(&claim.id) {
                entry.phase = Phase::Taken;
            }
            return Some(claim);
        }
        None
    }

    fn is_full(&self, lane: i64) -> bool {
        let on_wire = self.on_wire_by_lane.get(&lane).copied().unwrap_or(0);
        self.most_by_lane.get(&lane).is_some_and(|most| on_wire >= *most)
    }

    fn end(&mut self, claim: Claimed, end: End) {
        if let Some(entry) = self.messages.get_mut(&claim.id) {
            entry.phase = Phase::Ended;
        }
        self.ends.push((claim, end));
    }

    /// Moves messages that were cancelled or expired from the queues to their ends.
    fn drop_unwanted(&mut self) {
        let mut dropped = Vec::new();
        let messages = &self.messages;
        let end_of = |claim: &Claimed| match messages.get(&claim.id).map(|entry| entry.phase) {
            Some(Phase::Cancelled) => Some(End::Cancelled),
            Some(Phase::Expired) => Some(End::TooLate),
            _ => None,
        };
        for queue in self.queues.values_mut() {
            if queue.iter().any(|claim| end_of(claim).is_some()) {
                let (gone, kept): (VecDeque<Claimed>, _) =
                    std::mem::take(queue).into_iter().partition(|claim| end_of(claim).is_some());
                *queue = kept;
                dropped.extend(gone.into_iter().filter_map(|claim| Some((end_of(&claim)?, claim))));
            }
        }
        self.queues.retain(|_, queue| !queue.is_empty());
        self.turns.retain(|key| self.queues.contains_key(key));
        for (end, claim) in dropped {
            self.end(claim, end);
        }
    }
}
