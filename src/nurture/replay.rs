//! Scores counted anew from what happened: what other rules would change, and the repair of what is stored.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::engine::Engine;
use super::error::NurtureResult;
use super::facts::grouped;
use super::record::{Record, signs_of_life};
use crate::domain::event::Happening;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::temperature::Temperature;
use crate::domain::time::Timestamp;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{Tx, events, hand_overs};
use crate::workspace::ScoreFacts;
use crate::workspace::funnel::Rules;

/// Leads that are looked at together: they, and all they did, are in memory at once.
const LOOK: i64 = 200;

/// Leads whose scores are written in one transaction.
const WRITE: i64 = 32;

/// Scores that differ by less look the same to everybody.
const LEAST: f64 = 0.05;

/// From where to where something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step<T> {
    pub from: T,
    pub to: T,
}

/// What the rules would change for one lead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    pub lead: i64,
    pub email: String,
    pub score: Step<f64>,
    pub fit: Step<f64>,
    pub engagement: Step<f64>,
    pub temperature: Step<Temperature>,
    /// Only if it would change.
    pub stage: Option<Step<Stage>>,
    /// Only if it would change.
    pub qualification: Option<Step<Qualification>>,
    /// The cause with which the lead would be handed to sales.
    pub hand_over: Option<String>,
}

/// What the rules would change for all leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub leads: u64,
    /// Leads with a higher score.
    pub higher: u64,
    /// Leads with a lower score.
    pub lower: u64,
    /// Leads that would cross into another stage or qualification, or be handed over.
    pub moved: u64,
    pub stages: Vec<Crossing<Stage>>,
    pub qualifications: Vec<Crossing<Qualification>>,
    pub temperatures: Vec<Crossing<Temperature>>,
    /// By their causes.
    pub hand_overs: BTreeMap<String, u64>,
}

/// How many leads go from where to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing<T> {
    #[serde(flatten)]
    pub step: Step<T>,
    pub leads: u64,
}

impl Shift {
    /// Whether the score changes, up (above 0) or down.
    pub fn change(&self) -> f64 {
        let change = self.score.to - self.score.from;
        if change.abs() < LEAST { 0.0 } else { change }
    }

    /// Whether the lead would cross into something, or be handed over.
    pub fn moves(&self) -> bool {
        self.stage.is_some() || self.qualification.is_some() || self.hand_over.is_some()
    }

    fn matters(&self) -> bool {
        self.moves() || self.change() != 0.0 || self.temperature.from != self.temperature.to
    }
}

impl Totals {
    fn add(&mut self, shift: &Shift) {
        self.higher += u64::from(shift.change() > 0.0);
        self.lower += u64::from(shift.change() < 0.0);
        self.moved += u64::from(shift.moves());
        count(&mut self.stages, shift.stage);
        count(&mut self.qualifications, shift.qualification);
        let warmer = shift.temperature.from != shift.temperature.to;
        count(&mut self.temperatures, warmer.then_some(shift.temperature));
        if let Some(cause) = &shift.hand_over {
            *self.hand_overs.entry(cause.clone()).or_default() += 1;
        }
    }
}

fn count<T: Copy + Ord>(crossings: &mut Vec<Crossing<T>>, step: Option<Step<T>>) {
    let Some(step) = step else { return };
    match crossings.binary_search_by_key(&step, |crossing| crossing.step) {
        Ok(place) => crossings[place].leads += 1,
        Err(place) => crossings.insert(place, Crossing { step, leads: 1 }),
    }
}

/// Goes through all leads, some at a time, and says what rules would change. It only reads.
pub struct Rehearsal<'r> {
    engine: &'r Engine,
    /// The rules that are applied.
    before: &'r Rules,
    /// Those that are tried.
    after: &'r Rules,
    now: Timestamp,
    behind: i64,
    pub totals: Totals,
}

impl<'r> Rehearsal<'r> {
    pub fn new(engine: &'r Engine, before: &'r Rules, after: &'r Rules) -> Self {
        let now = engine.clock.now();
        Self { engine, before, after, now, behind: 0, totals: Totals::default() }
    }

    /// What would change for the next leads; none: there are no more.
    ///
    /// # Errors
    /// The database.
    pub async fn step(&mut self) -> NurtureResult<Option<Vec<Shift>>> {
        let mut tx = self.engine.db.read().await?;
        let ids = leads::behind(&mut tx, self.behind, LOOK).await?;
        let Some(last) = ids.last() else { return Ok(None) };
        self.behind = *last;
        let mut deeds = grouped(events::deeds(&mut tx, &ids).await?);
        let mut found = leads::by_ids(&mut tx, &ids).await?;
        found.sort_by_key(|stored| stored.lead.id);
        let mut shifts = Vec::new();
        for stored in found {
            let deeds = deeds.remove(&stored.lead.id).unwrap_or_default();
            let shift = self.shift(&mut tx, stored, &deeds).await?;
            self.totals.leads += 1;
            self.totals.add(&shift);
            shifts.extend(Some(shift).filter(Shift::matters));
        }
        Ok(Some(shifts))
    }

    async fn shift(&self, tx: &mut Tx, stored: StoredLead, deeds: &[Happening]) -> NurtureResult<Shift> {
        let before = self.before.worth(&stored.lead, self.now);
        let mut lead = stored.lead;
        lead.engagement = self.after.engagement(deeds);
        lead.alive_at = signs_of_life(deeds).max();
        let after = self.after.worth(&lead, self.now);
        // As `Record::appraise`: who is not written to is moved nowhere.
        let stopped = lead.closed_by.is_some() || stored.suppressed_by.is_some();
        let moves = if stopped { Default::default() } else { self.after.moves(&lead, &after) };
        let mut hand_over = moves.hand_over;
        if let (None, Some(cause)) = (hand_over, moves.proposal) {
            let known = hand_overs::causes(tx, lead.id).await?;
            hand_over = Some(cause).filter(|cause| !known.iter().any(|known| known == cause));
        }
        let step = |of: fn(&ScoreFacts) -> f64| Step { from: of(&before), to: of(&after) };
        Ok(Shift {
            lead: lead.id,
            email: lead.email.to_string(),
            score: step(ScoreFacts::score),
            fit: step(|worth| worth.fit),
            engagement: step(|worth| worth.engagement),
            temperature: Step { from: before.temperature, to: after.temperature },
            stage: moves.stage.map(|to| Step { from: lead.stage, to }),
            qualification: moves.qualification.map(|to| Step { from: lead.qualification, to }),
            hand_over: hand_over.map(str::to_owned),
        })
    }
}

/// Counts the scores of all leads anew under the applied rules, some at a time, and writes them. It moves nobody.
pub struct Recount<'r> {
    engine: &'r Engine,
    behind: i64,
    /// Leads that were looked at.
    pub leads: u64,
    /// Leads whose score, or last sign of life, was not what was stored.
    pub changed: u64,
}

impl<'r> Recount<'r> {
    pub fn new(engine: &'r Engine) -> Self {
        Self { engine, behind: 0, leads: 0, changed: 0 }
    }

    /// Counts for the next leads. False: there are no more.
    ///
    /// # Errors
    /// The database.
    pub async fn step(&mut self) -> NurtureResult<bool> {
        let (mut tx, revision) = self.engine.begin().await?;
        let began = Instant::now();
        let ids = leads::behind(&mut tx, self.behind, WRITE).await?;
        let Some(last) = ids.last() else { return Ok(false) };
        leads::lock_all(&mut tx, &ids).await?;
        let now = self.engine.clock.now();
        let mut record = Record { tx: &mut tx, engine: self.engine, revision: &revision, now };
        self.changed += record.recount(&ids).await?;
        tx.commit().await?;
        self.behind = *last;
        self.leads += ids.len() as u64;
        // Others write as well.
        tokio::time::sleep(began.elapsed()).await;
        Ok(true)
    }
}
