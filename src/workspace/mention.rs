//! [`Mention`]: a name in a file, kept until all files are read: only then it shows that nobody uses something, or that a
//! name is spelt in two ways.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::code::Code;
use super::names::Names;
use super::source::{Finding, Report};
use crate::domain::suggest::nearest;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    Sender,
    Topic,
    Segment,
    /// `[team.NAME]`. Nobody need be asked for: whoever is in the team may be named by hand.
    Rep,
    Mail,
    Layout,
    Partial,
    Link,
    /// A free field, `fields.NAME`.
    Field,
    Tag,
    Form,
    /// A custom event, `did NAME`.
    Event,
    /// `[persona.NAME]`
    Persona,
    Sequence,
    /// `[webhook.NAME]` of dripline.toml.
    Webhook,
    /// `[relay.NAME]` of dripline.toml.
    Relay,
}

/// What a file does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It says what the name stands for.
    Defines,
    /// It gives the name to leads, as a step that tags does.
    Gives,
    /// It asks for the name.
    Asks,
}

/// A name in a file.
#[derive(Clone, Debug)]
pub struct Mention {
    pub noun: Noun,
    pub role: Role,
    pub name: String,
    pub file: String,
    pub span: Range<usize>,
    /// Line and column, from 1.
    pub place: (usize, usize),
}

impl Noun {
    /// Whether files say what it is; the others come into being by being used.
    const fn is_defined(self) -> bool {
        !matches!(self, Noun::Field | Noun::Tag | Noun::Form | Noun::Event)
    }

    /// Whether the operator says what it is, in dripline.toml.
    const fn is_operators(self) -> bool {
        matches!(self, Noun::Webhook | Noun::Relay)
    }

    /// The mistake of asking for one that is not there.
    pub(super) const fn unknown(self) -> Code {
        match self {
            Noun::Sender => Code::UnknownSender,
            Noun::Topic => Code::UnknownTopic,
            Noun::Segment => Code::UnknownSegment,
            Noun::Rep => Code::UnknownRep,
            Noun::Persona => Code::NeverEqual,
            Noun::Mail => Code::UnknownTemplate,
            Noun::Layout => Code::UnknownLayout,
            Noun::Partial => Code::UnknownPartial,
            Noun::Link => Code::UnknownLink,
            Noun::Field | Noun::Tag | Noun::Form | Noun::Event => Code::Misspelt,
            Noun::Sequence => Code::UnknownSequence,
            Noun::Webhook | Noun::Relay => Code::UnknownToOperator,
        }
    }

    /// What is wrong with asking for one that is not there; `known` are those that are.
    pub(super) fn missing<'k>(self, name: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Finding {
        let finding = Finding::new(self.unknown(), format!("there is no {} `{name}`", self.word()));
        finding.meant_known(name, known, &self.how_to_make(name))
    }

    /// How to make one of this name.
    pub(super) fn how_to_make(self, name: &str) -> String {
        match self {
            Noun::Sender | Noun::Topic | Noun::Segment | Noun::Persona => {
                format!("or write [{}.{name}] into funnel.toml", self.word())
            }
            Noun::Rep => format!("or write [team.{name}] into funnel.toml"),
            Noun::Mail => format!("or write the file templates/mail/{name}.md"),
            Noun::Layout => format!("or write the file templates/layouts/{name}.html"),
            Noun::Partial => format!("or write the file templates/partials/{name}.html"),
            Noun::Webhook | Noun::Relay => {
                format!("or ask whoever runs Dripline to write [{}.{name}] into dripline.toml", self.word())
            }
            Noun::Link => format!("or name a link in a mail: [Prices](https://… \"{name}\")"),
            Noun::Sequence => format!("or write the file sequences/{name}.toml"),
            Noun::Field | Noun::Tag | Noun::Form | Noun::Event => String::new(),
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Noun::Sender => "sender",
            Noun::Topic => "topic",
            Noun::Segment => "segment",
            Noun::Rep => "rep",
            Noun::Mail => "mail",
            Noun::Layout => "layout",
            Noun::Partial => "partial",
            Noun::Link => "link",
            Noun::Field => "field",
            Noun::Tag => "tag",
            Noun::Form => "form",
            Noun::Event => "event",
            Noun::Sequence => "sequence",
            Noun::Webhook => "webhook",
            Noun::Relay => "relay",
            Noun::Persona => "persona",
        }
    }
}

/// Reports what is defined and nowhere asked for, unless a name that is not there was meant to be it.
pub(super) fn check_unused(report: &Report) {
    let mentions = report.mentions();
    let names = |role: Role| {
        let of_role = mentions.iter().filter(move |mention| mention.role == role);
        of_role.map(|mention| (mention.noun, mention.name.as_str())).collect::<BTreeSet<_>>()
    };
    let (asked, defined) = (names(Role::Asks), names(Role::Defines));
    let unknown: Vec<_> = asked.difference(&defined).filter(|(noun, _)| noun.is_defined()).collect();
    let is_meant = |(noun, name): (Noun, &str)| {
        let mut same = unknown.iter().filter(|(other, _)| *other == noun);
        same.any(|(_, unknown)| nearest(unknown, [name]).is_some())
    };
    let definitions = mentions.iter().filter(|mention| mention.role == Role::Defines);
    let mut told = BTreeSet::new();
    for mention in definitions {
        let name = (mention.noun, mention.name.as_str());
        // A mail is defined once a language; one word about it is enough.
        if !asked.contains(&name) && !is_meant(name) && told.insert(name) {
            report.push_at(mention, unused(mention));
        }
    }
}

fn unused(mention: &Mention) -> Finding {
    let Mention { noun, name, .. } = mention;
    let (message, help) = match noun {
        Noun::Mail => (
            format!("no sequence sends the mail `{name}`"),
            format!("send it with mail = \"{name}\" in a [[step]], or delete the file"),
        ),
        Noun::Layout => (
            format!("no mail uses the layout `{name}`"),
            format!("name it with layout = \"{name}\" in a mail, or delete the file"),
        ),
        Noun::Partial => (
            format!("no mail and no layout uses the partial `{name}`"),
            format!("put it into a mail with {{{{> {name}}}}}, or delete the file"),
        ),
        Noun::Topic => (
            format!("no sequence is about the topic `{name}`, but readers can choose it"),
            format!("write topic = \"{name}\" in a sequence, or leave the topic out"),
        ),
        Noun::Segment => (
            format!("no sequence asks for the segment `{name}`"),
            format!("ask for it with only_if = \"in segment {name}\", or leave it out"),
        ),
        _ => (
            format!("nothing uses the {} `{name}`", noun.word()),
            format!("write {} = \"{name}\" in a sequence, or leave it out", noun.word()),
        ),
    };
    let code = if matches!(noun, Noun::Mail | Noun::Layout | Noun::Partial) {
        Code::UnusedTemplate
    } else {
        Code::UnusedName
    };
    Finding::new(code, message).help(help)
}

/// What is wrong with asking for a name that is none of the known ones.
pub(super) fn unknown(mention: &Mention, known: &BTreeSet<String>) -> Option<Finding> {
    let Mention { noun, name, .. } = mention;
    let finding = Finding::new(noun.unknown(), format!("dripline.toml has no {} `{name}`", noun.word()));
    let finding = finding.meant_known(name, known.iter().map(String::as_str), &noun.how_to_make(name));
    (!known.contains(name)).then_some(finding)
}

/// What is asked of the operator by name: webhooks, relays.
pub(super) fn of_operator(report: &Report) -> Vec<Mention> {
    let mut mentions = report.mentions();
    mentions.retain(|mention| mention.noun.is_operators());
    mentions
}

/// Reports links that funnel.toml asks for and no mail has: the mails are read after it.
pub(super) fn check_links(report: &Report, names: &Names) {
    for mention in report.mentions().iter().filter(|mention| mention.noun == Noun::Link) {
        let finding = names.links.as_ref().and_then(|links| links.wrong(&mention.name));
        finding.into_iter().for_each(|finding| report.push_at(mention, finding));
    }
}

/// Reports what was asked for before it was read which there are, and is not there: sequences, personas.
pub(super) fn check_asked(report: &Report, noun: Noun, known: &[&str]) {
    let unknown = |mention: &&Mention| mention.noun == noun && !known.contains(&mention.name.as_str());
    for mention in report.mentions().iter().filter(unknown) {
        report.push_at(mention, noun.missing(&mention.name, known.iter().copied()));
    }
}

/// Reports names that are asked for once, that nothing gives, and that are nearly one that is used elsewhere.
pub(super) fn check_spelling(report: &Report) {
    let mentions = report.mentions();
    let mut by_noun: BTreeMap<Noun, BTreeMap<&str, Vec<&Mention>>> = BTreeMap::new();
    for mention in mentions.iter().filter(|mention| !mention.noun.is_defined()) {
        by_noun.entry(mention.noun).or_default().entry(&mention.name).or_default().push(mention);
    }
    for (noun, names) in &by_noun {
        // What is used once, and only asked for, may be the misspelling; everything else is what was meant.
        let (once, known): (Vec<_>, Vec<_>) =
            names.iter().partition(|(_, uses)| uses.len() == 1 && uses[0].role == Role::Asks);
        for (name, uses) in once {
            let alike = known.iter().map(|(known, _)| **known).filter(|known| may_be_meant(name, known));
            if let Some(meant) = nearest(name, alike) {
                let word = noun.word();
                let message = format!("the {word} `{name}` is used nowhere else, but `{meant}` is");
                let finding = Finding::new(Code::Misspelt, message);
                report.push_at(uses[0], finding.help(format!("did you mean `{meant}`?")));
            }
        }
    }
}

/// Names that differ in their numbers, such as `fair-2025` and `fair-2026`, differ on purpose.
fn may_be_meant(name: &str, known: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    name.chars().count() > 3 && digits(name) == digits(known)
}
