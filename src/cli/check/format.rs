//! [`Format`]: how findings are printed.

use std::io::IsTerminal;
use std::path::{Component, Path};

use crate::cli::output;
use crate::config;
use crate::workspace::{Diagnostic, Files};

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Each with the line that it is in, and a mark below the spot.
    Text,
    /// A line each, as editors and `grep` understand it.
    Lines,
    /// JSON.
    Json,
    /// Annotations of a workflow on GitHub.
    Github,
}

impl Format {
    /// The one for whoever reads it.
    pub fn fitting() -> Self {
        if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
            Self::Github
        } else if std::io::stdout().is_terminal() {
            Self::Text
        } else {
            Self::Lines
        }
    }
}

/// Where findings are from, and how they are printed.
pub struct Shown<'a> {
    pub format: Format,
    pub workspace: &'a Path,
    pub files: &'a Files,
}

impl Shown<'_> {
    /// A finding as it is printed, with its line break.
    pub fn finding(&self, found: &Diagnostic) -> String {
        match self.format {
            Format::Text | Format::Json => {
                let text = self.text(&found.file);
                found.render(text.as_deref(), output::colours()) + "\n\n"
            }
            Format::Lines => {
                let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                format!("{found}{help}\n")
            }
            Format::Github => self.annotation(found),
        }
    }

    fn text(&self, file: &str) -> Option<String> {
        if file == config::FILE {
            let bytes = std::fs::read(self.workspace.join(config::FILE)).ok()?;
            return Some(config::secrets::hidden(&String::from_utf8_lossy(&bytes)));
        }
        Some(String::from_utf8_lossy(self.files.file(file)?).into_owned())
    }

    /// `::error file=sequences/x.toml,line=3,col=8,title=DL007::message`
    fn annotation(&self, found: &Diagnostic) -> String {
        let level = if found.is_error() { "error" } else { "warning" };
        let help = found.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let message = data(&format!("{}{help}", found.message));
        let title = property(found.code);
        if found.is_about_variable() {
            return format!("::{level} title={title}::{}: {message}\n", data(&found.file));
        }
        let (file, line, column) = (property(&self.in_repository(&found.file)), found.line, found.column);
        format!("::{level} file={file},line={line},col={column},title={title}::{message}\n")
    }

    /// A file's path from where the workflow runs, which is the repository.
    fn in_repository(&self, file: &str) -> String {
        let here = std::env::current_dir().ok().filter(|_| self.workspace.is_absolute());
        let workspace = here.and_then(|here| self.workspace.strip_prefix(here).ok());
        let folders = workspace.unwrap_or(self.workspace).components();
        let folders = folders.filter(|part| *part != Component::CurDir);
        let mut path: Vec<String> =
            folders.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        path.push(file.to_owned());
        path.join("/").replace("//", "/")
    }
}

/// A message as GitHub reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of an annotation as GitHub reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
