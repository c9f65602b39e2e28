//! The global switch: all sending pauses, by hand or because something has run wild, until a person resumes it.

use super::engine::Engine;
use super::error::NurtureResult;
use super::fuse;
use crate::storage::{lanes, revisions};

/// Pauses all sending. The first reason of a pause stays.
///
/// # Errors
/// The database.
pub async fn pause(engine: &Engine, because: &str) -> NurtureResult<()> {
    let mut tx = engine.db.begin().await?;
    revisions::pause(&mut tx, because, engine.clock.now()).await?;
    tx.commit().await?;
    engine.hint();
    Ok(())
}

/// Resumes all sending, together with every paused lane: a person has looked at the cause.
///
/// # Errors
/// The database.
pub async fn resume(engine: &Engine) -> NurtureResult<()> {
    let mut tx = engine.db.begin().await?;
    revisions::resume(&mut tx, engine.clock.now()).await?;
    lanes::resume_all(&mut tx).await?;
    tx.commit().await?;
    engine.breaker().reset();
    engine.hint();
    Ok(())
}

/// Pauses all sending if what a transaction found asks for it. After its commit.
///
/// # Errors
/// The database; then it is asked for again.
pub(super) async fn if_asked(engine: &Engine) -> NurtureResult<()> {
    fuse::look_at_complaints(engine).await?;
    let Some(because) = engine.pause_asked_for() else { return Ok(()) };
    let paused = pause(engine, &because).await;
    paused.inspect_err(|_| engine.ask_for_pause(because))
}
