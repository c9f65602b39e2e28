//! What the walks that are due do now: decided for a batch, then stored in a few statements.

use std::collections::HashMap;
use std::sync::Arc;

use super::claim::{Claimed, Proof};
use super::error::NurtureResult;
use super::facts::LeadFacts;
use super::fuse;
use super::record::{Record, zone_of};
use super::revision::Revision;
use crate::domain::enrollment::{
    Advance, EnrollmentState, IN_FLIGHT_LOOK, Passed, Passing, Then, Waiting, next_due,
};
use crate::domain::event::{Details, EventKind};
use crate::domain::time::{HOUR, SECOND, Timestamp};
use crate::domain::track::Track;
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::events::Event;
use crate::storage::leads::StoredLead;
use crate::storage::messages::{self, NewClaim};

/// When a walk looks again whose relay cannot be reached.
const RELAY_LOOK: i64 = 30 * SECOND;

/// When a walk looks again whose lead `[safety] only_to` leaves out.
const SAFETY_LOOK: i64 = HOUR;

/// The decisions on a batch of walks.
#[derive(Default)]
pub struct Decisions {
    walks: Vec<Enrollment>,
    sends: Vec<Send>,
    acts: Vec<Act>,
    ends: Vec<(Enrollment, EnrollmentState, String)>,
    events: Vec<Event>,
    stale: Vec<i64>,
}

/// A mail to be claimed.
struct Send {
    new: NewClaim,
    lane: i64,
    relay: usize,
    wakes: bool,
    place: usize,
    track: Arc<Track>,
    lead: Arc<StoredLead>,
}

/// A step with another verb, to be carried out.
struct Act {
    walk: Enrollment,
    track: Arc<Track>,
    place: usize,
}

impl Decisions {
    /// Decides each walk.
    pub async fn make(
        record: &mut Record<'_>,
        facts: &LeadFacts,
        walks: Vec<Enrollment>,
    ) -> NurtureResult<Self> {
        let mut decisions = Decisions::default();
        for walk in walks {
            decisions.add(record, facts, walk).await?;
        }
        Ok(decisions)
    }

    async fn add(
        &mut self,
        record: &mut Record<'_>,
        facts: &LeadFacts,
        mut walk: Enrollment,
    ) -> NurtureResult<()> {
        let Some(track) = record.revision.track(&walk.seq).cloned() else {
            self.ends.push((walk, EnrollmentState::Ended, "its sequence is gone".into()));
            return Ok(());
        };
        let Some(lead) = facts.lead(walk.lead).cloned() else { return Ok(()) };
        let lane = record.engine.lanes.of(lead.lead.email.domain());
        if lane != walk.lane {
            // The lanes were configured anew since: it waits its turn in its own.
            walk.lane = lane;
            self.walks.push(walk);
            return Ok(());
        }
        let Some(advance) = facts.advance(record.revision, &track, &walk, record.engine, record.now) else {
            return Ok(());
        };
        self.stale.extend(stale(facts, &track, &walk));
        for passed in &advance.passed {
            self.events.push(passed_event(record.now, &walk, &track, passed));
            walk.walk.place_at = record.now;
        }
        self.follow(record, facts, walk, &lead, &track, advance).await
    }

    async fn follow(
        &mut self,
        record: &mut Record<'_>,
        facts: &LeadFacts,
        mut walk: Enrollment,
        lead: &Arc<StoredLead>,
        track: &Arc<Track>,
        advance: Advance,
    ) -> NurtureResult<()> {
        walk.walk.done = advance.done;
        match advance.then {
            Then::Send { step, variant } => match may_send(record, facts, lead, track, step).await? {
                Some((until, why)) => self.wait(record.now, walk, until, Some(why)),
                None => self.send(record, walk, lead, track, step, variant),
            },
            Then::Act { step } => self.act(record, walk, lead, track, step),
            Then::Wait { until, why } => {
                let why = waits_for(why);
                self.wait(record.now, walk, until, why);
            }
            Then::Goal => self.ends.push((walk, EnrollmentState::ReachedGoal, String::new())),
            Then::Leave => self.ends.push((walk, EnrollmentState::Left, "its leave_if came true".into())),
            Then::Finish => self.ends.push((walk, EnrollmentState::Finished, String::new())),
        }
        Ok(())
    }

    fn send(
        &mut self,
        record: &Record<'_>,
        mut walk: Enrollment,
        lead: &Arc<StoredLead>,
        track: &Arc<Track>,
        place: usize,
        variant: i64,
    ) {
        let number = track.numbers[place];
        let next = step_done(record, &mut walk, lead, track, number);
        // A step that follows at once waits for the outcome, which wakes it.
        let look = record.now + IN_FLIGHT_LOOK;
        let wakes = next.is_none_or(|due| due < look);
        walk.due_at = Some(if wakes { look } else { next.unwrap_or(look) });
        self.sends.push(Send {
            new: NewClaim { lead: walk.lead, enrollment: walk.walk.enrollment, step: number, variant },
            lane: walk.lane,
            relay: record.engine.relay_of(record.revision, &track.sequence.sender),
            wakes,
            place,
            track: track.clone(),
            lead: lead.clone(),
        });
        self.walks.push(walk);
    }

    fn act(
        &mut self,
        record: &Record<'_>,
        mut walk: Enrollment,
        lead: &Arc<StoredLead>,
        track: &Arc<Track>,
        place: usize,
    ) {
        let next = step_done(record, &mut walk, lead, track, track.numbers[place]);
        walk.due_at = Some(next.unwrap_or(record.now));
        self.events.push(step_event(record.now, &walk, track, place, EventKind::Done, None));
        self.walks.push(walk.clone());
        self.acts.push(Act { walk, track: track.clone(), place });
    }

    /// The reason is told once per change, not once per look.
    fn wait(&mut self, now: Timestamp, mut walk: Enrollment, until: Option<Timestamp>, why: Option<String>) {
        if let Some(because) = why.as_ref().filter(|why| walk.waits_for.as_ref() != Some(why)) {
            let details = Details {
                enrollment: Some(walk.walk.enrollment),
                sequence: Some(walk.seq.clone()),
                because: Some(because.clone()),
                ..Details::default()
            };
            self.events.push(Event {
                lead: walk.lead,
                message: None,
                kind: EventKind::Refused,
                at: now,
                details,
            });
        }
        walk.due_at = until;
        walk.waits_for = why;
        self.walks.push(walk);
    }

    /// Stores the decisions; the messages that were claimed.
    pub async fn store(
        self,
        record: &mut Record<'_>,
        revision: &Arc<Revision>,
        facts: &LeadFacts,
    ) -> NurtureResult<Vec<Claimed>> {
        for message in self.stale {
            messages::cancel_one(record.tx, message, "its step is gone", record.now).await?;
        }
        let claimed = claim(record, revision, self.sends).await?;
        enrollments::advance(record.tx, &self.walks).await?;
        record.note(&self.events).await?;
        for act in self.acts {
            record.act(&act.walk, &act.track, act.place).await?;
        }
        let mut free = Vec::new();
        for (walk, state, because) in self.ends {
            record.end(&walk, state, &because).await?;
            free.push(walk.lead);
        }
        // Only leads that the batch itself ended are offered another sequence.
        free.retain(|lead| facts.lead(*lead).is_some());
        record.offer(&free).await?;
        Ok(claimed)
    }
}

/// Moves the walk behind a step; when the next one is due, if there is one.
fn step_done(
    record: &Record<'_>,
    walk: &mut Enrollment,
    lead: &StoredLead,
    track: &Track,
    number: i64,
) -> Option<Timestamp> {
    walk.walk.done = walk.walk.done.with(number);
    walk.walk.place_at = record.now;
    walk.waits_for = None;
    next_due(track, &walk.walk.done, record.now, zone_of(record.revision, &lead.lead))
}

/// What keeps this node, rather than the lead, from sending: the safety net, the fuse, a relay that is down.
async fn may_send(
    record: &mut Record<'_>,
    facts: &LeadFacts,
    lead: &StoredLead,
    track: &Track,
    step: usize,
) -> NurtureResult<Option<(Option<Timestamp>, String)>> {
    let engine = record.engine;
    if !engine.config.safety.allows(&lead.lead.email) {
        let why = "[safety] only_to in dripline.toml leaves this address out";
        return Ok(Some((Some(record.now + SAFETY_LOOK), why.into())));
    }
    if let Some(why) = fuse::blows(record, facts.messages(lead.lead.id), lead, track, step) {
        return Ok(Some((Some(record.now), why)));
    }
    let relay = engine.relay_of(record.revision, &track.sequence.sender);
    let down = engine.relay_down(relay);
    Ok(down.map(|why| (Some(record.now + RELAY_LOOK), format!("the mail relay cannot be reached: {why}"))))
}

async fn claim(
    record: &mut Record<'_>,
    revision: &Arc<Revision>,
    sends: Vec<Send>,
) -> NurtureResult<Vec<Claimed>> {
    let new: Vec<NewClaim> = sends.iter().map(|send| send.new.clone()).collect();
    let rows = messages::claim(record.tx, &new, record.engine.node(), revision.id, record.now).await?;
    let mut sends: HashMap<i64, Send> = sends.into_iter().map(|send| (send.new.lead, send)).collect();
    let claimed = rows.into_iter().filter_map(|row| {
        let send = sends.remove(&row.lead)?;
        Some(Claimed {
            id: row.id,
            lane: send.lane,
            relay: send.relay,
            enrollment: send.new.enrollment,
            step: send.new.step,
            variant: send.new.variant,
            attempt: row.attempt,
            ambiguous: row.ambiguous,
            first_at: row.first_at,
            at: record.now,
            wakes: send.wakes,
            lead: send.lead,
            revision: revision.clone(),
            track: send.track,
            place: send.place,
            _proof: Proof(()),
        })
    });
    Ok(claimed.collect())
}

/// Messages of the walk that wait for another try of a step that is gone.
fn stale(facts: &LeadFacts, track: &Track, walk: &Enrollment) -> Vec<i64> {
    let of_walk =
        facts.messages(walk.lead).iter().filter(|message| message.enrollment == walk.walk.enrollment);
    let gone = of_walk.filter(|message| message.state.open() && track.by_number(message.step).is_none());
    gone.map(|message| message.id).collect()
}

fn waits_for(why: Waiting) -> Option<String> {
    match why {
        Waiting::Time | Waiting::Outcome | Waiting::Judgement => None,
        Waiting::Gate(reason) => Some(reason.because().to_owned()),
        Waiting::Paused => Some("the sequence is paused".to_owned()),
    }
}

fn passed_event(now: Timestamp, walk: &Enrollment, track: &Track, passed: &Passed) -> Event {
    let (kind, because) = match &passed.why {
        Passing::Skipped(phrase) => (EventKind::Skipped, format!("only_if \"{phrase}\" does not hold")),
        Passing::Refused(reason) => (EventKind::Refused, reason.because().to_owned()),
    };
    step_event(now, walk, track, passed.step, kind, Some(because))
}

fn step_event(
    now: Timestamp,
    walk: &Enrollment,
    track: &Track,
    place: usize,
    kind: EventKind,
    because: Option<String>,
) -> Event {
    let details = Details {
        enrollment: Some(walk.walk.enrollment),
        sequence: Some(walk.seq.clone()),
        step: Some(track.sequence.steps[place].id.clone()),
        because,
        ..Details::default()
    };
    Event { lead: walk.lead, message: None, kind, at: now, details }
}
