//! What a rep says of a lead by the links of its mail: each works for one hand-over, as long as it is open and theirs.

use std::time::Instant;

use super::change::{Change, patiently};
use super::dossier::{self, Everything, LeadSheet, Occasion, View, Ways};
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::{Found, LeadInput, Record};
use super::revision::Revision;
use crate::domain::feedback::Feedback;
use crate::domain::gate::HoldKind;
use crate::domain::hand_over::{HandOverState, Origin};
use crate::domain::sales_link::{SalesAction, SalesLink, copy_address};
use crate::domain::time::Timestamp;
use crate::storage::responses::{self, Response};
use crate::storage::{holds, leads};

/// The links for a rep about a lead, and the rep's address for copies. None if no hand-over of the lead is open.
pub fn ways(engine: &Engine, sheet: &LeadSheet, rep: &str) -> Ways {
    let domain = engine.config.inbound.domain.as_deref();
    let copy = domain.filter(|_| !rep.is_empty()).map(|domain| copy_address(&engine.keys, rep, domain));
    let open = sheet.response.as_ref().filter(|response| response.closed_at.is_none());
    let links = open.map(|response| links(engine, response, rep)).unwrap_or_default();
    Ways { links, copy }
}

fn links(engine: &Engine, response: &Response, rep: &str) -> Vec<(SalesAction, String)> {
    let owner = response.rep.clone().unwrap_or_default();
    let link =
        SalesLink { hand_over: response.hand_over, rep: rep.to_owned(), owner, action: SalesAction::Page };
    let url = |action: SalesAction| (action, url(engine, &link.to(action)));
    actions(response).into_iter().map(url).collect()
}

/// The address of a link.
pub fn url(engine: &Engine, link: &SalesLink) -> String {
    format!("{}/s/{}", engine.config.server.public_url, link.token(&engine.keys))
}

/// What a rep can say of an open hand-over.
pub fn actions(response: &Response) -> Vec<SalesAction> {
    let makes_sense = |action: &SalesAction| match action {
        SalesAction::Accept => response.state == HandOverState::Open,
        SalesAction::NotAReply => response.origin == Origin::Reply,
        _ => true,
    };
    SalesAction::ALL.iter().copied().filter(makes_sense).collect()
}

/// What a link shows.
pub enum Look {
    /// The hand-over is open, and whoever has the link may speak.
    Open(Box<Sheet>),
    /// It has ended.
    Closed(HandOverState),
    /// Somebody else has the lead by now: a key of `[team.NAME]`.
    Elsewhere(Option<String>),
    /// There is no such hand-over any more.
    Gone,
}

/// A lead, for a page.
pub struct Sheet {
    /// With the company.
    pub name: String,
    pub everything: Everything,
    pub ways: Ways,
}

/// Looks at what a link is about, and changes nothing.
///
/// # Errors
/// The database.
pub async fn look(engine: &Engine, revision: &Revision, link: &SalesLink) -> NurtureResult<Look> {
    let mut tx = engine.db.read().await?;
    let Some(response) = responses::by_id(&mut tx, link.hand_over).await? else { return Ok(Look::Gone) };
    if let Some(refused) = refused(&response, link) {
        return Ok(refused);
    }
    let sheet = LeadSheet::read(&mut tx, revision, response.lead, engine.clock.now()).await?;
    let Some(sheet) = sheet else { return Ok(Look::Gone) };
    let ways = ways(engine, &sheet, &link.rep);
    let occasion = occasion(revision, &response, link, engine.clock.now());
    let view = View { revision, sheet: &sheet, occasion: &occasion, said: &[], ways: &ways };
    let everything = dossier::everything(&view);
    Ok(Look::Open(Box::new(Sheet { name: dossier::name(sheet.lead()), everything, ways })))
}

/// Why whoever has a link gets to see the lead: it is theirs, or they stand in for whoever has it, or are asked to step in.
fn occasion(revision: &Revision, response: &Response, link: &SalesLink, now: Timestamp) -> Occasion {
    let funnel = &revision.workspace.funnel;
    let late = response.rep.as_deref().filter(|has| *has != link.rep && funnel.rep(has).is_some());
    match late.filter(|has| funnel.stand_in(has, now) != Some(link.rep.as_str())) {
        Some(late) if response.is_awaited() => Occasion::Escalated(late.to_owned()),
        // Whoever was asked to step in reads that there is no need any more.
        Some(has) => {
            Occasion::Note(dossier::phrases(funnel).taken_over.replace("{rep}", funnel.rep_name(has)))
        }
        None => Occasion::HandOver(response.cause.clone()),
    }
}

fn refused(response: &Response, link: &SalesLink) -> Option<Look> {
    if response.closed_at.is_some() {
        return Some(Look::Closed(response.state));
    }
    let works = link.works_for(response.rep.as_deref().unwrap_or_default());
    (!works).then(|| Look::Elsewhere(response.rep.clone()))
}

/// What came of a rep's word.
#[derive(Debug)]
pub enum Answered {
    Done(Found),
    /// The right person was with sales already: with this rep, who was told.
    With(String),
    /// It was so before, and nothing changed.
    Already,
    Closed(HandOverState),
    Elsewhere(Option<String>),
    Gone,
}

/// Carries out what a rep says by a link, once: said again, it changes nothing.
///
/// # Errors
/// The database; [`NurtureError::Refused`](super::NurtureError::Refused) if the change itself makes no sense.
pub async fn answer(
    engine: &Engine,
    link: &SalesLink,
    change: Change,
    feedback: Option<Feedback>,
) -> NurtureResult<Answered> {
    let began = Instant::now();
    let mut tx = engine.db.read().await?;
    let response = responses::by_id(&mut tx, link.hand_over).await?;
    drop(tx);
    let Some(response) = response else { return Ok(Answered::Gone) };
    if let Some(refused) = refused(&response, link) {
        return Ok(refused.into());
    }
    let change = match change {
        Change::WrongPerson { right, .. } => Change::WrongPerson { right, rep: Some(link.rep.clone()) },
        change => change,
    };
    // What concerns other leads, or the address, comes first in the order of locks.
    change.prepare(engine, response.lead).await?;
    let answered = patiently(|| try_once(engine, link, change.clone(), feedback.clone())).await;
    engine.metrics.stopped(began.elapsed());
    match (answered?, &change) {
        (Answered::Done(found), Change::WrongPerson { right, .. }) => {
            let other = with_another(engine, link, right).await?;
            Ok(other.map_or(Answered::Done(found), Answered::With))
        }
        (answered, _) => Ok(answered),
    }
}

/// Until when what sales said of a hand-over lasts: when its rep is reminded, or how long the lead is left in peace.
///
/// # Errors
/// The database.
pub async fn lasts_until(engine: &Engine, hand_over: i64) -> NurtureResult<Option<Timestamp>> {
    let mut tx = engine.db.read().await?;
    let Some(response) = responses::by_id(&mut tx, hand_over).await? else { return Ok(None) };
    if response.closed_at.is_none() {
        return Ok(response.later_until);
    }
    let holds = holds::of_leads(&mut tx, &[response.lead]).await?;
    let quiet = holds.into_iter().find(|(_, hold)| hold.kind == HoldKind::Quiet);
    Ok(quiet.and_then(|(_, hold)| hold.until))
}

/// The rep who has the right person, if it is not whoever named them.
async fn with_another(engine: &Engine, link: &SalesLink, right: &LeadInput) -> NurtureResult<Option<String>> {
    let mut tx = engine.db.read().await?;
    let Some(stored) = leads::by_email(&mut tx, &right.email).await? else { return Ok(None) };
    let open = responses::open_of(&mut tx, stored.lead.id).await?;
    Ok(open.and_then(|open| open.rep).filter(|rep| *rep != link.rep))
}

async fn try_once(
    engine: &Engine,
    link: &SalesLink,
    change: Change,
    feedback: Option<Feedback>,
) -> NurtureResult<Answered> {
    let (mut tx, revision) = engine.begin().await?;
    let Some(response) = responses::by_id(&mut tx, link.hand_over).await? else { return Ok(Answered::Gone) };
    let lead = response.lead;
    leads::lock(&mut tx, lead).await?;
    // Read again: somebody may have spoken before the lock was had.
    let Some(response) = responses::by_id(&mut tx, link.hand_over).await? else { return Ok(Answered::Gone) };
    if let Some(refused) = refused(&response, link) {
        return Ok(refused.into());
    }
    let takes_over = response.rep.as_deref() != Some(link.rep.as_str());
    if is_so(&change, &response) && !takes_over {
        return Ok(Answered::Already);
    }
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let change = match change {
        Change::Accept { opportunity, .. } if takes_over => {
            Change::Accept { rep: Some(link.rep.clone()), opportunity }
        }
        change => change,
    };
    if takes_over && !matches!(change, Change::Accept { .. }) {
        record.take_over(lead, &link.rep).await?;
    }
    if let Some(feedback) = &feedback {
        record.feedback(lead, feedback).await?;
    }
    let ticket = change.apply(&mut record, lead).await?;
    tx.commit().await?;
    engine.hint();
    Ok(Answered::Done(ticket.settle(engine).await?))
}

/// Whether a change has nothing to change.
fn is_so(change: &Change, response: &Response) -> bool {
    match change {
        Change::Accept { opportunity: false, .. } => response.state != HandOverState::Open,
        Change::Accept { opportunity: true, .. } => response.state == HandOverState::Opportunity,
        Change::Meeting => response.meeting_at.is_some(),
        Change::Offer => response.offer_at.is_some(),
        Change::Later { until } => response.later_until == Some(*until),
        _ => false,
    }
}

impl From<Look> for Answered {
    fn from(refused: Look) -> Self {
        match refused {
            Look::Closed(state) => Answered::Closed(state),
            Look::Elsewhere(rep) => Answered::Elsewhere(rep),
            Look::Open(_) | Look::Gone => Answered::Gone,
        }
    }
}
