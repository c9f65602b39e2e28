//! [`Environment`]: variables such as `DRIPLINE_SERVER__LISTEN` as a document that overrides the file.

use crate::workspace::Diagnostic;
use crate::workspace::code::Code;
use crate::workspace::source::{Finding, Report, Source};

/// What sources of variables are called until [`Environment::name_variables`] has said which one it is.
const NAME: &str = "environment";

/// What all our variables begin with.
const PREFIX: &str = "DRIPLINE_";

/// Variables that are read elsewhere, and are no keys of dripline.toml.
const OTHERS: [&str; 3] = ["DRIPLINE_WORKSPACE", "DRIPLINE_SECRET", "DRIPLINE_LOG"];

/// What containers find in their environment beside a service that is called dripline.
const OF_CONTAINERS: [&str; 2] = ["DRIPLINE_SERVICE_", "DRIPLINE_PORT"];

/// Underscores in a name of which each is tried as two: more are no slip.
const MOST: usize = 6;

/// The variables that are keys, and the TOML that says the same, a line each.
pub struct Environment {
    names: Vec<String>,
    text: String,
    /// Variables that look like ours, and are not.
    unknown: Vec<(String, String)>,
}

impl Environment {
    /// Takes the variables that begin with `DRIPLINE_`; two underscores part a key from its section.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
        let mut ours: Vec<(String, String)> = ours.collect();
        ours.sort();
        let is_key = |(name, _): &(String, String)| name[PREFIX.len()..].contains("__");
        let (keys, mut unknown): (Vec<_>, Vec<_>) = ours.into_iter().partition(is_key);
        unknown.retain(|(name, _)| {
            !OTHERS.contains(&name.as_str()) && !OF_CONTAINERS.iter().any(|theirs| name.starts_with(theirs))
        });
        let text = keys.iter().map(|(name, value)| line(name, value)).collect();
        Self { names: keys.into_iter().map(|(name, _)| name).collect(), text, unknown }
    }

    pub fn source<'a>(&'a self, report: &'a Report) -> Source<'a> {
        Source::new(NAME, &self.text, report)
    }

    /// Reports variables that are no settings. `is_setting` says whether a name and its value would be one.
    pub fn report_unknown(&self, report: &Report, is_setting: impl Fn(&str, &str) -> bool) {
        for (name, value) in &self.unknown {
            let finding = Finding::new(Code::VariableName, "nothing reads this variable");
            let meant = doubled(name).into_iter().find(|meant| is_setting(meant, value));
            let help = match meant {
                Some(meant) => format!("write it with two underscores between section and key: {meant}"),
                None => format!(
                    "a setting is called like DRIPLINE_SERVER__LISTEN for listen in [server]; besides there are {}",
                    OTHERS.join(", ")
                ),
            };
            Source::new(name, "", report).report_file(finding.help(help));
        }
    }

    /// Says which variable a finding is about, since nobody wrote the text that its place is in.
    pub fn name_variables(&self, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.file == NAME) {
            if let Some(name) = self.names.get(diagnostic.line - 1) {
                diagnostic.file.clone_from(name);
            }
            (diagnostic.span, diagnostic.line, diagnostic.column) = (None, 1, 1);
        }
        found
    }
}

/// The name with one of its underscores doubled, or two of them.
fn doubled(name: &str) -> Vec<String> {
    let places: Vec<usize> = name.match_indices('_').map(|(at, _)| at).skip(1).take(MOST).collect();
    let with = |places: &[usize]| {
        let mut doubled = name.to_owned();
        places.iter().rev().for_each(|at| doubled.insert(*at, '_'));
        doubled
    };
    let pairs = places
        .iter()
        .enumerate()
        .flat_map(|(number, first)| places[number + 1..].iter().map(move |second| [*first, *second]));
    places.iter().map(|at| with(&[*at])).chain(pairs.map(|pair| with(&pair))).collect()
}

/// `"server"."listen" = "127.0.0.1:8080"`. A text in JSON is one in TOML as well, and has no line break.
fn line(name: &str, value: &str) -> String {
    let path = name.trim_start_matches("DRIPLINE_").to_lowercase();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let path: Vec<String> = path.split("__").map(quoted).collect();
    format!("{} = {}\n", path.join("."), quoted(value))
}
