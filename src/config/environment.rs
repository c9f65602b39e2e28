//! [`Environment`]: variables such as `DRIPLINE_SERVER__LISTEN` as a document that overrides the file.

use crate::workspace::Diagnostic;
use crate::workspace::source::{Report, Source};

/// What findings name as their file.
const NAME: &str = "environment";

/// The variables that are keys, and the TOML that says the same, a line each.
pub struct Environment {
    names: Vec<String>,
    text: String,
}

impl Environment {
    /// Takes the variables that begin with `DRIPLINE_` and name a key by two underscores.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let is_key = |name: &String| name.strip_prefix("DRIPLINE_").is_some_and(|path| path.contains("__"));
        let mut variables: Vec<(String, String)> =
            variables.into_iter().filter(|(name, _)| is_key(name)).collect();
        variables.sort();
        let text = variables.iter().map(|(name, value)| line(name, value)).collect();
        Self { names: variables.into_iter().map(|(name, _)| name).collect(), text }
    }

    pub fn source<'a>(&'a self, report: &'a Report) -> Source<'a> {
        Source::new(NAME, &self.text, report)
    }

    /// Says which variable a finding is about, since nobody wrote the text that its place is in.
    pub fn name_variables(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.file == NAME) {
            if let Some(name) = self.names.get(diagnostic.line - 1) {
                diagnostic.message = format!("{name}: {}", diagnostic.message);
            }
            (diagnostic.span, diagnostic.line, diagnostic.column) = (None, 1, 1);
        }
        found
    }
}

/// `"server"."listen" = "127.0.0.1:8080"`. A text in JSON is one in TOML as well, and has no line break.
fn line(name: &str, value: &str) -> String {
    let path = name.trim_start_matches("DRIPLINE_").to_lowercase();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let path: Vec<String> = path.split("__").map(quoted).collect();
    format!("{} = {}\n", path.join("."), quoted(value))
}
