//! Lists the sample workspace for `src/demo/sample.rs`, so that `dripline demo` works wherever it is installed.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What makes up the workspace in the root of the project.
const SAMPLE: [&str; 3] = ["funnel.toml", "sequences", "templates"];

fn main() -> io::Result<()> {
    let root = variable("CARGO_MANIFEST_DIR");
    let mut files = Vec::new();
    for place in SAMPLE {
        println!("cargo::rerun-if-changed={place}");
        collect(&root.join(place), &mut files)?;
    }
    files.sort();
    let entry = |file: &PathBuf| {
        let inside: Vec<_> =
            file.strip_prefix(&root).unwrap_or(file).iter().map(|part| part.to_string_lossy()).collect();
        format!("    ({:?}, include_bytes!({:?})),\n", inside.join("/"), file.display().to_string())
    };
    let list: String = files.iter().map(entry).collect();
    fs::write(variable("OUT_DIR").join("sample.rs"), format!("&[\n{list}]\n"))
}

fn variable(name: &str) -> PathBuf {
    env::var_os(name).map(PathBuf::from).unwrap_or_default()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
