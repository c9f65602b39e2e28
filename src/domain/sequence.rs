//! A [`Sequence`] of [`Step`]s, as a marketer writes it in `sequences/*.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::condition::Phrase;
use super::schedule::SendTimes;
use super::stage::Stage;
use super::wait::Wait;

/// A checked sequence file. Defaults from funnel.toml are filled in already.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The file stem.
    pub id: String,
    pub title: String,
    /// Leads of this stage enter.
    pub stage: Stage,
    /// All must hold for a lead to enter.
    pub enroll_if: Vec<Phrase>,
    /// All hold: the lead leaves, and it counts as a success. Empty: no goal.
    pub goal: Vec<Phrase>,
    /// All hold: the lead leaves. Empty: never.
    pub leave_if: Vec<Phrase>,
    /// The key of `[topic.NAME]`.
    pub topic: String,
    /// The key of `[sender.NAME]`.
    pub sender: String,
    /// The highest that fits is entered first.
    pub priority: i64,
    /// A lead may enter again this long after it left.
    pub again: Option<Wait>,
    /// Nobody enters and nothing goes out.
    pub paused: bool,
    /// The file stem it had before; its enrollments go on here.
    pub renamed_from: Option<String>,
    pub steps: Vec<Step>,
}

/// One step of a sequence.
#[derive(Clone, Debug)]
pub struct Step {
    /// Unique within the sequence.
    pub id: String,
    /// The id it had before; leads that did that one have done this one.
    pub renamed_from: Option<String>,
    /// Counted from when the step before was done.
    pub wait: Option<Wait>,
    /// All hold: the wait is over. Empty: the wait runs its time.
    pub until: Vec<Phrase>,
    /// All must hold when the step falls due, else it is skipped.
    pub only_if: Vec<Phrase>,
    /// When a mail of this step may go out.
    pub send: Arc<SendTimes>,
    /// Also for leads that are past its place.
    pub catch_up: bool,
    pub verb: Verb,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    /// Sends one of the variants (template names such as `mofu/guide`; more than one is an A/B test),
    /// in the thread of an earlier step's mail if `thread` names one.
    Mail {
        variants: Vec<String>,
        thread: Option<String>,
    },
    /// Hands the lead to sales, with this cause.
    HandOver(String),
    Tag(String),
    Untag(String),
    /// Sets fields of the lead: `lead.*` names and free fields.
    Set(BTreeMap<String, FieldValue>),
    /// Adds to the engagement score.
    Points(i64),
    /// Calls `[webhook.NAME]`.
    Webhook(String),
    /// Tells the owner this text.
    Notify(String),
    /// Ends the sequence, with this reason.
    End(String),
}

/// A value that a step sets.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    Text(String),
    Number(f64),
    Flag(bool),
}

impl Verb {
    /// The key that a sequence file uses for this verb.
    pub const fn word(&self) -> &'static str {
        match self {
            Verb::Mail { .. } => "mail",
            Verb::HandOver(_) => "hand_over",
            Verb::Tag(_) => "tag",
            Verb::Untag(_) => "untag",
            Verb::Set(_) => "set",
            Verb::Points(_) => "points",
            Verb::Webhook(_) => "webhook",
            Verb::Notify(_) => "notify",
            Verb::End(_) => "end",
        }
    }
}

impl Sequence {
    /// The step with this id, and its place in the file.
    pub fn step(&self, id: &str) -> Option<(usize, &Step)> {
        self.steps.iter().enumerate().find(|(_, step)| step.id == id)
    }

    /// Every phrase that the sequence uses once a lead walks it.
    pub fn walking_phrases(&self) -> impl Iterator<Item = &Phrase> {
        let steps = self.steps.iter().flat_map(|step| step.only_if.iter().chain(&step.until));
        self.goal.iter().chain(&self.leave_if).chain(steps)
    }
}
