//! Telling reps: mails to sales, put into the outbox with what they tell of, and sent from there.

mod letter;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::{info, warn};

pub use super::dossier::Words;
use super::dossier::{self, Occasion};
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use super::telling;
use crate::domain::event::{Details, EventKind};
use crate::domain::outcome::{RETRY_FOR, backoff};
use crate::domain::time::{MINUTE, SECOND, Timestamp};
use crate::storage::events::{self, Event};
use crate::storage::leads::StoredLead;
use crate::storage::outbox::{self, OutboxItem};
use letter::send;

/// The kind of outbox rows that are mails to reps.
pub(super) const MAIL: &str = "mail";

/// A mail of a hand-over waits so long for what comes at the same moment, such as a reply: the rep gets one mail.
const GATHER: i64 = SECOND;

/// The longest attempt.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Nobody else tries an item while an attempt may still run, in milliseconds.
const LEASE: i64 = 15 * MINUTE;

/// A mail to a rep, as the outbox keeps it: why there is one. What it says is read when it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RepMail {
    from_name: String,
    from_email: String,
    to_name: String,
    to_email: String,
    /// The lead: the rep answers it by pressing "reply".
    reply_to: String,
    /// Who answered for the lead, and is answered as well.
    #[serde(default)]
    colleague: Option<String>,
    /// The Message-ID of the lead's mail that this one is about.
    #[serde(default)]
    in_reply_to: Option<String>,
    /// The rows in `inbound` of the mails that it tells of: their files are sent along.
    #[serde(default)]
    inbound: Vec<i64>,
    /// A key of `[team.NAME]`: whose links are in it.
    #[serde(default)]
    rep: String,
    /// None in those that earlier versions wrote.
    #[serde(default)]
    occasion: Option<Occasion>,
    /// What earlier versions wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
}

impl RepMail {
    /// Says whose words the mail brings.
    fn bring(&mut self, words: &Words) {
        self.in_reply_to = words.message_id.clone();
        self.inbound.push(words.inbound);
        self.colleague = words.colleague.as_ref().map(|colleague| colleague.email.to_string());
    }

    /// Whether it can bring words to a rep as well. What recalls them is about something else, and earlier versions wrote
    /// whole texts.
    fn can_bring_to(&self, rep: &str) -> bool {
        self.rep == rep && self.occasion.as_ref().is_some_and(|occasion| !occasion.recalls())
    }
}

/// Tells a rep that a lead is theirs now.
pub async fn hand_over(
    record: &mut Record<'_>,
    lead: &StoredLead,
    rep: Option<&str>,
    cause: &str,
    words: Option<&Words>,
) -> NurtureResult<()> {
    let occasion = Occasion::HandOver(cause.to_owned());
    let Some(mut mail) = mail_to(record, lead, rep, occasion) else { return Ok(()) };
    words.into_iter().for_each(|words| mail.bring(words));
    // Words are told at once.
    let due = if words.is_some() { record.now } else { record.now + GATHER };
    put(record, lead, &mail, due).await
}

/// Brings the rep of a lead that is with sales already what it wrote; while the rep is away, also whoever stands in.
pub async fn reply(record: &mut Record<'_>, lead: &StoredLead, words: &Words) -> NurtureResult<()> {
    let owner = lead.lead.owner.as_deref();
    bring(record, lead, owner, words).await?;
    let revision = record.revision;
    match owner.and_then(|owner| revision.workspace.funnel.stand_in(owner, record.now)) {
        Some(deputy) => bring(record, lead, Some(deputy), words).await,
        None => Ok(()),
    }
}

/// Brings a rep what a lead wrote. If the rep has not been told of the lead yet, one mail tells both.
async fn bring(
    record: &mut Record<'_>,
    lead: &StoredLead,
    rep: Option<&str>,
    words: &Words,
) -> NurtureResult<()> {
    let Some(mut mail) = mail_to(record, lead, rep, Occasion::Reply) else { return Ok(()) };
    for item in outbox::untried(record.tx, lead.lead.id, MAIL).await? {
        let waiting = serde_json::from_str::<RepMail>(&item.payload);
        let Some(mut waiting) = waiting.ok().filter(|waiting| waiting.can_bring_to(&mail.rep)) else {
            continue;
        };
        waiting.bring(words);
        if outbox::amend(record.tx, item.id, &to_json(&waiting), record.now).await? {
            return Ok(());
        }
    }
    mail.bring(words);
    put(record, lead, &mail, record.now).await
}

/// Tells the owner of a lead something; the first of the team if it has none.
pub async fn owner(record: &mut Record<'_>, lead: &StoredLead, what: &str) -> NurtureResult<()> {
    let owner = lead.lead.owner.clone();
    tell(record, lead, owner.as_deref(), Occasion::Note(what.to_owned())).await
}

/// Tells whoever had a lead that a colleague has it now.
pub async fn taken_over(
    record: &mut Record<'_>,
    lead: &StoredLead,
    former: Option<&str>,
    by: &str,
) -> NurtureResult<()> {
    let funnel = &record.revision.workspace.funnel;
    let Some(former) = former.filter(|former| *former != by && funnel.rep(former).is_some()) else {
        return Ok(());
    };
    let what = dossier::phrases(funnel).taken_over.replace("{rep}", funnel.rep_name(by));
    tell(record, lead, Some(former), Occasion::Note(what)).await
}

/// Tells a rep something of a lead.
pub(super) async fn tell(
    record: &mut Record<'_>,
    lead: &StoredLead,
    rep: Option<&str>,
    occasion: Occasion,
) -> NurtureResult<()> {
    let Some(mail) = mail_to(record, lead, rep, occasion) else { return Ok(()) };
    put(record, lead, &mail, record.now).await
}

/// A mail to a rep, or to the first of the team. None: there is nobody.
fn mail_to(record: &Record<'_>, lead: &StoredLead, rep: Option<&str>, occasion: Occasion) -> Option<RepMail> {
    let funnel = &record.revision.workspace.funnel;
    let named = rep.and_then(|rep| funnel.team.iter().find(|(key, _)| key == rep));
    let sender = funnel.senders.get(&funnel.defaults.sender);
    let (Some((key, rep)), Some(sender)) = (named.or(funnel.team.first()), sender) else {
        warn!(lead.id = lead.lead.id, "nobody is told: there is no [team.NAME] in funnel.toml");
        return None;
    };
    // Whoever stands behind a rep has to talk to the rep first.
    let late = match &occasion {
        Occasion::Escalated(late) => funnel.rep(late),
        _ => None,
    };
    let reply_to = late.map_or(&lead.lead.email, |rep| &rep.email);
    Some(RepMail {
        from_name: sender.name.clone(),
        from_email: sender.email.to_string(),
        to_name: rep.name.clone(),
        to_email: rep.email.to_string(),
        reply_to: reply_to.to_string(),
        rep: key.clone(),
        occasion: Some(occasion),
        subject: String::new(),
        text: String::new(),
        colleague: None,
        in_reply_to: None,
        inbound: Vec::new(),
    })
}

async fn put(
    record: &mut Record<'_>,
    lead: &StoredLead,
    mail: &RepMail,
    due: Timestamp,
) -> NurtureResult<()> {
    let item = OutboxItem {
        id: record.tx.id()?,
        lead: lead.lead.id,
        kind: MAIL.to_owned(),
        payload: to_json(mail),
        attempt: 0,
        first_at: record.now,
    };
    Ok(outbox::insert(record.tx, &item, due).await?)
}

/// Texts always have a JSON text.
fn to_json(mail: &RepMail) -> String {
    serde_json::to_string(mail).unwrap_or_default()
}

/// Sends what is due in the outbox. How many items were tried.
pub async fn step(engine: &Engine) -> NurtureResult<usize> {
    let _telling = engine.telling.begin();
    let items = telling::claim(engine, MAIL, 1, LEASE).await?;
    for item in &items {
        attempt(engine, item).await?;
    }
    Ok(items.len())
}

async fn attempt(engine: &Engine, item: &OutboxItem) -> NurtureResult<()> {
    let tried = match serde_json::from_str::<RepMail>(&item.payload) {
        Ok(mail) => match tokio::time::timeout(PATIENCE, send(engine, item, &mail)).await {
            Ok(sent) => sent,
            Err(_) => Err(("the relay took too long".to_owned(), true)),
        },
        Err(error) => Err((format!("unreadable: {error}"), false)),
    };
    let now = engine.clock.now();
    let mut tx = engine.db.begin().await?;
    match tried {
        Ok(left_out) => outbox::done(&mut tx, item.id, left_out, now).await?,
        Err((why, true)) if now - item.first_at < RETRY_FOR => {
            let due = now + backoff(item.attempt + 1, item.id.unsigned_abs());
            outbox::retry(&mut tx, item.id, due, &why).await?;
        }
        Err((why, _)) => {
            warn!(outbox.id = item.id, "a mail to a rep is given up: {why}");
            outbox::done(&mut tx, item.id, Some(&why), now).await?;
            let details = Details { because: Some(why), ..Details::default() };
            let untold = Event { lead: item.lead, message: None, kind: EventKind::Untold, at: now, details };
            events::insert(&mut tx, &[untold]).await?;
        }
    }
    tx.commit().await?;
    info!(outbox.id = item.id, lead.id = item.lead, "outbox item tried");
    Ok(())
}

/// When the next mail to a rep is due.
pub async fn next(engine: &Engine) -> NurtureResult<Option<Timestamp>> {
    let mut tx = engine.db.read().await?;
    Ok(outbox::next(&mut tx, MAIL).await?)
}

/// Whether a mail to a rep is due, or only waits for what comes at the same moment.
///
/// # Errors
/// The database.
pub async fn is_about_to_tell(engine: &Engine) -> NurtureResult<bool> {
    let soon = engine.clock.now() + GATHER;
    Ok(next(engine).await?.is_some_and(|due| due <= soon))
}
