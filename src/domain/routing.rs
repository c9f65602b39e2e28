//! Which rep takes a lead: a decision on what is known of the team now.

use std::cmp::Reverse;

use super::time::Timestamp;
use super::words::words;

words! {
    /// `[routing] choose`: how one of several reps is chosen.
    pub enum Choose {
        /// Whose last turn is longest ago.
        RoundRobin = "round_robin",
        /// Who has the fewest leads; of equals, whose last turn is longest ago.
        LeastLoaded = "least_loaded",
    }
}

words! {
    /// Why a rep was chosen.
    pub enum Why {
        /// By whoever handed the lead over.
        Named = "named",
        /// The lead was theirs before.
        Owner = "owner",
        /// A colleague of the lead, in the same company, is theirs.
        Colleague = "colleague",
        /// It was their turn among the reps of the route.
        Turn = "turn",
        /// They had the fewest leads among the reps of the route.
        Load = "load",
        /// Nobody else fits.
        Head = "head",
    }
}

impl Why {
    /// In words that follow the name of the rep.
    pub const fn of_rep(self) -> &'static str {
        match self {
            Why::Named => "",
            Why::Owner => ", who had the lead before",
            Why::Colleague => ", who has a colleague of it",
            Why::Turn => ", whose turn it was",
            Why::Load => ", who had the fewest leads",
            Why::Head => ", who leads sales (no route had anybody for it)",
        }
    }
}

/// A rep as they stand now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The key of `[team.NAME]`.
    pub key: String,
    pub away: bool,
    pub at_work: bool,
    /// Who stands in while they are away.
    pub deputy: Option<String>,
    /// How many hand-overs that a score made they can have at once; none: no bound.
    pub capacity: Option<i64>,
    /// How many they have.
    pub load: Load,
    /// The number of their last turn: the higher, the later. 0: they had none yet.
    pub turn: i64,
}

/// The hand-overs of a rep that are neither won, nor lost, nor returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub all: i64,
    /// Those that a score made.
    pub scored: i64,
}

impl Standing {
    fn has_place(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.load.scored < capacity)
    }
}

/// A lead that is to be handed over, and whom it could go to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Case<'a> {
    /// By whoever hands it over.
    pub named: Option<&'a str>,
    /// Whose it was before.
    pub owner: Option<&'a str>,
    /// Whose its colleagues in the same company are, the likeliest first.
    pub colleagues: &'a [String],
    /// The reps of its route.
    pub route: &'a [String],
    pub head: Option<&'a str>,
    /// Whether it takes a place: a score made it.
    pub takes_place: bool,
}

/// Who takes a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Rep(Chosen),
    /// All of these have as many as they can have. The lead waits.
    Full(Vec<String>),
    /// There is no team.
    Nobody,
}

/// The rep who takes a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub rep: String,
    pub why: Why,
    /// For whom they stand in.
    pub instead_of: Option<String>,
}

/// A rep of the pool, and for whom they stand in.
#[derive(Clone, Copy)]
struct Seat<'t> {
    rep: &'t Standing,
    instead_of: Option<&'t str>,
}

/// Chooses the rep of a lead: the named one; the owner, or the rep of a colleague, or who stands in for them; else one of
/// the route, of those who are not away, rather one who is at work; else the head of sales.
pub fn choose(team: &[Standing], how: Choose, case: &Case<'_>) -> Choice {
    let team = Team(team);
    if let Some(rep) = case.named.and_then(|named| team.find(named)) {
        return chosen(Seat { rep, instead_of: None }, Why::Named);
    }
    let owner = case.owner.into_iter().map(|key| (key, Why::Owner));
    let mut known = owner.chain(case.colleagues.iter().map(|key| (key.as_str(), Why::Colleague)));
    if let Some((seat, why)) = known.find_map(|(key, why)| Some((team.seat(key)?, why))) {
        return pick(&[seat], how, case.takes_place, why);
    }
    let pool = team.pool(case.route);
    if !pool.is_empty() {
        let why = if how == Choose::LeastLoaded { Why::Load } else { Why::Turn };
        return pick(&pool, how, case.takes_place, why);
    }
    // Somebody has to know of the lead, even if the head is away, too.
    let head = case.head.and_then(|head| team.seat(head).or(team.find(head).map(Seat::of)));
    head.map_or(Choice::Nobody, |seat| pick(&[seat], how, case.takes_place, Why::Head))
}

fn pick(pool: &[Seat<'_>], how: Choose, takes_place: bool, why: Why) -> Choice {
    let mut free: Vec<&Seat> = pool.iter().filter(|seat| !takes_place || seat.rep.has_place()).collect();
    if free.iter().any(|seat| seat.rep.at_work) {
        free.retain(|seat| seat.rep.at_work);
    }
    let load = |rep: &Standing| if how == Choose::LeastLoaded { rep.load.all } else { 0 };
    // Of those who never had a turn, the first of the route.
    match free.into_iter().min_by_key(|seat| (load(seat.rep), seat.rep.turn)) {
        Some(seat) => chosen(*seat, why),
        None => Choice::Full(pool.iter().map(|seat| seat.rep.key.clone()).collect()),
    }
}

fn chosen(seat: Seat<'_>, why: Why) -> Choice {
    let instead_of = seat.instead_of.map(str::to_owned);
    Choice::Rep(Chosen { rep: seat.rep.key.clone(), why, instead_of })
}

impl<'t> Seat<'t> {
    fn of(rep: &'t Standing) -> Self {
        Self { rep, instead_of: None }
    }
}

struct Team<'t>(&'t [Standing]);

impl<'t> Team<'t> {
    fn find(&self, key: &str) -> Option<&'t Standing> {
        self.0.iter().find(|rep| rep.key == key)
    }

    /// The rep, or who stands in for them, or for those in turn. None: all of these are away, or there is no such rep.
    fn seat(&self, key: &str) -> Option<Seat<'t>> {
        let asked = self.find(key)?;
        let mut rep = asked;
        for _ in 0..self.0.len() {
            if !rep.away {
                let instead_of = (rep.key != asked.key).then_some(asked.key.as_str());
                return Some(Seat { rep, instead_of });
            }
            rep = self.find(rep.deputy.as_deref()?)?;
        }
        // Deputies in a circle, all of them away.
        None
    }

    /// Who of a route can take a lead, each once. Who is there for themselves stands in for nobody.
    fn pool(&self, route: &[String]) -> Vec<Seat<'t>> {
        let mut pool: Vec<Seat> = Vec::with_capacity(route.len());
        for seat in route.iter().filter_map(|key| self.seat(key)) {
            match pool.iter_mut().find(|known| known.rep.key == seat.rep.key) {
                Some(known) => known.instead_of = known.instead_of.and(seat.instead_of),
                None => pool.push(seat),
            }
        }
        pool
    }
}

/// A lead that waits for a place with sales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    pub lead: i64,
    pub score: f64,
    pub since: Timestamp,
}

/// Puts those who wait into the order in which they get a place: the highest score first, of equals who waits longest.
pub fn rank(line: &mut [Waiting]) {
    // Half a point is no difference that anybody could see.
    line.sort_by_key(|waiting| (Reverse(waiting.score.round() as i64), waiting.since, waiting.lead));
}

#[cfg(test)]
mod tests;
