//! Marketing hands a lead to sales, and gets it back.

use super::enroll::zone_of;
use super::{Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind};
use crate::domain::hand_over::{HandOver, HandOverState};
use crate::domain::schedule;
use crate::domain::stage::Party;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{enrollments, hand_overs, holds};

impl Record<'_> {
    /// Hands a lead to sales: from now on marketing is silent, and the rep is told. A lead that is with sales already
    /// stays with its rep.
    pub async fn hand_over(
        &mut self,
        lead: i64,
        cause: &str,
        rep: Option<&str>,
    ) -> NurtureResult<StopTicket> {
        let stored = self.lead(lead).await?;
        let rep = self.rep(&stored, rep)?;
        let hand_over = HandOver {
            id: self.tx.id()?,
            lead,
            state: HandOverState::Open,
            cause: cause.to_owned(),
            rep: rep.clone(),
            opened_at: self.now,
            closed_at: None,
            reason: None,
        };
        if hand_overs::open(self.tx, &hand_over).await? {
            leads::set_party(self.tx, lead, Party::Sales, rep.as_deref()).await?;
            enrollments::rest(self.tx, lead, None, HoldKind::HandOver.because()).await?;
            let details =
                Details { about: rep.clone(), because: Some(cause.to_owned()), ..Details::default() };
            self.event(lead, EventKind::HandedOver, details).await?;
            notify::hand_over(self, &stored, rep.as_deref(), cause).await?;
        }
        self.halt_messages(lead, HoldKind::HandOver.because()).await
    }

    /// The rep who takes a lead: the named one, else its owner, else the first of the team.
    fn rep(&self, stored: &StoredLead, named: Option<&str>) -> NurtureResult<Option<String>> {
        let team = &self.revision.workspace.funnel.team;
        let in_team = |rep: &str| team.iter().any(|(key, _)| key == rep);
        match named {
            Some(rep) if in_team(rep) => Ok(Some(rep.to_owned())),
            Some(rep) => Err(NurtureError::Refused(format!("there is no [team.{rep}] in funnel.toml"))),
            None => {
                let owner = stored.lead.owner.clone().filter(|owner| in_team(owner));
                Ok(owner.or_else(|| team.first().map(|(key, _)| key.clone())))
            }
        }
    }

    /// Sales returns a lead: its walk goes on behind the last step done, or in a named sequence, no sooner than the
    /// next day. A stop stays.
    pub async fn give_back(
        &mut self,
        lead: i64,
        reason: &str,
        sequence: Option<&str>,
    ) -> NurtureResult<StopTicket> {
        let stored = self.lead(lead).await?;
        let refused = || NurtureError::Refused("the lead is not with sales".into());
        let open = hand_overs::open_of(self.tx, lead).await?.ok_or_else(refused)?;
        hand_overs::close(self.tx, open.id, HandOverState::Returned, Some(reason), self.now).await?;
        leads::set_party(self.tx, lead, Party::Marketing, None).await?;
        for kind in [HoldKind::HandOver, HoldKind::Reply] {
            holds::end(self.tx, lead, kind).await?;
        }
        let details = Details { because: Some(reason.to_owned()), ..Details::default() };
        self.event(lead, EventKind::Returned, details).await?;
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
