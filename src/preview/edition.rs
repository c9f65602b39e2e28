//! [`Edition`]: the files as they were read last, and the last workspace without mistakes.

use std::path::Path;
use std::sync::Arc;

use super::persona::Persona;
use crate::workspace::{Diagnostic, Files, FilesError, Workspace};

/// One reading of a workspace's files.
pub struct Edition {
    pub files: Files,
    /// Read from these files, or from the last ones that had no mistakes; none if there never were any.
    pub workspace: Option<Arc<Workspace>>,
    /// Whether the workspace is older than the files.
    pub stale: bool,
    pub diagnostics: Vec<Diagnostic>,
    pub personas: Vec<Persona>,
}

impl Edition {
    /// Reads the files of a workspace. `before` is what was shown until now, `real` a lead of the database.
    ///
    /// # Errors
    /// The files cannot be read.
    pub fn read(
        directory: &Path,
        before: Option<&Edition>,
        real: Option<&Persona>,
    ) -> Result<Self, FilesError> {
        let files = Files::read(directory)?;
        let checked = Workspace::compile(&files);
        let stale = checked.workspace.is_none();
        let last = || before.and_then(|before| before.workspace.clone());
        let personas = real.cloned().into_iter().chain(Persona::made_up(directory));
        Ok(Self {
            files,
            workspace: checked.workspace.map(Arc::new).or_else(last),
            stale,
            diagnostics: checked.diagnostics,
            personas: personas.collect(),
        })
    }

    pub fn persona(&self, id: &str) -> Option<&Persona> {
        self.personas.iter().find(|persona| persona.id == id)
    }
}
