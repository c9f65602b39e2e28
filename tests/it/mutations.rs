//! The patches of tests/mutations, which `tests/mutations/run` tries: each must still apply to the sources.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_mutation_applies_to_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(root.join("tests/mutations")).unwrap().map(|entry| entry.unwrap().path());
    let patches: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "patch")).collect();
    assert!(!patches.is_empty());
    for patch in patches {
        let checked =
            Command::new("git").args(["apply", "--check"]).arg(&patch).current_dir(root).output().unwrap();
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{} does not apply any more: {said}", patch.display());
    }
}
