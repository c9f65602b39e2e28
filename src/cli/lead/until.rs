//! [`Until`]: when a pause ends, as people say it.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use crate::domain::schedule::resolve;
use crate::domain::time::Timestamp;
use crate::domain::wait::{Wait, WaitError};

/// `2026-03-01`, `2026-03-01 09:00`, `2026-03-01T09:00:00Z` or `2 weeks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    Moment(Timestamp),
    /// On the clocks of the workspace's time zone. A date alone is its beginning.
    Local(NaiveDateTime),
    /// From now.
    After(Wait),
}

/// How a date and a time without a zone may be written.
const LOCAL: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Moment(moment.to_utc().into()));
        }
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::Local(date.and_time(NaiveTime::MIN)));
        }
        if let Some(local) = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
            return Ok(Self::Local(local));
        }
        text.parse().map(Self::After).map_err(|error: WaitError| match error {
            WaitError::Unreadable { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            WaitError::TooLong { .. } => error.to_string(),
            WaitError::Unreadable { .. } => {
                "write a date such as 2026-03-01, a time such as \"2026-03-01 09:00\", or \"2 weeks\""
                    .to_owned()
            }
        })
    }
}

impl Until {
    /// The moment that is meant, which may be over; see [`Until::moment`].
    pub fn at(&self, now: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Moment(moment) => *moment,
            Self::Local(local) => resolve(*local, zone),
            Self::After(wait) => wait.after(now, zone),
        }
    }

    /// The moment that is meant, said at `now` by somebody whose clocks are those of `zone`.
    ///
    /// # Errors
    /// It is over already.
    pub fn moment(&self, now: Timestamp, zone: Tz) -> Result<Timestamp, String> {
        let moment = self.at(now, zone);
        if moment > now { Ok(moment) } else { Err("a pause until then would be over already".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tue 2026-11-24 10:00 in Berlin.
    const NOW: &str = "2026-11-24T09:00:00Z";

    fn moment(text: &str) -> Result<String, String> {
        let now = DateTime::parse_from_rfc3339(NOW).expect("a time").to_utc().into();
        text.parse::<Until>()?.moment(now, Tz::Europe__Berlin).map(|moment| moment.to_string())
    }

    #[test]
    fn people_say_it_in_many_ways() {
        for (text, expected) in [
            ("2026-12-01", "2026-11-30T23:00:00Z"),
            ("2026-12-01 09:00", "2026-12-01T08:00:00Z"),
            ("2026-12-01T09:00:30", "2026-12-01T08:00:30Z"),
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
            ("2026-12-01T09:00:00+02:00", "2026-12-01T07:00:00Z"),
            ("3 days", "2026-11-27T09:00:00Z"),
            (" 2 weeks ", "2026-12-08T09:00:00Z"),
            ("90 minutes", "2026-11-24T10:30:00Z"),
        ] {
            assert_eq!(moment(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, why) in [
            ("2026-11-24", "over already"),
            ("0 days", "over already"),
            ("3 dayz", "did you mean `3 days`?"),
            ("tomorrow", "write a date such as"),
            ("2026-13-01", "write a date such as"),
            ("9999 weeks", "too long"),
        ] {
            let refused = moment(text).expect_err(text);
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
