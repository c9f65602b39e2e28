//! [`Tokens`]: Handlebars tags as words that Markdown and HTML leave alone.
//!
//! Markdown would escape the quotes of a tag, and an HTML parser moves text that stands between table rows. So each tag
//! of a mail is put away and a word such as `dl7z` stands for it, until the text is HTML and the tags are put back.

use super::tags::{self, Kind};
use super::tracking::as_tags;
use crate::workspace::table::Text;

/// The tags of one mail.
pub(super) struct Tokens<'a> {
    prefix: String,
    tags: Vec<Tag<'a>>,
}

struct Tag<'a> {
    kind: Kind,
    /// The tag as it was written, and where.
    text: Text<'a>,
}

/// Where a tag was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl Place {
    fn of(text: &Text) -> Self {
        let (line, column) = text.source.position(text.span.start);
        Self { file: text.source.name.to_owned(), line, column }
    }
}

/// A part of a text with tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'t> {
    Text(&'t str),
    /// A tag, by its number.
    Tag(usize),
}

/// A template with its tags put back, and where each was written.
pub(super) struct Restored {
    pub text: String,
    /// By line and column, from 1, in `text`.
    pub places: Vec<((usize, usize), Place)>,
}

impl<'a> Tokens<'a> {
    /// Tokens for texts that do not contain `prefix`: lower-case letters, which HTML leaves as they are.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), tags: Vec::new() }
    }

    /// The text with tokens for its tags, and without its comments.
    pub fn take(&mut self, text: &Text<'a>) -> String {
        let mut taken = String::with_capacity(text.value.len());
        let mut from = 0;
        for (range, kind) in tags::find(text.value) {
            taken.push_str(&text.value[from..range.start]);
            from = range.end;
            if kind != Kind::Comment {
                taken.push_str(&self.word(self.tags.len()));
                let tag =
                    Text { value: &text.value[range.clone()], span: text.part(range), source: text.source };
                self.tags.push(Tag { kind, text: tag });
            }
        }
        taken.push_str(&text.value[from..]);
        taken
    }

    /// What every token begins with, and nothing else does.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The token for a tag.
    pub fn word(&self, tag: usize) -> String {
        format!("{}{tag}z", self.prefix)
    }

    pub fn kind(&self, tag: usize) -> &Kind {
        &self.tags[tag].kind
    }

    /// The tag as it was written.
    pub fn written(&self, tag: usize) -> &Text<'a> {
        &self.tags[tag].text
    }

    /// The text and the tokens in it, in order. Empty texts are left out.
    pub fn parts<'t>(&self, text: &'t str) -> Vec<Part<'t>> {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut text_len = 0;
        while let Some(at) = rest[text_len..].find(&self.prefix).map(|at| text_len + at) {
            let Some((tag, len)) = self.tag(&rest[at..]) else {
                text_len = at + self.prefix.len();
                continue;
            };
            parts.extend((at > 0).then_some(Part::Text(&rest[..at])));
            parts.push(Part::Tag(tag));
            rest = &rest[at + len..];
            text_len = 0;
        }
        parts.extend((!rest.is_empty()).then_some(Part::Text(rest)));
        parts
    }

    /// The tags of a text in order.
    pub fn tags(&self, text: &str) -> Vec<usize> {
        let tag = |part| if let Part::Tag(tag) = part { Some(tag) } else { None };
        self.parts(text).into_iter().filter_map(tag).collect()
    }

    /// Whether a text is nothing but block tags, at least one, and blanks.
    pub fn only_blocks(&self, text: &str) -> bool {
        self.only(text, Kind::is_block)
    }

    /// Whether a text is nothing but block tags and partials, at least one, and blanks.
    pub fn stands_apart(&self, text: &str) -> bool {
        self.only(text, Kind::stands_apart)
    }

    fn only(&self, text: &str, fits: fn(&Kind) -> bool) -> bool {
        let parts = self.parts(text);
        let blank_or_fits = |part: &Part| match part {
            Part::Text(text) => text.trim().is_empty(),
            Part::Tag(tag) => fits(self.kind(*tag)),
        };
        parts.iter().all(blank_or_fits) && parts.iter().any(|part| matches!(part, Part::Tag(_)))
    }

    /// The tag of the token that this text begins with, and the token's length.
    fn tag(&self, text: &str) -> Option<(usize, usize)> {
        let number = text.strip_prefix(&self.prefix)?;
        let digits = number.find(|c: char| !c.is_ascii_digit())?;
        let tag = number[..digits].parse().ok().filter(|tag| *tag < self.tags.len())?;
        number[digits..].starts_with('z').then_some((tag, self.prefix.len() + digits + 1))
    }

    /// The text with its tags put back, also where a token stands in a comment of its own or as an attribute.
    pub fn restore(&self, text: &str) -> Restored {
        let mut restored = Restored { text: String::with_capacity(text.len() * 2), places: Vec::new() };
        let (mut line, mut column, mut counted) = (1, 1, 0);
        // What HTML has put behind a token: nothing, the end of its comment, or the value of an attribute.
        let mut behind = None;
        for part in self.parts(text) {
            match part {
                Part::Text(text) => {
                    let text = behind.take().and_then(|behind| text.strip_prefix(behind)).unwrap_or(text);
                    restored.text.push_str(&as_tags(text.replace("{{", "\\{{")));
                }
                Part::Tag(tag) => {
                    let comment = self.kind(tag).is_block() && restored.text.ends_with("<!--");
                    restored.text.truncate(restored.text.len() - if comment { "<!--".len() } else { 0 });
                    behind = Some(if comment { "-->" } else { "=\"\"" });
                    for c in restored.text[counted..].chars() {
                        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
                    }
                    counted = restored.text.len();
                    let written = self.written(tag);
                    restored.places.push(((line, column), Place::of(written)));
                    restored.text.push_str(written.value);
                }
            }
        }
        restored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};

    #[test]
    fn tags_go_and_come_back_with_their_places() {
        let report = Report::default();
        let value = "ü {{a}}\n{{! gone }}{{#if b}}x{{/if}} dl9z dlz {{! x";
        let text = Text { value, span: 0..value.len(), source: Source::new("f.md", value, &report) };
        let mut tokens = Tokens::new("dl");
        let taken = tokens.take(&text);
        assert_eq!(taken, "ü dl0z\ndl1zxdl2z dl9z dlz {{! x");
        assert_eq!(tokens.tags(&taken), [0, 1, 2]);
        let restored = tokens.restore("dl0z <!--dl1z-->\nx<i dl2z=\"\" <!--dl0z-->");
        assert_eq!(restored.text, "{{a}} {{#if b}}\nx<i {{/if}} <!--{{a}}-->");
        let places: Vec<_> =
            restored.places.iter().map(|(at, place)| (*at, place.line, place.column)).collect();
        assert_eq!(places, [((1, 1), 1, 3), ((1, 7), 2, 12), ((2, 5), 2, 22), ((2, 17), 1, 3)]);
    }

    #[test]
    fn braces_that_html_made_are_no_tags() {
        assert_eq!(Tokens::new("dl").restore("{{x}}").text, "\\{{x}}");
    }
}
