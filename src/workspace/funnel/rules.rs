//! [`Rules`]: how leads are judged and moved, from `[[fit]]`, `[stage.NAME]` and `[qualification.NAME]` of funnel.toml and
//! what its neighbours here read.

use std::collections::BTreeMap;

use super::super::expression::{Expression, Scope, ScoreFacts};
use super::super::names::Names;
use super::super::table::Table;
use super::completeness::{self, Completeness};
use super::persona::{self, Personas};
use super::read::when;
use super::score::{self, ScoreRule};
use super::temperature;
use crate::domain::lead::Lead;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::temperature::Temperatures;
use crate::domain::time::Timestamp;

/// The rules by which marketing and sales judge leads.
#[derive(Debug)]
pub struct Rules {
    /// `[[score]]`. None.
    pub scores: Vec<ScoreRule>,
    /// `[[fit]]`. None.
    pub fits: Vec<FitRule>,
    /// `[scoring] half_life`: the time in which engagement halves, in milliseconds. 30 days.
    pub half_life: i64,
    /// `[stage.NAME] when`: what moves a lead forward to this stage. None.
    pub stages: BTreeMap<Stage, Expression>,
    /// `[qualification.NAME]`. None.
    pub qualifications: BTreeMap<Qualification, QualificationRule>,
    /// `[persona.NAME]`. None.
    pub personas: Personas,
    /// `[contact] complete`. Nothing: every lead is complete.
    pub completeness: Completeness,
    /// `[temperature]`. Hot with 60 points and a sign of life within 14 days, warm with 25 within 45.
    pub temperatures: Temperatures,
}

/// `[[fit]]`: what somebody is worth for who they are.
#[derive(Debug)]
pub struct FitRule {
    pub when: Expression,
    pub points: i64,
}

/// `[qualification.NAME]`
#[derive(Debug)]
pub struct QualificationRule {
    /// When a lead is judged so.
    pub when: Expression,
    /// With this cause the lead is then handed to sales. For `sql` that is all the rule does: sales itself, or a
    /// commitment of the lead, makes an SQL. It stays with marketing; an `sql` is handed over in any case.
    pub hand_over: Option<String>,
}

/// Where the rules move a lead forward to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moves<'r> {
    pub stage: Option<Stage>,
    /// Never `sql`.
    pub qualification: Option<Qualification>,
    /// The cause with which the new qualification hands the lead to sales. None for one that sales has already.
    pub hand_over: Option<&'r str>,
    /// The cause with which the lead is proposed to sales as an SQL. None for one that sales has already.
    pub proposal: Option<&'r str>,
}

impl Rules {
    /// What a lead is worth now.
    pub fn worth(&self, lead: &Lead, now: Timestamp) -> ScoreFacts {
        let mut worth = ScoreFacts { complete: self.completeness.is_met(lead), ..ScoreFacts::default() };
        worth.persona = self.personas.of(lead, &worth).map(|persona| persona.name.clone());
        worth.fit = self.fitting(lead, &worth).map(|rule| rule.points).sum::<i64>() as f64;
        worth.engagement = lead.engagement.left_at(now, self.half_life);
        worth.temperature = self.temperatures.of(worth.score(), lead.alive_at, now);
        worth
    }

    /// The fit rules that hold for a lead, of which persona and completeness are known.
    pub fn fitting<'r>(&'r self, lead: &Lead, worth: &ScoreFacts) -> impl Iterator<Item = &'r FitRule> {
        self.fits.iter().filter(move |rule| rule.when.holds(lead, worth))
    }

    /// Where the rules move a lead that is worth so much.
    pub fn moves(&self, lead: &Lead, scores: &ScoreFacts) -> Moves<'_> {
        let qualification = self.qualification(lead, scores);
        let is_marketings = lead.with == Party::Marketing;
        let rule = qualification.map(|(_, rule)| rule).filter(|_| is_marketings);
        Moves {
            stage: self.stage(lead, scores),
            qualification: qualification.map(|(found, _)| found),
            hand_over: rule.and_then(|rule| rule.hand_over.as_deref()),
            proposal: self.proposal(lead, scores).filter(|_| is_marketings),
        }
    }

    /// The furthest stage that the rules would move a lead forward to.
    pub fn stage(&self, lead: &Lead, scores: &ScoreFacts) -> Option<Stage> {
        let ahead = self.stages.iter().rev().take_while(|(stage, _)| **stage > lead.stage);
        ahead.into_iter().find(|(_, when)| when.holds(lead, scores)).map(|(stage, _)| *stage)
    }

    /// The highest qualification that the rules would give to a lead, with its rule. Never `sql`.
    pub fn qualification(
        &self,
        lead: &Lead,
        scores: &ScoreFacts,
    ) -> Option<(Qualification, &QualificationRule)> {
        let higher = self.qualifications.iter().rev().take_while(|(found, _)| **found > lead.qualification);
        let mut fitting = higher.filter(|(found, _)| **found != Qualification::Sql);
        fitting.find(|(_, rule)| rule.when.holds(lead, scores)).map(|(found, rule)| (*found, rule))
    }

    /// The cause with which the rules propose a lead to sales as an SQL.
    pub fn proposal(&self, lead: &Lead, scores: &ScoreFacts) -> Option<&str> {
        let rule = self.qualifications.get(&Qualification::Sql)?;
        let holds = lead.qualification < Qualification::Sql && rule.when.holds(lead, scores);
        holds.then(|| rule.hand_over.as_deref().unwrap_or("looks ready to buy"))
    }

    /// Whether any rule moves leads.
    pub fn move_leads(&self) -> bool {
        !self.stages.is_empty() || !self.qualifications.is_empty()
    }
}

/// Reads the rules. What is wrong is reported.
pub(super) fn read(root: &mut Table, names: &mut Names) -> Rules {
    Rules {
        scores: score::read(root, names),
        fits: fits(root),
        half_life: score::half_life(root.table("scoring")),
        stages: stages(root),
        qualifications: qualifications(root),
        personas: persona::read(root, names),
        completeness: completeness::read(root.table("contact")),
        temperatures: temperature::read(root.table("temperature")),
    }
}

fn fits(root: &mut Table) -> Vec<FitRule> {
    let rule = |mut table: Table| {
        let (when, points) = (when(&mut table, Scope::Fit), score::points(&mut table, "[[fit]]"));
        table.finish();
        Some(FitRule { when: when?, points: points? })
    };
    root.tables("fit").unwrap_or_default().into_iter().filter_map(rule).collect()
}

fn stages(root: &mut Table) -> BTreeMap<Stage, Expression> {
    let mut stages = BTreeMap::new();
    for (name, mut table) in root.named("stage") {
        let stage = name.parse::<Stage>();
        let when = when(&mut table, Scope::Everything);
        table.finish();
        stages.extend(stage.zip(when));
    }
    stages
}

fn qualifications(root: &mut Table) -> BTreeMap<Qualification, QualificationRule> {
    let mut rules = BTreeMap::new();
    for (name, mut table) in root.named("qualification") {
        let qualification = name.parse::<Qualification>();
        let when = when(&mut table, Scope::Everything);
        let hand_over = table.text("hand_over").map(|text| text.one_line().to_owned());
        table.finish();
        let rule = when.map(|when| QualificationRule { when, hand_over });
        rules.extend(qualification.zip(rule));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::super::super::source::{Report, Source};
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn rules_only_move_forward() {
        let report = Report::default();
        let text = "[stage.mofu]\nwhen = 'engagement >= 20'\n[stage.bofu]\nwhen = 'engagement >= 50'\n\
             [qualification.prequalified]\nwhen = 'fit >= 10'\n[qualification.mql]\nwhen = 'score >= 40'\n\
             [qualification.sql]\nwhen = 'score >= 90'\nhand_over = \"wants to buy\"\n\
             [[fit]]\nwhen = 'lead.country == \"DE\"'\npoints = 10\n\
             [[score]]\non = \"clicked link pricing\"\npoints = 20\n[scoring]\nhalf_life = \"10 days\"\n";
        let funnel = super::super::read(Source::new("funnel.toml", text, &report), &mut Names::default());
        let rules = &funnel.rules;
        let mut lead = fixture::lead("kim@example.org");
        let scores = |fit, engagement| ScoreFacts { fit, engagement, ..ScoreFacts::default() };
        assert_eq!(rules.stage(&lead, &scores(0.0, 19.9)), None);
        assert_eq!(rules.stage(&lead, &scores(0.0, 20.0)), Some(Stage::Mofu));
        assert_eq!(rules.stage(&lead, &scores(0.0, 50.0)), Some(Stage::Bofu));
        lead.stage = Stage::Bofu;
        assert_eq!(rules.stage(&lead, &scores(0.0, 90.0)), None);
        let found = |lead: &Lead, fit, engagement| {
            rules.qualification(lead, &scores(fit, engagement)).map(|(found, _)| found)
        };
        assert_eq!(found(&lead, 10.0, 0.0), Some(Qualification::Prequalified));
        assert_eq!(
            found(&lead, 10.0, 90.0),
            Some(Qualification::Mql),
            "a rule proposes sql and never sets it"
        );
        assert_eq!(rules.proposal(&lead, &scores(10.0, 90.0)), Some("wants to buy"));
        let proposed = |lead: &Lead| rules.moves(lead, &scores(10.0, 90.0)).proposal.is_some();
        assert!(proposed(&lead) && !proposed(&Lead { with: Party::Sales, ..lead.clone() }));
        lead.qualification = Qualification::Mql;
        assert_eq!(found(&lead, 10.0, 90.0), None);
        lead.qualification = Qualification::Sql;
        assert_eq!(rules.proposal(&lead, &scores(10.0, 90.0)), None);
        lead.contact.country = Some("DE".to_owned());
        assert_eq!(rules.worth(&lead, Timestamp::default()).fit, 10.0);
        assert_eq!(rules.half_life, 10 * DAY);
    }
}
