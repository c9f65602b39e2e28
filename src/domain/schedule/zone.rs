//! Civil time: what the clocks of a zone show, and when.

use chrono::{Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz, TzOffset};
use thiserror::Error;

use crate::domain::{
    suggest::nearest,
    time::{HOUR, SECOND, Timestamp},
};

/// A name that the tz database does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{name}` is not a time zone; {}", hint(.meant))]
pub struct UnknownZone {
    /// The name.
    pub name: String,
    /// What it probably should be.
    pub meant: Option<&'static str>,
}

fn hint(meant: &Option<&str>) -> String {
    match meant {
        Some(zone) => format!("did you mean `{zone}`?"),
        None => "write a name of the tz database, like `Europe/Berlin`".to_owned(),
    }
}

/// The zone with this name in the tz database, upper and lower case as there.
pub fn zone(name: &str) -> Result<Tz, UnknownZone> {
    name.parse().map_err(|_| UnknownZone { name: name.to_owned(), meant: meant(name) })
}

/// The zone or else the zone's city that the name is near to.
fn meant(name: &str) -> Option<&'static str> {
    // The signs of Etc/GMT+1 and its like are the wrong way round for nearly everybody who writes GMT+1.
    let zones = || TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|zone| !zone.contains("GMT"));
    let city = |zone: &'static str| zone.rsplit_once('/').map_or(zone, |(_, city)| city);
    let name = name.trim().replace(' ', "_");
    nearest(&name, zones()).or_else(|| {
        let near = nearest(&name, zones().map(city))?;
        zones().find(|zone| city(zone) == near)
    })
}

/// What a clock in `zone` shows at this moment.
pub fn local(at: Timestamp, zone: Tz) -> NaiveDateTime {
    let utc = at.utc().naive_utc();
    // At the ends of chrono's calendar there is no room for an offset, nor anybody who needs it.
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix()).unwrap_or(utc)
}

/// The first moment of the next day on the clocks of `zone`.
pub fn next_midnight(at: Timestamp, zone: Tz) -> Timestamp {
    let today = local(at, zone).date();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    resolve(tomorrow.and_time(NaiveTime::MIN), zone)
}

/// The moment when the clocks of `zone` show `local`: the one place where civil time becomes a moment.
///
/// - A time that clocks show twice is the first of the two moments.
/// - A time that they jump over is the first moment after the jump.
/// - A time on a date that the zone left out is that time on the next date.
pub fn resolve(local: NaiveDateTime, zone: Tz) -> Timestamp {
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => as_if_utc(local) - millis(offset),
        LocalResult::None => resolve_missing(local, zone),
    }
}

fn resolve_missing(local: NaiveDateTime, zone: Tz) -> Timestamp {
    if skips(local.date(), zone)
        && let Some(next_date) = local.checked_add_days(Days::new(1))
    {
        return resolve(next_date, zone);
    }
    let far = 36 * HOUR; // more than any offset and any jump
    change(as_if_utc(local) - far, as_if_utc(local) + far, zone)
}

/// Whether `zone` left this date out, as Samoa did with 30 December 2011.
pub(super) fn skips(date: NaiveDate, zone: Tz) -> bool {
    const LAST: NaiveTime = NaiveTime::from_hms_opt(23, 59, 59).unwrap();
    let missing = |time| zone.offset_from_local_datetime(&date.and_time(time)) == LocalResult::None;
    missing(NaiveTime::MIN) && missing(LAST)
}

/// The moment after `from` and up to `until` when the clocks of `zone` are set, given that they are once.
pub(super) fn change(from: Timestamp, until: Timestamp, zone: Tz) -> Timestamp {
    let offset = |at| as_if_utc(local(at, zone)) - at;
    let (mut before, mut after) = (from, until);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset(middle) == offset(from) { before = middle } else { after = middle }
    }
    after
}

fn as_if_utc(local: NaiveDateTime) -> Timestamp {
    local.and_utc().into()
}

fn millis(offset: TzOffset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * SECOND
}

#[cfg(test)]
mod tests {
    use chrono_tz::{
        Africa::Cairo,
        Australia::Lord_Howe,
        Europe::Berlin,
        Pacific::{Apia, Kwajalein},
    };

    use super::*;

    fn resolved(text: &str, zone: Tz) -> String {
        let moment = resolve(text.parse().unwrap(), zone).utc();
        moment.with_timezone(&zone).to_rfc3339()
    }

    #[test]
    fn an_ordinary_time_is_itself() {
        assert_eq!(resolved("2026-07-01T09:00:00", Berlin), "2026-07-01T09:00:00+02:00");
        assert_eq!(resolved("2026-01-01T09:00:00", Berlin), "2026-01-01T09:00:00+01:00");
    }

    #[test]
    fn a_time_shown_twice_is_the_first() {
        assert_eq!(resolved("2026-10-25T02:30:00", Berlin), "2026-10-25T02:30:00+02:00");
        assert_eq!(resolved("2026-10-25T03:00:00", Berlin), "2026-10-25T03:00:00+01:00");
    }

    #[test]
    fn a_time_jumped_over_is_the_first_moment_after() {
        assert_eq!(resolved("2026-03-29T02:00:00", Berlin), "2026-03-29T03:00:00+02:00");
        assert_eq!(resolved("2026-03-29T02:59:59.999", Berlin), "2026-03-29T03:00:00+02:00");
        assert_eq!(resolved("2026-10-04T02:15:00", Lord_Howe), "2026-10-04T02:30:00+11:00");
        assert_eq!(resolved("2026-04-24T00:00:00", Cairo), "2026-04-24T01:00:00+03:00");
    }

    #[test]
    fn a_date_left_out_is_the_next() {
        assert_eq!(resolved("2011-12-30T09:00:00", Apia), "2011-12-31T09:00:00+14:00");
        assert_eq!(resolved("1993-08-21T23:59:59", Kwajalein), "1993-08-22T23:59:59+12:00");
        assert!(!skips("2011-12-29".parse().unwrap(), Apia));
        assert!(!skips("2011-12-31".parse().unwrap(), Apia));
    }

    #[test]
    fn clocks_and_moments_agree_to_the_millisecond() {
        let moment = Timestamp::from_millis(1_793_000_000_123);
        assert_eq!(resolve(local(moment, Berlin), Berlin), moment);
    }

    #[test]
    fn no_moment_is_too_far() {
        for zone in [Apia, chrono_tz::Pacific::Pago_Pago] {
            resolve(local(Timestamp::from_millis(i64::MAX), zone), zone);
            resolve(local(Timestamp::from_millis(i64::MIN), zone), zone);
        }
    }

    #[test]
    fn a_zone_has_the_name_of_the_tz_database() {
        assert_eq!(zone("Europe/Berlin"), Ok(Berlin));
        for (name, meant) in [
            ("europe/berlin", Some("Europe/Berlin")),
            ("Europe/Berln", Some("Europe/Berlin")),
            ("Berlin", Some("Europe/Berlin")),
            ("new york", Some("America/New_York")),
            ("utc", Some("UTC")),
            ("GMT+1", None),
            ("", None),
            ("nowhere at all", None),
        ] {
            assert_eq!(zone(name), Err(UnknownZone { name: name.to_owned(), meant }));
        }
    }

    #[test]
    fn an_unknown_zone_says_what_to_write() {
        let message = |name| zone(name).unwrap_err().to_string();
        assert_eq!(message("Berlin"), "`Berlin` is not a time zone; did you mean `Europe/Berlin`?");
        assert_eq!(
            message("GMT+1"),
            "`GMT+1` is not a time zone; write a name of the tz database, like `Europe/Berlin`"
        );
    }
}
