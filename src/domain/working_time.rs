//! [`WorkingTime`]: the hours of a person of sales, less the days on which they are away.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use thiserror::Error;

use super::schedule::{SendTimes, local, resolve};
use super::time::Timestamp;

/// When somebody works, on their own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingTime {
    /// Windows, or always.
    pub hours: SendTimes,
    pub timezone: Tz,
    /// Days on which they do not.
    pub away: Vec<DayRange>,
}

/// Days of the calendar, both included: `2026-12-24..2027-01-02`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    first: NaiveDate,
    last: NaiveDate,
}

/// Why a text is no [`DayRange`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DayRangeError {
    #[error("`{0}` is not a day; write one like `2026-12-24`, or several like `2026-12-24..2027-01-02`")]
    Unreadable(String),
    #[error("`{0}` ends before it begins")]
    Backwards(String),
}

impl FromStr for DayRange {
    type Err = DayRangeError;

    fn from_str(text: &str) -> Result<Self, DayRangeError> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let days = Self { first: day(first, text)?, last: day(last, text)? };
        if days.last < days.first { Err(DayRangeError::Backwards(text.to_owned())) } else { Ok(days) }
    }
}

/// chrono reads `2026-1-2` and `+12026-01-02` as well, which nobody means.
fn day(part: &str, whole: &str) -> Result<NaiveDate, DayRangeError> {
    let part = part.trim();
    let date = NaiveDate::parse_from_str(part, "%Y-%m-%d").ok().filter(|_| part.len() == "2026-12-24".len());
    date.ok_or_else(|| DayRangeError::Unreadable(whole.to_owned()))
}

/// The text it was read from.
impl fmt::Display for DayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last { write!(f, "{first}") } else { write!(f, "{first}..{last}") }
    }
}

impl DayRange {
    fn contains(&self, date: NaiveDate) -> bool {
        (self.first..=self.last).contains(&date)
    }

    fn begins(&self, zone: Tz) -> Timestamp {
        resolve(self.first.and_time(NaiveTime::MIN), zone)
    }

    /// The first moment of the day after.
    fn ends(&self, zone: Tz) -> Timestamp {
        let after = self.last.checked_add_days(Days::new(1)).unwrap_or(self.last);
        resolve(after.and_time(NaiveTime::MIN), zone)
    }
}

impl WorkingTime {
    /// Whether today, on their clock, is a day on which they are away.
    pub fn is_away(&self, now: Timestamp) -> bool {
        self.absence(now).is_some()
    }

    /// Whether they are at work at this moment.
    pub fn at_work(&self, now: Timestamp) -> bool {
        !self.is_away(now) && self.hours.next(now, self.timezone) == now
    }

    /// The moment after `now` when an absence begins or ends next; none if none does.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let moments =
            self.away.iter().flat_map(|days| [days.begins(self.timezone), days.ends(self.timezone)]);
        moments.filter(|moment| *moment > now).min()
    }

    /// The earliest moment at or after `from` when they are at work.
    pub fn next_at_work(&self, from: Timestamp) -> Timestamp {
        let mut at = from;
        loop {
            at = self.hours.next(at, self.timezone);
            match self.absence(at).map(|days| days.ends(self.timezone)) {
                Some(back) if back > at => at = back,
                _ => return at,
            }
        }
    }

    /// The moment when they have worked so many milliseconds since `from`.
    pub fn after_working(&self, from: Timestamp, millis: i64) -> Timestamp {
        let mut at = self.next_at_work(from);
        let mut left = millis;
        loop {
            let until = self.works_until(at, at + left);
            left -= until - at;
            if left <= 0 {
                return until;
            }
            // A window that a change of clocks left one moment of would begin again and again.
            at = self.next_at_work(until.max(at + 1));
        }
    }

    /// Up to when they work without a break who are at work at `from`; `limit` if that comes first.
    fn works_until(&self, from: Timestamp, limit: Timestamp) -> Timestamp {
        let leaving = self.away.iter().map(|days| days.begins(self.timezone)).filter(|begin| *begin > from);
        let limit = leaving.fold(limit, Timestamp::min);
        self.hours.open_until(from, limit, self.timezone)
    }

    fn absence(&self, now: Timestamp) -> Option<&DayRange> {
        let today = local(now, self.timezone).date();
        self.away.iter().find(|days| days.contains(today))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Europe::Berlin;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{DAY, HOUR, MINUTE};

    fn working(hours: &str, away: &[&str]) -> WorkingTime {
        let away = away.iter().map(|days| days.parse().unwrap()).collect();
        WorkingTime { hours: SendTimes::parse_send(hours).unwrap(), timezone: Berlin, away }
    }

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    #[test]
    fn days_are_read_and_shown_as_they_are_written() {
        for text in ["2026-12-24", "2026-12-24..2027-01-02"] {
            assert_eq!(text.parse::<DayRange>().unwrap().to_string(), text);
        }
        let alone: DayRange = "2026-12-24 .. 2026-12-24".parse().unwrap();
        assert_eq!(alone.to_string(), "2026-12-24");
        for text in ["", "24.12.2026", "2026-12-24..", "2026-13-01", "2026-1-2", "12026-01-02", "2026-02-30"]
        {
            assert_eq!(text.parse::<DayRange>(), Err(DayRangeError::Unreadable(text.to_owned())));
        }
        let backwards = "2027-01-02..2026-12-24";
        assert_eq!(backwards.parse::<DayRange>(), Err(DayRangeError::Backwards(backwards.to_owned())));
    }

    #[test]
    fn away_is_the_whole_day_on_the_own_clock() {
        let kim = working("Mon-Fri 08:00-18:00", &["2026-11-23..2026-11-24"]);
        for (moment, away) in [
            ("2026-11-22T23:59:59+01:00", false),
            ("2026-11-23T00:00:00+01:00", true),
            ("2026-11-24T22:59:59Z", true),
            ("2026-11-24T23:00:00Z", false),
        ] {
            assert_eq!(kim.is_away(at(moment)), away, "{moment}");
        }
        assert_eq!(kim.next_change(at("2026-11-20T12:00:00Z")), Some(at("2026-11-23T00:00:00+01:00")));
        assert_eq!(kim.next_change(at("2026-11-23T12:00:00Z")), Some(at("2026-11-25T00:00:00+01:00")));
        assert_eq!(kim.next_change(at("2026-11-25T00:00:00+01:00")), None);
    }

    #[test]
    fn at_work_is_within_the_hours_and_not_away() {
        let kim = working("Mon-Fri 08:00-18:00", &["2026-11-25"]);
        assert!(kim.at_work(at("2026-11-24T08:00:00+01:00")));
        assert!(!kim.at_work(at("2026-11-24T18:00:00+01:00")));
        assert!(!kim.at_work(at("2026-11-25T12:00:00+01:00")), "away");
        assert!(!kim.at_work(at("2026-11-28T12:00:00+01:00")), "a Saturday");
        assert_eq!(kim.next_at_work(at("2026-11-24T18:00:00+01:00")), at("2026-11-26T08:00:00+01:00"));
    }

    #[test]
    fn a_deadline_counts_working_time_only() {
        let kim = working("Mon-Fri 08:00-12:00, Mon-Fri 13:00-17:00", &["2026-11-30..2026-12-01"]);
        for (from, millis, moment) in [
            ("2026-11-24T09:00:00+01:00", 2 * HOUR, "2026-11-24T11:00:00+01:00"),
            ("2026-11-24T11:00:00+01:00", 2 * HOUR, "2026-11-24T14:00:00+01:00"),
            ("2026-11-24T16:30:00+01:00", HOUR, "2026-11-25T08:30:00+01:00"),
            ("2026-11-27T16:00:00+01:00", 90 * MINUTE, "2026-12-02T08:30:00+01:00"),
            ("2026-11-28T12:00:00+01:00", 0, "2026-12-02T08:00:00+01:00"),
            ("2026-11-24T16:00:00+01:00", HOUR, "2026-11-24T17:00:00+01:00"),
        ] {
            assert_eq!(kim.after_working(at(from), millis), at(moment), "{from}");
        }
        let night = working("always", &["2026-11-25"]);
        assert_eq!(
            night.after_working(at("2026-11-24T23:00:00+01:00"), 2 * HOUR),
            at("2026-11-26T01:00:00+01:00")
        );
    }

    #[test]
    fn no_absence_and_no_time_is_too_long() {
        let gone = working("Mon 09:00-09:01", &["1000-01-01..9999-12-31"]);
        assert!(gone.is_away(at("2026-11-24T09:00:00Z")));
        let back = gone.next_at_work(at("2026-11-24T09:00:00Z"));
        assert!(back >= at("2100-01-01T00:00:00Z"));
        let rare = working("Mon 09:00-09:01", &[]);
        assert!(rare.after_working(at("2026-11-24T09:00:00Z"), 3_650 * DAY) > at("2100-01-01T00:00:00Z"));
    }

    proptest! {
        /// Counted minute by minute, it comes to the same.
        #[test]
        fn working_time_adds_up(
            minutes in 0_i64..600,
            start in 0_i64..28 * 24 * 60,
            away in 0_u64..25,
            length in 0_u64..4,
        ) {
            // Over the end of summer time.
            let begin = at("2026-10-12T00:00:00+02:00");
            let first = local(begin, Berlin).date() + Days::new(away);
            let days = format!("{first}..{}", first + Days::new(length));
            let kim = working("Mon-Fri 08:00-12:00, Sun 01:00-04:00", &[&days]);
            let from = begin + start * MINUTE;
            let mut expected = from;
            let mut left = minutes;
            while left > 0 || !kim.at_work(expected) && minutes == 0 {
                left -= i64::from(kim.at_work(expected));
                expected = expected + MINUTE;
            }
            prop_assert_eq!(kim.after_working(from, minutes * MINUTE), expected);
        }
    }
}
