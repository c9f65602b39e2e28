//! The JSON Schemas say the same as the readers of the files, key by key; and docs/ says it, too.

mod broken;
pub mod whole;

use std::collections::BTreeSet;
use std::path::Path;

use dripline::config::{self, Config};
use dripline::workspace::schema::{FRONT_MATTER, FUNNEL, Key, SEQUENCE, Schema, Takes, Without};
use dripline::workspace::{Checked, Diagnostic, Files, Workspace};
use serde_json::{Value, json};

use whole::{Choice, document, tables};

pub const ALL: [&Schema; 4] = [&SEQUENCE, &FUNNEL, &config::SCHEMA, &FRONT_MATTER];

/// What the reader of a kind of file finds wrong in this document.
pub fn found(schema: &Schema, document: &Value) -> Vec<Diagnostic> {
    let text = toml::to_string(document).expect("TOML");
    let found = match schema.name {
        "dripline" => {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("dripline.toml"), &text).unwrap();
            return Config::load(folder.path(), []).err().unwrap_or_default();
        }
        "sequence" => compile(&[("sequences/x.toml", text)]),
        "funnel" => compile(&[("funnel.toml", text)]),
        "front-matter" => compile(&[("templates/mail/mofu/guide.md", format!("+++\n{text}+++\nHello.\n"))]),
        other => panic!("no reader is known for {other}"),
    };
    found.into_iter().filter(Diagnostic::is_error).collect()
}

/// What is found in a sound workspace with these files in it.
fn compile(files: &[(&str, String)]) -> Vec<Diagnostic> {
    check(files).diagnostics
}

fn check(files: &[(&str, String)]) -> Checked {
    let funnel = toml::to_string(&document(&FUNNEL, Choice::Send)).expect("TOML");
    let guide = "+++\nsubject = \"A guide\"\n+++\nHello.\n".to_owned();
    let mut all = vec![("funnel.toml", funnel), ("templates/mail/mofu/guide.md", guide)];
    all.extend(files.iter().cloned());
    let all = all.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes()));
    Workspace::compile(&Files::from_map(all.collect()))
}

/// What the reader makes of a sound document.
fn made_of(schema: &Schema, document: &Value) -> String {
    let text = toml::to_string(document).expect("TOML");
    let sound = "a sound workspace";
    match schema.name {
        "dripline" => {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("dripline.toml"), &text).unwrap();
            format!("{:?}", Config::load(folder.path(), []).expect("sound"))
        }
        "sequence" => {
            let workspace = check(&[("sequences/x.toml", text)]).workspace.expect(sound);
            format!("{:?}", workspace.sequences)
        }
        _ => format!("{:?}", check(&[("funnel.toml", text)]).workspace.expect(sound).funnel),
    }
}

pub fn validator(schema: &Schema) -> jsonschema::Validator {
    let json = schema.to_json();
    jsonschema::draft202012::meta::validate(&json).expect("a JSON Schema of draft 2020-12");
    jsonschema::draft202012::new(&json).expect("a schema")
}

#[test]
fn a_document_of_all_examples_is_fine_for_reader_and_schema() {
    for schema in ALL {
        for choice in [Choice::Send, Choice::Slots] {
            let document = document(schema, choice);
            let found = found(schema, &document);
            assert!(found.is_empty(), "{}: {found:#?}\n{document:#}", schema.name);
            if let Err(error) = validator(schema).validate(&document) {
                panic!("{}: {error} at {}", schema.name, error.instance_path());
            }
        }
    }
}

#[test]
fn every_key_has_an_example_and_a_plain_sentence() {
    let mut keys = 0;
    for (path, table) in ALL.iter().flat_map(|schema| tables(schema)) {
        for key in table {
            let name = format!("{path} {}", key.name);
            keys += 1;
            assert!(key.about.ends_with('.') && key.about.len() < 200, "{name}: {}", key.about);
            let is_table = key.takes.value("1").is_none();
            assert_eq!(key.example.is_empty(), is_table, "{name} has no example, or one that nobody sees");
        }
    }
    assert!(keys > 80, "only {keys} keys were found");
}

#[test]
fn the_reader_knows_the_keys_of_the_schema_and_no_others() {
    for schema in ALL {
        for (path, table) in tables(schema) {
            let mut document = document(schema, Choice::Send);
            whole::at(&mut document, &path)["zzz-no-key"] = json!(1);
            let found = found(schema, &document);
            assert!(!validator(schema).is_valid(&document), "{} {path}", schema.name);
            if path.ends_with("/set") {
                assert_eq!(found.len(), 1, "{found:#?}");
                continue;
            }
            let help = found.iter().find_map(|found| found.help.as_deref()?.strip_prefix("choose one of: "));
            let help = help.unwrap_or_else(|| panic!("{} {path}: {found:#?}", schema.name));
            let known: BTreeSet<&str> = help.split(", ").collect();
            let listed: BTreeSet<&str> = table.iter().map(|key| key.name).collect();
            assert_eq!(known, listed, "{} {path}", schema.name);
        }
    }
}

#[test]
fn a_value_of_another_kind_is_wrong_for_both() {
    for schema in ALL {
        let validator = validator(schema);
        for (path, table) in tables(schema) {
            for key in table.iter().filter(|key| key.name != "slots") {
                let mut document = document(schema, Choice::Send);
                let path = whole::place_of(&path, key);
                whole::at(&mut document, &path)[key.name] = of_another_kind(key);
                assert!(!found(schema, &document).is_empty(), "{} {path} {}: reader", schema.name, key.name);
                assert!(!validator.is_valid(&document), "{} {path} {}: schema", schema.name, key.name);
            }
        }
    }
}

fn of_another_kind(key: &Key) -> Value {
    match key.takes {
        Takes::Integer(..) | Takes::Flag => json!("x"),
        _ => json!(1),
    }
}

#[test]
fn a_default_is_what_holds_without_the_key() {
    let mut defaults = 0;
    for schema in [&SEQUENCE, &FUNNEL, &config::SCHEMA] {
        for (path, table) in tables(schema) {
            for key in table {
                let Without::Value(value) = key.without else { continue };
                let mut document = document(schema, Choice::Send);
                let table = whole::at(&mut document, &path);
                table[key.name] = key.takes.value(value).expect("a value");
                let with = made_of(schema, &document);
                whole::at(&mut document, &path).as_object_mut().expect("a table").remove(key.name);
                let same = made_of(schema, &document) == with;
                assert!(
                    same,
                    "{} {path}: without {} something else holds than {value}",
                    schema.name, key.name
                );
                defaults += 1;
            }
        }
    }
    assert!(defaults >= 20, "only {defaults} defaults were compared");
}

#[test]
fn what_must_be_there_is_missed_by_both() {
    for schema in ALL {
        let validator = validator(schema);
        for (path, table) in tables(schema) {
            for key in table.iter().filter(|key| key.required) {
                let mut document = document(schema, Choice::Send);
                let table = whole::at(&mut document, &path).as_object_mut().expect("a table");
                table.remove(key.name).expect("the key");
                assert!(!found(schema, &document).is_empty(), "{} {path} {}: reader", schema.name, key.name);
                assert!(!validator.is_valid(&document), "{} {path} {}: schema", schema.name, key.name);
            }
        }
    }
}

/// A key of a table, with texts that it takes, and texts that it does not.
type Case = (&'static Schema, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn the_forms_of_texts_are_the_same_for_both() {
    let cases: &[Case] = &[
        (
            &SEQUENCE,
            "/step/1",
            "wait",
            &["1 minute", "90 minutes", "1 hour", "2 weeks"],
            &["3 dayz", "3days", "", "-1 days"],
        ),
        (
            &SEQUENCE,
            "",
            "send",
            &["always", "Sat 10:00-12:00", "Mon-Fri 09:00-12:00, Sat 10:00-24:00"],
            &["9-5", "Mon-Fri", "never", "Mon-Fri 9:00-17:00"],
        ),
        (&SEQUENCE, "", "again", &["after 1 day"], &["180 days", "after a year"]),
        (
            &SEQUENCE,
            "",
            "goal",
            &["opened guide", "not clicked guide", "clicked link x", "visited *", "did x", "has fields.x"],
            &["clicked", "booked", "open guide", "visited pricing", "not"],
        ),
        (
            &SEQUENCE,
            "",
            "enroll_if",
            &["replied", "bought", "submitted x"],
            &["opened guide", "clicked guide"],
        ),
        (
            &FUNNEL,
            "/score/0",
            "on",
            &["replied", "visited /x"],
            &["not replied", "has phone", "clicked guide"],
        ),
        (&FUNNEL, "/defaults", "language", &["de"], &["DE", "deu", "de-AT"]),
        (&FUNNEL, "/defaults", "timezone", &["UTC", "America/New_York"], &["Berlin", "CEST"]),
        (&FUNNEL, "/sender/anna", "email", &["a@b.example"], &["a", "a b@c.example", "@b.example"]),
        (&FUNNEL, "/consent", "require", &["opt_in"], &["existing_customer", "yes"]),
        (&FUNNEL, "/reply", "then", &["hand_over"], &["wait"]),
        (&config::SCHEMA, "/relay/main", "rate", &["1/minute", "50000/day"], &["5", "5/week", "/second"]),
        (
            &config::SCHEMA,
            "/relay/main",
            "url",
            &["file:out", "smtps://mx.example"],
            &["mx.example", "smpt://x"],
        ),
        (&config::SCHEMA, "/fuse", "bounce_rate", &["5%", "0.5 %"], &["5", "five %"]),
        (&config::SCHEMA, "/server", "listen", &["[::1]:80"], &["here", "8080"]),
        (&config::SCHEMA, "/server", "database", &["sqlite:x.db"], &["mysql://x", "x.db"]),
        (&config::SCHEMA, "/server", "public_url", &["http://x.example"], &["x.example", "ftp://x.example"]),
        (&FRONT_MATTER, "", "subject", &["Hello"], &["a\nb", " "]),
    ];
    for (schema, path, key, fine, wrong) in cases {
        let validator = validator(schema);
        for (text, is_fine) in
            fine.iter().map(|text| (text, true)).chain(wrong.iter().map(|text| (text, false)))
        {
            let mut document = document(schema, Choice::Send);
            whole::at(&mut document, path)[*key] = json!(text);
            let found = found(schema, &document);
            assert_eq!(found.is_empty(), is_fine, "{key} = {text:?}: {found:#?}");
            assert_eq!(validator.is_valid(&document), is_fine, "{key} = {text:?}: schema");
        }
    }
}

#[test]
fn the_files_of_the_example_are_valid() {
    valid_workspace(Path::new(env!("CARGO_MANIFEST_DIR")));
}

/// Every file of a workspace that has a schema follows it.
pub fn valid_workspace(folder: &Path) {
    let files = Files::read(folder).expect("a workspace");
    let mut seen = 0;
    for (path, bytes) in files.below("") {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let (schema, text) = match path {
            "funnel.toml" => (&FUNNEL, text),
            path if path.starts_with("sequences/") => (&SEQUENCE, text),
            path if path.starts_with("templates/mail/") && !path.ends_with(".txt") => {
                (&FRONT_MATTER, text.split("+++").nth(1).unwrap_or_default())
            }
            _ => continue,
        };
        let document: Value = toml::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        if let Err(error) = validator(schema).validate(&document) {
            panic!("{path}: {error} at {}", error.instance_path());
        }
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} files were looked at");
}
