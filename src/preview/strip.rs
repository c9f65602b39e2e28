//! [`Strip`]: a sequence as somebody reads it, step by step.

use serde::Serialize;

use crate::domain::condition::Phrase;
use crate::domain::sequence::{FieldValue, Sequence, Step, Verb};

/// A sequence.
#[derive(Debug, Serialize)]
pub struct Strip {
    pub id: String,
    pub title: String,
    pub file: String,
    pub stage: &'static str,
    pub paused: bool,
    /// Who enters, what ends it, when it sends: a word and a text for each.
    pub about: Vec<(&'static str, String)>,
    pub steps: Vec<StepView>,
}

/// A step.
#[derive(Debug, Serialize)]
pub struct StepView {
    pub id: String,
    pub wait: Option<String>,
    pub until: Vec<Condition>,
    pub only_if: Vec<Condition>,
    /// It stands in for the step before, for those who got that one not.
    pub alternative: bool,
    pub verb: &'static str,
    /// The templates of a mail; more than one is an A/B test.
    pub mails: Vec<String>,
    /// What another verb does.
    pub text: Option<String>,
    /// When it sends, if not when the sequence does.
    pub send: Option<String>,
    /// The step whose mail it answers to.
    pub thread: Option<String>,
}

/// A condition.
#[derive(Debug, Serialize)]
pub struct Condition {
    pub text: String,
    /// What it is for somebody who is not tracked, if it is about opens and clicks.
    pub untracked: Option<bool>,
}

impl Strip {
    pub fn of(sequence: &Sequence, default_send: &str) -> Self {
        let usual = usual(sequence, default_send);
        let before = [None].into_iter().chain(sequence.steps.iter().map(Some));
        let steps = before.zip(&sequence.steps).map(|(before, step)| StepView::of(step, before, &usual));
        Self {
            id: sequence.id.clone(),
            title: sequence.title.clone(),
            file: format!("sequences/{}.toml", sequence.id),
            stage: sequence.stage.as_str(),
            paused: sequence.paused,
            steps: steps.collect(),
            about: about(sequence, usual),
        }
    }
}

/// When most mails of a sequence are sent; when all are by default, if there is no such time.
fn usual(sequence: &Sequence, default_send: &str) -> String {
    let sending = sequence.steps.iter().filter(|step| !mails(step).is_empty());
    let times: Vec<String> = sending.map(|step| step.send.to_string()).collect();
    let count = |time: &str| times.iter().filter(|other| *other == time).count();
    let most = times.iter().max_by_key(|time| count(time)).map_or(default_send, String::as_str);
    if count(most) > count(default_send) { most.to_owned() } else { default_send.to_owned() }
}

/// Send times as people say them: slots that are one time on some days lose their stars.
fn spoken(times: &str) -> String {
    let parts: Vec<&str> = times.split(' ').collect();
    let number = |text: &str| text.parse::<u8>().ok();
    match parts[..] {
        [minute, hour, "*", "*", days] => match (number(hour), number(minute)) {
            (Some(hour), Some(minute)) => {
                let days = if days == "*" { "daily".to_owned() } else { days.replace(',', ", ") };
                format!("{days} at {hour:02}:{minute:02}")
            }
            _ => times.to_owned(),
        },
        _ => times.to_owned(),
    }
}

fn about(sequence: &Sequence, send: String) -> Vec<(&'static str, String)> {
    let phrases = |name, phrases: &[Phrase]| (!phrases.is_empty()).then(|| (name, all(phrases)));
    let lines = [
        phrases("enters if", &sequence.enroll_if),
        phrases("goal", &sequence.goal),
        phrases("leaves if", &sequence.leave_if),
        Some(("sends", spoken(&send))),
        sequence.again.map(|again| ("again after", again.to_string())),
    ];
    lines.into_iter().flatten().collect()
}

fn all(phrases: &[Phrase]) -> String {
    phrases.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

impl StepView {
    fn of(step: &Step, before: Option<&Step>, usual: &str) -> Self {
        let send = step.send.to_string();
        let mails = mails(step).to_vec();
        Self {
            id: step.id.clone(),
            wait: step.wait.map(|wait| wait.to_string()),
            until: step.until.iter().map(Condition::of).collect(),
            only_if: step.only_if.iter().map(Condition::of).collect(),
            alternative: before.is_some_and(|before| instead(before, step)),
            verb: step.verb.word(),
            send: (!mails.is_empty() && send != usual).then(|| spoken(&send)),
            text: text(&step.verb),
            thread: match &step.verb {
                Verb::Mail { thread, .. } => thread.clone(),
                _ => None,
            },
            mails,
        }
    }
}

impl Condition {
    fn of(phrase: &Phrase) -> Self {
        Self { text: phrase.to_string(), untracked: phrase.fact.is_hit().then_some(phrase.not) }
    }
}

/// The templates of a step that sends a mail.
pub fn mails(step: &Step) -> &[String] {
    match &step.verb {
        Verb::Mail { variants, .. } => variants,
        _ => &[],
    }
}

/// Whether a step is for exactly those who were passed over by the one before.
fn instead(before: &Step, step: &Step) -> bool {
    match (&before.only_if[..], &step.only_if[..]) {
        ([one], [other]) => step.wait.is_none() && one.fact == other.fact && one.not != other.not,
        _ => false,
    }
}

fn text(verb: &Verb) -> Option<String> {
    let value = |value: &FieldValue| match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Flag(flag) => flag.to_string(),
    };
    match verb {
        Verb::Mail { .. } => None,
        Verb::Set(fields) => {
            let fields = fields.iter().map(|(name, to)| format!("{name} = {}", value(to)));
            Some(fields.collect::<Vec<_>>().join(", "))
        }
        Verb::Points(points) => Some(format!("{points:+}")),
        Verb::HandOver(text)
        | Verb::Tag(text)
        | Verb::Untag(text)
        | Verb::Webhook(text)
        | Verb::Notify(text)
        | Verb::End(text) => Some(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (written, said) in [
            ("30 9 * * Tue,Thu", "Tue, Thu at 09:30"),
            ("0 8 * * *", "daily at 08:00"),
            ("*/5 9 * * Mon", "*/5 9 * * Mon"),
            ("Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00"),
            ("always", "always"),
        ] {
            assert_eq!(spoken(written), said);
        }
    }
}
