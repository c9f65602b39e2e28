//! [`Names`]: what phrases, sequences and defaults can refer to by name.

use std::collections::BTreeSet;

use super::code::Code;
use super::source::Finding;
use super::table::{Table, Text};

/// Names that are defined, even where the definition has a mistake: that is reported once, where it is.
#[derive(Debug, Default)]
pub struct Names {
    pub senders: BTreeSet<String>,
    pub topics: BTreeSet<String>,
    pub segments: BTreeSet<String>,
    /// Mails, such as `mofu/guide`.
    pub mails: BTreeSet<String>,
    /// Links that a mail names. None before the mails are read.
    pub links: Option<BTreeSet<String>>,
}

/// The tables `[key.NAME]`, whose names are checked to be one word.
pub fn tables<'a>(root: &mut Table<'a>, key: &'static str) -> Vec<(Text<'a>, Table<'a>)> {
    let named = root.named(key);
    named.iter().for_each(|(name, _)| one_word(name));
    named
}

/// Reports a name that is not one word of letters, digits, `-`, `_` and `.`.
pub fn one_word(name: &Text) {
    if let Err(message) = check_word(name.value) {
        name.report(Finding::new(Code::BadName, message));
    }
}

/// Whether a name is one word; else why not.
pub fn check_word(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!("`{name}` is not a name: names are one word of letters, digits, `-`, `_` and `.`"))
}

/// Reports a name that is not among the known ones.
pub fn check_known(name: &Text, known: &BTreeSet<String>, code: Code, what: &str) {
    if !known.contains(name.value) {
        let finding = Finding::new(code, format!("there is no {what} `{}`", name.value));
        name.report(finding.did_you_mean(name.value, known.iter().map(String::as_str)));
    }
}
