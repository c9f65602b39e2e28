//! Reads and checks the files below `templates`, and compiles the mails.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{Assembly, Mail};
use super::content::{self, Writing};
use super::languages::Languages;
use super::lint::{self, Part};
use super::mail_file::{Front, MailKind, MailPath};
use super::shared::Shared;
use super::version::Version;
use super::{DEFAULT_LAYOUT, LAYOUTS, MAILS, PARTIALS, Templates};
use crate::domain::lead::JUDGED_FIELDS;
use crate::workspace::code::Code;
use crate::workspace::files::Files;
use crate::workspace::funnel::Funnel;
use crate::workspace::mention::{Noun, Role};
use crate::workspace::names::{LinkNames, Names, check_known};
use crate::workspace::source::{Finding, Report, Source};
use crate::workspace::table::{Document, Text};

/// The variable that leads to the form for what is missing.
const FORM_LINK: &str = "link.form";

/// Everything that is below `templates`.
const ALL: &str = "templates/";

/// Folders of `templates` that have no mails in them.
const OTHERS: [&str; 3] = ["templates/assets/", "templates/pages/", "templates/locales/"];

/// Reads all templates. The names of mails and links are added to `names`; what is wrong is reported.
pub fn compile(files: &Files, funnel: &Funnel, names: &mut Names, report: &Report) -> Templates {
    let sources = sources(files, report);
    let default_language = funnel.defaults.language.as_str();
    let paths = sources.iter().filter_map(|source| Some((MailPath::parse(source.name)?, *source)));
    let (plain, mails): (Vec<_>, Vec<_>) = paths.partition(|(path, _)| path.kind == MailKind::Plain);
    let plain = plain_parts(plain, &mails, default_language);
    let mails: Vec<(MailPath, Source, Front)> =
        mails.into_iter().map(|(path, source)| (path, source, Front::split(source))).collect();
    let documents: Vec<Document> = mails.iter().map(|(_, source, front)| front.document(*source)).collect();

    let assets: BTreeSet<&str> = files.below(ALL).filter_map(|(path, _)| content::asset(path)).collect();
    let shared = Shared::read(&sources, report);
    for text in shared.own_files() {
        content::check_text(text, Writing::Html, &assets);
    }
    let assembly = Assembly::new(&sources, &funnel.company, &shared);
    let mut compiled: BTreeMap<String, BTreeMap<String, Version>> = BTreeMap::new();
    let mut seen: BTreeMap<(String, String), &str> = BTreeMap::new();
    let mut complete = true;
    let mut languages = Languages::default();
    for ((path, source, front), document) in mails.iter().zip(&documents) {
        let language = path.language.as_deref().unwrap_or(default_language);
        let key = (path.name.clone(), language.to_owned());
        let mail = Mail {
            path,
            language,
            source: *source,
            file: front.read(*source, document),
            plain: plain.get(&key),
        };
        if let Some(other) = seen.insert(key, source.name) {
            is_same(source, other);
        }
        source.mention(Noun::Mail, Role::Defines, &path.name, 0..0);
        if !front.is_missing() {
            content::check_mail(&mail.file, writing(path), &assets);
        }
        languages.add(path, language, *source);
        let version = check(&mail, &shared).then(|| assembly.assemble(&mail, report)).flatten();
        complete &= version.is_some();
        let versions = compiled.entry(path.name.clone()).or_default();
        versions.extend(version.map(|version| (language.to_owned(), version)));
    }
    if report.read_whole() {
        languages.check(default_language);
    }
    names.mails.extend(mail_names(files));
    // Names of links that could not be read must not make phrases about them look wrong.
    names.links = complete.then(|| link_names(&compiled));
    if funnel.rules.completeness.fields().is_empty() {
        sources.iter().for_each(asks_nothing);
    }
    Templates::new(compiled, default_language, sources.iter().any(|source| asks_for_rules(source.text)))
}

/// Reports a mail that another file has already.
fn is_same(source: &Source, other: &str) {
    let message = format!("{other} is the same mail in the same language");
    let help = "delete one of them, or put its language into its name: NAME.de.md";
    source.report(0..0, Finding::new(Code::DuplicateTemplate, message).help(help));
}

fn writing(path: &MailPath) -> Writing {
    if path.kind == MailKind::Markdown { Writing::Markdown } else { Writing::Html }
}

/// Reports a link to a form that has nothing to ask for.
fn asks_nothing(source: &Source) {
    if let Some(start) = source.text.find(FORM_LINK) {
        let message = "`[contact] complete` of funnel.toml is empty, so that the form asks for nothing";
        let finding = Finding::new(Code::AsksNothing, message);
        let help = "write below [contact] in funnel.toml: complete = [\"name\", \"company\", \"phone\"]";
        source.report(start..start + FORM_LINK.len(), finding.help(help));
    }
}

/// Whether a text has a variable that the rules of funnel.toml fill. More than that do no harm.
fn asks_for_rules(text: &str) -> bool {
    JUDGED_FIELDS.iter().any(|field| text.contains(&format!("lead.{field}")))
}

/// The text files that are used here. What lies among them without a use is reported.
fn sources<'a>(files: &'a Files, report: &'a Report) -> Vec<Source<'a>> {
    let mut sources = Vec::new();
    for (path, bytes) in files.below(ALL) {
        let shared =
            [LAYOUTS, PARTIALS].iter().any(|folder| path.starts_with(folder)) && path.ends_with(".html");
        if shared || MailPath::parse(path).is_some() {
            sources.extend(Source::decode(path, bytes, report));
        } else if !OTHERS.iter().any(|folder| path.starts_with(folder)) {
            let finding = Finding::new(Code::Ignored, "nothing uses this file");
            let help = format!(
                "mails are {MAILS}**.md or .html, with .txt beside them; layouts {LAYOUTS}*.html; partials {PARTIALS}*.html"
            );
            Source::new(path, "", report).report_file(finding.help(help));
        }
    }
    sources
}

/// The own plain parts, by the name and the language of their mail.
fn plain_parts<'a>(
    plain: Vec<(MailPath, Source<'a>)>,
    mails: &[(MailPath, Source)],
    default_language: &str,
) -> BTreeMap<(String, String), Text<'a>> {
    let language = |path: &MailPath| path.language.clone().unwrap_or_else(|| default_language.to_owned());
    let mut parts = BTreeMap::new();
    for (path, source) in plain {
        if !mails.iter().any(|(mail, _)| mail.name == path.name && language(mail) == language(&path)) {
            let finding = Finding::new(Code::Missing, "this is the plain part of a mail that is not there");
            let help = format!("write {MAILS}{}.md, or rename this file", path.name);
            source.report_file(finding.help(help));
        }
        parts.insert((path.name.clone(), language(&path)), Text::whole(source));
    }
    parts
}

/// Checks the texts of a mail; whether it can be assembled.
fn check(mail: &Mail, shared: &Shared) -> bool {
    let file = &mail.file;
    let mut fine = shared.fine && file.subject.is_some();
    fine &= lint::check(&file.body, Part::Html, &shared.partials).fine;
    for text in file.subject.iter().chain(&file.preheader).chain(mail.plain) {
        fine &= lint::check(text, Part::Plain, &shared.partials).fine;
    }
    if file.layout.is_none() {
        mail.source.mention(Noun::Layout, Role::Asks, DEFAULT_LAYOUT, 0..0);
    }
    if let Some(layout) = &file.layout {
        let known: BTreeSet<String> = shared.layouts.keys().cloned().collect();
        check_known(layout, &known, Noun::Layout);
        fine &= known.contains(layout.value);
    }
    fine && shared.layouts.contains_key(mail.layout().unwrap_or(DEFAULT_LAYOUT))
}

/// The names of all mails, also of those that cannot be read: that is reported once.
fn mail_names(files: &Files) -> impl Iterator<Item = String> {
    let paths = files.below(MAILS).filter_map(|(path, _)| MailPath::parse(path));
    paths.filter(|path| path.kind != MailKind::Plain).map(|path| path.name)
}

fn link_names(mails: &BTreeMap<String, BTreeMap<String, Version>>) -> LinkNames {
    let mut found = LinkNames::default();
    for (mail, versions) in mails {
        let of_mail = found.mails.entry(mail.clone()).or_default();
        for link in versions.values().flat_map(|version| &version.links) {
            of_mail.clickable |= link.is_tracked();
            let Some(name) = link.name.clone() else { continue };
            if link.is_tracked() {
                of_mail.names.insert(name.clone());
                found.names.insert(name);
            } else {
                found.untracked.insert(name);
            }
        }
    }
    found.untracked.retain(|name| !found.names.contains(name));
    found
}
