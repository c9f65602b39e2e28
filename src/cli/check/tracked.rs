//! How many leads conditions on opens and clicks say nothing about.

use std::fmt;
use std::path::Path;

use crate::config::Config;
use crate::home;
use crate::storage::{Db, leads};

/// How many of the leads did not agree to tracking.
pub struct Untracked {
    untracked: i64,
    all: i64,
}

/// `that is 31 of your 40 leads`
impl fmt::Display for Untracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { untracked, all } = self;
        write!(f, "that is {untracked} of your {all} leads")
    }
}

/// Counts the leads in the database beside the workspace. None if there is no file of one, which is then not made, if
/// it cannot be read, or if there are no leads in it. A server's database is left alone: a check runs anywhere.
pub async fn count(config: &Config, workspace: &Path) -> Option<Untracked> {
    let url = home::database_url(config, workspace);
    let file = Path::new(url.strip_prefix("sqlite:")?);
    if !file.is_file() {
        return None;
    }
    let db = Db::look(&url).await.ok()?;
    let counted = match db.read().await {
        Ok(mut tx) => leads::count_untracked(&mut tx).await.ok(),
        Err(_) => None,
    };
    db.close().await;
    counted.filter(|(_, all)| *all > 0).map(|(untracked, all)| Untracked { untracked, all })
}
