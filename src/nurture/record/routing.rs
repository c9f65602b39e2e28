//! Which rep takes a lead, and the line of those who wait for a place with sales.

use super::Record;
use super::hand_over::Ask;
use crate::domain::event::{Details, EventKind};
use crate::domain::routing::{Choice, Chosen, Why};
use crate::nurture::error::NurtureResult;
use crate::nurture::routing::{Team, next_absence};
use crate::storage::leads::StoredLead;
use crate::storage::sales_line::{self, Waiting};
use crate::storage::{companies, routing};
use crate::workspace::Funnel;
use crate::workspace::funnel::SalesHold;

/// Who takes a lead.
pub(super) enum Taker {
    /// Nobody, if there is no team.
    Rep(Option<Chosen>),
    /// The lead waits.
    Line(Wait),
}

/// Why a lead waits for a place.
pub(super) enum Wait {
    /// All of these reps have as many as they can have.
    Full(Vec<String>),
    /// There may be one, and those who wait have not been looked at yet.
    Behind,
}

impl Record<'_> {
    /// Chooses the rep of a lead, whose lock is held. From here to the end of the transaction nobody else chooses one.
    pub(super) async fn choose_rep(&mut self, stored: &StoredLead, ask: &Ask<'_>) -> NurtureResult<Taker> {
        if ask.rep.is_some() {
            self.rep(stored, ask.rep)?;
        }
        let takes_place = ask.origin.takes_place();
        let state = routing::lock(self.tx).await?;
        // What is read behind the lock knows of all that was chosen before.
        let team = Team::read(self.tx, self.revision, std::slice::from_ref(stored), self.now).await?;
        let chosen = match team.choose(&stored.lead, ask.rep, takes_place) {
            Choice::Rep(chosen) => chosen,
            Choice::Full(reps) => return Ok(Taker::Line(Wait::Full(reps))),
            Choice::Nobody => return Ok(Taker::Rep(None)),
        };
        if takes_place && !ask.from_line {
            let freed = state.is_some_and(|state| state.is_due(self.now));
            if freed && sales_line::any(self.tx).await? {
                // The place is for whoever is first in line.
                return Ok(Taker::Line(Wait::Behind));
            }
        }
        if matches!(chosen.why, Why::Turn | Why::Load) {
            routing::take_turn(self.tx, &chosen.rep).await?;
        }
        Ok(Taker::Rep(Some(chosen)))
    }

    /// Puts a lead into the line of those who wait for a place, unless it stands there.
    pub(super) async fn wait_in_line(&mut self, lead: i64, cause: &str, why: &Wait) -> NurtureResult<()> {
        let waiting = Waiting { lead, cause: cause.to_owned(), since: self.now };
        if !sales_line::join(self.tx, &waiting).await? {
            return Ok(());
        }
        let funnel = &self.revision.workspace.funnel;
        if let Some(at) = next_absence(funnel, self.now) {
            routing::look_at(self.tx, at).await?;
        }
        if matches!(why, Wait::Behind) {
            // Whoever looks at the line now may have begun before this lead stood in it.
            routing::freed(self.tx).await?;
        }
        let because = Some(format!("{cause}; {}", in_words(funnel, why)));
        self.event(lead, EventKind::WaitsForSales, Details { because, ..Details::default() }).await
    }

    /// Has the line looked at anew if one of these leads stands in it: what it is now may fit somebody else.
    pub(in crate::nurture) async fn reconsider_line(&mut self, leads: &[i64]) -> NurtureResult<()> {
        if !sales_line::of_leads(self.tx, leads).await?.is_empty() {
            routing::freed(self.tx).await?;
        }
        Ok(())
    }

    /// The company that marketing leaves alone as long as sales works on this lead.
    pub(super) fn company_held_with(&self, stored: &StoredLead) -> Option<i64> {
        let holds = self.revision.workspace.funnel.routing.hold == SalesHold::Company;
        stored.lead.company.as_ref().filter(|_| holds).map(|company| company.id)
    }

    /// What follows for others when a hand-over has ended, or went to another rep: a place may be free, and marketing may
    /// write to the colleagues again.
    pub(super) async fn release(&mut self, stored: &StoredLead) -> NurtureResult<()> {
        if let Some(company) = self.company_held_with(stored) {
            companies::ask_wake(self.tx, company).await?;
        }
        Ok(routing::freed(self.tx).await?)
    }
}

/// Why a lead waits, for the timeline.
fn in_words(funnel: &Funnel, why: &Wait) -> String {
    let Wait::Full(reps) = why else { return "the next place is for whoever is first in line".to_owned() };
    let names: Vec<&str> = reps.iter().map(|rep| funnel.rep_name(rep)).collect();
    let has = if names.len() == 1 { "has" } else { "have" };
    format!("{} {has} as many leads as the capacity allows", names.join(", "))
}
