//! Recording how a message ended, when it was not simply sent: retries, failures, bounces, and what they stop.

use tracing::{info, warn};

use super::claim::{Claimed, End};
use super::engine::Engine;
use super::error::NurtureResult;
use super::pause;
use super::record::{NOT_STARTED, Record};
use crate::domain::enrollment::{EnrollmentState, MessageState};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::StopKind;
use crate::domain::outcome::{Outcome, RETRY_DOMAIN_FOR, RETRY_FOR, backoff};
use crate::domain::time::{SECOND, Timestamp};
use crate::mail::delivery::Delivery;
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::events::Event;
use crate::storage::messages::{self, Settlement};
use crate::storage::{lanes, leads};

/// How soon a message is tried again that did not start.
const SOON: i64 = 5 * SECOND;

/// What is to be done about a message that was not simply sent.
#[derive(Clone, Debug, PartialEq)]
struct Verdict {
    then: Then,
    reason: String,
    /// The attempt does not count.
    uncounted: bool,
    /// It may have arrived.
    ambiguous: bool,
    /// The provider blames us: its lane pauses.
    our_fault: bool,
}

/// What becomes of the message, and of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Accepted after all.
    Sent,
    /// The step is decided anew at a time.
    Retry(Timestamp),
    /// The step is decided anew when a correction or the end of a hold wakes it.
    Hold(MessageState),
    /// The step is over; the walk goes on.
    Over(MessageState),
    /// The address does not exist: the lead is stopped.
    Dead,
}

/// Records one end in a transaction of its own. The lead is locked first, as for every change to it.
pub async fn settle(engine: &Engine, claim: &Claimed, end: &End) -> NurtureResult<()> {
    let now = engine.clock.now();
    let verdict = judge(engine, claim, end, now);
    let mut tx = engine.db.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &claim.revision, now };
    if verdict.then == Then::Dead {
        // A lead has one message on the wire at a time, and this one has ended: there is nothing to wait for.
        record.stop(claim.lead.lead.id, StopKind::HardBounce, &verdict.reason).await?.nothing_else_is_sent();
    }
    leads::lock(record.tx, claim.lead.lead.id).await?;
    let walk = enrollments::by_id(record.tx, claim.enrollment).await?;
    let active = walk.filter(|walk| walk.state == EnrollmentState::Active);
    let state = verdict.state(active.is_some());
    let settlement = Settlement {
        state,
        reason: verdict.reason.clone(),
        uncounted: verdict.uncounted,
        ambiguous: verdict.ambiguous,
    };
    if messages::settle(record.tx, claim.id, engine.node(), &settlement, now).await? {
        record.follow(claim, &verdict, state, active).await?;
    }
    tx.commit().await?;
    pause::if_asked(engine).await?;
    engine.metrics.ended(state, 1);
    // Not the reason: answers of servers quote addresses. It is on the timeline.
    info!(message.id = claim.id, message.state = %state, "a try to send ended");
    Ok(())
}

impl Verdict {
    fn new(then: Then, reason: impl Into<String>) -> Self {
        Self { then, reason: reason.into(), uncounted: false, ambiguous: false, our_fault: false }
    }

    /// The state of the message. A walk that ended is never reopened by a late answer.
    fn state(&self, active: bool) -> MessageState {
        match self.then {
            Then::Sent => MessageState::Sent,
            Then::Dead => MessageState::Failed,
            Then::Over(state) => state,
            Then::Retry(_) if active => MessageState::Retry,
            Then::Hold(state) if active => state,
            Then::Retry(_) | Then::Hold(_) if self.ambiguous => MessageState::Unknown,
            Then::Retry(_) | Then::Hold(_) => MessageState::Cancelled,
        }
    }
}

fn judge(engine: &Engine, claim: &Claimed, end: &End, now: Timestamp) -> Verdict {
    let uncounted = |then, reason: &str| Verdict { uncounted: true, ..Verdict::new(then, reason) };
    match end {
        End::Cancelled => uncounted(Then::Hold(MessageState::Cancelled), NOT_STARTED),
        End::TooLate => uncounted(Then::Retry(now + SOON), "it did not get its turn in time"),
        End::NoConnection(why) => uncounted(Then::Retry(now + SOON), why),
        End::Unsendable(why) => uncounted(Then::Hold(MessageState::Held), why),
        End::Tried(Delivery::Refused) => {
            uncounted(Then::Retry(now + SOON), "it did not get its turn in time")
        }
        End::Tried(Delivery::LostBefore(why)) => retry(claim, why, RETRY_FOR, now),
        End::Tried(Delivery::LostAfter(why)) => lost_after(claim, why, now),
        End::Tried(Delivery::Answered(reply)) => {
            let text = format!("{} {}", reply.code, reply.text);
            answered(engine, claim, reply.outcome(), &text, now)
        }
    }
}

fn answered(engine: &Engine, claim: &Claimed, outcome: Outcome, text: &str, now: Timestamp) -> Verdict {
    match outcome {
        Outcome::Sent => Verdict::new(Then::Sent, text),
        Outcome::Retry => retry(claim, text, RETRY_FOR, now),
        Outcome::OurFault => Verdict { our_fault: true, ..retry(claim, text, RETRY_FOR, now) },
        Outcome::Failed => Verdict::new(Then::Over(MessageState::Failed), text),
        Outcome::Unknown => lost_after(claim, text, now),
        Outcome::DeadDomain if now - claim.first_at < RETRY_DOMAIN_FOR => {
            retry(claim, text, RETRY_DOMAIN_FOR, now)
        }
        Outcome::DeadDomain | Outcome::DeadAddress => {
            // A broken relay must not empty the list: once the breaker trips, nobody is suppressed any more.
            let mut breaker = engine.breaker();
            breaker.note(true);
            if breaker.tripped() {
                retry(claim, text, RETRY_FOR, now)
            } else {
                Verdict::new(Then::Dead, text)
            }
        }
    }
}

fn retry(claim: &Claimed, why: &str, horizon: i64, now: Timestamp) -> Verdict {
    if now - claim.first_at >= horizon {
        let why = format!("given up after {} tries: {why}", claim.attempt);
        return Verdict::new(Then::Over(MessageState::Failed), why);
    }
    let due = now + backoff(claim.attempt, claim.id.unsigned_abs());
    Verdict::new(Then::Retry(due), why)
}

/// The message may have arrived. It is repeated once, under the same Message-ID; the second time nobody knows.
fn lost_after(claim: &Claimed, why: &str, now: Timestamp) -> Verdict {
    let then = match claim.ambiguous {
        0 => Then::Retry(now + backoff(claim.attempt, claim.id.unsigned_abs())),
        _ => Then::Over(MessageState::Unknown),
    };
    Verdict { ambiguous: true, ..Verdict::new(then, format!("it may have arrived: {why}")) }
}

impl Record<'_> {
    /// What follows from the end of a message: for the timeline, the walk, the lane and the fuse.
    async fn follow(
        &mut self,
        claim: &Claimed,
        verdict: &Verdict,
        state: MessageState,
        active: Option<Enrollment>,
    ) -> NurtureResult<()> {
        if let Some(walk) = active {
            self.place(claim, verdict.then, walk).await?;
        }
        if let Some(kind) = event_of(state, verdict) {
            self.message_event(claim, kind, &verdict.reason).await?;
        }
        self.guard(claim, verdict).await
    }

    /// Puts the walk where it belongs: behind the step if that is over, before it if it is to be tried again.
    async fn place(&mut self, claim: &Claimed, then: Then, walk: Enrollment) -> NurtureResult<()> {
        let rests = walk.waits_for.is_some();
        let due_at = match then {
            Then::Retry(due) => Some(due),
            Then::Hold(MessageState::Held) => None,
            Then::Hold(_) | Then::Over(_) | Then::Sent => Some(self.now),
            Then::Dead => return Ok(()),
        };
        let back = matches!(then, Then::Retry(_) | Then::Hold(_));
        let mut walk = walk;
        if back {
            // `place_at` may stay: a step with an open message does not wait again.
            walk.walk.done = walk.walk.done.without(claim.step);
        }
        // A walk that a hold rests keeps its rest: the end of the hold wakes it.
        if !rests && (back || claim.wakes) {
            walk.due_at = due_at;
            walk.waits_for = (then == Then::Hold(MessageState::Held)).then(|| CORRECTION.to_owned());
        }
        Ok(enrollments::advance(self.tx, &[walk]).await?)
    }

    async fn message_event(&mut self, claim: &Claimed, kind: EventKind, because: &str) -> NurtureResult<()> {
        let details = Details {
            enrollment: Some(claim.enrollment),
            sequence: Some(claim.sequence().id.clone()),
            step: Some(claim.of_step().id.clone()),
            because: Some(because.to_owned()),
            ..Details::default()
        };
        let event = Event { lead: claim.lead.lead.id, message: Some(claim.id), kind, at: self.now, details };
        self.note(&[event]).await?;
        Ok(())
    }

    /// Pauses what should not go on: the lane after our own fault, everything once the breaker trips.
    async fn guard(&mut self, claim: &Claimed, verdict: &Verdict) -> NurtureResult<()> {
        if verdict.our_fault {
            self.pause_lane(claim, &verdict.reason).await?;
        }
        if self.engine.breaker().tripped() {
            let because = format!(
                "too many addresses are said not to exist ({}); nobody is suppressed any more until `dripline resume`",
                verdict.reason
            );
            warn!("sending is paused: {because}");
            self.engine.ask_for_pause(because);
        }
        Ok(())
    }

    /// Pauses a lane whose provider blames us.
    async fn pause_lane(&mut self, claim: &Claimed, because: &str) -> NurtureResult<()> {
        let lane = self.engine.lanes.title(claim.lane);
        warn!("lane {lane} is paused until `dripline resume`: {because}");
        Ok(lanes::pause(self.tx, claim.lane, because, self.now).await?)
    }
}

/// What a walk waits for while its message is held.
pub const CORRECTION: &str = "the mail cannot be written as the template and the lead are now";

/// The event for the timeline. A message that did not start leaves none: it will, or its stop did.
fn event_of(state: MessageState, verdict: &Verdict) -> Option<EventKind> {
    match state {
        _ if verdict.then == Then::Dead => Some(EventKind::Bounced),
        MessageState::Failed => Some(EventKind::Failed),
        MessageState::Held => Some(EventKind::Held),
        MessageState::Unknown => Some(EventKind::Ambiguous),
        MessageState::Retry if verdict.ambiguous => Some(EventKind::Ambiguous),
        MessageState::Retry if !verdict.uncounted => Some(EventKind::Retried),
        _ => None,
    }
}
