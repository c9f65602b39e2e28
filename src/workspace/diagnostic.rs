//! [`Diagnostic`]: one mistake with its place, as a line, as a marked excerpt for a terminal, or as JSON.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// Whether a workspace can be used in spite of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but it may not do what was meant.
    Warning,
}

/// One mistake, where it is, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The number of a [`Code`](super::Code), such as `DL012`.
    pub code: &'static str,
    pub severity: Severity,
    /// The path inside the workspace, or the name of a variable of the environment.
    pub file: String,
    /// Bytes within the file's text, without a byte order mark. None if it is about the file as a whole.
    pub span: Option<Range<usize>>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What would mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Whether it keeps the workspace from being used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether it is about a variable of the environment, which has no lines.
    pub fn is_about_variable(&self) -> bool {
        self.file.starts_with("DRIPLINE_")
    }

    /// Several lines for a terminal: the place, the line of `text` with a mark below it, the help.
    /// Without the file's text the place is the file alone.
    pub fn render(&self, text: Option<&str>, colour: bool) -> String {
        let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let level = if self.is_error() { Level::ERROR } else { Level::WARNING };
        let group = level.primary_title(&self.message).id(self.code);
        let shown = text.zip(self.span.clone()).filter(|(text, span)| text.get(span.clone()).is_some());
        let group = match shown {
            Some((text, span)) => {
                let spot = AnnotationKind::Primary.span(first_line(text, span));
                group.element(Snippet::source(text).path(&self.file).annotation(spot))
            }
            None => group.element(Origin::path(&self.file)),
        };
        let group = group.elements(self.help.as_deref().map(|help| Level::HELP.message(help)));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// `sequences/x.toml:3:8: error[DL003]: message`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_error() { "error" } else { "warning" };
        f.write_str(&self.file)?;
        if !self.is_about_variable() {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {word}[{}]: {}", self.code, self.message)
    }
}

/// A mark over several lines says less than one where it begins.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text[span.clone()].find(['\n', '\r']).map_or(span.end, |end| span.start + end);
    span.start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(span: Option<Range<usize>>) -> Diagnostic {
        Diagnostic {
            code: "DL003",
            severity: Severity::Error,
            file: "funnel.toml".into(),
            span,
            line: 2,
            column: 1,
            message: "\"nmae\" is not known in [company]".into(),
            help: Some("did you mean \"name\"?".into()),
        }
    }

    #[test]
    fn a_terminal_shows_the_line_and_marks_the_spot() {
        let shown = diagnostic(Some(10..14)).render(Some("[company]\nnmae = 1\n"), false);
        assert!(shown.contains("error[DL003]: \"nmae\" is not known in [company]"), "{shown}");
        assert!(shown.contains("funnel.toml:2:1"), "{shown}");
        assert!(shown.contains("2 | nmae = 1\n  | ^^^^"), "{shown}");
        assert!(shown.contains("help: did you mean \"name\"?"), "{shown}");
    }

    #[test]
    fn without_a_text_or_with_another_one_the_place_is_the_file() {
        let line = "funnel.toml:2:1: error[DL003]: \"nmae\" is not known in [company]";
        assert_eq!(diagnostic(None).to_string(), line);
        for (span, text) in [(None, "x"), (Some(10..14), "short"), (Some(1..2), "ü")] {
            let shown = diagnostic(span).render(Some(text), false);
            assert!(shown.contains("--> funnel.toml\n") && shown.contains("did you mean"), "{shown}");
        }
    }
}
