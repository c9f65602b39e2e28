//! [`Files`]: the bytes of a workspace, as read from a directory or as stored with a revision.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A workspace that is larger than this was not meant, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Folders within folders below `templates`.
const DEEPEST: usize = 12;

/// The files of a workspace by their path inside it, with `/` between folders:
/// `funnel.toml`, `sequences/*.toml` and all below `templates`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

/// Why the files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("{} cannot be read: {cause}", .path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("{} is not a directory", .0.display())]
    NoDirectory(PathBuf),
    #[error("the workspace is larger than {} MB", LARGEST / 1024 / 1024)]
    TooLarge,
    #[error("{} lies too deep in folders", .0.display())]
    TooDeep(PathBuf),
    #[error("the stored revision is damaged: {0}")]
    Damaged(String),
}

/// How a file is stored: as the text it is, or else in base 64.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Text(String),
    Bytes { base64: String },
}

impl Files {
    /// Reads the workspace's files in this directory. Hidden files are passed over.
    ///
    /// # Errors
    /// See [`FilesError`]. That a file or folder is absent is no error here.
    pub fn read(directory: &Path) -> Result<Self, FilesError> {
        let mut files = BTreeMap::new();
        for path in Walk::over(directory)?.files {
            match fs::read(&path) {
                Ok(bytes) => files.insert(inside(directory, &path), bytes),
                // It was there a moment ago: somebody is saving it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(cause) => return Err(FilesError::Unreadable { path, cause }),
            };
        }
        Ok(Self(files))
    }

    /// A mark of the workspace's files in this directory that changes when one of them is saved: a number made of their
    /// names, sizes and times. It reads none of them.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub fn mark(directory: &Path) -> Result<u64, FilesError> {
        Ok(Walk::over(directory)?.mark.finish())
    }

    pub fn from_map(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(files)
    }

    /// The SHA-256 of all paths and contents, in hexadecimal: equal files have an equal hash.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (path, bytes) in &self.0 {
            // With lengths before them, no two sets of files give the same run of bytes.
            for part in [path.as_bytes(), bytes] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        HEXLOWER.encode(&hash.finalize())
    }

    /// The files as one text, to be stored as a revision.
    pub fn to_json(&self) -> String {
        let stored = |bytes: &Vec<u8>| match std::str::from_utf8(bytes) {
            Ok(text) => Stored::Text(text.to_owned()),
            Err(_) => Stored::Bytes { base64: BASE64.encode(bytes) },
        };
        let stored: BTreeMap<&String, Stored> =
            self.0.iter().map(|(path, bytes)| (path, stored(bytes))).collect();
        serde_json::to_string(&stored).expect("a map of texts is JSON")
    }

    /// The files of a text that [`Files::to_json`] made.
    ///
    /// # Errors
    /// [`FilesError::Damaged`] for any other text.
    pub fn from_json(text: &str) -> Result<Self, FilesError> {
        let damaged = |error: &dyn std::fmt::Display| FilesError::Damaged(error.to_string());
        let stored: BTreeMap<String, Stored> = serde_json::from_str(text).map_err(|error| damaged(&error))?;
        let bytes = |stored| match stored {
            Stored::Text(text) => Ok(text.into_bytes()),
            Stored::Bytes { base64 } => BASE64.decode(base64.as_bytes()).map_err(|error| damaged(&error)),
        };
        let files = stored.into_iter().map(|(path, stored)| Ok((path, bytes(stored)?)));
        files.collect::<Result<_, FilesError>>().map(Self)
    }

    /// The bytes of a file.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// The files whose path begins so, with their whole paths.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let paths = self.0.range(prefix.to_owned()..).take_while(move |(path, _)| path.starts_with(prefix));
        paths.map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }
}

/// The path of a file inside a directory, with `/` between folders.
fn inside(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).iter();
    parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A walk over the workspace's files in a directory.
struct Walk {
    files: Vec<PathBuf>,
    size: u64,
    mark: DefaultHasher,
}

impl Walk {
    fn over(directory: &Path) -> Result<Self, FilesError> {
        if !directory.is_dir() {
            return Err(FilesError::NoDirectory(directory.to_owned()));
        }
        let mut walk = Self { files: Vec::new(), size: 0, mark: DefaultHasher::new() };
        walk.file(directory.join("funnel.toml"))?;
        for path in list(&directory.join("sequences"))? {
            if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
                walk.file(path)?;
            }
        }
        walk.folder(&directory.join("templates"), DEEPEST)?;
        Ok(walk)
    }

    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), FilesError> {
        if depth == 0 {
            return Err(FilesError::TooDeep(folder.to_owned()));
        }
        for path in list(folder)? {
            if path.is_dir() { self.folder(&path, depth - 1)? } else { self.file(path)? }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf) -> Result<(), FilesError> {
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(FilesError::Unreadable { path, cause }),
        };
        self.size += metadata.len();
        if self.size > LARGEST {
            return Err(FilesError::TooLarge);
        }
        (&path, metadata.len(), metadata.modified().ok()).hash(&mut self.mark);
        self.files.push(path);
        Ok(())
    }
}

/// What is in a folder and not hidden, by name. A folder that is absent is empty.
fn list(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |cause| FilesError::Unreadable { path: folder.to_owned(), cause };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
    let hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    paths.retain(|path| !hidden(path));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &[u8])]) -> Files {
        Files::from_map(files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect())
    }

    #[test]
    fn a_directory_gives_the_files_that_count() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let write = |path: &str, text: &str| {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent"))
                .and_then(|()| fs::write(path, text))
                .expect("written");
        };
        write("funnel.toml", "a");
        write("dripline.toml", "b");
        write("sequences/one.toml", "c");
        write("sequences/leads.csv", "d");
        write("templates/mail/tofu/x.md", "e");
        write("templates/mail/.hidden", "f");
        let read = Files::read(directory.path()).expect("readable");
        let paths: Vec<&str> = read.below("").map(|(path, _)| path).collect();
        assert_eq!(paths, ["funnel.toml", "sequences/one.toml", "templates/mail/tofu/x.md"]);
        assert_eq!(read.below("templates/").count(), 1);
        assert_eq!(read.file("sequences/one.toml"), Some(b"c".as_slice()));
        assert!(matches!(Files::read(&directory.path().join("none")), Err(FilesError::NoDirectory(_))));
        let mark = || Files::mark(directory.path()).expect("readable");
        let before = mark();
        write("sequences/leads.csv", "longer");
        assert_eq!(mark(), before, "nothing that counts has changed");
        write("templates/mail/tofu/x.md", "longer");
        assert_ne!(mark(), before);
    }

    #[test]
    fn the_hash_tells_contents_and_names_apart() {
        let one = files(&[("a", b"bc"), ("d", b"")]);
        assert_eq!(one.hash(), files(&[("d", b""), ("a", b"bc")]).hash());
        assert_eq!(one.hash().len(), 64);
        for other in [files(&[("ab", b"c"), ("d", b"")]), files(&[("a", b"bc")]), files(&[])] {
            assert_ne!(one.hash(), other.hash());
        }
    }

    #[test]
    fn json_keeps_every_byte() {
        let all = files(&[("a", "ü\r\n\u{feff}".as_bytes()), ("b", b"\xff\x00"), ("c", b"")]);
        assert_eq!(Files::from_json(&all.to_json()).expect("sound"), all);
        for damaged in ["", "[]", r#"{"a":1}"#, r#"{"a":{"base64":"?"}}"#] {
            assert!(matches!(Files::from_json(damaged), Err(FilesError::Damaged(_))), "{damaged}");
        }
    }
}
