//! The order of the layers, and the purity of the domain, read from the sources.

use std::fs;
use std::path::{Path, PathBuf};

mod paths;

use paths::{PathUse, paths, tokens};

/// The modules of the crate, lowest layer first. One imports from the layers before its own; those of one layer do not
/// know each other.
const LAYERS: [&[&str]; 10] = [
    &["domain"],
    &["storage", "mail", "workspace", "secret"],
    &["config"],
    &["home"],
    &["nurture"],
    &["worker", "http"],
    &["app"],
    &["demo", "preview"],
    &["cli"],
    &["lib", "main"],
];

/// Crates that do I/O, or make the same question answer differently the next time.
const IMPURE_CRATES: [&str; 11] = [
    "tokio",
    "sqlx",
    "lettre",
    "axum",
    "reqwest",
    "tower_http",
    "rustls",
    "getrandom",
    "tracing",
    "log",
    "futures",
];
const IMPURE_STD: [&str; 7] = ["fs", "net", "process", "env", "thread", "io", "os"];
const IMPURE_WORDS: [&str; 9] =
    ["async", "await", "SystemTime", "Instant", "print", "println", "eprint", "eprintln", "dbg"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The module at the top of the crate that a path leads to, if it leaves that of the file. `module` is the file's own.
fn leads_to(module: &[String], found: &PathUse) -> Option<String> {
    let path = &found.path;
    let ups = path.iter().take_while(|name| *name == "super").count();
    let target = match path[0].as_str() {
        "crate" | "dripline" => path.get(1),
        "super" if ups >= module.len() + found.inline => path.get(ups),
        _ => None,
    };
    target.filter(|target| **target != module[0]).cloned()
}

/// The imports of a file that the order of the layers forbids.
fn wrong_imports(module: &[String], source: &str) -> Vec<String> {
    let own = layer(&module[0]);
    let wrong = |found: &PathUse| match (own, layer(&leads_to(module, found)?)) {
        (Some(own), Some(other)) if other < own => None,
        (Some(_), Some(_)) => Some(format!("{} imports {}", module.join("::"), found.path.join("::"))),
        _ => Some(format!("{}: no layer for {}", module.join("::"), found.path.join("::"))),
    };
    paths(&tokens(source)).iter().filter_map(wrong).collect()
}

/// What a file of the domain must not hold.
fn impurities(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let words = tokens.iter().filter(|token| IMPURE_WORDS.contains(&token.as_str())).cloned();
    let impure = |path: &[String]| {
        let pair =
            |first: &str, second: &str| path.windows(2).any(|pair| pair[0] == first && pair[1] == second);
        IMPURE_CRATES.contains(&path[0].as_str())
            || IMPURE_STD.iter().any(|module| pair("std", module))
            || pair("Utc", "now")
            || pair("Local", "now")
    };
    let uses = paths(&tokens).into_iter().map(|found| found.path);
    words.chain(uses.filter(|path| impure(path)).map(|path| path.join("::"))).collect()
}

/// Every source file with its module path.
fn sources() -> Vec<(Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push((module_of(&root, &path), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// `src/storage/db.rs` is `storage::db`, `src/storage/mod.rs` is `storage`.
fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let place: PathBuf = file.strip_prefix(root).unwrap().with_extension("");
    let mut module: Vec<String> = place.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    module.pop_if(|last| last == "mod");
    module
}

#[test]
fn modules_import_from_the_layers_below() {
    let sources = sources();
    assert!(sources.len() > 30, "the sources were found");
    let unplaced: Vec<&String> =
        sources.iter().map(|(module, _)| &module[0]).filter(|module| layer(module).is_none()).collect();
    assert!(unplaced.is_empty(), "say in LAYERS where these belong: {unplaced:?}");
    let wrong: Vec<String> =
        sources.iter().flat_map(|(module, source)| wrong_imports(module, source)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_is_pure() {
    let domain = sources().into_iter().filter(|(module, _)| module[0] == "domain");
    let impure: Vec<String> = domain
        .flat_map(|(module, source)| {
            impurities(&source).into_iter().map(move |what| format!("{}: {what}", module.join("::")))
        })
        .collect();
    assert!(impure.is_empty(), "{impure:#?}");
}

#[test]
fn an_import_from_above_is_found() {
    let wrong = |module: &str, source: &str| {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        !wrong_imports(&module, source).is_empty()
    };
    for (module, source) in [
        ("domain::gate", "use crate::storage::Db;"),
        ("domain::gate", "fn a() { let b = crate::storage::leads::count(tx); }"),
        ("domain::gate", "use crate::{domain::time, nurture::{self, pump}};"),
        ("domain::gate", "use super::super::storage;"),
        ("domain", "use super::storage;"),
        ("domain::gate", "mod tests { use super::super::super::storage; }"),
        ("storage::db", "use crate::mail::compose;"),
        ("worker", "use crate::http;"),
        ("app", "/* ' */ use crate::cli; // \""),
        ("app", "use crate::surprise;"),
    ] {
        assert!(wrong(module, source), "{module}: {source}");
    }
    for (module, source) in [
        ("domain::gate", "use super::time::Timestamp; use crate::domain::words;"),
        ("domain::gate", "mod tests { use super::*; use super::super::storage; }"),
        ("domain::gate", "// use crate::storage;\n/* crate::storage /* */ crate::nurture */"),
        ("domain::gate", "const A: &str = \"use crate::storage \\\" crate::mail\"; const B: char = '\"';"),
        ("domain::gate", "const A: &str = r#\"\" crate::storage\"#; fn f<'a>(b: &'a str) {}"),
        ("storage::db", "use crate::domain::time; pub(crate) use sql::args; $crate::storage::Arg"),
        ("cli::serve", "use crate::{app, http, nurture::pump as the_pump};"),
        ("main", "fn main() { dripline::cli::run() }"),
    ] {
        assert!(!wrong(module, source), "{module}: {source}");
    }
}

#[test]
fn an_impurity_is_found() {
    for source in [
        "use tokio::sync::Mutex;",
        "use std::{collections::BTreeMap, fs};",
        "fn a() { std::env::var(\"A\") }",
        "use std::time::Instant;",
        "fn a() { chrono::Utc::now() }",
        "fn a() { Local::now() }",
        "async fn a() {}",
        "fn a() { println!(\"a\") }",
    ] {
        assert!(!impurities(source).is_empty(), "{source}");
    }
    for source in [
        "use std::{collections::BTreeMap, fmt};",
        "use chrono::{Local, Utc}; fn now() {}",
        "// tokio::spawn\nconst A: &str = \"async\";",
    ] {
        assert!(impurities(source).is_empty(), "{source}");
    }
}
