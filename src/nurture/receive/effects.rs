//! What follows from a mail that came in, by its kind: all of it through the one door.

use serde_json::{Map, Value};

use super::matching::Match;
use super::soft_run;
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind, StopKind};
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::lead::Lead;
use crate::domain::schedule::resolve;
use crate::domain::time::{DAY, Timestamp};
use crate::mail::inbound::InboundMail;
use crate::nurture::dossier::Words;
use crate::nurture::error::NurtureResult;
use crate::nurture::notify;
use crate::nurture::record::{Deed, Record, StopTicket, zone_of};
use crate::storage::{events, leads, messages};
use crate::workspace::funnel::ReplyThen;

/// Characters of a reply that the timeline keeps; the mail itself is kept whole.
const LONGEST_TEXT: usize = 4_000;

/// Nobody is away for longer than this, in milliseconds: a date beyond it was misread.
const LONGEST_ABSENCE: i64 = 400 * DAY;

/// A mail that was stored, and whom it concerns.
pub struct Arrival<'a> {
    /// Its row in `inbound`.
    pub id: i64,
    pub mail: &'a InboundMail,
    pub found: &'a Match,
}

impl Record<'_> {
    /// Reports of machines stop a lead only if they know something that was in its mail: anybody can write that an address
    /// does not exist.
    pub(super) async fn follow_mail(
        &mut self,
        kind: InboundKind,
        arrival: &Arrival<'_>,
    ) -> NurtureResult<StopTicket> {
        let (mail, found) = (arrival.mail, arrival.found);
        match kind {
            InboundKind::HumanReply => self.replied(arrival).await,
            InboundKind::AutoReply => self.auto_replied(mail, found).await,
            InboundKind::Bounce => self.bounced(mail, found).await,
            InboundKind::Complaint => {
                self.note_mail(EventKind::Complained, mail, found).await?;
                if found.by == MatchedBy::Sender {
                    return Ok(StopTicket::nothing());
                }
                self.stop(found.lead, StopKind::Complaint, &mail.evidence).await
            }
            InboundKind::Unsubscribe => {
                let words: String = mail.text.trim().chars().take(60).collect();
                let because = format!("asked for by mail: \"{words}\"");
                self.stop_by(found.lead, StopKind::Unsubscribe, &because, found.message).await
            }
            InboundKind::Delayed
            | InboundKind::AuthFailureReport
            | InboundKind::DsnSuccess
            | InboundKind::Unrelated => Ok(StopTicket::nothing()),
        }
    }

    /// Somebody answered: the lead is a prospect, marketing waits, and the rep is told with the words.
    async fn replied(&mut self, arrival: &Arrival<'_>) -> NurtureResult<StopTicket> {
        let (mail, found) = (arrival.mail, arrival.found);
        let deed = Deed {
            kind: EventKind::Replied,
            at: self.now,
            message: found.message,
            details: details(mail),
            client_id: None,
        };
        let planned = self.planned(found.lead).await;
        let words = Words::of(mail, arrival.id, &self.lead(found.lead).await?.lead);
        let then = self.revision.workspace.funnel.reply_then;
        let passed_on = Some(&words).filter(|_| then == ReplyThen::HandOver);
        // Without a key of its own, an event is never one that is known.
        let noted = self.deed_with(found.lead, deed, passed_on).await?;
        let Some(noted) = noted else { return Ok(StopTicket::nothing()) };
        leads::set_prospect(self.tx, found.lead, self.now, noted.event).await?;
        let ticket = match then {
            ReplyThen::HandOver => StopTicket::nothing(),
            ReplyThen::Hold => {
                let stored = self.lead(found.lead).await?;
                let hold = Hold { kind: HoldKind::Reply, until: None };
                let ticket = self.hold(found.lead, hold, "a reply").await?;
                notify::reply(self, &stored, &words).await?;
                ticket
            }
        };
        Ok(noted.ticket.and(ticket).instead_of(planned))
    }

    /// A machine answered: nothing changes, unless it says that the person is away.
    async fn auto_replied(&mut self, mail: &InboundMail, found: &Match) -> NurtureResult<StopTicket> {
        self.note_mail(EventKind::AutoReplied, mail, found).await?;
        let stored = self.lead(found.lead).await?;
        // Anybody can write in somebody's name: a date that nothing proves holds no longer than a note without one.
        let longest =
            self.revision.workspace.funnel.absence.after(self.now, zone_of(self.revision, &stored.lead));
        let back = self.back(mail, &stored.lead);
        let back = back.map(|until| if found.by == MatchedBy::Sender { until.min(longest) } else { until });
        match back {
            Some(until) if until > self.now && until <= self.now + LONGEST_ABSENCE => {
                let hold = Hold { kind: HoldKind::Absence, until: Some(until) };
                self.hold(found.lead, hold, "an absence note").await
            }
            _ => Ok(StopTicket::nothing()),
        }
    }

    /// When somebody is back who is away: as the note says, or after the time that funnel.toml names.
    fn back(&self, mail: &InboundMail, lead: &Lead) -> Option<Timestamp> {
        let zone = zone_of(self.revision, lead);
        match mail.absent_until {
            // Notes name the first day back as often as the last day away: marketing waits for the day after.
            Some(day) => {
                let midnight = day.succ_opt().unwrap_or(day).and_time(chrono::NaiveTime::MIN);
                Some(resolve(midnight, zone))
            }
            None => mail.is_absence.then(|| self.revision.workspace.funnel.absence.after(self.now, zone)),
        }
    }

    /// A mail came back. Whether the address is dead is said for each recipient.
    async fn bounced(&mut self, mail: &InboundMail, found: &Match) -> NurtureResult<StopTicket> {
        // Not locked yet: if this stops the lead, its address comes first in the order of locks.
        let Some(stored) = leads::by_id(self.tx, found.lead).await? else { return Ok(StopTicket::nothing()) };
        let email = stored.lead.email.as_str();
        let about = mail
            .reports
            .iter()
            .find(|report| report.address == email || report.forwarded_to.as_deref() == Some(email));
        let about = about.or(mail.reports.first().filter(|_| mail.reports.len() == 1));
        let proven = found.by != MatchedBy::Sender;
        let dead = about.is_some_and(|report| report.dead) && proven;
        if !dead || self.trips(&mail.evidence) {
            self.note_soft(about.and_then(|report| report.status.as_deref()), mail, found).await?;
            return if proven { self.soft_run(found.lead).await } else { Ok(StopTicket::nothing()) };
        }
        let said = about.and_then(|report| report.diagnostic.clone());
        let because = said.unwrap_or_else(|| mail.evidence.clone());
        self.note_mail(EventKind::Bounced, mail, found).await?;
        self.stop(found.lead, StopKind::HardBounce, &because).await
    }

    /// Stops a lead whose last mails all came back, if they are as many as `[inbound] soft_bounces` says.
    async fn soft_run(&mut self, lead: i64) -> NurtureResult<StopTicket> {
        // What the breaker says of dead addresses holds here: nobody is suppressed until `dripline resume`.
        if self.engine.breaker().tripped() {
            return Ok(StopTicket::nothing());
        }
        let most = self.engine.config.inbound.soft_bounces;
        let signs = events::signs(self.tx, lead).await?;
        let mails = messages::of_lead(self.tx, lead).await?;
        let run = soft_run::length(&mails, &signs);
        if most == 0 || run < most {
            return Ok(StopTicket::nothing());
        }
        self.stop(lead, StopKind::SoftBounces, &format!("{run} mails in a row came back")).await
    }

    /// Counts a dead address. Whether there are too many: then sending pauses, and nobody is suppressed any more.
    fn trips(&mut self, evidence: &str) -> bool {
        let mut breaker = self.engine.breaker();
        breaker.note_late();
        if !breaker.tripped() {
            return false;
        }
        self.engine.ask_for_pause(format!(
            "too many mails come back ({evidence}); nobody is suppressed any more until `dripline resume`"
        ));
        true
    }

    /// Notes that a mail came back, and the status that says why: a refusal of policy says nothing of the address.
    async fn note_soft(
        &mut self,
        status: Option<&str>,
        mail: &InboundMail,
        found: &Match,
    ) -> NurtureResult<()> {
        let mut details = Details { because: Some(mail.evidence.clone()), ..details(mail) };
        if let (Some(data), Some(status)) = (&mut details.data, status) {
            data.insert(soft_run::STATUS.to_owned(), status.into());
        }
        self.event_of(found.lead, found.message, EventKind::BouncedSoftly, details).await
    }

    async fn note_mail(&mut self, kind: EventKind, mail: &InboundMail, found: &Match) -> NurtureResult<()> {
        let details = Details { because: Some(mail.evidence.clone()), ..details(mail) };
        self.event_of(found.lead, found.message, kind, details).await
    }
}

/// What the timeline keeps of a mail.
fn details(mail: &InboundMail) -> Details {
    let text: String = mail.text.chars().take(LONGEST_TEXT).collect();
    let from = mail.from.as_ref().map(|from| from.address.clone());
    let mut data = Map::new();
    data.extend(from.map(|from| ("from".to_owned(), Value::from(from))));
    data.insert("text".to_owned(), text.into());
    let about = (!mail.subject.is_empty()).then(|| mail.subject.clone());
    Details { about, data: Some(data), ..Details::default() }
}
