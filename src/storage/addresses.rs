//! The table `addresses`: who must not be written to, by keyed hash.

use super::error::DbResult;
use super::row::word;
use super::sql::args;
use super::tx::Tx;
use crate::domain::gate::StopKind;
use crate::domain::time::Timestamp;

const KNOW: &str = "INSERT INTO addresses (hash) VALUES {rows} ON CONFLICT (hash) DO NOTHING";
const SUPPRESS: &str = "INSERT INTO addresses (hash, suppressed_by, suppressed_at) VALUES ($1, $2, $3) \
    ON CONFLICT (hash) DO UPDATE SET suppressed_by = COALESCE(addresses.suppressed_by, excluded.suppressed_by), \
    suppressed_at = COALESCE(addresses.suppressed_at, excluded.suppressed_at)";
const SUPPRESSIONS: &str = "SELECT hash, suppressed_by, suppressed_at FROM addresses \
    WHERE hash IN ({rows}) AND suppressed_by IS NOT NULL";
const COMPLAINED: &str =
    "SELECT COUNT(*) FROM addresses WHERE suppressed_by = 'complaint' AND suppressed_at > $1";

/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] =
    &[("suppress", SUPPRESS), ("suppressions", SUPPRESSIONS), ("complained", COMPLAINED)];

/// Why an address must not be written to, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression {
    pub kind: StopKind,
    pub at: Timestamp,
}

/// Makes the addresses known, so that leads can refer to them.
pub async fn know(tx: &mut Tx, hashes: &[&str]) -> DbResult<()> {
    let rows = hashes.iter().map(|hash| (*hash).into()).collect();
    tx.write_rows(KNOW, 1, rows).await?;
    Ok(())
}

/// Puts an address on the list of those not to be written to. The first reason stays.
pub async fn suppress(tx: &mut Tx, hash: &str, kind: StopKind, now: Timestamp) -> DbResult<()> {
    tx.execute(SUPPRESS, args![hash, kind.as_str(), now]).await?;
    Ok(())
}

/// The addresses among these that must not be written to, in no order.
pub async fn suppressions(tx: &mut Tx, hashes: &[&str]) -> DbResult<Vec<(String, Suppression)>> {
    tx.all_for(SUPPRESSIONS, vec![], hashes, |row| {
        let kind = word(&row.text(1)?, "suppressed_by")?;
        Ok((row.text(0)?, Suppression { kind, at: row.at(2)? }))
    })
    .await
}

/// How many addresses are suppressed because of a complaint that came after a time.
pub async fn complained(tx: &mut Tx, since: Timestamp) -> DbResult<i64> {
    Ok(tx.first(COMPLAINED, args![since], |row| row.int(0)).await?.unwrap_or(0))
}
