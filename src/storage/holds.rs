//! The table `holds`.

use super::error::DbResult;
use super::row::word;
use super::sql::args;
use super::tx::Tx;
use crate::domain::gate::{Hold, HoldKind};

const INSERT: &str = "INSERT INTO holds (id, lead_id, kind, until, cause) VALUES ($1, $2, $3, $4, $5)";
const OF_LEADS: &str = "SELECT lead_id, kind, until FROM holds WHERE lead_id IN ({rows})";
const END: &str = "DELETE FROM holds WHERE lead_id = $1 AND kind = $2";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[("of_leads", OF_LEADS), ("end", END)];

/// Holds a lead.
pub async fn insert(tx: &mut Tx, lead: i64, hold: Hold, cause: &str) -> DbResult<()> {
    let id = tx.id()?;
    tx.execute(INSERT, args![id, lead, hold.kind.as_str(), hold.until, cause]).await?;
    Ok(())
}

/// The holds of these leads: pairs of lead and hold.
pub async fn of_leads(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, Hold)>> {
    tx.all_for(OF_LEADS, vec![], leads, |row| {
        Ok((row.int(0)?, Hold { kind: word(&row.text(1)?, "hold")?, until: row.opt_at(2)? }))
    })
    .await
}

/// Ends the holds of one kind.
pub async fn end(tx: &mut Tx, lead: i64, kind: HoldKind) -> DbResult<()> {
    tx.execute(END, args![lead, kind.as_str()]).await?;
    Ok(())
}
