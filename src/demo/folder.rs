//! A [`Folder`] that is gone when the demo ends.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// A folder of one's own among the temporary files; removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes a folder that only its owner can look into.
    ///
    /// # Errors
    /// There is no place for it, or it may not be written.
    pub fn new() -> io::Result<Self> {
        let random = getrandom::u64().map_err(io::Error::other)?;
        let path = env::temp_dir().join(format!("dripline-demo-{}-{random:016x}", process::id()));
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is cleaned away with other temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_with_all_that_is_in_it() {
        let (one, other) = (Folder::new().expect("made"), Folder::new().expect("made"));
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        fs::create_dir(path.join("below")).expect("made");
        fs::write(path.join("below/file"), "text").expect("written");
        drop(one);
        assert!(!path.exists());
        assert!(other.path().exists());
    }
}
