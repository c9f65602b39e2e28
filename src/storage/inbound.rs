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

impl InboundRow {
    /// Whether a person has to look at it: somebody wrote it, or nobody knows what it is, and nothing followed from it.
    pub fn waits(&self) -> bool {
        let proven = self.matched_by.is_some_and(|by| by != MatchedBy::Sender);
        match self.kind {
            InboundKind::HumanReply | InboundKind::Unsubscribe => self.lead.is_none(),
            InboundKind::Complaint => !proven,
            InboundKind::Unrelated => true,
            _ => false,
        }
    }
}

/// A mail that came in, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub row: InboundRow,
    /// None: it waits for a person.
    pub resolved_at: Option<Timestamp>,
    /// How somebody resolved it, in words; none if it resolved itself.
    pub resolution: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, received_at, kind, evidence, matched_by, lead_id, message_id, resolved_at, resolution \
             FROM inbound ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO inbound (id, hash, raw, received_at, kind, evidence, matched_by, lead_id, message_id, \
    resolved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (hash) DO NOTHING";
const BY_HASH: &str = select!("WHERE hash = $1");
const BY_ID: &str = select!("WHERE id = $1");
const LOCKED: &str = select!("WHERE id = $1 {lock: FOR UPDATE}");
const RAW: &str = "SELECT raw FROM inbound WHERE id = $1";
const LAST: &str =
    "SELECT id FROM inbound WHERE lead_id = $1 AND kind = $2 AND received_at >= $3 ORDER BY id DESC LIMIT 1";
const WAITING: &str = select!("WHERE resolved_at IS NULL ORDER BY id DESC LIMIT $1");
const NEWEST: &str = select!("ORDER BY id DESC LIMIT $1");
const COUNT_WAITING: &str = "SELECT COUNT(*) FROM inbound WHERE resolved_at IS NULL";
const RESOLVE: &str = "UPDATE inbound SET resolved_at = $2, resolution = $3, kind = $4, matched_by = $5, lead_id = $6 \
    WHERE id = $1";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("by_hash", BY_HASH),
    ("by_id", BY_ID),
    ("locked", LOCKED),
    ("raw", RAW),
    ("last", LAST),
    ("resolve", RESOLVE),
];

fn read(row: &dyn Cells) -> DbResult<Entry> {
    let stored = InboundRow {
        id: row.int(0)?,
        hash: row.text(1)?,
        received_at: row.at(2)?,
        kind: word(&row.text(3)?, "inbound kind")?,
        evidence: row.text(4)?,
        matched_by: opt_word(row.opt_text(5)?, "matched by")?,
        lead: row.opt_int(6)?,
        message: row.opt_int(7)?,
    };
    Ok(Entry { row: stored, resolved_at: row.opt_at(8)?, resolution: row.opt_text(9)? })
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
        (!mail.waits()).then_some(mail.received_at),
    ];
    Ok(tx.execute(INSERT, row).await? > 0)
}

/// The mail with this hash.
pub async fn by_hash(tx: &mut Tx, hash: &str) -> DbResult<Option<InboundRow>> {
    Ok(tx.first(BY_HASH, args![hash], read).await?.map(|entry| entry.row))
}

/// The mail with this id, and what became of it.
pub async fn by_id(tx: &mut Tx, id: i64) -> DbResult<Option<Entry>> {
    tx.first(BY_ID, args![id], read).await
}

/// The same, locked: nobody else resolves it meanwhile.
pub async fn locked(tx: &mut Tx, id: i64) -> DbResult<Option<Entry>> {
    tx.first(LOCKED, args![id], read).await
}

/// The last mail of a kind that concerns a lead, if it came in at this time or later.
pub async fn last(tx: &mut Tx, lead: i64, kind: InboundKind, since: Timestamp) -> DbResult<Option<i64>> {
    tx.first(LAST, args![lead, kind.as_str(), since], |row| row.int(0)).await
}

/// The mail itself, in base64.
pub async fn raw(tx: &mut Tx, id: i64) -> DbResult<Option<String>> {
    tx.first(RAW, args![id], |row| row.text(0)).await
}

/// Up to `limit` mails that wait for a person, the newest first.
pub async fn waiting(tx: &mut Tx, limit: i64) -> DbResult<Vec<Entry>> {
    tx.all(WAITING, args![limit], read).await
}

/// Up to `limit` mails, the newest first.
pub async fn newest(tx: &mut Tx, limit: i64) -> DbResult<Vec<Entry>> {
    tx.all(NEWEST, args![limit], read).await
}

/// How many mails wait for a person.
pub async fn count_waiting(tx: &mut Tx) -> DbResult<i64> {
    Ok(tx.first(COUNT_WAITING, vec![], |row| row.int(0)).await?.unwrap_or(0))
}

/// Says what a mail is by now, whom it concerns, and how it was resolved.
pub async fn resolve(
    tx: &mut Tx,
    mail: &InboundRow,
    resolution: Option<&str>,
    now: Timestamp,
) -> DbResult<()> {
    let by = mail.matched_by.map(MatchedBy::as_str);
    tx.execute(RESOLVE, args![mail.id, now, resolution, mail.kind.as_str(), by, mail.lead]).await?;
    Ok(())
}
