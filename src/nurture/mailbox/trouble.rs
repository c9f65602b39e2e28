//! [`Trouble`] with a mailbox: told once, and tried again after a rest.

use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use super::MailboxError;
use crate::mail::ImapError;

/// The rest after the first failure, and the longest.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
/// The rest after a login that was refused: who tries faster is locked out by many a server.
const LOGIN_REST: Duration = Duration::from_secs(5 * 60);
/// How soon a node tries to take over what another one reads.
const ELSEWHERE_REST: Duration = Duration::from_secs(5);
/// What goes on is told again after so long.
const TELL_AGAIN: Duration = Duration::from_secs(60 * 60);

/// What is wrong with a mailbox, if anything is.
#[derive(Default)]
pub(super) struct Trouble {
    failures: u32,
    told: Option<(String, Instant)>,
}

impl Trouble {
    /// Notes a failure, and tells it if it is news. How long to rest.
    pub fn note(&mut self, name: &str, error: &MailboxError) -> Duration {
        let rest = jittered(self.rest(error));
        let text = error.to_string();
        let news = self.told.as_ref().is_none_or(|(told, at)| *told != text || at.elapsed() > TELL_AGAIN);
        let seconds = rest.as_secs().max(1);
        match error {
            _ if !news => debug!("[mailbox.{name}]: {text}"),
            MailboxError::Elsewhere => info!("[mailbox.{name}]: {text}; this one takes over when it ends"),
            MailboxError::Imap(ImapError::Login(_)) => error!(
                "[mailbox.{name}]: {text}. Mail waits there until user and password in dripline.toml are right; \
                 tried again in {seconds} s, and so on"
            ),
            _ => warn!("[mailbox.{name}]: {text}; mail waits there, tried again in {seconds} s"),
        }
        if news {
            self.told = Some((text, Instant::now()));
        }
        rest
    }

    /// It works.
    pub fn over(&mut self, name: &str) {
        self.failures = 0;
        if self.told.take().is_some() {
            info!("[mailbox.{name}]: mail is taken in again");
        }
    }

    fn rest(&mut self, error: &MailboxError) -> Duration {
        match error {
            MailboxError::Elsewhere => ELSEWHERE_REST,
            MailboxError::Imap(ImapError::Login(_)) => LOGIN_REST,
            _ => {
                self.failures += 1;
                FIRST_REST.saturating_mul(1 << (self.failures - 1).min(6)).min(LONGEST_REST)
            }
        }
    }
}

/// Between three quarters of a rest and the whole: nodes and mailboxes that failed at once do not come back at once.
fn jittered(rest: Duration) -> Duration {
    // Without randomness it is the whole rest.
    let part = getrandom::u32().unwrap_or(u32::MAX) as f64 / f64::from(u32::MAX);
    rest.mul_f64(0.75 + part / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_end() {
        let lost = MailboxError::Imap(ImapError::Lost("x".to_owned()));
        let mut trouble = Trouble::default();
        let rests: Vec<f64> = (0..9).map(|_| trouble.note("a", &lost).as_secs_f64()).collect();
        let full = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0];
        for (rest, full) in rests.iter().zip(full) {
            assert!((full * 0.75..=full).contains(rest), "{rests:?}");
        }
        trouble.over("a");
        assert!(trouble.note("a", &lost) <= FIRST_REST);
        let refused = MailboxError::Imap(ImapError::Login("x".to_owned()));
        assert!(trouble.note("a", &refused) > Duration::from_secs(200), "no server locks us out");
    }
}
