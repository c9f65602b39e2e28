//! A manifest: what mails in a folder are, a line of JSON for each.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// One mail, and what is said of it.
#[derive(Debug, Deserialize)]
pub struct Record {
    /// Its file, below the folder of the corpus.
    pub file: PathBuf,
    /// `classify`, `strip` or `parse_only`.
    pub task: String,
    /// The media type of the file: a mail, or the body of one.
    pub input: String,
    pub kind: String,
    /// `true`, `false`, `"mixed"`; null says nothing.
    #[serde(default)]
    pub hard: Value,
    /// False: the mail was only delayed.
    #[serde(default, rename = "final")]
    pub is_final: Value,
    #[serde(default)]
    pub recipients: Option<Vec<Value>>,
    #[serde(default)]
    pub alternatives: Vec<Value>,
    /// Exactly what the person wrote.
    #[serde(default)]
    pub stripped: Option<String>,
    /// The same, where the words themselves are not in the manifest: their hash without white space.
    #[serde(default)]
    pub stripped_sha256: Option<String>,
    #[serde(default)]
    pub must_contain: Vec<String>,
    #[serde(default)]
    pub must_not_contain: Vec<String>,
    /// The day of the return that an absence note names; empty if it names none.
    #[serde(default)]
    pub absent_until: Option<String>,
}

impl Record {
    /// Whom a bounce is about, lower case.
    pub fn bounced(&self) -> Vec<String> {
        let recipients = self.recipients.iter().flatten();
        let named = recipients.filter_map(|recipient| recipient["recipient"].as_str());
        named.filter(|address| !address.is_empty()).map(str::to_lowercase).collect()
    }

    /// What the mail is called in the table.
    pub fn kind(&self) -> &str {
        match (self.task.as_str(), self.kind.as_str()) {
            ("classify", "bounce") if self.is_final == false => "delayed",
            ("classify", kind) => kind,
            (task, _) => task,
        }
    }

    /// The mail. A body is put into a small one.
    pub fn mail(&self, folder: &Path, number: usize) -> Vec<u8> {
        let path = folder.join(&self.file);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if self.input == "message/rfc822" {
            return bytes;
        }
        let charset = if std::str::from_utf8(&bytes).is_ok() { "utf-8" } else { "iso-8859-1" };
        let head = format!(
            "From: A Lead <lead@example.org>\r\nTo: Sender <sender@example.com>\r\nSubject: Re: Hello\r\n\
             Message-ID: <{number}@example.org>\r\nIn-Reply-To: <x@example.com>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n\
             MIME-Version: 1.0\r\nContent-Type: {}; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
            self.input
        );
        [head.into_bytes(), bytes].concat()
    }
}

/// The records of all manifests in a folder, which lie one level below it.
pub fn all(folder: &Path) -> Vec<Record> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut manifests: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path().join("manifest.jsonl"))
        .filter(|path| path.exists())
        .collect();
    manifests.sort();
    manifests.iter().flat_map(|path| of_manifest(path)).collect()
}

fn of_manifest(path: &Path) -> Vec<Record> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()))
    };
    text.lines().filter(|line| !line.is_empty()).map(read).collect()
}
