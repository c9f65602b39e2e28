//! What sales makes of a lead: it takes it on, wins it, loses it, or gives it back to marketing.

use super::enroll::zone_of;
use super::{Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind};
use crate::domain::hand_over::{HandOver, HandOverState};
use crate::domain::schedule;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::storage::hand_overs::Closing;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{enrollments, hand_overs, holds};

impl Record<'_> {
    /// Ends the wait for an answer to a reply, if that is all that holds the lead: nobody was handed over.
    async fn answered(&mut self, lead: i64) -> NurtureResult<bool> {
        let waits =
            holds::of_leads(self.tx, &[lead]).await?.iter().any(|(_, hold)| hold.kind == HoldKind::Reply);
        let ends = waits && hand_overs::open_of(self.tx, lead).await?.is_none();
        if ends {
            holds::end(self.tx, lead, HoldKind::Reply).await?;
        }
        Ok(ends)
    }

    /// The open hand-over of a lead, which must be with sales.
    async fn open_hand_over(&mut self, lead: i64) -> NurtureResult<HandOver> {
        let refused = || NurtureError::Refused("the lead is not with sales".into());
        hand_overs::open_of(self.tx, lead).await?.ok_or_else(refused)
    }

    /// Sales works on the lead: it took it on, or sees an opportunity. That makes it an SQL.
    pub async fn accept(&mut self, lead: i64, state: HandOverState, rep: Option<&str>) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        let rep = match rep {
            Some(rep) => self.rep(&stored, Some(rep))?,
            None => None,
        };
        hand_overs::accept(self.tx, open.id, state, rep.as_deref(), self.now).await?;
        leads::set_party(self.tx, lead, Party::Sales, rep.as_deref()).await?;
        let kind =
            if state == HandOverState::Opportunity { EventKind::Opportunity } else { EventKind::Accepted };
        if rep.is_some() && rep != open.rep {
            // Whoever takes the lead over from a colleague has heard nothing of it yet.
            notify::hand_over(self, &stored, rep.as_deref(), &open.cause, None).await?;
        }
        if rep.is_some() && rep != open.rep {
            self.release(&stored).await?;
        }
        let about = rep.or(open.rep);
        self.event(lead, kind, Details { about, ..Details::default() }).await?;
        self.qualify(&stored, Qualification::Sql, "sales took the lead on").await
    }

    /// Sales won the lead: it is a customer, and the sequences for customers begin.
    pub async fn win(
        &mut self,
        lead: i64,
        amount: Option<f64>,
        reason: Option<&str>,
    ) -> NurtureResult<StopTicket> {
        self.close(lead, Closing { state: HandOverState::Won, reason, amount }).await?;
        let ticket = self.change_stage(lead, Stage::Customer, "sales won the lead").await?;
        self.wake(&[lead]).await?;
        self.offer(&[lead]).await?;
        Ok(ticket)
    }

    /// Sales lost the lead: its walk ends, and no sequence begins until its stage changes or somebody enrolls it.
    pub async fn lose(&mut self, lead: i64, reason: &str) -> NurtureResult<StopTicket> {
        self.close(lead, Closing { state: HandOverState::Lost, reason: Some(reason), amount: None }).await?;
        leads::set_enrolls(self.tx, lead, false).await?;
        self.end_walk(lead, "sales lost the lead").await
    }

    /// Sales returns a lead: its walk goes on behind the last step done, or in a named sequence, no sooner than the
    /// next day. A stop stays.
    pub async fn give_back(
        &mut self,
        lead: i64,
        reason: &str,
        sequence: Option<&str>,
    ) -> NurtureResult<StopTicket> {
        let closing = Closing { state: HandOverState::Returned, reason: Some(reason), amount: None };
        let stored = self.lead(lead).await?;
        if self.answered(lead).await? {
            let because = Some(reason.to_owned());
            self.event(lead, EventKind::Returned, Details { because, ..Details::default() }).await?;
        } else {
            self.close(lead, closing).await?;
        }
        self.rest_until_tomorrow(&stored).await?;
        // Until tomorrow this is a hold as well: a mail that was on the wire all the time may have come back since.
        let ticket = self.halt_messages(lead, HoldKind::Pause.because()).await?;
        match sequence {
            Some(sequence) => Ok(ticket.and(self.enroll(lead, sequence).await?)),
            None => {
                self.offer(&[lead]).await?;
                Ok(ticket)
            }
        }
    }

    /// Ends the open hand-over, and the holds of sales with it. The lead is with marketing again.
    async fn close(&mut self, lead: i64, closing: Closing<'_>) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        hand_overs::close(self.tx, open.id, &closing, self.now).await?;
        leads::set_party(self.tx, lead, Party::Marketing, None).await?;
        for kind in [HoldKind::HandOver, HoldKind::Reply] {
            holds::end(self.tx, lead, kind).await?;
        }
        let kind = match closing.state {
            HandOverState::Won => EventKind::Won,
            HandOverState::Lost => EventKind::Lost,
            _ => EventKind::Returned,
        };
        let about = closing.amount.map(|amount| amount.to_string());
        let because = closing.reason.map(str::to_owned);
        self.event(lead, kind, Details { about, because, ..Details::default() }).await?;
        self.release(&stored).await
    }

    async fn rest_until_tomorrow(&mut self, stored: &StoredLead) -> NurtureResult<()> {
        let zone = zone_of(self.revision, &stored.lead);
        let tomorrow = schedule::next_midnight(self.now, zone);
        let hold = Hold { kind: HoldKind::Pause, until: Some(tomorrow) };
        holds::insert(self.tx, stored.lead.id, hold, "returned by sales").await?;
        if stored.lead.closed_by.is_none() {
            enrollments::rest(self.tx, stored.lead.id, Some(tomorrow), hold.kind.because()).await?;
        }
        Ok(())
    }
}
