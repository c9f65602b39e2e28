//! What a lead did, and what follows: points, goals, another stage, the next step of its walk.

use super::{Record, StopTicket};
use crate::domain::condition::{Known, Phrase};
use crate::domain::enrollment::EnrollmentState;
use crate::domain::event::{Details, EventKind, Happening};
use crate::domain::hand_over::Origin;
use crate::domain::lead::Lead;
use crate::domain::score::Engagement;
use crate::domain::sequence::Sequence;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::time::{HOUR, Timestamp};
use crate::nurture::dossier::Words;
use crate::nurture::error::NurtureResult;
use crate::nurture::facts::grouped;
use crate::nurture::webhook;
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::events::{self, Event};
use crate::storage::hand_overs;
use crate::storage::leads::{self, StoredLead};

/// What is so many milliseconds old is judged as of then: it had to be told first, or a hit to be judged.
const RECENT: i64 = HOUR;

/// Points that are no more than what sums of fractions differ by.
const LEAST_DIFFERENCE: f64 = 1e-6;

/// Something that a lead did.
#[derive(Clone, Debug)]
pub struct Deed {
    pub kind: EventKind,
    /// When it was done, which may be some time ago.
    pub at: Timestamp,
    pub message: Option<i64>,
    pub details: Details,
    /// The key that whoever tells of it knows it by: the same one twice is one deed.
    pub client_id: Option<String>,
}

/// A deed on the timeline.
#[derive(Debug)]
pub struct Noted {
    /// The id of its event.
    pub event: i64,
    pub ticket: StopTicket,
}

impl Record<'_> {
    /// Puts what a lead did on its timeline, and does all that follows. None: it was told before.
    ///
    /// What a machine did is kept, and nothing follows from it.
    pub async fn deed(&mut self, lead: i64, deed: Deed) -> NurtureResult<Option<Noted>> {
        self.deed_with(lead, deed, None).await
    }

    /// The same for a reply whose words go to sales. They do so before the rules are asked, which would hand the lead over
    /// for what it scores: that is not why sales has it.
    pub(in crate::nurture) async fn deed_with(
        &mut self,
        lead: i64,
        deed: Deed,
        words: Option<&Words>,
    ) -> NurtureResult<Option<Noted>> {
        let stored = self.lead(lead).await?;
        // Whoever told of it may have asked before the lead withdrew its consent.
        if deed.kind == EventKind::Visited && !stored.lead.tracking {
            return Ok(None);
        }
        let rules = &self.revision.workspace.funnel.rules;
        let Deed { kind, at, message, details, client_id } = deed;
        let mut happening = Happening { kind, at, details };
        let others = self.others(lead, &happening).await?;
        let points = rules.points_of(&happening, others.as_deref().unwrap_or_default());
        happening.details.points = (points != 0).then_some(points);
        let machine = happening.details.machine.is_some();
        let event = Event { lead, message, kind, at, details: happening.details.clone() };
        let Some(id) = events::add(self.tx, &event, client_id.as_deref()).await? else { return Ok(None) };
        webhook::announce(self.engine, self.tx, self.revision, &[id], std::slice::from_ref(&event)).await?;
        if machine {
            return Ok(Some(Noted { event: id, ticket: StopTicket::nothing() }));
        }
        self.count(&stored.lead, points, happening, others).await?;
        let planned = match kind {
            EventKind::MeetingBooked | EventKind::Purchase => self.planned(lead).await,
            // Nobody is told what they call off.
            EventKind::Opened | EventKind::Clicked => None,
            // There are many others, and what gives no points calls off one thing at most.
            _ if points == 0 => None,
            _ => self.planned(lead).await,
        };
        let ticket = self.reach(lead).await?.and(self.commitment(&stored, kind, words).await?);
        // What is told of late moves nobody now by points that have faded since.
        let moment = if self.now - at <= RECENT { at } else { self.now };
        let ticket = ticket.and(self.appraise(&[lead], moment).await?);
        self.wake(&[lead]).await?;
        self.offer(&[lead]).await?;
        Ok(Some(Noted { event: id, ticket: ticket.instead_of(planned) }))
    }

    /// What else the lead did, if the points for a deed depend on it.
    async fn others(&mut self, lead: i64, deed: &Happening) -> NurtureResult<Option<Vec<Happening>>> {
        if !self.revision.workspace.funnel.rules.depends_on_others(deed) {
            return Ok(None);
        }
        let deeds = events::deeds(self.tx, &[lead]).await?;
        Ok(Some(deeds.into_iter().map(|(_, deed)| deed).collect()))
    }

    /// Adds the points of a deed to the engagement of its lead, and notes the sign of life. A deed that is told late may
    /// leave less of a rule's limit to those after it: then all is counted anew.
    async fn count(
        &mut self,
        lead: &Lead,
        points: i64,
        deed: Happening,
        others: Option<Vec<Happening>>,
    ) -> NurtureResult<()> {
        let rules = &self.revision.workspace.funnel.rules;
        let alive_at = lead.alive_at.max(deed.is_sign_of_life().then_some(deed.at));
        let engagement = match others {
            Some(mut deeds) => {
                deeds.push(deed);
                rules.engagement(&deeds)
            }
            None if points != 0 => lead.engagement.with(points, deed.at, rules.half_life),
            None => lead.engagement,
        };
        if (engagement, alive_at) != (lead.engagement, lead.alive_at) {
            leads::set_engagement(self.tx, lead.id, engagement, alive_at).await?;
        }
        Ok(())
    }

    /// Ends the walk whose goal is reached by what the lead did, or which is left for it.
    async fn reach(&mut self, lead: i64) -> NurtureResult<StopTicket> {
        let nothing = Ok(StopTicket::nothing());
        let Some(walk) = enrollments::active(self.tx, lead).await? else { return nothing };
        let Some(track) = self.revision.track(&walk.seq) else { return nothing };
        let sequence = &track.sequence;
        if sequence.goal.is_empty() && sequence.leave_if.is_empty() {
            return nothing;
        }
        let stored = self.lead(lead).await?;
        let deeds = events::deeds(self.tx, &[lead]).await?.into_iter().map(|(_, deed)| deed);
        let deeds = deeds.filter(|deed| deed.at >= walk.started_at);
        let deeds: Vec<Happening> = deeds.map(|deed| track.as_of_now(deed)).collect();
        let Some((state, because)) = self.end_of(sequence, &walk, &stored, &deeds) else { return nothing };
        let planned = self.planned(lead).await;
        self.end(&walk, state, because).await?;
        Ok(self.halt_messages(lead, "the lead left the sequence").await?.calling_off(planned, self.now))
    }

    /// How a walk ends for what the lead did, if it does.
    fn end_of(
        &self,
        sequence: &Sequence,
        walk: &Enrollment,
        stored: &StoredLead,
        deeds: &[Happening],
    ) -> Option<(EnrollmentState, &'static str)> {
        let in_segment = |name: &str| self.revision.workspace.funnel.in_segment(name, &stored.lead, self.now);
        let known = Known {
            lead: &stored.lead,
            happenings: deeds,
            enrollment: Some(walk.walk.enrollment),
            in_segment: &in_segment,
        };
        let meets = |phrases: &[Phrase]| !phrases.is_empty() && known.all(phrases);
        if meets(&sequence.goal) {
            return Some((EnrollmentState::ReachedGoal, ""));
        }
        meets(&sequence.leave_if).then_some((EnrollmentState::Left, "its leave_if came true"))
    }

    /// A reply, a meeting and a purchase speak for themselves: who books a meeting is an SQL and goes to sales, who buys is
    /// a customer.
    async fn commitment(
        &mut self,
        stored: &StoredLead,
        kind: EventKind,
        words: Option<&Words>,
    ) -> NurtureResult<StopTicket> {
        let lead = &stored.lead;
        if let Some(words) = words {
            return self.hand_over_reply(lead.id, words).await;
        }
        match kind {
            EventKind::MeetingBooked => {
                self.qualify(stored, Qualification::Sql, "a meeting was booked").await?;
                self.hand_over(lead.id, "booked a meeting", None, Origin::Meeting).await
            }
            EventKind::Purchase => self.change_stage(lead.id, Stage::Customer, "a purchase").await,
            _ => Ok(StopTicket::nothing()),
        }
    }

    /// Counts the engagement of these leads anew from what they did, under the rules of now, and their last sign of life.
    /// Their locks are held. How many had another one.
    pub(crate) async fn recount(&mut self, ids: &[i64]) -> NurtureResult<u64> {
        let rules = &self.revision.workspace.funnel.rules;
        let mut changed = 0;
        let mut deeds = grouped(events::deeds(self.tx, ids).await?);
        for stored in leads::by_ids(self.tx, ids).await? {
            let lead = stored.lead;
            let deeds = deeds.remove(&lead.id).unwrap_or_default();
            let engagement = rules.engagement(&deeds);
            let alive_at = signs_of_life(&deeds).max();
            let now = |engagement: Engagement| engagement.left_at(self.now, rules.half_life);
            let differs = (now(engagement) - now(lead.engagement)).abs() > LEAST_DIFFERENCE;
            if differs || alive_at != lead.alive_at {
                leads::set_engagement(self.tx, lead.id, engagement, alive_at).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Moves these leads forward, if the rules of funnel.toml say so by now: their stage, their qualification, and to
    /// sales. `at` is when something happened that may move them: twenty points are twenty at that moment, and a little
    /// less when it comes to be judged. Their locks are held already.
    pub async fn appraise(&mut self, ids: &[i64], at: Timestamp) -> NurtureResult<StopTicket> {
        let mut ticket = StopTicket::nothing();
        if !self.revision.workspace.funnel.rules.move_leads() {
            return Ok(ticket);
        }
        for stored in leads::by_ids(self.tx, ids).await? {
            if stored.lead.closed_by.is_none() && stored.suppressed_by.is_none() {
                ticket = ticket.and(self.move_forward(&stored, at).await?);
            }
        }
        Ok(ticket)
    }

    async fn move_forward(&mut self, stored: &StoredLead, at: Timestamp) -> NurtureResult<StopTicket> {
        let lead = &stored.lead;
        let rules = &self.revision.workspace.funnel.rules;
        let scores = rules.worth(lead, at);
        let because = scores.to_string();
        let mut ticket = StopTicket::nothing();
        let moves = rules.moves(lead, &scores);
        if let Some(stage) = moves.stage {
            ticket = self.change_stage_by_rule(stored, stage, &because).await?;
        }
        if let Some(qualification) = moves.qualification {
            self.qualify(stored, qualification, &because).await?;
        }
        if let Some(cause) = moves.hand_over {
            ticket = ticket.and(self.hand_over(lead.id, cause, None, Origin::Rule).await?);
        }
        // What sales has seen and returned is not proposed again for the same reason.
        if let Some(cause) = moves.proposal
            && !hand_overs::causes(self.tx, lead.id).await?.iter().any(|known| known == cause)
        {
            ticket = ticket.and(self.hand_over(lead.id, cause, None, Origin::Rule).await?);
        }
        Ok(ticket)
    }

    /// Records how the company judges a lead, if that is higher than before.
    pub(super) async fn qualify(
        &mut self,
        stored: &StoredLead,
        to: Qualification,
        because: &str,
    ) -> NurtureResult<()> {
        let from = stored.lead.qualification;
        if to <= from {
            return Ok(());
        }
        leads::set_qualification(self.tx, stored.lead.id, to).await?;
        let (about, because) = (Some(format!("{from} -> {to}")), Some(because.to_owned()));
        self.event(stored.lead.id, EventKind::Qualified, Details { about, because, ..Details::default() })
            .await
    }
}

/// When somebody showed to be there and interested.
pub(in crate::nurture) fn signs_of_life(deeds: &[Happening]) -> impl Iterator<Item = Timestamp> {
    deeds.iter().filter(|deed| deed.is_sign_of_life()).map(|deed| deed.at)
}
