//! Leads for whom something holds, some at a time: to look at, or to take elsewhere.

use serde::Serialize;

use super::engine::Engine;
use super::error::NurtureResult;
use super::explain::Judged;
use crate::domain::gate::StopKind;
use crate::domain::lead::Lead;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::storage::leads::{self, StoredLead};
use crate::workspace::expression::Expression;

/// Leads that are looked at together.
const LOOK: i64 = 500;

/// Which leads are meant: all for whom each part holds.
#[derive(Debug, Default)]
pub struct Filter {
    pub stage: Option<Stage>,
    pub qualification: Option<Qualification>,
    pub with: Option<Party>,
    /// A key of `[team.NAME]`.
    pub owner: Option<String>,
    /// A `[segment.NAME]`.
    pub segment: Option<String>,
    /// As a segment has it.
    pub when: Option<Expression>,
}

/// A lead, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    pub id: i64,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub stage: Stage,
    pub qualification: Qualification,
    pub with: Party,
    pub owner: Option<String>,
    pub source: Option<String>,
    pub tags: Vec<String>,
    /// Fit and engagement together.
    pub score: f64,
    #[serde(flatten)]
    pub judged: Judged,
    /// Why nothing is sent until the person asks for it: by what it did, or because its address must not be written to.
    pub stopped_by: Option<StopKind>,
}

/// Goes through all leads in the order of their ids. It only reads.
pub struct Listing<'e> {
    engine: &'e Engine,
    filter: Filter,
    behind: i64,
    /// Leads that were looked at.
    pub seen: u64,
}

impl<'e> Listing<'e> {
    pub fn new(engine: &'e Engine, filter: Filter) -> Self {
        Self::behind(engine, filter, 0)
    }

    /// Begins behind the lead with this id.
    pub fn behind(engine: &'e Engine, filter: Filter, behind: i64) -> Self {
        Self { engine, filter, behind, seen: 0 }
    }

    /// The lead behind which the next step looks.
    pub fn place(&self) -> i64 {
        self.behind
    }

    /// Those of the next leads that are meant; none: there are no more.
    ///
    /// # Errors
    /// The database.
    pub async fn step(&mut self) -> NurtureResult<Option<Vec<Listed>>> {
        let revision = self.engine.revision().await?;
        let funnel = &revision.workspace.funnel;
        let mut tx = self.engine.db.read().await?;
        let ids = leads::behind(&mut tx, self.behind, LOOK).await?;
        let Some(last) = ids.last() else { return Ok(None) };
        self.behind = *last;
        self.seen += ids.len() as u64;
        let mut found = leads::by_ids(&mut tx, &ids).await?;
        drop(tx);
        found.sort_by_key(|stored| stored.lead.id);
        let now = self.engine.clock.now();
        let listed = found.into_iter().filter_map(|StoredLead { lead, suppressed_by, .. }| {
            if !self.filter.takes(&lead) {
                return None;
            }
            let worth = funnel.rules.worth(&lead, now);
            let in_segment = |name: &String| funnel.segments.contains(name, &lead, &worth);
            let holds = |when: &Expression| when.holds(&lead, &worth);
            if !self.filter.segment.iter().all(in_segment) || !self.filter.when.iter().all(holds) {
                return None;
            }
            let judged = Judged::of(&funnel.rules, &lead, now);
            Some(Listed::of(lead, suppressed_by, worth.score(), judged))
        });
        Ok(Some(listed.collect()))
    }
}

impl Filter {
    /// What takes no rules to know.
    fn takes(&self, lead: &Lead) -> bool {
        self.stage.is_none_or(|stage| stage == lead.stage)
            && self.qualification.is_none_or(|qualification| qualification == lead.qualification)
            && self.with.is_none_or(|with| with == lead.with)
            && self.owner.as_ref().is_none_or(|owner| Some(owner) == lead.owner.as_ref())
    }
}

impl Listed {
    fn of(lead: Lead, suppressed_by: Option<StopKind>, score: f64, judged: Judged) -> Self {
        Self {
            id: lead.id,
            email: lead.email.to_string(),
            first_name: lead.contact.first_name,
            last_name: lead.contact.last_name,
            company: lead.company.map(|company| company.name),
            stage: lead.stage,
            qualification: lead.qualification,
            with: lead.with,
            owner: lead.owner,
            source: lead.source,
            tags: lead.tags,
            score,
            judged,
            stopped_by: lead.closed_by.or(suppressed_by),
        }
    }
}
