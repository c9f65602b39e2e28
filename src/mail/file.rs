//! [`FileRelay`]: mail into a directory, for a start without a mail server.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Local};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::delivery::{Delivery, Reply};
use crate::domain::outcome::Phase;

/// Bytes of the hash that tells messages apart in file names: no two of a billion have the same.
const TAG_BYTES: usize = 8;

/// Recipients are cut to about so many characters in file names, which have 255 at most.
const LONGEST_RECIPIENT: usize = 120;

/// Writes each message into a file of a directory, made when the first message comes.
///
/// `2026-11-24_10-31-05_kim@example.org_3f9c1a07b2d4e685.eml`: its Date in the machine's time zone, so that a listing
/// is in order of time; the recipient; and a tag of the id, by which a repeat is known.
#[derive(Clone, Debug)]
pub struct FileRelay {
    dir: PathBuf,
    /// The names in the directory by tag, read when the first message comes. Clones share them.
    names: Arc<Mutex<Option<HashMap<String, String>>>>,
}

/// Relays into the same directory are the same.
impl PartialEq for FileRelay {
    fn eq(&self, other: &Self) -> bool {
        self.dir == other.dir
    }
}

impl Eq for FileRelay {}

impl FileRelay {
    /// A relay into this directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), names: Arc::default() }
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
    pub async fn send(&self, id: &str, to: &str, raw: &[u8], start: impl FnOnce() -> bool) -> Delivery {
        if !start() {
            return Delivery::Refused;
        }
        let (relay, tag, raw) = (self.clone(), tag(id), raw.to_vec());
        let name = format!("{}_{}_{tag}.eml", time(&raw), recipient(to));
        let written = tokio::task::spawn_blocking(move || relay.write(&tag, name, &raw)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(path) => {
                let text = format!("2.0.0 written to {}", path.display());
                Delivery::Answered(Reply::new(Phase::End, 250, &text))
            }
            Err(error) => Delivery::LostBefore(format!("{}: {error}", self.dir.display())),
        }
    }

    /// Writes a message under this name, or under the one that it has already. The path of the file.
    fn write(&self, tag: &str, name: String, raw: &[u8]) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.dir)?;
        let name = self.known(tag)?.unwrap_or(name);
        write_whole(&self.dir, &name, raw)?;
        let path = self.dir.join(&name);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get_or_insert_default().insert(tag.to_owned(), name);
        Ok(path)
    }

    /// The name that the message with this tag has already.
    fn known(&self, tag: &str) -> io::Result<Option<String>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.is_none() {
            *names = Some(names_in(&self.dir)?);
        }
        Ok(names.as_ref().and_then(|names| names.get(tag).cloned()))
    }
}

/// The messages in a directory: their names by tag.
fn names_in(dir: &Path) -> io::Result<HashMap<String, String>> {
    let mut names = HashMap::new();
    for entry in fs::read_dir(dir)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        let tag = name.strip_suffix(".eml").and_then(|stem| stem.rsplit_once('_'));
        if let Some((_, tag)) = tag.filter(|_| !name.starts_with('.')) {
            names.insert(tag.to_owned(), name);
        }
    }
    Ok(names)
}

/// Writes beside, syncs, renames, and syncs the directory, so that a crash leaves no half file under the name.
fn write_whole(dir: &Path, name: &str, raw: &[u8]) -> io::Result<()> {
    // What a crash left behind is overwritten by the repeat, or hidden from whoever lists the mails.
    let beside = dir.join(format!(".{name}.part"));
    let mut file = File::create(&beside)?;
    file.write_all(raw)?;
    file.sync_all()?;
    fs::rename(&beside, dir.join(name))?;
    File::open(dir)?.sync_all()
}

fn tag(id: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(id.as_bytes())[..TAG_BYTES])
}

/// What the message's Date says, on the clock of this machine; the time now if it says nothing.
fn time(raw: &[u8]) -> String {
    let date = raw
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .find_map(|line| std::str::from_utf8(line).ok()?.strip_prefix("Date:"));
    let date = date.and_then(|text| DateTime::parse_from_rfc2822(text.trim()).ok());
    let local = date.map_or_else(Local::now, |date| date.with_timezone(&Local));
    local.format("%Y-%m-%d_%H-%M-%S").to_string()
}

/// The recipient as every file system takes it: all but letters, digits and `-.@+` is written as `%XX`.
fn recipient(to: &str) -> String {
    let mut name = String::new();
    for byte in to.bytes() {
        if name.len() >= LONGEST_RECIPIENT {
            break;
        }
        if byte.is_ascii_alphanumeric() || b"-.@+".contains(&byte) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_safe_in_file_names() {
        assert_eq!(recipient("Kim+news@mx.example"), "Kim+news@mx.example");
        assert_eq!(recipient("../../etc_passwd"), "..%2F..%2Fetc%5Fpasswd");
        assert_eq!(recipient("ü"), "%C3%BC");
        assert_eq!(recipient(&"ü".repeat(300)).len(), LONGEST_RECIPIENT);
    }

    #[test]
    fn tags_tell_messages_apart() {
        assert_eq!(tag("<a@x.example>"), tag("<a@x.example>"));
        assert_ne!(tag("<a@x.example>"), tag("<b@x.example>"));
        assert_eq!(tag("").len(), 2 * TAG_BYTES);
    }

    #[test]
    fn the_time_is_that_of_the_date_field() {
        let moment = DateTime::parse_from_rfc2822("Tue, 24 Nov 2026 09:31:05 +0000").expect("a date");
        let expected = moment.with_timezone(&Local).format("%Y-%m-%d_%H-%M-%S").to_string();
        assert_eq!(time(b"From: a\r\nDate: Tue, 24 Nov 2026 09:31:05 +0000\r\n\r\nx"), expected);
        assert_ne!(time(b"From: a\r\n\r\nDate: Tue, 24 Nov 2026 09:31:05 +0000\r\n"), expected, "a body");
    }
}
