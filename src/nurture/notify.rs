//! Telling reps: mails to sales, put into the outbox with what they tell of, and sent from there.

use std::time::Duration;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

pub use super::dossier::Words;
use super::dossier::{self, LeadSheet, Occasion, View};
use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::record::Record;
use super::revision::Revision;
use super::sales;
use crate::domain::address::Address;
use crate::domain::event::{Details, EventKind};
use crate::domain::inbound::InboundKind;
use crate::domain::outcome::{Outcome, RETRY_FOR, backoff};
use crate::domain::time::{MINUTE, SECOND, Timestamp};
use crate::domain::visible;
use crate::mail::compose::{Enclosure, Letter, Mailbox};
use crate::mail::delivery::{Delivery, Envelope};
use crate::mail::inbound::{self, File};
use crate::storage::Tx;
use crate::storage::events::{self, Event};
use crate::storage::inbound as stored;
use crate::storage::leads::StoredLead;
use crate::storage::outbox::{self, OutboxItem};

/// The kind of outbox rows that are mails to reps.
pub(super) const MAIL: &str = "mail";

/// A mail of a hand-over waits so long for what comes at the same moment, such as a reply: the rep gets one mail.
const GATHER: i64 = SECOND;

/// The longest attempt.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What the file with everything is sent as: no mail program shows it by itself, or quotes it.
const FILE: &str = "application/octet-stream";

/// Bytes of a lead's mail that is sent along as a whole.
const ORIGINAL: usize = 1024 * 1024;

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
    let name = funnel.rep(by).map_or(by, |rep| rep.name.as_str());
    let what = dossier::phrases(funnel).taken_over.replace("{rep}", name);
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
        Occasion::Escalated(late) => funnel.team.iter().find(|(key, _)| key == late),
        _ => None,
    };
    let reply_to = late.map_or(&lead.lead.email, |(_, rep)| &rep.email);
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
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let next = outbox::next(&mut tx, MAIL).await?;
    drop(tx);
    if next.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let mut tx = engine.db.begin().await?;
    let items = outbox::due(&mut tx, MAIL, now, 1).await?;
    let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    outbox::lease(&mut tx, &ids, now + LEASE).await?;
    tx.commit().await?;
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

/// Sends one mail, or says why it need not be sent any more; the trouble there was, and whether another try makes sense.
async fn send(
    engine: &Engine,
    item: &OutboxItem,
    mail: &RepMail,
) -> Result<Option<&'static str>, (String, bool)> {
    let safety = &engine.config.safety;
    let to = match &safety.redirect_all_to {
        Some(redirect) => redirect.as_str(),
        None => &mail.to_email,
    };
    if to.parse().is_ok_and(|to: Address| safety.redirect_all_to.is_none() && !safety.allows(&to)) {
        return Err(("[safety] only_to in dripline.toml leaves this address out".to_owned(), false));
    }
    let broken = |error: NurtureError| (error.to_string(), true);
    let told = told(engine, item, mail).await.map_err(broken)?;
    let told = match told {
        Written::Mail(told) => told,
        Written::Outdated => return Ok(Some(OUTDATED)),
        Written::NoLead => return Err(("the lead is gone".to_owned(), false)),
    };
    let files = enclosures(engine, &mail.inbound).await.map_err(broken)?;
    let own = told.file.iter().map(|(name, html)| Enclosure { name, media: FILE, bytes: html.as_bytes() });
    let files: Vec<Enclosure<'_>> = own
        .chain(files.iter().map(|file| Enclosure {
            name: &file.name,
            media: &file.media,
            bytes: &file.bytes,
        }))
        .collect();
    let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
    // Both are answered: a colleague who took over, and the lead.
    let both = mail.colleague.as_ref().map(|colleague| format!("{colleague}, {}", mail.reply_to));
    let alone = both.is_none().then(|| mailbox("", &mail.reply_to));
    headers.extend(both.map(|both| ("Reply-To", both)));
    // Strangers wrote parts of them.
    let (subject, text) = (visible::field(&told.subject), visible::text(&told.text));
    let html = told.html.as_deref().map(visible::text);
    let letter = Letter {
        message_id: format!("{}@{}", engine.keys.message_id(0, item.id), engine.message_domain),
        date: item.first_at,
        from: mailbox(&mail.from_name, &mail.from_email),
        to: mailbox(&mail.to_name, to),
        reply_to: alone,
        subject: &subject,
        in_reply_to: told.in_reply_to.clone(),
        unsubscribe: None,
        text: &text,
        html: html.as_deref(),
        headers,
    };
    let envelope = Envelope { from: Some(mail.from_email.clone()), to: to.to_owned() };
    match engine.send_alone(&letter, &files, envelope).await {
        Ok(Delivery::Answered(reply)) if reply.accepted() => Ok(None),
        // All but an address that is none may be mended within a day.
        Ok(Delivery::Answered(reply)) => {
            Err((format!("{} {}", reply.code, reply.text), reply.outcome() != Outcome::DeadAddress))
        }
        Ok(Delivery::LostBefore(why) | Delivery::LostAfter(why)) => Err((why, true)),
        Ok(Delivery::Refused) => Err(("not started".to_owned(), true)),
        Err(why) => Err((why, true)),
    }
}

/// Why a mail was not sent that nobody needs any more.
const OUTDATED: &str = "outdated: the rep does not have the lead any more";

/// A mail by the time that it is sent.
enum Written {
    Mail(Box<Told>),
    /// It tells of a hand-over that has ended, or is somebody else's.
    Outdated,
    /// There is no such lead any more.
    NoLead,
}

/// What a mail says.
struct Told {
    subject: String,
    text: String,
    html: Option<String>,
    /// The file with everything: its name, and HTML.
    file: Option<(&'static str, String)>,
    /// The Message-ID of what the lead wrote: the rep's answer stays in the thread.
    in_reply_to: Option<String>,
}

/// Writes a mail, from what is known by now.
async fn told(engine: &Engine, item: &OutboxItem, mail: &RepMail) -> NurtureResult<Written> {
    let Some(occasion) = &mail.occasion else {
        let (subject, text) = (mail.subject.clone(), mail.text.clone());
        let in_reply_to = mail.in_reply_to.clone();
        return Ok(Written::Mail(Box::new(Told { subject, text, html: None, file: None, in_reply_to })));
    };
    let revision = engine.revision().await?;
    let mut tx = engine.db.read().await?;
    let now = engine.clock.now();
    let Some(sheet) = LeadSheet::read(&mut tx, &revision, item.lead, now).await? else {
        return Ok(Written::NoLead);
    };
    let theirs = is_theirs(&revision, &sheet, &mail.rep, occasion, now);
    // The words of the lead, and notes, are worth reading in any case.
    if !theirs && mail.inbound.is_empty() && !matches!(occasion, Occasion::Note(_)) {
        return Ok(Written::Outdated);
    }
    let mut inbound = mail.inbound.clone();
    if inbound.is_empty() {
        inbound.extend(recalled(&mut tx, &sheet, occasion).await?);
    }
    let mut said = Vec::new();
    for id in inbound.iter().rev() {
        if let Some(raw) = raw(&mut tx, *id).await?
            && let Ok(read) = inbound::read(&raw)
        {
            said.push(Words::of(&read, *id, sheet.lead()));
        }
    }
    drop(tx);
    let mut ways = sales::ways(engine, &sheet, &mail.rep);
    if !theirs {
        ways.links.clear();
    }
    let view = View { revision: &revision, sheet: &sheet, occasion, said: &said, ways: &ways };
    let dossier::Told { subject, text, html, file } = dossier::write(&view);
    let in_reply_to = said.first().and_then(|words| words.message_id.clone());
    Ok(Written::Mail(Box::new(Told { subject, text, html: Some(html), file: Some(file), in_reply_to })))
}

/// Whether a rep may still speak for a lead in answer to a mail: the rep has it, stands in for whoever has it and is away, or
/// is asked to step in. Nobody of the team has a lead whose rep has left.
fn is_theirs(revision: &Revision, sheet: &LeadSheet, rep: &str, occasion: &Occasion, now: Timestamp) -> bool {
    let Some(response) = &sheet.response else { return true };
    let funnel = &revision.workspace.funnel;
    let has = response.rep.as_deref().filter(|has| funnel.rep(has).is_some());
    let stands_in = |has: &str| funnel.stand_in(has, now) == Some(rep);
    let steps_in = |has: &str| matches!(occasion, Occasion::Escalated(late) if late == has);
    response.closed_at.is_none() && has.is_none_or(|has| has == rep || stands_in(has) || steps_in(has))
}

/// The reply by which a lead came to sales, for a mail that brings no words of its own.
async fn recalled(tx: &mut Tx, sheet: &LeadSheet, occasion: &Occasion) -> NurtureResult<Option<i64>> {
    let takes_over = matches!(occasion, Occasion::HandOver(_));
    let Some(response) = sheet.response.as_ref().filter(|_| takes_over || occasion.recalls()) else {
        return Ok(None);
    };
    Ok(stored::last(tx, response.lead, InboundKind::HumanReply, response.opened_at).await?)
}

/// A mail that came in, as it came.
async fn raw(tx: &mut Tx, id: i64) -> NurtureResult<Option<Vec<u8>>> {
    let raw = stored::raw(tx, id).await?;
    Ok(raw.and_then(|raw| BASE64.decode(raw.as_bytes()).ok()))
}

/// The files of the mails that are told of, and each mail itself if it is small. All of them as files: no mail program
/// shows the lead's HTML, or loads what it refers to, before the rep opens it.
async fn enclosures(engine: &Engine, mails: &[i64]) -> NurtureResult<Vec<File>> {
    let mut files = Vec::new();
    for id in mails {
        let mut tx = engine.db.read().await?;
        let Some(raw) = raw(&mut tx, *id).await? else { continue };
        drop(tx);
        // A mail that was read once is readable.
        files.extend(inbound::files(&raw).unwrap_or_default());
        if raw.len() <= ORIGINAL {
            let media = "application/octet-stream".to_owned();
            files.push(File { name: format!("mail-{id}.eml"), media, bytes: raw });
        }
    }
    Ok(files)
}

fn mailbox<'a>(name: &'a str, email: &'a str) -> Mailbox<'a> {
    Mailbox { name: (!name.is_empty()).then(|| name.into()), email: email.into() }
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
