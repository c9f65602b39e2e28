//! [`Kind`]: what a key takes, and the words for a value that is something else.

use toml::de::DeValue;

use super::code::Code;
use super::source::Finding;

/// Keys that take a length of time.
const DURATIONS: [&str; 7] = ["wait", "min_gap", "half_life", "per", "within", "judge_after", "absence"];

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text or a list of texts.
    Texts,
    /// `true` or `false`.
    Flag,
    Whole,
    /// `[key]`
    Table,
    /// `[[key]]`
    Tables,
}

impl Kind {
    /// What is wrong with a value that is not of this kind. `given` is None for a variable of the environment, which is
    /// always a text; `text` is the value if it is a text.
    pub fn wrong(self, key: &str, given: Option<&DeValue>, text: &str) -> Finding {
        let message = match given {
            Some(given) => format!("`{key}` takes {}, but here it is {}", self.words(), words(given)),
            None => format!("`{key}` takes {}, which `{text}` is not", self.words()),
        };
        let finding = Finding::new(Code::WrongType, message);
        match self.help(key, given, text) {
            Some(help) => finding.help(help),
            None => finding,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Texts => "a text or a list of texts",
            Kind::Flag => "true or false",
            Kind::Whole => "a whole number",
            Kind::Table => "keys of its own",
            Kind::Tables => "a list of sections",
        }
    }

    fn help(self, key: &str, given: Option<&DeValue>, text: &str) -> Option<String> {
        let Some(given) = given else {
            return Some(
                if self == Kind::Flag { "write true or false" } else { "write it like 5" }.to_owned(),
            );
        };
        match (self, given) {
            (Kind::Text, DeValue::Integer(number)) if DURATIONS.contains(&key) => {
                Some(format!("say of what, in quotes: {key} = \"{} days\"", number.as_str()))
            }
            (Kind::Text | Kind::Texts, DeValue::Integer(number)) => {
                Some(format!("put it in quotes: {key} = \"{}\"", number.as_str()))
            }
            (Kind::Text | Kind::Texts, DeValue::Boolean(flag)) => {
                Some(format!("put it in quotes: {key} = \"{flag}\""))
            }
            (Kind::Text, DeValue::Array(_)) => Some(format!("write one text: {key} = \"…\"")),
            (Kind::Whole, DeValue::String(_)) if text.trim().parse::<i64>().is_ok() => {
                Some(format!("write it without quotes: {key} = {}", text.trim()))
            }
            (Kind::Whole, _) => {
                Some(format!("write a number without quotes and decimals, such as {key} = 5"))
            }
            (Kind::Flag, DeValue::String(_)) if ["true", "false"].contains(&text) => {
                Some(format!("write it without quotes: {key} = {text}"))
            }
            (Kind::Flag, _) => Some(format!("write {key} = true or {key} = false, without quotes")),
            (Kind::Tables, DeValue::Table(_)) => Some(format!("write it in two brackets: [[{key}]]")),
            (Kind::Tables, _) => Some(format!("write [[{key}]] and the keys below it, a line each")),
            (Kind::Table, _) => Some(format!("write [{key}] and the keys below it, a line each")),
            _ => None,
        }
    }
}

/// What a value is, for people.
fn words(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section with keys",
    }
}
