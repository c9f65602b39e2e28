//! [`LeadSheet`]: all that sales may want to know of a lead, read when it is asked for.
//!
//! A mail reads it when it is sent, not when the lead is handed over: the transaction of the hand-over stays short, a mail
//! that waited for the relay is up to date, and the outbox keeps nothing of it.

use crate::domain::consent::Consent;
use crate::domain::enrollment::MessageState;
use crate::domain::event::{EventKind, Happening};
use crate::domain::lead::Lead;
use crate::domain::sequence::Verb;
use crate::domain::time::Timestamp;
use crate::nurture::error::NurtureResult;
use crate::nurture::record::zone_of;
use crate::nurture::revision::Revision;
use crate::storage::enrollments::Enrollment;
use crate::storage::leads::{self, StoredLead};
use crate::storage::messages::{self, Message};
use crate::storage::responses::{self, Response};
use crate::storage::{Tx, consents, enrollments, events};
use crate::workspace::{Links, MailContext};

/// Others of a company that are shown.
const MOST_COLLEAGUES: i64 = 10;

/// Mails that are shown, the newest.
const MOST_MAILS: usize = 6;

/// All that is known about one lead.
pub struct LeadSheet {
    pub stored: StoredLead,
    /// The last hand-over, open or not.
    pub response: Option<Response>,
    /// Others at the same company.
    pub colleagues: Vec<Lead>,
    /// What the lead did, the newest first, without machines.
    pub deeds: Vec<Happening>,
    /// What marketing sent, the newest first.
    pub mails: Vec<SentMail>,
    pub consents: Vec<Consent>,
    pub now: Timestamp,
}

/// A mail that marketing sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMail {
    pub message: i64,
    /// None: its template is gone, or the subject lacks a value by now.
    pub subject: Option<String>,
    pub at: Timestamp,
    pub opened: bool,
    pub clicked: bool,
}

impl LeadSheet {
    /// Reads all of it. None: there is no such lead.
    pub async fn read(
        tx: &mut Tx,
        revision: &Revision,
        lead: i64,
        now: Timestamp,
    ) -> NurtureResult<Option<Self>> {
        let Some(stored) = leads::by_id(tx, lead).await? else { return Ok(None) };
        let colleagues = match &stored.lead.company {
            Some(company) => leads::of_company(tx, company.id, lead, MOST_COLLEAGUES).await?,
            None => Vec::new(),
        };
        let deeds = events::deeds(tx, &[lead]).await?.into_iter().map(|(_, deed)| deed);
        let mut deeds: Vec<Happening> = deeds.filter(|deed| deed.details.machine.is_none()).collect();
        deeds.sort_by_key(|deed| std::cmp::Reverse(deed.at));
        let walks = enrollments::of_leads(tx, &[lead]).await?;
        let sent = messages::of_lead(tx, lead).await?;
        Ok(Some(Self {
            response: responses::newest_of(tx, lead).await?,
            colleagues: colleagues.into_iter().map(|stored| stored.lead).collect(),
            mails: mails(revision, &stored.lead, &walks, &sent, (&deeds, now)),
            consents: consents::of_lead(tx, lead).await?,
            stored,
            deeds,
            now,
        }))
    }

    pub fn lead(&self) -> &Lead {
        &self.stored.lead
    }
}

fn mails(
    revision: &Revision,
    lead: &Lead,
    walks: &[Enrollment],
    sent: &[Message],
    (deeds, now): (&[Happening], Timestamp),
) -> Vec<SentMail> {
    let sent = sent.iter().rev().filter(|message| message.state == MessageState::Sent);
    let mail = |message: &Message| {
        let did = |kind: EventKind| {
            let of_mail = |deed: &&Happening| {
                deed.details.enrollment == Some(message.enrollment)
                    && deed.details.number == Some(message.step)
            };
            deeds.iter().filter(of_mail).any(|deed| deed.kind == kind)
        };
        let walk = walks.iter().find(|walk| walk.walk.enrollment == message.enrollment);
        SentMail {
            message: message.id,
            subject: walk.and_then(|walk| subject(revision, lead, (walk, message), now)),
            at: message.at,
            opened: did(EventKind::Opened),
            clicked: did(EventKind::Clicked),
        }
    };
    sent.take(MOST_MAILS).map(mail).collect()
}

/// What a mail was called, as it would be called now.
fn subject(
    revision: &Revision,
    lead: &Lead,
    (walk, message): (&Enrollment, &Message),
    now: Timestamp,
) -> Option<String> {
    let workspace = &revision.workspace;
    let track = revision.track(&walk.seq)?;
    let (_, step) = track.by_number(message.step)?;
    let Verb::Mail { variants, .. } = &step.verb else { return None };
    let template = variants.get(usize::try_from(message.variant).ok()?)?;
    let sender = workspace.funnel.senders.get(&track.sequence.sender)?;
    let links = Links::default();
    let zone = zone_of(revision, lead);
    let worth = workspace.funnel.rules.worth(lead, now);
    let context = MailContext::new(lead, &worth, sender, &workspace.funnel.company, &links, zone);
    let language = lead.contact.language.as_deref().unwrap_or(&workspace.funnel.defaults.language);
    // The subject alone: a body asks for links that only a mail on its way has.
    workspace.templates.subject(template, language, &context).ok()
}
