//! [`Fields`]: the members of a JSON body, taken one by one. All mistakes are found in one go, and what nobody takes is
//! one of them.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::domain::suggest::nearest;
use crate::domain::words::UnknownWord;
use crate::http::error::{FieldError, Problem};

/// A longer text was not meant for the field, in characters.
const LONGEST: usize = 10_000;

/// The members of a body that are not taken yet.
pub struct Fields {
    left: Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        Self::parse(&body)
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "send JSON, with \"Content-Type: application/json\"",
    ))
}

impl Fields {
    /// The members of an object within a body.
    pub(super) fn of(left: Map<String, Value>) -> Self {
        Self { left, known: Vec::new(), errors: Vec::new() }
    }

    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let bad = |why: String| Problem::new(StatusCode::BAD_REQUEST, why);
        match serde_json::from_slice(body) {
            Ok(Value::Object(left)) => Ok(Self::of(left)),
            Ok(_) => Err(bad("the body must be a JSON object".to_owned())),
            Err(error) => Err(bad(format!("the body is not JSON: {error}"))),
        }
    }

    /// A member; null is as good as none.
    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.known.push(field);
        self.left.remove(field).filter(|value| !value.is_null())
    }

    /// Notes a mistake. The first one about a field is enough.
    pub fn wrong(&mut self, field: &str, message: impl Into<String>) {
        if self.errors.iter().any(|error| error.field == field) {
            return;
        }
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// A text without spaces around it; an empty one is as good as none.
    pub fn text(&mut self, field: &'static str) -> Option<String> {
        let text = match self.take(field)? {
            Value::String(text) => text.trim().to_owned(),
            _ => {
                self.wrong(field, "must be a text");
                return None;
            }
        };
        if let Some(why) = unfit(&text) {
            self.wrong(field, why);
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// A text that must be there. A missing one is noted, and empty here.
    pub fn required(&mut self, field: &'static str) -> String {
        self.text(field).unwrap_or_else(|| {
            self.wrong(field, "is missing");
            String::new()
        })
    }

    /// A text that names one of these.
    pub fn one_of(&mut self, field: &'static str, names: &[&str]) -> Option<String> {
        let text = self.text(field)?;
        if names.contains(&text.as_str()) {
            return Some(text);
        }
        self.unknown(field, &text, names);
        None
    }

    /// A word of a closed set.
    pub fn word<W: FromStr<Err = UnknownWord>>(&mut self, field: &'static str) -> Option<W> {
        let parsed = self.text(field)?.parse();
        parsed.map_err(|UnknownWord { word, known }| self.unknown(field, &word, &known)).ok()
    }

    fn unknown(&mut self, field: &str, text: &str, names: &[&str]) {
        let meant = nearest(text, names.iter().copied());
        let help = match meant {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None if names.is_empty() => "there is none at all".to_owned(),
            None => format!("known are: {}", names.join(", ")),
        };
        self.wrong(field, format!("\"{text}\" is not known; {help}"));
    }

    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        let value = self.take(field)?;
        if value.as_bool().is_none() {
            self.wrong(field, "must be true or false");
        }
        value.as_bool()
    }

    /// A number.
    pub fn number(&mut self, field: &'static str) -> Option<f64> {
        let value = self.take(field)?;
        let number = value.as_f64().filter(|number| number.is_finite());
        if number.is_none() {
            self.wrong(field, "must be a number");
        }
        number
    }

    /// A list of texts.
    pub fn texts(&mut self, field: &'static str) -> Vec<String> {
        let Some(value) = self.take(field) else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .and_then(|all| all.iter().map(|one| one.as_str().map(|text| text.trim().to_owned())).collect());
        let texts = texts.unwrap_or_else(|| {
            self.wrong(field, "must be a list of texts");
            Vec::new()
        });
        if let Some(why) = texts.iter().find_map(|text| unfit(text)) {
            self.wrong(field, why);
        }
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// A list of at most so many values.
    pub fn list(&mut self, field: &'static str, most: usize) -> Vec<Value> {
        match self.take(field) {
            Some(Value::Array(values)) if values.len() <= most => return values,
            Some(Value::Array(values)) => {
                self.wrong(field, format!("has {} items; {most} are the most", values.len()))
            }
            Some(_) => self.wrong(field, "must be a list"),
            None => self.wrong(field, "is missing"),
        }
        Vec::new()
    }

    /// An id: a text, or a whole number. A missing one is noted, and empty here.
    pub fn id(&mut self, field: &'static str) -> String {
        match self.left.get(field).and_then(Value::as_i64) {
            Some(number) => {
                self.take(field);
                number.to_string()
            }
            None => self.required(field),
        }
    }

    /// A map of names to texts, numbers or flags.
    pub fn map(&mut self, field: &'static str) -> Map<String, Value> {
        self.map_with(field, &[])
    }

    /// The same, in which some names may stand for anything: whoever asks checks them.
    pub fn map_with(&mut self, field: &'static str, structured: &[&str]) -> Map<String, Value> {
        let map = match self.take(field) {
            None => return Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.wrong(field, "must be an object");
                return Map::new();
            }
        };
        for (name, value) in map.iter().filter(|(name, _)| !structured.contains(&name.as_str())) {
            let why = match value {
                Value::String(text) => unfit(text),
                Value::Array(_) | Value::Object(_) => {
                    Some("must be a text, a number, true or false".to_owned())
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => None,
            };
            if let Some(why) = why {
                self.wrong(&format!("{field}.{name}"), why);
            }
        }
        map
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every mistake, and each member that nobody took, with what it was perhaps meant to be.
    pub fn finish(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.left).keys() {
            let message = match nearest(name, self.known.iter().copied()) {
                Some(meant) => format!("is not known; did you mean \"{meant}\"?"),
                None => format!("is not known; known are: {}", self.known.join(", ")),
            };
            self.wrong(name, message);
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}

/// Why a text is not taken.
pub(super) fn unfit(text: &str) -> Option<String> {
    if text.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        return Some("holds control characters".to_owned());
    }
    (text.chars().count() > LONGEST).then(|| format!("is longer than {LONGEST} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields::parse(json.as_bytes()).expect("an object")
    }

    #[test]
    fn only_objects_are_bodies() {
        for body in ["", "[]", "1", "{", "null", "{\"a\":1}x"] {
            let problem = Fields::parse(body.as_bytes()).err().expect("no object");
            assert_eq!(problem.status, StatusCode::BAD_REQUEST, "{body}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut fields =
            fields(r#"{"reson": "x", "cause": 5, "tags": [1], "tracking": "yes", "zzz": 0, "f": {"a": []}}"#);
        assert_eq!(fields.required("reason"), "");
        assert_eq!(fields.text("cause"), None);
        assert!(fields.texts("tags").is_empty());
        assert_eq!(fields.flag("tracking"), None);
        fields.map("f");
        let problem = fields.finish().expect_err("mistakes");
        assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY);
        let named: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["reason", "cause", "tags", "tracking", "f.a", "reson", "zzz"]);
        assert_eq!(problem.errors[5].message, "is not known; did you mean \"reason\"?");
    }

    #[test]
    fn null_and_empty_are_as_good_as_absent() {
        let mut fields = fields(r#"{"a": null, "b": "  ", "c": " x "}"#);
        assert_eq!((fields.text("a"), fields.text("b"), fields.text("c")), (None, None, Some("x".into())));
        assert_eq!(fields.finish(), Ok(()));
    }

    #[test]
    fn long_texts_and_control_characters_are_refused() {
        let mut fields = fields(&format!(r#"{{"a": "{}", "b": "x\u0000"}}"#, "x".repeat(LONGEST + 1)));
        assert_eq!((fields.text("a"), fields.text("b")), (None, None));
        assert_eq!(fields.finish().expect_err("mistakes").errors.len(), 2);
    }
}
