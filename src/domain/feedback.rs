//! What sales says of a mail that a lead got.

use super::words::words;

words! {
    /// What a feedback is about.
    pub enum FeedbackKind {
        /// Whom the mail went to, and how they were called.
        Address = "address",
        /// What it promised.
        Benefit = "benefit",
        /// How it was said.
        Tone = "tone",
    }
}

/// A feedback on the last mail that a lead got or answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    pub about: FeedbackKind,
    /// Empty: nothing was said.
    pub words: String,
}
