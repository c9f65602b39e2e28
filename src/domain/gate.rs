//! The gate: the one place that says whether marketing may write to a lead now.

use super::consent::Basis;
use super::time::{Timestamp, WEEK};
use super::words::words;

words! {
    /// What closes the gate until the person opens it again.
    pub enum StopKind {
        Unsubscribe = "unsubscribe",
        Objection = "objection",
        Complaint = "complaint",
        HardBounce = "hard_bounce",
        /// Mail after mail came back, though the address may exist.
        SoftBounces = "soft_bounces",
        Erasure = "erasure",
        /// By somebody of the company, on behalf of the person.
        ByHand = "by_hand",
    }
}

impl StopKind {
    /// In words that end "not sent because …".
    pub const fn because(self) -> &'static str {
        match self {
            StopKind::Unsubscribe => "the person unsubscribed",
            StopKind::Objection => "the person objected",
            StopKind::Complaint => "the person complained of spam",
            StopKind::HardBounce => "the address does not exist",
            StopKind::SoftBounces => "mail after mail to the address came back",
            StopKind::Erasure => "the person had their data erased",
            StopKind::ByHand => "the lead was stopped by hand",
        }
    }
}

words! {
    /// What closes the gate until its cause ends.
    pub enum HoldKind {
        Pause = "pause",
        Absence = "absence",
        HandOver = "hand_over",
        Reply = "reply",
        /// Sales has let go of the lead, and it is left in peace for a while.
        Quiet = "quiet",
        /// Sales works on somebody else of the company. It follows from what is known of the company; no row says so.
        Company = "company",
        /// The same, of an open deal with the company.
        Deal = "deal",
    }
}

impl HoldKind {
    /// In words that end "not sent because …".
    pub const fn because(self) -> &'static str {
        match self {
            HoldKind::Pause => "the lead is paused",
            HoldKind::Absence => "the person is away",
            HoldKind::HandOver => "the lead is with sales",
            HoldKind::Reply => "a reply of the person waits for an answer",
            HoldKind::Quiet => "sales has let go of the lead, and it is left in peace",
            HoldKind::Company => "sales is talking to a colleague",
            HoldKind::Deal => "sales has an open deal with the company",
        }
    }
}

/// A row of `holds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub kind: HoldKind,
    /// When it ends by itself; none: when its cause ends.
    pub until: Option<Timestamp>,
}

/// `[caps]` of funnel.toml: how often one lead may get a mail, whatever the sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Milliseconds between two mails.
    pub min_gap: i64,
    /// Mails within any seven days; 0: no bound.
    pub per_week: usize,
}

/// What the gate looks at.
#[derive(Clone, Debug)]
pub struct GateFacts<'a> {
    pub closed_by: Option<StopKind>,
    /// The address itself is suppressed, by whichever lead.
    pub suppressed_by: Option<StopKind>,
    pub with_sales: bool,
    pub holds: &'a [Hold],
    pub basis: Option<Basis>,
    /// What `[consent] require` asks for.
    pub required: Basis,
    /// The topic of the sequence is unwanted.
    pub topic_unwanted: bool,
    /// An example lead while a relay is configured.
    pub example: bool,
    /// When mails were claimed for this lead within the last seven days or the minimum gap, in any order.
    pub sent: &'a [Timestamp],
    pub caps: Caps,
}

/// Why marketing may not write now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The gate opens by itself at this time.
    Until(Timestamp, Reason),
    /// The gate opens with an event, which wakes the enrollment.
    UntilEvent(Reason),
    /// This mail is never sent; the walk goes on.
    Never(Reason),
}

/// The reason of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Stopped(StopKind),
    Suppressed(StopKind),
    WithSales,
    Held(HoldKind),
    NoConsent,
    NotConfirmed,
    TopicUnwanted,
    Example,
    MinGap,
    PerWeek,
}

impl Reason {
    /// In words that end "not sent because …".
    pub const fn because(self) -> &'static str {
        match self {
            Reason::Stopped(kind) => kind.because(),
            Reason::Suppressed(_) => "the address is on the list of those not to be written to",
            Reason::WithSales => HoldKind::HandOver.because(),
            Reason::Held(kind) => kind.because(),
            Reason::NoConsent => "no consent to e-mail is recorded",
            Reason::NotConfirmed => "the consent to e-mail is not confirmed",
            Reason::TopicUnwanted => "the person does not want this topic",
            Reason::Example => "it is an example lead, and those get no real mail",
            Reason::MinGap => "the last mail was too short a time ago",
            Reason::PerWeek => "the lead got as many mails this week as it may",
        }
    }
}

/// Whether marketing may write to this lead at `now`. Stops come before holds, holds before caps: the answer names
/// the reason that lasts longest.
pub fn gate(facts: &GateFacts, now: Timestamp) -> Result<(), Refusal> {
    resting(facts, now)?;
    consented(facts)?;
    if facts.topic_unwanted {
        return Err(Refusal::Never(Reason::TopicUnwanted));
    }
    capped(facts, now)
}

/// The part of the gate that rests the whole walk, mail or not: stops and holds.
pub fn resting(facts: &GateFacts, now: Timestamp) -> Result<(), Refusal> {
    stopped(facts)?;
    held(facts, now)
}

/// Everything that keeps the gate closed and does not pass with the hours, most lasting first: for people who ask why.
pub fn lasting(facts: &GateFacts, now: Timestamp) -> Vec<Refusal> {
    let unwanted = if facts.topic_unwanted { Err(Refusal::Never(Reason::TopicUnwanted)) } else { Ok(()) };
    let parts = [stopped(facts), held(facts, now), consented(facts), unwanted];
    parts.into_iter().filter_map(Result::err).collect()
}

impl Refusal {
    /// Its reason.
    pub fn reason(&self) -> Reason {
        match self {
            Refusal::Until(_, reason) | Refusal::UntilEvent(reason) | Refusal::Never(reason) => *reason,
        }
    }

    /// When it ends by itself, if it does.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Refusal::Until(until, _) => Some(*until),
            Refusal::UntilEvent(_) | Refusal::Never(_) => None,
        }
    }
}

fn stopped(facts: &GateFacts) -> Result<(), Refusal> {
    let reason = match (facts.closed_by, facts.suppressed_by) {
        (Some(kind), _) => Reason::Stopped(kind),
        (None, Some(kind)) => Reason::Suppressed(kind),
        (None, None) => return Ok(()),
    };
    Err(Refusal::UntilEvent(reason))
}

fn held(facts: &GateFacts, now: Timestamp) -> Result<(), Refusal> {
    if facts.with_sales {
        return Err(Refusal::UntilEvent(Reason::WithSales));
    }
    let standing = facts.holds.iter().filter(|hold| hold.until.is_none_or(|until| until > now));
    // A hold without an end outlasts every other.
    let longest = standing.max_by_key(|hold| hold.until.map_or(i64::MAX, Timestamp::millis));
    match longest {
        Some(Hold { kind, until: Some(until) }) => Err(Refusal::Until(*until, Reason::Held(*kind))),
        Some(Hold { kind, until: None }) => Err(Refusal::UntilEvent(Reason::Held(*kind))),
        None => Ok(()),
    }
}

fn consented(facts: &GateFacts) -> Result<(), Refusal> {
    if facts.example {
        return Err(Refusal::UntilEvent(Reason::Example));
    }
    match facts.basis {
        None => Err(Refusal::UntilEvent(Reason::NoConsent)),
        Some(basis) if !basis.satisfies(facts.required) => Err(Refusal::UntilEvent(Reason::NotConfirmed)),
        Some(_) => Ok(()),
    }
}

fn capped(facts: &GateFacts, now: Timestamp) -> Result<(), Refusal> {
    let gap_ends = facts.sent.iter().max().map(|last| *last + facts.caps.min_gap);
    let week_ends = week_ends(facts, now);
    let later = [(gap_ends, Reason::MinGap), (week_ends, Reason::PerWeek)];
    let later =
        later.into_iter().filter_map(|(ends, reason)| Some((ends.filter(|ends| *ends > now)?, reason)));
    match later.max_by_key(|(ends, _)| *ends) {
        Some((ends, reason)) => Err(Refusal::Until(ends, reason)),
        None => Ok(()),
    }
}

/// When the oldest mail that counts against `per_week` is a week old.
fn week_ends(facts: &GateFacts, now: Timestamp) -> Option<Timestamp> {
    let mut recent: Vec<Timestamp> = facts.sent.iter().copied().filter(|sent| *sent > now - WEEK).collect();
    if facts.caps.per_week == 0 || recent.len() < facts.caps.per_week {
        return None;
    }
    recent.sort_unstable_by(|a, b| b.cmp(a));
    Some(recent[facts.caps.per_week - 1] + WEEK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn open() -> GateFacts<'static> {
        GateFacts {
            closed_by: None,
            suppressed_by: None,
            with_sales: false,
            holds: &[],
            basis: Some(Basis::DoubleOptIn),
            required: Basis::DoubleOptIn,
            topic_unwanted: false,
            example: false,
            sent: &[],
            caps: Caps { min_gap: DAY, per_week: 3 },
        }
    }

    #[test]
    fn a_consenting_lead_is_written_to() {
        assert_eq!(gate(&open(), NOW), Ok(()));
        assert_eq!(gate(&GateFacts { basis: Some(Basis::Customer), ..open() }, NOW), Ok(()));
    }

    #[test]
    fn every_stop_closes_it_and_outranks_the_rest() {
        for kind in StopKind::ALL {
            let holds = [Hold { kind: HoldKind::Pause, until: Some(NOW + DAY) }];
            let facts = GateFacts { closed_by: Some(*kind), holds: &holds, basis: None, ..open() };
            assert_eq!(gate(&facts, NOW), Err(Refusal::UntilEvent(Reason::Stopped(*kind))));
            let facts = GateFacts { suppressed_by: Some(*kind), ..open() };
            assert_eq!(gate(&facts, NOW), Err(Refusal::UntilEvent(Reason::Suppressed(*kind))));
        }
    }

    #[test]
    fn no_mail_without_the_basis_that_is_asked_for() {
        assert_eq!(
            gate(&GateFacts { basis: None, ..open() }, NOW),
            Err(Refusal::UntilEvent(Reason::NoConsent))
        );
        let single = GateFacts { basis: Some(Basis::OptIn), ..open() };
        assert_eq!(gate(&single, NOW), Err(Refusal::UntilEvent(Reason::NotConfirmed)));
        assert_eq!(gate(&GateFacts { required: Basis::OptIn, ..single }, NOW), Ok(()));
    }

    #[test]
    fn the_longest_hold_is_named_and_an_ended_one_is_not() {
        let away = Hold { kind: HoldKind::Absence, until: Some(NOW + DAY) };
        let paused = Hold { kind: HoldKind::Pause, until: Some(NOW + HOUR) };
        let facts = GateFacts { holds: &[paused, away], ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::Until(NOW + DAY, Reason::Held(HoldKind::Absence))));
        assert_eq!(gate(&facts, NOW + DAY), Ok(()));
        let endless = [away, Hold { kind: HoldKind::Reply, until: None }];
        let facts = GateFacts { holds: &endless, ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::UntilEvent(Reason::Held(HoldKind::Reply))));
    }

    #[test]
    fn with_sales_is_silence() {
        let facts = GateFacts { with_sales: true, ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::UntilEvent(Reason::WithSales)));
    }

    #[test]
    fn caps_open_again_by_themselves() {
        let facts = GateFacts { sent: &[NOW - HOUR], ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::Until(NOW - HOUR + DAY, Reason::MinGap)));
        assert_eq!(gate(&facts, NOW - HOUR + DAY), Ok(()));
        let week = [NOW - 6 * DAY, NOW - 4 * DAY, NOW - 2 * DAY, NOW - 8 * DAY];
        let facts = GateFacts { sent: &week, ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::Until(NOW + DAY, Reason::PerWeek)));
        assert_eq!(gate(&facts, NOW + DAY), Ok(()));
    }

    #[test]
    fn people_are_told_all_that_lasts_and_no_caps() {
        let holds = [Hold { kind: HoldKind::Reply, until: None }];
        let facts = GateFacts {
            closed_by: Some(StopKind::Objection),
            holds: &holds,
            basis: None,
            topic_unwanted: true,
            sent: &[NOW],
            ..open()
        };
        let refusals = [
            Refusal::UntilEvent(Reason::Stopped(StopKind::Objection)),
            Refusal::UntilEvent(Reason::Held(HoldKind::Reply)),
            Refusal::UntilEvent(Reason::NoConsent),
            Refusal::Never(Reason::TopicUnwanted),
        ];
        assert_eq!(lasting(&facts, NOW), refusals);
        assert_eq!(lasting(&GateFacts { sent: &[NOW], ..open() }, NOW), []);
    }

    #[test]
    fn an_unwanted_topic_is_passed_over() {
        let facts = GateFacts { topic_unwanted: true, ..open() };
        assert_eq!(gate(&facts, NOW), Err(Refusal::Never(Reason::TopicUnwanted)));
    }
}
