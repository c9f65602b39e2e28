//! HTML mails as text. What is quoted gets `> ` before its lines.
//!
//! html2text makes the text. It gets blocks only: marks such as `<b>` would let a browser's rules for broken HTML
//! multiply them without end, and layout tables are columns to nobody.

use html2text::config;

use super::field::bounded;

/// Bytes of the blocks that are made.
const LIMIT: usize = 512 * 1024;
/// Blocks within blocks.
const DEPTH_LIMIT: usize = 40;
/// Bytes of a tag in which quotes are looked for.
const TAG_LIMIT: usize = 20_000;
/// Characters in a line: lines stay as they are.
const WIDTH: usize = 2_000;

/// The line that stands for "here the history begins".
pub const HISTORY: &str = "\u{e000}";

/// Whether a text without a type is HTML.
pub fn looks_like(text: &str) -> bool {
    let start = bounded(text.trim_start(), 200).to_ascii_lowercase();
    ["<!doctype html", "<html", "<body", "<div", "<p>"].iter().any(|tag| start.starts_with(tag))
}

/// The text of HTML.
pub fn to_text(html: &str) -> String {
    let mut blocks = Blocks::default();
    blocks.read(html);
    let read = config::plain().allow_width_overflow().string_from_read(blocks.html.as_bytes(), WIDTH);
    let text = read.unwrap_or_default();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The blocks of a document, as HTML without attributes and without marks in the text.
#[derive(Default)]
struct Blocks {
    html: String,
    /// Elements that are open: their name, and what was written for them.
    open: Vec<(String, Option<&'static str>)>,
}

impl Blocks {
    fn read(&mut self, html: &str) {
        let mut rest = html;
        while let Some(at) = rest.find('<').filter(|_| self.html.len() < LIMIT) {
            self.html.push_str(&rest[..at]);
            rest = &rest[at..];
            match self.markup(rest) {
                Some(after) => rest = after,
                None => break,
            }
        }
        // A tag that nothing ends is text, and so is all that follows it.
        self.html.push_str(&rest.replace('<', "&lt;"));
        self.html.truncate(self.html.floor_char_boundary(LIMIT));
        while let Some((_, written)) = self.open.pop() {
            self.close(written);
        }
    }

    /// Reads what begins with `<`, and returns what follows it. None if it begins a tag that nothing ends.
    fn markup<'a>(&mut self, html: &'a str) -> Option<&'a str> {
        if let Some(comment) = html.strip_prefix("<!--") {
            return Some(comment.split_once("-->").map_or("", |(_, rest)| rest));
        }
        if !Tag::begins(html) {
            self.html.push_str("&lt;");
            return Some(&html[1..]);
        }
        let tag = Tag::read(html)?;
        let rest = &html[tag.length..];
        if tag.closes {
            self.end(&tag.name);
            return Some(rest);
        }
        if ["script", "style", "title", "head", "template", "noscript"].contains(&tag.name.as_str()) {
            return Some(after_element(rest, &tag.name));
        }
        self.begin(tag);
        Some(rest)
    }

    fn begin(&mut self, tag: Tag<'_>) {
        if tag.begins_history() {
            self.html.push_str("<p>\u{e000}</p>");
        }
        let written = match tag.name.as_str() {
            "br" | "hr" => {
                self.html.push_str(if tag.name == "br" { "<br>" } else { "<p></p>" });
                return;
            }
            "td" | "th" => {
                self.html.push(' ');
                return;
            }
            "blockquote" => Some("blockquote"),
            "div" | "section" | "article" | "table" | "tr" | "center" | "body" if tag.quotes() => {
                Some("blockquote")
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Some("p"),
            "div" | "section" | "article" | "table" | "tr" | "center" => Some("div"),
            "ul" => Some("ul"),
            "ol" => Some("ol"),
            "li" => Some("li"),
            "pre" => Some("pre"),
            _ => return,
        };
        if tag.closed {
            return;
        }
        if tag.name == "p" || tag.name == "li" {
            self.end_if_last(&tag.name);
        }
        let written = written.filter(|_| self.open.len() < DEPTH_LIMIT);
        if let Some(name) = written {
            self.html.push_str(&format!("<{name}>"));
        }
        if self.open.len() < 100 * DEPTH_LIMIT {
            self.open.push((tag.name, written));
        }
    }

    /// A paragraph or an item ends the one before.
    fn end_if_last(&mut self, name: &str) {
        if self.open.last().is_some_and(|last| last.0 == name) {
            self.end(name);
        }
    }

    fn end(&mut self, name: &str) {
        let near = self.open.len().saturating_sub(DEPTH_LIMIT);
        let Some(at) = self.open[near..].iter().rposition(|open| open.0 == name) else { return };
        while self.open.len() > near + at {
            let written = self.open.pop().and_then(|(_, written)| written);
            self.close(written);
        }
    }

    fn close(&mut self, written: Option<&str>) {
        if let Some(name) = written {
            self.html.push_str(&format!("</{name}>"));
        }
    }
}

/// What follows the element whose start has been read.
fn after_element<'a>(html: &'a str, name: &str) -> &'a str {
    let mut at = 0;
    while let Some(found) = html[at..].find("</") {
        at += found + 2;
        if html.as_bytes()[at..]
            .get(..name.len())
            .is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        {
            return html[at..].split_once('>').map_or("", |(_, rest)| rest);
        }
    }
    ""
}

/// A tag: `<div class="x">`.
struct Tag<'a> {
    /// Lower case.
    name: String,
    attributes: &'a str,
    closes: bool,
    /// `<br/>`
    closed: bool,
    length: usize,
}

impl<'a> Tag<'a> {
    /// Whether a `<` begins a tag.
    fn begins(html: &str) -> bool {
        let inner = html[1..].strip_prefix('/').unwrap_or(&html[1..]);
        inner.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '!' | '?'))
    }

    /// The tag at the start of `html`. None if nothing ends it.
    fn read(html: &'a str) -> Option<Self> {
        let inner = html[1..].strip_prefix('/').unwrap_or(&html[1..]);
        let closes = inner.len() + 1 < html.len();
        let end = tag_end(inner)?;
        let content = &inner[..end];
        let length = html.len() - inner.len() + end + 1;
        let edge =
            content.find(|letter: char| letter.is_whitespace() || letter == '/').unwrap_or(content.len());
        let name = content[..edge].to_ascii_lowercase();
        // Word writes its own: `o:p`.
        let closed = content.ends_with('/') && !["p", "div", "li"].contains(&name.as_str());
        Some(Self { name, attributes: &content[edge..], closes, closed, length })
    }

    /// Whether attribute `name` holds one of the words.
    fn attribute_has(&self, name: &str, words: &[&str]) -> bool {
        let attributes = bounded(self.attributes, 2_000).to_ascii_lowercase();
        attributes.match_indices(name).any(|(at, _)| {
            let value = attributes[at + name.len()..].trim_start();
            let Some(value) = value.strip_prefix('=').map(str::trim_start) else { return false };
            let value = match value.strip_prefix(['"', '\'']) {
                Some(quoted) => quoted.split(['"', '\'']).next(),
                None => value.split_whitespace().next(),
            };
            value.is_some_and(|value| words.iter().any(|word| value.contains(word)))
        })
    }

    /// Whether mail programs put the history into such an element.
    fn quotes(&self) -> bool {
        self.attribute_has("class", &["gmail_quote", "yahoo_quoted", "protonmail_quote", "zmail_extra"])
            || self.attribute_has("id", &["olk_src_body_section", "isforwardcontent"])
            || self.attribute_has("name", &["quote"])
    }

    /// Whether mail programs put such an element before the history.
    fn begins_history(&self) -> bool {
        let rule = "border-top:solid #";
        self.attribute_has(
            "id",
            &[
                "divrplyfwdmsg",
                "appendonsend",
                "stopspelling",
                "reply-intro",
                "mail-editor-reference-message-container",
            ],
        ) || self.name == "div" && {
            let style = bounded(self.attributes, 2_000).to_ascii_lowercase().replace(": ", ":");
            [rule, "border:none;border-top:solid"].iter().any(|rule| style.contains(rule))
        }
    }
}

/// Where a tag ends: at the first `>` that is in no quotes, or at the first at all if a quote is not closed.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (at, byte) in tag.bytes().enumerate().take(TAG_LIMIT) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        after_equals = byte == b'=' || after_equals && byte.is_ascii_whitespace();
    }
    tag.find('>')
}
