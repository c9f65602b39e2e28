//! Markdown with tokens, as HTML with tokens.
//!
//! A block tag such as `{{#if …}}` on a line of its own goes around what its lines hold: paragraphs, items of a list,
//! rows of a table (whose lines then begin with `|`). Within a line it goes around a part of the text.
//! A partial on a line of its own is no paragraph, either.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::lists;
use super::tags::Kind;
use super::tokens::Tokens;

/// The HTML of a text, both with tokens. A link's title becomes its name, `data-link`.
pub(super) fn to_html(text: &str, tokens: &Tokens) -> String {
    let text = set_apart(text, tokens);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events: Vec<Event> = Parser::new_ext(&text, options).collect();
    let events = name_links(buttons(free_rows(events, tokens)));
    let mut html = String::with_capacity(text.len() * 2);
    html::push_html(&mut html, events.into_iter());
    lists::join(without_comments(without_empty_heads(html), tokens), tokens)
}

const HEAD: &str = "<thead>";
const HEAD_ENDS: &str = "</thead>";

/// A table must have a head in Markdown; one that says nothing is left out.
fn without_empty_heads(html: String) -> String {
    let mut pieces = html.split(HEAD);
    let mut without = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(HEAD_ENDS) {
            Some((head, rest)) if is_markup(head) => without.push_str(rest),
            _ => without.extend([HEAD, piece]),
        }
    }
    without
}

/// Whether a text is nothing but tags of HTML.
fn is_markup(html: &str) -> bool {
    html.split('<').all(|tag| tag.split_once('>').map_or(tag, |(_, text)| text).trim().is_empty())
}

/// Tokens that [`set_apart`] has put into comments as mere words again, also those that were in a code block.
fn without_comments(mut html: String, tokens: &Tokens) -> String {
    for tag in tokens.tags(&html) {
        let word = tokens.word(tag);
        html = html.replace(&format!("<!--{word}-->"), &word).replace(&format!("&lt;!--{word}--&gt;"), &word);
    }
    html
}

/// Makes lines of nothing but block tags and partials to HTML comments, which end a paragraph or a list and stay as they are.
/// Between the rows of a table they stay, to become rows.
fn set_apart(text: &str, tokens: &Tokens) -> String {
    let mut rows = Rows { tokens, blocks: Vec::new(), in_rows: BTreeSet::new() };
    let mut apart = String::with_capacity(text.len() + 64);
    let mut after_row = false;
    for line in text.split_inclusive('\n') {
        if !tokens.stands_apart(line) {
            rows.follow(line, false);
            after_row = line.trim_start().starts_with('|');
            apart.push_str(line);
        } else if rows.follow(line, after_row) {
            apart.push_str(line);
        } else {
            let content = line.trim();
            let indent = &line[..line.len() - line.trim_start().len()];
            let comments: Vec<String> =
                tokens.tags(content).iter().map(|tag| comment(tokens, *tag)).collect();
            apart.push_str(&format!("{indent}{}\n", comments.concat()));
        }
    }
    apart
}

fn comment(tokens: &Tokens, tag: usize) -> String {
    format!("<!--{}-->", tokens.word(tag))
}

/// Which block tags belong to a table: those whose block begins there.
struct Rows<'t> {
    tokens: &'t Tokens<'t>,
    /// The blocks that are open, by the tag that opened them.
    blocks: Vec<usize>,
    in_rows: BTreeSet<usize>,
}

impl Rows<'_> {
    /// Follows the blocks of a line; whether its first tag belongs to a table.
    fn follow(&mut self, line: &str, after_row: bool) -> bool {
        let mut first = None;
        for tag in self.tokens.tags(line) {
            let block = match self.tokens.kind(tag) {
                Kind::Open => {
                    self.blocks.push(tag);
                    self.in_rows.extend(after_row.then_some(tag));
                    Some(tag)
                }
                Kind::Else => self.blocks.last().copied(),
                Kind::Close => self.blocks.pop(),
                _ => continue,
            };
            first = first.or(Some(block.is_some_and(|block| self.in_rows.contains(&block))));
        }
        first.unwrap_or(false)
    }
}

/// Puts block tags that are alone in a table's row between the rows.
fn free_rows<'e>(events: Vec<Event<'e>>, tokens: &Tokens) -> Vec<Event<'e>> {
    let mut freed = Vec::with_capacity(events.len());
    let mut row = None;
    for event in events {
        if event == Event::Start(Tag::TableRow) {
            row = Some(freed.len());
        }
        let ends = event == Event::End(TagEnd::TableRow);
        freed.push(event);
        let Some(start) = row.filter(|_| ends) else { continue };
        let text: String = freed[start..].iter().filter_map(text).collect();
        if tokens.stands_apart(&text) {
            let comments: Vec<String> = tokens.tags(&text).iter().map(|tag| comment(tokens, *tag)).collect();
            freed.truncate(start);
            freed.push(Event::Html(format!("{}\n", comments.concat()).into()));
        }
    }
    freed
}

fn text<'e>(event: &'e Event) -> Option<&'e str> {
    match event {
        Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => Some(text),
        _ => None,
    }
}

// Outlook knows no padding of a link, only of a cell.
const BUTTON: &str =
    r#"<table class="button" role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td>"#;
const BUTTON_ENDS: &str = "</td></tr></table>\n";

/// Makes buttons of paragraphs that are nothing but a link in bold.
fn buttons(mut events: Vec<Event>) -> Vec<Event> {
    let mut start = 0;
    for end in 0..events.len() {
        match events[end] {
            Event::Start(Tag::Paragraph) => start = end,
            Event::End(TagEnd::Paragraph) if is_button(&events[start + 1..end]) => {
                // Of a paragraph in bold nothing but the link is left.
                for gone in [start + 1, end - 1] {
                    events[gone] = Event::Html("".into());
                }
                events[start] = Event::Html(BUTTON.into());
                events[end] = Event::Html(BUTTON_ENDS.into());
            }
            _ => {}
        }
    }
    events
}

/// Whether the content of a paragraph is one link, in bold.
fn is_button(content: &[Event]) -> bool {
    match content {
        [
            Event::Start(Tag::Strong),
            Event::Start(Tag::Link { .. }),
            text @ ..,
            Event::End(TagEnd::Link),
            Event::End(TagEnd::Strong),
        ] => !text.contains(&Event::End(TagEnd::Link)),
        _ => false,
    }
}

/// Makes the titles of links to their names.
fn name_links(events: Vec<Event>) -> Vec<Event> {
    let name = |event| match event {
        Event::Start(Tag::Link { dest_url, title, .. }) if !title.is_empty() => {
            let attribute =
                |value: &str| value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
            let link = format!(r#"<a href="{}" data-link="{}">"#, attribute(&dest_url), attribute(&title));
            Event::InlineHtml(link.into())
        }
        event => event,
    };
    events.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};
    use crate::workspace::table::Text;

    /// The HTML with the tags put back.
    fn html(value: &str) -> String {
        let report = Report::default();
        let mut tokens = Tokens::new("dl");
        let text = Text { value, span: 0..value.len(), source: Source::new("f.md", value, &report) };
        let taken = tokens.take(&text);
        tokens.restore(&to_html(&taken, &tokens)).text
    }

    #[test]
    fn tags_keep_their_quotes_and_ampersands() {
        assert_eq!(
            html(r#"Hi {{default lead.first_name "A & \"B\""}}, **{{lead.city}}**_x_."#),
            "<p>Hi {{default lead.first_name \"A & \\\"B\\\"\"}}, <strong>{{lead.city}}</strong><em>x</em>.</p>\n"
        );
    }

    #[test]
    fn links_take_tags_and_names() {
        assert_eq!(
            html(r#"[a]({{link.preferences}} "prefs") [b](https://x.example/?a=1&b={{lead.city}})"#),
            "<p><a href=\"{{link.preferences}}\" data-link=\"prefs\">a</a> \
             <a href=\"https://x.example/?a=1&amp;b={{lead.city}}\">b</a></p>\n"
        );
    }

    #[test]
    fn a_link_alone_in_bold_is_a_button() {
        let button = |link: &str| {
            format!(
                "<table class=\"button\" role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>{link}</td></tr></table>\n"
            )
        };
        assert_eq!(
            html("a\n\n**[b {{lead.city}}](https://x.example \"go\")**\n\nc"),
            format!(
                "<p>a</p>\n{}<p>c</p>\n",
                button("<a href=\"https://x.example\" data-link=\"go\">b {{lead.city}}</a>")
            )
        );
        assert_eq!(html("**[b](https://x.example)**"), button("<a href=\"https://x.example\">b</a>"));
        for text in
            ["Now **[b](https://x.example)**", "**[b](https://x.example) [c](https://x.example)**", "**b**"]
        {
            assert!(!html(text).contains("button"), "{text}");
        }
    }

    #[test]
    fn blocks_on_their_own_lines_go_around_paragraphs_and_lists() {
        assert_eq!(
            html("{{#if lead.city}}\nFrom {{lead.city}}.\n{{else}}\nHello.\n{{/if}}\nEnd"),
            "{{#if lead.city}}\n<p>From {{lead.city}}.</p>\n{{else}}\n<p>Hello.</p>\n{{/if}}\n<p>End</p>\n"
        );
        assert_eq!(
            html("- a\n{{#each lead.tags}}\n- {{this}}\n{{/each}}\n- z"),
            "<ul>\n<li>a</li>\n\n{{#each lead.tags}}\n<li>{{this}}</li>\n{{/each}}\n<li>z</li>\n</ul>\n"
        );
        assert_eq!(html("a {{#if x}}b{{/if}} c"), "<p>a {{#if x}}b{{/if}} c</p>\n");
    }

    #[test]
    fn blocks_go_between_the_rows_of_a_table() {
        let table = "| A | B |\n|---|---|\n{{#each lead.tags}}\n| {{this}} | x |\n{{/each}}\n| end | y |\n";
        let html = html(table);
        assert!(
            html.contains(
                "<tbody>\n{{#each lead.tags}}\n<tr><td>{{this}}</td><td>x</td></tr>\n{{/each}}\n<tr><td>end"
            ),
            "{html}"
        );
    }

    #[test]
    fn a_head_that_says_nothing_is_left_out() {
        let body = "<tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>\n";
        assert_eq!(
            html("| | |\n|---|:-:|\n| 1 | 2 |\n").replace(" style=\"text-align: center\"", ""),
            format!("<table>{body}")
        );
        let head = "<thead><tr><th></th><th>{{lead.city}}</th></tr></thead>";
        assert_eq!(html("| | {{lead.city}} |\n|---|---|\n| 1 | 2 |\n"), format!("<table>{head}{body}"));
    }

    #[test]
    fn a_block_around_a_table_stays_outside() {
        let html = html("{{#if x}}\n| A |\n|---|\n| 1 |\n{{/if}}\n");
        assert!(html.starts_with("{{#if x}}\n<table>") && html.ends_with("</table>\n{{/if}}\n"), "{html}");
    }
}
