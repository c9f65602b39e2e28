//! What is wrong with a file that is not TOML, in words for people who have never heard of it.
//!
//! The reader goes on after a mistake and finds what follows from it as well. Only the first mistake of a line is told,
//! and after one that leaves something open nothing of the rest.

use std::ops::Range;

use toml::de::Error;

use super::code::Code;
use super::source::{Finding, Source};
use crate::domain::suggest::nearest;

/// Reports the mistakes that are none by consequence, and that the file could be read only in part.
pub(super) fn report(source: Source, errors: &[Error]) {
    let end = source.text.len();
    let place = |error: &Error| error.span().map_or(end..end, |span| span.start.min(end)..span.end.min(end));
    let mut errors: Vec<(Range<usize>, &Error)> = errors.iter().map(|error| (place(error), error)).collect();
    errors.sort_by_key(|(at, _)| at.start);
    let mut last_line = 0;
    for (at, error) in errors {
        let line = source.position(at.start).0;
        if line == last_line {
            continue;
        }
        last_line = line;
        let mistake = Mistake::new(source.text, error.message(), at);
        source.report(mistake.place.clone(), mistake.finding());
        source.broken(mistake.place.start, mistake.leaves_open);
        if mistake.leaves_open {
            break;
        }
    }
}

struct Mistake {
    place: Range<usize>,
    message: String,
    help: String,
    /// Whether what comes behind it may have been taken for something else.
    leaves_open: bool,
}

/// The line of a mistake: what stands before it, and from it on.
struct Line<'t> {
    start: usize,
    before: &'t str,
    rest: &'t str,
}

impl<'t> Line<'t> {
    fn of(text: &'t str, at: usize) -> Self {
        let at = text.floor_char_boundary(at);
        let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
        let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
        Self { start, before: &text[start..at], rest: text[at..end].trim_end() }
    }

    fn whole(&self) -> String {
        let line = format!("{}{}", self.before, self.rest);
        match line.split_once(" =") {
            Some((key, value)) => format!("{} ={value}", key.trim()),
            None => line.trim().to_owned(),
        }
    }

    /// The key of the line, such as `wait` of `wait = 3 days`.
    fn key(&self) -> &'t str {
        let key = self.before.split(['=', ':']).next().unwrap_or("").trim();
        if key.is_empty() { "key" } else { key }
    }
}

impl Mistake {
    fn finding(&self) -> Finding {
        Finding::new(Code::Syntax, self.message.as_str()).help(self.help.as_str())
    }

    /// `said` are the words of the reader, whose beginnings tell mistakes apart.
    fn new(text: &str, said: &str, at: Range<usize>) -> Self {
        let line = Line::of(text, at.start);
        if let Some((message, help, place, leaves_open)) = left_open(text, said, &line, at.start) {
            return Self { place, message, help, leaves_open };
        }
        if said.contains("duplicate key")
            && let Some(place) = single_brackets(text, &line)
        {
            let name = text[place.clone()].trim_matches(['[', ']']);
            let message =
                format!("`{name}` is there several times, so it stands in two brackets on each side");
            return Self { message, help: format!("write [[{name}]]"), place, leaves_open: false };
        }
        let (message, help) = within_line(text, said, &line, &at);
        // A key with no value is marked whole, not behind its end.
        let place = if at.is_empty() { at.start..at.start + next_char(text, at.start) } else { at };
        Self { place, message, help, leaves_open: false }
    }
}

/// What begins in this line, or before it, and is not closed.
fn left_open(text: &str, said: &str, line: &Line, at: usize) -> Option<Open> {
    let has = |part: &str| said.contains(part);
    if has("multi-line") {
        Some(open_quotes(text, at))
    } else if has("unclosed array table") || has("unclosed table") {
        Some(open_header(line))
    } else if has("comma between array") || has("in array") || has("unclosed array") {
        Some(open_list(text, at))
    } else if has("unclosed inline table") {
        Some(open_braces(text, at))
    } else {
        None
    }
}

/// What is wrong within a line, and what helps.
fn within_line(text: &str, said: &str, line: &Line, at: &Range<usize>) -> (String, String) {
    let has = |part: &str| said.contains(part);
    if has("invalid basic string") || has("invalid literal string") {
        open_quote(line)
    } else if has("must be quoted") {
        unquoted(line)
    } else if has("boolean") && nearest(line.rest, ["true", "false"]).is_none() {
        // A text that only begins like one of them.
        unquoted(line)
    } else if has("boolean") {
        (format!("`{}` is not known here", line.rest), "write true or false, in small letters".to_owned())
    } else if has("duplicate key") {
        duplicate(text, line, at)
    } else if has("unexpected key or value") {
        left_over(line)
    } else if has("no value") || has("unquoted key") {
        no_key(line)
    } else if has("escape") {
        let help = "write two of them, or put the text into single quotes: 'a\\b'";
        ("a backslash has a meaning of its own in a text in double quotes".to_owned(), help.to_owned())
    } else if has("leading zero") {
        (
            "a number does not begin with 0".to_owned(),
            format!("write {} = {}", line.key(), line.rest.trim_start_matches('0')),
        )
    } else {
        let help = "a line is a key, an equals sign and a value, such as wait = \"3 days\"";
        ("this line cannot be read".to_owned(), help.to_owned())
    }
}

/// A place of no length is marked by the character there, unless that is the end of the line.
fn next_char(text: &str, at: usize) -> usize {
    text[text.floor_char_boundary(at)..]
        .chars()
        .next()
        .filter(|c| !c.is_whitespace())
        .map_or(0, char::len_utf8)
}

type Open = (String, String, Range<usize>, bool);

fn open_quotes(text: &str, at: usize) -> Open {
    let quotes =
        ["\"\"\"", "'''"].into_iter().filter_map(|quotes| Some((text[..at].rfind(quotes)?, quotes))).max();
    let (start, quotes) = quotes.unwrap_or((at, "\"\"\""));
    let message = format!("the text that begins with {quotes} here is nowhere closed by {quotes}");
    let help = format!(
        "write {quotes} behind the last line of the text; a text of one line needs a single quote on each side"
    );
    (message, help, start..(start + 3).min(text.len()), true)
}

fn open_header(line: &Line) -> Open {
    let whole = line.whole();
    let name = whole.split(" #").next().unwrap_or(&whole).trim().trim_matches(['[', ']']).trim();
    let header = |name: &str| match line.before.trim_start().starts_with("[[") {
        true => format!("[[{name}]]"),
        false => format!("[{name}]"),
    };
    let start = line.start + line.before.len();
    if name.contains(char::is_whitespace) && !name.contains(['"', '\'']) {
        let message = format!("the name `{name}` has a blank in it");
        return (message, no_blanks(name, header), start..start, true);
    }
    ("a closing bracket is missing".to_owned(), format!("write {}", header(name)), start..start, true)
}

/// How a name with a blank is to be written. Those of sources come with leads from elsewhere, and stay as they are.
fn no_blanks(name: &str, header: impl Fn(&str) -> String) -> String {
    match name.strip_prefix("source.") {
        Some(source) => format!("write {}", header(&format!("source.\"{source}\""))),
        None => {
            let one_word = name.split_whitespace().collect::<Vec<_>>().join("-");
            format!("names have no blanks: write {}", header(&one_word))
        }
    }
}

fn open_braces(text: &str, at: usize) -> Open {
    let start = text[..at].rfind('{').unwrap_or(at);
    let help = "write all of it in one line: set = { city = \"Kiel\" }";
    ("this { is not closed by }".to_owned(), help.to_owned(), start..(start + 1).min(text.len()), true)
}

/// The header in single brackets that another one of the same name in this line or before it should have been.
fn single_brackets(text: &str, line: &Line) -> Option<Range<usize>> {
    let whole = line.whole();
    let name = whole.strip_prefix('[')?.trim_matches(['[', ']']).trim().to_owned();
    let mut headers = Vec::new();
    let mut at = 0;
    for written in text[..line.start + whole.len()].split_inclusive('\n') {
        headers.push((at, written.trim_end()));
        at += written.len();
    }
    let double = headers.iter().any(|(_, header)| header.starts_with(&format!("[[{name}]")));
    let (at, single) = headers.iter().find(|(_, header)| header.starts_with(&format!("[{name}]")))?;
    double.then(|| *at..at + single.len())
}

fn open_list(text: &str, at: usize) -> Open {
    // The last bracket before the mistake that a list can begin with.
    let start = text[..at].rfind("= [").map_or(at, |found| found + 2);
    let message = "the list that begins here is not closed by ], or a comma is missing in it";
    let help = "write it like this: mail = [\"tofu/one\", \"tofu/two\"]";
    (message.to_owned(), help.to_owned(), start..(start + 1).min(text.len()), true)
}

fn open_quote(line: &Line) -> (String, String) {
    let quote = if line.before.contains('"') { '"' } else { '\'' };
    let message = "the text has no closing quote".to_owned();
    (message, format!("write {}{quote}", line.whole()))
}

fn unquoted(line: &Line) -> (String, String) {
    let (key, value) = (line.key(), line.rest);
    let value = value.split(" #").next().unwrap_or(value).trim();
    let bare = value.trim_matches(['“', '”', '„', '‘', '’', '‚', '«', '»', '"', '\'']);
    match value.chars().next() {
        None | Some('#') => (
            format!("there is no value behind `{key} =`"),
            format!("write {key} = \"…\", or leave the line out"),
        ),
        Some('“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»') => {
            let message = "these are curly quotation marks, which a text program has put in";
            (message.to_owned(), format!("write straight ones: {key} = \"{bare}\""))
        }
        _ if ["yes", "no", "on", "off"].contains(&value.to_lowercase().as_str()) => {
            (format!("`{value}` is not known here"), format!("write {key} = true or {key} = false"))
        }
        _ => ("a text stands in quotes".to_owned(), format!("write {key} = \"{bare}\"")),
    }
}

/// A value as it has to be written, if it is meant as a text.
fn quoted(value: &str) -> String {
    let is_fine = value.starts_with(['"', '\'', '[', '{']) || value == "true" || value == "false";
    if is_fine || value.parse::<f64>().is_ok() { value.to_owned() } else { format!("\"{value}\"") }
}

fn duplicate(text: &str, line: &Line, at: &Range<usize>) -> (String, String) {
    let name = text.get(at.clone()).unwrap_or("").trim_matches(['[', ']', ' ']);
    let is_header = line.whole().starts_with('[');
    let same = |other: &&str| match is_header {
        true => other.trim() == line.whole(),
        false => other.split('=').next().is_some_and(|key| key.trim() == name),
    };
    let earlier = text[..line.start].lines().enumerate().filter(|(_, other)| same(other)).last();
    let what = if is_header { line.whole() } else { name.to_owned() };
    let message = match earlier {
        Some((number, _)) => format!("`{what}` is already there, in line {}", number + 1),
        None => format!("`{what}` is already there"),
    };
    (message, "leave one of the two out".to_owned())
}

fn left_over(line: &Line) -> (String, String) {
    let message = format!("`{}` is left over behind the value", line.rest);
    let help = if line.rest.contains(" = ") {
        "write each key into a line of its own".to_owned()
    } else if line.rest.contains('"') {
        "a text with double quotes in it stands in single ones: title = 'The \"best\" guide'".to_owned()
    } else {
        "take it out, or put # before it if it is a comment".to_owned()
    };
    (message, help)
}

fn no_key(line: &Line) -> (String, String) {
    let whole = line.whole();
    if ["//", "--", ";", "/*", "%"].iter().any(|sign| whole.starts_with(sign)) {
        let words = whole.trim_start_matches(['/', '-', ';', '*', '%']).trim();
        return ("a comment begins with #".to_owned(), format!("write # {words}"));
    }
    if let Some((key, value)) = whole.split_once(':').filter(|(key, _)| !key.contains(['=', '"', ' '])) {
        return (
            "a key and its value have = between them, not :".to_owned(),
            format!("write {key} = {}", quoted(value.trim())),
        );
    }
    let message = "this line is not of the form key = value".to_owned();
    match whole.split_once(['=', ' ']) {
        Some((key, value)) if whole.contains(" = ") || value.trim_start().starts_with('=') => {
            let (key, value) = whole.split_once('=').unwrap_or((key, value));
            let key = key.trim().replace(' ', "_");
            (message, format!("a key is one word: {key} = {}", value.trim()))
        }
        Some((key, value)) => {
            let value = value.trim().trim_matches('"');
            (message, format!("write {key} = \"{value}\""))
        }
        None => (message, format!("write {whole} = \"…\", or # before it if it is a comment")),
    }
}
