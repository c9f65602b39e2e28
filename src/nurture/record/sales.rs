//! What sales makes of a lead: it takes it on, wins it, loses it, or gives it back to marketing.

use super::enroll::zone_of;
use super::{Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind};
use crate::domain::hand_over::{HandOver, HandOverState};
use crate::domain::schedule;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::Timestamp;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::storage::hand_overs::Closing;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{enrollments, hand_overs, holds, responses};

/// No lead brings as much; a longer number is a slip of the keys, and is not exact any more.
const MOST: f64 = 1e12;

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
    pub(super) async fn open_hand_over(&mut self, lead: i64) -> NurtureResult<HandOver> {
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
        responses::stop_clock(self.tx, open.id).await?;
        leads::set_party(self.tx, lead, Party::Sales, rep.as_deref()).await?;
        let kind =
            if state == HandOverState::Opportunity { EventKind::Opportunity } else { EventKind::Accepted };
        if let Some(by) = rep.as_deref().filter(|by| open.rep.as_deref() != Some(by)) {
            notify::taken_over(self, &stored, open.rep.as_deref(), by).await?;
            // Whoever takes the lead over from a colleague has heard nothing of it yet.
            notify::hand_over(self, &stored, Some(by), &open.cause, None).await?;
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
        if amount.is_some_and(|amount| !(0.0..MOST).contains(&amount)) {
            return Err(NurtureError::Refused("an amount is a number from 0 to a million million".into()));
        }
        self.close(lead, Closing { state: HandOverState::Won, reason, amount }).await?;
        let ticket = self.change_stage(lead, Stage::Customer, "sales won the lead").await?;
        self.wake(&[lead]).await?;
        self.offer(&[lead]).await?;
        Ok(ticket)
    }

    /// Sales lost the lead: its walk ends, and no sequence begins until it buys, sales wins or returns it, or somebody
    /// enrolls it; or after the time that `[lost.NAME]` says. `reason` is such a name, or words; `words` says more.
    pub async fn lose(&mut self, lead: i64, reason: &str, words: Option<&str>) -> NurtureResult<StopTicket> {
        let rule = self.revision.workspace.funnel.sales.lost(reason);
        let stored = self.lead(lead).await?;
        let closing = Closing { state: HandOverState::Lost, reason: Some(reason), amount: None };
        let because = in_words(&rule.title, words);
        self.close_with(lead, closing, Some(&because)).await?;
        leads::set_enrolls(self.tx, lead, rule.again.is_some()).await?;
        let Some(again) = rule.again else { return self.end_walk(lead, "sales lost the lead").await };
        let until = again.after(self.now, zone_of(self.revision, &stored.lead));
        let named = rule.sequence.as_ref().is_some_and(|name| self.revision.tracks.contains_key(name));
        let ticket = match named {
            true => self.end_walk(lead, "sales lost the lead").await?,
            // The walk goes on where it was: most sequences are entered but once.
            false => self.halt_messages(lead, HoldKind::Quiet.because()).await?,
        };
        Ok(ticket.and(self.begin_again(&stored, rule.sequence.as_deref(), until).await?))
    }

    /// Sales returns a lead: its walk goes on behind the last step done, or in a named sequence, no sooner than the
    /// next day, or after the time that `[returned.NAME]` says. A stop stays. `reason` is such a name, or words; `words`
    /// says more.
    pub async fn give_back(
        &mut self,
        lead: i64,
        reason: &str,
        words: Option<&str>,
        sequence: Option<&str>,
    ) -> NurtureResult<StopTicket> {
        let rule = self.revision.workspace.funnel.sales.returned(reason);
        let because = in_words(&rule.title, words);
        let stored = self.lead(lead).await?;
        if self.answered(lead).await? {
            let because = Some(because.clone());
            self.event(lead, EventKind::Returned, Details { because, ..Details::default() }).await?;
        } else {
            let closing = Closing { state: HandOverState::Returned, reason: Some(reason), amount: None };
            self.close_with(lead, closing, Some(&because)).await?;
        }
        let zone = zone_of(self.revision, &stored.lead);
        let tomorrow = schedule::next_midnight(self.now, zone);
        let until = rule.quiet.map_or(tomorrow, |quiet| quiet.after(self.now, zone).max(tomorrow));
        leads::set_enrolls(self.tx, lead, true).await?;
        // Until then this is a hold as well: a mail that was on the wire all the time may have come back since.
        let mut ticket = self.halt_messages(lead, HoldKind::Quiet.because()).await?;
        if let Some(stage) = rule.stage.filter(|stage| *stage != stored.lead.stage) {
            ticket = ticket.and(self.leave_stage(&stored, stage, "sales returned the lead", true).await?);
        }
        if let Some(sequence) = sequence {
            ticket = ticket.and(self.enroll_from(lead, sequence, until).await?);
        }
        let named = rule.sequence.filter(|_| sequence.is_none());
        Ok(ticket.and(self.begin_again(&stored, named.as_deref(), until).await?))
    }

    /// Marketing goes on at a time, in a named sequence or where it was. Nothing opens the gate of a lead that is stopped.
    async fn begin_again(
        &mut self,
        stored: &StoredLead,
        sequence: Option<&str>,
        at: Timestamp,
    ) -> NurtureResult<StopTicket> {
        let lead = stored.lead.id;
        let hold = Hold { kind: HoldKind::Quiet, until: Some(at) };
        holds::insert(self.tx, lead, hold, "sales let go").await?;
        if stored.lead.closed_by.is_some() || stored.suppressed_by.is_some() {
            return Ok(StopTicket::nothing());
        }
        let known = sequence.filter(|sequence| self.revision.tracks.contains_key(*sequence));
        let ticket = match known {
            Some(sequence) => self.enroll_from(lead, sequence, at).await?,
            None => {
                self.offer(&[lead]).await?;
                StopTicket::nothing()
            }
        };
        enrollments::rest(self.tx, lead, Some(at), hold.kind.because()).await?;
        Ok(ticket)
    }

    /// Ends the open hand-over, and the holds of sales with it. The lead is with marketing again.
    async fn close(&mut self, lead: i64, closing: Closing<'_>) -> NurtureResult<()> {
        let because = closing.reason;
        self.close_with(lead, closing, because).await
    }

    /// The same, with a reason in words for the timeline. What an earlier hand-over left behind is over: this one says anew
    /// how long the lead is left in peace.
    async fn close_with(
        &mut self,
        lead: i64,
        closing: Closing<'_>,
        because: Option<&str>,
    ) -> NurtureResult<()> {
        let kind = match closing.state {
            HandOverState::Won => EventKind::Won,
            HandOverState::Lost => EventKind::Lost,
            _ => EventKind::Returned,
        };
        let amount = closing.amount.map(|amount| amount.to_string());
        self.end_hand_over(lead, closing).await?;
        holds::end(self.tx, lead, HoldKind::Quiet).await?;
        let because = because.map(str::to_owned);
        self.event(lead, kind, Details { about: amount, because, ..Details::default() }).await
    }

    /// The same, told as something else.
    pub(super) async fn close_as(
        &mut self,
        lead: i64,
        closing: Closing<'_>,
        kind: EventKind,
        about: Option<&str>,
    ) -> NurtureResult<()> {
        self.end_hand_over(lead, closing).await?;
        let about = about.map(str::to_owned);
        self.event(lead, kind, Details { about, ..Details::default() }).await
    }

    async fn end_hand_over(&mut self, lead: i64, closing: Closing<'_>) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        hand_overs::close(self.tx, open.id, &closing, self.now).await?;
        responses::silence(self.tx, open.id).await?;
        leads::set_party(self.tx, lead, Party::Marketing, None).await?;
        for kind in [HoldKind::HandOver, HoldKind::Reply] {
            holds::end(self.tx, lead, kind).await?;
        }
        self.release(&stored).await
    }
}

/// A reason as people read it.
fn in_words(title: &str, words: Option<&str>) -> String {
    match words.filter(|words| !words.is_empty()) {
        Some(words) if title.is_empty() => words.to_owned(),
        Some(words) => format!("{title}: {words}"),
        None => title.to_owned(),
    }
}
