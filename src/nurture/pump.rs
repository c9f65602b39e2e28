//! The pump: one transaction records the last outcomes and claims what is due (PROTOCOL.md, "The statements").

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tracing::warn;

use super::claim::{Claimed, End};
use super::deadlines;
use super::decide::Decisions;
use super::engine::Engine;
use super::error::NurtureResult;
use super::facts::LeadFacts;
use super::judge;
use super::limits::Allowance;
use super::pause;
use super::record::Record;
use super::revision::Revision;
use super::routing;
use super::settle::settle;
use super::telling;
use crate::domain::enrollment::MessageState;
use crate::domain::time::{SECOND, Timestamp};
use crate::mail::delivery::Delivery;
use crate::storage::revisions::Deployment;
use crate::storage::{Tx, enrollments, lanes, messages, revisions};

/// The most enrollments decided in one transaction: a writer that holds the database longer delays a stop.
const BATCH: usize = 64;

/// How often the database is looked at without a hint: other nodes and processes write too.
pub const LOOK_EVERY: i64 = SECOND;

/// The pump of one node. It remembers in which lanes something is due, and nothing else.
#[derive(Default)]
pub struct Pump {
    ready: VecDeque<i64>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Outcomes recorded.
    pub recorded: usize,
    /// Walks decided.
    pub decided: usize,
    /// Messages claimed.
    pub claimed: usize,
    /// When the next walk is due, as far as is known: none if nothing is.
    pub next: Option<Timestamp>,
}

impl Stepped {
    /// Whether there was nothing to do.
    pub const fn idle(&self) -> bool {
        self.recorded == 0 && self.decided == 0
    }
}

impl Pump {
    /// Records what ended and claims what is due, for one lane.
    ///
    /// # Errors
    /// The database. What had ended is kept, and recorded by the next step.
    pub async fn step(&mut self, engine: &Engine) -> NurtureResult<Stepped> {
        let ends = engine.registry.take_ends();
        let (sent, others): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(_, end)| is_sent(end));
        let mut stepped = Stepped { recorded: sent.len() + others.len(), ..Stepped::default() };
        self.settle_all(engine, others).await?;
        engine.registry.expire();
        let lane = self.next_lane(engine, &mut stepped).await;
        let lane = lane.inspect_err(|_| engine.registry.put_back(sent.clone()))?;
        if sent.is_empty() && lane.is_none() {
            return Ok(stepped);
        }
        let worked = self.work(engine, &sent, lane, &mut stepped).await;
        worked.inspect_err(|_| engine.registry.put_back(sent))?;
        pause::if_asked(engine).await?;
        Ok(stepped)
    }

    /// Ends that are not simply sent have a transaction each: they are rare, and take locks in another order.
    async fn settle_all(&mut self, engine: &Engine, others: Vec<(Claimed, End)>) -> NurtureResult<()> {
        let mut others = VecDeque::from(others);
        while let Some((claim, end)) = others.pop_front() {
            if let Err(error) = settle(engine, &claim, &end).await {
                others.push_front((claim, end));
                engine.registry.put_back(others.into());
                return Err(error);
            }
            engine.registry.recorded([claim.id]);
        }
        Ok(())
    }

    /// A lane in which something is due and may be claimed.
    async fn next_lane(&mut self, engine: &Engine, stepped: &mut Stepped) -> NurtureResult<Option<i64>> {
        if engine.registry.free() == 0 {
            return Ok(None);
        }
        if self.ready.is_empty() {
            stepped.next = self.survey(engine).await?;
        }
        let full = |lane: &i64| engine.registry.free_in(*lane) == 0;
        let open = self.ready.iter().position(|lane| !full(lane));
        Ok(open.and_then(|at| self.ready.remove(at)))
    }

    /// Finds the lanes in which something is due; answers when the next thing will be.
    async fn survey(&mut self, engine: &Engine) -> NurtureResult<Option<Timestamp>> {
        let mut tx = engine.db.read().await?;
        let paused = lanes::paused(&mut tx).await?;
        let now = engine.clock.now();
        let used = enrollments::lanes(&mut tx).await?;
        let open = used.into_iter().filter(|(lane, _)| !paused.iter().any(|(paused, _)| paused == lane));
        let (due, later): (Vec<_>, Vec<_>) = open.partition(|(_, due)| *due <= now);
        self.ready.extend(due.iter().map(|(lane, _)| *lane));
        Ok(later.into_iter().map(|(_, due)| due).min())
    }

    async fn work(
        &mut self,
        engine: &Engine,
        sent: &[(Claimed, End)],
        lane: Option<i64>,
        stepped: &mut Stepped,
    ) -> NurtureResult<()> {
        let began = Instant::now();
        let now = engine.clock.now();
        let mut tx = engine.db.begin().await?;
        record_sent(&mut tx, engine, sent, now).await?;
        let claimed = match (lane, may_claim(&mut tx, engine).await?) {
            (Some(lane), Some(revision)) => self.claim(&mut tx, engine, revision, lane, now, stepped).await?,
            _ => Vec::new(),
        };
        stepped.claimed = claimed.len();
        // Known here before anybody can see them: a stop that finds them in the database finds them in the registry.
        engine.registry.announce(claimed.iter().map(|claim| (claim.id, claim.lane)), began);
        if let Err(error) = tx.commit().await {
            engine.registry.forget(claimed.iter().map(|claim| claim.id));
            return Err(error.into());
        }
        engine.metrics.ended(MessageState::Sent, sent.len());
        engine.registry.recorded(sent.iter().map(|(claim, _)| claim.id));
        engine.registry.offer(claimed);
        Ok(())
    }

    async fn claim(
        &mut self,
        tx: &mut Tx,
        engine: &Engine,
        revision: Arc<Revision>,
        lane: i64,
        now: Timestamp,
        stepped: &mut Stepped,
    ) -> NurtureResult<Vec<Claimed>> {
        let mut allowance = Allowance::read(tx, engine, lane, now).await?;
        let limit = engine.registry.free_in(lane).min(BATCH).min(allowance.left());
        let walks = match limit {
            0 => {
                stepped.next = stepped.next.into_iter().chain(allowance.free_at()).min();
                Vec::new()
            }
            limit => enrollments::claim(tx, lane, now, limit as i64).await?,
        };
        if walks.len() == limit && limit > 0 {
            // There may be more; the other lanes come first.
            self.ready.push_back(lane);
        }
        if walks.is_empty() {
            return Ok(Vec::new());
        }
        stepped.decided = walks.len();
        let facts = LeadFacts::read(tx, &revision, &walks, now).await?;
        let mut record = Record { tx, engine, revision: &revision, now };
        let decisions = Decisions::make(&mut record, &facts, walks).await?;
        let claimed = decisions.store(&mut record, &revision, &facts).await?;
        allowance.take(record.tx, claimed.len()).await?;
        Ok(claimed)
    }
}

fn is_sent(end: &End) -> bool {
    matches!(end, End::Tried(Delivery::Answered(reply)) if reply.accepted())
}

/// The hot path of outcomes: one statement for all that were sent, and one to wake the walks that waited for them.
async fn record_sent(
    tx: &mut Tx,
    engine: &Engine,
    sent: &[(Claimed, End)],
    now: Timestamp,
) -> NurtureResult<()> {
    let ids: Vec<i64> = sent.iter().map(|(claim, _)| claim.id).collect();
    messages::sent(tx, &ids, engine.node(), now).await?;
    let waiting: Vec<i64> =
        sent.iter().filter(|(claim, _)| claim.wakes).map(|(claim, _)| claim.enrollment).collect();
    enrollments::wake(tx, &waiting, now).await?;
    let mut breaker = engine.breaker();
    sent.iter().for_each(|_| {
        breaker.note(false);
    });
    Ok(())
}

/// The revision to claim under; none while sending is paused, or until this node has loaded what is deployed.
async fn may_claim(tx: &mut Tx, engine: &Engine) -> NurtureResult<Option<Arc<Revision>>> {
    let Some(deployment) = revisions::share_deployment(tx).await? else { return Ok(None) };
    let Deployment { revision, paused_because, .. } = deployment;
    if paused_because.is_some() {
        return Ok(None);
    }
    if engine.breaker().tripped() {
        // The pause that the breaker brought was ended by a person.
        engine.breaker().reset();
    }
    match engine.loaded() {
        Some(loaded) if loaded.id == revision => Ok(Some(loaded)),
        _ => {
            warn!("revision {revision} was applied by another process: loading it");
            engine.stale();
            Ok(None)
        }
    }
}

/// Whether nothing is due now, nothing is claimed by any node, and nothing is left to be rolled out, judged
/// or told.
/// All of it is read from one snapshot: what is not being sent any more has left its trace in what is due.
///
/// # Errors
/// The database.
pub async fn is_idle(engine: &Engine) -> NurtureResult<bool> {
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let deployment = revisions::deployment(&mut tx).await?;
    let rolled_out = deployment.as_ref().is_none_or(|deployment| deployment.offered_to.is_none());
    let paused = deployment.is_some_and(|deployment| deployment.paused_because.is_some());
    let told = telling::next(engine, &mut tx).await?.is_none_or(|due| due > now);
    let judged = judge::next(engine, &mut tx).await?.is_none_or(|due| due > now);
    let waited = deadlines::next(&mut tx).await?.is_none_or(|due| due > now);
    let resting = lanes::paused(&mut tx).await?;
    let used = enrollments::lanes(&mut tx).await?;
    let is_resting = |lane: i64| resting.iter().any(|(resting, _)| *resting == lane);
    let due = used.iter().any(|(lane, due)| *due <= now && !is_resting(*lane));
    let sending = !messages::sending_nodes(&mut tx).await?.is_empty();
    let routed = routing::is_idle(&mut tx, now).await?;
    // Asked after the snapshot: what it showed as leased is being told until here, or has ended.
    let telling = engine.telling.is_on();
    Ok(rolled_out && told && judged && waited && routed && !telling && (paused || !due) && !sending)
}
