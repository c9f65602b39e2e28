//! What is wrong with an expression that is not CEL, in words for people who write one a year.
//!
//! The parser names the tokens that it expected. What people get wrong is nearly always a sign from another language,
//! so those are looked for first.

use std::ops::Range;

use cel::ParseErrors;

use crate::workspace::code::Code;
use crate::workspace::source::{Finding, offset};
use crate::workspace::table::Text;

/// What an expression looks like.
const EXAMPLE: &str = "write it like this: lead.country == \"DE\" && fit >= 20";

/// What other languages write, what to write instead, and what that is for.
const WRONG: [(&str, &str, &str); 17] = [
    ("=", "==", "two values are compared with"),
    ("===", "==", "two values are compared with"),
    ("is", "==", "two values are compared with"),
    ("=>", ">=", "\"at least\" is written"),
    ("≥", ">=", "\"at least\" is written"),
    ("=<", "<=", "\"at most\" is written"),
    ("≤", "<=", "\"at most\" is written"),
    ("<>", "!=", "\"is not\" is written"),
    ("!==", "!=", "\"is not\" is written"),
    ("&", "&&", "conditions that all have to be true are joined by"),
    ("&&&", "&&", "conditions that all have to be true are joined by"),
    ("and", "&&", "conditions that all have to be true are joined by"),
    ("und", "&&", "conditions that all have to be true are joined by"),
    ("|", "||", "conditions of which one has to be true are joined by"),
    ("or", "||", "conditions of which one has to be true are joined by"),
    ("oder", "||", "conditions of which one has to be true are joined by"),
    ("not", "!", "the contrary is written with"),
];

/// Signs that are right, of which none is a part of another.
const KNOWN: [&str; 6] = ["&&", "||", "==", "!=", "<=", ">="];

const CURLY: [char; 6] = ['“', '”', '„', '‘', '’', '‚'];

/// Reports what is wrong with an expression that the parser refused.
pub(super) fn report(text: &Text, errors: &ParseErrors) {
    let found = scan(text.value);
    for (place, message, help) in &found {
        text.report_part(place.clone(), Finding::new(Code::Expression, message.as_str()).help(help.as_str()));
    }
    if !found.is_empty() {
        return;
    }
    let number = |number: isize| usize::try_from(number).unwrap_or(1);
    let at =
        errors.errors.first().map_or(0, |error| offset(text.value, number(error.pos.0), number(error.pos.1)));
    let (message, end) = match text.value[at..].trim().is_empty() {
        true => (format!("the condition stops too early, behind `{}`", last_word(text.value)), at),
        false => {
            let word = first_word(&text.value[at..]);
            (format!("`{word}` does not fit here"), at + word.len())
        }
    };
    text.report_part(at..end, Finding::new(Code::Expression, message).help(EXAMPLE));
}

fn last_word(text: &str) -> &str {
    text.split_whitespace().next_back().unwrap_or("")
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let name = |c: char| c.is_alphanumeric() || "_.\"'".contains(c);
    let end = text.find(|c: char| !name(c)).unwrap_or(text.len());
    if end > 0 { &text[..end] } else { &text[..text.chars().next().map_or(0, char::len_utf8)] }
}

type Mistake = (Range<usize>, String, String);

/// The signs and words of other languages outside of texts in quotes, and brackets and quotes without a counterpart.
fn scan(text: &str) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (length, mistake) = piece(text, at, c);
        found.extend(mistake);
        if "([{".contains(c) {
            open.push((at, c));
        } else if ")]}".contains(c) && open.pop().is_none() {
            let help = "take it out, or open it before";
            found.push((at..at + 1, format!("this `{c}` closes nothing"), help.to_owned()));
        }
        at += length;
    }
    let unclosed = open.pop().filter(|_| found.is_empty());
    found.extend(unclosed.map(|(at, c)| {
        let close = match c {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        (at..at + 1, format!("this `{c}` is nowhere closed"), format!("write `{close}` where it ends"))
    }));
    found
}

/// How long the comment, text, sign or word is that begins at a place with this character, and what is wrong with it.
fn piece(text: &str, at: usize, c: char) -> (usize, Option<Mistake>) {
    let rest = &text[at..];
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if c == '"' || c == '\'' {
        let Some(end) = closing(rest, c) else {
            let help = format!("write {}{c}", rest.trim_end());
            return (rest.len(), Some((at..text.len(), "the text has no closing quote".to_owned(), help)));
        };
        return (end, None);
    }
    if CURLY.contains(&c) {
        let end = curly(rest, c);
        let bare = rest[..end].trim_matches(CURLY);
        let message = "these are curly quotation marks, which a text program has put in";
        return (end, Some((at..at + end, message.to_owned(), format!("write straight ones: \"{bare}\""))));
    }
    if let Some(wrong) = wrong_sign(rest) {
        return (wrong.0.len(), Some(instead(at, wrong.0, wrong)));
    }
    if let Some(known) = KNOWN.iter().find(|known| rest.starts_with(**known)) {
        return (known.len(), None);
    }
    if c.is_alphabetic() {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
        return (length, wrong_word(text, at, length));
    }
    (c.len_utf8(), None)
}

/// The length of a text in curly quotation marks that begins with this one; if no other follows, it ends behind the next
/// character.
fn curly(rest: &str, c: char) -> usize {
    let length = c.len_utf8();
    let end = rest[length..].find(CURLY).map_or(length, |end| length + end);
    rest[end..].chars().next().map_or(end, |last| end + last.len_utf8())
}

/// The length of a text with its quotes.
fn closing(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

fn wrong_sign(rest: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let run = rest.find(|c: char| !"=<>!&|≥≤".contains(c)).unwrap_or(rest.len());
    WRONG.into_iter().find(|(wrong, ..)| *wrong == &rest[..run])
}

/// `and` for `&&`, and `x not in y`.
fn wrong_word(text: &str, at: usize, length: usize) -> Option<Mistake> {
    let word = &text[at..at + length];
    let lower = word.to_lowercase();
    let wrong = WRONG.into_iter().find(|(wrong, ..)| *wrong == lower)?;
    if lower == "not" && text[at + length..].trim_start().starts_with("in ") {
        let help = "write it like this: !(lead.country in [\"DE\", \"AT\"])";
        return Some((
            at..at + length,
            "\"not in\" is written with ! before the whole comparison".to_owned(),
            help.to_owned(),
        ));
    }
    Some(instead(at, word, wrong))
}

fn instead(at: usize, written: &str, (_, right, what): (&str, &str, &str)) -> Mistake {
    (
        at..at + written.len(),
        format!("{what} {right}, not `{written}`"),
        format!("write {right} instead of {written}"),
    )
}
