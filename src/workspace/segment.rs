//! [`Segments`]: named groups of leads, `[segment.NAME]` of funnel.toml.

use std::collections::BTreeMap;

use super::expression::{Expression, ScoreFacts};
use crate::domain::lead::Lead;

/// The segments by name.
#[derive(Debug, Default)]
pub struct Segments(BTreeMap<String, Expression>);

impl Segments {
    /// Whether the lead is in the segment of this name; not if there is none.
    pub fn contains(&self, name: &str, lead: &Lead, score: &ScoreFacts) -> bool {
        self.0.get(name).is_some_and(|expression| expression.holds(lead, score))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromIterator<(String, Expression)> for Segments {
    fn from_iter<I: IntoIterator<Item = (String, Expression)>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}
