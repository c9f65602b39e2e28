//! Reads a `[[step]]` of a sequence.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;

use super::code::Code;
use super::mention::{Noun, Role};
use super::names::{self, Names};
use super::phrase::{self, Placed};
use super::source::Finding;
use super::table::{Table, Text};
use super::times;
use crate::domain::lead::{AddressForm, LEAD_FIELDS, Salutation};
use crate::domain::schedule::{SendTimes, zone};
use crate::domain::sequence::{FieldValue, Step, Verb};
use crate::domain::wait::Wait;

/// The keys of which a step has exactly one.
const VERBS: [&str; 9] = ["mail", "hand_over", "tag", "untag", "set", "points", "webhook", "notify", "end"];

/// The keys of a step that a sequence does not have itself.
pub const OF_STEPS: [&str; 15] = [
    "mail",
    "hand_over",
    "tag",
    "untag",
    "set",
    "points",
    "webhook",
    "notify",
    "end",
    "wait",
    "until",
    "only_if",
    "catch_up",
    "thread",
    "id",
];

/// The keys of a sequence that a step does not have.
const OF_SEQUENCES: [&str; 10] =
    ["title", "stage", "enroll_if", "goal", "leave_if", "topic", "sender", "paused", "priority", "again"];

/// The fields of a lead that a step may set beside `fields.NAME`.
const SETTABLE: [&str; 12] = [
    "first_name",
    "last_name",
    "title",
    "salutation",
    "address_form",
    "language",
    "timezone",
    "country",
    "city",
    "job_title",
    "phone",
    "fields",
];

/// A step whose references to other steps are not checked yet.
pub struct Draft<'a> {
    /// The id; that of a step without a verb is empty.
    pub id: String,
    /// What the id is from.
    pub id_place: Text<'a>,
    pub renamed_from: Option<Text<'a>>,
    wait: Option<Wait>,
    pub until: Vec<Placed<'a>>,
    pub only_if: Vec<Placed<'a>>,
    /// Whether a phrase could not be read, so that it is not known what the step asks for.
    pub unclear: bool,
    send: Arc<SendTimes>,
    catch_up: bool,
    thread: Option<Text<'a>>,
    verb: Option<Verb>,
}

/// Reads a step. What is wrong is reported.
pub fn read<'a>(mut table: Table<'a>, send: &Arc<SendTimes>, names: &Names) -> Draft<'a> {
    let (verb, verb_place) = verb(&mut table, names);
    let id = table.text("id");
    id.iter().for_each(names::one_word);
    let until_place = table.value("until").filter(|_| !table.has("wait"));
    until_place.iter().for_each(|until| {
        let finding = Finding::new(Code::UntilWithoutWait, "`until` needs a `wait`, which it ends early");
        until.report(finding.help("write wait = \"7 days\""));
    });
    if verb.as_ref().is_some_and(|verb| !is_mail(verb)) {
        refuse_mail_keys(&mut table);
    }
    let place = table.place();
    let asked = table.texts("only_if").len();
    let only_if = phrase::list(&mut table, "only_if", names);
    let draft = Draft {
        id: id.as_ref().map_or_else(|| default_id(verb.as_ref()), |id| id.value.to_owned()),
        id_place: id.or(verb_place.clone()).unwrap_or_else(|| place.clone()),
        renamed_from: table.text("renamed_from"),
        wait: table.parse("wait"),
        until: phrase::list(&mut table, "until", names),
        unclear: only_if.len() < asked,
        only_if,
        send: times::read(&mut table).unwrap_or_else(|| send.clone()),
        catch_up: table.flag("catch_up").unwrap_or(false),
        thread: table.text("thread"),
        verb,
    };
    table.misplaced(&OF_SEQUENCES, |key| {
        let message = format!("`{key}` belongs to the whole sequence, and this is a step of it");
        Finding::new(Code::UnknownKey, message).help("write it before the first [[step]]")
    });
    // A key that is not known may be the verb, misspelt: one finding is enough.
    if table.finish() && verb_place.is_none() {
        let finding = Finding::new(Code::NoVerb, "the step does nothing");
        place.report(
            finding.help("give it one of: mail, hand_over, tag, untag, set, points, webhook, notify, end"),
        );
    }
    draft
}

impl<'a> Draft<'a> {
    pub fn is_mail(&self) -> bool {
        self.verb.as_ref().is_some_and(is_mail)
    }

    /// The mails that the step sends one of.
    pub fn mails(&self) -> &[String] {
        if let Some(Verb::Mail { variants, .. }) = &self.verb { variants } else { &[] }
    }

    /// The steps that this one refers to.
    pub fn named_steps(&self) -> Vec<Text<'a>> {
        let phrases = self.until.iter().chain(&self.only_if).filter_map(Placed::step);
        phrases.chain(self.thread.clone()).collect()
    }

    /// The step; None if it has no verb, which is reported already.
    pub fn finish(self) -> Option<Step> {
        let phrases = |placed: Vec<Placed>| placed.into_iter().map(|placed| placed.phrase).collect();
        let verb = match self.verb? {
            Verb::Mail { variants, .. } => {
                Verb::Mail { variants, thread: self.thread.map(|thread| thread.value.to_owned()) }
            }
            other => other,
        };
        Some(Step {
            id: self.id,
            renamed_from: self.renamed_from.map(|name| name.value.to_owned()),
            wait: self.wait,
            until: phrases(self.until),
            only_if: phrases(self.only_if),
            send: self.send,
            catch_up: self.catch_up,
            verb,
        })
    }
}

fn is_mail(verb: &Verb) -> bool {
    matches!(verb, Verb::Mail { .. })
}

/// The file stem of the mail (the first one's in an A/B test), else the verb.
fn default_id(verb: Option<&Verb>) -> String {
    match verb {
        Some(Verb::Mail { variants, .. }) => {
            let mail = variants.first().map_or("", String::as_str);
            mail.rsplit('/').next().unwrap_or(mail).to_owned()
        }
        verb => verb.map_or("", Verb::word).to_owned(),
    }
}

fn refuse_mail_keys(table: &mut Table) {
    for key in ["thread", "send", "slots"] {
        if let Some(place) = table.value(key) {
            let finding = Finding::new(Code::UnknownKey, format!("`{key}` is only for steps with a mail"));
            place.report(finding.help("leave it out: this step acts at once"));
        }
    }
}

/// The verb, and the place of the first one that is given.
fn verb<'a>(table: &mut Table<'a>, names: &Names) -> (Option<Verb>, Option<Text<'a>>) {
    let mut given = VERBS.into_iter().filter_map(|word| table.value(word).map(|place| (word, place)));
    let Some((word, place)) = given.next() else { return (None, None) };
    let others: Vec<(&str, Text)> = given.collect();
    for (other, place) in others {
        let finding = Finding::new(Code::SeveralVerbs, format!("the step has `{word}` and `{other}`"));
        place.report(finding.help("write a [[step]] for each"));
    }
    let verb = match word {
        "mail" => mail(table, names),
        "set" => Some(Verb::Set(set(table.table("set")))),
        "hand_over" => table.text(word).map(|text| Verb::HandOver(text.value.to_owned())),
        "tag" => tag(table, word).map(Verb::Tag),
        "untag" => tag(table, word).map(Verb::Untag),
        "notify" => table.text(word).map(|text| Verb::Notify(text.value.to_owned())),
        "points" => table.integer(word, -1000..=1000).map(Verb::Points),
        "webhook" => webhook(table).map(Verb::Webhook),
        "end" => table.text(word).map(|text| Verb::End(text.value.to_owned())),
        _ => None,
    };
    (verb, Some(place))
}

fn mail(table: &mut Table, names: &Names) -> Option<Verb> {
    let variants = table.texts("mail");
    for (place, variant) in variants.iter().enumerate() {
        names::check_known(variant, &names.mails, Noun::Mail);
        if variants[..place].iter().any(|other| other.value == variant.value) {
            let finding = Finding::new(Code::BadValue, format!("`{}` is in the list twice", variant.value));
            variant.report(finding.help("leave one of the two out"));
        }
    }
    let variants: Vec<String> = variants.iter().map(|variant| variant.value.to_owned()).collect();
    (!variants.is_empty()).then_some(Verb::Mail { variants, thread: None })
}

/// Whether there is such a webhook, dripline.toml says, which is the operator's.
fn webhook(table: &mut Table) -> Option<String> {
    let name = table.text("webhook")?;
    match names::check_word(name.value) {
        Ok(()) => name.mention(Noun::Webhook, Role::Asks),
        Err(message) => {
            let word = name.value.split_whitespace().collect::<Vec<_>>().join("-");
            let help = format!("write the NAME of a [webhook.NAME] in dripline.toml: webhook = \"{word}\"");
            name.report(Finding::new(Code::BadName, message).help(help));
        }
    }
    Some(name.value.to_owned())
}

fn tag(table: &mut Table, verb: &'static str) -> Option<String> {
    let tag = table.text(verb)?;
    if tag.value.contains(|c: char| c.is_whitespace() || c == ';') {
        let finding = Finding::new(Code::BadName, format!("`{}` is not a tag: a tag is one word", tag.value));
        let word = tag.value.split([' ', ';', '\t']).collect::<Vec<_>>().join("-");
        tag.report(finding.help(format!("write {verb} = \"{word}\"")));
    }
    tag.mention(Noun::Tag, Role::Gives);
    Some(tag.value.to_owned())
}

/// Reads what a step sets: fields of the lead under their names, free ones as `fields.NAME`.
fn set(mut table: Table) -> BTreeMap<String, FieldValue> {
    let free = table.table("fields").entries().into_iter();
    let free = free
        .inspect(|(name, ..)| name.mention(Noun::Field, Role::Gives))
        .filter_map(|(name, value, place)| Some((format!("fields.{}", name.value), field(value, &place)?)));
    let mut set: BTreeMap<String, FieldValue> = free.collect();
    for (name, value, place) in table.entries() {
        if !SETTABLE.contains(&name.value) {
            let finding = Finding::new(Code::UnknownField, format!("a step cannot set `{}`", name.value));
            let otherwise = match LEAD_FIELDS.contains(&name.value) {
                true if name.value == "tags" => "write tag = \"…\" in a step of its own".to_owned(),
                true => "leave it out: it comes with the lead, or by the rules of funnel.toml".to_owned(),
                false => format!("a field of your own is written fields.{}", name.value),
            };
            name.report(finding.meant(name.value, SETTABLE, &otherwise));
        } else if name.value != "fields"
            && let Some(value) = lead_field(name.value, value, &place)
        {
            set.insert(name.value.to_owned(), value);
        }
    }
    set
}

fn lead_field(name: &str, value: &DeValue, place: &Text) -> Option<FieldValue> {
    if !value.is_str() {
        let finding = Finding::new(Code::WrongType, format!("`{name}` takes a text"));
        place.report(finding.help(format!("put it in quotes: {name} = \"…\"")));
        return None;
    }
    match name {
        "salutation" => place.parse::<Salutation>().map(|word| FieldValue::Text(word.to_string())),
        "address_form" => place.parse::<AddressForm>().map(|word| FieldValue::Text(word.to_string())),
        "timezone" => place.read(zone).map(|zone| FieldValue::Text(zone.name().to_owned())),
        _ => field(value, place),
    }
}

fn field(value: &DeValue, place: &Text) -> Option<FieldValue> {
    let value = match value {
        DeValue::String(text) => Some(FieldValue::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(FieldValue::Flag(*flag)),
        DeValue::Integer(number) => number.to_string().parse().ok().map(FieldValue::Number),
        DeValue::Float(number) => number.as_str().parse().ok().map(FieldValue::Number),
        _ => None,
    };
    if value.is_none() {
        let finding = Finding::new(Code::WrongType, "a field takes a text, a number, or true or false");
        place.report(finding.help("write a single value: fields.machines = 12"));
    }
    value
}
