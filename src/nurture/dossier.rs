//! What a rep reads: who the lead is, what they said, and all that is known about them.

use crate::domain::lead::Lead;
use crate::domain::time::Timestamp;
use crate::workspace::Funnel;

/// The words of a person, as they reach the rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What the reply was about.
    pub subject: String,
    /// What the person wrote, without what they quoted.
    pub text: String,
    /// The reply's own Message-ID, so that the rep's answer stays in the thread.
    pub message_id: Option<String>,
}

/// What the mails to reps say, in one language.
struct Phrases {
    handed_over: &'static str,
    replied: &'static str,
    reply_from: &'static str,
    wrote: &'static str,
    no_words: &'static str,
    answer: &'static str,
    known: &'static str,
    score: &'static str,
    no_marketing: &'static str,
}

const ENGLISH: Phrases = Phrases {
    handed_over: "was handed over to you",
    replied: "replied",
    reply_from: "Reply from",
    wrote: "wrote",
    no_words: "(without a text; see the mail itself)",
    answer: "Answer this mail: your answer goes to the lead. Marketing is silent from now on.",
    known: "What is known",
    score: "score",
    no_marketing: "no marketing mail",
};

const GERMAN: Phrases = Phrases {
    handed_over: "ist jetzt bei dir",
    replied: "hat geantwortet",
    reply_from: "Antwort von",
    wrote: "schrieb",
    no_words: "(ohne Text; siehe die Mail selbst)",
    answer: "Antworte auf diese Mail: Deine Antwort geht an den Lead. Das Marketing schweigt ab jetzt.",
    known: "Was bekannt ist",
    score: "Punkte",
    no_marketing: "keine Werbung",
};

fn phrases(funnel: &Funnel) -> &'static Phrases {
    if funnel.defaults.language == "de" { &GERMAN } else { &ENGLISH }
}

/// Characters of a reply that a subject shows.
const FIRST_WORDS: usize = 60;

/// The subject and the text of the mail that tells a rep of a lead that is theirs now.
pub fn hand_over(
    funnel: &Funnel,
    lead: &Lead,
    cause: &str,
    words: Option<&Words>,
    now: Timestamp,
) -> (String, String) {
    let phrases = phrases(funnel);
    // The one cause that is in no file of the marketer's.
    let cause = if words.is_some() { phrases.replied } else { cause };
    let title = format!("{} {}: {cause}.", name(lead), phrases.handed_over);
    match words {
        Some(words) => {
            let (subject, said) = reply(funnel, lead, words);
            (subject, format!("{said}\n\n{title}\n\n{}", dossier(funnel, lead, now)))
        }
        None => (
            format!("{}: {cause}", name(lead)),
            format!("{title}\n{}\n\n{}", phrases.answer, dossier(funnel, lead, now)),
        ),
    }
}

/// The subject and the text of the mail that brings a rep the words of a lead.
pub fn reply(funnel: &Funnel, lead: &Lead, words: &Words) -> (String, String) {
    let phrases = phrases(funnel);
    let text = words.text.trim();
    let first: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = first.chars().take(FIRST_WORDS).collect();
    let dots = if shown.len() < first.len() { " …" } else { "" };
    let subject = match shown.is_empty() {
        true => format!("{} {}: {}", phrases.reply_from, name(lead), words.subject),
        false => format!("{} {}: \"{shown}{dots}\"", phrases.reply_from, name(lead)),
    };
    let said = if text.is_empty() { phrases.no_words } else { text };
    let quoted: String = said.lines().map(|line| format!("> {line}\n")).collect();
    (subject, format!("{} {}:\n\n{quoted}\n{}", name(lead), phrases.wrote, phrases.answer))
}

/// The text that tells the owner of a lead something.
pub fn note(funnel: &Funnel, lead: &Lead, what: &str, now: Timestamp) -> (String, String) {
    (format!("{}: {what}", name(lead)), format!("{what}\n\n{}", dossier(funnel, lead, now)))
}

/// What a lead is called.
fn name(lead: &Lead) -> String {
    let contact = &lead.contact;
    let parts = [&contact.title, &contact.first_name, &contact.last_name];
    let full = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    let full = if full.is_empty() { lead.email.to_string() } else { full };
    match &lead.company {
        Some(company) => format!("{full} ({})", company.name),
        None => full,
    }
}

/// What is known about a lead, a line each. Below the line of dashes that begins a signature: mail programs leave that out
/// when the rep answers, and none of it is for the lead to read.
fn dossier(funnel: &Funnel, lead: &Lead, now: Timestamp) -> String {
    let phrases = phrases(funnel);
    let known =
        ["email", "phone", "job_title", "company.name", "city", "country", "language", "source", "tags"];
    let lines = known.iter().filter_map(|field| Some(format!("{field}: {}", lead.field(field)?)));
    let stage = format!("stage: {}, {}", lead.stage.title(), lead.qualification.title());
    let scores = funnel.rules.worth(lead, now).to_string().replacen("score", phrases.score, 1);
    let stopped = lead.closed_by.map(|stop| format!("{}: {}", phrases.no_marketing, stop.because()));
    let lines: Vec<String> = lines.chain([stage, scores]).chain(stopped).collect();
    format!("-- \n{}:\n{}", phrases.known, lines.join("\n"))
}
