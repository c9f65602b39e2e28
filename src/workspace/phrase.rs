//! Phrases in files: read, and their names checked.

use super::code::Code;
use super::mention::{Noun, Role};
use super::names::{Names, check_known};
use super::source::Finding;
use super::table::{Table, Text};
use crate::domain::condition::{Fact, Phrase};
use crate::domain::lead::{COMPANY_FIELDS, LEAD_FIELDS};

/// A phrase and where it stands.
pub struct Placed<'a> {
    pub phrase: Phrase,
    text: Text<'a>,
}

/// The phrases under a key: a text or a list of texts.
pub fn list<'a>(table: &mut Table<'a>, key: &'static str, names: &Names) -> Vec<Placed<'a>> {
    table.texts(key).iter().filter_map(|text| read(text, names)).collect()
}

/// Reads a phrase. All its names but that of a step are checked.
pub fn read<'a>(text: &Text<'a>, names: &Names) -> Option<Placed<'a>> {
    let phrase = match text.value.parse::<Phrase>() {
        Ok(phrase) => phrase,
        Err(error) => {
            let finding = Finding::of_words(Code::Phrase, &error.message);
            text.report(
                match meant(text.value).or(error.suggestion.map(|meant| format!("did you mean `{meant}`?"))) {
                    Some(help) => finding.help(help),
                    None => finding,
                },
            );
            return None;
        }
    };
    let placed = Placed { phrase, text: text.clone() };
    placed.check(names);
    Some(placed)
}

/// What a text that is no phrase was probably meant to say.
fn meant(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    if let Some((one, other)) = lower.split_once(" and ") {
        return Some(format!("write them as a list: [\"{}\", \"{}\"]", one.trim(), other.trim()));
    }
    if lower.contains(" or ") {
        return Some(
            "write a step for each, or a segment in funnel.toml, which knows || for \"or\"".to_owned(),
        );
    }
    let plain = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    (plain != text && plain.parse::<Phrase>().is_ok()).then(|| format!("did you mean `{plain}`?"))
}

impl<'a> Placed<'a> {
    /// The step that the phrase asks for.
    pub fn step(&self) -> Option<Text<'a>> {
        match &self.phrase.fact {
            Fact::Opened(step) | Fact::Clicked(step) => Some(self.word(step)),
            _ => None,
        }
    }

    /// The named link that the phrase asks for.
    pub fn link(&self) -> Option<Text<'a>> {
        if let Fact::ClickedLink(name) = &self.phrase.fact { Some(self.word(name)) } else { None }
    }

    /// Whether the answer is "no" for every lead that did not agree to tracking.
    pub fn needs_tracking(&self) -> bool {
        self.phrase.fact.is_hit() || matches!(self.phrase.fact, Fact::Visited(_))
    }

    /// Reports a mistake in the phrase as a whole.
    pub fn report(&self, finding: Finding) {
        self.text.report_part(0..self.text.value.len(), finding);
    }

    /// Reports a phrase about a step where there is no sequence whose step it could be.
    pub fn refuse_step(&self, what: &str) {
        if let Some(step) = self.step() {
            let finding =
                Finding::new(Code::UnknownStep, format!("{what} cannot ask for a step of a sequence"));
            step.report(finding.help("name a link in the mail and write: clicked link NAME"));
        }
    }

    fn check(&self, names: &Names) {
        match &self.phrase.fact {
            Fact::InSegment(name) => check_known(&self.word(name), &names.segments, Noun::Segment),
            Fact::Has(field) => self.check_field(field),
            Fact::ClickedLink(name) => self.check_link(name, names),
            Fact::Tagged(name) => self.word(name).mention(Noun::Tag, Role::Asks),
            Fact::Submitted(name) => self.word(name).mention(Noun::Form, Role::Asks),
            Fact::Did(name) => self.word(name).mention(Noun::Event, Role::Asks),
            Fact::Visited(path) if !path.starts_with(['/', '*']) => {
                self.word(path).report(Finding::new(Code::BadValue, "a path begins with `/` or `*`"));
            }
            _ => {}
        }
    }

    fn check_link(&self, name: &str, names: &Names) {
        let word = self.word(name);
        match &names.links {
            Some(links) => links.wrong(name).into_iter().for_each(|finding| word.report(finding)),
            // The mails are read after funnel.toml.
            None => word.mention(Noun::Link, Role::Asks),
        }
    }

    fn check_field(&self, field: &str) {
        if let Some(free) = field.strip_prefix("fields.").or_else(|| field.strip_prefix("lead.fields.")) {
            self.word(free).mention(Noun::Field, Role::Asks);
        }
        let known = match field.split_once('.') {
            Some(("lead", name)) => LEAD_FIELDS.contains(&name) || name.starts_with("fields."),
            Some(("company", name)) => COMPANY_FIELDS.contains(&name),
            Some(("fields", name)) => !name.is_empty(),
            _ => LEAD_FIELDS.contains(&field),
        };
        if !known {
            let company: Vec<String> = COMPANY_FIELDS.iter().map(|name| format!("company.{name}")).collect();
            let known = LEAD_FIELDS.iter().copied().chain(company.iter().map(String::as_str));
            let finding = Finding::new(Code::UnknownField, format!("leads have no field `{field}`"));
            self.word(field).report(finding.meant(
                field,
                known,
                &format!("a field of your own is written `has fields.{field}`"),
            ));
        }
    }

    /// The last word of the phrase, which is the name in it.
    pub fn word(&self, name: &str) -> Text<'a> {
        let (text, value) = (&self.text, self.text.value);
        let start = value.len().saturating_sub(name.len());
        Text { value: &value[start..], span: text.part(start..value.len()), source: text.source }
    }
}
