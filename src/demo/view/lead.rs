//! A [`LeadView`]: what Dripline knows of one lead.

use serde::Serialize;

use super::mail::{self, MailView};
use super::timeline::{self, Line};
use crate::demo::act::{ActResult, CalledOff, Scene};
use crate::domain::gate::StopKind;
use crate::domain::lead::Lead;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::Timestamp;
use crate::nurture::NurtureError;
use crate::nurture::explain::{Next, explain};
use crate::nurture::lookup::find;
use crate::nurture::revision::Revision;
use crate::workspace::ScoreFacts;
use crate::workspace::funnel::FitRule;

/// One lead: who it is, where it stands and why, what comes next, what happened, and its inbox.
#[derive(Debug, Serialize)]
pub struct LeadView {
    pub email: String,
    pub name: String,
    pub company: Option<String>,
    pub job_title: Option<String>,
    pub tracking: bool,
    pub stage: Stage,
    pub qualification: Qualification,
    pub with: Party,
    /// The name of the rep.
    pub owner: Option<String>,
    pub prospect_since: Option<Timestamp>,
    pub stopped_by: Option<StopKind>,
    /// In the words of the product.
    pub sentence: String,
    pub not_sent_because: Vec<String>,
    pub fit: f64,
    pub engagement: f64,
    pub reasons: Vec<Reason>,
    /// Points that are gone with the time.
    pub faded: f64,
    pub next: Option<Next>,
    /// What was called off last.
    pub called_off: Option<CalledOff>,
    pub timeline: Vec<Line>,
    pub mails: Vec<MailView>,
}

/// Why there are points.
#[derive(Debug, PartialEq, Serialize)]
pub struct Reason {
    pub points: i64,
    /// `fit`, or the word of the event.
    pub kind: &'static str,
    /// A field, or what was done it to.
    pub about: Option<String>,
    /// What the field holds.
    pub value: Option<String>,
}

impl LeadView {
    pub async fn read(scene: &Scene, revision: &Revision, email: &str) -> ActResult<Self> {
        let engine = &scene.engine;
        let explanation = explain(engine, email).await?;
        let timeline = timeline::lines(engine, email).await?;
        let mut tx = engine.db.read().await.map_err(NurtureError::from)?;
        let stored = find(&mut tx, email).await?;
        drop(tx);
        let lead = stored.lead;
        let funnel = &revision.workspace.funnel;
        let worth = funnel.rules.worth(&lead, engine.clock.now());
        let earned: i64 = earned(&timeline).map(|line| line.points.unwrap_or(0)).sum();
        let owner = lead.owner.as_deref().and_then(|key| funnel.rep(key));
        let called_off = scene.memo().called_off.iter().rfind(|off| off.lead == email).cloned();
        Ok(Self {
            name: name(&lead),
            company: lead.company.as_ref().map(|company| company.name.clone()),
            job_title: lead.contact.job_title.clone(),
            tracking: lead.tracking,
            stage: lead.stage,
            qualification: lead.qualification,
            with: lead.with,
            owner: owner.map(|rep| rep.name.clone()),
            prospect_since: lead.prospect_since,
            stopped_by: lead.closed_by.or(stored.suppressed_by),
            sentence: explanation.sentence,
            not_sent_because: explanation.not_sent_because,
            fit: worth.fit,
            engagement: worth.engagement,
            reasons: reasons(revision, &lead, &worth, &timeline),
            faded: earned as f64 - worth.engagement,
            next: explanation.next,
            called_off,
            mails: mail::of(scene, email),
            timeline,
            email: email.to_owned(),
        })
    }
}

/// What a lead is called.
fn name(lead: &Lead) -> String {
    let contact = &lead.contact;
    let parts = [&contact.title, &contact.first_name, &contact.last_name].into_iter().flatten();
    let full = parts.map(String::as_str).collect::<Vec<_>>().join(" ");
    if full.is_empty() { lead.email.to_string() } else { full }
}

/// What brought points, and was nobody's machine.
fn earned(timeline: &[Line]) -> impl Iterator<Item = &Line> {
    timeline.iter().filter(|line| line.points.is_some() && !line.machine)
}

/// The rules of funnel.toml that hold for the lead, then what it did.
fn reasons(revision: &Revision, lead: &Lead, worth: &ScoreFacts, timeline: &[Line]) -> Vec<Reason> {
    let rules = &revision.workspace.funnel.rules;
    let fits = rules.fitting(lead, worth);
    let of_fit = |rule: &FitRule| {
        let about = rule.when.asks_for().into_iter().next();
        let value = about.as_deref().and_then(|field| lead.field(field));
        Reason { points: rule.points, kind: "fit", about, value }
    };
    let of_line = |line: &Line| Reason {
        points: line.points.unwrap_or(0),
        kind: line.kind,
        about: line.about.clone(),
        value: None,
    };
    fits.map(of_fit).chain(earned(timeline).map(of_line)).collect()
}
