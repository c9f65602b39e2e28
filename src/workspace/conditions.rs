//! Conditions that can never be true, and steps that leads without tracking miss, as far as both are certain.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::names::Names;
use super::phrase::Placed;
use super::source::Finding;
use super::step::Draft;
use super::table::Text;
use crate::domain::condition::Fact;
use crate::domain::stage::Stage;

/// Phrases of a sequence that say when a lead leaves it, and the key that they stand under.
pub struct Leaving<'s, 'a> {
    pub key: &'static str,
    pub phrases: &'s [Placed<'a>],
}

/// A phrase about a named link, and how many steps of its sequence come before the mail could have been received.
pub struct AskedLink<'a> {
    pub name: Text<'a>,
    pub before: usize,
}

/// Reports a list that asks for something and its contrary.
pub fn check_list(phrases: &[Placed]) {
    for (number, phrase) in phrases.iter().enumerate() {
        let contrary = |other: &&Placed| {
            other.phrase.fact == phrase.phrase.fact && other.phrase.not != phrase.phrase.not
        };
        if let Some(other) = phrases[..number].iter().find(contrary) {
            let message = format!("this is never true together with `{}` in the same list", other.phrase);
            let help = "all conditions of a list have to be true: leave one of the two out";
            phrase.report(Finding::new(Code::NeverTrue, message).help(help));
        }
    }
}

/// Reports an `only_if` that is never true.
pub fn check_only_if(only_if: &[Placed], stage: Option<Stage>, leaving: &[Leaving]) {
    for phrase in only_if.iter().filter(|phrase| !phrase.phrase.not) {
        if phrase.phrase.fact == Fact::Bought && stage.is_some_and(|stage| stage != Stage::Customer) {
            let message = "this is never true: who buys becomes a customer and leaves this sequence";
            let help = "write a sequence with stage = \"customer\" for those who bought";
            phrase.report(Finding::new(Code::NeverTrue, message).help(help));
            return;
        }
    }
    for Leaving { key, phrases } in leaving {
        let asked = |leaves: &Placed| only_if.iter().any(|phrase| phrase.phrase == leaves.phrase);
        if let Some(first) = phrases.first().filter(|_| phrases.iter().all(asked)) {
            let same = only_if.iter().find(|phrase| phrase.phrase == first.phrase);
            let message = format!(
                "this is never true: whoever it is true of has left the sequence by then, because of `{key}`"
            );
            let help = format!("leave it out here, or take it out of `{key}`");
            same.iter().for_each(|same| {
                same.report(Finding::new(Code::NeverTrue, message.clone()).help(help.clone()))
            });
        }
    }
}

/// Reports clicks that are asked for although the mail of the step has no link to click on.
pub fn check_clicks<'s, 'a: 's>(
    phrases: impl Iterator<Item = &'s Placed<'a>>,
    steps: &[Draft],
    names: &Names,
) {
    let Some(links) = &names.links else { return };
    for phrase in phrases {
        let Fact::Clicked(id) = &phrase.phrase.fact else { continue };
        let Some(step) = steps.iter().find(|step| step.id == *id && step.is_mail()) else { continue };
        let mails = step.mails();
        let known = mails.iter().all(|mail| links.mails.contains_key(mail));
        if known && mails.iter().all(|mail| !links.mails[mail].clickable) {
            let always = if phrase.phrase.not { "always" } else { "never" };
            let message = format!("this is {always} true: the mail of step `{id}` has no link to click on");
            let help = "put a link to a web page into the mail: [text](https://…)";
            phrase.word(id).report(Finding::new(Code::NeverTrue, message).help(help));
        }
    }
}

/// Reports mails that are sent only after an open, a click or a visit, if nothing is sent to the others.
pub fn check_untracked(steps: &[Draft]) {
    let mails: Vec<&Draft> = steps.iter().filter(|step| step.is_mail()).collect();
    let known =
        |phrase: &Placed| phrase.step().is_none_or(|name| mails.iter().any(|step| step.id == name.value));
    if steps.iter().any(|step| step.unclear || !step.only_if.iter().all(known)) {
        return;
    }
    for step in &mails {
        let needs = step.only_if.iter().find(|phrase| !phrase.phrase.not && phrase.needs_tracking());
        let Some(needs) = needs else { continue };
        // Who asks for a later step has made another mistake.
        let id = needs.step().map(|name| name.value);
        let earlier =
            mails.iter().take_while(|other| other.id != step.id).any(|other| Some(other.id.as_str()) == id);
        if id.is_some() && !earlier {
            continue;
        }
        let otherwise = |other: &Placed| other.phrase.not && other.phrase.fact == needs.phrase.fact;
        if mails.iter().any(|other| other.only_if.iter().any(otherwise)) {
            continue;
        }
        let message = "leads who did not agree to tracking never get this mail";
        let help = format!("send them another: a [[step]] with only_if = \"not {}\"", needs.phrase);
        needs.report(Finding::new(Code::OnlyTracked, message).help(help));
    }
}

/// What links are asked for, and in which mails of which steps they are.
pub struct LinkUse<'s, 'a> {
    pub sequence: &'s str,
    /// Whether a lead may go through it twice, and so have received all of its mails before.
    pub again: bool,
    pub asked: &'s [AskedLink<'a>],
    /// The mails of each step.
    pub steps: &'s [Vec<String>],
}

/// Reports links that are asked for before any mail with them can have been received.
pub fn check_links(sequences: &[LinkUse], names: &Names) {
    let Some(links) = &names.links else { return };
    // For each link: the sequences that have it, with the first of their steps that does.
    let mut first: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for sequence in sequences {
        for (place, mails) in sequence.steps.iter().enumerate() {
            for name in mails.iter().filter_map(|mail| links.mails.get(mail)).flat_map(|mail| &mail.names) {
                first.entry(name).or_default().entry(sequence.sequence).or_insert(place);
            }
        }
    }
    let nowhere = BTreeMap::new();
    let unsent: BTreeSet<&str> =
        links.names.iter().map(String::as_str).filter(|name| !first.contains_key(name)).collect();
    for sequence in sequences {
        for asked in sequence.asked {
            let name = asked.name.value;
            let sent = first.get(name).unwrap_or(&nowhere);
            let own = sent.get(sequence.sequence).filter(|_| sent.len() == 1 && !sequence.again);
            let message = if unsent.contains(name) {
                format!("this is never true: no sequence sends a mail with the link `{name}`")
            } else if own.is_some_and(|own| *own >= asked.before) {
                format!("this is never true: the mail with the link `{name}` comes only later")
            } else {
                continue;
            };
            let help = "ask for a link of a mail that a lead has got by then";
            asked.name.report(Finding::new(Code::NeverTrue, message).help(help));
        }
    }
}
