//! Marketing hands a lead to sales: the one way by which it gets there, and the rep who takes it.

use super::{Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::HoldKind;
use crate::domain::hand_over::{HandOver, HandOverState, Origin};
use crate::domain::stage::Party;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::nurture::notify::Words;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{enrollments, hand_overs};

impl Record<'_> {
    /// Hands a lead to sales: from now on marketing is silent, and the rep is told. A lead that is with sales already
    /// stays with its rep.
    pub async fn hand_over(
        &mut self,
        lead: i64,
        cause: &str,
        rep: Option<&str>,
        origin: Origin,
    ) -> NurtureResult<StopTicket> {
        self.route(lead, cause, rep, origin, None).await
    }

    /// As [`Record::hand_over`], with the words of the reply that is the cause. They reach the rep in any case.
    pub(crate) async fn hand_over_reply(&mut self, lead: i64, words: &Words) -> NurtureResult<StopTicket> {
        self.route(lead, "replied", None, Origin::Reply, Some(words)).await
    }

    async fn route(
        &mut self,
        lead: i64,
        cause: &str,
        rep: Option<&str>,
        origin: Origin,
        words: Option<&Words>,
    ) -> NurtureResult<StopTicket> {
        let stored = self.lead(lead).await?;
        let rep = self.rep(&stored, rep)?;
        let hand_over = HandOver {
            id: self.tx.id()?,
            lead,
            state: HandOverState::Open,
            cause: cause.to_owned(),
            origin,
            rep: rep.clone(),
            opened_at: self.now,
            closed_at: None,
            reason: None,
        };
        let planned = self.planned(lead).await;
        if hand_overs::open(self.tx, &hand_over).await? {
            leads::set_party(self.tx, lead, Party::Sales, rep.as_deref()).await?;
            enrollments::rest(self.tx, lead, None, HoldKind::HandOver.because()).await?;
            let details =
                Details { about: rep.clone(), because: Some(cause.to_owned()), ..Details::default() };
            self.event(lead, EventKind::HandedOver, details).await?;
            self.start_clock(hand_over.id, rep.as_deref()).await?;
            notify::hand_over(self, &stored, rep.as_deref(), cause, words).await?;
        } else if let Some(words) = words {
            notify::reply(self, &stored, words).await?;
        }
        Ok(self.halt_messages(lead, HoldKind::HandOver.because()).await?.calling_off(planned, self.now))
    }

    /// The rep who takes a lead: the named one, else its owner, else the first of the team.
    pub(super) fn rep(&self, stored: &StoredLead, named: Option<&str>) -> NurtureResult<Option<String>> {
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
}
