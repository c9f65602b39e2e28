//! Limits on how fast: [`Rate`], counted by the generic cell rate algorithm (GCRA) on one stored moment.

use std::fmt;
use std::str::FromStr;

use super::time::{DAY, HOUR, MINUTE, SECOND, Timestamp};

/// So many within a period, evenly: after a rest, a tenth of the period may go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: i64,
    /// Milliseconds.
    period: i64,
}

/// A text that is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a rate; write for example \"100/second\", \"2000/hour\" or \"50000/day\"")]
pub struct RateError(String);

const PERIODS: [(&str, i64); 4] = [("second", SECOND), ("minute", MINUTE), ("hour", HOUR), ("day", DAY)];

/// The highest count: what lies above it is no limit.
const MOST: i64 = 1_000_000_000;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let refuse = || RateError(text.to_owned());
        let (count, period) = text.split_once('/').ok_or_else(refuse)?;
        let count =
            count.trim().parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(refuse)?;
        let period = PERIODS.iter().find(|(name, _)| *name == period.trim()).ok_or_else(refuse)?.1;
        Ok(Self { count, period })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PERIODS.iter().find(|(_, period)| *period == self.period).map_or("", |(name, _)| name);
        write!(f, "{}/{name}", self.count)
    }
}

impl Rate {
    /// How many of `wanted` may go now, and the moment to store in place of `tat`, the theoretical arrival time of
    /// the next one (none: nothing was counted yet).
    pub fn take(self, tat: Option<Timestamp>, now: Timestamp, wanted: i64) -> (i64, Timestamp) {
        let tat = tat.unwrap_or(now).max(now);
        let taken = wanted.clamp(0, self.room(tat, now));
        (taken, tat + self.cost(taken))
    }

    /// When one more may go.
    pub fn free_at(self, tat: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let tat = tat.unwrap_or(now).max(now);
        (tat + self.cost(1) - self.burst()).max(now)
    }

    fn room(self, tat: Timestamp, now: Timestamp) -> i64 {
        let ahead = (self.burst() - (tat - now)).max(0);
        ahead.saturating_mul(self.count) / self.period
    }

    /// Milliseconds that `taken` cost, rounded up so that the rate is never exceeded.
    fn cost(self, taken: i64) -> i64 {
        (taken.saturating_mul(self.period) + self.count - 1) / self.count
    }

    /// Milliseconds by which a lane may be ahead; enough for one.
    fn burst(self) -> i64 {
        (self.period / 10).max(self.cost(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn never_more_than_the_rate_over_a_long_time() {
        for text in ["100/second", "7/minute", "2000/hour", "1/day"] {
            let rate: Rate = text.parse().expect("a rate");
            let (mut tat, mut sent, mut now) = (None, 0, NOW);
            while now < NOW + 2 * rate.period {
                let (taken, next) = rate.take(tat, now, 64);
                (tat, sent) = (Some(next), sent + taken);
                now = rate.free_at(tat, now).max(now + 1);
            }
            assert!(sent <= 2 * rate.count + rate.count / 10 + 1, "{text}: {sent}");
            assert!(sent >= 2 * rate.count - rate.count / 5 - 1, "{text}: {sent}");
        }
    }

    #[test]
    fn rates_are_read_and_shown() {
        assert_eq!("5/minute".parse::<Rate>().map(|rate| rate.to_string()), Ok("5/minute".into()));
        for text in ["", "5", "0/second", "-1/hour", "5/week", "x/day", "99999999999/day"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
