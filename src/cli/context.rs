//! [`Context`]: what a command needs that works beside a running server, or without one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::config::{self, Config};
use crate::domain::token::KeyRing;
use crate::home;
use crate::nurture::clock::Clock;
use crate::nurture::relays::Relays;
use crate::nurture::revision::{self, Applied};
use crate::nurture::{Engine, NurtureError};
use crate::secret;
use crate::storage::Db;
use crate::workspace::{Diagnostic, Files, funnel};

/// An open database with everything around it, and no worker.
pub struct Context {
    pub engine: Engine,
}

impl Context {
    /// Opens what the configuration of the workspace names.
    ///
    /// # Errors
    /// The folder is no workspace; mistakes in the configuration; a database or a secret that cannot be opened.
    pub async fn open(workspace: &Path) -> anyhow::Result<Self> {
        require_workspace(workspace)?;
        let config = load_config(workspace)?;
        let keys = load_keys(&config, workspace)?;
        let relays = Relays::new(&config, workspace).map_err(|(name, error)| {
            anyhow::Error::from(error).context(format!("[relay.{name}] in dripline.toml cannot be used"))
        })?;
        let db = Db::open(&home::database_url(&config, workspace)).await?;
        let engine = Engine::new(db, Clock::System, keys, Arc::new(config), relays).await?;
        Ok(Self { engine })
    }

    /// As [`Context::open`]; the workspace is applied if none ever was, so that leads can enter sequences before the
    /// server was started for the first time.
    ///
    /// # Errors
    /// As [`Context::open`]; mistakes in a workspace that is applied for the first time.
    pub async fn open_applied(workspace: &Path) -> anyhow::Result<Self> {
        let context = Self::open(workspace).await?;
        match context.engine.revision().await {
            Err(NurtureError::NothingApplied) => context.apply(workspace).await?,
            revision => {
                revision?;
            }
        }
        Ok(context)
    }

    async fn apply(&self, workspace: &Path) -> anyhow::Result<()> {
        let files = Files::read(workspace)?;
        let (applied, _) = revision::apply(&self.engine.db, &files, self.engine.clock.now()).await?;
        match applied {
            Applied::New(revision) | Applied::Unchanged(revision) => self.engine.run(revision),
            Applied::Mistaken(found) => return Err(Mistakes(found).into()),
        }
        Ok(())
    }

    /// Ends every connection to the database.
    pub async fn close(self) {
        self.engine.db.close().await;
    }
}

/// Refuses a folder that nobody made a workspace of, before anything is written into it.
///
/// # Errors
/// It holds neither a funnel.toml nor a dripline.toml. What to do is said.
pub fn require_workspace(folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    let known = [funnel::FILE, config::FILE].iter().any(|file| folder.join(file).exists());
    let shown = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    anyhow::ensure!(
        known,
        "{} is not a workspace: it has no {}\n  \
         go to the folder of your workspace, or name it: dripline --workspace DIR …\n  \
         or make one: dripline new workspace DIR",
        shown.display(),
        funnel::FILE
    );
    Ok(())
}

/// The settings of a workspace and of the environment.
///
/// # Errors
/// [`Mistakes`] in them.
pub fn load_config(workspace: &Path) -> anyhow::Result<Config> {
    let (config, found) = Config::check(workspace, environment());
    for warning in found.iter().filter(|found| !found.is_error()) {
        let help = warning.help.as_deref().unwrap_or_default();
        tracing::warn!("{warning} ({help})");
    }
    Ok(config.ok_or(Mistakes(found))?)
}

/// The variables of the environment.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(readable)
}

/// Variables that are no text can be none of ours.
fn readable((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// The key ring in `DRIPLINE_SECRET`, or the one beside the database.
///
/// # Errors
/// See [`secret::load`].
pub fn load_keys(config: &Config, workspace: &Path) -> anyhow::Result<KeyRing> {
    let secret = std::env::var("DRIPLINE_SECRET").ok();
    secret::load(secret.as_deref(), &home::key_dir(config, workspace))
        .context("there is no secret to sign links with")
}

/// Mistakes in a workspace, or in its configuration.
#[derive(Debug)]
pub struct Mistakes(pub Vec<Diagnostic>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the workspace cannot be used as it is; `dripline check` shows what is wrong")?;
        self.0.iter().filter(|found| found.is_error()).try_for_each(|found| write!(f, "\n  {found}"))
    }
}

impl std::error::Error for Mistakes {}
