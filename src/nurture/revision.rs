//! A [`Revision`]: a workspace as it was applied. All nodes run the one that is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::{NurtureError, NurtureResult};
use crate::domain::sequence::{Sequence, Step};
use crate::domain::time::Timestamp;
use crate::domain::track::{Track, renumber};
use crate::storage::revisions::{self, NumberedStep};
use crate::storage::{Db, Tx, routing};
use crate::workspace::diagnostic::Diagnostic;
use crate::workspace::files::Files;
use crate::workspace::{Checked, Workspace};

/// An applied workspace, its sequences numbered.
pub struct Revision {
    pub id: i64,
    pub workspace: Workspace,
    /// By the id of the sequence.
    pub tracks: BTreeMap<String, Arc<Track>>,
}

/// A workspace is long: its revision stands for it.
impl std::fmt::Debug for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revision({})", self.id)
    }
}

impl Revision {
    fn new(id: i64, workspace: Workspace, steps: &[NumberedStep]) -> Self {
        let tracks = workspace
            .sequences
            .iter()
            .map(|sequence| (sequence.id.clone(), Arc::new(track(sequence, steps))));
        let tracks = tracks.collect();
        Self { id, workspace, tracks }
    }

    /// The sequence with this id, or the one that bore it before.
    pub fn track(&self, seq: &str) -> Option<&Arc<Track>> {
        let renamed =
            || self.tracks.values().find(|track| track.sequence.renamed_from.as_deref() == Some(seq));
        self.tracks.get(seq).or_else(renamed)
    }

    /// The step with this number in an earlier revision, where it and its sequence may have had the names from which they
    /// were renamed. `name` is what the step is called now, or was called last.
    pub(super) fn former_step<'p>(
        &self,
        past: &'p Revision,
        (seq, number): (&str, i64),
        name: &str,
    ) -> Option<&'p Step> {
        let track = self.track(seq);
        let former = track.and_then(|track| track.sequence.renamed_from.as_deref());
        let then = past.track(seq).or_else(|| past.track(former?))?;
        let step = track.and_then(|track| track.by_number(number)).map(|(_, step)| step);
        let former = step.and_then(|step| step.renamed_from.as_deref());
        let step = then.sequence.step(name).or_else(|| then.sequence.step(former?));
        step.map(|(_, step)| step)
    }
}

fn track(sequence: &Sequence, steps: &[NumberedStep]) -> Track {
    let own = || steps.iter().filter(|step| step.seq == sequence.id);
    let number = |id: &str| own().find(|step| step.step == id).map_or(0, |step| step.number);
    Track {
        sequence: sequence.clone(),
        numbers: sequence.steps.iter().map(|step| number(&step.id)).collect(),
        anchors: own().filter_map(|step| Some((step.number, step.anchor?))).collect(),
    }
}

/// What came of an [`apply`].
#[derive(Debug)]
pub enum Applied {
    /// It is deployed already.
    Unchanged(Arc<Revision>),
    New(Arc<Revision>),
    /// There are mistakes in it; nothing changed.
    Mistaken(Vec<Diagnostic>),
}

/// Checks the files and, if there are no mistakes in them, makes all nodes run them.
///
/// # Errors
/// The database.
pub async fn apply(db: &Db, files: &Files, now: Timestamp) -> NurtureResult<(Applied, Vec<Diagnostic>)> {
    let Checked { workspace, diagnostics, .. } = Workspace::compile(files);
    let Some(workspace) = workspace else { return Ok((Applied::Mistaken(diagnostics), Vec::new())) };
    let mut tx = db.begin().await?;
    let deployed = revisions::lock_deployment(&mut tx).await?.map(|deployment| deployment.revision);
    let before = match deployed {
        Some(id) => read(&mut tx, id).await.ok(),
        None => None,
    };
    if let Some(before) = before.as_ref().filter(|before| before.workspace.hash == workspace.hash) {
        return Ok((Applied::Unchanged(before.clone()), diagnostics));
    }
    let id = revisions::store(&mut tx, &workspace.hash, &files.to_json(), now).await?;
    number(&mut tx, &workspace, before.as_deref()).await?;
    let changed = changed(&workspace, before.as_deref());
    revisions::deploy(&mut tx, id, &changed, Some(0)).await?;
    // The team may have more room.
    routing::freed(&mut tx).await?;
    let steps = revisions::steps(&mut tx).await?;
    tx.commit().await?;
    Ok((Applied::New(Arc::new(Revision::new(id, workspace, &steps))), diagnostics))
}

/// Gives every new step its number, and every step that is gone its anchor.
async fn number(tx: &mut Tx, workspace: &Workspace, before: Option<&Revision>) -> NurtureResult<()> {
    for sequence in &workspace.sequences {
        if let Some(from) = &sequence.renamed_from {
            revisions::rename_sequence(tx, from, &sequence.id).await?;
        }
    }
    let steps = revisions::steps(tx).await?;
    for sequence in &workspace.sequences {
        let known: Vec<(i64, String)> = steps
            .iter()
            .filter(|step| step.seq == sequence.id)
            .map(|step| (step.number, step.step.clone()))
            .collect();
        let old_id = sequence.renamed_from.as_deref().unwrap_or(&sequence.id);
        let old =
            before.and_then(|before| before.tracks.get(&sequence.id).or_else(|| before.tracks.get(old_id)));
        let order = old.map_or_else(Vec::new, |track| track.numbers.clone());
        let file: Vec<(&str, Option<&str>)> =
            sequence.steps.iter().map(|step| (step.id.as_str(), step.renamed_from.as_deref())).collect();
        let edit = renumber(&known, &order, &file);
        for (number, step) in &edit.named {
            revisions::name_step(tx, &sequence.id, *number, step).await?;
        }
        for (number, anchor) in &edit.anchored {
            revisions::anchor_step(tx, &sequence.id, *number, *anchor).await?;
        }
    }
    Ok(())
}

/// The sequences whose walks are to be decided anew: all that are not as they were, those that are gone included.
fn changed(workspace: &Workspace, before: Option<&Revision>) -> Vec<String> {
    let Some(before) = before else { return Vec::new() };
    let as_before = |sequence: &&Sequence| {
        let old = before.tracks.get(&sequence.id);
        old.is_some_and(|old| format!("{:?}", old.sequence) == format!("{sequence:?}"))
    };
    let same: Vec<&str> =
        workspace.sequences.iter().filter(as_before).map(|sequence| sequence.id.as_str()).collect();
    let all = workspace.sequences.iter().map(|sequence| &sequence.id).chain(before.tracks.keys());
    let mut changed: Vec<String> = all.filter(|id| !same.contains(&id.as_str())).cloned().collect();
    changed.sort();
    changed.dedup();
    changed
}

/// The deployed revision.
///
/// # Errors
/// [`NurtureError::NothingApplied`], or [`NurtureError::Unreadable`] if an older version accepted what this one does not.
pub async fn deployed(tx: &mut Tx) -> NurtureResult<Arc<Revision>> {
    let deployment = revisions::deployment(tx).await?.ok_or(NurtureError::NothingApplied)?;
    read(tx, deployment.revision).await
}

/// The revision with this id, deployed or not.
///
/// # Errors
/// [`NurtureError::Unreadable`].
pub(super) async fn read(tx: &mut Tx, id: i64) -> NurtureResult<Arc<Revision>> {
    let unreadable = |why: String| NurtureError::Unreadable(id, why);
    let text = revisions::files(tx, id).await?.ok_or_else(|| unreadable("its files are gone".into()))?;
    let files = Files::from_json(&text).map_err(|error| unreadable(error.to_string()))?;
    let Checked { workspace, diagnostics, .. } = Workspace::compile(&files);
    let first = || diagnostics.iter().map(ToString::to_string).next().unwrap_or_default();
    let workspace = workspace.ok_or_else(|| unreadable(first()))?;
    let steps = revisions::steps(tx).await?;
    Ok(Arc::new(Revision::new(id, workspace, &steps)))
}
