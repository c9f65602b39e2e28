//! [`Names`]: what phrases, sequences and defaults can refer to by name.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::mention::{Noun, Role};
use super::source::Finding;
use super::table::{Table, Text};

/// Names that are defined, even where the definition has a mistake: that is reported once, where it is.
#[derive(Debug, Default)]
pub struct Names {
    pub senders: BTreeSet<String>,
    pub topics: BTreeSet<String>,
    pub segments: BTreeSet<String>,
    /// The keys of `[team.NAME]`.
    pub reps: BTreeSet<String>,
    pub personas: BTreeSet<String>,
    /// Mails, such as `mofu/guide`.
    pub mails: BTreeSet<String>,
    /// The links of the mails. None before the mails are read, and if not all of them could be.
    pub links: Option<LinkNames>,
}

/// The links of all mails.
#[derive(Debug, Default)]
pub struct LinkNames {
    /// The named ones whose clicks can be seen.
    pub names: BTreeSet<String>,
    /// The named ones whose clicks can nowhere be seen, such as `mailto:`.
    pub untracked: BTreeSet<String>,
    /// By the name of the mail.
    pub mails: BTreeMap<String, MailLinks>,
}

impl LinkNames {
    /// What is wrong with asking for clicks on a link of this name.
    pub fn wrong(&self, name: &str) -> Option<Finding> {
        if self.untracked.contains(name) {
            let message =
                format!("clicks on the link `{name}` cannot be seen, since it does not lead to a web page");
            let help = "only links that begin with https:// or http:// can be asked for";
            return Some(Finding::new(Code::NeverTrue, message).help(help));
        }
        let finding = Finding::new(Code::UnknownLink, format!("no mail has a link with the name `{name}`"));
        let known = self.names.iter().map(String::as_str);
        let finding = finding.meant_known(name, known, &Noun::Link.how_to_make(name));
        (!self.names.contains(name)).then_some(finding)
    }
}

/// The links of a mail in all its languages, as far as clicks on them can be seen.
#[derive(Debug, Default)]
pub struct MailLinks {
    /// Whether there is any.
    pub clickable: bool,
    pub names: BTreeSet<String>,
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

/// Notes that a name is asked for, and reports one that is not among the known ones.
pub fn check_known(name: &Text, known: &BTreeSet<String>, noun: Noun) {
    name.mention(noun, Role::Asks);
    if !known.contains(name.value) {
        name.report(noun.missing(name.value, known.iter().map(String::as_str)));
    }
}
