//! Mails that wait for a person: which they are, what they say, and what somebody decides.

use data_encoding::BASE64;
use serde::Serialize;

use super::effects::Arrival;
use super::matching::Match;
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::mail::inbound::{self, InboundMail};
use crate::nurture::change::patiently;
use crate::nurture::engine::Engine;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::lookup;
use crate::nurture::pause;
use crate::nurture::record::{Found, Record, StopTicket};
use crate::storage::inbound::{self as stored, Entry};
use crate::storage::leads;

/// A mail that came in, for people.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    pub id: i64,
    #[serde(serialize_with = "as_rfc3339")]
    pub received_at: Timestamp,
    pub kind: InboundKind,
    /// Why it waits, or how it was resolved.
    pub state: String,
    pub waits: bool,
    /// The header or line that decided what it is.
    pub evidence: String,
    /// The lead that it concerns.
    pub lead: Option<String>,
    pub from: String,
    pub subject: String,
    /// What the person wrote, without what is quoted.
    pub text: String,
    pub attachments: Vec<String>,
}

/// Mails, the newest first: those that wait for a person, or all.
///
/// # Errors
/// The database.
pub async fn list(engine: &Engine, all: bool, limit: i64) -> NurtureResult<Vec<Seen>> {
    let mut tx = engine.db.read().await?;
    let entries = match all {
        true => stored::newest(&mut tx, limit).await?,
        false => stored::waiting(&mut tx, limit).await?,
    };
    drop(tx);
    let mut seen = Vec::with_capacity(entries.len());
    for entry in entries {
        seen.push(look(engine, entry).await?.0);
    }
    Ok(seen)
}

/// One mail, and its bytes as they came.
///
/// # Errors
/// [`NurtureError::Refused`] if there is no such mail.
pub async fn show(engine: &Engine, id: i64) -> NurtureResult<(Seen, Vec<u8>)> {
    let mut tx = engine.db.read().await?;
    let entry = stored::by_id(&mut tx, id).await?.ok_or_else(|| no_mail(id))?;
    drop(tx);
    look(engine, entry).await
}

/// How many mails wait for a person.
///
/// # Errors
/// The database.
pub async fn count(engine: &Engine) -> NurtureResult<i64> {
    let mut tx = engine.db.read().await?;
    Ok(stored::count_waiting(&mut tx).await?)
}

fn no_mail(id: i64) -> NurtureError {
    NurtureError::Refused(format!("no mail {id} came in; `dripline inbound list --all` shows those that did"))
}

async fn look(engine: &Engine, entry: Entry) -> NurtureResult<(Seen, Vec<u8>)> {
    let mut tx = engine.db.read().await?;
    let raw = stored::raw(&mut tx, entry.row.id).await?.unwrap_or_default();
    let lead = match entry.row.lead {
        Some(lead) => leads::by_id(&mut tx, lead).await?.map(|stored| stored.lead.email.to_string()),
        None => None,
    };
    drop(tx);
    let raw = BASE64.decode(raw.as_bytes()).unwrap_or_default();
    let mail = inbound::read(&raw).ok();
    Ok((seen(entry, lead, mail), raw))
}

fn seen(entry: Entry, lead: Option<String>, mail: Option<InboundMail>) -> Seen {
    let waits = entry.resolved_at.is_none();
    let state = match (&entry.resolution, waits) {
        (Some(how), _) => how.clone(),
        (None, true) => why_waiting(&entry).to_owned(),
        (None, false) => "done".to_owned(),
    };
    let from = mail.as_ref().and_then(|mail| mail.from.clone()).map(|from| match from.name {
        Some(name) => format!("{name} <{}>", from.address),
        None => from.address,
    });
    let row = entry.row;
    Seen {
        id: row.id,
        received_at: row.received_at,
        kind: row.kind,
        state,
        waits,
        evidence: row.evidence,
        lead,
        from: from.unwrap_or_default(),
        subject: mail.as_ref().map(|mail| mail.subject.clone()).unwrap_or_default(),
        attachments: mail.iter().flat_map(|mail| &mail.attachments).map(|file| file.name.clone()).collect(),
        text: mail.map(|mail| mail.text).unwrap_or_default(),
    }
}

fn why_waiting(entry: &Entry) -> &'static str {
    match (entry.row.kind, entry.row.lead) {
        (InboundKind::Unrelated, _) => "nobody knows what it is",
        (InboundKind::Complaint, Some(_)) => "anybody could have written this complaint",
        _ => "it concerns no lead that is known",
    }
}

/// What somebody decides about a mail.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Nothing follows.
    Ignore,
    /// It is of this kind (else what it was taken for), and concerns this lead (else the one that was found): its email
    /// address or its id.
    Take { lead: Option<String>, kind: Option<InboundKind> },
}

impl Decision {
    /// Whether it corrects what a mail was taken for, or whom it was taken to concern.
    fn changes(&self, known: InboundKind) -> bool {
        match self {
            Self::Ignore => false,
            Self::Take { lead, kind } => lead.is_some() || kind.is_some_and(|kind| kind != known),
        }
    }
}

/// Carries a decision out: the mail takes its effects as if it had been understood when it came.
///
/// # Errors
/// [`NurtureError::Refused`] if the mail or the lead is not known, or nothing says whom it concerns.
pub async fn resolve(engine: &Engine, id: i64, decision: &Decision) -> NurtureResult<Found> {
    let (_, raw) = show(engine, id).await?;
    let mail = inbound::read_on(&raw, Some(engine.clock.now().utc().date_naive()));
    let found = patiently(|| try_once(engine, id, decision, mail.as_ref().ok())).await;
    pause::if_asked(engine).await?;
    found
}

async fn try_once(
    engine: &Engine,
    id: i64,
    decision: &Decision,
    mail: Option<&InboundMail>,
) -> NurtureResult<Found> {
    let (mut tx, revision) = engine.begin().await?;
    let now = engine.clock.now();
    let entry = stored::locked(&mut tx, id).await?.ok_or_else(|| no_mail(id))?;
    // Two people may decide at once, and a page may be sent twice: the effects follow once.
    if entry.resolved_at.is_some() && (entry.resolution.is_some() || !decision.changes(entry.row.kind)) {
        let how = entry.resolution.as_deref().unwrap_or("done");
        return Err(NurtureError::Refused(format!("mail {id} is resolved already ({how})")));
    }
    let mut row = entry.row;
    let (resolution, ticket) = match decision {
        Decision::Ignore => ("ignored".to_owned(), StopTicket::nothing()),
        Decision::Take { lead, kind } => {
            let mail = mail.ok_or_else(|| {
                NurtureError::Refused(format!(
                    "the mail cannot be read ({}): ignore it, or do by hand what it asks for",
                    row.evidence
                ))
            })?;
            if let Some(name) = lead {
                row.lead = Some(lookup::find(&mut tx, name).await?.lead.id);
                row.message = None;
            }
            let lead = row
                .lead
                .ok_or_else(|| NurtureError::Refused("say whom it concerns: --lead EMAIL".to_owned()))?;
            row.kind = kind.unwrap_or(row.kind);
            if row.kind == InboundKind::Unrelated {
                return Err(NurtureError::Refused(
                    "say what it is: --as human_reply, for example".to_owned(),
                ));
            }
            row.matched_by = Some(MatchedBy::ByHand);
            let found = Match { by: MatchedBy::ByHand, lead, message: row.message };
            let mut record = Record { tx: &mut tx, engine, revision: &revision, now };
            let ticket = record.follow_mail(row.kind, &Arrival { id, mail, found: &found }).await?;
            (format!("taken for {} by hand", row.kind), ticket)
        }
    };
    stored::resolve(&mut tx, &row, Some(&resolution), now).await?;
    tx.commit().await?;
    engine.hint();
    engine.telling.hint();
    ticket.settle(engine).await
}
