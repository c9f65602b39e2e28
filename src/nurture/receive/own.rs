//! Mails that somebody of the company wrote: copies of what reps write to leads, and what lies in a folder of sent mail.
//! They stop the clock of the leads that they go to, and are nobody's reply.

use super::super::engine::Engine;
use super::super::error::NurtureResult;
use super::super::record::Record;
use crate::domain::address::Address;
use crate::domain::inbound::InboundKind;
use crate::domain::sales_link::copy_of;
use crate::mail::inbound::InboundMail;
use crate::storage::{Tx, leads, responses};
use crate::workspace::Funnel;

/// Recipients that are looked up.
const MOST_RECIPIENTS: usize = 50;

/// Whether a lead answered all recipients, and an address for copies with them.
pub async fn is_of_lead(
    engine: &Engine,
    funnel: &Funnel,
    tx: &mut Tx,
    mail: &InboundMail,
) -> NurtureResult<bool> {
    if copied(engine, funnel, mail).is_none() {
        return Ok(false);
    }
    let from = mail.from.as_ref().and_then(|from| from.address.parse::<Address>().ok());
    Ok(match from {
        Some(from) => leads::by_email(tx, &from).await?.is_some(),
        None => false,
    })
}

/// To whose address for copies a mail goes: a key of `[team.NAME]`.
fn copied<'f>(engine: &Engine, funnel: &'f Funnel, mail: &InboundMail) -> Option<&'f str> {
    let domain = engine.config.inbound.domain.as_deref()?;
    let mut locals = mail.recipients.iter().filter_map(|address| {
        let (local, host) = address.rsplit_once('@')?;
        host.eq_ignore_ascii_case(domain).then_some(local)
    });
    let team = || funnel.team.iter().map(|(key, _)| key.as_str());
    locals.find_map(|local| copy_of(&engine.keys, local, team()))
}

/// Who of the company wrote a mail: a key of `[team.NAME]`, or the address of a sender. None: somebody else.
pub fn author(engine: &Engine, funnel: &Funnel, mail: &InboundMail, of_lead: bool) -> Option<String> {
    if let Some(rep) = copied(engine, funnel, mail).filter(|_| !of_lead) {
        return Some(rep.to_owned());
    }
    let from = mail.from.as_ref()?.address.to_lowercase();
    let rep = funnel.team.iter().find(|(_, rep)| rep.email.as_str() == from).map(|(key, _)| key.clone());
    let sender = || funnel.senders.values().any(|sender| sender.email.as_str() == from);
    rep.or_else(|| sender().then_some(from.clone()))
}

/// Whom a mail of the company goes to.
#[derive(Default)]
pub struct WrittenTo {
    /// The leads that are with sales, by their ids.
    pub with_sales: Vec<i64>,
    /// Nobody need look at the mail: it goes to a lead, or a machine wrote it.
    pub is_settled: bool,
}

/// The leads that a mail goes to.
pub async fn written_to(tx: &mut Tx, mail: &InboundMail) -> NurtureResult<WrittenTo> {
    use InboundKind::{Complaint, HumanReply, Unrelated, Unsubscribe};
    // A machine that answers for somebody who is away answers nothing.
    if !matches!(mail.kind, HumanReply | Unrelated | Unsubscribe) {
        return Ok(WrittenTo { is_settled: mail.kind != Complaint, ..WrittenTo::default() });
    }
    let addresses = mail.recipients.iter().take(MOST_RECIPIENTS);
    let addresses: Vec<Address> = addresses.filter_map(|address| address.parse().ok()).collect();
    let addresses: Vec<&str> = addresses.iter().map(Address::as_str).collect();
    let mut found = WrittenTo::default();
    for stored in leads::by_emails(tx, &addresses).await? {
        found.is_settled = true;
        if responses::open_of(tx, stored.lead.id).await?.is_some() {
            found.with_sales.push(stored.lead.id);
        }
    }
    found.with_sales.sort_unstable();
    Ok(found)
}

impl Record<'_> {
    /// Stops the clocks of these leads, in the order of their ids.
    pub(super) async fn seen_by(&mut self, leads: &[i64], by: &str, mail: &InboundMail) -> NurtureResult<()> {
        for lead in leads {
            self.seen_answer(*lead, by, &mail.subject).await?;
        }
        Ok(())
    }
}
