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

/// A hand-over as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    pub id: i64,
    pub lead: i64,
    pub state: HandOverState,
    /// Why the lead was handed over.
    pub cause: String,
    /// A key of `[team.NAME]`.
    pub rep: Option<String>,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Why it was lost or returned.
    pub reason: Option<String>,
}
