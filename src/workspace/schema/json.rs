//! A [`Schema`] as JSON Schema, draft 2020-12.
//!
//! Nothing is behind a `$ref`: editors for TOML explain what they find in place.

use serde_json::{Map, Value, json};

use super::takes::forms;
use super::{Key, Schema, Takes, Without, sequence};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Schema {
    /// The JSON Schema of the file.
    pub fn to_json(&self) -> Value {
        let mut schema = table(self.keys);
        schema["$schema"] = DRAFT.into();
        schema["title"] = self.file.into();
        schema["description"] = self.about.into();
        schema
    }
}

/// A table with these keys and no others.
fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let has = |name: &str| keys.iter().any(|key| key.name == name);
    if has("send") && has("slots") {
        schema["not"] = json!({ "required": ["send", "slots"] });
    }
    if has("until") {
        step(&mut schema);
    }
    schema
}

/// What a step has beyond its keys: one verb, and keys that need another.
fn step(schema: &mut Value) {
    schema["oneOf"] = sequence::verbs().map(|verb| json!({ "required": [verb] })).collect();
    schema["dependentRequired"] =
        json!({ "until": ["wait"], "send": ["mail"], "slots": ["mail"], "thread": ["mail"] });
}

fn property(key: &Key) -> Value {
    let mut schema = key.takes.to_json();
    schema["description"] = match key.without.text() {
        Some(default) => format!("{} Default: {default}.", key.about).into(),
        None => key.about.into(),
    };
    if let Without::Value(value) = key.without
        && let Some(value) = key.takes.value(value)
    {
        schema["default"] = value;
    }
    if let Some(example) = key.takes.value(key.example) {
        schema["examples"] = json!([example]);
    }
    schema
}

impl Takes {
    fn to_json(self) -> Value {
        match self {
            Takes::Text => json!({ "type": "string", "minLength": 1 }),
            Takes::Texts => text_or_list(&json!({ "type": "string", "minLength": 1 })),
            Takes::Form(form) => json!({ "type": "string", "pattern": format!("^({form})$") }),
            Takes::Word(words) => json!({ "type": "string", "enum": words() }),
            Takes::Phrases(_) => text_or_list(&json!({ "type": "string", "pattern": self.phrase(true) })),
            Takes::Deed => json!({ "type": "string", "pattern": self.phrase(false) }),
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Integer(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
            Takes::Table(keys) => table(keys),
            Takes::Tables(keys) => json!({ "type": "array", "minItems": 1, "items": table(keys) }),
            Takes::Named(_, keys) => json!({
                "type": "object", "additionalProperties": table(keys), "minProperties": 1,
                "propertyNames": { "pattern": "^[\\p{L}\\p{N}_.-]+$" },
            }),
            Takes::NamedFreely(_, keys) => json!({ "type": "object", "additionalProperties": table(keys) }),
            Takes::NamedBy(names, keys) => {
                let properties: Map<String, Value> =
                    names().into_iter().map(|name| (name.to_owned(), table(keys))).collect();
                json!({ "type": "object", "additionalProperties": false, "properties": properties })
            }
            Takes::Fields => {
                json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
            }
        }
    }

    /// A value that is written so; none of tables, and of no text at all.
    pub fn value(self, written: &str) -> Option<Value> {
        match self {
            Takes::Flag | Takes::Integer(..) => serde_json::from_str(written).ok(),
            Takes::Table(_) | Takes::Tables(_) | Takes::Named(..) | Takes::NamedFreely(..) => None,
            Takes::NamedBy(..) | Takes::Fields => None,
            _ => (!written.is_empty()).then(|| written.into()),
        }
    }

    /// The forms of phrases as a regular expression.
    fn phrase(self, may_be_denied: bool) -> String {
        let forms = forms(self).into_iter().map(|form| match form.rsplit_once(' ') {
            Some((head, "PATH")) => format!("{head} [/*]\\S*"),
            Some((head, name)) if name.chars().all(char::is_uppercase) => format!("{head} \\S+"),
            _ => form.to_owned(),
        });
        let not = if may_be_denied { "(not )?" } else { "" };
        format!("^{not}({})$", forms.collect::<Vec<_>>().join("|"))
    }
}

fn text_or_list(text: &Value) -> Value {
    json!({ "anyOf": [text, { "type": "array", "minItems": 1, "items": text }] })
}
