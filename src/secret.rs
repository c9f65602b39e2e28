//! The key ring of this installation: from `DRIPLINE_SECRET`, or from a file made on first start.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE32_NOPAD;

use crate::domain::token::{KeyRing, KeyRingError};

/// The name of the file.
const FILE: &str = "dripline.key";

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{from}: {why}")]
    Ring { from: String, why: KeyRingError },
    #[error("{}: {why}", .file.display())]
    File { file: PathBuf, why: io::Error },
    #[error("this system gives no random numbers: {0}")]
    Random(String),
}

/// The ring in `secret` (the value of `DRIPLINE_SECRET`), else the one in the file beside the database, which is made
/// if it is missing and can be read by its owner only.
///
/// # Errors
/// A ring or a file that cannot be read, a file that cannot be made.
pub fn load(secret: Option<&str>, dir: &Path) -> Result<KeyRing, SecretError> {
    let file = dir.join(FILE);
    let (from, text) = match secret {
        Some(text) => ("DRIPLINE_SECRET".to_owned(), text.to_owned()),
        None => (file.display().to_string(), read_or_make(&file)?),
    };
    KeyRing::parse(&text).map_err(|why| SecretError::Ring { from, why })
}

/// As [`load`], but none is made.
///
/// # Errors
/// A ring or a file that cannot be read.
pub fn find(secret: Option<&str>, dir: &Path) -> Result<Option<KeyRing>, SecretError> {
    let there = secret.is_some() || dir.join(FILE).exists();
    there.then(|| load(secret, dir)).transpose()
}

fn read_or_make(file: &Path) -> Result<String, SecretError> {
    let trouble = |why| SecretError::File { file: file.to_owned(), why };
    match std::fs::File::open(file) {
        Ok(mut open) => {
            let mut text = String::new();
            open.read_to_string(&mut text).map_err(trouble)?;
            Ok(text)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!("k1:{}\n", random_text()?);
            match make(file, &text) {
                // Two processes that start at the same time must use the same ring.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_or_make(file),
                made => made.map(|()| text).map_err(trouble),
            }
        }
        Err(error) => Err(trouble(error)),
    }
}

/// The file appears whole or not at all.
fn make(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension(format!("key.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&beside)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    let made = std::fs::hard_link(&beside, file);
    std::fs::remove_file(&beside)?;
    made
}

/// 256 random bits as text.
///
/// # Errors
/// The system has no randomness to give.
pub fn random_text() -> Result<String, SecretError> {
    Ok(BASE32_NOPAD.encode(&random_bytes::<32>()?).to_lowercase())
}

/// So many random bytes.
///
/// # Errors
/// The system has no randomness to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| SecretError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_is_made_once_and_kept() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(find(None, dir.path()).expect("nothing").is_none());
        assert!(!dir.path().join(FILE).exists(), "a look makes no ring");
        let first = load(None, dir.path()).expect("a ring");
        let again = load(None, dir.path()).expect("the same ring");
        assert_eq!(first.check_value(), again.check_value());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join(FILE)).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_environment_comes_first() {
        let dir = tempfile::tempdir().expect("a directory");
        let ring = load(Some("a:0123456789abcdef"), dir.path()).expect("a ring");
        assert_ne!(ring.check_value(), load(None, dir.path()).expect("a ring").check_value());
        assert!(load(Some("nonsense"), dir.path()).is_err());
    }
}
