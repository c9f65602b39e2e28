//! Where an installation keeps its things. Paths in the configuration are meant relative to the workspace.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// The URL of the database, the file of a SQLite one below the workspace unless its path is absolute.
pub fn database_url(config: &Config, workspace: &Path) -> String {
    match sqlite_file(config) {
        Some(file) => format!("sqlite:{}", workspace.join(file).display()),
        None => config.server.database.clone(),
    }
}

/// The directory of the key ring: beside a SQLite database, which is worth little without it; else the workspace.
pub fn key_dir(config: &Config, workspace: &Path) -> PathBuf {
    let file = sqlite_file(config).map(|file| workspace.join(file));
    file.and_then(|file| file.parent().map(Path::to_owned)).unwrap_or_else(|| workspace.to_owned())
}

fn sqlite_file(config: &Config) -> Option<&Path> {
    let file = config.server.database.strip_prefix("sqlite:")?;
    Some(Path::new(file.strip_prefix("//").unwrap_or(file)))
}
