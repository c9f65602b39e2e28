//! Names of months and weekdays, in the languages that absence notes are read in.

use chrono::Weekday;

/// Names of months, and what they are shortened to. Short ones that are words of another language are left out.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "jan", "jänner", "janvier", "enero", "gennaio", "januari", "janeiro", "stycznia"],
    &[
        "february",
        "februar",
        "feb",
        "feber",
        "février",
        "févr",
        "febrero",
        "febbraio",
        "februari",
        "fevereiro",
        "lutego",
    ],
    &["march", "märz", "mar", "mär", "maerz", "mrz", "mars", "marzo", "maart", "mrt", "março", "marca"],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile", "kwietnia"],
    &["may", "mai", "mayo", "maggio", "mei", "maio", "maj", "maja"],
    &["june", "juni", "jun", "juin", "junio", "giugno", "junho", "czerwca"],
    &["july", "juli", "jul", "juillet", "juil", "julio", "luglio", "julho", "lipca"],
    &["august", "aug", "août", "aout", "agosto", "augustus", "augusti", "sierpnia"],
    &["september", "sept", "sep", "septembre", "septiembre", "settembre", "setembro", "września"],
    &["october", "oktober", "oct", "okt", "octobre", "octubre", "ottobre", "outubro", "października"],
    &["november", "nov", "novembre", "noviembre", "novembro", "listopada"],
    &[
        "december",
        "dezember",
        "dec",
        "dez",
        "décembre",
        "déc",
        "diciembre",
        "dicembre",
        "dezembro",
        "grudnia",
    ],
];

/// Names of weekdays.
const WEEKDAYS: [(Weekday, &[&str]); 7] = [
    (
        Weekday::Mon,
        &["montag", "monday", "lundi", "lunes", "lunedì", "maandag", "poniedziałek", "poniedziałku"],
    ),
    (Weekday::Tue, &["dienstag", "tuesday", "mardi", "martes", "martedì", "dinsdag", "wtorek", "wtorku"]),
    (
        Weekday::Wed,
        &["mittwoch", "wednesday", "mercredi", "miércoles", "mercoledì", "woensdag", "środę", "środy"],
    ),
    (
        Weekday::Thu,
        &["donnerstag", "thursday", "jeudi", "jueves", "giovedì", "donderdag", "czwartek", "czwartku"],
    ),
    (Weekday::Fri, &["freitag", "friday", "vendredi", "viernes", "venerdì", "vrijdag", "piątek", "piątku"]),
    (Weekday::Sat, &["samstag", "sonnabend", "saturday", "samedi", "sábado", "sabato", "zaterdag", "sobotę"]),
    (Weekday::Sun, &["sonntag", "sunday", "dimanche", "domingo", "domenica", "zondag", "niedzielę"]),
];

/// What weekdays are shortened to before a date.
const SHORT_WEEKDAYS: &[&str] = &[
    "mo", "di", "mi", "do", "fr", "sa", "so", "mon", "tue", "tues", "wed", "thu", "thurs", "fri", "sat",
    "sun", "lun", "mar", "mer", "jeu", "ven", "sam", "dim",
];

/// The number of a month, 1 to 12. Names are lower case.
pub fn month(name: &str) -> Option<u32> {
    let at = MONTHS.iter().position(|names| names.contains(&name))?;
    u32::try_from(at + 1).ok()
}

pub fn weekday(name: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(_, names)| names.contains(&name)).map(|(day, _)| *day)
}

/// Whether a word may be a weekday that stands before a date.
pub fn is_weekday(word: &str) -> bool {
    weekday(word).is_some() || SHORT_WEEKDAYS.contains(&word)
}
