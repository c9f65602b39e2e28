//! Telling reps: mails to sales, put into the outbox with what they tell of, and sent from there.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use crate::domain::outcome::{RETRY_FOR, backoff};
use crate::domain::time::{MINUTE, Timestamp};
use crate::mail::compose::{Letter, Mailbox};
use crate::mail::delivery::{Delivery, Envelope};
use crate::storage::leads::StoredLead;
use crate::storage::outbox::{self, OutboxItem};

/// The kind of outbox rows that are mails to reps.
const MAIL: &str = "mail";

/// How many mails to reps are sent in one step.
const BATCH: i64 = 8;

/// Nobody else tries an item while an attempt may still run.
const LEASE: i64 = 5 * MINUTE;

/// A mail to a rep, as the outbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RepMail {
    from_name: String,
    from_email: String,
    to_name: String,
    to_email: String,
    /// The lead: the rep answers it by pressing "reply".
    reply_to: String,
    subject: String,
    text: String,
}

/// Tells a rep that a lead is theirs now.
pub async fn hand_over(
    record: &mut Record<'_>,
    lead: &StoredLead,
    rep: Option<&str>,
    cause: &str,
) -> NurtureResult<()> {
    let subject = format!("{}: {cause}", name(lead));
    let text = format!("{} was handed over to you: {cause}.\n\n{}", name(lead), dossier(lead));
    tell(record, lead, rep, subject, text).await
}

/// Tells the owner of a lead something; the first of the team if it has none.
pub async fn owner(record: &mut Record<'_>, lead: &StoredLead, what: &str) -> NurtureResult<()> {
    let team = &record.revision.workspace.funnel.team;
    let rep = lead.lead.owner.clone().or_else(|| team.first().map(|(key, _)| key.clone()));
    let text = format!("{what}\n\n{}", dossier(lead));
    tell(record, lead, rep.as_deref(), format!("{}: {what}", name(lead)), text).await
}

async fn tell(
    record: &mut Record<'_>,
    lead: &StoredLead,
    rep: Option<&str>,
    subject: String,
    text: String,
) -> NurtureResult<()> {
    let funnel = &record.revision.workspace.funnel;
    let rep = rep.and_then(|rep| funnel.team.iter().find(|(key, _)| key == rep));
    let sender = funnel.senders.get(&funnel.defaults.sender);
    let (Some((_, rep)), Some(sender)) = (rep, sender) else {
        warn!(lead.id = lead.lead.id, "nobody is told: there is no [team.NAME] in funnel.toml");
        return Ok(());
    };
    let mail = RepMail {
        from_name: sender.name.clone(),
        from_email: sender.email.to_string(),
        to_name: rep.name.clone(),
        to_email: rep.email.to_string(),
        reply_to: lead.lead.email.to_string(),
        subject,
        text,
    };
    let item = OutboxItem {
        id: record.tx.id()?,
        lead: lead.lead.id,
        kind: MAIL.to_owned(),
        // Texts always have a JSON text.
        payload: serde_json::to_string(&mail).unwrap_or_default(),
        attempt: 0,
        first_at: record.now,
    };
    Ok(outbox::insert(record.tx, &item, record.now).await?)
}

/// What a lead is called.
fn name(lead: &StoredLead) -> String {
    let contact = &lead.lead.contact;
    let parts = [&contact.title, &contact.first_name, &contact.last_name];
    let full = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    let full = if full.is_empty() { lead.lead.email.to_string() } else { full };
    match &lead.lead.company {
        Some(company) => format!("{full} ({})", company.name),
        None => full,
    }
}

/// What is known about a lead, a line each.
fn dossier(lead: &StoredLead) -> String {
    let lead = &lead.lead;
    let known =
        ["email", "phone", "job_title", "company.name", "city", "country", "language", "source", "tags"];
    let lines = known.iter().filter_map(|field| Some(format!("{field}: {}", lead.field(field)?)));
    let stage = format!("stage: {}, {}", lead.stage, lead.qualification);
    lines.chain([stage]).collect::<Vec<_>>().join("\n")
}

/// Sends what is due in the outbox. How many items were tried.
pub async fn step(engine: &Engine) -> NurtureResult<usize> {
    // Once an item is leased, the outbox looks as if there was nothing to do.
    engine.telling.store(true, Ordering::SeqCst);
    let tried = send_due(engine).await;
    engine.telling.store(false, Ordering::SeqCst);
    tried
}

async fn send_due(engine: &Engine) -> NurtureResult<usize> {
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let next = outbox::next(&mut tx).await?;
    drop(tx);
    if next.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let mut tx = engine.db.begin().await?;
    let items = outbox::due(&mut tx, now, BATCH).await?;
    let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    outbox::lease(&mut tx, &ids, now + LEASE).await?;
    tx.commit().await?;
    for item in &items {
        attempt(engine, item).await?;
    }
    Ok(items.len())
}

async fn attempt(engine: &Engine, item: &OutboxItem) -> NurtureResult<()> {
    let trouble = match serde_json::from_str::<RepMail>(&item.payload) {
        Ok(mail) => send(engine, item, &mail).await.err(),
        Err(error) => Some((format!("unreadable: {error}"), false)),
    };
    let now = engine.clock.now();
    let mut tx = engine.db.begin().await?;
    match trouble {
        None => outbox::done(&mut tx, item.id, None, now).await?,
        Some((why, true)) if now - item.first_at < RETRY_FOR => {
            let due = now + backoff(item.attempt + 1, item.id.unsigned_abs());
            outbox::retry(&mut tx, item.id, due, &why).await?;
        }
        Some((why, _)) => {
            warn!(outbox.id = item.id, "a mail to a rep is given up: {why}");
            outbox::done(&mut tx, item.id, Some(&why), now).await?;
        }
    }
    tx.commit().await?;
    info!(outbox.id = item.id, lead.id = item.lead, "outbox item tried");
    Ok(())
}

/// Sends one mail; the trouble there was, and whether another try makes sense.
async fn send(engine: &Engine, item: &OutboxItem, mail: &RepMail) -> Result<(), (String, bool)> {
    let letter = Letter {
        message_id: format!("{}@{}", engine.keys.message_id(0, item.id), engine.message_domain),
        date: item.first_at,
        from: mailbox(&mail.from_name, &mail.from_email),
        to: mailbox(&mail.to_name, &mail.to_email),
        reply_to: Some(mailbox("", &mail.reply_to)),
        subject: &mail.subject,
        in_reply_to: None,
        unsubscribe: None,
        text: &mail.text,
        html: None,
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
    };
    let envelope = Envelope { from: Some(mail.from_email.clone()), to: mail.to_email.clone() };
    match engine.send_alone(&letter, envelope).await {
        Ok(Delivery::Answered(reply)) if reply.accepted() => Ok(()),
        Ok(Delivery::Answered(reply)) => Err((format!("{} {}", reply.code, reply.text), reply.code < 500)),
        Ok(Delivery::LostBefore(why) | Delivery::LostAfter(why)) => Err((why, true)),
        Ok(Delivery::Refused) => Err(("not started".to_owned(), true)),
        Err(why) => Err((why, true)),
    }
}

fn mailbox<'a>(name: &'a str, email: &'a str) -> Mailbox<'a> {
    Mailbox { name: (!name.is_empty()).then(|| name.into()), email: email.into() }
}

/// When the next mail to a rep is due.
pub async fn next(engine: &Engine) -> NurtureResult<Option<Timestamp>> {
    let mut tx = engine.db.read().await?;
    Ok(outbox::next(&mut tx).await?)
}
