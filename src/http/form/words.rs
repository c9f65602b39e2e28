//! The words of the personal form, in German and English.

use std::collections::BTreeMap;

use crate::domain::lead::Salutation;
use crate::http::language::Language;
use crate::http::pages::{Choice, Input, Page};
use crate::http::reader::Reader;
use crate::nurture::form::{Answers, LONGEST, Unfit};
use crate::workspace::funnel::Asked;

/// The form.
pub fn questions(
    reader: &Reader,
    asked: &[&str],
    answers: &Answers,
    unfit: &BTreeMap<String, Unfit>,
) -> Page {
    let company = reader.company();
    let (title, line, button) = match reader.language() {
        Language::De => (
            "Ein paar Angaben fehlen noch",
            format!(
                "{company} fragt nur nach dem, was noch nicht bekannt ist. Was frei bleibt, bleibt unbekannt."
            ),
            "Absenden",
        ),
        Language::En => (
            "A few details are missing",
            format!("{company} asks only for what is not known yet. What you leave out stays unknown."),
            "Send",
        ),
    };
    let inputs = asked.iter().map(|field| {
        let answer = answers.get(*field).map_or("", String::as_str);
        input(reader.language(), field, answer, unfit.get(*field).copied())
    });
    Page { inputs: inputs.collect(), ..reader.page(title, vec![line], Some(button)) }
}

/// It is stored.
pub fn thanks(reader: &Reader, complete: bool) -> Page {
    let (title, line, rest) = match reader.language() {
        Language::De => (
            "Danke!",
            "Die Angaben sind gespeichert.",
            "Den Rest nimmt dieselbe Seite später entgegen, über den Link in der E-Mail.",
        ),
        Language::En => (
            "Thank you!",
            "Your details are stored.",
            "The same page takes the rest later, by the link in the mail.",
        ),
    };
    let lines = [line].into_iter().chain((!complete).then_some(rest)).map(str::to_owned);
    reader.page(title, lines.collect(), None)
}

/// All of it is known.
pub fn nothing_missing(reader: &Reader) -> Page {
    let (title, line) = match reader.language() {
        Language::De => ("Danke!", "Es fehlt nichts: Alles Nötige ist bekannt."),
        Language::En => ("Thank you!", "Nothing is missing: all that is needed is known."),
    };
    reader.page(title, vec![line.to_owned()], None)
}

fn input(language: Language, field: &str, answer: &str, unfit: Option<Unfit>) -> Input {
    let asked = field.parse::<Asked>().ok();
    let (kind, autocomplete) = asked.map_or(("text", "off"), form);
    Input {
        name: field.to_owned(),
        label: label(language, asked, field),
        kind,
        autocomplete,
        value: answer.chars().take(LONGEST).collect(),
        longest: LONGEST,
        wrong: unfit.map(|why| wrong(language, why).to_owned()),
        choices: if asked == Some(Asked::Salutation) { salutations(language, answer) } else { Vec::new() },
        ..Input::default()
    }
}

/// The kind of an input, and what browsers offer for it.
const fn form(asked: Asked) -> (&'static str, &'static str) {
    match asked {
        Asked::Salutation => ("text", "off"),
        Asked::Title => ("text", "honorific-prefix"),
        Asked::FirstName => ("text", "given-name"),
        Asked::LastName => ("text", "family-name"),
        Asked::JobTitle => ("text", "organization-title"),
        Asked::Phone => ("tel", "tel"),
        Asked::City => ("text", "address-level2"),
        Asked::Country => ("text", "country"),
        Asked::Company => ("text", "organization"),
        Asked::CompanyDomain | Asked::CompanyIndustry | Asked::CompanySize | Asked::CompanyCountry => {
            ("text", "off")
        }
    }
}

/// What is asked for; a field of the marketer's own by its name.
fn label(language: Language, asked: Option<Asked>, field: &str) -> String {
    let Some(asked) = asked else {
        let name = field.strip_prefix("fields.").unwrap_or(field).replace(['_', '-'], " ");
        let mut letters = name.chars();
        return letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    };
    let (german, english) = match asked {
        Asked::Salutation => ("Anrede", "Salutation"),
        Asked::Title => ("Titel", "Title"),
        Asked::FirstName => ("Vorname", "First name"),
        Asked::LastName => ("Nachname", "Last name"),
        Asked::JobTitle => ("Position", "Job title"),
        Asked::Phone => ("Telefon", "Phone"),
        Asked::City => ("Ort", "City"),
        Asked::Country => ("Land (zwei Buchstaben, zum Beispiel DE)", "Country (two letters, such as GB)"),
        Asked::Company => ("Unternehmen", "Company"),
        Asked::CompanyDomain => ("Website des Unternehmens", "Website of the company"),
        Asked::CompanyIndustry => ("Branche", "Industry"),
        Asked::CompanySize => ("Zahl der Mitarbeitenden", "Number of employees"),
        Asked::CompanyCountry => (
            "Land des Unternehmens (zwei Buchstaben, zum Beispiel DE)",
            "Country of the company (two letters, such as GB)",
        ),
    };
    match language {
        Language::De => german.to_owned(),
        Language::En => english.to_owned(),
    }
}

fn salutations(language: Language, answer: &str) -> Vec<Choice> {
    let label = |word: Salutation| match (language, word) {
        (Language::De, Salutation::Mr) => "Herr",
        (Language::De, Salutation::Ms) => "Frau",
        (Language::De, Salutation::Neutral) => "keine",
        (Language::En, Salutation::Mr) => "Mr",
        (Language::En, Salutation::Ms) => "Ms",
        (Language::En, Salutation::Neutral) => "none",
    };
    let none = Choice { value: String::new(), label: "–".to_owned(), chosen: false };
    let choice = |word: &Salutation| Choice {
        value: word.to_string(),
        label: label(*word).to_owned(),
        chosen: word.as_str() == answer,
    };
    [none].into_iter().chain(Salutation::ALL.iter().map(choice)).collect()
}

const fn wrong(language: Language, unfit: Unfit) -> &'static str {
    match (language, unfit) {
        (Language::De, Unfit::TooLong) => "Das ist zu lang.",
        (Language::De, Unfit::NoText) => "Das enthält Zeichen, die nicht gespeichert werden können.",
        (Language::De, Unfit::NoPhone) => "Bitte eine Telefonnummer, zum Beispiel +49 40 123456.",
        (Language::De, Unfit::NoCountry) => "Bitte die zwei Buchstaben des Landes, zum Beispiel DE.",
        (Language::De, Unfit::NoDomain) => "Bitte nur die Domain, zum Beispiel nordwerk.example.",
        (Language::De, Unfit::NoNumber) => "Bitte eine ganze Zahl, zum Beispiel 250.",
        (Language::De, Unfit::NoChoice) => "Bitte aus der Liste auswählen.",
        (Language::En, Unfit::TooLong) => "This is too long.",
        (Language::En, Unfit::NoText) => "This holds characters that cannot be stored.",
        (Language::En, Unfit::NoPhone) => "Please write a telephone number, such as +44 20 7946 0000.",
        (Language::En, Unfit::NoCountry) => "Please write the two letters of the country, such as GB.",
        (Language::En, Unfit::NoDomain) => "Please write the domain alone, such as nordwerk.example.",
        (Language::En, Unfit::NoNumber) => "Please write a whole number, such as 250.",
        (Language::En, Unfit::NoChoice) => "Please choose from the list.",
    }
}
