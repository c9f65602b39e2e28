//! The tables `routing` and `rep_turns`: whose turn it is, and whether a place with sales may have become free.

use super::error::DbResult;
use super::row::Cells;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

/// The one row of `routing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routing {
    /// How often a place may have become free.
    pub freed: i64,
    /// Up to which of these times those who wait were looked at.
    pub looked: i64,
    /// When they are to be looked at in any case.
    pub look_at: Option<Timestamp>,
}

impl Routing {
    /// Whether those who wait are to be looked at.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.freed > self.looked || self.look_at.is_some_and(|at| at <= now)
    }
}

const LOCK: &str = "SELECT freed, looked, look_at FROM routing WHERE id = 1 {lock: FOR UPDATE}";
const STATE: &str = "SELECT freed, looked, look_at FROM routing WHERE id = 1";
const TURNS: &str = "SELECT rep, turn FROM rep_turns";
const NEXT_TURN: &str = "UPDATE routing SET turn = turn + 1 WHERE id = 1 RETURNING turn";
const TAKE_TURN: &str =
    "INSERT INTO rep_turns (rep, turn) VALUES ($1, $2) ON CONFLICT (rep) DO UPDATE SET turn = excluded.turn";
const FREED: &str = "UPDATE routing SET freed = freed + 1 WHERE id = 1";
const LOOK_AT: &str = "UPDATE routing SET look_at = $1 WHERE id = 1 AND (look_at IS NULL OR look_at > $1)";
const LOOKED: &str = "UPDATE routing SET looked = $1, look_at = $2 WHERE id = 1 AND looked <= $1";

fn read(row: &dyn Cells) -> DbResult<Routing> {
    Ok(Routing { freed: row.int(0)?, looked: row.int(1)?, look_at: row.opt_at(2)? })
}

/// Takes the lock under which reps are chosen, one lead after the other. The last lock of a transaction: whoever holds it
/// waits for no lead.
pub async fn lock(tx: &mut Tx) -> DbResult<Option<Routing>> {
    tx.first(LOCK, vec![], read).await
}

/// The row as it is.
pub async fn state(tx: &mut Tx) -> DbResult<Option<Routing>> {
    tx.first(STATE, vec![], read).await
}

/// The number of each rep's last turn.
pub async fn turns(tx: &mut Tx) -> DbResult<Vec<(String, i64)>> {
    tx.all(TURNS, vec![], |row| Ok((row.text(0)?, row.int(1)?))).await
}

/// Gives the next turn to a rep.
pub async fn take_turn(tx: &mut Tx, rep: &str) -> DbResult<()> {
    let turn = tx.first(NEXT_TURN, vec![], |row| row.int(0)).await?;
    tx.execute(TAKE_TURN, args![rep, turn]).await?;
    Ok(())
}

/// Notes that a place may have become free. Takes the lock.
pub async fn freed(tx: &mut Tx) -> DbResult<()> {
    tx.execute(FREED, vec![]).await?;
    Ok(())
}

/// Has those who wait looked at by this time at the latest. Takes the lock.
pub async fn look_at(tx: &mut Tx, at: Timestamp) -> DbResult<()> {
    tx.execute(LOOK_AT, args![at]).await?;
    Ok(())
}

/// Notes that those who wait were looked at, up to that many times a place became free, and when they are to be next.
pub async fn looked(tx: &mut Tx, freed: i64, next: Option<Timestamp>) -> DbResult<()> {
    tx.execute(LOOKED, args![freed, next]).await?;
    Ok(())
}
