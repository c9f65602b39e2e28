//! What a server's reply means for a message: [`judge`], and when to try again: [`backoff`].
//!
//! A reply is judged by its code first and by its enhanced status code (RFC 3463) second. Traps that the
//! rules below step around:
//!
//! - **Whose address?** Before `RCPT TO` the server has not heard of the recipient: 5.1.1 at `MAIL FROM` is
//!   about our sender, and so is every other 5xx there, but one about the size of the message. 5.1.7 and 5.1.8
//!   are about the sender wherever they come: many servers answer the sender late, at `RCPT TO`.
//! - **Which class?** `550 4.1.1` and `450 5.1.1` contradict themselves. The code decides (RFC 2034 section 4
//!   wants both to agree), and the enhanced status is then not believed.
//! - **Login and no enhanced status.** 530, 534, 535 and 538 (RFC 4954) are about our login.
//! - **Yes to something else.** 250 at `MAIL`, `RCPT` or `DATA`, and 354, 251 or 252 at the end, are no "sent".
//!   Before the end nothing can have been delivered; at the end nobody knows.
//! - **No enhanced status, no suppression.** A bare 550 may be a full disk, a policy or a dead address.
//! - **A relay that knows nobody.** 5.1.1 to every message is a fact about the relay:
//!   [`crate::domain::breaker`].

use std::fmt;

use crate::domain::time::{DAY, HOUR, MINUTE};

/// How long a message is tried after temporary refusals and lost connections, in milliseconds since its first try.
pub const RETRY_FOR: i64 = DAY;
/// How long a message is tried while its domain is said not to exist (5.1.2), in milliseconds since its first try.
pub const RETRY_DOMAIN_FOR: i64 = 3 * DAY;

const FIRST_PAUSE: i64 = MINUTE;
const LONGEST_PAUSE: i64 = 2 * HOUR;

/// The point of the dialogue that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The greeting and EHLO: no message is concerned.
    Greeting,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// After the final dot.
    End,
}

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnhancedStatus(pub u8, pub u16, pub u16);

impl EnhancedStatus {
    /// Reads the status that a reply's text begins with (RFC 2034 section 4), if there is one.
    pub fn at_start_of(text: &str) -> Option<Self> {
        let word = text.split([' ', '\t']).next()?;
        let mut numbers = word.split('.');
        let class = match numbers.next()? {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let status = Self(class, status_number(numbers.next()?)?, status_number(numbers.next()?)?);
        numbers.next().is_none().then_some(status)
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// One to three digits.
fn status_number(digits: &str) -> Option<u16> {
    let digits_only = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits_only && (1..=3).contains(&digits.len()) { digits.parse().ok() } else { None }
}

/// What [`judge`] looks at in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyFacts {
    /// The three-digit code.
    pub code: u16,
    /// The enhanced status at the start of the text.
    pub enhanced: Option<EnhancedStatus>,
}

impl ReplyFacts {
    /// Subject and detail of the enhanced status, if its class agrees with the code.
    fn status(&self) -> Option<(u16, u16)> {
        let EnhancedStatus(class, subject, detail) = self.enhanced?;
        (u16::from(class) == self.code / 100).then_some((subject, detail))
    }

    /// Whether the message was refused for its size. 552 is also said of a mailbox that is full (5.2.2).
    pub fn is_too_large(&self) -> bool {
        match self.status() {
            Some((2, 3) | (3, 4)) => self.code >= 500,
            status => self.code == 552 && status != Some((2, 2)),
        }
    }
}

/// What a reply means for the message it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken the message.
    Sent,
    /// Not delivered; try again with [`backoff`], for [`RETRY_FOR`].
    Retry,
    /// The recipient's domain is said not to exist. Try again, for [`RETRY_DOMAIN_FOR`]; then suppress.
    DeadDomain,
    /// Not delivered, and neither the message nor the recipient is to blame: try again, and pause the lane.
    OurFault,
    /// Refused for good; the walk goes on.
    Failed,
    /// The recipient's address does not exist: failed, and to be suppressed.
    DeadAddress,
    /// An answer that makes no sense after the final dot: it may have been delivered.
    Unknown,
}

/// Judges the server's final reply on a message.
pub fn judge(reply: &ReplyFacts, phase: Phase) -> Outcome {
    match (reply.code, phase) {
        (250, Phase::End) => Outcome::Sent,
        (_, Phase::Greeting) | (400..=499, _) => Outcome::Retry,
        (500..=599, Phase::Mail) => judge_sender(reply),
        (500..=599, _) => judge_recipient(reply),
        (_, Phase::End) => Outcome::Unknown,
        _ => Outcome::Retry,
    }
}

/// A permanent refusal at `MAIL FROM`.
fn judge_sender(reply: &ReplyFacts) -> Outcome {
    if reply.is_too_large() { Outcome::Failed } else { Outcome::OurFault }
}

/// A permanent refusal once the recipient was named.
fn judge_recipient(reply: &ReplyFacts) -> Outcome {
    match reply.status() {
        Some((1, 1 | 3 | 6 | 10)) => Outcome::DeadAddress,
        Some((1, 2)) => Outcome::DeadDomain,
        Some((1, 7 | 8) | (7, _)) => Outcome::OurFault,
        _ if matches!(reply.code, 530 | 534 | 535 | 538) => Outcome::OurFault,
        _ => Outcome::Failed,
    }
}

/// Milliseconds to wait after the `attempt`-th try (from 1): about a minute, doubling, at most about two hours, so
/// that a day holds about eighteen tries. `seed` (the message's id) spreads them by a fifth either way.
pub fn backoff(attempt: i64, seed: u64) -> i64 {
    let doublings = attempt.saturating_sub(1).clamp(0, 7);
    let pause = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
    let per_mille = 800 + (scramble(seed ^ attempt.cast_unsigned().rotate_left(32)) % 401).cast_signed();
    pause * per_mille / 1_000
}

/// Spreads neighbouring numbers over the whole range (the finaliser of SplitMix64).
fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(line: &str, phase: Phase) -> Outcome {
        let (code, text) = line.split_at(3);
        let enhanced = EnhancedStatus::at_start_of(text.trim_start());
        judge(&ReplyFacts { code: code.parse().unwrap(), enhanced }, phase)
    }

    #[test]
    fn enhanced_status_is_read_from_the_start_only() {
        let read = EnhancedStatus::at_start_of;
        assert_eq!(read("5.1.1 no such user"), Some(EnhancedStatus(5, 1, 1)));
        assert_eq!(read("4.7.650"), Some(EnhancedStatus(4, 7, 650)));
        let not_a_status = [
            "",
            "no such user 5.1.1",
            "5.1",
            "5.1.1.1 x",
            "3.1.1 x",
            "5.1.1000 x",
            "5..1 x",
            "5.1.+1 x",
            "#5.1.1 x",
            "5.1.1: x",
            "55.1.1 x",
        ];
        for text in not_a_status {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_mail_that_is_too_large_is_told_from_a_mailbox_that_is_full() {
        let is_too_large = |code: u16, text: &str| {
            ReplyFacts { code, enhanced: EnhancedStatus::at_start_of(text) }.is_too_large()
        };
        for (code, text) in
            [(552, "too big"), (552, "5.3.4 too big"), (554, "5.2.3 too long"), (552, "5.7.1 no")]
        {
            assert!(is_too_large(code, text), "{code} {text}");
        }
        for (code, text) in
            [(552, "5.2.2 full"), (452, "4.3.4 later"), (554, "5.7.1 no"), (250, "2.0.0 fine")]
        {
            assert!(!is_too_large(code, text), "{code} {text}");
        }
    }

    #[test]
    fn only_250_after_the_dot_is_sent() {
        assert_eq!(judged("250 2.0.0 queued", Phase::End), Outcome::Sent);
        for line in ["251 will forward", "252 perhaps", "200 fine", "354 go on"] {
            assert_eq!(judged(line, Phase::End), Outcome::Unknown, "{line}");
        }
        for phase in [Phase::Greeting, Phase::Mail, Phase::Rcpt, Phase::Data] {
            assert_eq!(judged("250 ok", phase), Outcome::Retry, "{phase:?}");
        }
    }

    #[test]
    fn temporary_refusals_are_retried() {
        for line in ["421 bye", "450 4.2.1 later", "451 x", "452 4.3.1 full", "450 5.1.1 contradiction"] {
            for phase in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::End] {
                assert_eq!(judged(line, phase), Outcome::Retry, "{line} {phase:?}");
            }
        }
    }

    #[test]
    fn the_recipient_is_judged_by_the_enhanced_status() {
        let expected = [
            ("550 5.1.1 no such user", Outcome::DeadAddress),
            ("501 5.1.3 bad syntax", Outcome::DeadAddress),
            ("550 5.1.6 moved", Outcome::DeadAddress),
            ("556 5.1.10 null MX", Outcome::DeadAddress),
            ("550 5.1.2 no such domain", Outcome::DeadDomain),
            ("550 5.7.1 not allowed", Outcome::OurFault),
            ("553 5.1.8 sender's domain is unknown", Outcome::OurFault),
            ("553 5.1.7 sender's address is wrong", Outcome::OurFault),
            ("530 authentication required", Outcome::OurFault),
            ("550 no such user", Outcome::Failed),
            ("550 4.1.1 contradiction", Outcome::Failed),
            ("552 5.2.2 mailbox full", Outcome::Failed),
            ("550 5.1.0 other", Outcome::Failed),
            ("554 5.6.0 content", Outcome::Failed),
        ];
        for (line, outcome) in expected {
            assert_eq!(judged(line, Phase::Rcpt), outcome, "{line}");
            assert_eq!(judged(line, Phase::End), outcome, "{line}");
        }
    }

    #[test]
    fn a_refusal_at_mail_from_is_not_about_the_recipient() {
        for line in ["550 5.1.1 x", "550 5.1.2 x", "550 x", "530 5.7.0 log in", "501 5.1.3 x"] {
            assert_eq!(judged(line, Phase::Mail), Outcome::OurFault, "{line}");
        }
        for line in ["552 too large", "552 5.3.4 too large", "554 5.2.3 too large"] {
            assert_eq!(judged(line, Phase::Mail), Outcome::Failed, "{line}");
        }
    }

    #[test]
    fn a_greeting_says_nothing_about_a_message() {
        for line in ["421 busy", "554 5.7.1 go away", "220 hello"] {
            assert_eq!(judged(line, Phase::Greeting), Outcome::Retry, "{line}");
        }
    }

    #[test]
    fn a_day_holds_a_sensible_number_of_tries() {
        for seed in 0..100 {
            let mut at = 0;
            let tries = (1..).take_while(|&attempt| {
                at += backoff(attempt, seed);
                at < RETRY_FOR
            });
            assert!((15..=25).contains(&tries.count()));
        }
    }

    proptest! {
        #[test]
        fn pauses_stay_in_bounds(attempt: i64, seed: u64) {
            let pause = backoff(attempt, seed);
            prop_assert!((48 * 1_000..=144 * MINUTE).contains(&pause));
            prop_assert_eq!(pause, backoff(attempt, seed));
        }

        #[test]
        fn the_first_pause_is_about_a_minute(seed: u64) {
            prop_assert!((48_000..=72_000).contains(&backoff(1, seed)));
        }

        #[test]
        fn any_reply_has_an_outcome(code: u16, text in ".{0,20}") {
            let facts = ReplyFacts { code, enhanced: EnhancedStatus::at_start_of(&text) };
            for phase in [Phase::Mail, Phase::Rcpt, Phase::Data] {
                prop_assert_ne!(judge(&facts, phase), Outcome::Sent);
            }
        }
    }
}
