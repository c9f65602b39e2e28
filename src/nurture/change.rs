//! A [`Change`]: what somebody asks for one lead by hand, carried out and settled.

use std::collections::BTreeSet;
use std::time::Instant;

use tracing::warn;

use super::dossier::Occasion;
use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::import::LONG;
use super::notify;
use super::pause;
use super::record::{Deed, Found, LeadInput, NOT_INTERESTED, Noted, Record, StopTicket, Stored};
use crate::domain::consent::Consent;
use crate::domain::feedback::Feedback;
use crate::domain::gate::{Hold, HoldKind, StopKind};
use crate::domain::hand_over::{HandOverState, Origin};
use crate::domain::time::Timestamp;
use crate::storage::{leads, responses};

/// How often something is tried that other transactions are in the way of.
const TRIES: usize = 5;

/// Does something again that met a conflict with another transaction, and was rolled back whole.
pub(super) async fn patiently<T, F>(mut act: impl FnMut() -> F) -> NurtureResult<T>
where
    F: Future<Output = NurtureResult<T>>,
{
    let mut tries = 1;
    loop {
        match act().await {
            Err(NurtureError::Db(error)) if error.is_conflict() && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

/// Stores one lead, new or known.
///
/// # Errors
/// [`NurtureError::Refused`](super::NurtureError::Refused) if its external id is another lead's.
pub async fn store_lead(engine: &Engine, input: LeadInput) -> NurtureResult<Stored> {
    let (mut tx, revision) = engine.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let (stored, ticket) = record.store_lead(input).await?;
    tx.commit().await?;
    ticket.settle(engine).await?;
    Ok(stored)
}

/// Records what a lead did, and all that follows. The event and what it stopped; none if it was told before.
///
/// # Errors
/// [`NurtureError::NoLead`](super::NurtureError::NoLead).
pub async fn record_deed(engine: &Engine, lead: i64, deed: Deed) -> NurtureResult<Option<(i64, Found)>> {
    let (mut tx, revision) = engine.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let Some(noted) = record.deed(lead, deed).await? else { return Ok(None) };
    tx.commit().await?;
    engine.hint();
    Ok(Some((noted.event, noted.ticket.settle(engine).await?)))
}

/// The most deeds that are recorded in one transaction; fewer, if it takes long: some rules read all that a lead ever did.
const TOGETHER: usize = 25;

/// Records what leads did, some at a time, in the order given. For each what [`record_deed`] would answer.
///
/// # Errors
/// As [`record_deed`]; what was recorded before stays. Whoever repeats all of it names each deed by a key of its own.
pub async fn record_deeds(
    engine: &Engine,
    deeds: Vec<(i64, Deed)>,
) -> NurtureResult<Vec<Option<(i64, Found)>>> {
    let mut answers = Vec::with_capacity(deeds.len());
    let mut left = &deeds[..];
    while !left.is_empty() {
        let next = &left[..left.len().min(TOGETHER)];
        let recorded = patiently(|| record_some(engine, next)).await?;
        left = &left[recorded.len()..];
        for noted in recorded {
            answers.push(match noted {
                Some(Noted { event, ticket }) => Some((event, ticket.settle(engine).await?)),
                None => None,
            });
        }
        engine.hint();
    }
    Ok(answers)
}

/// Records the first of these deeds: at least one, and as many as a short transaction takes.
async fn record_some(engine: &Engine, deeds: &[(i64, Deed)]) -> NurtureResult<Vec<Option<Noted>>> {
    let (mut tx, revision) = engine.begin().await?;
    let began = Instant::now();
    // In the order of locks, before the first of them is changed.
    let ids: BTreeSet<i64> = deeds.iter().map(|(lead, _)| *lead).collect();
    leads::lock_all(&mut tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let mut noted = Vec::with_capacity(deeds.len());
    for (lead, deed) in deeds {
        noted.push(record.deed(*lead, deed.clone()).await?);
        if began.elapsed() >= LONG {
            break;
        }
    }
    tx.commit().await?;
    Ok(noted)
}

/// What the API, the pages and the command line can ask for one lead.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing is sent any more, until the person asks for it.
    Stop { kind: StopKind, because: String },
    /// The person leaves by the link in a mail, which is this message.
    Unsubscribe { message: i64, because: String },
    /// Nothing is sent until a time, or until somebody resumes.
    Pause { until: Option<Timestamp>, because: String },
    /// A pause, or an absence, is over.
    Resume,
    /// Sales takes over; `rep` is a key of `[team.NAME]`, if it is not left to the rules of routing.
    HandOver { cause: String, rep: Option<String>, origin: Origin },
    /// Sales gives the lead back, into a named sequence or to where it was. `reason` is a `[returned.NAME]`, or words;
    /// `words` says more.
    Return { reason: String, words: Option<String>, sequence: Option<String> },
    /// Sales works on the lead; `rep` is who does, if that is new.
    Accept { rep: Option<String>, opportunity: bool },
    /// Sales won the lead.
    Won { amount: Option<f64>, reason: Option<String> },
    /// Sales lost the lead. `reason` is a `[lost.NAME]`, or words; `words` says more.
    Lost { reason: String, words: Option<String> },
    /// The person is not interested: lost; and `never` to be written to again.
    No { never: bool, words: Option<String> },
    /// The rep comes back to the lead at a time, and is reminded then.
    Later { until: Timestamp },
    /// Sales and the lead agreed to meet.
    Meeting,
    /// The lead wants an offer.
    Offer,
    /// What came in was no reply.
    NotAReply,
    /// Somebody else is the one to talk to; `rep` is who says so and gets that lead, if it is not whoever has this one.
    WrongPerson { right: Box<LeadInput>, rep: Option<String> },
    /// What sales says of the last mail.
    Feedback(Feedback),
    /// The person agreed to something; `tracking` if it said so or not.
    Consent { consent: Consent, tracking: Option<bool> },
    /// The lead walks this sequence from its start.
    Enroll { sequence: String },
    /// The lead walks nowhere, until its stage changes or somebody enrolls it.
    Unenroll,
}

impl Change {
    /// Carries the change out and waits for what was on the wire. Once this answers, no mail that the change rules
    /// out starts any more. Whoever may be interrupted runs it in a task of its own: between the commit and the
    /// answer, claimed mails are still to be cancelled.
    ///
    /// # Errors
    /// [`NurtureError::NoLead`](super::NurtureError::NoLead), or
    /// [`NurtureError::Refused`](super::NurtureError::Refused) if it makes no sense for the lead as it is.
    pub async fn carry_out(self, engine: &Engine, lead: i64) -> NurtureResult<Found> {
        let began = Instant::now();
        self.prepare(engine, lead).await?;
        let found = patiently(|| self.clone().try_once(engine, lead)).await;
        engine.metrics.stopped(began.elapsed());
        found
    }

    /// Does what takes locks that come before those of the lead: each of it is right by itself, and done again does nothing.
    pub(super) async fn prepare(&self, engine: &Engine, lead: i64) -> NurtureResult<()> {
        match self {
            Change::No { never: true, words } => {
                must_be_with_sales(engine, lead).await?;
                let because = words.clone().unwrap_or_else(|| "said so to sales".to_owned());
                let stop = Change::Stop { kind: StopKind::Objection, because };
                patiently(|| stop.clone().try_once(engine, lead)).await?;
            }
            Change::WrongPerson { right, rep } => {
                patiently(|| refer(engine, lead, right, rep.as_deref())).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn try_once(self, engine: &Engine, lead: i64) -> NurtureResult<Found> {
        let (mut tx, revision) = engine.begin().await?;
        let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
        let ticket = self.apply(&mut record, lead).await?;
        tx.commit().await?;
        engine.hint();
        let found = ticket.settle(engine).await?;
        // The change is carried out, whatever comes of this; it is asked for again.
        let paused = pause::if_asked(engine).await;
        paused.unwrap_or_else(|error| warn!("whether sending is to pause could not be seen: {error}"));
        Ok(found)
    }

    /// Carries the change out within a transaction; the ticket is settled after its commit.
    pub(super) async fn apply(self, record: &mut Record<'_>, lead: i64) -> NurtureResult<StopTicket> {
        let nothing = StopTicket::nothing();
        match self {
            Change::Stop { kind, because } => record.stop(lead, kind, &because).await,
            Change::Unsubscribe { message, because } => {
                record.stop_by(lead, StopKind::Unsubscribe, &because, Some(message)).await
            }
            Change::Pause { until, because } => {
                record.hold(lead, Hold { kind: HoldKind::Pause, until }, &because).await
            }
            Change::Resume => record.resume(lead).await.map(|()| nothing),
            Change::HandOver { cause, rep, origin } => {
                record.hand_over(lead, &cause, rep.as_deref(), origin).await
            }
            Change::Consent { consent, tracking } => {
                record.consent(lead, consent, tracking).await.map(|()| nothing)
            }
            Change::Enroll { sequence } => record.enroll(lead, &sequence).await,
            Change::Unenroll => record.unenroll(lead).await,
            of_sales => of_sales.apply_of_sales(record, lead).await,
        }
    }

    async fn apply_of_sales(self, record: &mut Record<'_>, lead: i64) -> NurtureResult<StopTicket> {
        let nothing = StopTicket::nothing();
        match self {
            Change::Return { reason, words, sequence } => {
                no_slip(&reason, record.revision.workspace.funnel.sales.meant_return(&reason))?;
                record.give_back(lead, &reason, words.as_deref(), sequence.as_deref()).await
            }
            Change::Accept { rep, opportunity } => {
                let state = if opportunity { HandOverState::Opportunity } else { HandOverState::Accepted };
                record.accept(lead, state, rep.as_deref()).await.map(|()| nothing)
            }
            Change::Won { amount, reason } => record.win(lead, amount, reason.as_deref()).await,
            Change::Lost { reason, words } => {
                no_slip(&reason, record.revision.workspace.funnel.sales.meant_loss(&reason))?;
                record.lose(lead, &reason, words.as_deref()).await
            }
            Change::No { words, .. } => record.lose(lead, NOT_INTERESTED, words.as_deref()).await,
            Change::Later { until } => record.postpone(lead, until).await.map(|()| nothing),
            Change::Meeting => record.meeting(lead).await.map(|()| nothing),
            Change::Offer => record.offer_asked(lead).await.map(|()| nothing),
            Change::NotAReply => record.not_a_reply(lead).await,
            Change::WrongPerson { right, .. } => record.refer(lead, right.email.as_str()).await,
            Change::Feedback(feedback) => record.feedback(lead, &feedback).await.map(|()| nothing),
            // All others are none of sales.
            _ => Ok(nothing),
        }
    }
}

/// A name that was misspelt would be taken for words, and nothing that funnel.toml says of it would follow.
fn no_slip(reason: &str, meant: Option<&str>) -> NurtureResult<()> {
    let Some(meant) = meant else { return Ok(()) };
    Err(NurtureError::Refused(format!("funnel.toml has no reason \"{reason}\"; did you mean \"{meant}\"?")))
}

async fn must_be_with_sales(engine: &Engine, lead: i64) -> NurtureResult<()> {
    let mut tx = engine.db.read().await?;
    let open = responses::open_of(&mut tx, lead).await?;
    open.map(|_| ()).ok_or_else(|| NurtureError::Refused("the lead is not with sales".into()))
}

/// Makes the right person known, and hands them to the rep who names them. One who is with sales already stays with their
/// rep, who is told. Marketing writes to them only if they agreed to it some other way.
async fn refer(engine: &Engine, from: i64, right: &LeadInput, by: Option<&str>) -> NurtureResult<()> {
    let (mut tx, revision) = engine.begin().await?;
    let stored = leads::by_id(&mut tx, from).await?.ok_or_else(|| NurtureError::NoLead(from.to_string()))?;
    let open = responses::open_of(&mut tx, from).await?;
    let open = open.ok_or_else(|| NurtureError::Refused("the lead is not with sales".into()))?;
    if stored.lead.email == right.email {
        return Err(NurtureError::Refused("that is the same person".into()));
    }
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    // Whoever is named is a colleague, unless it is known otherwise.
    let known = leads::by_email(record.tx, &right.email).await?;
    let works_elsewhere = known.is_some_and(|known| known.lead.company.is_some());
    let company = right.company.clone().or(stored.lead.company.clone().filter(|_| !works_elsewhere));
    let (new, ticket) = record.store_lead(LeadInput { company, ..right.clone() }).await?;
    let cause = format!("named in place of {}", stored.lead.email);
    let ticket = match responses::open_of(record.tx, new.id).await? {
        Some(theirs) => {
            // Said again, it is told once.
            if theirs.cause != cause {
                let right = record.lead(new.id).await?;
                notify::tell(&mut record, &right, theirs.rep.as_deref(), Occasion::Note(cause)).await?;
            }
            ticket
        }
        None => {
            let rep = by.filter(|by| revision.workspace.funnel.rep(by).is_some()).or(open.rep.as_deref());
            ticket.and(record.hand_over(new.id, &cause, rep, Origin::Person).await?)
        }
    };
    tx.commit().await?;
    engine.hint();
    ticket.settle(engine).await?;
    Ok(())
}
