//! What commands print.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::domain::visible::commands;

/// Prints a text. A reader that has gone away, such as `head`, has seen enough: that is no error.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Prints a value as JSON for programs. Where it is shown on a terminal all the same, what strangers typed commands nothing.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", escaped(&serde_json::to_string_pretty(value)?)))
}

/// JSON in which signs that are not to be read stand as `\uXXXX`. Outside of texts there are none but line breaks.
fn escaped(json: &str) -> Cow<'_, str> {
    let is_commanding = |letter: char| letter != '\n' && commands(letter);
    if !json.contains(is_commanding) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if is_commanding(letter) {
            // All of them are within the first plane.
            let _ = write!(text, "\\u{:04x}", u32::from(letter));
        } else {
            text.push(letter);
        }
    }
    Cow::Owned(text)
}

/// Whether colours may be used on standard output: a terminal, and `NO_COLOR` is not set.
pub fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
