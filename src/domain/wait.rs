//! [`Wait`]: how long a step waits for the one before it, `3 days`.

use std::{fmt, str::FromStr};

use chrono::Days;
use chrono_tz::Tz;
use thiserror::Error;

use super::{
    schedule::{local, resolve},
    suggest::nearest,
    time::{DAY, HOUR, MINUTE, Timestamp},
};

/// A length of time as people mean it.
///
/// Its text is `N minutes|hours|days|weeks`, singular or plural, with a single space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// Milliseconds on the stop watch; minutes and hours in the text.
    Exact(i64),
    /// Days of the calendar, until the same local time; days and weeks in the text.
    Days(u32),
}

/// The longest wait: ten years.
const MAX_DAYS: u32 = 3650;

/// Why a text is no [`Wait`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WaitError {
    /// It does not read as `N minutes|hours|days|weeks`; `meant` is what it comes near to.
    #[error("`{given}` is not a length of time; {}", hint(.meant))]
    Unreadable {
        /// The text.
        given: String,
        /// What it probably should be.
        meant: Option<String>,
    },
    /// It is longer than any wait may be.
    #[error("`{given}` is too long; a wait is at most {MAX_DAYS} days")]
    TooLong {
        /// The text.
        given: String,
    },
}

fn hint(meant: &Option<String>) -> String {
    match meant {
        Some(wait) => format!("did you mean `{wait}`?"),
        None => "write a number and minutes, hours, days or weeks, like `3 days`".to_owned(),
    }
}

impl Wait {
    /// The moment this wait ends that began at `from`, for somebody who lives in `zone`. Never before `from`.
    ///
    /// Days keep the local time of day; where the clock leaves that time out or has it twice,
    /// [`resolve`] decides.
    pub fn after(self, from: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Exact(millis) => from + millis.max(0),
            Self::Days(days) => match local(from, zone).checked_add_days(Days::new(days.into())) {
                Some(then) => resolve(then, zone).max(from),
                None => from + i64::from(days) * DAY,
            },
        }
    }

    /// `count` times this wait, unless that is longer than [`MAX_DAYS`].
    fn times(self, count: u64) -> Option<Self> {
        match self {
            Self::Exact(millis) => {
                let total = i64::try_from(count).ok()?.checked_mul(millis)?;
                (total <= i64::from(MAX_DAYS) * DAY).then_some(Self::Exact(total))
            }
            Self::Days(days) => {
                let total = u32::try_from(count).ok()?.checked_mul(days)?;
                (total <= MAX_DAYS).then_some(Self::Days(total))
            }
        }
    }

    /// How many times `unit` goes into this wait, if it does so exactly and at least once.
    fn count(self, unit: Self) -> Option<i64> {
        let (whole, part) = match (self, unit) {
            (Self::Exact(whole), Self::Exact(part)) => (whole, part),
            (Self::Days(whole), Self::Days(part)) => (whole.into(), part.into()),
            _ => return None,
        };
        (whole > 0 && whole % part == 0).then(|| whole / part)
    }
}

/// A word for a length of time.
struct Unit {
    one: &'static str,
    many: &'static str,
    is: Wait,
}

/// All units, the longer of a kind first.
const UNITS: [Unit; 4] = [
    Unit { one: "week", many: "weeks", is: Wait::Days(7) },
    Unit { one: "day", many: "days", is: Wait::Days(1) },
    Unit { one: "hour", many: "hours", is: Wait::Exact(HOUR) },
    Unit { one: "minute", many: "minutes", is: Wait::Exact(MINUTE) },
];

fn unit(word: &str) -> Option<Wait> {
    UNITS.iter().find(|unit| word == unit.one || word == unit.many).map(|unit| unit.is)
}

fn number(digits: &str) -> Option<u64> {
    let readable = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Digits fail to parse only by being too many, and then any large number is as good.
    readable.then(|| digits.parse().unwrap_or(u64::MAX))
}

impl FromStr for Wait {
    type Err = WaitError;

    fn from_str(text: &str) -> Result<Self, WaitError> {
        let parts = text.split_once(' ').and_then(|(count, word)| Some((number(count)?, unit(word)?)));
        let Some((count, unit)) = parts else {
            return Err(WaitError::Unreadable { given: text.to_owned(), meant: meant(text) });
        };
        unit.times(count).ok_or_else(|| WaitError::TooLong { given: text.to_owned() })
    }
}

/// What an unreadable text probably meant: `3dayz` is near to `3 days`, and `2 h` to `2 hours`.
fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let (count, word) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let word = word.trim().to_lowercase();
    let begun = UNITS.iter().find(|unit| !word.is_empty() && unit.many.starts_with(&word));
    let near = || {
        let word = nearest(&word, UNITS.iter().flat_map(|unit| [unit.one, unit.many]))?;
        UNITS.iter().find(|unit| [unit.one, unit.many].contains(&word))
    };
    let unit = begun.or_else(near)?;
    let count = number(count)?;
    unit.is.times(count)?;
    Some(format!("{count} {}", if count == 1 { unit.one } else { unit.many }))
}

/// The text that reads back as the same wait. One that no text gives is shown in milliseconds.
impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = UNITS.iter().find_map(|unit| Some((self.count(unit.is)?, unit)));
        match (longest, self) {
            (Some((1, unit)), _) => write!(f, "1 {}", unit.one),
            (Some((count, unit)), _) => write!(f, "{count} {}", unit.many),
            (None, Self::Days(days)) => write!(f, "{days} days"),
            (None, Self::Exact(0)) => f.write_str("0 minutes"),
            (None, Self::Exact(millis)) => write!(f, "{millis} ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::{Europe::Berlin, Pacific::Apia};

    use super::*;

    fn at(rfc3339: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(rfc3339).unwrap().to_utc().into()
    }

    fn wait(text: &str) -> Wait {
        text.parse().unwrap()
    }

    fn refusal(text: &str) -> String {
        text.parse::<Wait>().unwrap_err().to_string()
    }

    #[test]
    fn reads_each_unit() {
        assert_eq!(wait("30 minutes"), Wait::Exact(30 * MINUTE));
        assert_eq!(wait("1 minute"), Wait::Exact(MINUTE));
        assert_eq!(wait("1 hour"), Wait::Exact(HOUR));
        assert_eq!(wait("3 days"), Wait::Days(3));
        assert_eq!(wait("1 day"), Wait::Days(1));
        assert_eq!(wait("2 weeks"), Wait::Days(14));
        assert_eq!(wait("0 days"), Wait::Days(0));
    }

    #[test]
    fn text_round_trips() {
        for text in ["1 minute", "90 minutes", "1 hour", "36 hours", "1 day", "10 days", "1 week", "2 weeks"]
        {
            assert_eq!(wait(text).to_string(), text);
        }
        for text in ["0 minutes", "0 hours", "0 days", "0 weeks", "60 minutes", "7 days", "3650 days"] {
            assert_eq!(wait(&wait(text).to_string()), wait(text), "{text}");
        }
        assert_eq!(Wait::Exact(1500).to_string(), "1500 ms");
    }

    #[test]
    fn says_what_is_meant() {
        for (text, meant) in [
            ("3 dayz", "3 days"),
            ("3days", "3 days"),
            ("3  days", "3 days"),
            (" 3 days", "3 days"),
            ("3 Days", "3 days"),
            ("1 dya", "1 day"),
            ("2 h", "2 hours"),
            ("5 min", "5 minutes"),
            ("1 weak", "1 week"),
        ] {
            assert_eq!(refusal(text), format!("`{text}` is not a length of time; did you mean `{meant}`?"));
        }
    }

    #[test]
    fn says_what_is_allowed() {
        for text in ["", " ", "3", "days", "3 months", "-3 days", "+3 days", "3.5 days", "three days", "3 "] {
            assert!(
                refusal(text).ends_with("; write a number and minutes, hours, days or weeks, like `3 days`"),
                "{text}"
            );
        }
    }

    #[test]
    fn is_at_most_ten_years() {
        for text in ["3650 days", "521 weeks", "87600 hours", "5256000 minutes"] {
            wait(text);
        }
        for text in
            ["3651 days", "522 weeks", "87601 hours", "5256001 minutes", "99999999999999999999999 days"]
        {
            assert_eq!(refusal(text), format!("`{text}` is too long; a wait is at most 3650 days"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,20}|[0-9]{1,8} ?(min|hour|day|week)[a-zü]?") {
            match text.parse::<Wait>() {
                Ok(wait) => assert_eq!(wait.to_string().parse(), Ok(wait)),
                Err(error) => assert!(error.to_string().starts_with(&format!("`{text}` is"))),
            }
        }
    }

    #[test]
    fn days_keep_the_local_time_and_hours_do_not() {
        let before_summer = at("2026-03-28T09:00:00.123+01:00");
        assert_eq!(wait("1 day").after(before_summer, Berlin), at("2026-03-29T09:00:00.123+02:00"));
        assert_eq!(wait("24 hours").after(before_summer, Berlin), at("2026-03-29T10:00:00.123+02:00"));
        assert_eq!(wait("2 weeks").after(before_summer, Berlin), at("2026-04-11T09:00:00.123+02:00"));
    }

    #[test]
    fn a_local_time_that_is_left_out_gives_way() {
        assert_eq!(
            wait("1 day").after(at("2026-03-28T02:30:00+01:00"), Berlin),
            at("2026-03-29T03:00:00+02:00")
        );
        assert_eq!(
            wait("1 day").after(at("2011-12-29T09:00:00-10:00"), Apia),
            at("2011-12-31T09:00:00+14:00")
        );
    }

    #[test]
    fn never_ends_before_it_began() {
        let second_pass = at("2026-10-25T02:30:00+01:00");
        assert_eq!(wait("0 days").after(second_pass, Berlin), second_pass);
        assert_eq!(Wait::Exact(-5).after(second_pass, Berlin), second_pass);
    }

    #[test]
    fn no_moment_is_too_far() {
        for from in [i64::MIN, -1, 0, i64::MAX].map(Timestamp::from_millis) {
            for wait in [Wait::Exact(i64::MAX), Wait::Days(0), Wait::Days(u32::MAX), wait("3650 days")] {
                assert!(wait.after(from, Apia) >= from, "{wait:?} after {from:?}");
            }
        }
    }
}
