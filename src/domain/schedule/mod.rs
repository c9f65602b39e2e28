//! [`SendTimes`]: when a mail may go out, on the recipient's own clock.

mod slots;
mod weekdays;
mod windows;
mod zone;

use std::{fmt, ops::Range};

use chrono_tz::Tz;
use thiserror::Error;

pub use self::{
    slots::Slots,
    windows::Windows,
    zone::{UnknownZone, local, next_midnight, resolve, zone},
};
use super::{
    suggest::nearest,
    time::{DAY, HOUR, Timestamp},
};

/// The moments when mail may go out, given as `send` or as `slots`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendTimes {
    /// At any time.
    Always,
    /// Within hours of the week.
    Windows(Windows),
    /// At set times.
    Slots(Slots),
}

/// How late a mail may be for its slot: a long queue may go on, a server that was down all day waits for the next slot.
const GRACE: i64 = 3 * HOUR;

/// What is wrong with a text of send times, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ScheduleError {
    /// A plain sentence for the one who wrote the text.
    pub message: String,
    /// The bytes of the text that it is about.
    pub range: Range<usize>,
}

impl ScheduleError {
    /// About `part`, which must be a slice of `text`.
    fn about(part: &str, text: &str, message: String) -> Self {
        let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len());
        Self { message, range: start..(start + part.len()).min(text.len()) }
    }
}

/// The years that schedules know: 1970 and 2100, less a day that leaves room for any offset.
const CALENDAR: Range<Timestamp> =
    Timestamp::from_millis(DAY)..Timestamp::from_millis(4_133_980_800_000 - DAY);

impl SendTimes {
    /// Reads `always` or windows like `Mon-Fri 09:00-12:00, Sat 10:00-12:00`.
    ///
    /// A window is open from its first time up to, not including, its second. It lies within one date,
    /// which `24:00` ends.
    pub fn parse_send(text: &str) -> Result<Self, ScheduleError> {
        if text.trim() == ALWAYS {
            return Ok(Self::Always);
        }
        match nearest(text.trim(), [ALWAYS]) {
            Some(_) => {
                let message = format!("`{}` is not a window; did you mean `{ALWAYS}`?", text.trim());
                Err(ScheduleError::about(text.trim(), text, message))
            }
            None => Windows::parse(text).map(Self::Windows),
        }
    }

    /// Reads cron with five fields: minute, hour, day of the month, month, weekday.
    ///
    /// Weekdays go by name only, since cron dialects number them differently. Day and weekday must
    /// both fit: `0 9 1-7 * Mon` is the first Monday of the month. Times that never come are an error.
    pub fn parse_slots(text: &str) -> Result<Self, ScheduleError> {
        Slots::parse(text).map(Self::Slots)
    }

    /// The earliest moment at or after `due` when mail may go to somebody who lives in `zone`.
    ///
    /// - A window or slot that the clocks jump over counts at the first moment after the jump, and only
    ///   then; one on a date that the zone left out, at the same time on the next date.
    /// - Where the clocks show an hour twice, a window covers it both times and a slot comes the first
    ///   time only. That holds for a `due` between the two as well: the slot has been, and answering
    ///   its second showing would send twice to whoever got the first.
    /// - So the walk `next(at + 1 ms)` meets each slot exactly once; slots that fall together are one.
    /// - Schedules know the years 1970 to 2100. An earlier `due` counts as their begin, a later one is
    ///   its own answer.
    pub fn next(&self, due: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Always => due,
            _ if due >= CALENDAR.end => due,
            Self::Windows(windows) => windows.next(due.max(CALENDAR.start), zone),
            Self::Slots(slots) => slots.next(due.max(CALENDAR.start), zone).unwrap_or(CALENDAR.end),
        }
    }

    /// The moment at or after `from`, and before `limit`, from which these times are not open any more; else `limit`.
    /// Slots are moments: they are never open for longer.
    pub fn open_until(&self, from: Timestamp, limit: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Slots(_) => from.min(limit),
            Self::Windows(windows) if CALENDAR.contains(&from) => {
                windows.open_until(from, limit.min(CALENDAR.end), zone)
            }
            Self::Always | Self::Windows(_) => limit,
        }
    }

    /// Whether a mail that was due at one of these times may go out now. A slot, and a window that a change of clocks
    /// left one moment of, are over when the mail is claimed: it may be late by [`GRACE`].
    pub fn open(&self, now: Timestamp, zone: Tz) -> bool {
        if self.next(now, zone) == now {
            return true;
        }
        let moment = self.next(now - GRACE, zone);
        moment <= now && self.next(moment + 1, zone) > moment + 1
    }
}

const ALWAYS: &str = "always";

/// The text it was read from.
impl fmt::Display for SendTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str(ALWAYS),
            Self::Windows(windows) => windows.fmt(f),
            Self::Slots(slots) => slots.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn windows(text: &str) -> SendTimes {
        SendTimes::parse_send(text).unwrap()
    }

    #[test]
    fn always_is_at_once() {
        for due in [i64::MIN, 0, i64::MAX].map(Timestamp::from_millis) {
            assert_eq!(windows("always").next(due, Berlin), due);
        }
    }

    #[test]
    fn text_comes_back() {
        for text in ["always", "Mon-Fri 09:00-12:00, Sat 10:00-12:00"] {
            assert_eq!(windows(text).to_string(), text);
        }
        assert_eq!(SendTimes::parse_slots("30 9 * * Tue,Thu").unwrap().to_string(), "30 9 * * Tue,Thu");
    }

    #[test]
    fn a_misspelt_always_is_recognised() {
        let error = SendTimes::parse_send(" Allways").unwrap_err();
        assert_eq!(error.to_string(), "`Allways` is not a window; did you mean `always`?");
        assert_eq!(error.range, 1..8);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_marked(text in ".{0,40}|[A-Zae-uü0-9:, */-]{0,40}") {
            for times in [SendTimes::parse_send(&text), SendTimes::parse_slots(&text)] {
                match times {
                    Ok(times) => assert!(times.next(CALENDAR.start, Berlin) >= CALENDAR.start),
                    Err(error) => assert!(text.get(error.range).is_some()),
                }
            }
        }
    }

    #[test]
    fn no_moment_is_too_far() {
        let slots = SendTimes::parse_slots("0 9 29 2 *").unwrap();
        for times in [windows("Mon 09:00-12:00"), slots] {
            for millis in [i64::MIN, -1, 0, CALENDAR.end.millis() - 1, CALENDAR.end.millis(), i64::MAX] {
                let due = Timestamp::from_millis(millis);
                assert!(times.next(due, chrono_tz::Pacific::Kiritimati) >= due, "{times} after {millis}");
                assert!(times.next(due, chrono_tz::Pacific::Pago_Pago) >= due, "{times} after {millis}");
            }
        }
    }
}
