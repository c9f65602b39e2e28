//! `[persona.NAME]` of funnel.toml: the kinds of people that marketing has in mind, told by what fits them.

use std::cmp::Reverse;

use super::super::code::Code;
use super::super::expression::{Expression, Scope, ScoreFacts};
use super::super::names::{self, Names};
use super::super::source::Finding;
use super::super::table::Table;
use super::read::when;
use crate::domain::lead::Lead;

/// The personas, in the order of the file.
#[derive(Debug, Default)]
pub struct Personas(Vec<Persona>);

/// `[persona.NAME]`
#[derive(Debug)]
pub struct Persona {
    pub name: String,
    /// What people call it. The name.
    pub title: String,
    /// The least weight that makes somebody this persona. 1.
    pub at_least: i64,
    /// `match`: what speaks for it, or against it.
    pub features: Vec<Feature>,
}

/// One item of `match`.
#[derive(Debug)]
pub struct Feature {
    pub when: Expression,
    /// What it counts if it holds; below 0 it speaks against the persona. 1.
    pub weight: i64,
}

impl Personas {
    /// The persona whose features weigh the most for a lead, if they weigh enough. Of equals the first of the file.
    pub fn of(&self, lead: &Lead, known: &ScoreFacts) -> Option<&Persona> {
        let weighed = self.0.iter().map(|persona| (persona.weight(lead, known), persona));
        let fitting = weighed.filter(|(weight, persona)| *weight >= persona.at_least);
        // `min_by_key` takes the first of equals.
        fitting.min_by_key(|(weight, _)| Reverse(*weight)).map(|(_, persona)| persona)
    }

    /// The persona of this name.
    pub fn named(&self, name: &str) -> Option<&Persona> {
        self.0.iter().find(|persona| persona.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Persona> {
        self.0.iter()
    }
}

impl Persona {
    /// What speaks for a lead being this persona.
    pub fn weight(&self, lead: &Lead, known: &ScoreFacts) -> i64 {
        let held = self.features.iter().filter(|feature| feature.when.holds(lead, known));
        held.map(|feature| feature.weight).sum()
    }
}

/// Reads the personas, whose names are added to `names`. What is wrong is reported.
pub(super) fn read(root: &mut Table, names: &mut Names) -> Personas {
    let mut personas = Vec::new();
    for (name, mut table) in names::tables(root, "persona") {
        names.personas.insert(name.value.to_owned());
        let title = table.text("title").map_or(name.value, |title| title.one_line()).to_owned();
        let at_least = table.integer("at_least", 1..=1000).unwrap_or(1);
        let features = features(&mut table);
        let most: i64 = features.iter().map(|feature| feature.weight.max(0)).sum();
        if table.finish() && !features.is_empty() && most < at_least {
            let message = format!("nobody is ever `{}`: all weights together are {most}", name.value);
            let finding = Finding::new(Code::NeverTrue, message);
            name.report(finding.help(format!("write at_least no larger than {most}, or larger weights")));
        }
        personas.push(Persona { name: name.value.to_owned(), title, at_least, features });
    }
    Personas(personas)
}

fn features(table: &mut Table) -> Vec<Feature> {
    if !table.has("match") {
        let finding = Finding::new(Code::Missing, "the persona lacks `match`, so that nobody is like it");
        table
            .report(finding.help("write match = [{ when = 'lead.job_title.contains(\"IT\")', weight = 3 }]"));
    }
    let feature = |mut table: Table| {
        let when = when(&mut table, Scope::Persona);
        let weight = table.integer("weight", -1000..=1000).unwrap_or(1);
        table.finish();
        Some(Feature { when: when?, weight })
    };
    table.tables("match").unwrap_or_default().into_iter().filter_map(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::super::super::source::{Report, Source};
    use super::*;

    fn personas(text: &str) -> (Personas, Vec<String>) {
        let report = Report::default();
        let text = format!("\n{text}");
        let funnel = super::super::read(Source::new("funnel.toml", &text, &report), &mut Names::default());
        let found =
            report.finish().into_iter().map(|found| found.to_string()).filter(|line| !line.contains(":1:1:"));
        (funnel.rules.personas, found.collect())
    }

    #[test]
    fn the_best_match_wins_and_the_first_of_equals() {
        let text = "[persona.owner]\ntitle = 'Owner'\nat_least = 2\n\
                    match = [{ when = 'lead.job_title.contains(\"Owner\")', weight = 3 },\n\
                    { when = 'company.size < 20' }]\n\
                    [persona.buyer]\n\
                    [[persona.buyer.match]]\nwhen = 'lead.country == \"DE\"'\nweight = 3\n\
                    [[persona.buyer.match]]\nwhen = 'has(lead.phone)'\nweight = -3\n";
        let (personas, found) = personas(text);
        assert_eq!(found, [""; 0]);
        let mut lead = fixture::lead("kim@example.org");
        let of = |lead: &Lead| personas.of(lead, &ScoreFacts::default()).map(|found| found.title.clone());
        assert_eq!(of(&lead), None);
        lead.contact.country = Some("DE".to_owned());
        assert_eq!(of(&lead).as_deref(), Some("buyer"));
        lead.contact.job_title = Some("Owner".to_owned());
        assert_eq!(of(&lead).as_deref(), Some("Owner"), "equals");
        lead.contact.job_title = None;
        lead.contact.phone = Some("1".to_owned());
        assert_eq!(of(&lead), None, "something speaks against it");
    }

    #[test]
    fn what_can_never_be_is_named() {
        for (text, part) in [
            ("[persona.x]\n", "lacks `match`"),
            ("[persona.x]\nat_least = 3\nmatch = [{ when = 'has(lead.phone)' }]\n", "nobody is ever `x`"),
            (
                "[persona.x]\nmatch = [{ when = 'lead.persona == \"x\"' }]\n",
                "`lead.persona` cannot be asked for",
            ),
            ("[persona.x]\nmatch = [{ when = 'score > 3' }]\n", "`score` cannot be asked for"),
            ("[persona.x]\nmatch = [{ weight = 3 }]\n", "`when` is missing"),
            (
                "[[fit]]\npoints = 1\nwhen = 'lead.temperature == \"hot\"'\n",
                "`lead.temperature` cannot be asked for",
            ),
        ] {
            let (_, found) = personas(text);
            assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
        }
    }
}
