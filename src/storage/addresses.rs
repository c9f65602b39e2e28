//! The table `addresses`: who must not be written to, by keyed hash.

use super::error::DbResult;
use super::row::opt_word;
use super::sql::args;
use super::tx::Tx;
use crate::domain::gate::StopKind;
use crate::domain::time::Timestamp;

const KNOW: &str = "INSERT INTO addresses (hash) VALUES {rows} ON CONFLICT (hash) DO NOTHING";
const SUPPRESS: &str = "INSERT INTO addresses (hash, suppressed_by, suppressed_at) VALUES ($1, $2, $3) \
    ON CONFLICT (hash) DO UPDATE SET suppressed_by = COALESCE(addresses.suppressed_by, excluded.suppressed_by), \
    suppressed_at = COALESCE(addresses.suppressed_at, excluded.suppressed_at)";
const SUPPRESSED_BY: &str = "SELECT suppressed_by FROM addresses WHERE hash = $1";

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

/// Why an address must not be written to.
pub async fn suppressed_by(tx: &mut Tx, hash: &str) -> DbResult<Option<StopKind>> {
    let found = tx.first(SUPPRESSED_BY, args![hash], |row| row.opt_text(0)).await?;
    opt_word(found.flatten(), "suppressed_by")
}
