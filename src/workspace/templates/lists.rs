//! Blocks around items of a list, as an author means them who writes a block tag between two items.
//!
//! Markdown ends a list at such a line, so that each turn of a loop would be a list of its own, with space around it.

use super::tags::Kind;
use super::tokens::Tokens;

const OPEN: &str = "<ul>";
const CLOSE: &str = "</ul>";

/// Makes one list of a block that holds nothing but lists, and of the lists right before and after it.
pub(super) fn join(mut html: String, tokens: &Tokens) -> String {
    for tag in tokens.tags(&html) {
        if *tokens.kind(tag) == Kind::Close {
            html = join_block(&html, tag, tokens).unwrap_or(html);
        }
    }
    html
}

/// The HTML with the block that this tag closes as one list. None if it holds anything else.
fn join_block(html: &str, close: usize, tokens: &Tokens) -> Option<String> {
    let tags = block(html, close, tokens)?;
    let words: Vec<String> = tags.iter().map(|tag| tokens.word(*tag)).collect();
    let (before, mut rest) = html.split_once(&words[0])?;
    let mut joined = words[0].clone();
    for word in &words[1..] {
        let (content, after) = rest.split_once(word)?;
        joined.push_str(items(content)?);
        joined.push_str(word);
        rest = after;
    }
    let before = match before.trim_end().strip_suffix(CLOSE) {
        Some(list) => list.to_owned(),
        None => format!("{before}{OPEN}"),
    };
    let after = match rest.trim_start().strip_prefix(OPEN) {
        Some(list) => list.to_owned(),
        None => format!("{CLOSE}{rest}"),
    };
    Some(format!("{before}\n{joined}{after}"))
}

/// The tags of the block that a tag closes: its begin, each `else`, its end.
fn block(html: &str, close: usize, tokens: &Tokens) -> Option<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for tag in tokens.tags(html) {
        match tokens.kind(tag) {
            Kind::Open => blocks.push(vec![tag]),
            Kind::Else => blocks.last_mut()?.push(tag),
            Kind::Close => {
                let mut block = blocks.pop()?;
                block.push(tag);
                if tag == close {
                    return Some(block);
                }
            }
            _ => {}
        }
    }
    None
}

/// The items of a text that is one list and nothing else.
fn items(html: &str) -> Option<&str> {
    let items = html.trim().strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let mut depth = 0_usize;
    for (at, _) in items.match_indices('<') {
        if items[at..].starts_with(OPEN) {
            depth += 1;
        } else if items[at..].starts_with(CLOSE) {
            depth = depth.checked_sub(1)?;
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};
    use crate::workspace::table::Text;

    fn joined(value: &str) -> String {
        let report = Report::default();
        let mut tokens = Tokens::new("dl");
        let text = Text { value, span: 0..value.len(), source: Source::new("f", value, &report) };
        let taken = tokens.take(&text);
        tokens.restore(&join(taken, &tokens)).text.split_whitespace().collect()
    }

    #[test]
    fn blocks_of_lists_become_parts_of_one_list() {
        for (html, expected) in [
            (
                "<ul><li>a</li></ul> {{#each t}} <ul><li>b</li></ul> {{/each}} <ul><li>c</li></ul>",
                "<ul><li>a</li>{{#eacht}}<li>b</li>{{/each}}<li>c</li></ul>",
            ),
            (
                "x {{#if a}}<ul><li>b</li></ul>{{else}}<ul><li>c<ul><li>d</li></ul></li></ul>{{/if}} y",
                "x<ul>{{#ifa}}<li>b</li>{{else}}<li>c<ul><li>d</li></ul></li>{{/if}}</ul>y",
            ),
            (
                "{{#if a}}<ul><li>b</li></ul>{{#if c}}<ul><li>d</li></ul>{{/if}}{{/if}}",
                "<ul>{{#ifa}}<li>b</li>{{#ifc}}<li>d</li>{{/if}}{{/if}}</ul>",
            ),
        ] {
            assert_eq!(joined(html), expected, "{html}");
        }
    }

    #[test]
    fn blocks_of_anything_else_stay_as_they_are() {
        for html in [
            "<ul><li>a</li></ul>{{#ifb}}<p>x</p><ul><li>c</li></ul>{{/if}}<ul><li>d</li></ul>",
            "{{#ifa}}<ul><li>b</li></ul><ul><li>c</li></ul>{{/if}}",
            "{{#ifa}}<ul><li>b</li></ul>{{else}}<p>c</p>{{/if}}",
            "{{#ifa}}{{/if}}",
        ] {
            assert_eq!(joined(html), html, "{html}");
        }
    }
}
