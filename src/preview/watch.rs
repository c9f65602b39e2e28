//! [`Preview`]: looks for edits, reads the files anew, and tells whoever watches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::edition::Edition;
use super::gallery::Hanging;
use super::persona::Persona;
use crate::workspace::{Files, FilesError};

/// How often it looks for edits. A look reads no file.
const LOOK: Duration = Duration::from_millis(250);

/// A workspace that is being watched.
pub struct Preview {
    directory: PathBuf,
    /// What the addresses of the server begin with.
    public_url: String,
    /// A lead of the database.
    real: Option<Persona>,
    current: watch::Sender<Arc<Print>>,
}

/// An edition, and the page's JSON for it.
pub struct Print {
    pub edition: Edition,
    pub version: String,
    pub json: String,
}

impl Preview {
    /// Reads a workspace for the first time.
    ///
    /// # Errors
    /// The files cannot be read. Mistakes in them are shown on the page.
    pub fn open(directory: &Path, public_url: &str, real: Option<Persona>) -> Result<Self, FilesError> {
        let edition = Edition::read(directory, None, real.as_ref())?;
        let print = Arc::new(print(edition, public_url));
        Ok(Self {
            directory: directory.to_owned(),
            public_url: public_url.to_owned(),
            real,
            current: watch::Sender::new(print),
        })
    }

    /// What is shown now.
    pub fn current(&self) -> Arc<Print> {
        self.current.borrow().clone()
    }

    /// Hears of each new print.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Print>> {
        self.current.subscribe()
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Looks for edits for as long as it is polled.
    pub async fn watch(self: Arc<Self>) {
        let mut seen = None;
        loop {
            let preview = self.clone();
            let look = tokio::task::spawn_blocking(move || preview.look(seen)).await;
            seen = look.unwrap_or(seen);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads the files if their mark is not `seen`; their mark now. A file that is being saved is read at the next look.
    fn look(&self, seen: Option<u64>) -> Option<u64> {
        let mark = Files::mark(&self.directory).ok()?;
        if seen == Some(mark) {
            return seen;
        }
        let before = self.current();
        match Edition::read(&self.directory, Some(&before.edition), self.real.as_ref()) {
            Ok(edition) => self.show(&before, edition),
            Err(error) => warn!("the workspace cannot be read now: {error}"),
        }
        Some(mark)
    }

    fn show(&self, before: &Print, edition: Edition) {
        if edition.files == before.edition.files {
            return;
        }
        let print = print(edition, &self.public_url);
        let errors = print.edition.diagnostics.iter().filter(|found| found.is_error()).count();
        match errors {
            0 => info!("the workspace was edited: the page shows it"),
            errors => warn!("the workspace was edited and has mistakes now ({errors}): the page says where"),
        }
        self.current.send_replace(Arc::new(print));
    }
}

fn print(edition: Edition, public_url: &str) -> Print {
    let gallery = Hanging { edition: &edition, public_url, live: true }.gallery();
    // Texts, numbers and maps by texts always have a JSON text.
    let json = serde_json::to_string(&gallery).unwrap_or_default();
    let version = gallery.version.clone();
    drop(gallery);
    Print { edition, version, json }
}
