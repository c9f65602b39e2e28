//! The tables `revisions`, `deployment` and `steps`: what all nodes run.

use super::error::DbResult;
use super::row::{Cells, json};
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

/// What all nodes run, and whether they may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub revision: i64,
    /// Why nothing is sent at all.
    pub paused_because: Option<String>,
    /// Walks in these sequences are decided anew, and leads that walk nowhere are offered a sequence …
    pub changed: Vec<String>,
    /// … except up to this lead, who have been through it; none: all have.
    pub offered_to: Option<i64>,
}

/// A step as it is numbered: sequence, number, id, and the anchor if it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedStep {
    pub seq: String,
    pub number: i64,
    pub step: String,
    pub anchor: Option<i64>,
}

const STORE: &str = "INSERT INTO revisions (id, hash, files, applied_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (hash) DO UPDATE SET applied_at = excluded.applied_at RETURNING id";
const FILES: &str = "SELECT files FROM revisions WHERE id = $1";
const DEPLOY: &str = "INSERT INTO deployment (id, revision, changed, offered_to) VALUES (1, $1, $2, $3) \
    ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, changed = excluded.changed, \
    offered_to = excluded.offered_to";
const DEPLOYMENT: &str = "SELECT revision, paused_because, changed, offered_to FROM deployment WHERE id = 1";
const LOCK_DEPLOYMENT: &str =
    "SELECT revision, paused_because, changed, offered_to FROM deployment WHERE id = 1 {lock: FOR UPDATE}";
const SHARE_DEPLOYMENT: &str =
    "SELECT revision, paused_because, changed, offered_to FROM deployment WHERE id = 1 {lock: FOR SHARE}";
const PAUSE: &str =
    "UPDATE deployment SET paused_because = $1, paused_at = $2 WHERE id = 1 AND paused_because IS NULL";
const RESUME: &str =
    "UPDATE deployment SET paused_because = NULL, paused_at = NULL, resumed_at = $1 WHERE id = 1";
const RESUMED_AT: &str = "SELECT resumed_at FROM deployment WHERE id = 1 AND resumed_at IS NOT NULL";
const OFFERED: &str = "UPDATE deployment SET offered_to = $1 WHERE id = 1";
const STEPS: &str = "SELECT seq, number, step, anchor FROM steps ORDER BY seq, number";
const NAME_STEP: &str = "INSERT INTO steps (seq, number, step) VALUES ($1, $2, $3) \
    ON CONFLICT (seq, number) DO UPDATE SET step = excluded.step, anchor = NULL";
const ANCHOR_STEP: &str = "UPDATE steps SET anchor = $3 WHERE seq = $1 AND number = $2";
const RENAME_SEQUENCE: &str = "UPDATE steps SET seq = $2 WHERE seq = $1";

/// Stores the files of a revision, found again by their hash. Its id.
pub async fn store(tx: &mut Tx, hash: &str, files: &str, now: Timestamp) -> DbResult<i64> {
    let id = tx.id()?;
    Ok(tx.first(STORE, args![id, hash, files, now], |row| row.int(0)).await?.unwrap_or(id))
}

/// The files of a revision.
pub async fn files(tx: &mut Tx, id: i64) -> DbResult<Option<String>> {
    tx.first(FILES, args![id], |row| row.text(0)).await
}

/// Makes all nodes run a revision. See [`Deployment`] for the rest.
pub async fn deploy(tx: &mut Tx, id: i64, changed: &[String], offered_to: Option<i64>) -> DbResult<()> {
    // A list of texts always has a JSON text.
    let changed = serde_json::to_string(changed).unwrap_or_default();
    tx.execute(DEPLOY, args![id, changed, offered_to]).await?;
    Ok(())
}

fn read_deployment(row: &dyn Cells) -> DbResult<Deployment> {
    Ok(Deployment {
        revision: row.int(0)?,
        paused_because: row.opt_text(1)?,
        changed: json(&row.text(2)?, "changed sequences")?,
        offered_to: row.opt_int(3)?,
    })
}

/// What is deployed. None: nothing was ever applied.
pub async fn deployment(tx: &mut Tx) -> DbResult<Option<Deployment>> {
    tx.first(DEPLOYMENT, vec![], read_deployment).await
}

/// What is deployed; it cannot change until the transaction ends.
pub async fn share_deployment(tx: &mut Tx) -> DbResult<Option<Deployment>> {
    tx.first(SHARE_DEPLOYMENT, vec![], read_deployment).await
}

/// What is deployed, about to be changed.
pub async fn lock_deployment(tx: &mut Tx) -> DbResult<Option<Deployment>> {
    tx.first(LOCK_DEPLOYMENT, vec![], read_deployment).await
}

/// Pauses all sending. The first reason of a pause stays.
pub async fn pause(tx: &mut Tx, because: &str, now: Timestamp) -> DbResult<()> {
    tx.execute(PAUSE, args![because, now]).await?;
    Ok(())
}

/// Resumes all sending.
pub async fn resume(tx: &mut Tx, now: Timestamp) -> DbResult<()> {
    tx.execute(RESUME, args![now]).await?;
    Ok(())
}

/// When a person last resumed all sending; none: never.
pub async fn resumed_at(tx: &mut Tx) -> DbResult<Option<Timestamp>> {
    tx.first(RESUMED_AT, vec![], |row| row.at(0)).await
}

/// Notes how far the leads have been offered the sequences of the revision; none: all have.
pub async fn offered(tx: &mut Tx, to: Option<i64>) -> DbResult<()> {
    tx.execute(OFFERED, args![to]).await?;
    Ok(())
}

/// Every step that was ever numbered.
pub async fn steps(tx: &mut Tx) -> DbResult<Vec<NumberedStep>> {
    tx.all(STEPS, vec![], |row| {
        Ok(NumberedStep {
            seq: row.text(0)?,
            number: row.int(1)?,
            step: row.text(2)?,
            anchor: row.opt_int(3)?,
        })
    })
    .await
}

/// Gives a number its step: a new one, a renamed one, or one that came back.
pub async fn name_step(tx: &mut Tx, seq: &str, number: i64, step: &str) -> DbResult<()> {
    tx.execute(NAME_STEP, args![seq, number, step]).await?;
    Ok(())
}

/// Notes that a step is gone, and where the leads that stood on it stand now.
pub async fn anchor_step(tx: &mut Tx, seq: &str, number: i64, anchor: i64) -> DbResult<()> {
    tx.execute(ANCHOR_STEP, args![seq, number, anchor]).await?;
    Ok(())
}

/// Moves the numbers of a sequence to its new name.
pub async fn rename_sequence(tx: &mut Tx, from: &str, to: &str) -> DbResult<()> {
    tx.execute(RENAME_SEQUENCE, args![from, to]).await?;
    Ok(())
}
