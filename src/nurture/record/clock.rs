//! The rep's clock: by when a lead that is with sales hears from somebody, and who is told if it does not. All of it in
//! the rep's working time.

use super::Record;
use crate::domain::event::{Details, EventKind};
use crate::domain::hand_over::HandOverState;
use crate::domain::time::Timestamp;
use crate::nurture::dossier::Occasion;
use crate::nurture::error::NurtureResult;
use crate::nurture::notify;
use crate::storage::hand_overs;
use crate::storage::leads::StoredLead;
use crate::storage::responses::{self, Response};

impl Record<'_> {
    /// Starts the clock of a hand-over, if `[hand_over] respond_within` says so.
    pub(super) async fn start_clock(&mut self, hand_over: i64, rep: Option<&str>) -> NurtureResult<()> {
        let Some(within) = self.revision.workspace.funnel.sales.respond_within else { return Ok(()) };
        let by = self.after_working(rep, within);
        Ok(responses::start(self.tx, hand_over, by).await?)
    }

    /// A lead that is with sales wrote again: it waits anew. If it does already, its clock runs on, and if the rep took it
    /// on, there is none.
    pub(super) async fn wait_anew(&mut self, lead: i64) -> NurtureResult<()> {
        let Some(open) = responses::open_of(self.tx, lead).await? else { return Ok(()) };
        let is_timed = self.revision.workspace.funnel.sales.respond_within.is_some();
        if !is_timed || open.state != HandOverState::Open || open.due_at.is_some() {
            return Ok(());
        }
        hand_overs::await_answer(self.tx, open.hand_over).await?;
        self.start_clock(open.hand_over, open.rep.as_deref()).await
    }

    /// When so many milliseconds of a rep's working time have passed, or of that of whoever stands in. Nobody's time is that
    /// of the head of sales.
    fn after_working(&self, rep: Option<&str>, millis: i64) -> Timestamp {
        let funnel = &self.revision.workspace.funnel;
        let there = rep.map(|rep| funnel.stand_in(rep, self.now).unwrap_or(rep));
        let rep = there.and_then(|rep| funnel.rep(rep));
        let rep = rep.or_else(|| funnel.rep(funnel.head_of_sales()?));
        rep.map_or(self.now + millis, |rep| rep.after_working(self.now, millis))
    }

    /// Whoever is to be told if a rep does nothing: the deputy if there is one at work, else the head of sales.
    fn behind(&self, rep: &str) -> Option<String> {
        let funnel = &self.revision.workspace.funnel;
        let deputy = funnel.rep(rep).and_then(|rep| rep.deputy.as_deref());
        let deputy = deputy.filter(|key| funnel.rep(key).is_some_and(|rep| !rep.is_away(self.now)));
        let head = funnel.head_of_sales().filter(|head| *head != rep);
        deputy.or(head).map(str::to_owned)
    }

    /// Tells whoever is to be told of a hand-over by now. What was told stays told: it is noted with the mail.
    pub(crate) async fn tell_of_clock(&mut self, lead: i64, hand_over: i64) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        let Some(response) = responses::by_id(self.tx, hand_over).await? else { return Ok(()) };
        if response.due_at.is_none_or(|due| due > self.now) {
            return Ok(());
        }
        if response.closed_at.is_none() && response.later_until.is_some() {
            return self.remind_of_day(&stored, &response).await;
        }
        if !response.is_awaited() {
            return Ok(responses::silence(self.tx, hand_over).await?);
        }
        match response.reminded_at {
            None => self.remind(&stored, &response).await,
            Some(_) => self.escalate(&stored, &response).await,
        }
    }

    /// The day has come on which the rep wanted to come back to the lead.
    async fn remind_of_day(&mut self, stored: &StoredLead, response: &Response) -> NurtureResult<()> {
        let rep = response.rep.as_deref();
        responses::reminded(self.tx, response.hand_over, self.now, None).await?;
        if response.is_awaited() {
            self.start_clock(response.hand_over, rep).await?;
        }
        self.tell_of_waiting(stored, rep, &Occasion::Today).await
    }

    async fn remind(&mut self, stored: &StoredLead, response: &Response) -> NurtureResult<()> {
        let rep = response.rep.as_deref();
        let escalate = self.revision.workspace.funnel.sales.escalate_after;
        let next = escalate.map(|after| self.after_working(rep, after));
        responses::reminded(self.tx, response.hand_over, self.now, next).await?;
        self.tell_of_waiting(stored, rep, &Occasion::Waits).await
    }

    /// Reminds a rep, and while the rep is away, also whoever stands in.
    async fn tell_of_waiting(
        &mut self,
        stored: &StoredLead,
        rep: Option<&str>,
        occasion: &Occasion,
    ) -> NurtureResult<()> {
        let revision = self.revision;
        let stand_in = rep.and_then(|rep| revision.workspace.funnel.stand_in(rep, self.now));
        for rep in [rep].into_iter().chain(stand_in.map(Some)) {
            notify::tell(self, stored, rep, occasion.clone()).await?;
            self.told(stored, EventKind::Reminded, rep).await?;
        }
        Ok(())
    }

    async fn escalate(&mut self, stored: &StoredLead, response: &Response) -> NurtureResult<()> {
        responses::escalated(self.tx, response.hand_over, self.now).await?;
        let rep = response.rep.clone().unwrap_or_default();
        let Some(behind) = self.behind(&rep) else { return Ok(()) };
        notify::tell(self, stored, Some(&behind), Occasion::Escalated(rep)).await?;
        self.told(stored, EventKind::Escalated, Some(&behind)).await
    }

    async fn told(&mut self, stored: &StoredLead, kind: EventKind, rep: Option<&str>) -> NurtureResult<()> {
        let about = rep.map(str::to_owned);
        self.event(stored.lead.id, kind, Details { about, ..Details::default() }).await
    }
}
