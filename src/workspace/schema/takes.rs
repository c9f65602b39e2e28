//! [`Takes`]: what can stand behind a key.

use chrono_tz::TZ_VARIANTS;

use super::Key;
use crate::domain::condition::FORMS;

/// What can stand behind a key.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Any text that is not empty.
    Text,
    /// A text or a list of texts.
    Texts,
    /// A text of a form: a regular expression for the whole of it.
    Form(&'static str),
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
    /// A phrase, or a list of phrases that must all be true.
    Phrases(Asks),
    /// One phrase about something that happens.
    Deed,
    Flag,
    /// A whole number from … to ….
    Integer(i64, i64),
    /// `[key]`
    Table(&'static [Key]),
    /// `[[key]]`
    Tables(&'static [Key]),
    /// `[key.NAME]`, with a name of one's own; the first text is an example of one.
    Named(&'static str, &'static [Key]),
    /// The same, whose names need not be one word.
    NamedFreely(&'static str, &'static [Key]),
    /// `[key.NAME]`, with a name out of some.
    NamedBy(fn() -> Vec<&'static str>, &'static [Key]),
    /// A table with names of one's own for texts, numbers and flags.
    Fields,
}

/// What phrases may ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Anything,
    /// Not for a step: there is no sequence yet whose step it could be.
    NoStep,
}

/// `N minutes|hours|days|weeks`
pub const DURATION: Takes = Takes::Form("[0-9]+ (minute|hour|day|week)s?");

/// `N minutes|hours`
pub const WORKING_TIME: Takes = Takes::Form("[0-9]+ (minute|hour)s?");

/// `100/second`
pub const RATE: Takes = Takes::Form("[0-9]+ ?/ ?(second|minute|hour|day)");

/// `0.3%`
pub const SHARE: Takes = Takes::Form("[0-9]+([.][0-9]+)? ?%");

/// An e-mail address, roughly.
pub const ADDRESS: Takes = Takes::Form("[^@\\s]+@[^@\\s]+");

/// One word: letters, digits, `-`, `_` and `.`.
pub const NAME: Takes = Takes::Form("[\\p{L}\\p{N}_.-]+");

/// `always`, or weekdays and hours.
pub const WINDOWS: Takes = Takes::Form(
    "always|[A-Za-z]{3,9}(-[A-Za-z]{3,9})? +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}\
     ( *, *[A-Za-z]{3,9}(-[A-Za-z]{3,9})? +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})*",
);

/// Cron with five fields.
pub const SLOTS: Takes = Takes::Form("\\s*(\\S+\\s+){4}\\S+\\s*");

/// A zone of the tz database.
pub const ZONE: Takes = Takes::Word(|| TZ_VARIANTS.iter().map(|zone| zone.name()).collect());

/// The forms of phrases that may stand in a place.
pub fn forms(takes: Takes) -> Vec<&'static str> {
    let fits = |form: &&&str| match takes {
        Takes::Phrases(Asks::Anything) => true,
        Takes::Phrases(Asks::NoStep) => !form.ends_with(" STEP"),
        Takes::Deed => {
            !form.ends_with(" STEP") && !["has ", "tagged ", "in "].iter().any(|now| form.starts_with(now))
        }
        _ => false,
    };
    FORMS.iter().filter(fits).copied().collect()
}
