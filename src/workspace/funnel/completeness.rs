//! `[contact] complete` of funnel.toml: what must be known of a lead before somebody talks to it.

use super::super::code::Code;
use super::super::mention::{Noun, Role};
use super::super::source::Finding;
use super::super::table::{Table, Text};
use crate::domain::lead::Lead;
use crate::domain::words::words;

words! {
    /// What a person can be asked for beside free fields, by the names that conditions use.
    pub enum Asked {
        Salutation = "salutation",
        Title = "title",
        FirstName = "first_name",
        LastName = "last_name",
        JobTitle = "job_title",
        Phone = "phone",
        City = "city",
        Country = "country",
        Company = "company.name",
        CompanyDomain = "company.domain",
        CompanyIndustry = "company.industry",
        CompanySize = "company.size",
        CompanyCountry = "company.country",
    }
}

/// What must be known of a lead: names as [`Lead::field`] takes them. Nothing: every lead is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness(Vec<String>);

impl Completeness {
    /// All that must be known.
    pub fn fields(&self) -> &[String] {
        &self.0
    }

    /// What of it is not known of a lead.
    pub fn missing(&self, lead: &Lead) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|field| !lead.has(field)).collect()
    }

    /// Whether nothing is missing.
    pub fn is_met(&self, lead: &Lead) -> bool {
        self.0.iter().all(|field| lead.has(field))
    }
}

/// Reads the table. What is wrong is reported.
pub(super) fn read(mut table: Table) -> Completeness {
    let mut fields: Vec<String> = Vec::new();
    for text in table.texts("complete") {
        for field in meant(&text) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    table.finish();
    Completeness(fields)
}

/// The fields that a word stands for; none if it is no field, which is reported.
fn meant(text: &Text) -> Vec<String> {
    let name = text.value.strip_prefix("lead.").unwrap_or(text.value);
    let words: &[&str] = match name {
        "name" => &["first_name", "last_name"],
        "company" => &["company.name"],
        name if name.parse::<Asked>().is_ok() => &[name],
        _ => match name.strip_prefix("fields.").filter(|free| is_name(free)) {
            Some(free) => {
                text.source.mention(Noun::Field, Role::Asks, free, text.span.clone());
                &[name]
            }
            None => {
                report(text);
                &[]
            }
        },
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn is_name(free: &str) -> bool {
    !free.is_empty() && free.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn report(text: &Text) {
    let name = text.value;
    let message = format!("`{name}` is nothing that a person can be asked for");
    let known = Asked::words().into_iter().chain(["name", "company"]);
    let finding = Finding::new(Code::UnknownField, message);
    text.report(finding.meant(name, known, &format!("a field of your own is written `fields.{name}`")));
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::super::super::names::Names;
    use super::super::super::source::{Report, Source};
    use super::*;

    fn complete(list: &str) -> (Completeness, Vec<String>) {
        let report = Report::default();
        let text = format!("[contact]\ncomplete = {list}\n");
        let funnel = super::super::read(Source::new("funnel.toml", &text, &report), &mut Names::default());
        let found =
            report.finish().into_iter().map(|found| found.to_string()).filter(|line| !line.contains(":1:1:"));
        (funnel.rules.completeness, found.collect())
    }

    #[test]
    fn what_is_missing_is_named() {
        let (complete, found) = complete("['name', 'company', 'lead.phone', 'fields.budget', 'last_name']");
        assert_eq!(found, [""; 0]);
        let mut lead = fixture::lead("kim@example.org");
        let all = ["first_name", "last_name", "company.name", "phone", "fields.budget"];
        assert_eq!(complete.missing(&lead), all);
        lead.contact.first_name = Some("Kim".into());
        lead.contact.last_name = Some("Roth".into());
        lead.contact.phone = Some("1".into());
        assert_eq!(complete.missing(&lead), ["company.name", "fields.budget"]);
        assert!(!complete.is_met(&lead) && Completeness::default().is_met(&lead));
    }

    #[test]
    fn what_nobody_can_be_asked_for_is_refused() {
        for name in ["stage", "phnoe", "fields.", "fields.a b", "company.nam", "tags"] {
            let (complete, found) = complete(&format!("['{name}']"));
            assert!(found.len() == 1 && found[0].contains("DL025"), "{name}: {found:?}");
            assert!(complete.fields().is_empty());
        }
    }
}
