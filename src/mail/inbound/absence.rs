//! Until when somebody is away, as an absence note tells it.

use chrono::{Days, NaiveDate};

use super::date::{self, Found};
use super::part::Part;
use super::reply_text::visible;
use super::words::{any, plain};

/// Days that an absence may last. What is further away is no return.
const LONGEST: u64 = 500;
/// Characters around a date that say what it is.
const AROUND: usize = 70;

/// Words that make a date the day of the return.
const RETURN: &[&str] = &[
    "wieder",
    "zurück",
    "erreichbar",
    "rückkehr",
    "back",
    "return",
    "returning",
    "available again",
    "reachable",
    "resume",
    "zur verfügung",
];
/// Words that a return has before its date.
const BEFORE_RETURN: &[&str] =
    &["ab", "ab dem", "am", "on", "from", "by", "on the", "from the", "dem", "den", "the", "vom"];
/// Words before the last day of an absence.
const UNTIL: &[&str] = &[
    "bis",
    "bis zum",
    "bis einschließlich",
    "bis inklusive",
    "bis inkl.",
    "bis einschl.",
    "bis zum einschließlich",
    "bis einschließlich zum",
    "bis und mit",
    "until",
    "untill",
    "till",
    "til",
    "through",
    "thru",
    "to",
    "until the",
    "until and including",
    "through to",
    "-",
    "–",
    "—",
    "and",
];
/// What may stand between those words and the date.
const WEEKDAYS: &[&str] = &[
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "einschließlich",
    "inkl",
    "inclusive",
    "incl",
    "including",
    "and",
    "zum",
    "dem",
    "den",
    "the",
    "and including",
    "einschl",
];

/// The day of the return; if the note does not name it, the last day of the absence; if neither, nothing.
pub fn until(mail: &Part<'_>, shown: &str) -> Option<NaiveDate> {
    let sent = sent_on(mail)?;
    let subject = mail.fields.text("Subject").unwrap_or_default();
    let text = plain(&format!("{subject} ; {}", visible(shown)));
    let last = sent.checked_add_days(Days::new(LONGEST))?;
    let dates = date::dates(&text, sent);
    let told = |is: fn(&str, &Found) -> bool| {
        let fits = |found: &&Found| found.date >= sent && found.date <= last && is(&text, found);
        dates.iter().filter(fits).map(|found| found.date).max()
    };
    told(is_return).or_else(|| told(is_end))
}

/// The day on which a mail was sent, where its sender lives.
fn sent_on(mail: &Part<'_>) -> Option<NaiveDate> {
    let date = mail_parser::DateTime::parse_rfc822(mail.fields.raw("Date").next()?)?;
    NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
}

fn is_return(text: &str, found: &Found) -> bool {
    let (before, after) = around(text, found);
    if is_end(text, found) {
        return false;
    }
    let word = last_words(before);
    BEFORE_RETURN.iter().any(|end| word.ends_with(&format!(" {end}")) || word == *end)
        && (any(before, RETURN) || any(after, RETURN))
}

fn is_end(text: &str, found: &Found) -> bool {
    if found.ends_range {
        return true;
    }
    let (before, _) = around(text, found);
    let word = last_words(before);
    UNTIL.iter().any(|until| word.ends_with(&format!(" {until}")) || word == *until)
}

/// What stands before a date, without a weekday that belongs to it.
fn last_words(before: &str) -> String {
    let mut words = before.trim_end_matches([' ', ',', '(', '.', ':']);
    while let Some(shorter) = WEEKDAYS
        .iter()
        .filter_map(|day| words.strip_suffix(day))
        .find(|shorter| shorter.ends_with([' ', ',', '(']) && !shorter.trim().is_empty())
    {
        let trimmed = shorter.trim_end_matches([' ', ',', '(', '.', ':']);
        if trimmed.len() == words.len() {
            break;
        }
        words = trimmed;
    }
    words.to_owned()
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

/// Where the last sentence of a text begins: after a full stop that ends a word, not a number.
fn sentence_end(text: &str) -> Option<usize> {
    text.rmatch_indices(". ")
        .map(|(at, _)| at)
        .find(|at| {
            let word = text[..*at].rsplit(' ').next().unwrap_or_default();
            word.len() > 4 && !word.ends_with(|letter: char| letter.is_ascii_digit())
        })
        .map(|at| at + 2)
}
