//! Dates and numbers as readers of German and of English expect them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use serde_json::Value;

use crate::domain::schedule::local;
use crate::domain::time::Timestamp;

const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const GERMAN_DAYS: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];

/// The forms that `date` has: `long` is `22. November 2026`, `short` is `22.11.2026`, `weekday` is
/// `Sonntag, 22. November 2026`, `time` is `14:30`.
pub(super) const DATE_FORMS: [&str; 4] = ["long", "short", "weekday", "time"];

/// A date (`2026-11-22`) or a moment (RFC 3339, or milliseconds since 1970) as the clocks of a zone show it.
///
/// # Errors
/// A value that is neither, a form that is not known, the time of a mere date.
pub(super) fn date(value: &Value, form: &str, language: &str, zone: Tz) -> Result<String, String> {
    let refuse = || format!("{value} is not a date, such as 2026-11-22 or 2026-11-22T14:30:00Z");
    let (date, time) = read_date(value, zone).ok_or_else(refuse)?;
    match form {
        "time" => time
            .map(|time| time.format("%H:%M").to_string())
            .ok_or_else(|| format!("{value} has no time of day")),
        "short" if language == "de" => Ok(date.format("%d.%m.%Y").to_string()),
        "short" => Ok(date.format("%-d %b %Y").to_string()),
        "weekday" if language == "de" => Ok(format!("{}, {}", german_day(date), german_date(date))),
        "weekday" => Ok(date.format("%A, %-d %B %Y").to_string()),
        "long" if language == "de" => Ok(german_date(date)),
        "long" => Ok(date.format("%-d %B %Y").to_string()),
        _ => Err(format!("there is no form of a date called {form}; use one of: {}", DATE_FORMS.join(", "))),
    }
}

fn read_date(value: &Value, zone: Tz) -> Option<(NaiveDate, Option<NaiveDateTime>)> {
    let moment = match value {
        Value::Number(millis) => Timestamp::from_millis(millis.as_i64()?),
        Value::String(text) => match text.parse::<NaiveDate>() {
            Ok(date) => return Some((date, None)),
            Err(_) => Timestamp::from(text.parse::<DateTime<FixedOffset>>().ok()?.to_utc()),
        },
        _ => return None,
    };
    let local = local(moment, zone);
    Some((local.date(), Some(local)))
}

fn german_date(date: NaiveDate) -> String {
    let month = usize::try_from(date.month0()).ok().and_then(|month| GERMAN_MONTHS.get(month)).unwrap_or(&"");
    format!("{}. {month} {}", date.day(), date.year())
}

fn german_day(date: NaiveDate) -> &'static str {
    let day = usize::try_from(date.weekday().num_days_from_monday()).ok();
    day.and_then(|day| GERMAN_DAYS.get(day)).unwrap_or(&"")
}

/// A number with its thousands apart: `12.345,5` in German, `12,345.5` else.
/// Without `decimals` it has as many as it needs.
///
/// # Errors
/// A value that is no number.
pub(super) fn number(value: &Value, decimals: Option<usize>, language: &str) -> Result<String, String> {
    let number = as_number(value).ok_or_else(|| format!("{value} is not a number"))?;
    let written = match decimals {
        Some(decimals) => format!("{:.*}", decimals.min(10), number.abs()),
        None => number.abs().to_string(),
    };
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let (group, point) = if language == "de" { ('.', ',') } else { (',', '.') };
    let mut text = String::from(if number < 0.0 { "-" } else { "" });
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    Ok(text)
}

/// A number, also one that came as text, as fields from a CSV file do.
pub(super) fn as_number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_are_shown_in_the_readers_zone_and_language() {
        let tokyo = chrono_tz::Asia::Tokyo;
        let moment = json!("2026-11-21T18:30:00Z");
        for (form, german, english) in [
            ("long", "22. November 2026", "22 November 2026"),
            ("short", "22.11.2026", "22 Nov 2026"),
            ("weekday", "Sonntag, 22. November 2026", "Sunday, 22 November 2026"),
            ("time", "03:30", "03:30"),
        ] {
            assert_eq!(date(&moment, form, "de", tokyo).as_deref(), Ok(german));
            assert_eq!(date(&moment, form, "en", tokyo).as_deref(), Ok(english));
        }
        assert_eq!(date(&json!("2026-03-01"), "long", "de", tokyo).as_deref(), Ok("1. März 2026"));
        assert_eq!(date(&json!(0), "short", "de", chrono_tz::Europe::Berlin).as_deref(), Ok("01.01.1970"));
        for (value, form) in
            [(json!("soon"), "long"), (json!(true), "long"), (json!("2026-03-01"), "time"), (moment, "x")]
        {
            assert!(date(&value, form, "de", tokyo).is_err(), "{value} {form}");
        }
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (value, decimals, german, english) in [
            (json!(0), None, "0", "0"),
            (json!(999), None, "999", "999"),
            (json!(1234567), None, "1.234.567", "1,234,567"),
            (json!(-1234.5), None, "-1.234,5", "-1,234.5"),
            (json!(1234.567), Some(2), "1.234,57", "1,234.57"),
            (json!("2000"), Some(0), "2.000", "2,000"),
        ] {
            assert_eq!(number(&value, decimals, "de").as_deref(), Ok(german));
            assert_eq!(number(&value, decimals, "en").as_deref(), Ok(english));
        }
        for value in [json!("many"), json!(true), json!("inf"), json!(null)] {
            assert!(number(&value, None, "de").is_err(), "{value}");
        }
    }
}
