//! Until when somebody is away, as an absence note tells it.

mod words;

use chrono::{Days, NaiveDate};

use super::calendar::is_weekday;
use super::date::{self, Context, Found};
use super::part::Part;
use super::reply_text::visible;
use super::words::{any, plain};
use words::{ABSENCE, AWAY, BEFORE_RETURN, BETWEEN, RETURN, SHORTENED, TO, UNTIL};

/// Days that an absence may last. What is further away is no return.
const LONGEST: u64 = 500;
/// Characters around a date that say what it is.
const AROUND: usize = 70;
/// Words before a date that it may be named for: `back in the office Monday`.
const NEAR_WORDS: usize = 6;

/// The day of the return; if the note does not name it, the last day of the absence; if neither, nothing. `received` is
/// the day on which the mail came in, for those that do not say when they were sent.
pub fn until(mail: &Part<'_>, shown: &str, received: Option<NaiveDate>) -> Option<NaiveDate> {
    let sent = sent_on(mail).or(received);
    let subject = mail.fields.text("Subject").unwrap_or_default();
    let text = plain(&format!("{subject} ; {}", visible(shown)));
    if !any(&text, ABSENCE) {
        return None;
    }
    let anchor = sent.unwrap_or(NaiveDate::from_ymd_opt(2000, 1, 1)?);
    let last = anchor.checked_add_days(Days::new(LONGEST))?;
    let dates = date::dates(&text, Context { sent: anchor, month_first: month_first(mail) });
    // Without the day of the mail only a date with its year says when.
    let fits = |found: &Found, day: NaiveDate| match sent {
        Some(sent) => day >= sent && day <= last,
        None => found.has_year,
    };
    let returns = dates.iter().filter(|found| fits(found, found.first) && is_return(&text, found));
    let ends = dates.iter().filter(|found| fits(found, found.last) && is_end(&text, found));
    returns.map(|found| found.first).max().or_else(|| ends.map(|found| found.last).max())
}

/// Whether an automatic answer says that a person is away. Of those that say when, [`until`] knows more.
pub fn is_named(mail: &Part<'_>, text: &str) -> bool {
    let subject = mail.fields.text("Subject").unwrap_or_default();
    any(&plain(&format!("{subject} ; {text}")), AWAY)
}

/// The day on which a mail was sent, where its sender lives; or else the one on which our server took it.
fn sent_on(mail: &Part<'_>) -> Option<NaiveDate> {
    let received =
        mail.fields.raw("Received").filter_map(|field| field.rsplit_once(';').map(|(_, date)| date.trim()));
    mail.fields.raw("Date").chain(received).find_map(|field| {
        let date = mail_parser::DateTime::parse_rfc822(field)?;
        NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
    })
}

/// Whether the sender writes the month before the day, if Exchange says which language is his.
fn month_first(mail: &Part<'_>) -> Option<bool> {
    let language = mail.fields.lower("Content-Language");
    let language = language.split(',').next().unwrap_or_default().trim();
    (!language.is_empty()).then_some(language == "en-us")
}

fn is_return(text: &str, found: &Found) -> bool {
    if is_end(text, found) {
        return false;
    }
    let (before, after) = around(text, found);
    let forms = forms(before);
    let named = forms.iter().any(|words| BEFORE_RETURN.iter().any(|end| ends_with_word(words, end)));
    let nearby = before.trim_end().rsplit(' ').take(NEAR_WORDS).any(|word| any(word, RETURN));
    let follows = after.split_whitespace().take(2).any(|word| any(word, RETURN));
    named && (any(before, RETURN) || any(after, RETURN)) || nearby || follows
}

fn is_end(text: &str, found: &Found) -> bool {
    if found.ends_range {
        return true;
    }
    let (before, _) = around(text, found);
    let forms = forms(before);
    let ends =
        |phrases: &[&str]| forms.iter().any(|words| phrases.iter().any(|until| ends_with_word(words, until)));
    // Weekdays from and to are hours of work.
    ends(UNTIL) && !(found.is_vague && forms.iter().any(|words| are_hours(words)))
        || !found.is_vague && ends(TO)
}

/// `montag bis`, as in `montag bis freitag`.
fn are_hours(words: &str) -> bool {
    let mut last = words.rsplit(' ');
    last.next();
    last.next().is_some_and(|word| is_weekday(word.trim_end_matches('s')))
}

fn ends_with_word(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with([' ', '(', ',']))
}

/// What stands before a date: as it is, and without the weekday and other words that belong to the date.
fn forms(before: &str) -> Vec<&str> {
    let edge = [' ', ',', '(', '.', ':'];
    let mut words = before.trim_end_matches(edge);
    let mut forms = vec![words];
    while let Some((rest, last)) = words.rsplit_once(edge)
        && (is_weekday(last) || BETWEEN.contains(&last))
        && !rest.trim().is_empty()
    {
        words = rest.trim_end_matches(edge);
        forms.push(words);
    }
    forms
}

/// What stands near a date, within its sentence.
fn around<'a>(text: &'a str, found: &Found) -> (&'a str, &'a str) {
    let from = text.floor_char_boundary(found.start.saturating_sub(AROUND));
    let to = text.ceil_char_boundary((found.end + AROUND).min(text.len()));
    let before = &text[from..found.start];
    let after = &text[found.end..to];
    let start = before.rfind(['!', '?', ';']).map_or(0, |at| at + 1);
    let start = start.max(sentence_end(before).unwrap_or(0));
    let end = after.find(['!', '?', ';']).unwrap_or(after.len());
    let end = end.min(after.find(". ").unwrap_or(after.len()));
    (&before[start..], &after[..end])
}

/// Where the last sentence of a text begins: after a full stop that ends a word, not a number or a shortened word.
fn sentence_end(text: &str) -> Option<usize> {
    text.rmatch_indices(". ")
        .map(|(at, _)| at)
        .find(|at| {
            let word = text[..*at].rsplit(' ').next().unwrap_or_default();
            let number = word.ends_with(|letter: char| letter.is_ascii_digit());
            word.len() > 4 && !number && !SHORTENED.contains(&word)
        })
        .map(|at| at + 2)
}
