//! Marketing leaves a whole company alone: while sales works on somebody of it (`[routing] hold = "company"`), and while
//! the CRM says that there is an open deal.
//!
//! Nothing is stored for each lead. Whether one is held is read from its company when its walk is decided, so that it holds
//! for whoever joins the company meanwhile as well. Who begins such a hold looks, once it is committed, for what is being
//! sent to the colleagues; when it ends, their walks are woken.

use std::collections::BTreeSet;
use std::time::Instant;

use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::facts::grouped;
use super::record::{Found, StopTicket, recall};
use crate::domain::gate::{Hold, HoldKind};
use crate::storage::leads::StoredLead;
use crate::storage::{Tx, companies, enrollments, leads};
use crate::workspace::Funnel;
use crate::workspace::funnel::SalesHold;

/// Leads of a company that are locked in one transaction.
const BATCH: i64 = 128;

/// The holds of these leads that follow from their companies: pairs of lead and hold.
pub(super) async fn holds(
    tx: &mut Tx,
    funnel: &Funnel,
    leads: impl Iterator<Item = &StoredLead> + Clone,
) -> NurtureResult<Vec<(i64, Hold)>> {
    let members: Vec<(i64, i64)> =
        leads.clone().filter_map(|stored| Some((company_of(stored)?, stored.lead.id))).collect();
    let deal = |stored: &&StoredLead| {
        stored.lead.company.as_ref().is_some_and(|company| company.deal_since.is_some())
    };
    let mut holds: Vec<(i64, Hold)> =
        leads.filter(deal).map(|stored| (stored.lead.id, hold(HoldKind::Deal))).collect();
    if funnel.routing.hold == SalesHold::Company && !members.is_empty() {
        let ids: Vec<i64> =
            members.iter().map(|(company, _)| *company).collect::<BTreeSet<_>>().into_iter().collect();
        let taken = grouped(leads::with_sales(tx, &ids).await?);
        let has_colleague = |(company, lead): &(i64, i64)| {
            taken.get(company).is_some_and(|taken| taken.iter().any(|other| other != lead))
        };
        holds.extend(
            members.into_iter().filter(has_colleague).map(|(_, lead)| (lead, hold(HoldKind::Company))),
        );
    }
    Ok(holds)
}

fn company_of(stored: &StoredLead) -> Option<i64> {
    stored.lead.company.as_ref().map(|company| company.id)
}

fn hold(kind: HoldKind) -> Hold {
    Hold { kind, until: None }
}

/// What is being sent to the leads of a company, now that it is held; other nodes are told. Every claim that did
/// not know of the hold is committed when this answers: it takes the lock of each lead.
pub(super) async fn sending(engine: &Engine, company: i64) -> NurtureResult<Vec<(i64, String)>> {
    let mut found = Vec::new();
    let mut behind = 0;
    loop {
        let mut tx = engine.db.begin().await?;
        let Some((ids, last)) = lock_some(&mut tx, company, behind).await? else { return Ok(found) };
        let sending = recall(&mut tx, engine, &ids).await?;
        tx.commit().await?;
        found.extend(sending);
        behind = last;
    }
}

/// Locks the next leads of a company; their ids, and the last. None: there are no more.
async fn lock_some(tx: &mut Tx, company: i64, behind: i64) -> NurtureResult<Option<(Vec<i64>, i64)>> {
    let ids = leads::ids_of_company(tx, company, behind, BATCH).await?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    leads::lock_all(tx, &ids).await?;
    Ok(Some((ids, last)))
}

/// Wakes the walks of a company that marketing may write to again, if there is one. They are decided anew: one that is held
/// for another reason will rest again. False: there was none.
///
/// # Errors
/// The database; then it is done by the next step.
pub async fn step(engine: &Engine) -> NurtureResult<bool> {
    let mut tx = engine.db.read().await?;
    let Some(wake) = companies::next_wake(&mut tx).await? else { return Ok(false) };
    drop(tx);
    let mut behind = 0;
    loop {
        let mut tx = engine.db.begin().await?;
        // Their locks first: a decision that still saw the hold is committed then.
        let Some((ids, last)) = lock_some(&mut tx, wake.0, behind).await? else {
            companies::woken(&mut tx, wake).await?;
            tx.commit().await?;
            return Ok(true);
        };
        wake_held(&mut tx, engine, &ids).await?;
        tx.commit().await?;
        engine.hint();
        behind = last;
    }
}

/// Has the walks of these leads decided anew that rest because of their company. Their locks are held.
pub(super) async fn wake_held(tx: &mut Tx, engine: &Engine, leads: &[i64]) -> NurtureResult<()> {
    for kind in [HoldKind::Company, HoldKind::Deal] {
        enrollments::wake_from(tx, leads, kind.because(), engine.clock.now()).await?;
    }
    Ok(())
}

/// Records what the CRM says of a company, known by its domain, or by its name if it has none: whether sales has an open deal with it.
/// Once this answers that one is open, no marketing mail to anybody of it starts any more.
///
/// # Errors
/// [`NurtureError::NoCompany`].
pub async fn report_deal(engine: &Engine, company: &str, open: bool) -> NurtureResult<Found> {
    let began = Instant::now();
    let unknown = || NurtureError::NoCompany(company.to_owned());
    // PostgreSQL takes no NUL, and no company has one.
    if company.contains(char::is_control) {
        return Err(unknown());
    }
    let mut tx = engine.db.begin().await?;
    let id = companies::find(&mut tx, company).await?.ok_or_else(unknown)?;
    if open {
        companies::open_deal(&mut tx, id, engine.clock.now()).await?;
    } else {
        companies::close_deal(&mut tx, id).await?;
        companies::ask_wake(&mut tx, id).await?;
    }
    tx.commit().await?;
    let ticket = if open { StopTicket::of_company(id) } else { StopTicket::nothing() };
    let found = ticket.settle(engine).await;
    engine.metrics.stopped(began.elapsed());
    found
}
