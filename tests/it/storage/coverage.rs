//! That this suite calls every query function.

use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files of a folder of this project.
fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// How a query function of `src/storage/FILE.rs` is called: those of `Db` and `Tx` are methods.
fn call(file: &str, name: &str) -> String {
    match (file, name) {
        ("db", "open" | "look") => format!("Db::{name}("),
        ("db" | "tx", _) => format!(".{name}("),
        _ => format!("{file}::{name}("),
    }
}

#[test]
fn every_query_is_called_in_this_suite() {
    let suite = sources("tests/it/storage").into_iter().chain(sources("tests/it/support"));
    let suite: String = suite.map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut found = 0;
    let mut missing = Vec::new();
    for path in sources("src/storage") {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split("pub async fn ").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found += 1;
            missing.extend(Some(call(&file, &name)).filter(|call| !suite.contains(call)));
        }
    }
    assert!(found > 70, "only {found} query functions were found: has their form changed?");
    assert!(missing.is_empty(), "no test of tests/it/storage calls {missing:?}");
}
