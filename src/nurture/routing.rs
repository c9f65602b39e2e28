//! The team as it stands, and the line of leads that wait for a place with sales: whoever closes a hand-over leaves a note,
//! and a loop hands over to whom the place falls.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;

use super::change::patiently;
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use super::revision::Revision;
use crate::domain::lead::Lead;
use crate::domain::routing::{self as decision, Case, Choice, Load, Standing};
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::storage::leads::{self, StoredLead};
use crate::storage::{Tx, companies, hand_overs, routing, sales_line};
use crate::workspace::Funnel;
use crate::workspace::funnel::Rep;

/// The team as it stands, and whose the colleagues of some leads are.
pub(super) struct Team<'r> {
    funnel: &'r Funnel,
    now: Timestamp,
    standings: Vec<Standing>,
    /// By company: each of its leads that has a rep, with the rep.
    owners: HashMap<i64, Vec<(i64, String)>>,
}

impl<'r> Team<'r> {
    /// Reads how the team stands, for the sake of these leads.
    pub(super) async fn read(
        tx: &mut Tx,
        revision: &'r Revision,
        leads: &[StoredLead],
        now: Timestamp,
    ) -> NurtureResult<Self> {
        let funnel = &revision.workspace.funnel;
        let keys: Vec<&str> = funnel.team.iter().map(|(key, _)| key.as_str()).collect();
        let loads: HashMap<String, Load> = hand_overs::loads(tx, &keys).await?.into_iter().collect();
        let turns: HashMap<String, i64> = routing::turns(tx).await?.into_iter().collect();
        let standing = |(key, rep): &(String, Rep)| Standing {
            key: key.clone(),
            away: rep.is_away(now),
            at_work: rep.at_work(now),
            deputy: rep.deputy.clone(),
            capacity: rep.capacity,
            load: loads.get(key).copied().unwrap_or_default(),
            turn: turns.get(key).copied().unwrap_or_default(),
        };
        let standings = funnel.team.iter().map(standing).collect();
        Ok(Self { funnel, now, standings, owners: owners(tx, funnel, leads).await? })
    }

    /// Who takes a lead.
    pub(super) fn choose(&self, lead: &Lead, named: Option<&str>, takes_place: bool) -> Choice {
        let company = lead.company.as_ref().and_then(|company| self.owners.get(&company.id));
        let others = company.into_iter().flatten().filter(|(colleague, _)| *colleague != lead.id);
        let colleagues: Vec<String> = others.map(|(_, rep)| rep.clone()).collect();
        let case = Case {
            named,
            owner: lead.owner.as_deref(),
            colleagues: &colleagues,
            route: self.funnel.route(lead, self.now),
            head: self.funnel.head_of_sales(),
            takes_place,
        };
        decision::choose(&self.standings, self.funnel.routing.choose, &case)
    }

    /// Counts a lead that a rep is to get.
    fn give(&mut self, rep: &str) {
        let turn = self.standings.iter().map(|standing| standing.turn).max().unwrap_or(0) + 1;
        for standing in self.standings.iter_mut().filter(|standing| standing.key == rep) {
            standing.turn = turn;
            standing.load.all += 1;
            standing.load.scored += 1;
        }
    }
}

/// Whose the leads of these leads' companies are, if that counts.
async fn owners(
    tx: &mut Tx,
    funnel: &Funnel,
    leads: &[StoredLead],
) -> NurtureResult<HashMap<i64, Vec<(i64, String)>>> {
    let mut owners: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
    let companies = leads.iter().filter_map(|stored| stored.lead.company.as_ref()).map(|company| company.id);
    let companies: BTreeSet<i64> = companies.filter(|_| funnel.routing.same_company).collect();
    for (company, lead, rep) in leads::owners(tx, &companies.into_iter().collect::<Vec<_>>()).await? {
        owners.entry(company).or_default().push((lead, rep));
    }
    Ok(owners)
}

/// When somebody of the team leaves or comes back next.
pub(super) fn next_absence(funnel: &Funnel, now: Timestamp) -> Option<Timestamp> {
    funnel.team.iter().filter_map(|(_, rep)| rep.working_time.next_change(now)).min()
}

/// Where a lead stands in the line of those who wait for a place with sales.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InLine {
    /// The first has 1.
    pub rank: usize,
    /// How many wait.
    pub of: usize,
    #[serde(serialize_with = "as_rfc3339")]
    pub since: Timestamp,
    /// Why it is to be handed over.
    pub cause: String,
}

/// In words that say what a lead does.
impl fmt::Display for InLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waits for a place with sales, rank {} of {}", self.rank, self.of)
    }
}

/// Where a lead stands in the line; none if it does not.
pub(super) async fn place_of(
    tx: &mut Tx,
    revision: &Revision,
    lead: i64,
    now: Timestamp,
) -> NurtureResult<Option<InLine>> {
    let Some(waiting) = sales_line::of_leads(tx, &[lead]).await?.pop() else { return Ok(None) };
    let line = line(tx, revision, now).await?;
    let place = line.iter().position(|stored| stored.lead.id == lead);
    let in_line =
        |place| InLine { rank: place + 1, of: line.len(), since: waiting.since, cause: waiting.cause };
    Ok(place.map(in_line))
}

/// All who wait, in the order in which they get a place.
async fn line(tx: &mut Tx, revision: &Revision, now: Timestamp) -> NurtureResult<Vec<StoredLead>> {
    let since: HashMap<i64, Timestamp> =
        sales_line::all(tx).await?.into_iter().map(|waiting| (waiting.lead, waiting.since)).collect();
    let ids: Vec<i64> = since.keys().copied().collect();
    let mut stored: HashMap<i64, StoredLead> =
        leads::by_ids(tx, &ids).await?.into_iter().map(|stored| (stored.lead.id, stored)).collect();
    let rules = &revision.workspace.funnel.rules;
    let waiting = |stored: &StoredLead| {
        let worth = rules.worth(&stored.lead, now);
        let (lead, score) = (stored.lead.id, worth.fit + worth.engagement);
        decision::Waiting { lead, score, since: since.get(&lead).copied().unwrap_or(now) }
    };
    let mut ranks: Vec<decision::Waiting> = stored.values().map(waiting).collect();
    decision::rank(&mut ranks);
    Ok(ranks.iter().filter_map(|waiting| stored.remove(&waiting.lead)).collect())
}

/// Hands over those who wait and for whom there is a place now. False: there was no cause to look.
///
/// # Errors
/// The database; then it is looked at again.
pub async fn step(engine: &Engine) -> NurtureResult<bool> {
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let Some(state) = due(&mut tx, now).await? else { return Ok(false) };
    drop(tx);
    let revision = engine.revision().await?;
    let mut tx = engine.db.read().await?;
    let line = line(&mut tx, &revision, now).await?;
    let mut team = Team::read(&mut tx, &revision, &line, now).await?;
    drop(tx);
    let mut next = Vec::new();
    for stored in &line {
        if let Choice::Rep(chosen) = team.choose(&stored.lead, None, true) {
            team.give(&chosen.rep);
            next.push(stored.lead.id);
        }
    }
    for lead in &next {
        patiently(|| hand_over(engine, *lead)).await?;
    }
    if next.is_empty() {
        let (mut tx, deployed) = engine.begin().await?;
        // Another team than the one that has no place: the next step looks at that one.
        if deployed.id == revision.id {
            routing::looked(&mut tx, state.freed, next_absence(&revision.workspace.funnel, now)).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}

/// The state of routing, if the line is to be looked at.
async fn due(tx: &mut Tx, now: Timestamp) -> NurtureResult<Option<routing::Routing>> {
    let state = routing::state(tx).await?.filter(|state| state.is_due(now));
    Ok(if state.is_some() && sales_line::any(tx).await? { state } else { None })
}

async fn hand_over(engine: &Engine, lead: i64) -> NurtureResult<()> {
    let (mut tx, revision) = engine.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let ticket = record.hand_over_from_line(lead).await?;
    tx.commit().await?;
    engine.hint();
    ticket.settle(engine).await?;
    Ok(())
}

/// Whether nothing is to be done now: nobody who waits is to be looked at, and no company to be woken.
///
/// # Errors
/// The database.
pub(super) async fn is_idle(tx: &mut Tx, now: Timestamp) -> NurtureResult<bool> {
    Ok(due(tx, now).await?.is_none() && companies::next_wake(tx).await?.is_none())
}

/// When those who wait are to be looked at next; none if nobody waits.
///
/// # Errors
/// The database.
pub(super) async fn next(tx: &mut Tx) -> NurtureResult<Option<Timestamp>> {
    let at = routing::state(tx).await?.and_then(|state| state.look_at);
    Ok(if at.is_some() && sales_line::any(tx).await? { at } else { None })
}
