//! The table `outbox`: mails to reps and calls to webhooks that are still to be made, in order for each lead and kind.

use super::error::DbResult;
use super::row::Cells;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

/// Something that somebody outside is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    pub id: i64,
    pub lead: i64,
    /// How and to whom it goes: `mail`, or `webhook NAME`. Kinds do not wait for each other.
    pub kind: String,
    /// JSON.
    pub payload: String,
    pub attempt: i64,
    pub first_at: Timestamp,
}

/// Takes the place behind what is still to be told of the same lead in the same way.
const INSERT: &str = "INSERT INTO outbox (id, lead_id, kind, payload, due_at, first_at, place) VALUES ($1, $2, $3, $4, $5, $6, \
    (SELECT COALESCE(MAX(o.place), 0) + 1 FROM outbox o WHERE o.lead_id = $2 AND o.kind = $3 AND o.due_at IS NOT NULL))";
const DUE: &str = "SELECT o.id, o.lead_id, o.kind, o.payload, o.attempt, o.first_at FROM outbox o \
    WHERE o.kind = $1 AND o.due_at <= $2 AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.lead_id = o.lead_id \
    AND b.kind = o.kind AND b.due_at IS NOT NULL AND b.place < o.place) \
    ORDER BY o.due_at LIMIT $3 {lock: FOR UPDATE OF o SKIP LOCKED}";
const LEASE: &str =
    "UPDATE outbox SET due_at = $1, attempt = attempt + 1 WHERE id IN ({rows}) AND due_at IS NOT NULL";
/// What a webhook was told is not kept: it is a copy of what is known about the lead.
const DONE: &str = "UPDATE outbox SET due_at = NULL, done_at = $2, reason = $3, \
    payload = CASE WHEN kind = 'mail' THEN payload ELSE '' END WHERE id = $1 AND due_at IS NOT NULL";
const RETRY: &str = "UPDATE outbox SET due_at = $2, reason = $3 WHERE id = $1 AND due_at IS NOT NULL";
const DELAY: &str = "UPDATE outbox SET due_at = $2 WHERE lead_id = (SELECT o.lead_id FROM outbox o WHERE o.id = $1) \
    AND kind = (SELECT o.kind FROM outbox o WHERE o.id = $1) \
    AND place > (SELECT o.place FROM outbox o WHERE o.id = $1) AND due_at IS NOT NULL AND due_at < $2";
const UNTRIED: &str = "SELECT o.id, o.lead_id, o.kind, o.payload, o.attempt, o.first_at FROM outbox o \
    WHERE o.lead_id = $1 AND o.kind = $2 AND o.due_at IS NOT NULL AND o.attempt = 0 ORDER BY o.place DESC";
const AMEND: &str =
    "UPDATE outbox SET payload = $2, due_at = $3 WHERE id = $1 AND due_at IS NOT NULL AND attempt = 0";
const NEXT: &str = "SELECT o.due_at FROM outbox o WHERE o.kind = $1 AND o.due_at IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM outbox b WHERE b.lead_id = o.lead_id AND b.kind = o.kind AND b.due_at IS NOT NULL AND b.place < o.place) \
    ORDER BY o.due_at LIMIT 1";
const KINDS: &str = "WITH RECURSIVE used (kind) AS (SELECT MIN(kind) FROM outbox WHERE due_at IS NOT NULL UNION ALL \
    SELECT (SELECT MIN(o.kind) FROM outbox o WHERE o.due_at IS NOT NULL AND o.kind > used.kind) \
    FROM used WHERE used.kind IS NOT NULL) SELECT kind FROM used WHERE kind IS NOT NULL";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("due", DUE),
    ("lease", LEASE),
    ("done", DONE),
    ("retry", RETRY),
    ("delay", DELAY),
    ("untried", UNTRIED),
    ("amend", AMEND),
    ("next", NEXT),
    ("kinds", KINDS),
];

fn read(row: &dyn Cells) -> DbResult<OutboxItem> {
    Ok(OutboxItem {
        id: row.int(0)?,
        lead: row.int(1)?,
        kind: row.text(2)?,
        payload: row.text(3)?,
        attempt: row.int(4)?,
        first_at: row.at(5)?,
    })
}

/// Puts something into the outbox, behind what its lead's receiver is told before. The lead's lock is held.
pub async fn insert(tx: &mut Tx, item: &OutboxItem, due: Timestamp) -> DbResult<()> {
    let row = args![item.id, item.lead, &item.kind, &item.payload, due, item.first_at];
    tx.execute(INSERT, row).await?;
    Ok(())
}

/// The items of a lead and a kind that nobody has tried to send yet, the newest first. None is locked: [`amend`] answers
/// whether that is still so.
pub async fn untried(tx: &mut Tx, lead: i64, kind: &str) -> DbResult<Vec<OutboxItem>> {
    tx.all(UNTRIED, args![lead, kind], read).await
}

/// Replaces what an item says that nobody has tried to send yet. False: somebody has by now.
pub async fn amend(tx: &mut Tx, id: i64, payload: &str, due: Timestamp) -> DbResult<bool> {
    Ok(tx.execute(AMEND, args![id, payload, due]).await? > 0)
}

/// The items of a kind that are due, at most one a lead.
pub async fn due(tx: &mut Tx, kind: &str, now: Timestamp, limit: i64) -> DbResult<Vec<OutboxItem>> {
    tx.all(DUE, args![kind, now, limit], read).await
}

/// Takes items for an attempt: nobody else does until `until`.
pub async fn lease(tx: &mut Tx, ids: &[i64], until: Timestamp) -> DbResult<()> {
    tx.execute_for(LEASE, args![until], ids).await?;
    Ok(())
}

/// Ends an item; with a reason if it was given up. One that has ended stays as it is: the lease of this node may have
/// run out, and another have been quicker.
pub async fn done(tx: &mut Tx, id: i64, reason: Option<&str>, now: Timestamp) -> DbResult<()> {
    tx.execute(DONE, args![id, now, reason]).await?;
    Ok(())
}

/// Tries an item again later, unless it has ended. What waits behind it is due no sooner, so that nobody looks at it
/// meanwhile.
pub async fn retry(tx: &mut Tx, id: i64, due: Timestamp, reason: &str) -> DbResult<()> {
    if tx.execute(RETRY, args![id, due, reason]).await? > 0 {
        tx.execute(DELAY, args![id, due]).await?;
    }
    Ok(())
}

/// When the next item of a kind is due that waits for no other one.
pub async fn next(tx: &mut Tx, kind: &str) -> DbResult<Option<Timestamp>> {
    tx.first(NEXT, args![kind], |row| row.at(0)).await
}

/// The kinds of which there is something to send.
pub async fn kinds(tx: &mut Tx) -> DbResult<Vec<String>> {
    tx.all(KINDS, vec![], |row| row.text(0)).await
}
