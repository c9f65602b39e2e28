//! Rolling out a revision: walks in changed sequences are decided anew, and leads that walk nowhere are offered one.
//! It goes through the leads in small transactions, and goes on where it was after a crash.

use super::company;
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use crate::storage::{enrollments, leads, messages, revisions};

/// Leads in one transaction: short enough that nobody waits for it, even if new rules move many of them.
const BATCH: i64 = 32;

/// Rolls out to the next leads. False: all have been through it.
pub async fn step(engine: &Engine) -> NurtureResult<bool> {
    let mut tx = engine.db.read().await?;
    let open = revisions::deployment(&mut tx).await?.and_then(|deployment| deployment.offered_to);
    drop(tx);
    if open.is_none() {
        return Ok(false);
    }
    let revision = engine.revision().await?;
    let mut tx = engine.db.begin().await?;
    let Some(deployment) = revisions::lock_deployment(&mut tx).await? else { return Ok(false) };
    let Some(from) = deployment.offered_to else { return Ok(false) };
    if deployment.revision != revision.id {
        drop(tx);
        engine.reload().await?;
        return Ok(true);
    }
    let now = engine.clock.now();
    if from == 0 {
        rename(&mut tx, &revision).await?;
        wake_held(&mut tx, now).await?;
    }
    let ids = leads::behind(&mut tx, from, BATCH).await?;
    leads::lock_all(&mut tx, &ids).await?;
    enrollments::wake_changed(&mut tx, &ids, &deployment.changed, now).await?;
    // `[routing] hold` may have changed.
    company::wake_held(&mut tx, engine, &ids).await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now };
    record.recount(&ids).await?;
    let ticket = record.appraise(&ids, now).await?;
    record.offer(&ids).await?;
    let done = ids.len() < BATCH as usize;
    revisions::offered(&mut tx, if done { None } else { ids.last().copied() }).await?;
    tx.commit().await?;
    ticket.settle(engine).await?;
    engine.hint();
    Ok(true)
}

/// Moves walks to the new names of their sequences.
async fn rename(tx: &mut crate::storage::Tx, revision: &super::revision::Revision) -> NurtureResult<()> {
    for track in revision.tracks.values() {
        if let Some(from) = &track.sequence.renamed_from {
            enrollments::rename(tx, from, &track.sequence.id).await?;
        }
    }
    Ok(())
}

/// Messages that wait for a correction are tried again after every change of the workspace.
async fn wake_held(tx: &mut crate::storage::Tx, now: crate::domain::time::Timestamp) -> NurtureResult<()> {
    let mut behind = 0;
    loop {
        let held = messages::held(tx, behind, BATCH).await?;
        let Some((last, _)) = held.last() else { return Ok(()) };
        behind = *last;
        let walks: Vec<i64> = held.iter().map(|(_, enrollment)| *enrollment).collect();
        enrollments::wake(tx, &walks, now).await?;
    }
}
