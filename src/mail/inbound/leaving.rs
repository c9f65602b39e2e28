//! The wish to get no more mails, in short plain words.

use super::Finding;
use super::part::Part;
use super::words::plain;
use crate::domain::inbound::InboundKind;

/// Characters of the whole text. Who writes more wants more than that.
const LONGEST: usize = 160;

/// Greetings and thanks around the words, which say nothing else.
const POLITE: &[&str] = &[
    "hallo",
    "hi",
    "hello",
    "guten tag",
    "guten morgen",
    "moin",
    "servus",
    "sehr geehrte damen und herren",
    "liebes team",
    "dear sir or madam",
    "bitte",
    "please",
    "pls",
    "danke",
    "danke schön",
    "vielen dank",
    "besten dank",
    "thanks",
    "thank you",
    "many thanks",
    "mfg",
    "vg",
    "lg",
    "gruß",
    "grüße",
    "viele grüße",
    "mit freundlichen grüßen",
    "freundliche grüße",
    "beste grüße",
    "regards",
    "kind regards",
    "best regards",
    "best",
    "cheers",
    "now",
    "sofort",
    "umgehend",
];

/// Words that are nothing but that wish.
const WISHES: &[&str] = &[
    "abmelden",
    "abmeldung",
    "abbestellen",
    "abbestellung",
    "austragen",
    "löschen",
    "stop",
    "stopp",
    "ende",
    "newsletter abmelden",
    "newsletter abbestellen",
    "vom newsletter abmelden",
    "hiermit melde ich mich ab",
    "ich möchte mich abmelden",
    "ich melde mich ab",
    "melden sie mich ab",
    "melden sie mich bitte ab",
    "melde mich ab",
    "melde mich bitte ab",
    "mich abmelden",
    "mich austragen",
    "mich vom newsletter abmelden",
    "tragen sie mich aus",
    "tragen sie mich bitte aus",
    "trag mich aus",
    "nehmen sie mich aus dem verteiler",
    "nehmen sie mich bitte aus dem verteiler",
    "nehmen sie mich aus ihrem verteiler",
    "nehmen sie mich bitte aus ihrem verteiler",
    "aus dem verteiler nehmen",
    "aus dem verteiler löschen",
    "aus dem verteiler streichen",
    "mich aus dem verteiler nehmen",
    "mich aus dem verteiler löschen",
    "löschen sie mich aus dem verteiler",
    "löschen sie mich aus ihrem verteiler",
    "löschen sie mich bitte aus ihrem verteiler",
    "streichen sie mich aus ihrem verteiler",
    "löschen sie meine daten",
    "löschen sie meine adresse",
    "löschen sie meine e-mail-adresse",
    "keine mails mehr",
    "keine e-mails mehr",
    "keine emails mehr",
    "keine weiteren mails",
    "keine weiteren e-mails",
    "keine weiteren emails",
    "keine werbung mehr",
    "keine werbung",
    "keine nachrichten mehr",
    "keine weiteren nachrichten",
    "senden sie mir keine mails mehr",
    "senden sie mir keine e-mails mehr",
    "senden sie mir bitte keine e-mails mehr",
    "senden sie mir bitte keine mails mehr",
    "schicken sie mir keine mails mehr",
    "schicken sie mir keine e-mails mehr",
    "schicken sie mir bitte keine mails mehr",
    "schicken sie mir bitte keine e-mails mehr",
    "schreiben sie mir nicht mehr",
    "ich möchte keine mails mehr",
    "ich möchte keine e-mails mehr",
    "ich möchte keine mails mehr erhalten",
    "ich möchte keine e-mails mehr erhalten",
    "ich möchte keine weiteren mails erhalten",
    "ich möchte keine weiteren e-mails erhalten",
    "ich möchte keinen newsletter mehr",
    "ich will keine mails mehr",
    "kein interesse, bitte abmelden",
    "unsubscribe",
    "unsubscribe me",
    "unsubscribe from this list",
    "unsubscribe from the list",
    "remove",
    "remove me",
    "remove me from the list",
    "remove me from this list",
    "remove me from your list",
    "remove me from your mailing list",
    "remove my email",
    "remove my address",
    "remove my email address",
    "take me off",
    "take me off the list",
    "take me off this list",
    "take me off your list",
    "take me off your mailing list",
    "opt out",
    "opt-out",
    "optout",
    "opt me out",
    "cancel",
    "cancel my subscription",
    "end",
    "quit",
    "stop emailing me",
    "stop sending me emails",
    "stop sending me mails",
    "stop mailing me",
    "stop these emails",
    "stop contacting me",
    "do not email me",
    "don't email me",
    "do not contact me",
    "don't contact me",
    "do not contact me again",
    "do not email me again",
    "don't email me again",
    "no more emails",
    "no more mails",
    "no more",
    "i want to unsubscribe",
    "i would like to unsubscribe",
    "i'd like to unsubscribe",
    "i wish to unsubscribe",
    "désinscription",
    "désabonner",
    "me désabonner",
    "darme de baja",
    "baja",
    "cancella",
    "cancellami",
    "disiscrivimi",
    "uitschrijven",
    "afmelden",
];

/// What a mail is, if it is nothing but the wish to get no more. Its subject counts if its text is empty.
pub fn read(mail: &Part<'_>, text: &str) -> Option<Finding> {
    let subject = mail.fields.text("Subject").unwrap_or_default();
    let (place, said) = if text.trim().is_empty() { ("Subject", subject.as_str()) } else { ("text", text) };
    is_wish(said).then(|| Finding {
        evidence: format!("{place}: {}", said.trim().lines().next().unwrap_or_default()),
        ..Finding::new(InboundKind::Unsubscribe)
    })
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

/// Whether a text says nothing else: a wish, and politeness around it.
pub fn is_wish(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let mut wished = false;
    for sentence in text.split(['\n', '.', '!', ';']) {
        let sentence = bare(&plain(sentence));
        match sentence.as_str() {
            "" => {}
            words if WISHES.contains(&words) => wished = true,
            words if POLITE.contains(&words) => {}
            // A name below the wish.
            words if wished && words.split(' ').count() <= 3 => {}
            _ => return false,
        }
    }
    wished
}

/// Without politeness at its edges, and without quotes.
fn bare(sentence: &str) -> String {
    let mut words = sentence.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    if WISHES.contains(&words.as_str()) || POLITE.contains(&words.as_str()) {
        return words;
    }
    loop {
        let before = words.len();
        for polite in POLITE {
            let edge = |letter: char| letter == ' ' || letter == ',' || letter == '-';
            if let Some(rest) = words.strip_prefix(polite).filter(|rest| rest.starts_with(edge)) {
                words = rest.trim_start_matches([' ', ',', '-']).to_owned();
            }
            if let Some(rest) = words.strip_suffix(polite).filter(|rest| rest.ends_with(edge)) {
                words = rest.trim_end_matches([' ', ',', '-']).to_owned();
            }
        }
        if words.len() == before || WISHES.contains(&words.as_str()) {
            return words;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_wish;

    #[test]
    fn a_wish_to_leave_is_short_and_plain() {
        for text in [
            "abmelden",
            "Unsubscribe",
            "STOP!",
            "Bitte abmelden, danke.",
            "bitte keine Mails mehr",
            "Hallo,\n\nbitte nehmen Sie mich aus Ihrem Verteiler.\n\nMit freundlichen Grüßen\nPetra Lang",
            "Please remove me from your list. Thanks",
            "please don’t email me again",
            "Hi, unsubscribe please",
        ] {
            assert!(is_wish(text), "{text}");
        }
        for text in [
            "",
            "Danke",
            "Please stop by on Tuesday",
            "How do I unsubscribe?",
            "Can you remove the second item from the offer?",
            "Wir möchten den alten Vertrag abmelden und Ihr Angebot annehmen.",
            "stop, wait",
            "Please remove me from the thread, but Anna wants a demo next week.",
        ] {
            assert!(!is_wish(text), "{text}");
        }
    }
}
