//! Where the clocks of a zone are set.

use chrono::{NaiveDate, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// The moments when the clocks of `zone` are set, in minutes since 1970, each with the jump in minutes.
///
/// Zones set their clocks at whole minutes since 1973, and never twice within five days.
pub fn changes(zone: Tz, years: std::ops::RangeInclusive<i32>) -> Vec<(i64, i64)> {
    const STRIDE: i64 = 5 * 24 * 60;
    let mut found = Vec::new();
    let mut from = first_minute(*years.start());
    while from < first_minute(years.end() + 1) {
        let until = from + STRIDE;
        let (mut before, mut after) = (from, until);
        if offset(zone, before) != offset(zone, after) {
            while after - before > 1 {
                let middle = (before + after) / 2;
                let changed = offset(zone, middle) != offset(zone, from);
                if changed { after = middle } else { before = middle }
            }
            found.push((after, offset(zone, after) - offset(zone, before)));
        }
        from = until;
    }
    found
}

/// Minutes that the clocks of `zone` are ahead of UTC at this minute since 1970.
pub fn offset(zone: Tz, minute: i64) -> i64 {
    let moment = chrono::DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
    i64::from(zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc()) / 60
}

pub fn first_minute(year: i32) -> i64 {
    let new_year = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    new_year.and_utc().timestamp() / 60
}
