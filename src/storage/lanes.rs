//! The tables `lanes` (those that are paused) and `rates` (the state of each limit).

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

const PAUSE: &str = "INSERT INTO lanes (lane, paused_because, paused_at) VALUES ($1, $2, $3) \
    ON CONFLICT (lane) DO NOTHING";
const PAUSED: &str = "SELECT lane, paused_because FROM lanes ORDER BY lane";
const RESUME: &str = "DELETE FROM lanes";
const RATE: &str = "SELECT tat FROM rates WHERE name = $1 {lock: FOR UPDATE}";
const SET_RATE: &str =
    "INSERT INTO rates (name, tat) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET tat = excluded.tat";

/// Pauses a lane. The first reason stays.
pub async fn pause(tx: &mut Tx, lane: i64, because: &str, now: Timestamp) -> DbResult<()> {
    tx.execute(PAUSE, args![lane, because, now]).await?;
    Ok(())
}

/// The paused lanes and why.
pub async fn paused(tx: &mut Tx) -> DbResult<Vec<(i64, String)>> {
    tx.all(PAUSED, vec![], |row| Ok((row.int(0)?, row.text(1)?))).await
}

/// Resumes every lane.
pub async fn resume_all(tx: &mut Tx) -> DbResult<()> {
    tx.execute(RESUME, vec![]).await?;
    Ok(())
}

/// The theoretical arrival time of a limit, locked for this transaction.
pub async fn rate(tx: &mut Tx, name: &str) -> DbResult<Option<Timestamp>> {
    tx.first(RATE, args![name], |row| row.at(0)).await
}

/// Stores the theoretical arrival time of a limit.
pub async fn set_rate(tx: &mut Tx, name: &str, tat: Timestamp) -> DbResult<()> {
    tx.execute(SET_RATE, args![name, tat]).await?;
    Ok(())
}
