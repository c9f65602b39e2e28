//! Dates in running text, whole ones and vague ones: `15.08.2026`, `August 15th`, `8/15`, `next Monday`, `KW 12`.

mod vague;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::calendar;

/// Of two readings of `3/12` the near one is meant, if the other is so many days away.
const NEAR: i64 = 45;

/// A date in a text, with where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The day; of a span such as a week or a month its first.
    pub first: NaiveDate,
    /// The same, or the last of the span.
    pub last: NaiveDate,
    pub start: usize,
    pub end: usize,
    /// Whether it ends a range: `10.-31. Juli`.
    pub ends_range: bool,
    /// Whether the year is named.
    pub has_year: bool,
    /// Whether it is one only by what stands around it: `Friday`, `August`.
    pub is_vague: bool,
}

/// What helps to read dates.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The day of the mail.
    pub sent: NaiveDate,
    /// Whether `3/12` begins with the month, if the mail's language says so.
    pub month_first: Option<bool>,
}

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
}

/// The rest of a text in tokens, with access that never fails.
#[derive(Clone, Copy)]
struct Tokens<'a, 't>(&'t [Token<'a>]);

impl<'a, 't> Tokens<'a, 't> {
    fn text(self, at: usize) -> &'a str {
        self.0.get(at).map_or("", |token| token.text)
    }

    fn number(self, at: usize) -> Option<u32> {
        let text = self.text(at);
        (text.len() <= 4).then(|| text.parse().ok()).flatten()
    }

    fn month(self, at: usize) -> Option<u32> {
        calendar::month(self.text(at))
    }

    fn is(self, at: usize, words: &[&str]) -> bool {
        words.contains(&self.text(at))
    }

    /// Whether nothing stands between a token and the one before it.
    fn joins(self, at: usize) -> bool {
        matches!((self.0.get(at.wrapping_sub(1)), self.0.get(at)), (Some(before), Some(own)) if before.end() == own.start)
    }

    fn from(self, at: usize) -> Tokens<'a, 't> {
        Tokens(self.0.get(at..).unwrap_or_default())
    }
}

/// A date that begins with the first token, and how many tokens it takes.
struct Read {
    date: NaiveDate,
    used: usize,
    ends_range: bool,
    has_year: bool,
}

impl Read {
    fn new(date: NaiveDate, used: usize, has_year: bool) -> Self {
        Self { date, used, has_year, ends_range: false }
    }
}

/// The dates in a text (lower case). Ambiguous ones (`3/4`) are left out.
pub fn dates(text: &str, context: Context) -> Vec<Found> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let rest = Tokens(&tokens[at..]);
        let span = |used: usize| (tokens[at].start, tokens[at + used - 1].end());
        if let Some(read) = date_at(rest, context) {
            let (start, end) = span(read.used);
            let Read { date, ends_range, has_year, used } = read;
            found.push(Found { first: date, last: date, start, end, ends_range, has_year, is_vague: false });
            at += used;
        } else if let Some((first, last, used)) = vague::at(&tokens, at, context) {
            let (start, end) = span(used);
            let has_year = false;
            found.push(Found { first, last, start, end, ends_range: false, has_year, is_vague: true });
            at += used;
        } else {
            at += 1;
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

fn date_at(tokens: Tokens<'_, '_>, context: Context) -> Option<Read> {
    let Some(first) = tokens.number(0) else { return month_first(tokens, context) };
    let signs = ["-", "/", "."];
    // 2026-08-15
    if let (2000.., true, Some(month), true, Some(day)) =
        (first, tokens.is(1, &signs), tokens.number(2), tokens.is(3, &signs), tokens.number(4))
    {
        return Some(Read::new(ymd(i32::try_from(first).ok()?, month, day)?, 5, true));
    }
    dotted(tokens, first, context)
        .or_else(|| slashed(tokens, first, context))
        .or_else(|| day_first(tokens, first, context))
}

/// `15.08.2026`, `15.8.`
fn dotted(tokens: Tokens<'_, '_>, day: u32, context: Context) -> Option<Read> {
    let month = tokens.number(2).filter(|month| (1..=12).contains(month) && tokens.text(2).len() <= 2)?;
    if tokens.text(1) != "." || tokens.text(3) != "." {
        return None;
    }
    let sent = context.sent.year();
    let close = || tokens.0[4].start - tokens.0[3].end() <= 1;
    let year = tokens.number(4).filter(|_| matches!(tokens.text(4).len(), 2 | 4) && close()).map(full_year);
    let year = year.filter(|year| (sent - 1..=sent + 2).contains(year));
    let date = near(year, month, day, context.sent)?;
    Some(Read::new(date, if year.is_some() { 5 } else { 4 }, year.is_some()))
}

/// `15/08/2026`, `8/15`, `15-08-2026`
fn slashed(tokens: Tokens<'_, '_>, first: u32, context: Context) -> Option<Read> {
    let sign = tokens.text(1);
    let second = tokens.number(2).filter(|_| tokens.text(2).len() <= 2)?;
    if !matches!(sign, "/" | "-") || !tokens.joins(1) || !tokens.joins(2) || tokens.text(0).len() > 2 {
        return None;
    }
    let year = tokens.number(4).filter(|_| tokens.text(3) == sign && matches!(tokens.text(4).len(), 2 | 4));
    let year = year.map(full_year);
    // `1-2` is a range, and `10/12/14` no date but in full.
    if year.is_none() && (sign == "-" || tokens.text(3) == "/") {
        return None;
    }
    let european = near(year, second, first, context.sent);
    let american = near(year, first, second, context.sent);
    let date = either(european, american, context)?;
    Some(Read::new(date, if year.is_some() { 5 } else { 3 }, year.is_some()))
}

/// Which of two readings is meant: the only one there is, the one of the mail's language, or the one that is near.
fn either(european: Option<NaiveDate>, american: Option<NaiveDate>, context: Context) -> Option<NaiveDate> {
    let (european, american) = match (european, american) {
        (Some(european), Some(american)) if european != american => (european, american),
        (european, american) => return european.or(american),
    };
    let days = |date: NaiveDate| (date - context.sent).num_days();
    if let Some(month_first) = context.month_first {
        let date = if month_first { american } else { european };
        if days(date) >= 0 {
            return Some(date);
        }
    }
    let is_near = |date: NaiveDate| (0..=NEAR).contains(&days(date));
    match (is_near(european), is_near(american)) {
        (true, false) => Some(european),
        (false, true) => Some(american),
        _ => None,
    }
}

/// `15. August`, `15th of August 2026`, `18 de marzo de 2027`
fn day_first(tokens: Tokens<'_, '_>, day: u32, context: Context) -> Option<Read> {
    let mut used = 1 + usize::from(tokens.text(1) == ".");
    used += ordinal(tokens.text(used));
    used += usize::from(tokens.is(used, &["of", "de", "di"]));
    let month = tokens.month(used)?;
    used += 1;
    used += usize::from(tokens.text(used) == "." && tokens.text(used - 1).len() <= 4);
    let (year, more) = year_after(tokens, used);
    Some(Read::new(near(year, month, day, context.sent)?, used + more, year.is_some()))
}

/// `August 15th, 2026`, `July 10-31`
fn month_first(tokens: Tokens<'_, '_>, context: Context) -> Option<Read> {
    let month = tokens.month(0)?;
    let dotted = usize::from(tokens.text(1) == ".");
    let the = usize::from(tokens.text(1 + dotted) == "the");
    let day = tokens.number(1 + dotted + the)?;
    let mut used = 2 + dotted + the;
    used += ordinal(tokens.text(used));
    let mut last = day;
    let end = tokens.number(used + 1).filter(|end| *end > day && *end <= 31);
    if let (true, Some(end)) = (tokens.is(used, &["-", "–"]), end) {
        last = end;
        used += 2 + ordinal(tokens.text(used + 2));
    }
    let (year, more) = year_after(tokens, used);
    let date = near(year, month, last, context.sent)?;
    Some(Read { ends_range: last != day, ..Read::new(date, used + more, year.is_some()) })
}

fn ordinal(word: &str) -> usize {
    usize::from(["st", "nd", "rd", "th", "er", "º", "°"].contains(&word))
}

/// A year, perhaps after a comma, and how many tokens it takes.
fn year_after(tokens: Tokens<'_, '_>, at: usize) -> (Option<i32>, usize) {
    let between = usize::from(tokens.is(at, &[",", "de", "of"]));
    let year = tokens.number(at + between).filter(|year| (2000..2100).contains(year));
    (year.and_then(|year| i32::try_from(year).ok()), if year.is_some() { between + 1 } else { 0 })
}

fn full_year(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or_default();
    if year < 100 { 2000 + year } else { year }
}

fn ymd(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The day in that year, or without a year the first one that is not long past.
fn near(year: Option<i32>, month: u32, day: u32, sent: NaiveDate) -> Option<NaiveDate> {
    if let Some(year) = year {
        return ymd(year, month, day);
    }
    let past = sent.checked_sub_months(Months::new(2))?;
    match ymd(sent.year(), month, day) {
        Some(this) if this >= past => Some(this),
        _ => ymd(sent.year().checked_add(1)?, month, day),
    }
}

/// The last day of a month.
fn month_end(first: NaiveDate) -> Option<NaiveDate> {
    first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))
}

#[cfg(test)]
mod tests;
