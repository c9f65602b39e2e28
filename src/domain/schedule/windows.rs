//! [`Windows`]: hours of the week, `Mon-Fri 09:00-12:00, Sat 10:00-12:00`.

use std::{fmt, ops::Range};

use chrono::{Datelike, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;

use super::{ScheduleError, weekdays, zone};
use crate::domain::time::{DAY, SECOND, Timestamp, WEEK};

/// No zone has ever set its clocks twice within this many milliseconds.
const QUIET: i64 = 5 * DAY;

/// Hours of the week when mail may go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Never empty.
    windows: Vec<Window>,
    text: String,
}

/// One window on one weekday. Times are milliseconds on the clock since Monday 00:00.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    day: Weekday,
    start: i64,
    length: i64,
}

impl Window {
    fn new(day: Weekday, hours: &Range<i64>) -> Self {
        Self { day, start: day_start(day) + hours.start, length: hours.end - hours.start }
    }

    /// How long a clock that shows `now` has to run until the window begins.
    fn until_start(&self, now: i64) -> i64 {
        (self.start - now).rem_euclid(WEEK)
    }

    /// How long a clock that shows `now` has to run until the window is open.
    fn until_open(&self, now: i64) -> i64 {
        let since_start = (now - self.start).rem_euclid(WEEK);
        if since_start < self.length { 0 } else { WEEK - since_start }
    }

    /// How long a clock that shows `now` has to run until the window closes; 0 if it is not open.
    fn until_close(&self, now: i64) -> i64 {
        (self.length - (now - self.start).rem_euclid(WEEK)).max(0)
    }
}

/// Milliseconds from Monday 00:00 to the beginning of this day.
fn day_start(day: Weekday) -> i64 {
    i64::from(day.num_days_from_monday()) * DAY
}

/// Milliseconds that this clock shows since Monday 00:00.
fn in_week(clock: NaiveDateTime) -> i64 {
    day_start(clock.weekday()) + in_day(clock.time())
}

fn in_day(clock: NaiveTime) -> i64 {
    i64::from(clock.num_seconds_from_midnight()) * SECOND + i64::from(clock.nanosecond() / 1_000_000)
}

impl Windows {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let mut windows = Vec::new();
        for entry in text.split(',') {
            let (days, hours) = parse_entry(entry.trim(), text)?;
            windows.extend(days.into_iter().map(|day| Window::new(day, &hours)));
        }
        Ok(Self { windows, text: text.to_owned() })
    }

    /// The earliest moment at or after `due` that is inside a window.
    pub(super) fn next(&self, due: Timestamp, zone: Tz) -> Timestamp {
        let mut at = due;
        loop {
            let clock = zone::local(at, zone);
            let wait = self.until_open(clock, zone);
            if wait == 0 || self.jumped_over(at, clock, zone) {
                return at;
            }
            // Clocks may be set meanwhile. They show whether they were: then look again from there.
            let stride = wait.min(QUIET);
            let undisturbed = zone::local(at + stride, zone) == clock + TimeDelta::milliseconds(stride);
            if undisturbed && stride == wait {
                return at + wait;
            }
            at = if undisturbed { at + stride } else { zone::change(at, at + stride, zone) };
        }
    }

    /// The moment at or after `from` when no window is open any more; `limit` if that comes first.
    pub(super) fn open_until(&self, from: Timestamp, limit: Timestamp, zone: Tz) -> Timestamp {
        let mut at = from;
        while at < limit {
            let clock = zone::local(at, zone);
            let left = self.until_close(clock, zone);
            if left == 0 {
                return at;
            }
            // As in `next`: clocks may be set meanwhile.
            let stride = left.min(QUIET);
            let undisturbed = zone::local(at + stride, zone) == clock + TimeDelta::milliseconds(stride);
            at = if undisturbed { at + stride } else { zone::change(at, at + stride, zone) };
        }
        limit
    }

    /// How long a clock that shows `clock` has to run, undisturbed, until a window is open.
    fn until_open(&self, clock: NaiveDateTime, zone: Tz) -> i64 {
        let now = in_week(clock);
        let wait = self.windows.iter().map(|window| window.until_open(now)).min().unwrap_or(0);
        if wait == 0 {
            return 0;
        }
        let today = self.left_out(clock, zone).map(|window| window.until_open(now - DAY));
        today.filter(|&wait| wait < DAY).fold(wait, i64::min)
    }

    /// How long a clock that shows `clock` has to run, undisturbed, until the windows that are open close.
    fn until_close(&self, clock: NaiveDateTime, zone: Tz) -> i64 {
        let now = in_week(clock);
        let left = self.windows.iter().map(|window| window.until_close(now)).max().unwrap_or(0);
        self.left_out(clock, zone).map(|window| window.until_close(now - DAY)).fold(left, i64::max)
    }

    /// The windows of yesterday if that date was left out: they are open today, at the same hours.
    fn left_out(&self, clock: NaiveDateTime, zone: Tz) -> impl Iterator<Item = &Window> {
        let yesterday = clock.date().pred_opt().filter(|&date| zone::skips(date, zone));
        let day = yesterday.map(|date| date.weekday());
        self.windows.iter().filter(move |window| Some(window.day) == day)
    }

    /// Whether the clocks, which show `clock`, were set forward at this very moment, past a whole window.
    fn jumped_over(&self, at: Timestamp, clock: NaiveDateTime, zone: Tz) -> bool {
        let expected = zone::local(at - 1, zone) + TimeDelta::milliseconds(1);
        let jump = (clock - expected).num_milliseconds();
        jump > 0
            && self.windows.iter().any(|window| {
                let start = window.until_start(in_week(expected));
                let date = (expected + TimeDelta::milliseconds(start)).date();
                start + window.length <= jump && !zone::skips(date, zone)
            })
    }
}

/// The text it was read from.
impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The days and hours of `entry`, a slice of `text`.
fn parse_entry(entry: &str, text: &str) -> Result<(Vec<Weekday>, Range<i64>), ScheduleError> {
    let mut words = entry.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(days), Some(hours), None) => Ok((weekdays::parse(days, text)?, parse_hours(hours, text)?)),
        _ => {
            let message =
                format!("`{entry}` is not a window; write weekdays and hours, like `Mon-Fri 09:00-12:00`");
            Err(ScheduleError::about(entry, text, message))
        }
    }
}

/// The hours of `part`, a slice of `text`, in milliseconds since 00:00.
fn parse_hours(part: &str, text: &str) -> Result<Range<i64>, ScheduleError> {
    let wrong = |message| ScheduleError::about(part, text, message);
    let Some((start, end)) = part.split_once('-') else {
        return Err(wrong(format!("`{part}` is not a range of hours; write it like `09:00-12:00`")));
    };
    let hours = parse_time(start, text)?..if end == "24:00" { DAY } else { parse_time(end, text)? };
    if hours.is_empty() {
        return Err(wrong(format!(
            "`{part}` does not end after it begins; over midnight it takes two, like `Fri 22:00-24:00, Sat 00:00-02:00`"
        )));
    }
    Ok(hours)
}

fn parse_time(part: &str, text: &str) -> Result<i64, ScheduleError> {
    match NaiveTime::parse_from_str(part, "%H:%M") {
        Ok(time) if part.len() == "00:00".len() => Ok(in_day(time)),
        _ => {
            let message = format!("`{part}` is not a time of day; write hours and minutes, like `09:00`");
            Err(ScheduleError::about(part, text, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::{America::Recife, Asia::Beirut, Europe::Berlin, Pacific::Apia};

    use super::*;

    /// The answer on the clocks of `zone`.
    fn next(text: &str, due: &str, zone: Tz) -> String {
        let due = DateTime::parse_from_rfc3339(due).unwrap().to_utc().into();
        let at = Windows::parse(text).unwrap().next(due, zone);
        at.utc().with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }

    #[test]
    fn inside_a_window_is_at_once() {
        let text = "Mon-Fri 09:00-12:00, Sat 10:00-12:00";
        for due in ["2026-11-20T09:00:00+01:00", "2026-11-20T11:59:59.999+01:00", "2026-11-21T10:30:00+01:00"]
        {
            assert_eq!(next(text, due, Berlin), due);
        }
        assert_eq!(next("Mon 20:00-24:00", "2026-11-23T23:59:59+01:00", Berlin), "2026-11-23T23:59:59+01:00");
    }

    #[test]
    fn outside_is_the_next_beginning() {
        let text = "Mon-Fri 09:00-12:00, Sat 10:00-12:00";
        for (due, at) in [
            ("2026-11-20T08:59:59.999+01:00", "2026-11-20T09:00:00+01:00"),
            ("2026-11-20T12:00:00+01:00", "2026-11-21T10:00:00+01:00"),
            ("2026-11-21T12:00:00+01:00", "2026-11-23T09:00:00+01:00"),
        ] {
            assert_eq!(next(text, due, Berlin), at);
        }
        assert_eq!(next("Mon 09:00-12:00", "2026-10-19T12:00:00+02:00", Berlin), "2026-10-26T09:00:00+01:00");
    }

    #[test]
    fn a_window_in_a_gap_opens_right_after_it() {
        let (before, after) = ("2026-03-28T12:00:00+01:00", "2026-03-29T03:00:00+02:00");
        assert_eq!(next("Sun 02:30-04:00", before, Berlin), after);
        assert_eq!(next("Sun 02:15-02:45", before, Berlin), after);
        assert_eq!(next("Sun 02:15-02:45", after, Berlin), after);
        assert_eq!(next("Sun 02:00-03:00", before, Berlin), after);
        assert_eq!(next("Sun 00:00-00:30", "2026-03-28T23:00:00+02:00", Beirut), "2026-03-29T01:00:00+03:00");
    }

    #[test]
    fn a_window_lost_to_a_gap_comes_once() {
        assert_eq!(
            next("Sun 02:15-02:45", "2026-03-29T03:00:00.001+02:00", Berlin),
            "2026-04-05T02:15:00+02:00"
        );
    }

    #[test]
    fn a_window_that_ends_in_a_gap_is_over() {
        assert_eq!(next("Sun 01:00-02:30", "2026-03-29T01:59:00+01:00", Berlin), "2026-03-29T01:59:00+01:00");
        assert_eq!(next("Sun 01:00-02:30", "2026-03-29T03:00:00+02:00", Berlin), "2026-04-05T01:00:00+02:00");
    }

    #[test]
    fn both_passes_of_an_hour_are_inside() {
        for due in ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"] {
            assert_eq!(next("Sun 02:15-02:45", due, Berlin), due);
        }
        assert_eq!(next("Sun 02:15-02:45", "2026-10-25T02:45:00+02:00", Berlin), "2026-10-25T02:15:00+01:00");
        assert_eq!(next("Sun 01:00-02:15", "2026-10-25T02:15:00+02:00", Berlin), "2026-10-25T02:00:00+01:00");
    }

    #[test]
    fn clocks_may_be_set_twice_before_a_window() {
        // Recife tried summer time from 8 to 15 October 2000.
        assert_eq!(next("Sat 23:15-23:20", "2000-10-07T23:20:00-03:00", Recife), "2000-10-14T23:15:00-02:00");
    }

    #[test]
    fn windows_of_a_date_left_out_are_on_the_next() {
        let text = "Fri 09:00-12:00, Sat 11:00-13:00";
        for (due, at) in [
            ("2011-12-29T23:59:59-10:00", "2011-12-31T09:00:00+14:00"),
            ("2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"),
            ("2011-12-31T09:30:00+14:00", "2011-12-31T09:30:00+14:00"),
            ("2011-12-31T12:30:00+14:00", "2011-12-31T12:30:00+14:00"),
            ("2011-12-31T13:00:00+14:00", "2012-01-06T09:00:00+14:00"),
        ] {
            assert_eq!(next(text, due, Apia), at);
        }
    }

    /// When the windows close, on the clocks of `zone`.
    fn closes(text: &str, from: &str, zone: Tz) -> String {
        let from: Timestamp = DateTime::parse_from_rfc3339(from).unwrap().to_utc().into();
        let at = Windows::parse(text).unwrap().open_until(from, from + 9 * DAY, zone);
        at.utc().with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }

    #[test]
    fn windows_close_when_the_last_of_those_that_touch_does() {
        let text = "Mon-Fri 09:00-12:00, Mon 11:00-13:00, Fri 22:00-24:00, Sat 00:00-02:00";
        for (from, at) in [
            ("2026-11-23T09:30:00+01:00", "2026-11-23T13:00:00+01:00"),
            ("2026-11-24T09:30:00+01:00", "2026-11-24T12:00:00+01:00"),
            ("2026-11-27T23:00:00+01:00", "2026-11-28T02:00:00+01:00"),
            ("2026-11-28T02:00:00+01:00", "2026-11-28T02:00:00+01:00"),
        ] {
            assert_eq!(closes(text, from, Berlin), at);
        }
        let always = "Mon-Sun 00:00-24:00";
        assert_eq!(closes(always, "2026-11-23T09:00:00+01:00", Berlin), "2026-12-02T09:00:00+01:00");
    }

    #[test]
    fn a_window_over_a_change_of_clocks_is_as_long_as_it_lasts() {
        let (spring, autumn) = ("2026-03-29T01:00:00+01:00", "2026-10-25T01:00:00+02:00");
        assert_eq!(closes("Sun 01:00-04:00", spring, Berlin), "2026-03-29T04:00:00+02:00", "two hours");
        assert_eq!(closes("Sun 01:00-04:00", autumn, Berlin), "2026-10-25T04:00:00+01:00", "four hours");
        assert_eq!(
            closes("Fri 09:00-12:00", "2011-12-31T09:30:00+14:00", Apia),
            "2011-12-31T12:00:00+14:00",
            "Friday was left out"
        );
    }

    #[test]
    fn what_cannot_be_read_is_marked() {
        let entry = "is not a window; write weekdays and hours, like `Mon-Fri 09:00-12:00`";
        let time = "is not a time of day; write hours and minutes, like `09:00`";
        for (text, range, message) in [
            ("", 0..0, format!("`` {entry}")),
            ("09:00-12:00", 0..11, format!("`09:00-12:00` {entry}")),
            ("Mon, Tue 09:00-12:00", 0..3, format!("`Mon` {entry}")),
            ("Mon 09:00 - 12:00", 0..17, format!("`Mon 09:00 - 12:00` {entry}")),
            ("Mon 09:00-12:00,", 16..16, format!("`` {entry}")),
            ("Mon 09:00-12:00, Sat 9-12", 21..22, format!("`9` {time}")),
            ("Mon 9:00-12:00", 4..8, format!("`9:00` {time}")),
            ("Mon +9:00-12:00", 4..9, format!("`+9:00` {time}")),
            ("Mon 24:00-24:00", 4..9, format!("`24:00` {time}")),
            ("Mon 09:00-24:01", 10..15, format!("`24:01` {time}")),
            ("Mon 09:00-12:ü", 10..15, format!("`12:ü` {time}")),
            ("Mon 0900", 4..8, "`0900` is not a range of hours; write it like `09:00-12:00`".to_owned()),
        ] {
            assert_eq!(Windows::parse(text), Err(ScheduleError { message, range }), "{text}");
        }
    }

    #[test]
    fn no_window_goes_over_midnight() {
        for text in ["Fri 22:00-02:00", "Fri 09:00-09:00"] {
            let error = Windows::parse(text).unwrap_err();
            assert_eq!(error.range, 4..15);
            assert!(error.message.contains("does not end after it begins"), "{error}");
        }
    }
}
