//! What the score of a lead is made of, rule by rule.

use serde::Serialize;

use super::engine::Engine;
use super::error::NurtureResult;
use super::explain::Judged;
use super::lookup::find;
use crate::domain::event::Happening;
use crate::storage::events;
use crate::workspace::ScoreFacts;
use crate::workspace::funnel::{Persona, Share};

/// What the score of a lead is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    pub lead: i64,
    pub email: String,
    /// Fit and engagement together.
    pub score: f64,
    #[serde(flatten)]
    pub judged: Judged,
    /// The rules of `[[fit]]` that hold, in the order of the file.
    pub fits: Vec<Reason>,
    /// What each rule of `[[score]]` has given, the largest that is left first.
    pub shares: Vec<Share>,
    /// In which time engagement halves, in milliseconds.
    pub half_life: i64,
    /// What speaks for each persona that anything speaks for, in the order of the file.
    pub personas: Vec<Likeness>,
}

/// A condition that holds, and what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// As it is written in funnel.toml.
    pub when: String,
    pub points: i64,
}

/// How much a lead is like a persona.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Likeness {
    pub name: String,
    pub title: String,
    pub weight: i64,
    /// What it takes.
    pub at_least: i64,
}

/// Accounts for the score of a lead, named by its id or its address, under the applied rules.
///
/// # Errors
/// [`NurtureError::NoLead`](super::NurtureError::NoLead); the database.
pub async fn account(engine: &Engine, id_or_email: &str) -> NurtureResult<Account> {
    let revision = engine.revision().await?;
    let rules = &revision.workspace.funnel.rules;
    let mut tx = engine.db.read().await?;
    let lead = find(&mut tx, id_or_email).await?.lead;
    let deeds = events::deeds(&mut tx, &[lead.id]).await?;
    drop(tx);
    let now = engine.clock.now();
    let deeds: Vec<Happening> = deeds.into_iter().map(|(_, deed)| deed).collect();
    let worth = rules.worth(&lead, now);
    let fits = rules.fitting(&lead, &worth);
    let fits = fits.map(|rule| Reason { when: rule.when.to_string(), points: rule.points }).collect();
    // What a persona may ask for beside the record.
    let known = ScoreFacts { complete: worth.complete, ..ScoreFacts::default() };
    let likeness = |persona: &Persona| Likeness {
        name: persona.name.clone(),
        title: persona.title.clone(),
        weight: persona.weight(&lead, &known),
        at_least: persona.at_least,
    };
    Ok(Account {
        lead: lead.id,
        email: lead.email.to_string(),
        score: worth.score(),
        judged: Judged::of(rules, &lead, now),
        fits,
        shares: rules.shares(&deeds, now),
        half_life: rules.half_life,
        personas: rules.personas.iter().map(likeness).filter(|likeness| likeness.weight != 0).collect(),
    })
}
