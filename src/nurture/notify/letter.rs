//! A mail to a rep as it goes out: written from what is known by then.

use data_encoding::BASE64;

use super::RepMail;
use crate::domain::address::Address;
use crate::domain::inbound::InboundKind;
use crate::domain::outcome::Outcome;
use crate::domain::time::Timestamp;
use crate::domain::visible;
use crate::mail::compose::{Enclosure, Letter, Mailbox};
use crate::mail::delivery::{Delivery, Envelope};
use crate::mail::inbound::{self, File, InboundMail};
use crate::nurture::dossier::{self, LeadSheet, Occasion, View, Words};
use crate::nurture::engine::Engine;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::revision::Revision;
use crate::nurture::sales;
use crate::storage::Tx;
use crate::storage::inbound as stored;
use crate::storage::outbox::OutboxItem;

/// What the file with everything is sent as: no mail program shows it by itself, or quotes it.
const FILE: &str = "application/octet-stream";

/// Bytes of a lead's mail that is sent along as a whole.
const ORIGINAL: usize = 1024 * 1024;

/// Sends one mail, or says why it need not be sent any more; the trouble there was, and whether another try makes sense.
///
/// A relay that takes no mail of its size gets it without the files of the lead, which it names: the words are what must
/// arrive.
pub(super) async fn send(
    engine: &Engine,
    item: &OutboxItem,
    mail: &RepMail,
) -> Result<Option<&'static str>, (String, bool)> {
    let to = recipient(engine, mail)?;
    let broken = |error: NurtureError| (error.to_string(), true);
    let mut files = Files::SentAlong;
    loop {
        let told = match told(engine, item, mail, files).await.map_err(broken)? {
            Written::Mail(told) => told,
            Written::Outdated => return Ok(Some(OUTDATED)),
            Written::NoLead => return Err(("the lead is gone".to_owned(), false)),
        };
        let delivery = deliver(engine, item, mail, to, &told).await;
        match delivery.map_err(|why| (why, true))? {
            Delivery::Answered(reply) if reply.accepted() => return Ok(None),
            Delivery::Answered(reply) if reply.is_too_large() && !told.files.is_empty() => {
                files = Files::Named
            }
            // All but an address that is none may be mended within a day.
            Delivery::Answered(reply) => {
                let may_be_mended = reply.outcome() != Outcome::DeadAddress;
                return Err((format!("{} {}", reply.code, reply.text), may_be_mended));
            }
            Delivery::LostBefore(why) | Delivery::LostAfter(why) => return Err((why, true)),
            Delivery::Refused => return Err(("not started".to_owned(), true)),
        }
    }
}

/// What becomes of the files that a lead sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    SentAlong,
    /// They stay in the database, and the mail says which they are.
    Named,
}

async fn deliver(
    engine: &Engine,
    item: &OutboxItem,
    mail: &RepMail,
    to: &str,
    told: &Told,
) -> Result<Delivery, String> {
    let own = told.file.iter().map(|(name, html)| Enclosure { name, media: FILE, bytes: html.as_bytes() });
    let theirs =
        told.files.iter().map(|file| Enclosure { name: &file.name, media: &file.media, bytes: &file.bytes });
    let files: Vec<Enclosure<'_>> = own.chain(theirs).collect();
    // Strangers wrote parts of them.
    let (subject, text) = (visible::field(&told.subject), visible::text(&told.text));
    let html = told.html.as_deref().map(visible::text);
    let (reply_to, headers) = answered(mail);
    let letter = Letter {
        message_id: format!("{}@{}", engine.keys.message_id(0, item.id), engine.message_domain),
        date: item.first_at,
        from: mailbox(&mail.from_name, &mail.from_email),
        to: mailbox(&mail.to_name, to),
        reply_to,
        subject: &subject,
        in_reply_to: told.in_reply_to.clone(),
        unsubscribe: None,
        text: &text,
        html: html.as_deref(),
        headers,
    };
    let envelope = Envelope { from: Some(mail.from_email.clone()), to: to.to_owned() };
    engine.send_alone(&letter, &files, envelope).await
}

/// Where a mail goes, as far as `[safety]` lets it.
fn recipient<'m>(engine: &'m Engine, mail: &'m RepMail) -> Result<&'m str, (String, bool)> {
    let safety = &engine.config.safety;
    if let Some(redirect) = &safety.redirect_all_to {
        return Ok(redirect.as_str());
    }
    if mail.to_email.parse().is_ok_and(|to: Address| !safety.allows(&to)) {
        return Err(("[safety] only_to in dripline.toml leaves this address out".to_owned(), false));
    }
    Ok(&mail.to_email)
}

/// Who is answered by pressing "reply": the lead, and a colleague who took over.
fn answered(mail: &RepMail) -> (Option<Mailbox<'_>>, Vec<(&'static str, String)>) {
    let automatic = ("Auto-Submitted", "auto-generated".to_owned());
    match &mail.colleague {
        Some(colleague) => (None, vec![automatic, ("Reply-To", format!("{colleague}, {}", mail.reply_to))]),
        None => (Some(mailbox("", &mail.reply_to)), vec![automatic]),
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
    /// What comes along of the lead.
    files: Vec<File>,
}

/// Writes a mail, from what is known by now.
async fn told(engine: &Engine, item: &OutboxItem, mail: &RepMail, files: Files) -> NurtureResult<Written> {
    let Some(occasion) = &mail.occasion else {
        let mut tx = engine.db.read().await?;
        let Brought { files, .. } = Brought::read(&mut tx, &mail.inbound, files).await?;
        let (subject, text) = (mail.subject.clone(), mail.text.clone());
        let in_reply_to = mail.in_reply_to.clone();
        let told = Told { subject, text, html: None, file: None, in_reply_to, files };
        return Ok(Written::Mail(Box::new(told)));
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
    let Brought { mut mails, files } = Brought::read(&mut tx, &mail.inbound, files).await?;
    if mail.inbound.is_empty() {
        mails.extend(recalled(&mut tx, &sheet, occasion).await?);
    }
    drop(tx);
    let said: Vec<Words> = mails.iter().rev().map(|(id, mail)| Words::of(mail, *id, sheet.lead())).collect();
    let mut ways = sales::ways(engine, &sheet, &mail.rep);
    if !theirs {
        ways.links.clear();
    }
    let view = View { revision: &revision, sheet: &sheet, occasion, said: &said, ways: &ways };
    let dossier::Told { subject, text, html, file } = dossier::write(&view);
    let in_reply_to = said.first().and_then(|words| words.message_id.clone());
    let told = Told { subject, text, html: Some(html), file: Some(file), in_reply_to, files };
    Ok(Written::Mail(Box::new(told)))
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

/// The reply by which a lead came to sales, for a mail that brings no words of its own. Its files are not sent along.
async fn recalled(
    tx: &mut Tx,
    sheet: &LeadSheet,
    occasion: &Occasion,
) -> NurtureResult<Option<(i64, InboundMail)>> {
    let takes_over = matches!(occasion, Occasion::HandOver(_));
    let Some(response) = sheet.response.as_ref().filter(|_| takes_over || occasion.recalls()) else {
        return Ok(None);
    };
    let last = stored::last(tx, response.lead, InboundKind::HumanReply, response.opened_at).await?;
    let Some(id) = last else { return Ok(None) };
    let read = raw(tx, id).await?.and_then(|raw| inbound::read(&raw).ok());
    Ok(read.map(|mail| (id, without_files(mail))))
}

/// A mail whose files are named, and stay in the database.
fn without_files(mut mail: InboundMail) -> InboundMail {
    mail.attachments.iter_mut().for_each(|file| file.passed_on = false);
    mail
}

/// A mail that came in, as it came.
async fn raw(tx: &mut Tx, id: i64) -> NurtureResult<Option<Vec<u8>>> {
    let raw = stored::raw(tx, id).await?;
    Ok(raw.and_then(|raw| BASE64.decode(raw.as_bytes()).ok()))
}

/// The mails of a lead that are told of.
#[derive(Default)]
struct Brought {
    /// By their ids.
    mails: Vec<(i64, InboundMail)>,
    /// The files of each, and the mail itself if it is small. All of them as files: no mail program shows the lead's HTML,
    /// or loads what it refers to, before the rep opens it.
    files: Vec<File>,
}

impl Brought {
    async fn read(tx: &mut Tx, ids: &[i64], files: Files) -> NurtureResult<Self> {
        let mut brought = Self::default();
        for id in ids {
            let Some(raw) = raw(tx, *id).await? else { continue };
            // A mail that was read once is readable.
            if let Ok((mail, found)) = inbound::read_with_files(&raw) {
                match files {
                    Files::Named => brought.mails.push((*id, without_files(mail))),
                    Files::SentAlong => {
                        brought.mails.push((*id, mail));
                        brought.files.extend(found);
                    }
                }
            }
            if raw.len() <= ORIGINAL && files == Files::SentAlong {
                let media = "application/octet-stream".to_owned();
                brought.files.push(File { name: format!("mail-{id}.eml"), media, bytes: raw });
            }
        }
        Ok(brought)
    }
}

fn mailbox<'a>(name: &'a str, email: &'a str) -> Mailbox<'a> {
    Mailbox { name: (!name.is_empty()).then(|| name.into()), email: email.into() }
}
