//! One cell of a file: its text, already trimmed and not empty, becomes a value. Errors are reasons for people.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde_json::Value;

use crate::domain::address::{Address, AddressError};
use crate::domain::country;
use crate::domain::schedule::{UnknownZone, resolve, zone};
use crate::domain::time::Timestamp;
use crate::domain::words::UnknownWord;

/// The most characters of a name, a city and the like.
const LONGEST_LINE: usize = 500;

/// The most characters of the wording of a consent or of a free field.
const LONGEST_TEXT: usize = 10_000;

/// Nobody employs more people.
const LARGEST_COMPANY: i64 = 100_000_000;

/// A text of one line; runs of blanks and line breaks count as one blank.
pub fn line(text: &str) -> Result<String, String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    printable(&line, LONGEST_LINE).map(str::to_owned)
}

/// A text that may have several lines.
pub fn text(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    printable(&text, LONGEST_TEXT).map(str::to_owned)
}

/// Refuses what no person typed: databases cannot store it, or it swallowed half the file.
fn printable(text: &str, longest: usize) -> Result<&str, String> {
    if text.chars().nth(longest).is_some() {
        return Err(format!("this is longer than {longest} characters: is a quotation mark missing?"));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(control) => Err(format!("this holds a control character ({})", control.escape_unicode())),
        None => Ok(text),
    }
}

pub fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error: AddressError| error.to_string())
}

/// A word of a closed set, in any case.
pub fn word<W: FromStr<Err = UnknownWord>>(text: &str) -> Result<W, String> {
    let text = printable(text, LONGEST_LINE)?;
    text.to_lowercase().parse().map_err(|error: UnknownWord| error.to_string())
}

/// `de`, `de-AT`.
pub fn language(text: &str) -> Result<String, String> {
    let mut parts = text.split(['-', '_']);
    let first = parts.next().unwrap_or_default().to_lowercase();
    let rest: Vec<String> = parts.map(region_or_script).collect();
    let letters = first.len() == 2 && first.chars().all(|c| c.is_ascii_alphabetic());
    let sound =
        |part: &String| (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    if !letters || rest.len() > 2 || !rest.iter().all(sound) {
        return Err(format!("\"{}\" is no language: write a code such as de or en-GB", shown(text)));
    }
    Ok([first].into_iter().chain(rest).collect::<Vec<_>>().join("-"))
}

fn region_or_script(part: &str) -> String {
    if part.len() == 2 { part.to_uppercase() } else { part.to_owned() }
}

/// A name of the tz database.
pub fn timezone(text: &str) -> Result<String, String> {
    zone(&shown(text)).map(|zone| zone.name().to_owned()).map_err(|error: UnknownZone| error.to_string())
}

/// Two letters (ISO 3166-1).
pub fn country(text: &str) -> Result<String, String> {
    let refuse = || format!("\"{}\" is no country: write its two letters, such as DE or AT", shown(text));
    country::code(text).map(str::to_owned).ok_or_else(refuse)
}

/// The domain of a company's web site, in ASCII and lower case.
pub fn domain(text: &str) -> Result<String, String> {
    let refuse = || format!("\"{}\" is no domain such as nordwerk.example", shown(text));
    let domain = idna::domain_to_ascii_strict(text).map_err(|_| refuse())?;
    if domain.contains('.') { Ok(domain) } else { Err(refuse()) }
}

/// How many people work for a company.
pub fn size(text: &str) -> Result<i64, String> {
    let size = text.parse::<i64>().ok().filter(|size| (1..=LARGEST_COMPANY).contains(size));
    size.ok_or_else(|| format!("\"{}\" is no number of people: write it like 250", shown(text)))
}

/// Tags with `;` between them.
pub fn tags(text: &str) -> Result<Vec<String>, String> {
    text.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(line).collect()
}

/// A moment (RFC 3339), or a date as spreadsheets write it: the beginning of that day.
pub fn time(text: &str, zone: Tz) -> Result<Timestamp, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc().into());
    }
    let date = ["%Y-%m-%d", "%d.%m.%Y"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    // A year of two digits would be one of the Romans.
    let date = date.filter(|date| (1900..=9999).contains(&date.year()));
    let refuse = || format!("\"{}\" is no time such as 2026-03-01 or 2026-03-01T09:30:00Z", shown(text));
    date.map(|date| resolve(date.and_time(NaiveTime::MIN), zone)).ok_or_else(refuse)
}

/// `yes` or `no`, in any case, as people, programs and spreadsheets write them.
pub fn yes(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "ja" | "j" | "wahr" => Ok(true),
        "no" | "n" | "false" | "0" | "nein" | "falsch" => Ok(false),
        _ => Err(format!("\"{}\" is neither yes nor no", shown(text))),
    }
}

/// A free field: a flag or a number if it is written as one, so that conditions can compare it; else a text. `007` and
/// `+49` are texts: as numbers they would come out changed.
pub fn value(cell: &str) -> Result<Value, String> {
    match cell {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ => {}
    }
    // 15 digits are exact in every number format that reads them.
    if cell.len() <= 15 {
        let whole = cell.parse::<i64>().ok().map(Value::from);
        let fraction = || cell.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
        let number = whole.or_else(fraction).filter(|number| written(number) == cell);
        if let Some(number) = number {
            return Ok(number);
        }
    }
    text(cell).map(Value::String)
}

fn written(number: &Value) -> String {
    number.to_string()
}

/// A text as an error may show it.
fn shown(text: &str) -> String {
    text.chars().take(80).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_fields_are_numbers_only_if_nothing_is_lost() {
        for (cell, value) in [
            ("12", Value::from(12)),
            ("-3", Value::from(-3)),
            ("1.5", Value::from(1.5)),
            ("true", Value::from(true)),
            ("007", Value::from("007")),
            ("+49", Value::from("+49")),
            ("1e3", Value::from("1e3")),
            ("1,5", Value::from("1,5")),
            ("NaN", Value::from("NaN")),
            ("12345678901234567890", Value::from("12345678901234567890")),
            ("Yes", Value::from("Yes")),
        ] {
            assert_eq!(super::value(cell), Ok(value), "{cell}");
        }
    }

    #[test]
    fn codes_are_folded_to_one_form() {
        assert_eq!(language("DE_at"), Ok("de-AT".to_owned()));
        assert_eq!(language("zh-Hans"), Ok("zh-Hans".to_owned()));
        assert_eq!(country("de"), Ok("DE".to_owned()));
        assert_eq!(domain("Bücher.example"), Ok("xn--bcher-kva.example".to_owned()));
        assert_eq!(line(" a \r\n b "), Ok("a b".to_owned()));
        assert_eq!(tags("a; b;;"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn a_date_is_the_beginning_of_its_day() {
        let berlin = Tz::Europe__Berlin;
        for (text, zone, moment) in [
            ("2026-10-01", Tz::UTC, "2026-10-01T00:00:00Z"),
            ("2026-10-01", berlin, "2026-09-30T22:00:00Z"),
            ("01.10.2026", berlin, "2026-09-30T22:00:00Z"),
            ("1.10.2026", Tz::UTC, "2026-10-01T00:00:00Z"),
            ("2026-10-01T12:00:00+02:00", Tz::UTC, "2026-10-01T10:00:00Z"),
        ] {
            assert_eq!(time(text, zone).map(|at| at.to_string()).as_deref(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn yes_and_no_are_read_as_spreadsheets_write_them() {
        for text in ["yes", "Y", "TRUE", "true", "1", "ja", "WAHR"] {
            assert_eq!(yes(text), Ok(true), "{text}");
        }
        for text in ["No", "n", "FALSE", "false", "0", "nein", "FALSCH"] {
            assert_eq!(yes(text), Ok(false), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_says_what_would_be() {
        for (refused, hint) in [
            (language("Deutsch").err(), "de or en-GB"),
            (language("d").err(), "de or en-GB"),
            (country("Germany").err(), "such as DE"),
            (country("EN").err(), "such as DE"),
            (timezone("Berlin").err(), "Europe/Berlin"),
            (domain("https://x.example/a").err(), "nordwerk.example"),
            (domain("intranet").err(), "nordwerk.example"),
            (size("50-99").err(), "like 250"),
            (size("0").err(), "like 250"),
            (time("3/1/2026", Tz::UTC).err(), "2026-03-01T09:30:00Z"),
            (time("2026-02-30", Tz::UTC).err(), "2026-03-01T09:30:00Z"),
            (time("01.03.26", Tz::UTC).err(), "2026-03-01T09:30:00Z"),
            (yes("maybe").err(), "neither yes nor no"),
            (line("a\0b").err(), "control character"),
            (line(&"x".repeat(501)).err(), "quotation mark"),
            (word::<crate::domain::stage::Stage>("top").err(), "tofu, mofu"),
        ] {
            assert!(refused.as_ref().is_some_and(|refused| refused.contains(hint)), "{refused:?}: {hint}");
        }
    }
}
