//! Reads `sequences/NAME.toml` into a [`Sequence`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::code::Code;
use super::conditions::{self, AskedLink, Leaving, LinkUse};
use super::funnel::Defaults;
use super::mention::Noun;
use super::names::{self, Names};
use super::phrase::{self, Placed};
use super::source::Finding;
use super::step::{self, Draft};
use super::table::{Document, Table, Text};
use super::times;
use crate::domain::condition::Phrase;
use crate::domain::schedule::SendTimes;
use crate::domain::sequence::Sequence;
use crate::domain::stage::Stage;
use crate::domain::wait::{Wait, WaitError};

/// A sequence and the places that are needed to compare it with others.
pub struct Placement<'a> {
    pub sequence: Sequence,
    renamed_from: Option<Text<'a>>,
    enroll_if: Vec<Placed<'a>>,
    asked_links: Vec<AskedLink<'a>>,
    /// The mails of each step.
    mails: Vec<Vec<String>>,
}

/// Reads a sequence. What is wrong is reported; None if too much is.
pub fn read<'a>(
    document: &'a Document,
    id: &str,
    defaults: &Defaults,
    names: &Names,
) -> Option<Placement<'a>> {
    let mut table = Table::root(document);
    let title = table.required("title", "\"Welcome\"");
    let stage = table.required("stage", "\"tofu\"").and_then(|stage| stage.parse());
    let enroll_if = phrase::list(&mut table, "enroll_if", names);
    enroll_if.iter().for_each(|placed| placed.refuse_step("`enroll_if`"));
    let goal = phrase::list(&mut table, "goal", names);
    let leave_if = phrase::list(&mut table, "leave_if", names);
    let topic = known(table.text("topic"), &names.topics, Noun::Topic);
    let sender = known(table.text("sender"), &names.senders, Noun::Sender);
    let send = times::read(&mut table).unwrap_or_else(|| defaults.send.clone());
    let renamed_from = table.text("renamed_from");
    let paused = table.flag("paused").unwrap_or(false);
    let priority = table.integer("priority", i64::MIN..=i64::MAX).unwrap_or(0);
    let again = table.text("again").and_then(|text| text.read(again));
    let steps = steps(&mut table, &[&goal, &leave_if], &send, names);
    table.misplaced(&step::OF_STEPS, |key| {
        // That step is missing, and so is what other steps say of it.
        document.source().incomplete();
        let message = format!("`{key}` belongs to a step, and this is the head of the sequence");
        Finding::new(Code::UnknownKey, message).help("write [[step]] into the line before it")
    });
    table.finish();
    [&enroll_if, &goal, &leave_if].into_iter().for_each(|list| conditions::check_list(list));
    let leaving = [Leaving { key: "goal", phrases: &goal }, Leaving { key: "leave_if", phrases: &leave_if }];
    steps.iter().for_each(|step| conditions::check_only_if(&step.only_if, stage, &leaving));
    let asked_links = asked_links(&steps, &[&goal, &leave_if]);
    let mails = steps.iter().map(|step| step.mails().to_vec()).collect();
    let sequence = Sequence {
        id: id.to_owned(),
        title: title?.value.to_owned(),
        stage: stage?,
        enroll_if: enroll_if.iter().map(|placed| placed.phrase.clone()).collect(),
        goal: phrases(goal),
        leave_if: phrases(leave_if),
        topic: topic.unwrap_or_else(|| defaults.topic.clone()),
        sender: sender.unwrap_or_else(|| defaults.sender.clone()),
        priority,
        again,
        paused,
        renamed_from: renamed_from.as_ref().map(|text| text.value.to_owned()),
        steps: steps.into_iter().filter_map(Draft::finish).collect(),
    };
    Some(Placement { sequence, renamed_from, enroll_if, asked_links, mails })
}

/// The links that phrases ask for, with the number of steps before which a mail with them has to come.
fn asked_links<'a>(steps: &[Draft<'a>], anywhere: &[&Vec<Placed<'a>>]) -> Vec<AskedLink<'a>> {
    let asked = |placed: &Placed<'a>, before| placed.link().map(|name| AskedLink { name, before });
    let whole = anywhere.iter().flat_map(|list| list.iter()).filter_map(|placed| asked(placed, steps.len()));
    let of_steps = steps.iter().enumerate().flat_map(|(place, step)| {
        step.until.iter().chain(&step.only_if).filter_map(move |placed| asked(placed, place))
    });
    whole.chain(of_steps).collect()
}

fn phrases(placed: Vec<Placed>) -> Vec<Phrase> {
    placed.into_iter().map(|placed| placed.phrase).collect()
}

fn known(text: Option<Text>, known: &BTreeSet<String>, noun: Noun) -> Option<String> {
    text.inspect(|text| names::check_known(text, known, noun)).map(|text| text.value.to_owned())
}

fn again(text: &str) -> Result<Wait, String> {
    let wait = text.strip_prefix("after ").ok_or_else(|| format!("`{text}` is not like `after 180 days`"))?;
    wait.parse().map_err(|error: WaitError| error.to_string())
}

/// Reads the steps, and checks the steps that phrases and threads name.
fn steps<'a>(
    table: &mut Table<'a>,
    anywhere: &[&Vec<Placed<'a>>],
    send: &Arc<SendTimes>,
    names: &Names,
) -> Vec<Draft<'a>> {
    let tables = table.tables("step");
    if tables.as_ref().is_some_and(Vec::is_empty) {
        let finding = Finding::new(Code::NoSteps, "the sequence has no steps");
        table.report(
            finding.help("write [[step]] and below it what the step does, such as mail = \"tofu/welcome\""),
        );
    }
    let tables = tables.into_iter().flatten();
    let steps: Vec<Draft> = tables.map(|table| step::read(table, send, names)).collect();
    check_ids(&steps);
    let mails: Vec<Option<&str>> =
        steps.iter().map(|step| step.is_mail().then_some(step.id.as_str())).collect();
    for placed in anywhere.iter().flat_map(|list| list.iter()) {
        placed.step().iter().for_each(|name| check_step(name, &mails, mails.len()));
    }
    let phrases = anywhere.iter().flat_map(|list| list.iter());
    let of_steps = steps.iter().flat_map(|step| step.until.iter().chain(&step.only_if));
    conditions::check_clicks(phrases.chain(of_steps), &steps, names);
    conditions::check_untracked(&steps);
    for (place, step) in steps.iter().enumerate() {
        [&step.until, &step.only_if].into_iter().for_each(|list| conditions::check_list(list));
        step.named_steps().iter().for_each(|name| check_step(name, &mails, place));
    }
    steps
}

/// Reports a step that is not among the first `before` ones with a mail.
fn check_step(name: &Text, mails: &[Option<&str>], before: usize) {
    let earlier = mails[..before].iter().flatten().copied();
    if earlier.clone().any(|id| id == name.value) {
        return;
    }
    let later = mails[before..].contains(&Some(name.value));
    let message = match later {
        true => format!("the step `{}` is not done yet when this is asked", name.value),
        false if before == mails.len() => format!("there is no step `{}` with a mail", name.value),
        false => format!("there is no earlier step `{}` with a mail", name.value),
    };
    let finding = Finding::new(Code::UnknownStep, message);
    name.report(match later || earlier.clone().next().is_none() {
        true => finding.help("ask for a step whose mail a lead has got by then"),
        false => finding.did_you_mean(name.value, earlier),
    });
}

/// Reports ids that two steps have, and old ids that are in use or claimed twice.
fn check_ids(steps: &[Draft]) {
    let mut first: BTreeMap<&str, &Draft> = BTreeMap::new();
    for step in steps.iter().filter(|step| !step.id.is_empty()) {
        let Some(other) = first.get(step.id.as_str()) else {
            first.insert(&step.id, step);
            continue;
        };
        let line = other.id_place.source.position(other.id_place.span.start).0;
        let finding = Finding::new(
            Code::DuplicateStep,
            format!("the step in line {line} has the id `{}` too", step.id),
        );
        step.id_place.report(finding.help(format!("give this one an id of its own: id = \"{}-2\"", step.id)));
    }
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    check_renames("step", &ids, steps.iter().filter_map(|step| step.renamed_from.as_ref()));
}

/// Reports old names that are in use or claimed twice.
pub fn check_names(sequences: &[Placement], ids: &[&str]) {
    check_renames("sequence", ids, sequences.iter().filter_map(|placed| placed.renamed_from.as_ref()));
}

/// Reports links that come too late, and stages that nobody without tracking gets a sequence of.
pub fn check_reach(sequences: &[Placement], names: &Names) {
    let uses: Vec<LinkUse> = sequences.iter().map(Placement::link_use).collect();
    conditions::check_links(&uses, names);
    let open = sequences.iter().filter(|placed| placed.entry_needs_tracking().is_none());
    let open: BTreeSet<Stage> = open.map(|placed| placed.sequence.stage).collect();
    for placed in sequences.iter().filter(|placed| !open.contains(&placed.sequence.stage)) {
        let Some(needs) = placed.entry_needs_tracking() else { continue };
        let stage = placed.sequence.stage;
        let message = format!("leads who did not agree to tracking get no sequence of the stage {stage}");
        let help = "write a sequence of this stage without such an enroll_if, with a lower priority";
        needs.report(Finding::new(Code::OnlyTracked, message).help(help));
    }
}

impl<'a> Placement<'a> {
    fn link_use(&self) -> LinkUse<'_, 'a> {
        LinkUse {
            sequence: &self.sequence.id,
            again: self.sequence.again.is_some(),
            asked: &self.asked_links,
            steps: &self.mails,
        }
    }

    fn entry_needs_tracking(&self) -> Option<&Placed<'a>> {
        self.enroll_if.iter().find(|placed| !placed.phrase.not && placed.needs_tracking())
    }
}

fn check_renames<'t, 'a: 't>(what: &str, ids: &[&str], renames: impl Iterator<Item = &'t Text<'a>>) {
    let mut claimed = BTreeSet::new();
    for renamed in renames {
        let name = renamed.value;
        if ids.contains(&name) {
            let finding = Finding::new(Code::Renamed, format!("there still is a {what} `{name}`"));
            renamed.report(finding.help("write here the name that it had before, or take the line out"));
        } else if !claimed.insert(name) {
            let finding = Finding::new(Code::Renamed, format!("another {what} was `{name}` already"));
            renamed.report(finding.help("leave it with the one that leads should go on with"));
        }
    }
}
