//! [`Slots`]: set times, `30 9 * * Tue,Thu`.

use std::fmt;

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use cron::Schedule;

use super::{CALENDAR, ScheduleError, weekdays, zone};
use crate::domain::time::Timestamp;

/// Set times when mail may go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// In seconds of a clock without a zone. Boxed because it is large beside other send times.
    schedule: Box<Schedule>,
    text: String,
}

impl Slots {
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let Ok([minute, hour, day, month, weekdays]) = <[&str; 5]>::try_from(fields) else {
            return Err(ScheduleError::about(text.trim(), text, FIVE_FIELDS.to_owned()));
        };
        let fields = [minute, hour, day, month];
        let schedule = read(fields, &weekday_list(weekdays, text)?);
        let slots = schedule.map(|schedule| Self { schedule: Box::new(schedule), text: text.to_owned() });
        let slots = slots.ok_or_else(|| mistake(fields, text))?;
        match slots.at_or_after(CALENDAR.start.utc().naive_utc()) {
            Some(_) => Ok(slots),
            None => {
                Err(ScheduleError::about(text.trim(), text, format!("no date ever fits `{}`", text.trim())))
            }
        }
    }

    /// The earliest slot at or after `due`, if the calendar has one.
    pub(super) fn next(&self, due: Timestamp, zone: Tz) -> Option<Timestamp> {
        // What the clocks would show at `due` were they not set at that very moment: slots that they
        // jump over come now, and slots that they repeat have been.
        let mut from = zone::local(due - 1, zone) + TimeDelta::milliseconds(1);
        loop {
            let slot = self.on_dates_of(zone, from)?;
            let at = zone::resolve(slot, zone);
            if at >= due {
                return Some(at);
            }
            from = slot + TimeDelta::minutes(1);
        }
    }

    /// The earliest slot at or after `from` on the dates that `zone` has. Those of a date that it left
    /// out are on the next.
    fn on_dates_of(&self, zone: Tz, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let slot = self.at_or_after(from)?;
        if zone::skips(slot.date(), zone) {
            return self.on_dates_of(zone, slot.date().succ_opt()?.and_time(NaiveTime::MIN));
        }
        let yesterday = from.date().pred_opt().filter(|&date| zone::skips(date, zone));
        let Some(yesterday) = yesterday else { return Some(slot) };
        let left_out = self.at_or_after(from - Days::new(1)).filter(|slot| slot.date() == yesterday);
        // Dates have all the same times of day or none, so a slot that moves here is no later than `slot`.
        Some(left_out.map_or(slot, |left_out| left_out + Days::new(1)))
    }

    /// The earliest slot at or after `from`, on a clock that is never set.
    fn at_or_after(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let before = (from - TimeDelta::milliseconds(1)).and_utc();
        self.schedule.after(&before).next().map(|slot| slot.naive_utc())
    }
}

/// The text it was read from.
impl fmt::Display for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const FIVE_FIELDS: &str =
    "slots have five fields: minute, hour, day of the month, month and weekday, like `30 9 * * Tue,Thu`";

/// The fields before the weekday, for messages: what each holds, and from where to where.
const FIELDS: [(&str, &str); 4] = [
    ("a minute", "0 to 59"),
    ("an hour", "0 to 23"),
    ("a day of the month", "1 to 31"),
    ("a month", "1 to 12"),
];

/// Minute, hour, day and month, and weekdays by name, as the cron crate understands them.
fn read([minute, hour, day, month]: [&str; 4], weekdays: &str) -> Option<Schedule> {
    format!("0 {minute} {hour} {day} {month} {weekdays}").parse().ok()
}

/// The weekday field, a slice of `text`, as a list without ranges: the cron crate has no `Sat-Sun`.
fn weekday_list(field: &str, text: &str) -> Result<String, ScheduleError> {
    if field == "*" {
        return Ok(field.to_owned());
    }
    let mut names = Vec::new();
    for item in field.split(',') {
        names.extend(weekdays::parse(item, text)?.iter().map(ToString::to_string));
    }
    Ok(names.join(","))
}

/// Finds the first item, a slice of `text`, that cannot be read even alone.
fn mistake(fields: [&str; 4], text: &str) -> ScheduleError {
    for (index, (kind, bounds)) in FIELDS.iter().enumerate() {
        for item in fields[index].split(',') {
            let mut alone = ["*"; 4];
            alone[index] = item;
            if read(alone, "*").is_none() {
                let message = format!(
                    "`{item}` is not {kind}; write {bounds}, a range like `2-5`, a step like `*/2`, or `*`"
                );
                return ScheduleError::about(item, text, message);
            }
        }
    }
    ScheduleError::about(text.trim(), text, FIVE_FIELDS.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};
    use chrono_tz::{Europe::Berlin, Pacific::Apia, UTC};

    use super::*;

    /// The first answers from `due` on, each on the clocks of `zone`.
    fn walk<const N: usize>(text: &str, due: &str, zone: Tz) -> [String; N] {
        let slots = Slots::parse(text).unwrap();
        let mut due: Timestamp = DateTime::parse_from_rfc3339(due).unwrap().to_utc().into();
        std::array::from_fn(|_| {
            let at = slots.next(due, zone).unwrap();
            due = at + 1;
            at.utc().with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false)
        })
    }

    #[test]
    fn the_first_slot_at_or_after() {
        let text = "30 9 * * Tue,Thu";
        for (due, at) in [
            ("2026-11-24T09:30:00+01:00", "2026-11-24T09:30:00+01:00"),
            ("2026-11-24T09:30:00.001+01:00", "2026-11-26T09:30:00+01:00"),
            ("2026-11-24T09:29:59.999+01:00", "2026-11-24T09:30:00+01:00"),
        ] {
            assert_eq!(walk(text, due, Berlin), [at]);
        }
    }

    #[test]
    fn day_and_weekday_must_both_fit() {
        let mondays = walk("0 9 1-7 * Mon", "2026-11-01T00:00:00Z", UTC);
        assert_eq!(mondays, ["2026-11-02T09:00:00+00:00", "2026-12-07T09:00:00+00:00"]);
    }

    #[test]
    fn a_range_of_weekdays_may_pass_over_the_end_of_the_week() {
        let days = walk("0 9 * * Sat-Mon", "2026-11-20T12:00:00Z", UTC);
        assert_eq!(days.map(|day: String| day[8..10].to_owned()), ["21", "22", "23", "28"]);
    }

    #[test]
    fn slots_in_a_gap_come_right_after_it_as_one() {
        let after = ["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"];
        assert_eq!(walk("*/30 2,3 * * *", "2026-03-29T00:00:00+01:00", Berlin), after);
        assert_eq!(walk("15 2 * * *", after[0], Berlin), [after[0], "2026-03-30T02:15:00+02:00"]);
    }

    #[test]
    fn a_slot_that_clocks_show_twice_comes_the_first_time() {
        let (first, next_day) = ("2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00");
        assert_eq!(walk("30 2 * * *", "2026-10-25T00:00:00+02:00", Berlin), [first, next_day]);
        for between_or_later in ["2026-10-25T02:45:00+02:00", "2026-10-25T02:10:00+01:00"] {
            assert_eq!(walk("30 2 * * *", between_or_later, Berlin), [next_day]);
        }
        assert_eq!(walk("* * * * *", "2026-10-25T02:00:00+01:00", Berlin), ["2026-10-25T03:00:00+01:00"]);
    }

    #[test]
    fn slots_of_a_date_left_out_are_on_the_next() {
        let saturday = ["2011-12-31T08:00:00+14:00", "2011-12-31T09:00:00+14:00"];
        for due in ["2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00"] {
            assert_eq!(walk("0 9 * * Fri", due, Apia), [saturday[1], "2012-01-06T09:00:00+14:00"]);
            assert_eq!(
                walk("0 8,9 30,31 12 *", due, Apia),
                [saturday[0], saturday[1], "2012-12-30T08:00:00+14:00"]
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_marked() {
        let list = "write Mon, Tue, Wed, Thu, Fri, Sat or Sun";
        let more = "a range like `2-5`, a step like `*/2`, or `*`";
        for (text, range, message) in [
            ("", 0..0, FIVE_FIELDS.to_owned()),
            (" 0 9 * *", 1..8, FIVE_FIELDS.to_owned()),
            ("0 0 9 * * Mon", 0..13, FIVE_FIELDS.to_owned()),
            ("@daily", 0..6, FIVE_FIELDS.to_owned()),
            ("0,61 9 * * *", 2..4, format!("`61` is not a minute; write 0 to 59, {more}")),
            ("*/0 9 * * *", 0..3, format!("`*/0` is not a minute; write 0 to 59, {more}")),
            ("0 24 * * *", 2..4, format!("`24` is not an hour; write 0 to 23, {more}")),
            ("0 9 0 * *", 4..5, format!("`0` is not a day of the month; write 1 to 31, {more}")),
            ("0 9 1,,2 * *", 6..6, format!("`` is not a day of the month; write 1 to 31, {more}")),
            ("0 9 * Jam *", 6..9, format!("`Jam` is not a month; write 1 to 12, {more}")),
            ("0 9 * * 1-5", 8..9, format!("`1` is not a weekday; {list}")),
            ("0 9 * * Mon,Tuü", 12..16, format!("`Tuü` is not a weekday; {list}")),
            ("0 9 30 2 *", 0..10, "no date ever fits `0 9 30 2 *`".to_owned()),
        ] {
            assert_eq!(Slots::parse(text), Err(ScheduleError { message, range }), "{text}");
        }
    }
}
