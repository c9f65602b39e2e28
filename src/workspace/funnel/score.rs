//! `[[score]]` and `[scoring]` of funnel.toml: what something that a lead does adds to its engagement.

use std::iter::repeat_with;

use serde::Serialize;

use super::super::code::Code;
use super::super::names::Names;
use super::super::phrase;
use super::super::source::Finding;
use super::super::table::{Table, Text};
use super::Rules;
use crate::domain::condition::{Fact, Phrase};
use crate::domain::event::{EventKind, Happening};
use crate::domain::score::{Engagement, Given, Limit, left};
use crate::domain::time::{DAY, Timestamp, as_rfc3339};
use crate::domain::wait::Wait;

/// The largest number of points that a limit can be.
const MOST: i64 = 100_000;

/// `[[score]]`: what something that happens adds to the engagement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreRule {
    pub on: Phrase,
    pub points: i64,
    /// `at_most` and `per`. None.
    pub limit: Option<Limit>,
}

/// Counts what the rules give for the deeds of one lead, one by one in the order of time.
pub struct Tally<'r> {
    rules: &'r [ScoreRule],
    given: Vec<Given>,
}

/// What a rule has given a lead: its share of the engagement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The phrase of the rule. None: points that steps and people gave.
    pub on: Option<String>,
    /// How often it gave something.
    pub times: usize,
    /// What it gave in all.
    pub points: i64,
    /// How often it gave less than its points, or nothing, for its limit.
    pub limited: usize,
    /// What is left of the points.
    pub left: f64,
    /// When it gave something last.
    #[serde(serialize_with = "as_rfc3339")]
    pub last: Timestamp,
}

impl ScoreRule {
    fn is_met(&self, deed: &Happening) -> bool {
        deed.meets(&self.on.fact, None)
    }
}

impl Tally<'_> {
    /// What the rules give for the next deed.
    pub fn points(&mut self, deed: &Happening) -> i64 {
        self.each(deed).map(|(_, granted)| granted).sum()
    }

    /// What each rule that the deed meets gives for it, with the number of the rule.
    fn each(&mut self, deed: &Happening) -> impl Iterator<Item = (usize, i64)> {
        let rules = self.rules.iter().zip(&mut self.given).enumerate();
        rules.filter(|(_, (rule, _))| rule.is_met(deed)).map(|(number, (rule, given))| {
            let granted = match &rule.limit {
                Some(limit) => given.grant(limit, rule.points, deed.at),
                None => rule.points,
            };
            (number, granted)
        })
    }
}

/// Points that a step or a person gave.
fn handed_out(deed: &Happening) -> i64 {
    if deed.kind == EventKind::Scored { deed.details.points.unwrap_or(0) } else { 0 }
}

impl Rules {
    /// A count that has seen no deed yet.
    pub fn tally(&self) -> Tally<'_> {
        Tally { rules: &self.scores, given: repeat_with(Given::default).take(self.scores.len()).collect() }
    }

    /// Whether what the rules give for this depends on what else the lead did: one of them has a limit.
    pub fn depends_on_others(&self, deed: &Happening) -> bool {
        self.scores.iter().any(|rule| rule.limit.is_some() && rule.is_met(deed))
    }

    /// What the rules give for something that happened, `deeds` being all that the lead did, in any order. In whichever
    /// order things become known, each gets the same: the deeds count in the order of their own time.
    pub fn points_of(&self, deed: &Happening, deeds: &[Happening]) -> i64 {
        let mut tally = self.tally();
        for earlier in in_order(deeds).into_iter().take_while(|earlier| earlier.at <= deed.at) {
            tally.points(earlier);
        }
        handed_out(deed) + tally.points(deed)
    }

    /// The engagement of everything that a lead did, in any order.
    pub fn engagement(&self, deeds: &[Happening]) -> Engagement {
        let mut tally = self.tally();
        let points = in_order(deeds).into_iter().map(|deed| (handed_out(deed) + tally.points(deed), deed.at));
        Engagement::of(points.filter(|(points, _)| *points != 0), self.half_life)
    }

    /// What each rule has given a lead for what it did, and what is left of that at `now`. Largest first.
    pub fn shares(&self, deeds: &[Happening], now: Timestamp) -> Vec<Share> {
        let mut tally = self.tally();
        let mut shares: Vec<Option<Share>> = vec![None; self.scores.len() + 1];
        for deed in in_order(deeds) {
            let by_hand = Some((self.scores.len(), handed_out(deed))).filter(|(_, points)| *points != 0);
            for (number, granted) in tally.each(deed).chain(by_hand) {
                let rule = self.scores.get(number);
                let share = shares[number].get_or_insert_with(|| Share::empty(rule, deed.at));
                share.add(granted, rule.is_some_and(|rule| granted != rule.points), deed.at);
                share.left += granted as f64 * left(now - deed.at, self.half_life);
            }
        }
        let mut shares: Vec<Share> = shares.into_iter().flatten().collect();
        shares.sort_by(|one, other| other.left.total_cmp(&one.left));
        shares
    }
}

impl Share {
    fn empty(rule: Option<&ScoreRule>, at: Timestamp) -> Self {
        let on = rule.map(|rule| rule.on.to_string());
        Self { on, times: 0, points: 0, limited: 0, left: 0.0, last: at }
    }

    fn add(&mut self, granted: i64, limited: bool, at: Timestamp) {
        self.points += granted;
        self.times += usize::from(granted != 0);
        self.limited += usize::from(limited);
        self.last = if granted == 0 { self.last } else { at };
    }
}

/// Deeds in the order of their time. Those of one moment get the same points together in any order.
fn in_order(deeds: &[Happening]) -> Vec<&Happening> {
    let mut deeds: Vec<&Happening> = deeds.iter().collect();
    deeds.sort_by_key(|deed| deed.at);
    deeds
}

/// Reads `[scoring] half_life`.
pub(super) fn half_life(mut table: Table) -> i64 {
    let half_life =
        table.text("half_life").and_then(|text| length(&text, "engagement cannot halve within no time"));
    table.finish();
    half_life.unwrap_or(30 * DAY)
}

/// A length of time in milliseconds, in which a day has 24 hours.
pub(super) fn length(text: &Text, none: &str) -> Option<i64> {
    text.read(|text| match text.parse::<Wait>() {
        Ok(Wait::Exact(millis)) if millis > 0 => Ok(millis),
        Ok(Wait::Days(days)) if days > 0 => Ok(i64::from(days) * DAY),
        Ok(_) => Err(none.to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

/// The points of a rule, which must be there.
pub(super) fn points(table: &mut Table, kind: &str) -> Option<i64> {
    if !table.has("points") {
        table.report(Finding::new(Code::Missing, format!("{kind} lacks `points`")).help("write points = 20"));
    }
    table.integer("points", -1000..=1000)
}

/// Reads the rules. What is wrong is reported.
pub(super) fn read(root: &mut Table, names: &Names) -> Vec<ScoreRule> {
    root.tables("score").unwrap_or_default().into_iter().filter_map(|table| rule(table, names)).collect()
}

fn rule(mut table: Table, names: &Names) -> Option<ScoreRule> {
    let on = table.required("on", "\"clicked link pricing\"");
    let points = points(&mut table, "[[score]]");
    let limit = limit(&mut table, points);
    table.finish();
    let on = on?;
    let read = phrase::read(&on, names)?;
    read.refuse_step("a score");
    if read.phrase.not || matches!(read.phrase.fact, Fact::Has(_) | Fact::Tagged(_) | Fact::InSegment(_)) {
        let message = format!("`{}` is not something that happens, so it brings no points", on.value);
        let finding = Finding::new(Code::BadValue, message);
        on.report(finding.help("for what a lead is, write [[fit]] with `when`"));
        return None;
    }
    Some(ScoreRule { on: read.phrase, points: points?, limit })
}

fn limit(table: &mut Table, points: Option<i64>) -> Option<Limit> {
    let per = table.text("per");
    let within = per.as_ref().and_then(|text| length(text, "nothing can be counted within no time"));
    let place = table.value("at_most");
    if let (Some(per), None) = (&per, &place) {
        let finding =
            Finding::new(Code::Missing, "`per` says within which time `at_most` counts, which is missing");
        per.report(finding.help(format!("write at_most = {}", points.unwrap_or(20).abs())));
    }
    let most = table.integer("at_most", 1..=MOST)?;
    if let (Some(points), Some(place)) = (points, place)
        && points.abs() > most
    {
        let message = format!("the rule has {points} points, and gives no more than {most}");
        place.report(Finding::new(Code::BadValue, message).help("write at_most no smaller than points"));
    }
    Some(Limit { most, within })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::source::{Report, Source};
    use super::*;
    use crate::domain::event::Details;
    use crate::domain::time::HOUR;

    const START: Timestamp = Timestamp::from_millis(1_767_600_000_000);

    fn rules(text: &str) -> (Rules, Vec<String>) {
        let report = Report::default();
        let funnel = super::super::read(Source::new("funnel.toml", text, &report), &mut Names::default());
        let found =
            report.finish().into_iter().map(|found| found.to_string()).filter(|line| !line.contains(":1:1:"));
        (funnel.rules, found.collect())
    }

    const SCORES: &str = "[[score]]\non = 'visited /blog*'\npoints = 1\nat_most = 3\nper = '1 day'\n\
                          [[score]]\non = 'visited *'\npoints = 2\nat_most = 9\n\
                          [[score]]\non = 'opened a mail'\npoints = 5\n";

    fn visit(hour: i64, path: &str) -> Happening {
        let details = Details { about: Some(path.to_owned()), ..Details::default() };
        Happening { kind: EventKind::Visited, at: START + hour * HOUR, details }
    }

    #[test]
    fn a_limit_holds_for_its_rule_alone() {
        let (rules, found) = rules(SCORES);
        assert_eq!(found, [""; 0]);
        let deeds: Vec<Happening> = (0..6).map(|hour| visit(hour, "/blog/a")).collect();
        let given: Vec<i64> =
            deeds.iter().enumerate().map(|(at, deed)| rules.points_of(deed, &deeds[..at])).collect();
        assert_eq!(given, [3, 3, 3, 2, 1, 0]);
        assert_eq!(rules.points_of(&visit(24, "/blog/a"), &deeds), 1, "the first is a day old");
        let shares = rules.shares(&deeds, START + 5 * HOUR);
        let shown: Vec<_> = shares
            .iter()
            .map(|share| (share.on.as_deref(), share.times, share.points, share.limited))
            .collect();
        assert_eq!(shown, [(Some("visited *"), 5, 9, 2), (Some("visited /blog*"), 3, 3, 3)]);
        let left: f64 = shares.iter().map(|share| share.left).sum();
        let engagement = rules.engagement(&deeds).left_at(START + 5 * HOUR, rules.half_life);
        assert!((left - engagement).abs() < 1e-9, "{left} {engagement}");
        let opened = Happening { kind: EventKind::Opened, ..visit(0, "") };
        assert!(rules.depends_on_others(&deeds[0]) && !rules.depends_on_others(&opened));
        assert_eq!(rules.points_of(&opened, &[]), 5);
    }

    #[test]
    fn mistakes_in_limits_are_named() {
        let score = |rest: &str| rules(&format!("[[score]]\non = 'replied'\npoints = 20\n{rest}\n")).1;
        assert_eq!(score("at_most = 20\nper = '1 week'"), [""; 0]);
        for (text, part) in [
            ("per = '1 day'", "`at_most` counts, which is missing"),
            ("at_most = 5", "has 20 points, and gives no more than 5"),
            ("at_most = 0", "out of bounds"),
            ("at_most = 20\nper = '0 days'", "within no time"),
            ("at_most = 20\nper = 1", "takes a text"),
        ] {
            let found = score(text);
            assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn the_order_in_which_deeds_become_known_makes_no_difference(
            mut hours in prop::collection::vec(0_i64..100, 1..30),
            shuffled in any::<prop::sample::Index>(),
        ) {
            let (rules, _) = rules(SCORES);
            let late = START + 200 * HOUR;
            let of = |hours: &[i64]| {
                let deeds: Vec<Happening> = hours.iter().map(|hour| visit(*hour, "/blog/a")).collect();
                rules.engagement(&deeds).left_at(late, rules.half_life)
            };
            let one = of(&hours);
            let middle = shuffled.index(hours.len());
            hours.rotate_left(middle);
            prop_assert!((one - of(&hours)).abs() < 1e-9);
            hours.sort_unstable();
            prop_assert!((one - of(&hours)).abs() < 1e-9);
        }
    }
}
