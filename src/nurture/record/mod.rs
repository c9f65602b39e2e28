//! The one door through which a lead's record changes: the event, and all that follows from it, in one transaction.
//!
//! Every change takes the lead's lock first. What stops or holds a lead answers with a [`StopTicket`], which is
//! settled after the commit.

mod clock;
mod consent;
mod contact;
mod deed;
mod enroll;
mod hand_over;
mod planned;
mod respond;
mod routing;
mod sales;
mod stop;

pub use contact::{How, LeadInput, Stored};
pub(in crate::nurture) use deed::signs_of_life;
pub use deed::{Deed, Noted};
pub use enroll::zone_of;
pub(crate) use enroll::{asks_for_deeds, obstacle};
pub use planned::Planned;
pub use respond::{NOT_A_REPLY, NOT_INTERESTED, WRONG_PERSON};
pub(in crate::nurture) use stop::recall;
pub use stop::{Found, NOT_STARTED, StopTicket};

use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::revision::Revision;
use crate::domain::event::{Details, EventKind};
use crate::domain::stage::Stage;
use crate::domain::time::Timestamp;
use crate::storage::events::Event;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{Tx, enrollments, hand_overs};

/// An open transaction in which records change.
pub struct Record<'a> {
    pub tx: &'a mut Tx,
    pub engine: &'a Engine,
    pub revision: &'a Revision,
    pub now: Timestamp,
}

impl Record<'_> {
    /// Takes the lead's lock and reads it as it is now.
    pub async fn lead(&mut self, id: i64) -> NurtureResult<StoredLead> {
        let missing = || NurtureError::NoLead(id.to_string());
        if !leads::lock(self.tx, id).await? {
            return Err(missing());
        }
        leads::by_id(self.tx, id).await?.ok_or_else(missing)
    }

    /// Puts something on the lead's timeline.
    pub async fn event(&mut self, lead: i64, kind: EventKind, details: Details) -> NurtureResult<()> {
        self.event_of(lead, None, kind, details).await
    }

    /// Puts something about a mail on the lead's timeline.
    pub async fn event_of(
        &mut self,
        lead: i64,
        message: Option<i64>,
        kind: EventKind,
        details: Details,
    ) -> NurtureResult<()> {
        let event = Event { lead, message, kind, at: self.now, details };
        self.note(&[event]).await
    }

    /// Changes contact fields, free fields or tags of a lead, and wakes what waits for a correction.
    pub async fn edit(
        &mut self,
        id: i64,
        kind: EventKind,
        about: &str,
        edit: impl FnOnce(&mut StoredLead),
    ) -> NurtureResult<StopTicket> {
        let mut stored = self.lead(id).await?;
        edit(&mut stored);
        leads::update_contact(self.tx, &stored.lead).await?;
        self.event(id, kind, Details { about: Some(about.to_owned()), ..Details::default() }).await?;
        self.wake(&[id]).await?;
        self.reconsider_line(&[id]).await?;
        self.appraise(&[id], self.now).await
    }

    /// Has the walks of these leads decided anew, now. One that rests for a reason will rest again.
    pub async fn wake(&mut self, leads: &[i64]) -> NurtureResult<()> {
        enrollments::wake_leads(self.tx, leads, self.now).await?;
        self.engine.hint();
        Ok(())
    }

    /// Moves a lead to another stage: its walk ends, and the best sequence of the new stage begins.
    pub async fn change_stage(&mut self, id: i64, stage: Stage, because: &str) -> NurtureResult<StopTicket> {
        self.move_to(id, stage, because, true).await
    }

    /// The same by the rules of funnel.toml. Nothing begins again for a lead that sales lost: it takes a person, or a
    /// purchase.
    pub(super) async fn change_stage_by_rule(
        &mut self,
        stored: &StoredLead,
        stage: Stage,
        because: &str,
    ) -> NurtureResult<StopTicket> {
        let lead = stored.lead.id;
        let enrolls = stored.lead.enrolls || !hand_overs::was_lost(self.tx, lead).await?;
        self.move_to(lead, stage, because, enrolls).await
    }

    async fn move_to(
        &mut self,
        id: i64,
        stage: Stage,
        because: &str,
        enrolls: bool,
    ) -> NurtureResult<StopTicket> {
        let stored = self.lead(id).await?;
        if stored.lead.stage == stage {
            return Ok(StopTicket::nothing());
        }
        let ticket = self.leave_stage(&stored, stage, because, enrolls).await?;
        self.offer(&[id]).await?;
        Ok(ticket)
    }

    /// Moves a lead to another stage, whose sequence is chosen by whoever calls.
    async fn leave_stage(
        &mut self,
        stored: &StoredLead,
        stage: Stage,
        because: &str,
        enrolls: bool,
    ) -> NurtureResult<StopTicket> {
        let (lead, from) = (stored.lead.id, stored.lead.stage);
        leads::set_stage(self.tx, lead, stage, enrolls).await?;
        let because = Some(because.to_owned());
        let details = Details { about: Some(format!("{from} -> {stage}")), because, ..Details::default() };
        self.event(lead, EventKind::StageChanged, details).await?;
        self.end_walk(lead, "the stage changed").await
    }
}
