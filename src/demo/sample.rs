//! The sample workspace, as it was when the program was built.

use std::path::Path;
use std::{fs, io};

/// Each file with its path inside the workspace.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sample.rs"));

/// The leads of the sample.
const LEADS: &str = "sequences/leads.example.csv";

/// Writes the workspace into a folder.
///
/// # Errors
/// The disk is full, or may not be written.
pub fn write(folder: &Path) -> io::Result<()> {
    for (path, bytes) in FILES {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, bytes)?;
    }
    Ok(())
}

/// The rows of these leads, as a CSV file with the header of the sample's.
pub fn leads(emails: &[&str]) -> String {
    let bytes = FILES.iter().find(|(path, _)| *path == LEADS).map_or(&b""[..], |(_, bytes)| bytes);
    let text = String::from_utf8_lossy(bytes);
    let of_one = |line: &str| emails.iter().any(|email| line.starts_with(&format!("{email},")));
    let rows = text.lines().enumerate().filter(|(number, line)| *number == 0 || of_one(line));
    rows.map(|(_, line)| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_whole_and_has_both_leads() {
        let has = |path: &str| FILES.iter().any(|(known, _)| *known == path);
        assert!(
            has("funnel.toml")
                && has("sequences/tofu-welcome.toml")
                && has("templates/mail/tofu/welcome.de.md")
        );
        let emails = [super::super::EVA, super::super::KIM];
        assert_eq!(leads(&emails).lines().count(), 3);
        assert_eq!(leads(&["nobody@example.org"]).lines().count(), 1, "the header");
    }
}
