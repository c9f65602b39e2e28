//! The table `inbound`: mail that came in, kept as it came.

use super::error::DbResult;
use super::row::{Cells, opt_word, word};
use super::sql::args;
use super::tx::Tx;
use crate::domain::inbound::{InboundKind, MatchedBy};
use crate::domain::time::Timestamp;

/// A mail that came in, and what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRow {
    pub id: i64,
    /// The hash of the raw mail.
    pub hash: String,
    pub received_at: Timestamp,
    pub kind: InboundKind,
    /// The header or line that decided.
    pub evidence: String,
    pub matched_by: Option<MatchedBy>,
    pub lead: Option<i64>,
    pub message: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, received_at, kind, evidence, matched_by, lead_id, message_id FROM inbound ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO inbound (id, hash, raw, received_at, kind, evidence, matched_by, lead_id, message_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (hash) DO NOTHING";
const BY_HASH: &str = select!("WHERE hash = $1");
const RAW: &str = "SELECT raw FROM inbound WHERE id = $1";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[("by_hash", BY_HASH), ("raw", RAW)];

fn read(row: &dyn Cells) -> DbResult<InboundRow> {
    Ok(InboundRow {
        id: row.int(0)?,
        hash: row.text(1)?,
        received_at: row.at(2)?,
        kind: word(&row.text(3)?, "inbound kind")?,
        evidence: row.text(4)?,
        matched_by: opt_word(row.opt_text(5)?, "matched by")?,
        lead: row.opt_int(6)?,
        message: row.opt_int(7)?,
    })
}

/// Stores a mail; `raw` is base64. False: the same mail is stored already.
pub async fn insert(tx: &mut Tx, mail: &InboundRow, raw: String) -> DbResult<bool> {
    let row = args![
        mail.id,
        &mail.hash,
        raw,
        mail.received_at,
        mail.kind.as_str(),
        &mail.evidence,
        mail.matched_by.map(MatchedBy::as_str),
        mail.lead,
        mail.message,
    ];
    Ok(tx.execute(INSERT, row).await? > 0)
}

/// The mail with this hash.
pub async fn by_hash(tx: &mut Tx, hash: &str) -> DbResult<Option<InboundRow>> {
    tx.first(BY_HASH, args![hash], read).await
}

/// The mail itself, in base64.
pub async fn raw(tx: &mut Tx, id: i64) -> DbResult<Option<String>> {
    tx.first(RAW, args![id], |row| row.text(0)).await
}
