//! [`Languages`]: in which languages each mail is written, to find those that lack one.

use std::collections::BTreeMap;

use super::mail_file::MailPath;
use crate::workspace::code::Code;
use crate::workspace::source::{Finding, Source};

/// The languages of all mails, by the mails' names.
#[derive(Default)]
pub(super) struct Languages<'a>(BTreeMap<&'a str, BTreeMap<&'a str, Source<'a>>>);

impl<'a> Languages<'a> {
    pub fn add(&mut self, path: &'a MailPath, language: &'a str, source: Source<'a>) {
        self.0.entry(&path.name).or_default().insert(language, source);
    }

    /// Reports mails that are not written in the default language, or in one that at least half of the mails have.
    pub fn check(&self, default_language: &str) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::from([(default_language, self.0.len())]);
        for language in self.0.values().flat_map(BTreeMap::keys).filter(|known| **known != default_language) {
            *counts.entry(language).or_default() += 1;
        }
        let expected =
            || counts.iter().filter(|(_, count)| **count * 2 >= self.0.len()).map(|(language, _)| *language);
        for (name, versions) in &self.0 {
            let Some((has, source)) = versions.get_key_value(default_language).or(versions.first_key_value())
            else {
                continue;
            };
            for language in expected().filter(|language| !versions.contains_key(language)) {
                let message = format!(
                    "the mail is not there in {}: these readers would get it in {}",
                    in_words(language),
                    in_words(has)
                );
                let extension = source.name.rsplit('.').next().unwrap_or("md");
                let help = format!("write it into templates/mail/{name}.{language}.{extension}");
                source.report_file(Finding::new(Code::MissingLanguage, message).help(help));
            }
        }
    }
}

/// The language as people call it, or its two letters.
fn in_words(language: &str) -> String {
    let known = [
        ("de", "German"),
        ("en", "English"),
        ("fr", "French"),
        ("it", "Italian"),
        ("es", "Spanish"),
        ("nl", "Dutch"),
        ("pl", "Polish"),
        ("pt", "Portuguese"),
    ];
    let found = known.into_iter().find(|(code, _)| *code == language);
    found.map_or_else(|| format!("the language {language}"), |(code, name)| format!("{name} ({code})"))
}
