//! What a rep reads: who the lead is, what they said, and all that is known about them.

mod phrases;

use crate::domain::address::Address;
use crate::domain::lead::Lead;
use crate::domain::time::Timestamp;
use crate::mail::inbound::Attachment;
use crate::workspace::Funnel;
use phrases::{Phrases, phrases};

/// Somebody who answers for the lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Empty if unknown.
    pub name: String,
    pub email: Address,
}

/// The words of a person, as they reach the rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What the reply was about.
    pub subject: String,
    /// What the person wrote, without what they quoted.
    pub text: String,
    /// The reply's own Message-ID, so that the rep's answer stays in the thread.
    pub message_id: Option<String>,
    /// Who wrote it, if it was not the lead.
    pub colleague: Option<Colleague>,
    pub attachments: Vec<Attachment>,
    /// The mail's row in `inbound`.
    pub inbound: i64,
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
    let cause = phrases.cause(cause);
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
    let shown = first_words(text);
    let about = if shown.is_empty() { words.subject.clone() } else { format!("\"{shown}\"") };
    let subject = format!("{} {}: {about}", phrases.reply_from, name(lead));
    let said = if text.is_empty() { phrases.no_words } else { text };
    let quoted: String = said.lines().map(|line| format!("> {line}\n")).collect();
    let who = match &words.colleague {
        Some(colleague) => format!("{} {}", who(colleague), phrases.answers_for(&name(lead))),
        None => name(lead),
    };
    let files = files(phrases, words);
    (subject, format!("{who} {}:\n\n{quoted}\n{files}{}", phrases.wrote, phrases.answer))
}

/// The text that tells the owner of a lead something.
pub fn note(funnel: &Funnel, lead: &Lead, what: &str, now: Timestamp) -> (String, String) {
    (format!("{}: {what}", name(lead)), format!("{what}\n\n{}", dossier(funnel, lead, now)))
}

/// The first words of a reply, without the line that greets somebody.
fn first_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let greets = |line: &str| line.ends_with([',', '!']) && line.split_whitespace().count() <= 6;
    let start = usize::from(lines.len() > 1 && greets(lines[0]));
    let words = lines[start..].join(" ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = words.chars().take(FIRST_WORDS).collect();
    if shown.len() < words.len() {
        // Not within a word.
        shown.truncate(shown.rfind(' ').unwrap_or(shown.len()));
        shown.push_str(" …");
    }
    shown
}

fn who(colleague: &Colleague) -> String {
    let Colleague { name, email } = colleague;
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(80).collect();
    if name.trim().is_empty() { email.to_string() } else { format!("{} <{email}>", name.trim()) }
}

/// A line for the files that come with the mail, and one for those that are too large for it.
fn files(phrases: &Phrases, words: &Words) -> String {
    let listed = |passed_on: bool| {
        let files = words.attachments.iter().filter(move |file| file.passed_on == passed_on);
        let names: Vec<String> = files.map(|file| format!("{} ({})", file.name, size(file.size))).collect();
        names.join(", ")
    };
    let line =
        |label: &str, names: String| if names.is_empty() { names } else { format!("{label}: {names}\n") };
    let kept = format!("{} (dripline inbound show {} --raw)", phrases.too_large, words.inbound);
    let lines = line(phrases.attached, listed(true)) + &line(&kept, listed(false));
    if lines.is_empty() { lines } else { lines + "\n" }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1_000_000.0),
    }
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
        phrases.fields.iter().filter_map(|(field, label)| Some(format!("{label}: {}", lead.field(field)?)));
    let stage = format!("{}: {}, {}", phrases.stage, lead.stage.title(), lead.qualification.title());
    let worth = funnel.rules.worth(lead, now);
    let scores = phrases.scores(worth.fit, worth.engagement);
    let stopped = lead.closed_by.map(|stop| format!("{}: {}", phrases.no_marketing, phrases.because(stop)));
    let lines: Vec<String> = known.chain([stage, scores]).chain(stopped).collect();
    format!("-- \n{}:\n{}", phrases.known, lines.join("\n"))
}

#[cfg(test)]
mod tests;
