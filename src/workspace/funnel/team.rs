//! Who takes a lead: [`Rep`]s, `[team.NAME]`; [`Route`]s, `[[route]]`; and [`Routing`], `[routing]`.

use chrono_tz::Tz;

use super::Funnel;
use super::read::{address, when};
use crate::domain::address::Address;
use crate::domain::lead::Lead;
use crate::domain::routing::Choose;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::domain::words::words;
use crate::domain::working_time::WorkingTime;
use crate::workspace::code::Code;
use crate::workspace::expression::{Expression, Scope};
use crate::workspace::mention::Noun;
use crate::workspace::names::{self, Names};
use crate::workspace::source::Finding;
use crate::workspace::table::{Table, Text};
use crate::workspace::times;

/// `[team.NAME]`: somebody of sales.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rep {
    pub name: String,
    pub email: Address,
    /// How many hand-overs that a score made the rep can have at once, until each is won, lost or returned. No bound.
    pub capacity: Option<i64>,
    /// `hours`, `Mon-Fri 08:00-18:00`; `timezone`, that of `[defaults]`; `away`, never.
    pub working_time: WorkingTime,
    /// A key of the team: who stands in while the rep is away. Nobody.
    pub deputy: Option<String>,
}

impl Rep {
    /// Whether the rep is away today, on their own clock.
    pub fn is_away(&self, now: Timestamp) -> bool {
        self.working_time.is_away(now)
    }

    /// Whether the rep is at work at this moment.
    pub fn at_work(&self, now: Timestamp) -> bool {
        self.working_time.at_work(now)
    }

    /// The moment when the rep has worked so many milliseconds since `from`. Absences do not count.
    pub fn after_working(&self, from: Timestamp, millis: i64) -> Timestamp {
        self.working_time.after_working(from, millis)
    }
}

/// `[routing]`
#[derive(Debug)]
pub struct Routing {
    /// `[[route]]`, in the order of the file. None.
    pub routes: Vec<Route>,
    /// How one of several reps is chosen. `round_robin`.
    pub choose: Choose,
    /// Whether a lead goes to the rep of a colleague in the same company. It does.
    pub same_company: bool,
    /// A key of the team: the head of sales, who takes what fits nobody. The first of the team.
    pub head: Option<String>,
    /// Whom marketing leaves alone while sales works on a lead. `lead`.
    pub hold: SalesHold,
}

/// `[[route]]`: which leads go to whom.
#[derive(Debug)]
pub struct Route {
    /// All.
    pub when: Option<Expression>,
    /// A key of the segments. All.
    pub segment: Option<String>,
    /// Keys of the team, at least one.
    pub team: Vec<String>,
}

words! {
    /// `[routing] hold`: whom marketing leaves alone while sales works on a lead.
    pub enum SalesHold {
        /// The lead itself.
        Lead = "lead",
        /// Everybody in its company.
        Company = "company",
    }
}

impl Funnel {
    /// The rep with this key.
    pub fn rep(&self, key: &str) -> Option<&Rep> {
        self.team.iter().find(|(known, _)| known == key).map(|(_, rep)| rep)
    }

    /// The name of a rep; the key if there is no such rep any more.
    pub fn rep_name<'k>(&'k self, key: &'k str) -> &'k str {
        self.rep(key).map_or(key, |rep| rep.name.as_str())
    }

    /// The key of the head of sales; none if there is no team.
    pub fn head_of_sales(&self) -> Option<&str> {
        let first = || self.team.first().map(|(key, _)| key.as_str());
        self.routing.head.as_deref().or_else(first)
    }

    /// Who stands in for a rep who is away: the deputy, or theirs in turn. None: the rep is there, or all of these are away.
    pub fn stand_in(&self, rep: &str, now: Timestamp) -> Option<&str> {
        let mut asked = self.rep(rep).filter(|rep| rep.is_away(now))?;
        // Deputies may stand in a circle.
        for _ in &self.team {
            let key = asked.deputy.as_deref()?;
            asked = self.rep(key)?;
            if !asked.is_away(now) {
                return Some(key);
            }
        }
        None
    }

    /// The reps of the first route that a lead fits; none if it fits no route.
    pub fn route(&self, lead: &Lead, now: Timestamp) -> &[String] {
        let worth = self.rules.worth(lead, now);
        let fits = |route: &&Route| {
            route.when.as_ref().is_none_or(|when| when.holds(lead, &worth))
                && route.segment.as_ref().is_none_or(|name| self.segments.contains(name, lead, &worth))
        };
        self.routing.routes.iter().find(fits).map_or(&[], |route| &route.team)
    }
}

/// The reps, by their keys, which are added to `names`.
pub(super) fn team(root: &mut Table, default_zone: Tz, names: &mut Names) -> Vec<(String, Rep)> {
    let tables = names::tables(root, "team");
    names.reps.extend(tables.iter().map(|(name, _)| name.value.to_owned()));
    let reps = tables.into_iter();
    reps.filter_map(|(key, table)| Some((key.value.to_owned(), rep(&key, table, default_zone, names)?)))
        .collect()
}

fn rep(key: &Text, mut table: Table, default_zone: Tz, names: &Names) -> Option<Rep> {
    let name = table.required("name", "\"Kim Meier\"");
    let email = table.required("email", "\"kim@nordwerk.example\"").and_then(|email| email.read(address));
    let capacity = table.integer("capacity", 1..=100_000);
    let hours = times::windows(&mut table, "hours").unwrap_or_else(super::read::office_hours);
    let timezone = table.text("timezone").and_then(|text| text.read(zone)).unwrap_or(default_zone);
    let away = table.texts("away").iter().filter_map(Text::parse).collect();
    let deputy = table.text("deputy");
    deputy.iter().for_each(|deputy| check_deputy(key, deputy, names));
    table.finish();
    Some(Rep {
        name: name?.one_line().to_owned(),
        email: email?,
        capacity,
        working_time: WorkingTime { hours, timezone, away },
        deputy: deputy.map(|deputy| deputy.value.to_owned()),
    })
}

fn check_deputy(key: &Text, deputy: &Text, names: &Names) {
    if deputy.value == key.value {
        let message = format!("`{}` cannot stand in for themselves", key.value);
        let help = "name somebody else of the team, or leave `deputy` out";
        deputy.report(Finding::new(Code::BadValue, message).help(help));
    } else {
        names::check_known(deputy, &names.reps, Noun::Rep);
    }
}

/// Reads `[routing]` and `[[route]]`, after the team and the segments.
pub(super) fn routing(root: &mut Table, names: &Names) -> Routing {
    let mut table = root.table("routing");
    let choose = table.parse("choose").unwrap_or(Choose::RoundRobin);
    let same_company = table.flag("same_company").unwrap_or(true);
    let head = table.text("head");
    head.iter().for_each(|head| names::check_known(head, &names.reps, Noun::Rep));
    let hold = table.parse("hold").unwrap_or(SalesHold::Lead);
    table.finish();
    let head = head.map(|head| head.value.to_owned());
    Routing { routes: routes(root, names), choose, same_company, head, hold }
}

fn routes(root: &mut Table, names: &Names) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for table in root.tables("route").unwrap_or_default() {
        if routes.last().is_some_and(|last| last.when.is_none() && last.segment.is_none()) {
            let message = "no lead comes to this route: the one before it takes everybody";
            let help = "put the route without `when` and `segment` last";
            table.report(Finding::new(Code::NeverTrue, message).help(help));
        }
        routes.extend(route(table, names));
    }
    routes
}

fn route(mut table: Table, names: &Names) -> Option<Route> {
    let when = if table.has("when") { Some(when(&mut table, Scope::Everything)) } else { None };
    let segment = table.text("segment");
    segment.iter().for_each(|name| names::check_known(name, &names.segments, Noun::Segment));
    if !table.has("team") {
        let finding = Finding::new(Code::Missing, "`team` is missing in [[route]]");
        table.report(finding.help("write team = [\"kim\", \"tarek\"], with names of [team.NAME]"));
    }
    let mut team: Vec<String> = Vec::new();
    for name in table.texts("team") {
        names::check_known(&name, &names.reps, Noun::Rep);
        if !team.iter().any(|known| known == name.value) {
            team.push(name.value.to_owned());
        }
    }
    table.finish();
    // A condition that could not be read does not make it the route of everybody.
    let when = match when {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Route { when, segment: segment.map(|name| name.value.to_owned()), team })
}

#[cfg(test)]
mod tests {
    use super::super::tests::read_text;
    use super::*;
    use crate::workspace::fixture;

    const HEAD: &str = "[company]\nimprint = 'Meier, Kiel'\n[sender.anna]\nname = 'A'\nemail = 'a@x.example'\n\
        [defaults]\ntimezone = 'Europe/Berlin'\n[segment.south]\nwhen = 'lead.country == \"AT\"'\n";

    fn rep(key: &str, more: &str) -> String {
        format!("[team.{key}]\nname = '{key}'\nemail = '{key}@x.example'\n{more}\n")
    }

    fn found(text: &str) -> Vec<String> {
        read_text(&format!("{HEAD}{text}")).2
    }

    #[test]
    fn every_key_of_a_rep_is_read() {
        let kim = "capacity = 20\nhours = 'Mon-Thu 09:00-16:00'\ntimezone = 'Europe/Zurich'\n\
            away = ['2026-12-24..2027-01-02', '2026-11-02']\ndeputy = 'tarek'";
        let (funnel, names, found) =
            read_text(&format!("{HEAD}{}{}", rep("kim", kim), rep("tarek", "away = '2026-12-24'")));
        assert_eq!(found, [""; 0]);
        let kim = funnel.rep("kim").unwrap();
        assert_eq!((kim.capacity, kim.deputy.as_deref()), (Some(20), Some("tarek")));
        assert_eq!(kim.working_time.hours.to_string(), "Mon-Thu 09:00-16:00");
        assert_eq!(kim.working_time.timezone, Tz::Europe__Zurich);
        let away: Vec<String> = kim.working_time.away.iter().map(ToString::to_string).collect();
        assert_eq!(away, ["2026-12-24..2027-01-02", "2026-11-02"]);
        let tarek = funnel.rep("tarek").unwrap();
        assert_eq!((tarek.capacity, &tarek.deputy), (None, &None));
        assert_eq!(tarek.working_time.hours.to_string(), "Mon-Fri 08:00-18:00");
        assert_eq!(tarek.working_time.timezone, Tz::Europe__Berlin, "the default one");
        assert_eq!(names.reps.iter().map(String::as_str).collect::<Vec<_>>(), ["kim", "tarek"]);
        assert_eq!((funnel.routing.choose, funnel.routing.hold), (Choose::RoundRobin, SalesHold::Lead));
        assert!(funnel.routing.same_company && funnel.routing.routes.is_empty());
        assert_eq!(funnel.head_of_sales(), Some("kim"), "the first of the team");
    }

    #[test]
    fn the_first_route_that_fits_counts() {
        let text = format!(
            "{HEAD}{}{}[routing]\nchoose = 'least_loaded'\nsame_company = false\nhead = 'tarek'\nhold = 'company'\n\
             [[route]]\nwhen = 'lead.language == \"fr\"'\nsegment = 'south'\nteam = 'kim'\n\
             [[route]]\nsegment = 'south'\nteam = ['tarek', 'kim', 'tarek']\n",
            rep("kim", ""),
            rep("tarek", "")
        );
        let (funnel, _, found) = read_text(&text);
        assert_eq!(found, [""; 0]);
        assert_eq!((funnel.routing.choose, funnel.routing.hold), (Choose::LeastLoaded, SalesHold::Company));
        assert!(!funnel.routing.same_company);
        assert_eq!(funnel.head_of_sales(), Some("tarek"));
        let mut lead = fixture::lead("eva@x.example");
        let now = Timestamp::default();
        assert_eq!(funnel.route(&lead, now), [""; 0]);
        lead.contact.country = Some("AT".to_owned());
        assert_eq!(funnel.route(&lead, now), ["tarek", "kim"], "each once");
        lead.contact.language = Some("fr".to_owned());
        assert_eq!(funnel.route(&lead, now), ["kim"], "both must be true");
    }

    #[test]
    fn every_mistake_is_found() {
        let kim = "capacity = 0\nhours = '9-17'\ntimezone = 'Berlin'\naway = ['24.12.2026', '2026-12-24..2026-12-01']\n\
            deputy = 'kim'";
        let text = format!(
            "{}{}[routing]\nchoose = 'random'\nhead = 'svenja'\nhold = 'all'\n\
             [[route]]\nteam = ['tarik']\n[[route]]\nsegment = 'south'\nwhen = 'lead.x == 1'\n",
            rep("kim", kim),
            rep("tarek", "deputy = 'kym'")
        );
        let messages = [
            "0 is out of bounds for `capacity`",
            "`9-17` is not a window",
            "`Berlin` is not a time zone",
            "`24.12.2026` is not a day",
            "`2026-12-24..2026-12-01` ends before it begins",
            "`kim` cannot stand in for themselves",
            "there is no rep `kym`",
            "\"random\" is not known here",
            "there is no rep `svenja`",
            "\"all\" is not known here",
            "there is no rep `tarik`",
            "`team` is missing in [[route]]",
            "no lead comes to this route",
            "lead",
        ];
        let found = found(&text);
        assert_eq!(found.len(), messages.len(), "{found:#?}");
        for (message, found) in messages.iter().zip(&found) {
            assert!(found.contains(message), "{message} in {found}");
        }
    }
}
