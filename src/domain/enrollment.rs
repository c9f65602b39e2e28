//! One lead's walk through one sequence, and [`advance`]: the pure decision on what comes next.

use chrono_tz::Tz;

use super::condition::{Known, Phrase};
use super::gate::{GateFacts, Reason, Refusal, gate, resting};
use super::sequence::{Sequence, Step, Verb};
use super::time::{SECOND, Timestamp};
use super::track::{Done, Track};
use super::words::words;

words! {
    /// Whether a walk goes on, and if not, how it ended.
    pub enum EnrollmentState {
        Active = "active",
        /// Every step is done.
        Finished = "finished",
        /// The goal was reached.
        ReachedGoal = "reached_goal",
        /// `leave_if` came true, or an `end` step was reached.
        Left = "left",
        /// The lead was stopped.
        Stopped = "stopped",
        /// The stage changed, the lead was unenrolled, or the sequence is gone.
        Ended = "ended",
    }
}

words! {
    /// Where a message stands.
    pub enum MessageState {
        Sending = "sending",
        Sent = "sent",
        Retry = "retry",
        Held = "held",
        Cancelled = "cancelled",
        Failed = "failed",
        Unknown = "unknown",
    }
}

impl MessageState {
    /// The number that is stored.
    pub const fn code(self) -> i64 {
        self as i64 + 1
    }

    /// From the number that is stored.
    pub fn from_code(code: i64) -> Option<Self> {
        usize::try_from(code - 1).ok().and_then(|at| Self::ALL.get(at)).copied()
    }

    /// Whether the step may be claimed anew.
    pub const fn open(self) -> bool {
        matches!(self, MessageState::Retry | MessageState::Held | MessageState::Cancelled)
    }
}

/// How long a step waits for the outcome of the mail before it, before it looks again by itself. The outcome wakes it.
pub const IN_FLIGHT_LOOK: i64 = 30 * SECOND;

/// How soon a step looks again whose judgement is late.
const JUDGE_LOOK: i64 = SECOND;

/// A walk as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    pub enrollment: i64,
    pub done: Done,
    /// When the last step was done, or the walk began.
    pub place_at: Timestamp,
}

/// A message of this enrollment that is not over: number of its step, state, variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenMessage {
    pub step: i64,
    pub state: MessageState,
    pub variant: i64,
}

/// Everything that [`advance`] looks at.
pub struct Facts<'a> {
    pub track: &'a Track,
    pub walk: &'a Walk,
    pub known: Known<'a>,
    pub gate: GateFacts<'a>,
    /// A mail of this lead, of whichever sequence, is on its way.
    pub in_flight: bool,
    /// Messages of this enrollment in states retry, held and cancelled.
    pub open: &'a [OpenMessage],
    /// When the opens and clicks of the lead were that are not judged yet.
    pub unjudged: &'a [Timestamp],
    /// How long after it an open or a click is judged, in milliseconds.
    pub judge_after: i64,
    pub zone: Tz,
    pub now: Timestamp,
}

/// What a walk does now: some steps are passed over, then one thing happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Advance {
    pub passed: Vec<Passed>,
    /// The walk with the passed steps done.
    pub done: Done,
    pub then: Then,
}

/// A step that is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// Its place in the file.
    pub step: usize,
    pub why: Passing,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Passing {
    /// This phrase of `only_if` does not hold.
    Skipped(Phrase),
    /// The gate never opens for this mail.
    Refused(Reason),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Send the mail of a step (its place in the file), in this variant.
    Send { step: usize, variant: i64 },
    /// Carry out a step with another verb.
    Act { step: usize },
    /// Look again at a time, or when an event wakes the walk.
    Wait { until: Option<Timestamp>, why: Waiting },
    /// The goal is reached.
    Goal,
    /// `leave_if` holds.
    Leave,
    /// There is no further step.
    Finish,
}

/// What a walk waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Its time.
    Time,
    /// The outcome of the mail before.
    Outcome,
    /// Whether a person or a machine opened or clicked, which decides on the step.
    Judgement,
    /// The gate.
    Gate(Reason),
    /// The sequence is paused.
    Paused,
}

/// Decides what a walk that is due does now.
pub fn advance(facts: &Facts) -> Advance {
    let sequence = &facts.track.sequence;
    let mut done = facts.walk.done.clone();
    let mut place_at = facts.walk.place_at;
    let mut passed = Vec::new();
    let then = loop {
        if let Some(then) = rests(facts) {
            break then;
        }
        let Some(at) = facts.track.next(&done) else { break Then::Finish };
        let (step, number) = (&sequence.steps[at], facts.track.numbers[at]);
        let resumed = facts.open.iter().find(|message| message.step == number);
        let due = if resumed.is_some() { facts.now } else { due(step, place_at, facts) };
        if due > facts.now {
            break Then::Wait { until: Some(due), why: Waiting::Time };
        }
        // What came after the step fell due changes nothing: or else who clicks on and on would keep it waiting.
        let last = facts.unjudged.iter().filter(|at| **at <= due).max();
        if let Some(last) = last.filter(|_| asks_for_hits(sequence, step)) {
            // Late if the judge is.
            let until = (*last + facts.judge_after).max(facts.now + JUDGE_LOOK);
            break Then::Wait { until: Some(until), why: Waiting::Judgement };
        }
        match try_step(facts, at, resumed) {
            Ok(then) => break then,
            Err(why) => passed.push(Passed { step: at, why }),
        }
        done = done.with(number);
        place_at = facts.now;
    };
    Advance { passed, done, then }
}

/// Whether an open or a click could change what becomes of a step.
fn asks_for_hits(sequence: &Sequence, step: &Step) -> bool {
    let mut phrases = sequence.goal.iter().chain(&sequence.leave_if).chain(&step.only_if);
    phrases.any(|phrase| phrase.fact.is_hit())
}

/// What keeps the whole walk where it is, whichever step comes next.
fn rests(facts: &Facts) -> Option<Then> {
    let sequence = &facts.track.sequence;
    if let Err(refusal) = resting(&facts.gate, facts.now) {
        return Some(wait_for(refusal, None));
    }
    if facts.in_flight {
        return Some(Then::Wait { until: Some(facts.now + IN_FLIGHT_LOOK), why: Waiting::Outcome });
    }
    let meets = |phrases: &[Phrase]| !phrases.is_empty() && facts.known.all(phrases);
    if meets(&sequence.goal) {
        return Some(Then::Goal);
    }
    if meets(&sequence.leave_if) {
        return Some(Then::Leave);
    }
    sequence.paused.then_some(Then::Wait { until: None, why: Waiting::Paused })
}

/// When a step falls due: after its wait, or as soon as `until` holds; a mail in its window or slot.
fn due(step: &Step, place_at: Timestamp, facts: &Facts) -> Timestamp {
    let waited = step.wait.map_or(place_at, |wait| wait.after(place_at, facts.zone));
    let sooner = !step.until.is_empty() && facts.known.all(&step.until);
    in_window(step, if sooner { waited.min(facts.now) } else { waited }.max(place_at), facts.zone)
}

/// When the step behind `done` falls due, if the one before it was done at `at`. None: there is no further step.
pub fn next_due(track: &Track, done: &Done, at: Timestamp, zone: Tz) -> Option<Timestamp> {
    let step = &track.sequence.steps[track.next(done)?];
    Some(in_window(step, step.wait.map_or(at, |wait| wait.after(at, zone)), zone))
}

/// Windows and slots bind mails; other verbs act at once.
fn in_window(step: &Step, due: Timestamp, zone: Tz) -> Timestamp {
    match step.verb {
        Verb::Mail { .. } => step.send.next(due, zone),
        _ => due,
    }
}

/// Whether a step that is due is carried out, waits, or is passed over.
fn try_step(facts: &Facts, at: usize, resumed: Option<&OpenMessage>) -> Result<Then, Passing> {
    let step = &facts.track.sequence.steps[at];
    if let Some(phrase) = facts.known.first_miss(&step.only_if) {
        return Err(Passing::Skipped(phrase.clone()));
    }
    let Verb::Mail { variants, .. } = &step.verb else { return Ok(Then::Act { step: at }) };
    if !step.send.open(facts.now, facts.zone) {
        let opens = step.send.next(facts.now, facts.zone);
        return Ok(Then::Wait { until: Some(opens), why: Waiting::Time });
    }
    match gate(&facts.gate, facts.now) {
        Ok(()) => {
            let number = facts.track.numbers[at];
            let fresh = variant(facts.walk.enrollment, number, variants.len());
            let kept = resumed.map(|message| message.variant).filter(|kept| *kept < variants.len() as i64);
            Ok(Then::Send { step: at, variant: kept.unwrap_or(fresh) })
        }
        Err(Refusal::Never(reason)) => Err(Passing::Refused(reason)),
        Err(refusal) => Ok(wait_for(refusal, Some((step, facts.zone)))),
    }
}

fn wait_for(refusal: Refusal, window: Option<(&Step, Tz)>) -> Then {
    match refusal {
        Refusal::Until(until, reason) => {
            let until = window.map_or(until, |(step, zone)| in_window(step, until, zone));
            Then::Wait { until: Some(until), why: Waiting::Gate(reason) }
        }
        Refusal::UntilEvent(reason) | Refusal::Never(reason) => {
            Then::Wait { until: None, why: Waiting::Gate(reason) }
        }
    }
}

/// Which variant of an A/B step an enrollment gets: even over many, the same at every look.
fn variant(enrollment: i64, step: i64, count: usize) -> i64 {
    // SplitMix64's finaliser: neighbouring ids fall apart.
    let mut mixed = (enrollment as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (step as u64);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % count.max(1) as u64) as i64
}

#[cfg(test)]
mod tests;
