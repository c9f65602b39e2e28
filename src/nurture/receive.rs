//! A mail that came in: whom it concerns, and all that follows, in one transaction.

mod matching;

use data_encoding::BASE64;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::info;

use std::time::Instant;

use super::change::patiently;
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::{Deed, Found, Record, StopTicket, zone_of};
use crate::domain::event::{Details, EventKind};
use crate::domain::gate::{Hold, HoldKind, StopKind};
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::schedule::resolve;
use crate::domain::stage::Party;
use crate::domain::time::DAY;
use crate::domain::token::fingerprint;
use crate::mail::inbound::{self, InboundMail};
use crate::nurture::dossier::Words;
use crate::nurture::{notify, pump};
use crate::storage::inbound::{self as stored, InboundRow};
use crate::storage::{Tx, leads};
use crate::workspace::funnel::ReplyThen;
use matching::{Match, find};

/// Characters of a reply that the timeline keeps; the mail itself is kept whole.
const LONGEST_TEXT: usize = 4_000;

/// Nobody is away for longer than this, in milliseconds: a date beyond it was misread.
const LONGEST_ABSENCE: i64 = 400 * DAY;

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Received {
    /// What it was taken for.
    pub kind: InboundKind,
    /// The header or line that decided.
    pub evidence: String,
    /// Whom it concerns; null if that is not known.
    pub lead: Option<i64>,
    pub email: Option<String>,
    pub message: Option<i64>,
    pub matched_by: Option<MatchedBy>,
    /// It had come in before, and nothing happened this time.
    pub known: bool,
    /// What it stopped.
    pub found: Found,
}

/// Takes in a raw mail. The same one twice is one event.
///
/// # Errors
/// The database; then nothing is recorded, and the mail has to come again.
pub async fn receive(engine: &Engine, raw: &[u8]) -> NurtureResult<Received> {
    let began = Instant::now();
    let read = inbound::read(raw);
    let hash = match &read {
        Ok(mail) => content_hash(mail, raw),
        Err(_) => raw_hash(raw),
    };
    // Before the transaction: it holds the one writer.
    let raw = BASE64.encode(raw);
    let received = patiently(|| record(engine, &read, &hash, &raw)).await;
    pump::pause_if_asked(engine).await?;
    engine.metrics.stopped(began.elapsed());
    received
}

async fn record(
    engine: &Engine,
    read: &Result<InboundMail, inbound::Unreadable>,
    hash: &str,
    raw: &str,
) -> NurtureResult<Received> {
    let (mut tx, revision) = engine.begin().await?;
    let found = match read {
        Ok(mail) => find(engine, &mut tx, mail).await?,
        Err(_) => None,
    };
    let (kind, evidence) = verdict(engine, &revision.workspace.funnel, read);
    let row = InboundRow {
        id: tx.id()?,
        hash: hash.to_owned(),
        received_at: engine.clock.now(),
        kind,
        // PostgreSQL takes no NUL.
        evidence: evidence.replace(char::is_control, " "),
        matched_by: found.as_ref().map(|found| found.by),
        lead: found.as_ref().map(|found| found.lead),
        message: found.as_ref().and_then(|found| found.message),
    };
    if !stored::insert(&mut tx, &row, raw.to_owned()).await? {
        let known = stored::by_hash(&mut tx, &row.hash).await?.unwrap_or(row);
        return answer_known(engine, tx, known).await;
    }
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: row.received_at };
    let ticket = match (read, &found) {
        (Ok(mail), Some(found)) => record.follow_mail(kind, mail, found).await?,
        _ => StopTicket::nothing(),
    };
    tx.commit().await?;
    engine.hint();
    let settled = ticket.settle(engine).await?;
    info!(inbound.id = row.id, inbound.kind = %row.kind, "a mail came in");
    let mut tx = engine.db.read().await?;
    answer(&mut tx, row, false, settled).await
}

/// Whoever took the mail in first may still wait for what it stopped, or have ended in between: so that is looked for
/// again before this answers.
async fn answer_known(engine: &Engine, mut tx: Tx, row: InboundRow) -> NurtureResult<Received> {
    let mut ticket = StopTicket::nothing();
    if let Some(lead) = row.lead
        && let Some(stored) = leads::by_id(&mut tx, lead).await?
        && (stored.lead.closed_by.is_some() || stored.lead.with == Party::Sales)
    {
        ticket = StopTicket::of_sending(&mut tx, lead).await?;
    }
    drop(tx);
    let found = ticket.settle(engine).await?;
    let mut tx = engine.db.read().await?;
    answer(&mut tx, row, true, found).await
}

async fn answer(tx: &mut Tx, row: InboundRow, known: bool, found: Found) -> NurtureResult<Received> {
    let lead = match row.lead {
        Some(lead) => leads::by_id(tx, lead).await?,
        None => None,
    };
    Ok(Received {
        kind: row.kind,
        evidence: row.evidence,
        lead: row.lead,
        email: lead.map(|stored| stored.lead.email.to_string()),
        message: row.message,
        matched_by: row.matched_by,
        known,
        found,
    })
}

/// What a mail is taken for. What we sent ourselves is nobody's reply.
fn verdict(
    engine: &Engine,
    funnel: &crate::workspace::Funnel,
    read: &Result<InboundMail, inbound::Unreadable>,
) -> (InboundKind, String) {
    let mail = match read {
        Ok(mail) => mail,
        Err(why) => return (InboundKind::Unrelated, why.to_string()),
    };
    let ours = |id: &String| {
        let (left, host) = id.rsplit_once('@').unwrap_or_default();
        host.eq_ignore_ascii_case(&engine.message_domain) && engine.keys.read_message_id(left).is_some()
    };
    if mail.message_id.as_ref().is_some_and(ours) {
        return (InboundKind::Unrelated, "it is a mail of our own".to_owned());
    }
    let from = mail.from.as_ref().map(|from| from.address.to_lowercase()).unwrap_or_default();
    let team = funnel.team.iter().map(|(_, rep)| rep.email.as_str());
    let senders = funnel.senders.values().map(|sender| sender.email.as_str());
    if team.chain(senders).any(|own| own == from) {
        return (InboundKind::Unrelated, format!("it is from {from}, who is one of us"));
    }
    (mail.kind, mail.evidence.clone())
}

/// What stays the same on whichever way a mail comes.
fn content_hash(mail: &InboundMail, raw: &[u8]) -> String {
    let Some(id) = &mail.message_id else { return raw_hash(raw) };
    let from = mail.from.as_ref().map_or("", |from| from.address.as_str());
    fingerprint(&[id, from, &mail.subject, &mail.text].map(|part| format!("{}:{part}", part.len())).concat())
}

fn raw_hash(raw: &[u8]) -> String {
    fingerprint(&BASE64.encode(raw))
}

impl Record<'_> {
    /// Reports of machines stop a lead only if they know something that was in its mail: anybody can write that an address
    /// does not exist.
    async fn follow_mail(
        &mut self,
        kind: InboundKind,
        mail: &InboundMail,
        found: &Match,
    ) -> NurtureResult<StopTicket> {
        match kind {
            InboundKind::HumanReply => self.replied(mail, found).await,
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
                self.stop(found.lead, StopKind::Unsubscribe, &format!("asked for by mail: \"{words}\"")).await
            }
            InboundKind::Delayed
            | InboundKind::AuthFailureReport
            | InboundKind::DsnSuccess
            | InboundKind::Unrelated => Ok(StopTicket::nothing()),
        }
    }

    /// Somebody answered: the lead is a prospect, marketing waits, and the rep is told with the words.
    async fn replied(&mut self, mail: &InboundMail, found: &Match) -> NurtureResult<StopTicket> {
        let deed = Deed {
            kind: EventKind::Replied,
            at: self.now,
            message: found.message,
            details: details(mail),
            client_id: None,
        };
        let planned = self.planned(found.lead).await?;
        // Without a key of its own, an event is never one that is known.
        let Some(noted) = self.deed(found.lead, deed).await? else { return Ok(StopTicket::nothing()) };
        leads::set_prospect(self.tx, found.lead, self.now, noted.event).await?;
        let words = Words {
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            message_id: mail.message_id.clone(),
        };
        let ticket = match self.revision.workspace.funnel.reply_then {
            ReplyThen::HandOver => self.hand_over_reply(found.lead, &words).await?,
            ReplyThen::Hold => {
                let hold = Hold { kind: HoldKind::Reply, until: None };
                let ticket = self.hold(found.lead, hold, "a reply").await?;
                let stored = self.lead(found.lead).await?;
                notify::reply(self, &stored, &words).await?;
                ticket
            }
        };
        Ok(noted.ticket.and(ticket).instead_of(planned))
    }

    /// A machine answered: nothing changes, unless it says until when the person is away.
    async fn auto_replied(&mut self, mail: &InboundMail, found: &Match) -> NurtureResult<StopTicket> {
        self.note_mail(EventKind::AutoReplied, mail, found).await?;
        let Some(day) = mail.absent_until else { return Ok(StopTicket::nothing()) };
        let stored = self.lead(found.lead).await?;
        // Notes name the first day back as often as the last day away: marketing waits for the day after.
        let midnight = day.succ_opt().unwrap_or(day).and_time(chrono::NaiveTime::MIN);
        let until = resolve(midnight, zone_of(self.revision, &stored.lead));
        if until <= self.now || until > self.now + LONGEST_ABSENCE {
            return Ok(StopTicket::nothing());
        }
        self.hold(found.lead, Hold { kind: HoldKind::Absence, until: Some(until) }, "an absence note").await
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
        let dead = about.is_some_and(|report| report.dead) && found.by != MatchedBy::Sender;
        if !dead || self.trips(&mail.evidence) {
            self.note_mail(EventKind::BouncedSoftly, mail, found).await?;
            return Ok(StopTicket::nothing());
        }
        let said = about.and_then(|report| report.diagnostic.clone());
        let because = said.unwrap_or_else(|| mail.evidence.clone());
        self.note_mail(EventKind::Bounced, mail, found).await?;
        self.stop(found.lead, StopKind::HardBounce, &because).await
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
