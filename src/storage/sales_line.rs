//! The table `sales_line`: leads that wait for a place with sales.

use super::error::DbResult;
use super::row::Cells;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

/// A lead that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub lead: i64,
    /// Why it is to be handed over.
    pub cause: String,
    pub since: Timestamp,
}

const JOIN: &str =
    "INSERT INTO sales_line (lead_id, cause, since) VALUES ($1, $2, $3) ON CONFLICT (lead_id) DO NOTHING";
const LEAVE: &str = "DELETE FROM sales_line WHERE lead_id = $1";
const ALL: &str = "SELECT lead_id, cause, since FROM sales_line";
const OF_LEADS: &str = "SELECT lead_id, cause, since FROM sales_line WHERE lead_id IN ({rows})";
const ANY: &str = "SELECT lead_id FROM sales_line LIMIT 1";
/// What runs for every deed, stop or hand-over, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[("leave", LEAVE), ("of_leads", OF_LEADS)];

fn read(row: &dyn Cells) -> DbResult<Waiting> {
    Ok(Waiting { lead: row.int(0)?, cause: row.text(1)?, since: row.at(2)? })
}

/// Puts a lead into the line. False: it stands there already.
pub async fn join(tx: &mut Tx, waiting: &Waiting) -> DbResult<bool> {
    Ok(tx.execute(JOIN, args![waiting.lead, &waiting.cause, waiting.since]).await? > 0)
}

/// Takes a lead out of the line.
pub async fn leave(tx: &mut Tx, lead: i64) -> DbResult<()> {
    tx.execute(LEAVE, args![lead]).await?;
    Ok(())
}

/// All who wait.
pub async fn all(tx: &mut Tx) -> DbResult<Vec<Waiting>> {
    tx.all(ALL, vec![], read).await
}

/// Those of these leads who wait.
pub async fn of_leads(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<Waiting>> {
    tx.all_for(OF_LEADS, vec![], leads, read).await
}

/// Whether anybody waits.
pub async fn any(tx: &mut Tx) -> DbResult<bool> {
    Ok(tx.first(ANY, vec![], |row| row.int(0)).await?.is_some())
}
