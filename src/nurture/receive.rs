//! A mail that came in: whom it concerns, and all that follows, in one transaction.

mod effects;
mod matching;
mod own;
mod soft_run;
pub mod waiting;

use data_encoding::BASE64;
use serde::Serialize;
use tracing::info;

use std::time::Instant;

use super::change::patiently;
use super::engine::Engine;
use super::error::NurtureResult;
use super::pause;
use super::record::{Found, Record, StopTicket};
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::stage::Party;
use crate::domain::token::fingerprint;
use crate::mail::inbound::{self, InboundMail};
use crate::storage::inbound::{self as stored, InboundRow};
use crate::storage::{Tx, leads};
use crate::workspace::Funnel;
use effects::Arrival;
use matching::{Match, find};
use own::WrittenTo;

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
    let read = inbound::read_on(raw, Some(engine.clock.now().utc().date_naive()));
    let hash = match &read {
        Ok(mail) => content_hash(mail, raw),
        Err(_) => raw_hash(raw),
    };
    // Before the transaction: it holds the one writer.
    let raw = BASE64.encode(raw);
    let received = patiently(|| record(engine, &read, &hash, &raw, false)).await;
    pause::if_asked(engine).await?;
    engine.metrics.stopped(began.elapsed());
    received
}

/// Takes in a mail out of a folder of sent mail, if it goes to a lead that is with sales. All others are nobody's business,
/// and nothing of them is kept.
///
/// # Errors
/// As [`receive`].
pub async fn receive_sent(engine: &Engine, raw: &[u8]) -> NurtureResult<Option<Received>> {
    let Ok(mail) = inbound::read(raw) else { return Ok(None) };
    let mut tx = engine.db.read().await?;
    let to = own::written_to(&mut tx, &mail).await?;
    drop(tx);
    if to.with_sales.is_empty() {
        return Ok(None);
    }
    let (hash, raw) = (content_hash(&mail, raw), BASE64.encode(raw));
    let read = Ok(mail);
    patiently(|| record(engine, &read, &hash, &raw, true)).await.map(Some)
}

async fn record(
    engine: &Engine,
    read: &Result<InboundMail, inbound::Unreadable>,
    hash: &str,
    raw: &str,
    is_sent: bool,
) -> NurtureResult<Received> {
    let (mut tx, revision) = engine.begin().await?;
    let funnel = &revision.workspace.funnel;
    let origin = origin(engine, funnel, &mut tx, read, is_sent).await?;
    let Verdict { kind, evidence, is_settled, author } = verdict(engine, funnel, read, origin);
    let Concerned { found, written_to } = concerned(engine, &mut tx, read, author.is_some()).await?;
    // Anybody can write in the name of one of us: what goes to no lead is looked at.
    let is_settled = written_to.as_ref().map_or(is_settled, |to| to.is_settled);
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
    if is_settled {
        stored::resolve(&mut tx, &row, None, row.received_at).await?;
    }
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: row.received_at };
    let ticket = match (read, author.zip(written_to), &found) {
        (Ok(mail), Some((author, to)), _) => {
            record.seen_by(&to.with_sales, &author, mail).await?;
            StopTicket::nothing()
        }
        (Ok(mail), None, Some(found)) => {
            record.follow_mail(kind, &Arrival { id: row.id, mail, found }).await?
        }
        _ => StopTicket::nothing(),
    };
    tx.commit().await?;
    engine.hint();
    engine.telling.hint();
    let settled = ticket.settle(engine).await?;
    info!(inbound.id = row.id, inbound.kind = %row.kind, "a mail came in");
    let mut tx = engine.db.read().await?;
    answer(&mut tx, row, false, settled).await
}

/// Whom a mail concerns.
#[derive(Default)]
struct Concerned {
    found: Option<Match>,
    /// The leads that a mail of ours goes to.
    written_to: Option<WrittenTo>,
}

async fn concerned(
    engine: &Engine,
    tx: &mut Tx,
    read: &Result<InboundMail, inbound::Unreadable>,
    is_ours: bool,
) -> NurtureResult<Concerned> {
    let Ok(mail) = read else { return Ok(Concerned::default()) };
    if !is_ours {
        return Ok(Concerned { found: find(engine, tx, mail).await?, written_to: None });
    }
    let to = own::written_to(tx, mail).await?;
    let first = to.with_sales.first();
    let found = first.map(|lead| Match { by: MatchedBy::Recipient, lead: *lead, message: None });
    Ok(Concerned { found, written_to: Some(to) })
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

/// Where a mail is from, as far as it matters for whether it is ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A folder of what somebody of the company sent.
    SentFolder,
    /// The address of a lead is its sender, who answered an address for copies as well.
    Lead,
    Anybody,
}

async fn origin(
    engine: &Engine,
    funnel: &Funnel,
    tx: &mut Tx,
    read: &Result<InboundMail, inbound::Unreadable>,
    is_sent: bool,
) -> NurtureResult<Origin> {
    Ok(match read {
        _ if is_sent => Origin::SentFolder,
        Ok(mail) if own::is_of_lead(engine, funnel, tx, mail).await? => Origin::Lead,
        _ => Origin::Anybody,
    })
}

/// What a mail is taken for here.
struct Verdict {
    kind: InboundKind,
    evidence: String,
    /// Nobody need look at it, though it concerns nobody.
    is_settled: bool,
    /// Who of the company wrote it.
    author: Option<String>,
}

impl Verdict {
    fn ours(evidence: String, author: Option<String>) -> Self {
        Self { kind: InboundKind::Unrelated, evidence, is_settled: true, author }
    }
}

/// What a mail is taken for. What we sent ourselves is nobody's reply.
fn verdict(
    engine: &Engine,
    funnel: &Funnel,
    read: &Result<InboundMail, inbound::Unreadable>,
    origin: Origin,
) -> Verdict {
    let mail = match read {
        Ok(mail) => mail,
        Err(why) => {
            let (kind, evidence) = (InboundKind::Unrelated, why.to_string());
            return Verdict { kind, evidence, is_settled: false, author: None };
        }
    };
    let ours = |id: &String| {
        let (left, host) = id.rsplit_once('@').unwrap_or_default();
        host.eq_ignore_ascii_case(&engine.message_domain) && engine.keys.read_message_id(left).is_some()
    };
    if mail.message_id.as_ref().is_some_and(ours) {
        return Verdict::ours("it is a mail of our own".to_owned(), None);
    }
    let from = mail.from.as_ref().map(|from| from.address.to_lowercase()).unwrap_or_default();
    match own::author(engine, funnel, mail, origin == Origin::Lead) {
        Some(author) => {
            return Verdict::ours(format!("it is from {from}, who is one of us"), Some(author));
        }
        None if origin == Origin::SentFolder => {
            return Verdict::ours(format!("it is from {from}, in a folder of sent mail"), Some(from));
        }
        None => {}
    }
    let (kind, evidence) = (mail.kind, mail.evidence.clone());
    Verdict { kind, evidence, is_settled: mail.is_receipt, author: None }
}

/// What stays the same on whichever way a mail comes.
fn content_hash(mail: &InboundMail, raw: &[u8]) -> String {
    let Some(id) = &mail.message_id else { return raw_hash(raw) };
    let from = mail.from.as_ref().map_or("", |from| from.address.as_str());
    // Servers and providers fold lines each in their own way.
    let text: String = mail.text.split_whitespace().collect();
    fingerprint(&[id, from, &mail.subject, &text].map(|part| format!("{}:{part}", part.len())).concat())
}

fn raw_hash(raw: &[u8]) -> String {
    fingerprint(&BASE64.encode(raw))
}
