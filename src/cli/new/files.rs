//! [`NewFile`]s, written only where there are none.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use crate::workspace::check_word;

/// A file that is to be made.
pub struct NewFile {
    /// Below the workspace, with `/` between folders.
    pub path: String,
    pub text: String,
    /// What is in it, for people; empty for what they need not know.
    pub about: &'static str,
}

impl NewFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>, about: &'static str) -> Self {
        Self { path: path.into(), text: text.into(), about }
    }
}

/// Writes the files below a folder.
///
/// # Errors
/// Some exist already: then nothing is written. A file or a folder that cannot be made.
pub fn write_new(folder: &Path, files: &[NewFile]) -> anyhow::Result<()> {
    let there: Vec<&str> =
        files.iter().map(|file| file.path.as_str()).filter(|path| folder.join(path).exists()).collect();
    anyhow::ensure!(
        there.is_empty(),
        "nothing is written: {} {} already in {}",
        there.join(", "),
        if there.len() == 1 { "is" } else { "are" },
        folder.display()
    );
    files.iter().try_for_each(|file| write(&folder.join(&file.path), &file.text))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let mut file = File::create_new(path).with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)
}

/// Refuses what can be no file's name in a workspace: files that begin with a dot are passed over there.
///
/// # Errors
/// What a name is.
pub fn check_name(name: &str) -> anyhow::Result<()> {
    check_word(name).map_err(anyhow::Error::msg)?;
    anyhow::ensure!(!name.starts_with('.'), "`{name}` begins with a dot: names begin with a letter");
    Ok(())
}

/// A line for each file that people should know of.
pub fn list(files: &[NewFile]) -> String {
    let known: Vec<&NewFile> = files.iter().filter(|file| !file.about.is_empty()).collect();
    let width = known.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    known.iter().map(|file| format!("  {:<width$}  {}\n", file.path, file.about)).collect()
}
