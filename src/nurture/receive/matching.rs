//! Whom a mail concerns: by the signed address it came to, by the Message-IDs it refers to, by who it is from. Never by
//! its text alone.

use super::super::engine::Engine;
use super::super::error::NurtureResult;
use crate::domain::address::Address;
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::test_link;
use crate::domain::token::Purpose;
use crate::mail::inbound::InboundMail;
use crate::storage::{Tx, enrollments, leads, messages};

/// Whom a mail concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub by: MatchedBy,
    pub lead: i64,
    /// The mail of ours that it answers or returns.
    pub message: Option<i64>,
}

/// Finds whom a mail concerns.
pub async fn find(engine: &Engine, tx: &mut Tx, mail: &InboundMail) -> NurtureResult<Option<Match>> {
    for signed in by_address(engine, mail) {
        if leads::by_id(tx, signed.lead).await?.is_some() {
            return Ok(Some(signed));
        }
    }
    if let Some(found) = by_message_id(engine, tx, mail).await? {
        return Ok(Some(found));
    }
    // Whoever tries out a mail on themselves and answers it has not answered as a lead.
    if mail.referenced.iter().any(|id| is_test(engine, id)) {
        return Ok(None);
    }
    by_sender(tx, mail).await
}

/// Whether a Message-ID is that of a test mail.
fn is_test(engine: &Engine, id: &str) -> bool {
    id.rsplit_once('@').is_some_and(|(left, _)| test_link::is_message_id(&engine.keys, left))
}

/// The signed addresses among those that the mail was sent to, replies before bounces.
fn by_address(engine: &Engine, mail: &InboundMail) -> Vec<Match> {
    let Some(domain) = engine.config.inbound.domain.as_deref() else { return Vec::new() };
    let signed = |address: &String| {
        let (local, host) = address.rsplit_once('@')?;
        if !host.eq_ignore_ascii_case(domain) {
            return None;
        }
        // Servers on the way may have folded or raised the case.
        let local = local.to_ascii_lowercase();
        let (letter, token) = local.split_once('.')?;
        let (by, purpose) = match letter {
            "r" => (MatchedBy::ReplyAddress, Purpose::Reply),
            "b" => (MatchedBy::BounceAddress, Purpose::Bounce),
            _ => return None,
        };
        match engine.keys.verify(purpose, token)?[..] {
            [lead, message] => Some(Match { by, lead, message: Some(message) }),
            _ => None,
        }
    };
    let mut found: Vec<Match> = mail.recipients.iter().filter_map(signed).collect();
    found.sort_by_key(|found| found.by);
    found
}

/// The mail of ours that this one refers to, the nearest first.
async fn by_message_id(engine: &Engine, tx: &mut Tx, mail: &InboundMail) -> NurtureResult<Option<Match>> {
    for id in &mail.referenced {
        let Some((left, host)) = id.rsplit_once('@') else { continue };
        if !host.eq_ignore_ascii_case(&engine.message_domain) {
            continue;
        }
        let Some((enrollment, step)) = engine.keys.read_message_id(left) else { continue };
        let Some(lead) = enrollments::lead_of(tx, enrollment).await? else { continue };
        let mails = messages::of_lead(tx, lead).await?;
        let message = mails.iter().find(|mail| mail.enrollment == enrollment && mail.step == step);
        let message = message.map(|message| message.id);
        return Ok(Some(Match { by: MatchedBy::MessageId, lead, message }));
    }
    Ok(None)
}

/// The lead that the mail is from; of a report, the one that it is about.
async fn by_sender(tx: &mut Tx, mail: &InboundMail) -> NurtureResult<Option<Match>> {
    let from = mail.from.iter().map(|from| from.address.as_str());
    let about = mail.reports.iter().flat_map(|report| {
        [Some(report.address.as_str()), report.forwarded_to.as_deref()].into_iter().flatten()
    });
    let reports = matches!(mail.kind, InboundKind::Bounce | InboundKind::Complaint | InboundKind::Delayed);
    let addresses: Vec<&str> = if reports { about.collect() } else { from.collect() };
    for address in addresses {
        let Ok(address) = address.parse::<Address>() else { continue };
        if let Some(stored) = leads::by_email(tx, &address).await? {
            return Ok(Some(Match { by: MatchedBy::Sender, lead: stored.lead.id, message: None }));
        }
    }
    Ok(None)
}
