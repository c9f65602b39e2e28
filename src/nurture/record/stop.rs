//! Stops and holds, and the [`StopTicket`] that says what they found (PROTOCOL.md, "Rules").

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Record;
use super::planned::Planned;
use crate::domain::enrollment::{EnrollmentState, MessageState};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind, StopKind};
use crate::domain::time::Timestamp;
use crate::nurture::company;
use crate::nurture::engine::Engine;
use crate::nurture::error::NurtureResult;
use crate::nurture::liveness;
use crate::storage::messages::Message;
use crate::storage::{Tx, addresses, enrollments, holds, leads, messages, notices, sales_line};

/// The reason of a message that was cancelled before anything was written.
pub const NOT_STARTED: &str = "stopped before it started";

/// How long a stop waits for what is on the wire.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How often a stop looks for outcomes that another node or process records.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The messages that a stop or hold found being sent. It must be settled after the commit, with no transaction
/// alive: only then no mail to the lead starts any more.
#[must_use = "a stop is done only when its ticket is settled, after the commit"]
#[derive(Debug, Default)]
pub struct StopTicket {
    cancelled: Vec<i64>,
    /// With the nodes that claimed them.
    sending: Vec<(i64, String)>,
    /// Companies that are held: what is being sent to their leads is looked for after the commit, since their locks come
    /// before some of those that are held until then.
    companies: BTreeSet<i64>,
    planned: Vec<Planned>,
    /// Somebody complained: once that is committed, it is to be seen whether too many do.
    complaint: bool,
}

/// What a stop found: messages by their ids, and what was still a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The mail that was planned next, of which nothing was written yet. It does not go out now.
    pub planned: Vec<Planned>,
    /// Never started.
    pub cancelled: Vec<i64>,
    /// On the wire already, and accepted by the relay.
    pub in_flight_delivered: Vec<i64>,
    /// On the wire already, and not accepted.
    pub in_flight_failed: Vec<i64>,
    /// On the wire already, and how it ended is not known (yet).
    pub in_flight_unknown: Vec<i64>,
}

impl StopTicket {
    /// The ticket of a change that had nothing to stop.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What is being sent to a lead, to be looked for once more.
    pub(crate) async fn of_sending(tx: &mut Tx, lead: i64) -> NurtureResult<Self> {
        Ok(Self { sending: messages::sending(tx, &[lead]).await?, ..Self::default() })
    }

    /// Whatever is being sent to the leads of a company, to be looked for.
    pub(crate) fn of_company(company: i64) -> Self {
        Self::nothing().holding(Some(company))
    }

    /// The same ticket of a lead with which its company is held.
    pub(super) fn holding(mut self, company: Option<i64>) -> Self {
        self.companies.extend(company);
        self
    }

    /// For the one who records the end of the only message that can be on the wire. What is being sent to others of a
    /// company goes out: nobody waits for an answer.
    pub(crate) fn nothing_else_is_sent(self) {}

    /// The same ticket with what another one found.
    pub fn and(mut self, other: StopTicket) -> Self {
        self.cancelled.extend(other.cancelled);
        self.sending.extend(other.sending);
        self.companies.extend(other.companies);
        self.planned.extend(other.planned);
        self.complaint |= other.complaint;
        self
    }

    /// The same ticket with what was planned. A message that waits for its next try is no plan any more: it was
    /// cancelled, and is counted once. So is one that was claimed since.
    pub(super) fn calling_off(mut self, planned: Option<Planned>, now: Timestamp) -> Self {
        let plan =
            |planned: &Planned| self.cancelled.is_empty() && (self.sending.is_empty() || planned.at > now);
        self.planned.extend(planned.filter(plan));
        self
    }

    /// The ticket of several things that followed from one another: what they called off is the one plan that there was
    /// before, not those that came and went between.
    pub(in crate::nurture) fn instead_of(mut self, before: Option<Planned>) -> Self {
        if let Some(before) = before
            && !self.planned.is_empty()
        {
            self.planned = if self.cancelled.is_empty() { vec![before] } else { Vec::new() };
        }
        self
    }

    /// Cancels what has not started and waits, ten seconds at most, for what is on the wire. What a node claimed that
    /// does not run any more can be on no wire, and how it ended is not known: nobody waits for that.
    pub async fn settle(mut self, engine: &Engine) -> NurtureResult<Found> {
        if self.complaint {
            engine.note_complaint();
        }
        for company in std::mem::take(&mut self.companies) {
            self.sending.extend(company::sending(engine, company).await?);
        }
        let mut found = Found { cancelled: self.cancelled, planned: self.planned, ..Found::default() };
        if self.sending.is_empty() {
            return Ok(found);
        }
        let (ids, nodes): (Vec<i64>, BTreeSet<String>) = self.sending.into_iter().unzip();
        engine.registry.cancel(&ids);
        let began = Instant::now();
        let mut give_up = began + LONGEST_WAIT;
        if !engine.registry.holds_any(&ids) && !any_runs(engine, &nodes).await? {
            give_up = give_up.min(began + liveness::may_outlive_lock(engine));
        }
        loop {
            let mut recorded = std::pin::pin!(engine.registry.until_recorded());
            recorded.as_mut().enable();
            let now = read(engine, &ids).await?;
            let open = now.iter().any(|message| message.state == MessageState::Sending);
            if !open || Instant::now() >= give_up {
                now.iter().for_each(|message| found.add(message));
                return Ok(found);
            }
            // Own outcomes wake it; those of other nodes and processes show in the database only.
            let _ = tokio::time::timeout(LOOK_EVERY, recorded).await;
        }
    }
}

/// Whether any of these nodes runs.
async fn any_runs(engine: &Engine, nodes: &BTreeSet<String>) -> NurtureResult<bool> {
    for node in nodes {
        if liveness::is_held(engine, node).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn read(engine: &Engine, ids: &[i64]) -> NurtureResult<Vec<Message>> {
    let mut tx = engine.db.read().await?;
    Ok(messages::by_ids(&mut tx, ids).await?)
}

impl Found {
    fn add(&mut self, message: &Message) {
        let never_started = message.reason.as_deref() == Some(NOT_STARTED);
        let list = match message.state {
            MessageState::Cancelled | MessageState::Retry if never_started => &mut self.cancelled,
            MessageState::Sent => &mut self.in_flight_delivered,
            MessageState::Sending | MessageState::Unknown => &mut self.in_flight_unknown,
            _ => &mut self.in_flight_failed,
        };
        list.push(message.id);
    }
}

/// What is being sent to these leads, with the nodes that claimed it; the other nodes are told to stop it. The locks of the
/// leads are held.
pub(in crate::nurture) async fn recall(
    tx: &mut Tx,
    engine: &Engine,
    leads: &[i64],
) -> NurtureResult<Vec<(i64, String)>> {
    let sending = messages::sending(tx, leads).await?;
    let elsewhere = sending.iter().map(|(id, _)| *id).filter(|id| !engine.registry.holds_any(&[*id]));
    notices::stop(tx, &elsewhere.collect::<Vec<i64>>()).await?;
    Ok(sending)
}

impl Record<'_> {
    /// Closes the gate for a lead, and for its address, until the person opens it again. The first stop stays.
    pub async fn stop(&mut self, lead: i64, kind: StopKind, because: &str) -> NurtureResult<StopTicket> {
        self.stop_by(lead, kind, because, None).await
    }

    /// As [`Record::stop`], for a stop by what was in a mail, or in answer to it.
    pub(in crate::nurture) async fn stop_by(
        &mut self,
        lead: i64,
        kind: StopKind,
        because: &str,
        message: Option<i64>,
    ) -> NurtureResult<StopTicket> {
        let planned = self.planned(lead).await;
        self.suppress(lead, kind).await?;
        let stored = self.lead(lead).await?;
        leads::close(self.tx, lead, kind).await?;
        sales_line::leave(self.tx, lead).await?;
        if let Some(enrollment) = enrollments::active(self.tx, lead).await? {
            let id = enrollment.walk.enrollment;
            enrollments::end(self.tx, id, EnrollmentState::Stopped, self.now).await?;
        }
        if stored.lead.closed_by.is_none() {
            let event =
                if kind == StopKind::Unsubscribe { EventKind::Unsubscribed } else { EventKind::Stopped };
            let because = Some(because.to_owned());
            let details = Details { about: Some(kind.to_string()), because, ..Details::default() };
            self.event_of(lead, message, event, details).await?;
        }
        let ticket = self.halt_messages(lead, kind.because()).await?.calling_off(planned, self.now);
        Ok(StopTicket { complaint: kind == StopKind::Complaint, ..ticket })
    }

    /// Before the lead is locked: addresses come first in the order of locks.
    async fn suppress(&mut self, lead: i64, kind: StopKind) -> NurtureResult<()> {
        let missing = || crate::nurture::error::NurtureError::NoLead(lead.to_string());
        let address = leads::by_id(self.tx, lead).await?.ok_or_else(missing)?.address;
        Ok(addresses::suppress(self.tx, &address, kind, self.now).await?)
    }

    /// Closes the gate for a lead until the hold ends.
    pub async fn hold(&mut self, lead: i64, hold: Hold, because: &str) -> NurtureResult<StopTicket> {
        self.lead(lead).await?;
        let planned = self.planned(lead).await;
        holds::insert(self.tx, lead, hold, because).await?;
        enrollments::rest(self.tx, lead, hold.until, hold.kind.because()).await?;
        let because = Some(because.to_owned());
        let details = Details { about: Some(hold.kind.to_string()), because, ..Details::default() };
        self.event(lead, EventKind::Held, details).await?;
        Ok(self.halt_messages(lead, hold.kind.because()).await?.calling_off(planned, self.now))
    }

    /// Ends the pauses and absences of a lead, and the time for which sales has it left in peace. What else holds it stays.
    pub async fn resume(&mut self, lead: i64) -> NurtureResult<()> {
        self.lead(lead).await?;
        for kind in [HoldKind::Pause, HoldKind::Absence, HoldKind::Quiet] {
            holds::end(self.tx, lead, kind).await?;
        }
        self.event(lead, EventKind::Resumed, Details::default()).await?;
        self.wake(&[lead]).await
    }

    /// Ends a lead's walk without closing the gate. Whoever ended it before may still wait for its mails: so they are
    /// looked for in any case.
    pub async fn end_walk(&mut self, lead: i64, because: &str) -> NurtureResult<StopTicket> {
        let planned = self.planned(lead).await;
        if let Some(enrollment) = enrollments::active(self.tx, lead).await? {
            enrollments::end(self.tx, enrollment.walk.enrollment, EnrollmentState::Ended, self.now).await?;
            self.walk_event(&enrollment, EventKind::Left, because).await?;
        }
        Ok(self.halt_messages(lead, because).await?.calling_off(planned, self.now))
    }

    /// Cancels what waits, finds what is being sent, and has the other nodes told. The lead is locked already.
    pub(super) async fn halt_messages(&mut self, lead: i64, why: &str) -> NurtureResult<StopTicket> {
        let cancelled = messages::cancel_waiting(self.tx, lead, why, self.now).await?;
        let sending = recall(self.tx, self.engine, &[lead]).await?;
        Ok(StopTicket { cancelled, sending, ..StopTicket::default() })
    }
}
