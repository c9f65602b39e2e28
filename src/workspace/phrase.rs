//! Phrases in files: read, and their names checked.

use super::code::Code;
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
            let finding = Finding::new(Code::Phrase, error.message);
            text.report(match error.suggestion {
                Some(meant) => finding.help(format!("did you mean `{meant}`?")),
                None => finding,
            });
            return None;
        }
    };
    let placed = Placed { phrase, text: text.clone() };
    placed.check(names);
    Some(placed)
}

impl<'a> Placed<'a> {
    /// The step that the phrase asks for.
    pub fn step(&self) -> Option<Text<'a>> {
        match &self.phrase.fact {
            Fact::Opened(step) | Fact::Clicked(step) => Some(self.word(step)),
            _ => None,
        }
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
            Fact::InSegment(name) => {
                check_known(&self.word(name), &names.segments, Code::UnknownSegment, "segment")
            }
            Fact::Has(field) => self.check_field(field),
            Fact::ClickedLink(name) => {
                names
                    .links
                    .iter()
                    .for_each(|links| check_known(&self.word(name), links, Code::UnknownLink, "link"));
            }
            Fact::Visited(path) if !path.starts_with(['/', '*']) => {
                self.word(path).report(Finding::new(Code::BadValue, "a path begins with `/` or `*`"));
            }
            _ => {}
        }
    }

    fn check_field(&self, field: &str) {
        let known = match field.split_once('.') {
            Some(("lead", name)) => LEAD_FIELDS.contains(&name),
            Some(("company", name)) => COMPANY_FIELDS.contains(&name),
            Some(("fields", name)) => !name.is_empty(),
            _ => LEAD_FIELDS.contains(&field),
        };
        if !known {
            let company: Vec<String> = COMPANY_FIELDS.iter().map(|name| format!("company.{name}")).collect();
            let known = LEAD_FIELDS.iter().copied().chain(company.iter().map(String::as_str));
            let finding = Finding::new(Code::UnknownField, format!("there is no field `{field}`"));
            self.word(field).report(finding.meant(
                field,
                known,
                "fields of your own are written fields.NAME",
            ));
        }
    }

    /// The last word of the phrase, which is the name in it.
    fn word(&self, name: &str) -> Text<'a> {
        let (text, value) = (&self.text, self.text.value);
        let start = value.len().saturating_sub(name.len());
        Text { value: &value[start..], span: text.part(start..value.len()), source: text.source }
    }
}
