//! Marketing hands a lead to sales: the one way by which it gets there, and the rep who takes it.

use serde_json::{Map, Value};

use super::routing::Taker;
use super::{Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::HoldKind;
use crate::domain::hand_over::{HandOver, HandOverState, Origin};
use crate::domain::routing::Chosen;
use crate::domain::stage::Party;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::nurture::notify::Words;
use crate::storage::leads::{self, StoredLead};
use crate::storage::sales_line::{self, Waiting};
use crate::storage::{enrollments, hand_overs};

/// How a lead is to be handed over.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub cause: &'a str,
    /// The rep, if it is not left to the rules of routing.
    pub rep: Option<&'a str>,
    pub origin: Origin,
    /// Those of the reply that is the cause.
    pub words: Option<&'a Words>,
    /// Whether it is the lead's turn in the line of those who wait for a place.
    pub from_line: bool,
}

impl Record<'_> {
    /// Hands a lead to sales: from now on marketing is silent, and the rep is told. A lead that is with sales already
    /// stays with its rep. One that a score would hand over waits in line if everybody who fits has as many as they can
    /// have, and stays with marketing meanwhile.
    pub async fn hand_over(
        &mut self,
        lead: i64,
        cause: &str,
        rep: Option<&str>,
        origin: Origin,
    ) -> NurtureResult<StopTicket> {
        self.route(lead, Ask { cause, rep, origin, words: None, from_line: false }).await
    }

    /// As [`Record::hand_over`], with the words of the reply that is the cause. They reach the rep in any case.
    pub(crate) async fn hand_over_reply(&mut self, lead: i64, words: &Words) -> NurtureResult<StopTicket> {
        let (cause, origin) = ("replied", Origin::Reply);
        self.route(lead, Ask { cause, rep: None, origin, words: Some(words), from_line: false }).await
    }

    /// As [`Record::hand_over`], for a lead that waits in line. One that need not any more stays where it is.
    pub(in crate::nurture) async fn hand_over_from_line(&mut self, lead: i64) -> NurtureResult<StopTicket> {
        let StoredLead { lead: known, suppressed_by, .. } = self.lead(lead).await?;
        if known.with == Party::Sales || known.closed_by.or(suppressed_by).is_some() {
            sales_line::leave(self.tx, lead).await?;
        }
        let waiting = sales_line::of_leads(self.tx, &[lead]).await?;
        let Some(Waiting { cause, .. }) = waiting.first() else { return Ok(StopTicket::nothing()) };
        let origin = Origin::Rule;
        self.route(lead, Ask { cause, rep: None, origin, words: None, from_line: true }).await
    }

    async fn route(&mut self, lead: i64, ask: Ask<'_>) -> NurtureResult<StopTicket> {
        let stored = self.lead(lead).await?;
        // Whoever stands in line is proposed again by every deed, and waits for those who look at the line.
        let asks_again = ask.origin.takes_place() && !ask.from_line && stored.lead.with == Party::Marketing;
        if asks_again && !sales_line::of_leads(self.tx, &[lead]).await?.is_empty() {
            return Ok(StopTicket::nothing());
        }
        let planned = self.planned(lead).await;
        if stored.lead.with == Party::Sales {
            // It stays with its rep.
            if let Some(words) = ask.words {
                notify::reply(self, &stored, words).await?;
                self.wait_anew(lead).await?;
            }
        } else {
            let rep = match self.choose_rep(&stored, &ask).await? {
                Taker::Rep(chosen) => chosen,
                Taker::Line(why) => {
                    self.wait_in_line(lead, ask.cause, &why).await?;
                    return Ok(StopTicket::nothing());
                }
            };
            self.open(&stored, &ask, rep.as_ref()).await?;
        }
        let ticket = self.halt_messages(lead, HoldKind::HandOver.because()).await?;
        Ok(ticket.holding(self.company_held_with(&stored)).calling_off(planned, self.now))
    }

    /// Opens the hand-over of a lead that is with marketing.
    async fn open(
        &mut self,
        stored: &StoredLead,
        ask: &Ask<'_>,
        chosen: Option<&Chosen>,
    ) -> NurtureResult<()> {
        let lead = stored.lead.id;
        let rep = chosen.map(|chosen| chosen.rep.as_str());
        let hand_over = HandOver {
            id: self.tx.id()?,
            lead,
            state: HandOverState::Open,
            cause: ask.cause.to_owned(),
            origin: ask.origin,
            rep: rep.map(str::to_owned),
            opened_at: self.now,
            closed_at: None,
            reason: None,
        };
        hand_overs::open(self.tx, &hand_over).await?;
        leads::set_party(self.tx, lead, Party::Sales, rep).await?;
        sales_line::leave(self.tx, lead).await?;
        enrollments::rest(self.tx, lead, None, HoldKind::HandOver.because()).await?;
        let details = Details {
            about: hand_over.rep,
            because: Some(ask.cause.to_owned()),
            data: chosen.map(why),
            ..Details::default()
        };
        self.event(lead, EventKind::HandedOver, details).await?;
        self.start_clock(hand_over.id, rep).await?;
        notify::hand_over(self, stored, rep, ask.cause, ask.words).await
    }

    /// The rep of a lead for which no route is asked: the named one, else its owner, else the head of sales.
    pub(super) fn rep(&self, stored: &StoredLead, named: Option<&str>) -> NurtureResult<Option<String>> {
        let funnel = &self.revision.workspace.funnel;
        let in_team = |rep: &&str| funnel.rep(rep).is_some();
        if let Some(rep) = named.filter(|rep| !in_team(rep)) {
            return Err(NurtureError::Refused(format!("there is no [team.{rep}] in funnel.toml")));
        }
        let owner = stored.lead.owner.as_deref().filter(in_team);
        Ok(named.or(owner).or(funnel.head_of_sales()).map(str::to_owned))
    }
}

/// Why it is this rep, for the timeline.
fn why(chosen: &Chosen) -> Map<String, Value> {
    let why = [("chosen".to_owned(), Value::from(chosen.why.as_str()))];
    let instead_of = chosen.instead_of.as_deref().map(|rep| ("instead_of".to_owned(), Value::from(rep)));
    why.into_iter().chain(instead_of).collect()
}
