//! Where the Handlebars tags of a text are, and of what kind.
//!
//! The handlebars crate reads templates but does not say where a tag ends, and what comes between (Markdown, HTML)
//! would not leave tags whole. So they are found here, in text that the crate has accepted.

use std::ops::Range;

/// What a tag is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{lead.first_name}}`
    Value,
    /// `{{#if …}}`
    Open,
    /// `{{else}}`, `{{else if …}}`
    Else,
    /// `{{/if}}`
    Close,
    /// `{{> name}}`
    Include(String),
    /// `{{! … }}`
    Comment,
    /// `\{{`, which stands for two braces.
    Escape,
}

impl Kind {
    /// Whether the tag shows nothing itself, but begins, parts or ends what may be shown.
    pub fn is_block(&self) -> bool {
        matches!(self, Kind::Open | Kind::Else | Kind::Close)
    }

    /// Whether the tag stands for what is no part of a paragraph if it is alone in its line.
    pub fn stands_apart(&self) -> bool {
        self.is_block() || matches!(self, Kind::Include(_))
    }
}

/// The tags of a text, in order. An unclosed one ends the search.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{{").map(|at| from + at) {
        let backslashes = text[from..start].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes > 0 {
            // One backslash takes the tag's meaning away; more stand for themselves before a tag.
            let end = if backslashes == 1 { start + 2 } else { start };
            found.push((start - backslashes..end, Kind::Escape));
            if backslashes == 1 {
                from = end;
                continue;
            }
        }
        let Some(end) = end(&text[start..]).map(|end| start + end) else { break };
        found.push((start..end, kind(&text[start..end])));
        from = end;
    }
    found
}

/// The length of the tag that this text begins with.
fn end(text: &str) -> Option<usize> {
    if let Some(comment) = text.strip_prefix("{{!--") {
        let ends = ["--}}", "--~}}"].into_iter().filter_map(|end| comment.find(end).map(|at| at + end.len()));
        return ends.min().map(|end| end + 5);
    }
    if text.starts_with("{{!") {
        return text.find("}}").map(|at| at + 2);
    }
    let close = if text.starts_with("{{{") { "}}}" } else { "}}" };
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if text[at..].starts_with(close) => return Some(at + close.len()),
            None => {}
        }
    }
    None
}

fn kind(tag: &str) -> Kind {
    let inner = tag.trim_matches(['{', '}', '~', '&']).trim();
    match inner.chars().next() {
        Some('#') => Kind::Open,
        Some('/') => Kind::Close,
        Some('^') => Kind::Else,
        Some('!') => Kind::Comment,
        Some('>') => {
            let name = inner[1..].split_whitespace().next().unwrap_or("");
            Kind::Include(name.trim_matches(['"', '\'']).to_owned())
        }
        _ if inner == "else" || inner.starts_with("else ") => Kind::Else,
        _ => Kind::Value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Kind)> {
        find(text).into_iter().map(|(range, kind)| (&text[range], kind)).collect()
    }

    #[test]
    fn tags_are_found_whole_and_by_kind() {
        use Kind::*;
        let text = r#"a {{lead.x}} {{~#if (eq a "}}")}} {{else if b}}{{^}}{{ / if ~}} {{{raw}}} {{!-- }} --}}{{! x }}{{> card }}"#;
        assert_eq!(
            found(text),
            [
                ("{{lead.x}}", Value),
                (r#"{{~#if (eq a "}}")}}"#, Open),
                ("{{else if b}}", Else),
                ("{{^}}", Else),
                ("{{ / if ~}}", Close),
                ("{{{raw}}}", Value),
                ("{{!-- }} --}}", Comment),
                ("{{! x }}", Comment),
                ("{{> card }}", Include("card".into())),
            ]
        );
    }

    #[test]
    fn escapes_are_no_tags() {
        assert_eq!(found(r"\{{a}} {{b}}"), [(r"\{{", Kind::Escape), ("{{b}}", Kind::Value)]);
        assert_eq!(found(r"\\{{a}}"), [(r"\\", Kind::Escape), ("{{a}}", Kind::Value)]);
        assert_eq!(found("{{a}} {{b"), [("{{a}}", Kind::Value)]);
    }
}
