//! The wish to get no more mails, in short plain words.

mod words;

use super::Finding;
use super::address::addresses_in;
use super::part::Part;
use super::words::plain;
use crate::domain::inbound::InboundKind;
use words::{ALONE, LANGUAGES, Language, POLITE};

/// Characters of the whole text. Who writes more wants more than that.
const LONGEST: usize = 300;
/// Words of a sentence.
const WORDS: usize = 24;
/// Words of the name below a wish.
const NAME: usize = 4;
/// Words of names that are written small.
const PARTICLES: &[&str] =
    &["von", "van", "vom", "zu", "de", "del", "den", "der", "di", "da", "la", "le", "und", "and"];

/// What a mail is, if it is nothing but the wish to get no more. Its subject counts if its text is empty.
pub fn read(mail: &Part<'_>, text: &str) -> Option<Finding> {
    let subject = mail.fields.text("Subject").unwrap_or_default();
    let (place, said) = if text.trim().is_empty() { ("Subject", subject.as_str()) } else { ("text", text) };
    let wish = wish(said)?;
    Some(Finding { evidence: format!("{place}: {wish}"), ..Finding::new(InboundKind::Unsubscribe) })
}

/// The mail that a mail program sends for its user to the address of a List-Unsubscribe field (RFC 2369): the subject
/// says all.
pub fn by_program(mail: &Part<'_>, text: &str) -> Option<Finding> {
    let subject = mail.fields.text("Subject").unwrap_or_default();
    let program = plain(text).contains("unsubscribe") || text.trim().is_empty();
    (plain(&subject) == "unsubscribe" && program && text.len() <= LONGEST).then(|| Finding {
        evidence: format!("Subject: {subject}"),
        ..Finding::new(InboundKind::Unsubscribe)
    })
}

/// The sentence that is the wish, if a text says nothing else: a wish, politeness around it, and a name below.
fn wish(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    // The dots of an address end no sentence.
    let text = without_addresses(text);
    let mut wish = None;
    for line in text.lines() {
        let above = wish.is_some();
        let calm = !line.trim_end().ends_with(['!', '?']);
        for written in line.split(['.', '!', '?', ';']) {
            let sentence = plain(written);
            let words: Vec<&str> = words(&sentence);
            match () {
                () if words.iter().all(|word| POLITE.contains(word)) => {}
                () if is_wish(&words) => wish = wish.or(Some(sentence)),
                // A name below the wish or behind its thanks, and above it whom it greets.
                () if wish.is_some() && (above && calm || greets(&words)) && is_name(written) => {}
                () if wish.is_none() && greets(&words) => {}
                () => return None,
            }
        }
    }
    wish
}

/// `Dr. Petra von Lang`, `Danke, Petra`: whoever asks for something else writes some word small.
fn is_name(written: &str) -> bool {
    let small = |word: &str| {
        PARTICLES.contains(&word)
            || word.chars().count() == 1
            || POLITE.contains(&word.to_lowercase().as_str())
    };
    let words = words(written);
    words.len() <= NAME && words.iter().all(|word| !word.starts_with(char::is_lowercase) || small(word))
}

fn words(sentence: &str) -> Vec<&str> {
    let edge = |letter: char| !letter.is_alphanumeric() && letter != '@';
    let words = sentence.split([' ', ',', '/', '(', ')', ':', '"']).map(|word| word.trim_matches(edge));
    words.filter(|word| !word.is_empty()).collect()
}

fn without_addresses(text: &str) -> String {
    let mut rest = String::new();
    let mut at = 0;
    for found in addresses_in(text) {
        rest.push_str(&text[at..found.start]);
        rest.push_str(" @ ");
        at = found.end;
    }
    rest.push_str(&text[at..]);
    rest
}

/// `hallo frau berg`
fn greets(words: &[&str]) -> bool {
    words.len() <= NAME + 1 && words.first().is_some_and(|word| POLITE.contains(word))
}

fn is_wish(words: &[&str]) -> bool {
    let said: Vec<&str> = words.iter().copied().filter(|word| !POLITE.contains(word)).collect();
    ALONE.contains(&said.join(" ").as_str())
        || words.len() <= WORDS && LANGUAGES.iter().any(|language| wishes(language, words))
}

/// Whether words are all of a language, and hold one of its wishes.
fn wishes(language: &Language, words: &[&str]) -> bool {
    let has = |group: &[&str]| words.iter().any(|word| group.iter().any(|name| fits(name, word)));
    let known = |word: &&str| {
        let of_wish = || {
            language
                .wishes
                .iter()
                .any(|wish| wish.iter().any(|group| group.iter().any(|name| fits(name, word))))
        };
        *word == "@"
            || POLITE.contains(word)
            || language.words.iter().any(|name| fits(name, word))
            || of_wish()
    };
    if has(language.getting) && !has(language.wanting) {
        return false;
    }
    words.iter().all(known) && language.wishes.iter().any(|wish| wish.iter().all(|group| has(group)))
}

fn fits(name: &str, word: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == name,
    }
}

#[cfg(test)]
mod tests {
    use super::wish;

    #[test]
    fn a_wish_to_leave_is_short_and_plain() {
        for text in [
            "abmelden",
            "Unsubscribe",
            "STOP!",
            "Bitte abmelden, danke.",
            "bitte keine Mails mehr",
            "Hallo,\n\nbitte nehmen Sie mich aus Ihrem Verteiler.\n\nMit freundlichen Grüßen\nPetra Lang",
            "Guten Tag Frau Berg,\nbitte tragen Sie petra.lang@kunde.example aus Ihrer Liste aus.\nPetra Lang\nKunde GmbH",
            "Hiermit widerspreche ich der Nutzung meiner Daten zu Werbezwecken.",
            "Ich habe kein Interesse, bitte keine weiteren Mails.",
            "Ich möchte keine E-Mails mehr bekommen.",
            "Könnten Sie mich bitte aus dem Verteiler nehmen?",
            "Please remove me from your list. Thanks",
            "please don’t email me again",
            "Hi, unsubscribe please",
            "I no longer want to receive your newsletter, please take me off your list.",
            "Je ne souhaite plus recevoir vos mails.",
            "No quiero recibir más correos, por favor.",
            "Geen mails meer, graag",
            "Please remove me from your list. Thanks, Petra",
            "Bitte keine Mails mehr!\n\nDr. Petra von Lang",
        ] {
            assert!(wish(text).is_some(), "{text}");
        }
        for text in [
            "",
            "Danke",
            "Petra Lang",
            "Please stop by on Tuesday",
            "How do I unsubscribe?",
            "Can you remove the second item from the offer?",
            "Wir möchten den alten Vertrag abmelden und Ihr Angebot annehmen.",
            "stop, wait",
            "Please remove me from the thread, but Anna wants a demo next week.",
            "Wie kann ich Maschinen abmelden?",
            "Wir haben keine Mails bekommen.",
            "Ich will mich nicht abmelden, ich will ein Angebot.",
            "Bitte löschen Sie meine Bestellung nicht.",
            "I did not get your email.",
            "Bitte keine Termine vor 10 Uhr.",
            "Kein Interesse.",
            "Wir bekommen keine Mails mehr.",
            "We no longer get your emails.",
            "Please delete the old quote and send me a new one.",
            "Bitte keine Mails mehr. Rufen Sie mich an!",
            "Bitte keine Mails mehr.\nRufen Sie mich an!",
            "Bitte keine Mails mehr. Bitte rufen Sie an.",
            "Please remove me from your list. Call me instead.",
            "Please remove me from your list.\nCall me instead.",
            "Please remove me from your list. Thanks, call me",
        ] {
            assert_eq!(wish(text), None, "{text}");
        }
    }
}
