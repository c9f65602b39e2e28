//! The references in docs/ say what the code knows, all of it.

use std::fs;
use std::path::Path;

use dripline::config;
use dripline::domain::condition::FORMS;
use dripline::domain::lead::{COMPANY_FIELDS, JUDGED_FIELDS, LEAD_FIELDS};
use dripline::workspace::schema::{FRONT_MATTER, FUNNEL, Key, SEQUENCE, Schema, Without};
use dripline::workspace::{FUNCTIONS, templates};

use crate::schema::whole::tables;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The row of a table for a key; none for tables, which have headings.
fn row(key: &Key) -> Option<String> {
    let example = toml::Value::try_from(key.takes.value(key.example)?).expect("TOML");
    let without = match key.without {
        Without::Value(value) => format!("`{value}`"),
        Without::Words(words) => words.to_owned(),
        Without::Nothing if key.required => "must be given".to_owned(),
        Without::Nothing => String::new(),
    };
    let about = key.about.trim_start_matches("Verb: ");
    let about: String = about[..1].to_uppercase() + &about[1..];
    Some(format!("| `{name}` | {about} | {without} | `{name} = {example}` |", name = key.name))
}

fn rows(schema: &Schema) -> Vec<String> {
    tables(schema).iter().flat_map(|(_, keys)| keys.iter().filter_map(row)).collect()
}

fn missing(page: &str, wanted: impl IntoIterator<Item = String>) -> Vec<String> {
    wanted.into_iter().filter(|text| !page.contains(text.as_str())).collect()
}

fn nothing_missing(name: &str, wanted: impl IntoIterator<Item = String>) {
    let missing = missing(&page(name), wanted);
    assert!(missing.is_empty(), "docs/{name} lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_key_stands_in_its_reference() {
    for (schema, name) in
        [(&SEQUENCE, "sequences.md"), (&FUNNEL, "funnel.md"), (&FRONT_MATTER, "templates.md")]
    {
        let rows = rows(schema);
        assert!(rows.len() >= 3, "{name}");
        nothing_missing(name, rows);
    }
    let tables = FUNNEL.keys.iter().map(|key| format!("[{}", key.name));
    nothing_missing("funnel.md", tables);
}

#[test]
fn no_row_of_a_reference_is_about_a_key_that_is_gone() {
    for (schema, name) in
        [(&SEQUENCE, "sequences.md"), (&FUNNEL, "funnel.md"), (&FRONT_MATTER, "templates.md")]
    {
        let rows = rows(schema);
        let page = page(name);
        // Tables of keys have four columns, of which the last repeats the key.
        let about_keys = page.lines().filter(|line| {
            let key = line.split('`').nth(1).unwrap_or_default();
            line.starts_with('|') && line.contains(&format!("`{key} = "))
        });
        let old: Vec<&str> = about_keys.filter(|line| !rows.iter().any(|row| row == line)).collect();
        assert!(old.is_empty(), "docs/{name}:\n{}", old.join("\n"));
    }
}

#[test]
fn every_setting_of_the_operator_is_described() {
    let keys: Vec<&Key> = tables(&config::SCHEMA).into_iter().flat_map(|(_, keys)| keys).collect();
    let named = keys.iter().filter(|key| !key.example.is_empty()).map(|key| format!("{}`", key.name));
    nothing_missing("operators.md", named);
}

#[test]
fn every_phrase_helper_variable_and_slot_is_described() {
    let phrases = FORMS.iter().map(|form| format!("| `{form}` |"));
    nothing_missing("sequences.md", phrases);
    nothing_missing("templates.md", templates::helpers().map(|name| format!("`{name}`")));
    let page = page("templates.md");
    let called = |name: &&str| ["(", "{{", "{{#"].iter().any(|open| page.contains(&format!("{open}{name} ")));
    let uncalled: Vec<&str> =
        templates::helpers().filter(|name| *name != "greeting" && !called(name)).collect();
    assert!(uncalled.is_empty(), "docs/templates.md shows no example of {uncalled:?}");
    nothing_missing("templates.md", templates::variables().into_iter().map(|name| format!("`{name}`")));
    nothing_missing("templates.md", templates::slots().iter().map(|slot| format!("`{{{{> {slot}}}}}`")));
}

#[test]
fn every_name_in_an_expression_is_described() {
    let names = LEAD_FIELDS.iter().chain(JUDGED_FIELDS).chain(COMPANY_FIELDS).chain(FUNCTIONS);
    nothing_missing("funnel.md", names.map(|name| format!("`{name}`")));
}

#[test]
fn links_between_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    let docs = fs::read_dir(root.join("docs")).expect("docs/").map(|entry| entry.expect("a file").path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|end| end == "md")));
    let mut links = 0;
    for path in pages {
        let text = fs::read_to_string(&path).expect("text");
        let folder = path.parent().expect("a folder");
        let fences = text.split("```").step_by(2).collect::<String>();
        for target in fences.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split(['#', ' ']).next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.contains('…') {
                continue;
            }
            links += 1;
            assert!(folder.join(file).exists(), "{}: {target} leads nowhere", path.display());
        }
    }
    assert!(links > 10, "only {links} links were found");
}
