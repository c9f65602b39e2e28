//! Polish.

use super::Language;

pub(super) const WORDS: Language = Language {
    words: &[
        "proszę",
        "o",
        "mnie",
        "z",
        "listy",
        "mailingowej",
        "newslettera",
        "mój",
        "mojego",
        "moich",
        "adres",
        "adresu",
        "bazy",
        "danych",
        "nie",
        "chcę",
        "otrzymywać",
        "więcej",
        "wiadomości",
        "maili",
        "e-maili",
        "od",
        "państwa",
        "subskrypcji",
        "się",
        "moje",
        "dane",
        "wysyłać",
        "do",
    ],
    wishes: &[
        &[&["wypisa*", "wypisz", "rezygnuję", "wypisuję"]],
        &[&["usun*"], &["mnie", "listy", "adres", "adresu", "bazy", "moich", "moje"]],
        &[&["nie"], &["otrzymywać", "wysyłać"]],
    ],
    getting: &[],
    wanting: &[],
};
