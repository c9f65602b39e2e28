//! [`Envelope`], [`Delivery`], [`Reply`]: what is handed to a relay, and what came of it.

use crate::domain::outcome::{EnhancedStatus, Outcome, Phase, ReplyFacts, judge};

/// No reply's text is kept beyond so many characters.
const LONGEST_TEXT: usize = 500;

/// Who a message is from and to, for the relay; its header fields may say otherwise (RFC 5321 section 2.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where bounces go; `None` is the null sender.
    pub from: Option<String>,
    /// The one recipient.
    pub to: String,
}

/// What came of handing a message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// `start` said no: nothing was written.
    Refused,
    /// The server's final word on this message; [`Reply::outcome`] says what it means.
    Answered(Reply),
    /// The connection failed before the final dot was wholly written: surely not delivered. The text says how.
    LostBefore(String),
    /// The connection failed after the final dot was written: delivered or not, nobody knows. The text says how.
    LostAfter(String),
}

/// A server's reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it answers.
    pub at: Phase,
    /// The three-digit code.
    pub code: u16,
    /// The enhanced status code that the text starts with.
    pub enhanced: Option<EnhancedStatus>,
    /// The text, its lines joined by spaces, without control characters, 500 characters at most.
    pub text: String,
}

impl Reply {
    /// A reply with this text, which may begin with an enhanced status code.
    pub fn new(at: Phase, code: u16, text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
        Self { at, code, enhanced: EnhancedStatus::at_start_of(&text), text }
    }

    /// Whether the server took the message: 250 after the final dot, and nothing else.
    pub fn accepted(&self) -> bool {
        self.outcome() == Outcome::Sent
    }

    /// What it means for the message.
    pub fn outcome(&self) -> Outcome {
        judge(&self.facts(), self.at)
    }

    /// Whether the message was refused for its size.
    pub fn is_too_large(&self) -> bool {
        self.facts().is_too_large()
    }

    fn facts(&self) -> ReplyFacts {
        ReplyFacts { code: self.code, enhanced: self.enhanced }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_cut_and_cleaned() {
        let reply = Reply::new(Phase::Rcpt, 550, &format!("5.1.1 no\r\n such {}", "ü".repeat(600)));
        assert_eq!(reply.enhanced, Some(EnhancedStatus(5, 1, 1)));
        assert_eq!(reply.text.chars().count(), 500);
        assert!(reply.text.starts_with("5.1.1 no such ü"), "{}", reply.text);
    }

    #[test]
    fn accepted_is_250_at_the_end() {
        assert!(Reply::new(Phase::End, 250, "2.0.0 ok").accepted());
        assert!(!Reply::new(Phase::Rcpt, 250, "2.1.5 ok").accepted());
        assert!(!Reply::new(Phase::End, 354, "go on").accepted());
    }
}
