//! The plain part, made from the HTML of a mail's body.

use std::cell::RefCell;
use std::rc::Rc;

use html2text::config;
use html2text::render::TextDecorator;

use super::html::Link;
use super::place::{as_words, visible_blocks};
use super::tokens::Tokens;
use super::tracking::wrapped;

/// Characters in a line, as customary in mail.
const WIDTH: usize = 76;

/// The body as plain text with tokens: `text (URL)` for a link, lists and tables as lines.
/// None if its block tags would not stay in order, so that somebody has to write the plain part.
/// `links` are those of the mail: what the plain part shares with the HTML is followed as there.
pub(super) fn from_html(html: &str, tokens: &Tokens, links: &[Link]) -> Option<String> {
    let urls = Urls { prefix: format!("{}u", tokens.prefix()), seen: Rc::default() };
    let read = config::with_decorator(urls.clone())
        .no_table_borders()
        .allow_width_overflow()
        .link_footnotes(false)
        .string_from_read(as_words(&spaced(html), tokens).as_bytes(), WIDTH)
        .ok()?;
    let text = tidy(&urls.restore(&join_words(&read), tokens, links), tokens);
    let expected = visible_blocks(html, tokens);
    let blocks: Vec<usize> = tokens.tags(&text).into_iter().filter(|tag| expected.contains(tag)).collect();
    (blocks == expected).then_some(text)
}

/// The HTML with an empty line before a list, as there is one behind it, and a gap of two blanks between columns.
fn spaced(html: &str) -> String {
    // A blank, or the line would not come about; it goes with those at the ends of lines.
    let before = |html: &str, list: &str| {
        html.replace(&format!("</p>\n<{list}>"), &format!("<br>&nbsp;</p>\n<{list}>"))
    };
    let lists = before(&before(html, "ul"), "ol");
    lists.replace("</td><td", "&nbsp;</td><td").replace("</th><th", "&nbsp;</th><th")
}

/// Joins words that were split as they are longer than a line: they are URLs, and must stay whole.
fn join_words(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut split = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let part = if split { line.trim_start() } else { line };
        split = content.chars().count() == WIDTH && !content.trim_start().contains(char::is_whitespace);
        joined.push_str(if split { part.trim_end() } else { part });
    }
    joined
}

/// Lines without blanks at their ends, and block tags that are alone in a line without the mark of a list before them.
fn tidy(text: &str, tokens: &Tokens) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end) {
        let content = line.trim_start().trim_start_matches("* ").trim();
        tidy.push_str(if tokens.only_blocks(content) { content } else { line });
        tidy.push('\n');
    }
    tidy
}

/// Writes the URL of a link behind it. URLs are put away as short words until lines are broken, so that none is split.
#[derive(Clone)]
struct Urls {
    prefix: String,
    seen: Rc<RefCell<Vec<String>>>,
}

impl Urls {
    fn restore(&self, text: &str, tokens: &Tokens, links: &[Link]) -> String {
        let mut text = text.to_owned();
        for (number, url) in self.seen.borrow().iter().enumerate() {
            let behind = format!("({}{number}z)", self.prefix);
            let shown = url.strip_prefix("mailto:").unwrap_or(url);
            let without_scheme = shown.split_once("://").map_or(shown, |(_, rest)| rest);
            // A link whose text is its URL needs it no second time.
            for (text_is, blank) in
                [(shown, ' '), (shown, '\n'), (without_scheme, ' '), (without_scheme, '\n')]
            {
                text = text.replace(&format!("{text_is}{blank}{behind}"), text_is);
            }
            let href = tokens.restore(url).text;
            let link = links.iter().position(|link| link.is_tracked() && link.href == href);
            let shown = link.map_or_else(|| shown.to_owned(), |number| wrapped(number, shown));
            text = text.replace(&behind, &format!("({shown})"));
        }
        text
    }
}

impl TextDecorator for Urls {
    type Annotation = ();

    fn decorate_link_start(&mut self, url: &str) -> (String, ()) {
        self.seen.borrow_mut().push(url.to_owned());
        (String::new(), ())
    }

    fn decorate_link_end(&mut self) -> String {
        let seen = self.seen.borrow();
        match seen.last() {
            Some(url) if !url.is_empty() && !url.starts_with('#') => {
                format!(" ({}{}z)", self.prefix, seen.len() - 1)
            }
            _ => String::new(),
        }
    }

    fn decorate_em_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _: &str, title: &str) -> (String, ()) {
        (title.to_owned(), ())
    }

    fn header_prefix(&self, _: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "* ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};
    use crate::workspace::table::Text;

    fn plain(value: &str) -> Option<String> {
        let report = Report::default();
        let mut tokens = Tokens::new("dl");
        let text = Text { value, span: 0..value.len(), source: Source::new("f.html", value, &report) };
        let taken = tokens.take(&text);
        from_html(&taken, &tokens, &[]).map(|plain| tokens.restore(&plain).text)
    }

    #[test]
    fn links_show_their_urls_whole() {
        let url = format!("https://nordwerk.example/{}", "long/".repeat(30));
        let html = format!(
            "<p>See <a href=\"{url}\">the guide</a> or <a href=\"{url}\">{url}</a>.</p><p><a href=\"mailto:kim@x.example\">kim@x.example</a> <a href=\"#top\">up</a> <a href=\"{{{{link.unsubscribe}}}}\">stop</a></p>"
        );
        let text = plain(&html).expect("plain");
        assert!(text.replace('\n', " ").contains(&format!("See the guide ({url}) or {url}")), "{text}");
        assert!(text.contains("kim@x.example up stop ({{link.unsubscribe}})"), "{text}");
    }

    #[test]
    fn blocks_stay_around_what_they_held() {
        let html = "<p>a {{#if x}}b{{/if}}</p>{{#if y}}<h1>T</h1>{{else}}<p>z</p>{{/if}}<ul>{{#each t}}<li>{{this}}</li>{{/each}}</ul>\
                    <table><thead><tr><th>A</th><th>B</th></tr></thead><tbody>{{#each t}}<tr><td>{{this}}</td><td>1</td></tr>{{/each}}</tbody></table>";
        let text = plain(html).expect("plain");
        let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            squeezed,
            "a {{#if x}}b{{/if}} {{#if y}} T {{else}} z {{/if}} {{#each t}} * {{this}} {{/each}} A B {{#each t}} {{this}} 1 {{/each}}"
        );
        assert!(text.contains("\n{{#each t}}\n* {{this}}\n{{/each}}\n"), "{text}");
    }

    #[test]
    fn lists_and_columns_stand_apart() {
        let text =
            plain("<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n<p>c</p>\n<ol>\n<li>d</li>\n</ol>\n").expect("plain");
        assert_eq!(text, "a\n\n* b\n\nc\n\n1. d\n");
        let row = "<tr><td>long cell</td><td>1</td></tr>";
        let text = plain(&format!("<table><tbody>{row}{row}</tbody></table>")).expect("plain");
        assert_eq!(text.replace('\u{a0}', " "), "long cell  1\nlong cell  1\n");
    }

    #[test]
    fn lines_are_not_wider_than_customary() {
        let text = plain(&format!("<p>{}</p>", "word ".repeat(60))).expect("plain");
        assert!(text.lines().all(|line| line.len() <= WIDTH) && text.lines().count() > 3, "{text}");
    }
}
