//! Notices from node to node: hints that something was committed, and never the only way to learn of it. A SQLite
//! database has one node, and needs none.

use super::error::DbResult;
use super::sql::{Dialect, args};
use super::tx::Tx;

/// The channel on which nodes are told of messages that must not start: their ids, with commas between.
pub const STOPS: &str = "dripline_stops";

const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// A notice holds less than 8,000 bytes, and an id twenty at most.
const MOST_IDS: usize = 300;

/// Tells every node, once this transaction has committed, that these messages must not start any more.
pub async fn stop(tx: &mut Tx, messages: &[i64]) -> DbResult<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    for part in messages.chunks(MOST_IDS) {
        let ids: Vec<String> = part.iter().map(i64::to_string).collect();
        tx.execute(NOTIFY, args![STOPS, ids.join(",")]).await?;
    }
    Ok(())
}

/// The messages that a notice names.
pub fn stopped(notice: &str) -> Vec<i64> {
    notice.split(',').filter_map(|id| id.parse().ok()).collect()
}
