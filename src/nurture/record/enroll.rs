//! Which sequence a lead walks: chosen when it walks none.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;

use super::{Record, StopTicket};
use crate::domain::condition::{Fact, Known, Phrase};
use crate::domain::enrollment::{EnrollmentState, Walk, next_due};
use crate::domain::event::{Details, EventKind, Happening};
use crate::domain::lead::Lead;
use crate::domain::stage::Party;
use crate::domain::time::Timestamp;
use crate::domain::track::{Done, Track};
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::revision::Revision;
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::events::{self, Event};
use crate::storage::leads::{self, StoredLead};

/// The lead's time zone; the default one if it has none, or one that nobody knows.
pub fn zone_of(revision: &Revision, lead: &Lead) -> Tz {
    let default = revision.workspace.funnel.defaults.timezone;
    lead.contact.timezone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(default)
}

impl Record<'_> {
    /// Enters each of these leads that walks nowhere into the best sequence of its stage, if one fits. Their locks
    /// are taken in the order given. How many entered.
    pub async fn offer(&mut self, ids: &[i64]) -> NurtureResult<usize> {
        let found = leads::by_ids(self.tx, ids).await?;
        let mut past: HashMap<i64, Vec<Enrollment>> = HashMap::new();
        for enrollment in enrollments::of_leads(self.tx, ids).await? {
            past.entry(enrollment.lead).or_default().push(enrollment);
        }
        let deeds = self.deeds(ids).await?;
        let mut entered = Vec::new();
        for stored in &found {
            let past = past.get(&stored.lead.id).map_or(&[][..], Vec::as_slice);
            let deeds = deeds.get(&stored.lead.id).map_or(&[][..], Vec::as_slice);
            if let Some(track) = choose(self.revision, stored, past, deeds, self.now) {
                entered.push(self.begun(&stored.lead, track, self.now)?);
            }
        }
        self.enter(&entered).await?;
        Ok(entered.len())
    }

    /// What the leads did, if any sequence asks for it before it lets a lead in.
    async fn deeds(&mut self, ids: &[i64]) -> NurtureResult<HashMap<i64, Vec<Happening>>> {
        let mut deeds: HashMap<i64, Vec<Happening>> = HashMap::new();
        let tracks = self.revision.tracks.values();
        if tracks.flat_map(|track| &track.sequence.enroll_if).any(asks_for_deeds) {
            for (lead, deed) in events::deeds(self.tx, ids).await? {
                deeds.entry(lead).or_default().push(deed);
            }
        }
        Ok(deeds)
    }

    /// Enters a lead into a named sequence, whatever it walked before.
    pub async fn enroll(&mut self, id: i64, sequence: &str) -> NurtureResult<StopTicket> {
        self.enroll_from(id, sequence, self.now).await
    }

    /// The same for a walk whose waits count from a time to come.
    pub(super) async fn enroll_from(
        &mut self,
        id: i64,
        sequence: &str,
        from: Timestamp,
    ) -> NurtureResult<StopTicket> {
        let stored = self.lead(id).await?;
        let unknown =
            || NurtureError::Refused(format!("there is no sequence \"{sequence}\" in the applied workspace"));
        let track = self.revision.tracks.get(sequence).cloned().ok_or_else(unknown)?;
        if let Some(kind) = stored.lead.closed_by.or(stored.suppressed_by) {
            return Err(NurtureError::Refused(format!("the lead is not written to: {}", kind.because())));
        }
        let ticket = self.end_walk(id, "it was enrolled in another sequence by hand").await?;
        leads::set_enrolls(self.tx, id, true).await?;
        let begun = self.begun(&stored.lead, &track, from)?;
        self.enter(&[begun]).await?;
        Ok(ticket)
    }

    /// Takes a lead out of its sequence, and out of the choice of sequences until its stage changes.
    pub async fn unenroll(&mut self, id: i64) -> NurtureResult<StopTicket> {
        self.lead(id).await?;
        leads::set_enrolls(self.tx, id, false).await?;
        self.event(id, EventKind::Unenrolled, Details::default()).await?;
        self.end_walk(id, "it was unenrolled by hand").await
    }

    /// A walk at its start.
    fn begun(&self, lead: &Lead, track: &Arc<Track>, at: Timestamp) -> NurtureResult<Enrollment> {
        let zone = zone_of(self.revision, lead);
        let resting = lead.with == Party::Sales;
        Ok(Enrollment {
            walk: Walk { enrollment: self.tx.id()?, done: Done::default(), place_at: at },
            lead: lead.id,
            seq: track.sequence.id.clone(),
            state: EnrollmentState::Active,
            lane: self.engine.lanes.of(lead.email.domain()),
            due_at: if resting { None } else { next_due(track, &Done::default(), at, zone) },
            waits_for: None,
            started_at: at,
            ended_at: None,
        })
    }

    async fn enter(&mut self, begun: &[Enrollment]) -> NurtureResult<()> {
        enrollments::insert(self.tx, begun).await?;
        let events: Vec<Event> = begun.iter().map(|enrollment| self.entered(enrollment)).collect();
        self.note(&events).await?;
        if !begun.is_empty() {
            self.engine.hint();
        }
        Ok(())
    }

    fn entered(&self, enrollment: &Enrollment) -> Event {
        let details = Details {
            enrollment: Some(enrollment.walk.enrollment),
            sequence: Some(enrollment.seq.clone()),
            ..Details::default()
        };
        Event { lead: enrollment.lead, message: None, kind: EventKind::Enrolled, at: self.now, details }
    }

    /// Ends a walk that came to its end.
    pub(crate) async fn end(
        &mut self,
        walk: &Enrollment,
        state: EnrollmentState,
        because: &str,
    ) -> NurtureResult<()> {
        enrollments::end(self.tx, walk.walk.enrollment, state, self.now).await?;
        let kind = match state {
            EnrollmentState::ReachedGoal => EventKind::GoalReached,
            EnrollmentState::Finished => EventKind::Finished,
            _ => EventKind::Left,
        };
        self.walk_event(walk, kind, because).await
    }

    /// Notes on the timeline that a walk did something, or ended.
    pub(crate) async fn walk_event(
        &mut self,
        walk: &Enrollment,
        kind: EventKind,
        because: &str,
    ) -> NurtureResult<()> {
        let details = Details {
            enrollment: Some(walk.walk.enrollment),
            sequence: Some(walk.seq.clone()),
            because: (!because.is_empty()).then(|| because.to_owned()),
            ..Details::default()
        };
        self.event(walk.lead, kind, details).await
    }
}

/// The best sequence for a lead that walks nowhere: of its stage, the highest priority, then the file name.
fn choose<'r>(
    revision: &'r Revision,
    stored: &StoredLead,
    past: &[Enrollment],
    deeds: &[Happening],
    now: Timestamp,
) -> Option<&'r Arc<Track>> {
    let lead = &stored.lead;
    let closed = lead.closed_by.is_some() || stored.suppressed_by.is_some() || lead.with == Party::Sales;
    let walking = past.iter().any(|enrollment| enrollment.state == EnrollmentState::Active);
    if closed || walking || !lead.enrolls {
        return None;
    }
    let fits = |track: &&Arc<Track>| obstacle(revision, track, lead, past, deeds, now).is_none();
    // `tracks` is in the order of the file names, and the last of equals would win: hence the reverse.
    revision.tracks.values().rev().filter(fits).max_by_key(|track| track.sequence.priority)
}

/// Why a lead does not enter a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle<'t> {
    OtherStage,
    Paused,
    Walked,
    Unmet(&'t Phrase),
}

/// In words that follow the title of the sequence.
impl fmt::Display for Obstacle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::OtherStage => f.write_str("is for another stage"),
            Obstacle::Paused => f.write_str("is paused"),
            Obstacle::Walked => f.write_str("was entered before"),
            Obstacle::Unmet(phrase) => write!(f, "asks for \"{phrase}\", which does not hold"),
        }
    }
}

/// What keeps a lead out of a sequence; none if it may enter.
pub(crate) fn obstacle<'t>(
    revision: &Revision,
    track: &'t Track,
    lead: &Lead,
    past: &[Enrollment],
    deeds: &[Happening],
    now: Timestamp,
) -> Option<Obstacle<'t>> {
    let sequence = &track.sequence;
    if sequence.stage != lead.stage {
        return Some(Obstacle::OtherStage);
    }
    if sequence.paused {
        return Some(Obstacle::Paused);
    }
    if !may_enter(revision, track, past, zone_of(revision, lead), now) {
        return Some(Obstacle::Walked);
    }
    let in_segment = |name: &str| revision.workspace.funnel.in_segment(name, lead, now);
    let known = Known { lead, happenings: deeds, enrollment: None, in_segment: &in_segment };
    known.first_miss(&sequence.enroll_if).map(Obstacle::Unmet)
}

/// Once per lead, unless the sequence says `again` and that time has passed.
fn may_enter(revision: &Revision, track: &Track, past: &[Enrollment], zone: Tz, now: Timestamp) -> bool {
    let same = |enrollment: &&Enrollment| {
        revision.track(&enrollment.seq).is_some_and(|walked| walked.sequence.id == track.sequence.id)
    };
    let last = past.iter().filter(same).filter_map(|enrollment| enrollment.ended_at).max();
    match (last, track.sequence.again) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(ended), Some(again)) => again.after(ended, zone) <= now,
    }
}

/// Whether a phrase asks for what the lead did, rather than for what it is.
pub(crate) fn asks_for_deeds(phrase: &Phrase) -> bool {
    !matches!(phrase.fact, Fact::Has(_) | Fact::Tagged(_) | Fact::InSegment(_))
}
