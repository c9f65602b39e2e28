//! [`Rules`]: how leads are scored and qualified, from `[[score]]`, `[[fit]]`, `[scoring]`, `[stage.NAME]` and
//! `[qualification.NAME]` of funnel.toml.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::expression::{Expression, ScoreFacts};
use super::super::names::Names;
use super::super::phrase;
use super::super::source::Finding;
use super::super::table::Table;
use super::read::when;
use crate::domain::condition::{Fact, Phrase};
use crate::domain::event::{EventKind, Happening};
use crate::domain::lead::Lead;
use crate::domain::score::Engagement;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::time::{DAY, Timestamp};
use crate::domain::wait::Wait;

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
}

/// `[[score]]`: what something that happens adds to the engagement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreRule {
    pub on: Phrase,
    pub points: i64,
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

impl Rules {
    /// What a lead is worth now.
    pub fn worth(&self, lead: &Lead, now: Timestamp) -> ScoreFacts {
        let fits = self.fits.iter().filter(|rule| rule.when.holds(lead, &ScoreFacts::default()));
        ScoreFacts {
            fit: fits.map(|rule| rule.points).sum::<i64>() as f64,
            engagement: lead.engagement.left_at(now, self.half_life),
        }
    }

    /// What something that happened adds to the engagement.
    pub fn points_of(&self, happening: &Happening) -> i64 {
        match happening.kind {
            EventKind::Scored => happening.details.points.unwrap_or(0),
            _ => {
                let met = self.scores.iter().filter(|rule| happening.meets(&rule.on.fact, None));
                met.map(|rule| rule.points).sum()
            }
        }
    }

    /// The engagement of everything that a lead did.
    pub fn engagement<'h>(&self, deeds: impl IntoIterator<Item = &'h Happening>) -> Engagement {
        let points = deeds.into_iter().map(|deed| (self.points_of(deed), deed.at));
        Engagement::of(points.filter(|(points, _)| *points != 0), self.half_life)
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
pub(super) fn read(root: &mut Table, names: &Names) -> Rules {
    Rules {
        scores: scores(root, names),
        fits: fits(root),
        half_life: half_life(root.table("scoring")),
        stages: stages(root),
        qualifications: qualifications(root),
    }
}

fn half_life(mut table: Table) -> i64 {
    let half_life = table.text("half_life").and_then(|text| {
        text.read(|text| match text.parse::<Wait>() {
            Ok(Wait::Exact(millis)) if millis > 0 => Ok(millis),
            Ok(Wait::Days(days)) if days > 0 => Ok(i64::from(days) * DAY),
            Ok(_) => Err("engagement cannot halve within no time".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    });
    table.finish();
    half_life.unwrap_or(30 * DAY)
}

fn points(table: &mut Table, kind: &str) -> Option<i64> {
    if !table.has("points") {
        table.report(Finding::new(Code::Missing, format!("{kind} lacks `points`")).help("write points = 20"));
    }
    table.integer("points", -1000..=1000)
}

fn scores(root: &mut Table, names: &Names) -> Vec<ScoreRule> {
    let rule = |mut table: Table| {
        let on = table.required("on", "\"clicked link pricing\"");
        let points = points(&mut table, "[[score]]");
        table.finish();
        let on = on?;
        let read = phrase::read(&on, names)?;
        read.refuse_step("a score");
        if read.phrase.not || matches!(read.phrase.fact, Fact::Has(_) | Fact::Tagged(_) | Fact::InSegment(_))
        {
            let message = format!("`{}` is not something that happens, so it brings no points", on.value);
            let finding = Finding::new(Code::BadValue, message);
            on.report(finding.help("for what a lead is, write [[fit]] with `when`"));
            return None;
        }
        Some(ScoreRule { on: read.phrase, points: points? })
    };
    root.tables("score").unwrap_or_default().into_iter().filter_map(rule).collect()
}

fn fits(root: &mut Table) -> Vec<FitRule> {
    let rule = |mut table: Table| {
        let (when, points) = (when(&mut table), points(&mut table, "[[fit]]"));
        table.finish();
        Some(FitRule { when: when?, points: points? })
    };
    root.tables("fit").unwrap_or_default().into_iter().filter_map(rule).collect()
}

fn stages(root: &mut Table) -> BTreeMap<Stage, Expression> {
    let mut stages = BTreeMap::new();
    for (name, mut table) in root.named("stage") {
        let stage = name.parse::<Stage>();
        let when = when(&mut table);
        table.finish();
        stages.extend(stage.zip(when));
    }
    stages
}

fn qualifications(root: &mut Table) -> BTreeMap<Qualification, QualificationRule> {
    let mut rules = BTreeMap::new();
    for (name, mut table) in root.named("qualification") {
        let qualification = name.parse::<Qualification>();
        let when = when(&mut table);
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
        let scores = |fit, engagement| ScoreFacts { fit, engagement };
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
        lead.qualification = Qualification::Mql;
        assert_eq!(found(&lead, 10.0, 90.0), None);
        lead.qualification = Qualification::Sql;
        assert_eq!(rules.proposal(&lead, &scores(10.0, 90.0)), None);
        lead.contact.country = Some("DE".to_owned());
        assert_eq!(rules.worth(&lead, Timestamp::default()).fit, 10.0);
        assert_eq!(rules.half_life, 10 * DAY);
    }
}
