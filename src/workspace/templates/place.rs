//! Where in HTML a token stands, and in which form it survives there.

use super::tokens::{Part, Tokens};

/// Where in HTML a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Where a reader sees it.
    Text,
    /// Between the rows of a table, where HTML allows no text.
    Rows,
    /// In a tag, a comment, a style sheet or a title: anything but markup for its own sake.
    Inside,
}

/// For reading as HTML: block tags between elements become comments, which may stand anywhere and stay there.
pub(super) fn as_comments(html: &str, tokens: &Tokens) -> String {
    write(html, tokens, |place, word, block| match place {
        Place::Text | Place::Rows if block => format!("<!--{word}-->"),
        _ => word,
    })
}

/// For showing as plain text: comments would vanish, so block tags are words, and rows where there are rows.
pub(super) fn as_words(html: &str, tokens: &Tokens) -> String {
    write(html, tokens, |place, word, block| match place {
        Place::Rows if block => format!("<tr><td>{word}</td></tr>"),
        _ => word,
    })
}

/// The block tags that a reader of the HTML would come across.
pub(super) fn visible_blocks(html: &str, tokens: &Tokens) -> Vec<usize> {
    let mut scan = Scan::default();
    let mut visible = Vec::new();
    for part in tokens.parts(html) {
        match part {
            Part::Text(text) => scan.read(text),
            Part::Tag(tag) => {
                visible.extend((scan.place() != Place::Inside && tokens.kind(tag).is_block()).then_some(tag))
            }
        }
    }
    visible
}

fn write(html: &str, tokens: &Tokens, form: impl Fn(Place, String, bool) -> String) -> String {
    let mut scan = Scan::default();
    let mut written = String::with_capacity(html.len());
    for part in tokens.parts(html) {
        match part {
            Part::Text(text) => {
                scan.read(text);
                written.push_str(text);
            }
            Part::Tag(tag) => {
                written.push_str(&form(scan.place(), tokens.word(tag), tokens.kind(tag).is_block()))
            }
        }
    }
    written
}

/// Follows HTML as far as needed to tell where it is.
#[derive(Default)]
struct Scan {
    state: State,
    /// The name of the last tag, `/tr` for an end.
    tag: String,
    /// Whether there was text after it.
    text: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Content,
    TagName,
    Tag,
    Quoted(char),
    Comment,
}

impl Scan {
    fn read(&mut self, html: &str) {
        let mut rest = html;
        while let Some(c) = rest.chars().next() {
            let len = if self.state == State::Content && rest.starts_with("<!--") {
                self.state = State::Comment;
                4
            } else if self.state == State::Comment && rest.starts_with("-->") {
                self.state = State::Content;
                3
            } else {
                let next = rest[c.len_utf8()..].chars().next();
                self.step(c, next);
                c.len_utf8()
            };
            rest = &rest[len..];
        }
    }

    fn step(&mut self, c: char, next: Option<char>) {
        match (self.state, c) {
            (State::Content, '<') if self.begins_tag(next) => {
                (self.state, self.text) = (State::TagName, false);
                self.tag.clear();
            }
            (State::Content, c) => self.text |= !c.is_whitespace(),
            (State::TagName | State::Tag, '>') => self.state = State::Content,
            (State::TagName, c) if c.is_whitespace() => self.state = State::Tag,
            (State::TagName, c) => self.tag.push(c.to_ascii_lowercase()),
            (State::Tag, '"' | '\'') => self.state = State::Quoted(c),
            (State::Quoted(quote), c) if c == quote => self.state = State::Tag,
            _ => {}
        }
    }

    /// Whether a `<` begins a tag, by what follows. In raw text only the tag that ends it does.
    fn begins_tag(&self, next: Option<char>) -> bool {
        let begin = next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '!' | '?'));
        next == Some('/') || begin && !self.is_raw()
    }

    fn is_raw(&self) -> bool {
        matches!(self.tag.as_str(), "title" | "style" | "script" | "textarea")
    }

    fn place(&self) -> Place {
        let between_rows = matches!(
            self.tag.as_str(),
            "table"
                | "thead"
                | "tbody"
                | "tfoot"
                | "/thead"
                | "/tbody"
                | "/tfoot"
                | "/tr"
                | "/caption"
                | "/colgroup"
        );
        match self.state {
            State::Content if self.is_raw() => Place::Inside,
            State::Content if between_rows && !self.text => Place::Rows,
            State::Content => Place::Text,
            _ => Place::Inside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::source::{Report, Source};
    use crate::workspace::table::Text;

    fn forms(value: &str) -> (String, String) {
        let report = Report::default();
        let mut tokens = Tokens::new("dl");
        let text = Text { value, span: 0..value.len(), source: Source::new("f.html", value, &report) };
        let taken = tokens.take(&text);
        (as_comments(&taken, &tokens), as_words(&taken, &tokens))
    }

    #[test]
    fn block_tags_take_the_form_that_survives() {
        let (comments, words) = forms(
            "<title>{{#if a}}</title><a {{#if b}} title=\"{{#if c}}>\" href='{{x}}'>{{y}}{{#if d}}</a>\
             <!-- {{#if e}} --><table>\n{{#if f}}<tr><td>{{#if g}}</td></tr>{{/if}}</table> 1 < 2 {{/if}}",
        );
        assert_eq!(
            comments,
            "<title>dl0z</title><a dl1z title=\"dl2z>\" href='dl3z'>dl4z<!--dl5z--></a>\
             <!-- dl6z --><table>\n<!--dl7z--><tr><td><!--dl8z--></td></tr><!--dl9z--></table> 1 < 2 <!--dl10z-->"
        );
        assert_eq!(
            words,
            "<title>dl0z</title><a dl1z title=\"dl2z>\" href='dl3z'>dl4zdl5z</a><!-- dl6z --><table>\n\
             <tr><td>dl7z</td></tr><tr><td>dl8z</td></tr><tr><td>dl9z</td></tr></table> 1 < 2 dl10z"
        );
    }
}
