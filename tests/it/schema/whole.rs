//! A document in which every key of a schema stands, with its example; and the tables in it.

use dripline::workspace::schema::{Key, SEQUENCE, Schema, Takes};
use serde_json::{Value, json};

/// Which of `send` and `slots`, of which only one can stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Send,
    Slots,
}

/// A document of all examples.
pub fn document(schema: &Schema, choice: Choice) -> Value {
    table(schema.keys, choice)
}

fn table(keys: &[Key], choice: Choice) -> Value {
    let fits = |key: &&Key| !matches!((key.name, choice), ("send", Choice::Slots) | ("slots", Choice::Send));
    let entry = |key: &Key| (key.name.to_owned(), value(key, choice));
    Value::Object(keys.iter().filter(fits).map(entry).collect())
}

fn value(key: &Key, choice: Choice) -> Value {
    match key.takes {
        Takes::Table(keys) => table(keys, choice),
        Takes::Tables(keys) if key.name == "step" => steps(keys, choice),
        Takes::Tables(keys) => json!([table(keys, choice)]),
        // Somebody for whom the other can stand in.
        Takes::Named(name, keys) if key.name == "team" => {
            let required: Vec<Key> = keys.iter().filter(|key| key.required).copied().collect();
            json!({ name: table(keys, choice), "tarek": table(&required, choice) })
        }
        Takes::Named(name, keys) | Takes::NamedFreely(name, keys) => json!({ name: table(keys, choice) }),
        Takes::NamedBy(names, keys) => {
            Value::Object(names().into_iter().map(|name| (name.to_owned(), table(keys, choice))).collect())
        }
        Takes::Fields => json!({ "size": 12, "vip": true, "note": "x" }),
        takes => takes.value(key.example).expect("an example"),
    }
}

fn is_verb(key: &Key) -> bool {
    key.about.starts_with("Verb: ")
}

/// A mail to refer to, then a step for each verb with all other keys that it takes.
fn steps(keys: &[Key], choice: Choice) -> Value {
    let verbs = keys.iter().filter(|key| is_verb(key));
    let step = |verb: &Key| {
        let takes = |key: &&Key| {
            let only_mail = matches!(key.name, "send" | "slots" | "thread");
            !is_verb(key) && (verb.name == "mail" || !only_mail)
        };
        let others: Vec<Key> = keys.iter().filter(takes).copied().collect();
        let mut step = table(&others, choice);
        step["id"] = format!("{}-1", verb.name).into();
        step["renamed_from"] = format!("{}-0", verb.name).into();
        step[verb.name] = value(verb, choice);
        step
    };
    [json!({ "mail": "mofu/guide" })].into_iter().chain(verbs.map(step)).collect()
}

/// The tables of a schema: where each is in [`document`], and its keys.
pub fn tables(schema: &Schema) -> Vec<(String, &'static [Key])> {
    let mut all = Vec::new();
    collect(schema.keys, String::new(), &mut all);
    all
}

fn collect(keys: &'static [Key], path: String, all: &mut Vec<(String, &'static [Key])>) {
    all.push((path.clone(), keys));
    for key in keys {
        let below = format!("{path}/{}", key.name);
        match key.takes {
            // Only the step that sets has this table.
            Takes::Table(keys) if key.name == "set" => {
                collect(keys, format!("/step/{}/set", verb_place("set")), all)
            }
            Takes::Table(keys) => collect(keys, below, all),
            Takes::Tables(keys) if key.name == "step" => collect(keys, format!("{below}/1"), all),
            Takes::Tables(keys) => collect(keys, format!("{below}/0"), all),
            Takes::Named(name, keys) | Takes::NamedFreely(name, keys) => {
                collect(keys, format!("{below}/{name}"), all)
            }
            Takes::NamedBy(names, keys) => collect(keys, format!("{below}/{}", names()[1]), all),
            _ => {}
        }
    }
}

/// The place of the step with this verb: the first step is a mail to refer to.
fn verb_place(verb: &str) -> usize {
    let Some(Takes::Tables(keys)) = SEQUENCE.keys.last().map(|key| key.takes) else { panic!("no steps") };
    1 + keys.iter().filter(|key| is_verb(key)).position(|key| key.name == verb).expect("a verb")
}

/// The table in which a key can be changed: a verb in its own step.
pub fn place_of(path: &str, key: &Key) -> String {
    if path == "/step/1" && is_verb(key) {
        format!("/step/{}", verb_place(key.name))
    } else {
        path.to_owned()
    }
}

/// The table at a place of a document.
pub fn at<'d>(document: &'d mut Value, path: &str) -> &'d mut Value {
    document.pointer_mut(path).unwrap_or_else(|| panic!("there is no table at {path}"))
}
