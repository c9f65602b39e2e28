//! Dates in running text, German and English.

use chrono::{Datelike, Months, NaiveDate};

/// A date in a text, with where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub date: NaiveDate,
    pub start: usize,
    pub end: usize,
    /// Whether it ends a range: `10.-31. Juli`.
    pub ends_range: bool,
}

/// Starts of the names of months.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jan", "jänner"],
    &["february", "februar", "feb", "feber"],
    &["march", "märz", "mar", "mär", "maerz", "mrz"],
    &["april", "apr"],
    &["may", "mai"],
    &["june", "juni", "jun"],
    &["july", "juli", "jul"],
    &["august", "aug"],
    &["september", "sept", "sep"],
    &["october", "oktober", "oct", "okt"],
    &["november", "nov"],
    &["december", "dezember", "dec", "dez"],
];

/// A piece of a text.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    start: usize,
}

impl Token<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn number(&self) -> Option<u32> {
        (self.text.len() <= 4).then(|| self.text.parse().ok()).flatten()
    }

    fn month(&self) -> Option<u32> {
        let at = MONTHS.iter().position(|names| names.contains(&self.text))?;
        u32::try_from(at + 1).ok()
    }
}

/// The dates in a text (lower case), near the day on which it was sent. Ambiguous ones (`3/4/2026`) are left out.
pub fn dates(text: &str, sent: NaiveDate) -> Vec<Found> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match date_at(&tokens[at..], sent) {
            Some((date, used, ends_range)) => {
                let last = tokens[at + used - 1];
                found.push(Found { date, start: tokens[at].start, end: last.end(), ends_range });
                at += used;
            }
            None => at += 1,
        }
    }
    found
}

/// Numbers, words, and each other letter alone. Blanks are left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |letter: char| (letter.is_ascii_digit(), letter.is_alphabetic());
        let length = match kind(first) {
            (false, false) => first.len_utf8(),
            own => rest.find(|letter| kind(letter) != own).unwrap_or(rest.len()),
        };
        if !first.is_whitespace() {
            tokens.push(Token { text: &rest[..length], start: text.len() - rest.len() });
        }
        rest = &rest[length..];
    }
    tokens
}

/// The date that begins with the first token, how many tokens it takes, and whether it ends a range.
fn date_at(tokens: &[Token<'_>], sent: NaiveDate) -> Option<(NaiveDate, usize, bool)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let number = |at: usize| tokens.get(at).and_then(Token::number);
    let first = number(0);
    let is_sign = |at: usize, signs: &[&str]| signs.contains(&text(at));
    // 2026-08-15
    if let (Some(year @ 2000..), true, Some(month), true, Some(day)) =
        (first, is_sign(1, &["-", "/", "."]), number(2), is_sign(3, &["-", "/", "."]), number(4))
    {
        return Some((NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?, 5, false));
    }
    if let Some(day) = first {
        return day_first(tokens, day, sent);
    }
    // August 15th, 2026; July 10-31
    let month = tokens.first()?.month()?;
    let dotted = usize::from(text(1) == ".");
    let day = number(1 + dotted)?;
    let mut used = 2 + dotted + ordinal(text(2 + dotted));
    let mut last = day;
    let mut ends_range = false;
    if is_sign(used, &["-", "–"]) && number(used + 1).is_some_and(|end| end > day && end <= 31) {
        last = number(used + 1)?;
        ends_range = true;
        used += 2 + ordinal(text(used + 2));
    }
    let (year, more) = year_after(tokens, used);
    Some((near(year, month, last, sent)?, used + more, ends_range))
}

/// `15.08.2026`, `15.8.`, `15. August`, `15th of August 2026`, `15/08/2026`
fn day_first(tokens: &[Token<'_>], day: u32, sent: NaiveDate) -> Option<(NaiveDate, usize, bool)> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let number = |at: usize| tokens.get(at).and_then(Token::number);
    if text(1) == "." && number(2).is_some_and(|month| (1..=12).contains(&month)) && tokens[2].text.len() <= 2
    {
        let month = number(2)?;
        if text(3) == "." {
            let close = |at: usize| tokens[at].start - tokens[at - 1].end() <= 1;
            let year = number(4).filter(|_| matches!(text(4).len(), 2 | 4) && close(4)).map(full_year);
            let year = year.filter(|year| (sent.year() - 1..=sent.year() + 2).contains(year));
            return Some((near(year, month, day, sent)?, if year.is_some() { 5 } else { 4 }, false));
        }
        return None;
    }
    if text(1) == "/" && text(3) == "/" {
        let (second, year) = (number(2)?, full_year(number(4)?));
        let (month, day) = match (day, second) {
            (13.., _) => (second, day),
            (_, 13..) => (day, second),
            _ if day == second => (day, day),
            _ => return None,
        };
        return Some((NaiveDate::from_ymd_opt(year, month, day)?, 5, false));
    }
    let mut used = 1 + usize::from(text(1) == ".");
    used += ordinal(text(used));
    used += usize::from(text(used) == "of");
    let month = tokens.get(used)?.month()?;
    used += 1;
    used += usize::from(text(used) == "." && tokens[used - 1].text.len() <= 4);
    let (year, more) = year_after(tokens, used);
    Some((near(year, month, day, sent)?, used + more, false))
}

fn ordinal(word: &str) -> usize {
    usize::from(["st", "nd", "rd", "th"].contains(&word))
}

/// A year, perhaps after a comma, and how many tokens it takes.
fn year_after(tokens: &[Token<'_>], at: usize) -> (Option<i32>, usize) {
    let comma = usize::from(tokens.get(at).is_some_and(|token| token.text == ","));
    let year = tokens.get(at + comma).and_then(Token::number).filter(|year| (2000..2100).contains(year));
    (year.and_then(|year| i32::try_from(year).ok()), if year.is_some() { comma + 1 } else { 0 })
}

fn full_year(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or_default();
    if year < 100 { 2000 + year } else { year }
}

/// The day in that year, or without a year the first one that is not long past.
fn near(year: Option<i32>, month: u32, day: u32, sent: NaiveDate) -> Option<NaiveDate> {
    if let Some(year) = year {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    let this = NaiveDate::from_ymd_opt(sent.year(), month, day);
    let past = sent.checked_sub_months(Months::new(2))?;
    match this {
        Some(this) if this >= past => Some(this),
        _ => NaiveDate::from_ymd_opt(sent.year() + 1, month, day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let sent = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        dates(text, sent).iter().map(|found| found.date.to_string()).collect()
    }

    #[test]
    fn dates_are_read_in_both_languages() {
        for (text, expected) in [
            ("bis 05.12.2026 weg", "2026-12-05"),
            ("bis 5.12.26", "2026-12-05"),
            ("bis zum 5.12. weg", "2026-12-05"),
            ("am 7. januar", "2027-01-07"),
            ("am 7. januar 2027 wieder", "2027-01-07"),
            ("on 7 january", "2027-01-07"),
            ("on the 7th of january", "2027-01-07"),
            ("on january 7th, 2027", "2027-01-07"),
            ("dec. 5", "2026-12-05"),
            ("2026-12-05", "2026-12-05"),
            ("12/24/2026", "2026-12-24"),
            ("24/12/2026", "2026-12-24"),
            ("december 10-31", "2026-12-31"),
            ("bis 24.12.", "2026-12-24"),
            ("am 5. dez. wieder", "2026-12-05"),
        ] {
            assert_eq!(all(text), [expected], "{text}");
        }
        assert_eq!(all("vom 1.12. bis 5.12."), ["2026-12-01", "2026-12-05"]);
        for text in [
            "3/4/2026",
            "31.02.2026",
            "version 1.2",
            "0.5",
            "may I",
            "um 12.30 uhr",
            "room 12",
            "99. märz",
            "",
        ] {
            assert_eq!(all(text), Vec::<String>::new(), "{text}");
        }
    }
}
