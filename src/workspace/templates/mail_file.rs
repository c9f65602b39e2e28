//! [`MailFile`]: a file below `templates/mail`, taken apart.

use std::ops::Range;

use super::MAILS;
use crate::workspace::code::Code;
use crate::workspace::source::{Finding, Source};
use crate::workspace::table::{Document, Table, Text};

/// What a file below `templates/mail` is, from its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MailPath {
    /// Such as `mofu/guide`.
    pub name: String,
    /// Two letters, if the path has them: `guide.de.md`.
    pub language: Option<String>,
    pub kind: MailKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MailKind {
    Markdown,
    Html,
    /// The plain part of the mail of the same name.
    Plain,
}

impl MailPath {
    /// None for a file that is no mail.
    pub fn parse(path: &str) -> Option<Self> {
        let (stem, extension) = path.strip_prefix(MAILS)?.rsplit_once('.')?;
        let kind = match extension {
            "md" => MailKind::Markdown,
            "html" => MailKind::Html,
            "txt" => MailKind::Plain,
            _ => return None,
        };
        let is_language =
            |suffix: &str| suffix.len() == 2 && suffix.bytes().all(|byte| byte.is_ascii_lowercase());
        let (name, language) = match stem.rsplit_once('.') {
            Some((name, suffix)) if is_language(suffix) => (name, Some(suffix.to_owned())),
            _ => (stem, None),
        };
        let named = !name.is_empty() && !name.ends_with('/');
        named.then(|| Self { name: name.to_owned(), language, kind })
    }
}

/// A mail, taken apart. Its texts are Handlebars.
pub(super) struct MailFile<'a> {
    pub subject: Option<Text<'a>>,
    pub preheader: Option<Text<'a>>,
    pub layout: Option<Text<'a>>,
    pub body: Text<'a>,
}

/// The front matter of a mail as a document of its own, in which everything has the place that it has in the file.
pub(super) struct Front {
    toml: String,
    body: usize,
}

impl Front {
    /// Finds the TOML between the two lines of `+++`. Without them, which is reported, it is empty.
    pub fn split(source: Source) -> Self {
        match fences(source.text) {
            Some((toml, body)) => {
                let blanks = " ".repeat(toml.start.saturating_sub(1));
                // The first line ends where it does in the file, so that all places are the same.
                Self { toml: format!("{blanks}\n{}", &source.text[toml]), body }
            }
            None => {
                let finding = Finding::new(
                    Code::FrontMatter,
                    "the mail does not begin with its subject between two lines of +++",
                );
                let help =
                    "begin the file with a line of +++, then subject = \"…\", then another line of +++";
                source.report(0..0, finding.help(help));
                Self { toml: String::new(), body: 0 }
            }
        }
    }

    /// Whether the file has none, which is reported.
    pub fn is_missing(&self) -> bool {
        self.toml.is_empty()
    }

    /// The front matter of the file that this was split from.
    pub fn document<'a>(&'a self, source: Source<'a>) -> Document<'a> {
        Document::parse(source.with_text(&self.toml))
    }

    /// Takes the file apart. What is wrong in its front matter is reported.
    pub fn read<'a>(&self, source: Source<'a>, document: &'a Document<'_>) -> MailFile<'a> {
        let body = Text { value: &source.text[self.body..], span: self.body..source.text.len(), source };
        if self.toml.is_empty() {
            return MailFile { subject: None, preheader: None, layout: None, body };
        }
        let mut table = Table::root(document);
        let subject = table.required("subject", "\"Your guide is here\"");
        let preheader = table.text("preheader");
        for line in subject.iter().chain(&preheader) {
            line.one_line();
        }
        let layout = table.text("layout");
        table.finish();
        MailFile { subject, preheader, layout, body }
    }
}

/// The text between two lines of `+++`, of which the first begins the file, and where the rest begins.
fn fences(text: &str) -> Option<(Range<usize>, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let fence = line.trim_end() == "+++";
        match start {
            None if !fence => return None,
            None => start = Some(at + line.len()),
            Some(start) if fence => return Some((start..at, at + line.len())),
            Some(_) => {}
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_name_language_and_kind() {
        let path = |name: &str, language: Option<&str>, kind| {
            Some(MailPath { name: name.into(), language: language.map(str::to_owned), kind })
        };
        for (text, expected) in [
            ("templates/mail/mofu/guide.md", path("mofu/guide", None, MailKind::Markdown)),
            ("templates/mail/mofu/guide.de.html", path("mofu/guide", Some("de"), MailKind::Html)),
            ("templates/mail/a.v2.txt", path("a.v2", None, MailKind::Plain)),
            ("templates/mail/a.DE.md", path("a.DE", None, MailKind::Markdown)),
            ("templates/mail/de.md", path("de", None, MailKind::Markdown)),
            ("templates/mail/x/.md", None),
            ("templates/mail/logo.png", None),
            ("templates/mail/README", None),
            ("templates/pages/x.md", None),
        ] {
            assert_eq!(MailPath::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn fences_stand_alone_in_their_lines() {
        assert_eq!(fences("+++\na = 1\n+++\nb"), Some((4..10, 14)));
        assert_eq!(fences("+++\r\n+++ \r\n"), Some((5..5, 11)));
        assert_eq!(fences("+++\n+++"), Some((4..4, 7)));
        for text in ["", "x", "+++", "+++\na", " +++\n+++\n", "++++\n+++\n"] {
            assert_eq!(fences(text), None, "{text:?}");
        }
    }
}
