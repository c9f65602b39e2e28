//! [`Source`]: one file while it is read, and the [`Report`] that its mistakes go to.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use crate::domain::suggest::nearest;

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::funnel;
use super::mention::{Mention, Noun, Role};

/// Collects what is found in all files, so that reading never stops at the first mistake.
#[derive(Default)]
pub struct Report {
    found: RefCell<Vec<Diagnostic>>,
    broken: RefCell<Vec<Broken>>,
    mentions: RefCell<Vec<Mention>>,
}

/// Where a file could not be read.
struct Broken {
    file: String,
    /// The line of it, and the last one that may have been taken for something else.
    lines: RangeInclusive<usize>,
}

impl Broken {
    /// Whether a finding may be a mere consequence: it misses something, or lies where the file could not be read.
    fn may_cause(&self, found: &Diagnostic) -> bool {
        if self.file != found.file {
            return self.file == funnel::FILE
                && DEFINED_IN_FUNNEL.iter().any(|code| found.code == code.number());
        }
        let misses = ABSENCES.iter().any(|code| found.code == code.number());
        let itself =
            [Code::Syntax, Code::NotText, Code::NoFunnel].iter().any(|code| found.code == code.number());
        misses || !itself && self.lines.contains(&found.line)
    }
}

/// What is found because something else was not.
const ABSENCES: [Code; 5] =
    [Code::Missing, Code::NoSteps, Code::NoVerb, Code::UntilWithoutWait, Code::UnknownStep];

/// What is found because funnel.toml does not say it.
const DEFINED_IN_FUNNEL: [Code; 3] = [Code::UnknownSender, Code::UnknownTopic, Code::UnknownSegment];

impl Report {
    /// What was found, by file and place, without what follows from a file that could not be read whole.
    pub fn finish(self) -> Vec<Diagnostic> {
        let (mut diagnostics, broken) = (self.found.into_inner(), self.broken.into_inner());
        diagnostics.retain(|found| !broken.iter().any(|broken| broken.may_cause(found)));
        diagnostics
            .sort_by(|a, b| (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code)));
        diagnostics.dedup();
        diagnostics
    }

    /// Whether every file was read whole, so that what is nowhere found is nowhere.
    pub fn read_whole(&self) -> bool {
        self.broken.borrow().is_empty()
    }

    /// The names that were met.
    pub fn mentions(&self) -> Vec<Mention> {
        self.mentions.borrow().clone()
    }

    /// Reports a mistake where a name was met.
    pub fn push_at(&self, mention: &Mention, finding: Finding) {
        let (line, column) = mention.place;
        self.push(&mention.file, Some(mention.span.clone()), line, column, finding);
    }

    fn push(&self, file: &str, span: Option<Range<usize>>, line: usize, column: usize, finding: Finding) {
        let Finding { code, message, help } = finding;
        let (severity, code, file) = (code.severity(), code.number(), file.to_owned());
        let found = Diagnostic { code, severity, file, span, line, column, message, help };
        self.found.borrow_mut().push(found);
    }
}

/// How many names a help lists.
const SHOWN: usize = 8;

/// A mistake before it has a place.
pub struct Finding {
    code: Code,
    message: String,
    help: Option<String>,
}

impl Finding {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// The same of a sentence that says behind a semicolon what would mend it.
    pub fn of_words(code: Code, words: &str) -> Self {
        match words.split_once("; ") {
            Some((message, help)) => Self::new(code, message).help(help),
            None => Self::new(code, words),
        }
    }

    /// What would mend it.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The help is the known word that `word` is probably meant to be, or `otherwise`.
    pub fn meant<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str>, otherwise: &str) -> Self {
        match nearest(word, known) {
            Some(meant) => self.help(format!("did you mean `{meant}`?")),
            None if otherwise.is_empty() => self,
            None => self.help(otherwise),
        }
    }

    /// The help is the known name that `name` is probably meant to be, or else which names there are and how to make one.
    pub fn meant_known<'k>(
        self,
        name: &str,
        known: impl IntoIterator<Item = &'k str> + Clone,
        make: &str,
    ) -> Self {
        let mut all: Vec<&str> = known.clone().into_iter().take(SHOWN + 1).collect();
        let more = if all.len() > SHOWN { ", …" } else { "" };
        all.truncate(SHOWN);
        let otherwise = match all.as_slice() {
            [] => make.trim_start_matches("or ").to_owned(),
            all => format!("choose one of: {}{more}; {make}", all.join(", ")),
        };
        self.meant(name, known, &otherwise)
    }

    /// The help is the known word that `word` is probably meant to be, or which words there are.
    pub fn did_you_mean<'k>(self, word: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Self {
        let all: Vec<&str> = known.clone().into_iter().take(30).collect();
        let otherwise =
            if all.is_empty() { String::new() } else { format!("choose one of: {}", all.join(", ")) };
        self.meant(word, known, &otherwise)
    }
}

/// The name and the text of a file, and where its mistakes are reported to.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
    report: &'a Report,
}

impl<'a> Source<'a> {
    pub fn new(name: &'a str, text: &'a str, report: &'a Report) -> Self {
        Self { name, text, report }
    }

    /// The same file, of which another text is read that has the same places.
    pub fn with_text(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    /// The same for bytes: a byte order mark is dropped. What is no UTF-8 is reported, and is no source.
    pub fn decode(name: &'a str, bytes: &'a [u8], report: &'a Report) -> Option<Self> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(Self::new(name, text, report)),
            Err(error) => {
                // The part before the first bad byte is text, so that the place can be shown.
                let text = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or("");
                let source = Self::new(name, text, report);
                let finding = Finding::new(Code::NotText, "this file is not stored as UTF-8 text");
                source.report(text.len()..text.len(), finding.help("save it again, with the encoding UTF-8"));
                source.broken(text.len(), false);
                None
            }
        }
    }

    /// Reports a mistake at a place.
    pub fn report(&self, span: Range<usize>, finding: Finding) {
        let (line, column) = self.position(span.start);
        self.report.push(self.name, Some(span), line, column, finding);
    }

    /// Says that the file could be read only in part: not at this byte, and with `to_the_end` nothing behind it.
    pub fn broken(&self, at: usize, to_the_end: bool) {
        let line = self.position(at).0;
        let last = if to_the_end { self.position(self.text.len()).0 } else { line };
        self.report.broken.borrow_mut().push(Broken { file: self.name.to_owned(), lines: line..=last });
    }

    /// Says that the file lacks something that it was meant to have.
    pub fn incomplete(&self) {
        #[expect(clippy::reversed_empty_ranges, reason = "no line is unreadable")]
        let lines = 1..=0;
        self.report.broken.borrow_mut().push(Broken { file: self.name.to_owned(), lines });
    }

    /// Reports a mistake of the file as a whole.
    pub fn report_file(&self, finding: Finding) {
        self.report.push(self.name, None, 1, 1, finding);
    }

    /// Keeps a name until all files are read.
    pub fn mention(&self, noun: Noun, role: Role, name: &str, span: Range<usize>) {
        let place = self.position(span.start);
        let (name, file) = (name.to_owned(), self.name.to_owned());
        self.report.mentions.borrow_mut().push(Mention { noun, role, name, file, span, place });
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        position(self.text, offset)
    }
}

/// Line and column of a byte of `text`, both from 1, the column in characters.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The byte at a line and column as [`position`] counts them; the end of the text if there is no such place.
pub fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start = match line.saturating_sub(1) {
        0 => 0,
        breaks => text.match_indices('\n').nth(breaks - 1).map_or(text.len(), |(at, _)| at + 1),
    };
    let column = text[line_start..].char_indices().nth(column.saturating_sub(1));
    column.map_or(text.len(), |(at, _)| line_start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_both_ways() {
        let text = "ab\r\nüx\n\ny";
        for (at, place) in
            [(0, (1, 1)), (2, (1, 3)), (4, (2, 1)), (6, (2, 2)), (8, (3, 1)), (9, (4, 1)), (10, (4, 2))]
        {
            assert_eq!(position(text, at), place, "{at}");
            assert_eq!(offset(text, place.0, place.1), at, "{at}");
        }
        assert_eq!(position(text, 5), (2, 1), "inside a character");
        assert_eq!(position(text, 99), (4, 2));
        assert_eq!((offset(text, 9, 1), offset(text, 4, 9)), (10, 10));
    }

    #[test]
    fn what_is_no_text_is_reported_where_it_stops_being_text() {
        let report = Report::default();
        assert!(Source::decode("a", b"\xef\xbb\xbfx = 1\ny\xff", &report).is_none());
        assert_eq!(Source::decode("b", b"\xef\xbb\xbfx", &report).map(|source| source.text), Some("x"));
        let found: Vec<String> = report.finish().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a:2:2: error[DL001]: this file is not stored as UTF-8 text"]);
    }
}
