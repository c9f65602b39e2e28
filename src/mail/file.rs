//! [`FileRelay`]: mail into a directory, for a start without a mail server.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::delivery::{Delivery, Reply};
use crate::domain::outcome::Phase;

/// Writes each message into a file `ID.eml` of a directory, made when the first message comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRelay {
    dir: PathBuf,
}

impl FileRelay {
    /// A relay into this directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a message. `id` is its Message-ID or whatever else names it always and alone: a repeat overwrites the
    /// file. The file appears whole or not at all, and is on the disk before the answer.
    ///
    /// `start` is called right before anything is written; if it answers false nothing is. A failure is
    /// [`Delivery::LostBefore`], since writing it again cannot double it.
    pub async fn send(&self, id: &str, raw: &[u8], start: impl FnOnce() -> bool) -> Delivery {
        if !start() {
            return Delivery::Refused;
        }
        let (dir, name, raw) = (self.dir.clone(), file_name(id), raw.to_vec());
        let path = self.dir.join(&name);
        let written = tokio::task::spawn_blocking(move || write_whole(&dir, &name, &raw)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(()) => {
                let text = format!("2.0.0 written to {}", path.display());
                Delivery::Answered(Reply::new(Phase::End, 250, &text))
            }
            Err(error) => Delivery::LostBefore(format!("{}: {error}", path.display())),
        }
    }
}

/// Writes beside, syncs, renames, and syncs the directory, so that a crash leaves no half file under the name.
fn write_whole(dir: &Path, name: &str, raw: &[u8]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    // One temporary name for a message: what a crash left behind is overwritten by the repeat.
    let beside = dir.join(format!(".{name}.part"));
    let mut file = File::create(&beside)?;
    file.write_all(raw)?;
    file.sync_all()?;
    fs::rename(&beside, dir.join(name))?;
    File::open(dir)?.sync_all()
}

/// A file name that no other id has: all but letters, digits and `-_@.` is written as `%XX`, and so is a dot in front.
fn file_name(id: &str) -> String {
    let id = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id);
    let mut name = String::with_capacity(id.len() + 4);
    for byte in id.bytes() {
        let leading_dot = byte == b'.' && name.is_empty();
        if (byte.is_ascii_alphanumeric() || b"-_@.".contains(&byte)) && !leading_dot {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name + ".eml"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_plain_and_distinct() {
        assert_eq!(file_name("<abc-1@mx.example>"), "abc-1@mx.example.eml");
        assert_eq!(file_name("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd.eml");
        assert_eq!(file_name(""), ".eml");
        assert_ne!(file_name("a/b"), file_name("a_b"));
        assert_ne!(file_name("a%2Fb"), file_name("a/b"));
    }
}
