//! Leads that wait for sales: whoever is to be told is told when it is due, once, whichever node is first.

use super::change::patiently;
use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use crate::domain::time::Timestamp;
use crate::storage::{Tx, responses};

/// Hand-overs that are looked at in one go.
const BATCH: i64 = 32;

/// Tells of what is due. Whether there was anything.
///
/// # Errors
/// The database.
pub async fn step(engine: &Engine) -> NurtureResult<bool> {
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let due = responses::due(&mut tx, now, BATCH).await?;
    drop(tx);
    for (hand_over, lead) in &due {
        patiently(|| tell(engine, *lead, *hand_over)).await?;
    }
    Ok(!due.is_empty())
}

/// The lead's lock makes it one: another node that was quicker has noted it.
async fn tell(engine: &Engine, lead: i64, hand_over: i64) -> NurtureResult<()> {
    let (mut tx, revision) = engine.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    record.tell_of_clock(lead, hand_over).await?;
    Ok(tx.commit().await?)
}

/// When somebody is to be told next.
pub(super) async fn next(tx: &mut Tx) -> NurtureResult<Option<Timestamp>> {
    Ok(responses::next(tx).await?)
}
