//! [`Problem`]: what `check` says, with the line that it is about.

use serde::Serialize;

use crate::workspace::{Diagnostic, Files};

/// A mistake or a warning, with the line that it is about.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(flatten)]
    pub diagnostic: Diagnostic,
    /// The line, if it is about one, in the three parts before, at and behind the spot.
    pub excerpt: Option<[String; 3]>,
}

impl Problem {
    pub fn of(diagnostic: &Diagnostic, files: &Files) -> Self {
        let text = text(files, &diagnostic.file);
        Self { excerpt: text.and_then(|text| excerpt(diagnostic, &text)), diagnostic: diagnostic.clone() }
    }
}

/// The text of a file, as its diagnostics count it.
pub fn text(files: &Files, path: &str) -> Option<String> {
    let text = String::from_utf8_lossy(files.file(path)?).into_owned();
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn excerpt(diagnostic: &Diagnostic, text: &str) -> Option<[String; 3]> {
    let span = diagnostic.span.clone()?;
    let (start, end) =
        (text.floor_char_boundary(span.start), text.floor_char_boundary(span.end.max(span.start)));
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = end.min(line_end);
    Some([&text[line..start], &text[start..end], text[end..line_end].trim_end()].map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Severity;

    #[test]
    fn the_line_is_shown_in_three_parts() {
        let diagnostic = |span| Diagnostic {
            code: "DL003",
            severity: Severity::Error,
            file: "x".into(),
            span,
            line: 1,
            column: 1,
            message: String::new(),
            help: None,
        };
        let parts = |span, text| excerpt(&diagnostic(span), text);
        let line = Some(["ü = ", "wrong", " # why"].map(str::to_owned));
        assert_eq!(parts(Some(8..13), "a\r\nü = wrong # why\r\nb"), line);
        assert_eq!(parts(Some(0..9), "ab\ncd"), Some(["", "ab", ""].map(str::to_owned)));
        assert_eq!(parts(Some(5..9), "ab"), Some(["ab", "", ""].map(str::to_owned)));
        assert_eq!(parts(None, "ab"), None);
    }
}
