//! [`Templates`]: every mail in every language, compiled once when the workspace is read.
//!
//! A mail is `templates/mail/NAME.md` or `.html`, `NAME.de.md` in German, with an own plain part in `NAME.txt` or else one
//! made from the HTML. `templates/layouts` holds what goes around mails, `templates/partials` what they share.
//! A layout says `{{> body}}` where the mail goes, and may say `{{> footer}}`, `{{> preheader}}`, `{{> subject}}`,
//! `{{> language}}`, and the company's colour: `{{> color}}`, `{{> color_text}}` (what can be read on it),
//! `{{> link_color}}` and `{{> link_color_dark}}` (what can be read as it, on light and on dark); a footer that it does not place goes to its end. One that is nothing but `{{> body}}` leaves a mail
//! as it is written.
//!
//! What happens to a mail, in this order: [`lint`] checks its files; [`tokens`] puts its tags away; [`markdown`] makes
//! HTML of it; [`html`] puts it into the layout and inlines the styles; [`plain`] makes the plain part; the tags come
//! back, and Handlebars compiles the four texts that a [`Version`] consists of.

mod assemble;
mod compile;
mod content;
mod context;
mod footer;
mod format;
mod greeting;
mod helpers;
mod html;
mod languages;
mod lint;
mod lists;
mod mail_file;
mod markdown;
mod mentions;
mod place;
mod plain;
mod shared;
mod syntax;
mod tags;
mod targets;
mod tokens;
mod tracking;
mod values;
mod variables;
mod version;

use std::collections::BTreeMap;

use handlebars::{Handlebars, html_escape, no_escape};

pub(super) use compile::compile;
pub use context::{Links, MailContext};
pub use html::Link;
pub use version::{RenderError, Rendered};

use version::Version;

const MAILS: &str = "templates/mail/";
const LAYOUTS: &str = "templates/layouts/";
const PARTIALS: &str = "templates/partials/";

/// The layout of mails that name none: the built-in one, unless the workspace has its own of this name.
const DEFAULT_LAYOUT: &str = "default";

/// The names of the helpers that templates may call.
pub fn helpers() -> impl Iterator<Item = &'static str> {
    helpers::KNOWN.iter().map(|form| form.name)
}

/// The variables that templates know, beside `lead.fields.NAME`.
pub fn variables() -> Vec<String> {
    variables::known()
}

/// What a layout can include besides partials.
pub fn slots() -> &'static [&'static str] {
    lint::SLOTS
}

/// The compiled mails.
pub struct Templates {
    /// By name, then by language.
    mails: BTreeMap<String, BTreeMap<String, Version>>,
    default_language: String,
    /// Whether any of them asks for what the rules of funnel.toml make of a lead.
    asks_for_rules: bool,
    /// Makes values safe for HTML.
    html: Handlebars<'static>,
    /// Leaves values as they are, for plain text and subjects.
    plain: Handlebars<'static>,
}

impl Templates {
    fn new(
        mails: BTreeMap<String, BTreeMap<String, Version>>,
        default_language: &str,
        asks_for_rules: bool,
    ) -> Self {
        Self {
            mails,
            asks_for_rules,
            default_language: default_language.to_owned(),
            html: helpers::registry(html_escape),
            plain: helpers::registry(no_escape),
        }
    }

    /// Renders a mail in a language, or in the nearest that it has; see [`Templates::language`].
    ///
    /// # Errors
    /// [`RenderError`] if there is no such mail, or a variable in it is missing.
    pub fn render(&self, name: &str, language: &str, mail: &MailContext) -> Result<Rendered, RenderError> {
        let version = self.version(name, language).ok_or_else(|| RenderError::no_template(name, language))?;
        version.render(self, mail)
    }

    /// The subject of a mail alone, whatever its body asks for.
    ///
    /// # Errors
    /// As [`Templates::render`], of the subject.
    pub fn subject(&self, name: &str, language: &str, mail: &MailContext) -> Result<String, RenderError> {
        let version = self.version(name, language).ok_or_else(|| RenderError::no_template(name, language))?;
        version.subject(self, mail)
    }

    /// Whether a mail asks for a persona, for completeness or for a temperature: if none does, nobody is to be judged for
    /// a mail.
    pub fn asks_for_rules(&self) -> bool {
        self.asks_for_rules
    }

    /// Whether there is a mail of this name, such as `mofu/guide`.
    pub fn contains(&self, name: &str) -> bool {
        self.mails.contains_key(name)
    }

    /// The names of all mails.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.mails.keys().map(String::as_str)
    }

    /// The languages in which a mail is written.
    pub fn languages(&self, name: &str) -> impl Iterator<Item = &str> {
        self.mails.get(name).into_iter().flatten().map(|(language, _)| language.as_str())
    }

    /// The language that a lead with this language gets: that one, the same without its region, the default one, or
    /// else any. None if there is no such mail.
    pub fn language(&self, name: &str, language: &str) -> Option<&str> {
        let versions = self.mails.get(name)?;
        let language = language.to_ascii_lowercase();
        let primary = language.split(['-', '_']).next().unwrap_or("");
        let wanted = [language.as_str(), primary, &self.default_language].into_iter();
        let known = wanted.filter_map(|wanted| versions.get_key_value(wanted)).next();
        known.or_else(|| versions.first_key_value()).map(|(language, _)| language.as_str())
    }

    /// The links of a mail in a language that it has.
    pub fn links(&self, name: &str, language: &str) -> &[Link] {
        self.version(name, language).map_or(&[], |version| &version.links)
    }

    /// The path, inside the workspace, of the file that a mail in a language comes from.
    pub fn file(&self, name: &str, language: &str) -> Option<&str> {
        self.version(name, language).map(|version| version.file.as_str())
    }

    /// Every variable that a mail in a language names, such as `lead.first_name`, in alphabetical order.
    pub fn variables(&self, name: &str, language: &str) -> Vec<&str> {
        self.version(name, language).into_iter().flat_map(Version::variables).collect()
    }

    fn version(&self, name: &str, language: &str) -> Option<&Version> {
        self.mails.get(name)?.get(self.language(name, language)?)
    }
}

#[cfg(test)]
mod tests;
