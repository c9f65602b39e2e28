//! A [`HandOver`]: marketing routes a lead to sales, and learns what became of it.

use super::time::Timestamp;
use super::words::words;

words! {
    /// Where a hand-over stands.
    pub enum HandOverState {
        Open = "open",
        Accepted = "accepted",
        Opportunity = "opportunity",
        Won = "won",
        Lost = "lost",
        Returned = "returned",
    }
}

words! {
    /// What made a hand-over.
    pub enum Origin {
        /// The lead answered.
        Reply = "reply",
        /// A rule of funnel.toml, by what the lead is and does.
        Rule = "rule",
        /// A step of a sequence.
        Step = "step",
        /// The lead booked a meeting.
        Meeting = "meeting",
        /// Somebody, by hand.
        Person = "person",
        /// Another program.
        Api = "api",
    }
}

impl Origin {
    /// Whether a score made it: then it takes a place of the rep's capacity, and waits if there is none. The others are
    /// somebody's will, or the lead's own.
    pub const fn takes_place(self) -> bool {
        matches!(self, Origin::Rule)
    }
}

/// A hand-over as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    pub id: i64,
    pub lead: i64,
    pub state: HandOverState,
    /// Why the lead was handed over.
    pub cause: String,
    pub origin: Origin,
    /// A key of `[team.NAME]`.
    pub rep: Option<String>,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Why it was lost or returned.
    pub reason: Option<String>,
}
