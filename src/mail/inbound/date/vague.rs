//! Dates that are told by the day of the mail: `Friday`, `tomorrow`, `next week`, `KW 12`, `end of August`.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{Context, Token, Tokens, date_at, month_end, near, ymd};
use crate::mail::inbound::calendar;

/// Words before a month that a day need not follow.
const BEFORE_MONTH: &[&str] =
    &["in", "im", "until", "till", "til", "bis", "ab", "by", "en", "fino", "tot", "jusqu'en"];

/// What is meant by a part of a month.
#[derive(Clone, Copy)]
enum Place {
    First,
    Middle,
    Last,
}

/// First and last day of what begins at `at`, and how many tokens it takes.
pub fn at(tokens: &[Token<'_>], at: usize, context: Context) -> Option<(NaiveDate, NaiveDate, usize)> {
    let rest = Tokens(&tokens[at..]);
    let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map_or("", |token| token.text);
    weekday(rest, before, context)
        .or_else(|| tomorrow(rest, before, context.sent))
        .or_else(|| week(rest, context.sent))
        .or_else(|| part(rest, context.sent))
        .or_else(|| month(rest, before, context.sent))
}

/// The next day of that name. One that a date follows belongs to it, and one after another weekday ends a week of work.
fn weekday(tokens: Tokens<'_, '_>, before: &str, context: Context) -> Option<(NaiveDate, NaiveDate, usize)> {
    let day = calendar::weekday(tokens.text(0))?;
    let dated = (1..=3)
        .take_while(|at| {
            *at == 1 || tokens.is(at - 1, &[",", "den", "dem", "der", "the", "(", "le", "il", "el"])
        })
        .any(|at| date_at(tokens.from(at), context).is_some());
    if dated || matches!(before, "-" | "–" | "to") {
        return None;
    }
    let next = context.sent.checked_add_days(Days::new(1))?;
    let date = on_or_after(next, day)?;
    Some((date, date, 1))
}

fn tomorrow(tokens: Tokens<'_, '_>, before: &str, sent: NaiveDate) -> Option<(NaiveDate, NaiveDate, usize)> {
    let greets = matches!(before, "guten" | "gutem" | "schönen" | "heute" | "am" | "jeden" | "la");
    let named = tokens.is(0, &["morgen", "tomorrow", "demain", "mañana", "domani", "jutro"]);
    let day = (named && !greets).then(|| sent.checked_add_days(Days::new(1))).flatten()?;
    Some((day, day, 1))
}

/// `next week`, `KW 12`
fn week(tokens: Tokens<'_, '_>, sent: NaiveDate) -> Option<(NaiveDate, NaiveDate, usize)> {
    let next = tokens.is(
        0,
        &["next", "nächste", "nächster", "nächsten", "kommende", "kommender", "kommenden", "volgende"],
    );
    if next && tokens.is(1, &["week", "woche"]) {
        let monday = on_or_after(sent.checked_add_days(Days::new(1))?, Weekday::Mon)?;
        return working_week(monday, 2);
    }
    let number = tokens.number(1).filter(|number| tokens.text(0) == "kw" && (1..=53).contains(number))?;
    let this = NaiveDate::from_isoywd_opt(sent.iso_week().year(), number, Weekday::Mon)?;
    let past = sent.checked_sub_days(Days::new(14))?;
    match this >= past {
        true => working_week(this, 2),
        false => {
            working_week(NaiveDate::from_isoywd_opt(sent.iso_week().year() + 1, number, Weekday::Mon)?, 2)
        }
    }
}

fn working_week(monday: NaiveDate, used: usize) -> Option<(NaiveDate, NaiveDate, usize)> {
    Some((monday, monday.checked_add_days(Days::new(4))?, used))
}

/// `Ende August`, `end of the month`, `mid-March`, `Monatsende`
fn part(tokens: Tokens<'_, '_>, sent: NaiveDate) -> Option<(NaiveDate, NaiveDate, usize)> {
    let this_month = || ymd(sent.year(), sent.month(), 1).and_then(month_end);
    let this_year = || ymd(sent.year(), 12, 31);
    let one = |day: NaiveDate, used: usize| Some((day, day, used));
    match tokens.text(0) {
        "monatsende" => return one(this_month()?, 1),
        "jahresende" => return one(this_year()?, 1),
        _ => {}
    }
    let place = match tokens.text(0) {
        "ende" | "end" | "late" | "fin" | "fine" | "eind" | "finales" => Place::Last,
        "mitte" | "mid" | "middle" | "mi" | "metà" | "half" => Place::Middle,
        "anfang" | "beginning" | "start" | "early" | "début" | "inizio" | "begin" => Place::First,
        _ => return None,
    };
    let mut used = 1;
    while tokens
        .is(used, &["of", "-", "the", "des", "der", "de", "di", "van", "nächsten", "laufenden", "this"])
        && used < 4
    {
        used += 1;
    }
    match tokens.text(used) {
        "monats" | "month" => return one(this_month()?, used + 1),
        "jahres" | "year" => return one(this_year()?, used + 1),
        "woche" | "week" => return one(on_or_after(sent, Weekday::Fri)?, used + 1),
        _ => {}
    }
    let (first, used) = named_month(tokens, used, sent)?;
    match place {
        Place::First => one(first, used),
        Place::Middle => one(first.with_day(15)?, used),
        Place::Last => one(month_end(first)?, used),
    }
}

/// `in January 2028`, `bis August`
fn month(tokens: Tokens<'_, '_>, before: &str, sent: NaiveDate) -> Option<(NaiveDate, NaiveDate, usize)> {
    if !BEFORE_MONTH.contains(&before) {
        return None;
    }
    let (first, used) = named_month(tokens, 0, sent)?;
    Some((first, month_end(first)?, used))
}

/// The first day of the month that is named at `at`, perhaps with its year, and where it ends.
fn named_month(tokens: Tokens<'_, '_>, at: usize, sent: NaiveDate) -> Option<(NaiveDate, usize)> {
    let month = tokens.month(at)?;
    let year = tokens.number(at + 1).filter(|year| (2000..2100).contains(year));
    let used = at + 1 + usize::from(year.is_some());
    let year = year.and_then(|year| i32::try_from(year).ok());
    // A month that has begun is this year's.
    let end = near(year, month, 28, sent)?;
    Some((ymd(end.year(), month, 1)?, used))
}

/// The first such weekday, from a day on.
fn on_or_after(day: NaiveDate, weekday: Weekday) -> Option<NaiveDate> {
    let days = (7 + weekday.num_days_from_monday() - day.weekday().num_days_from_monday()) % 7;
    day.checked_add_days(Days::new(u64::from(days)))
}
