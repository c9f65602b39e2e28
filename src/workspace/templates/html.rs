//! The HTML part: body into layout, styles into elements, links into a list.

use std::collections::BTreeMap;
use std::fmt::Write;

use css_inline::CSSInliner;

use super::place::as_comments;
use super::tags::Kind;
use super::tokens::{Part, Tokens};
use super::tracking::wrapped;
use crate::workspace::table::Text;

/// A link of a mail, in the order of the mail. Tags stand in it as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The title of the link in Markdown, or its `data-link` in HTML.
    pub name: Option<String>,
    pub href: String,
}

impl Link {
    /// Whether clicks on it can be seen: it leads to a page, and is none of the engine's own.
    pub fn is_tracked(&self) -> bool {
        let web = ["http://", "https://", "{{"].iter().any(|scheme| self.href.starts_with(scheme));
        web && !self.href.starts_with("{{link.")
    }
}

/// Why a document could not be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HtmlError {
    /// This tag is lost or moved when the document is read as HTML.
    Misplaced(usize),
    /// The styles cannot be read.
    Styles(String),
}

/// What is put where a text includes it.
pub(super) struct Inclusions<'t, 'a> {
    pub partials: &'t BTreeMap<String, Text<'a>>,
    /// The engine's own, with tokens.
    pub slots: BTreeMap<&'static str, String>,
}

/// The text with all that it includes. The caller has made sure that no partial includes itself.
pub(super) fn expand<'a>(html: &str, tokens: &mut Tokens<'a>, inclusions: &Inclusions<'_, 'a>) -> String {
    let mut expanded = String::with_capacity(html.len());
    for part in tokens.parts(html) {
        let tag = match part {
            Part::Text(text) => {
                expanded.push_str(text);
                continue;
            }
            Part::Tag(tag) => tag,
        };
        let Kind::Include(name) = tokens.kind(tag).clone() else {
            expanded.push_str(&tokens.word(tag));
            continue;
        };
        if let Some(slot) = inclusions.slots.get(name.as_str()) {
            expanded.push_str(slot);
        } else if let Some(partial) = inclusions.partials.get(name.as_str()) {
            let partial = tokens.take(partial);
            expanded.push_str(&expand(&partial, tokens, inclusions));
        }
    }
    expanded
}

/// Whether a text includes this partial or slot.
pub(super) fn includes(html: &str, name: &str, tokens: &Tokens) -> bool {
    tokens
        .tags(html)
        .into_iter()
        .any(|tag| matches!(tokens.kind(tag), Kind::Include(included) if included == name))
}

/// Puts something before the end of the body, or at the end.
pub(super) fn append(html: &str, last: &str) -> String {
    // Lower case in ASCII changes no positions.
    let at = html.to_ascii_lowercase().rfind("</body").unwrap_or(html.len());
    format!("{}{last}{}", &html[..at], &html[at..])
}

/// Puts something behind the begin of the body, or at the begin.
pub(super) fn prepend(html: &str, first: &str) -> String {
    let body = html.to_ascii_lowercase().find("<body");
    let at = body.and_then(|body| html[body..].find('>').map(|end| body + end + 1)).unwrap_or(0);
    format!("{}{first}{}", &html[..at], &html[at..])
}

/// Writes the rules of style sheets to the elements that they are about, since mail programs drop style sheets.
/// Rules for dark mode and small screens stay.
pub(super) fn inline(html: &str, tokens: &Tokens) -> Result<String, HtmlError> {
    let html = as_comments(html, tokens);
    let inliner = CSSInliner::options().load_remote_stylesheets(false).keep_at_rules(true).build();
    let inlined = inliner.inline(&html).map_err(|error| HtmlError::Styles(error.to_string()))?;
    let (before, after) = (tokens.tags(&html), tokens.tags(&inlined));
    if before != after {
        return Err(HtmlError::Misplaced(misplaced(&before, &after)));
    }
    Ok(if html.contains("<tbody") { inlined } else { enter_tbody(&inlined, tokens) })
}

/// The first tag that is gone, or that HTML has moved: that is always to before its table.
fn misplaced(before: &[usize], after: &[usize]) -> usize {
    let first = before.iter().enumerate().find(|(place, tag)| after.get(*place) != Some(*tag));
    let Some((place, tag)) = first else { return 0 };
    let moved = after.get(place).filter(|_| after.contains(tag));
    *moved.unwrap_or(tag)
}

/// HTML puts a `<tbody>` that nobody wrote between a block tag and the rows that it is about: they change places.
fn enter_tbody(html: &str, tokens: &Tokens) -> String {
    let mut pieces = html.split("<tbody>");
    let mut entered = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let head = entered.trim_end_matches(|c: char| c.is_whitespace());
        let start = comments_start(head, tokens);
        entered.insert_str(start, "<tbody>");
        entered.push_str(piece);
    }
    entered
}

/// Where the run of block tags in comments begins that a text ends with; its end if there is none.
fn comments_start(html: &str, tokens: &Tokens) -> usize {
    let comment = html.strip_suffix("-->").and_then(|before| before.rfind("<!--"));
    match comment {
        Some(at) if tokens.only_blocks(&html[at + 4..html.len() - 3]) => {
            let before = html[..at].trim_end();
            let earlier = comments_start(before, tokens);
            if earlier == before.len() { at } else { earlier }
        }
        _ => html.len(),
    }
}

/// The links of a document that [`inline`] has written, and the document without their names.
pub(super) fn take_links(html: &str, tokens: &Tokens) -> (String, Vec<Link>) {
    let mut links: Vec<Link> = Vec::new();
    let mut rest = html;
    let mut without = String::with_capacity(html.len());
    while let Some(at) = rest.find("<a ") {
        without.push_str(&rest[..at + 2]);
        rest = &rest[at + 2..];
        let mut link = Link { name: None, href: String::new() };
        while let Some((attribute, name, raw)) = attribute(rest) {
            let value = || tokens.restore(&unescape(raw)).text;
            match name {
                "data-link" => link.name = Some(value()),
                "href" => link.href = value(),
                _ => {}
            }
            match name {
                "data-link" => {}
                "href" if link.is_tracked() => {
                    let _ = write!(without, " href=\"{}\"", wrapped(links.len(), raw));
                }
                _ => without.push_str(attribute),
            }
            rest = &rest[attribute.len()..];
        }
        links.extend((!link.href.is_empty()).then_some(link));
    }
    without.push_str(rest);
    (without, links)
}

/// The attribute that the inside of a tag begins with: all of it, its name, its value. Written by [`inline`], so it is
/// ` name="value"` without exceptions.
fn attribute(tag: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = tag.strip_prefix(' ')?.split_once("=\"")?;
    let value = &rest[..rest.find('"')?];
    let len = 1 + name.len() + 2 + value.len() + 1;
    (!name.contains(['>', '<', ' '])).then(|| (&tag[..len], name, value))
}

pub(super) fn unescape(value: &str) -> String {
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// Text as HTML shows it.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};

    fn with_tokens(value: &str, check: impl FnOnce(&str, &Tokens)) {
        let report = Report::default();
        let mut tokens = Tokens::new("dl");
        let text = Text { value, span: 0..value.len(), source: Source::new("f.html", value, &report) };
        let taken = tokens.take(&text);
        check(&taken, &tokens);
    }

    #[test]
    fn styles_go_into_elements_and_tags_survive() {
        let html = "<!DOCTYPE html><style>p{color:red}@media (x){p{color:blue}}</style>\
                    <p {{#if a}} title=\"{{b}}\" {{/if}}>{{#if c}}x{{/if}}<table><tr>{{#each d}}<td>{{this}}</td>{{/each}}</tr></table>";
        with_tokens(html, |taken, tokens| {
            let restored = tokens.restore(&inline(taken, tokens).expect("sound")).text;
            assert!(restored.starts_with("<!DOCTYPE html><html>"), "{restored}");
            assert!(restored.contains("<style>@media (x){p{color:blue}}"), "{restored}");
            assert!(
                restored
                    .contains("<p {{#if a}} title=\"{{b}}\" {{/if}} style=\"color: red;\">{{#if c}}x{{/if}}"),
                "{restored}"
            );
            assert!(restored.contains("<tr>{{#each d}}<td>{{this}}</td>{{/each}}</tr>"), "{restored}");
        });
    }

    #[test]
    fn rows_in_a_loop_stay_in_their_table() {
        with_tokens(
            "<table>\n {{#each d}} {{#if e}}\n<tr><td>{{this}}</td></tr>{{/if}}{{/each}}</table>",
            |taken, tokens| {
                let restored = tokens.restore(&inline(taken, tokens).expect("sound")).text;
                let rows = "<tbody>{{#each d}} {{#if e}}\n<tr><td>{{this}}</td></tr>{{/if}}{{/each}}</tbody></table>";
                assert!(restored.contains(rows), "{restored}");
            },
        );
    }

    #[test]
    fn what_html_moves_or_drops_is_named() {
        with_tokens("<table><tr><td>{{b}}</td></tr>{{a}}</table>", |taken, tokens| {
            assert_eq!(inline(taken, tokens), Err(HtmlError::Misplaced(1)));
        });
        with_tokens("<p>{{a}}</p><i title=\"{{b}}\" title=\"{{c}}\">x</i>", |taken, tokens| {
            assert_eq!(inline(taken, tokens), Err(HtmlError::Misplaced(2)));
        });
    }

    #[test]
    fn links_are_listed_and_lose_their_names() {
        let html = "<a href=\"https://x.example/?a=1&amp;b={{c}}\" data-link=\"one\" title=\"d\">x</a><a name=\"y\"></a><a href='{{link.unsubscribe}}'>z</a>";
        with_tokens(html, |taken, tokens| {
            let (without, links) = take_links(&inline(taken, tokens).expect("sound"), tokens);
            assert!(
                !without.contains("data-link") && without.contains("title=\"d\">x</a><a name=\"y\"></a>"),
                "{without}"
            );
            let link = |name: Option<&str>, href: &str| Link {
                name: name.map(str::to_owned),
                href: href.to_owned(),
            };
            assert_eq!(
                links,
                [link(Some("one"), "https://x.example/?a=1&b={{c}}"), link(None, "{{link.unsubscribe}}")]
            );
        });
    }
}
