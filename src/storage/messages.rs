//! The table `messages`: one mail of one step to one lead.

use super::error::{DbError, DbResult};
use super::row::Cells;
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::enrollment::MessageState;
use crate::domain::time::Timestamp;

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: i64,
    pub lead: i64,
    pub enrollment: i64,
    pub step: i64,
    pub state: MessageState,
    pub node: String,
    pub revision: i64,
    pub variant: i64,
    /// How often it was tried, this time included.
    pub attempt: i64,
    /// How often it was lost after the final dot.
    pub ambiguous: i64,
    pub first_at: Timestamp,
    /// When its state came about.
    pub at: Timestamp,
    pub reason: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, lead_id, enrollment_id, step, state, node, revision, variant, attempt, ambiguous, first_at, \
             at, reason FROM messages ",
            $rest
        )
    };
}

const CLAIM: &str = "INSERT INTO messages \
    (id, lead_id, enrollment_id, step, state, node, revision, variant, first_at, at) VALUES {rows} \
    ON CONFLICT (lead_id, enrollment_id, step) DO UPDATE SET state = 1, node = excluded.node, \
    revision = excluded.revision, variant = excluded.variant, attempt = messages.attempt + 1, at = excluded.at, \
    reason = NULL WHERE messages.state IN (3, 4, 5) \
    RETURNING id, lead_id, attempt, ambiguous, first_at";
const SENT: &str = "UPDATE messages SET state = 2, at = $1, reason = NULL \
    WHERE node = $2 AND state = 1 AND id IN ({rows})";
const SETTLE: &str = "UPDATE messages SET state = $2, at = $3, reason = $4, attempt = attempt - $5, \
    ambiguous = ambiguous + $6 WHERE id = $1 AND state = 1 AND node = $7";
const CANCEL: &str = "UPDATE messages SET state = 5, at = $2, reason = $3 WHERE lead_id = $1 AND state IN (3, 4) \
    RETURNING id";
const CANCEL_ONE: &str =
    "UPDATE messages SET state = 5, at = $2, reason = $3 WHERE id = $1 AND state IN (3, 4)";
const SENDING: &str = "SELECT id, node FROM messages WHERE lead_id IN ({rows}) AND state = 1";
const SENT_SINCE: &str = "SELECT COUNT(*) FROM messages WHERE state = 2 AND at > $1";
const RECENT: &str = select!("WHERE lead_id IN ({rows}) AND (at > $1 OR state <> 2)");
const OF_LEAD: &str = select!("WHERE lead_id = $1 ORDER BY at, id");
const BY_ID: &str = select!("WHERE id = $1");
const BY_IDS: &str = select!("WHERE id IN ({rows})");
const ORPHANS: &str = select!("WHERE node = $1 AND state = 1 ORDER BY id LIMIT $2");
const NODES: &str = "WITH RECURSIVE used (node) AS (SELECT MIN(node) FROM messages WHERE state = 1 UNION ALL \
    SELECT (SELECT MIN(m.node) FROM messages m WHERE m.state = 1 AND m.node > used.node) \
    FROM used WHERE used.node IS NOT NULL) SELECT node FROM used WHERE node IS NOT NULL";
const HELD: &str = "SELECT id, enrollment_id FROM messages WHERE state = 4 AND id > $1 ORDER BY id LIMIT $2";
const COUNT: &str = "SELECT state, COUNT(*) FROM messages GROUP BY state";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("claim", CLAIM),
    ("sent", SENT),
    ("settle", SETTLE),
    ("cancel", CANCEL),
    ("cancel_one", CANCEL_ONE),
    ("sending", SENDING),
    ("recent", RECENT),
    ("of_lead", OF_LEAD),
    ("by_id", BY_ID),
    ("by_ids", BY_IDS),
    ("orphans", ORPHANS),
    ("nodes", NODES),
    ("held", HELD),
];

fn state(code: i64) -> DbResult<MessageState> {
    MessageState::from_code(code)
        .ok_or_else(|| DbError::Unreadable { what: "message state", text: code.to_string() })
}

fn read(row: &dyn Cells) -> DbResult<Message> {
    Ok(Message {
        id: row.int(0)?,
        lead: row.int(1)?,
        enrollment: row.int(2)?,
        step: row.int(3)?,
        state: state(row.int(4)?)?,
        node: row.text(5)?,
        revision: row.int(6)?,
        variant: row.int(7)?,
        attempt: row.int(8)?,
        ambiguous: row.int(9)?,
        first_at: row.at(10)?,
        at: row.at(11)?,
        reason: row.opt_text(12)?,
    })
}

/// A message that is to be claimed for sending.
#[derive(Clone, Debug)]
pub struct NewClaim {
    pub lead: i64,
    pub enrollment: i64,
    pub step: i64,
    pub variant: i64,
}

/// What the database says of a claimed message: for a repeat, the id and the count are those of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedRow {
    pub id: i64,
    pub lead: i64,
    pub attempt: i64,
    pub ambiguous: i64,
    pub first_at: Timestamp,
}

/// Claims messages for this node: first sends, retries, and steps that a hold had cancelled. A step that was sent, or
/// has failed, or is unknown, is never claimed again: it is not among the answers.
pub async fn claim(
    tx: &mut Tx,
    claims: &[NewClaim],
    node: &str,
    revision: i64,
    now: Timestamp,
) -> DbResult<Vec<ClaimedRow>> {
    let mut rows: Vec<Arg> = Vec::with_capacity(claims.len() * 10);
    for claim in claims {
        let sending = MessageState::Sending.code();
        rows.extend(args![tx.id()?, claim.lead, claim.enrollment, claim.step, sending]);
        rows.extend(args![node, revision, claim.variant, now, now]);
    }
    tx.write_rows_returning(CLAIM, 10, rows, |row| {
        Ok(ClaimedRow {
            id: row.int(0)?,
            lead: row.int(1)?,
            attempt: row.int(2)?,
            ambiguous: row.int(3)?,
            first_at: row.at(4)?,
        })
    })
    .await
}

/// Records that these messages of this node were accepted by the relay.
pub async fn sent(tx: &mut Tx, ids: &[i64], node: &str, now: Timestamp) -> DbResult<()> {
    tx.execute_for(SENT, args![now, node], ids).await?;
    Ok(())
}

/// How many messages were accepted by the relay after a time. It reads the whole table.
pub async fn sent_since(tx: &mut Tx, since: Timestamp) -> DbResult<i64> {
    Ok(tx.first(SENT_SINCE, args![since], |row| row.int(0)).await?.unwrap_or(0))
}

/// How a message in state `sending` ended, if not well.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub state: MessageState,
    pub reason: String,
    /// The attempt does not count: the message never started.
    pub uncounted: bool,
    /// It may have arrived.
    pub ambiguous: bool,
}

/// Records the end of a message that this node is sending. False: it is not, any more; another one may be.
pub async fn settle(tx: &mut Tx, id: i64, node: &str, end: &Settlement, now: Timestamp) -> DbResult<bool> {
    let reason: String = end.reason.chars().take(500).collect();
    let (uncounted, ambiguous) = (i64::from(end.uncounted), i64::from(end.ambiguous));
    let row = args![id, end.state.code(), now, reason, uncounted, ambiguous, node];
    Ok(tx.execute(SETTLE, row).await? > 0)
}

/// Cancels the messages of a lead that wait for another try or for a correction. Their ids.
pub async fn cancel_waiting(tx: &mut Tx, lead: i64, why: &str, now: Timestamp) -> DbResult<Vec<i64>> {
    tx.all(CANCEL, args![lead, now, why], |row| row.int(0)).await
}

/// Cancels one message that waits for another try or for a correction.
pub async fn cancel_one(tx: &mut Tx, id: i64, why: &str, now: Timestamp) -> DbResult<()> {
    tx.execute(CANCEL_ONE, args![id, now, why]).await?;
    Ok(())
}

/// The messages of these leads that are claimed or on the wire: pairs of id and node.
pub async fn sending(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, String)>> {
    tx.all_for(SENDING, vec![], leads, |row| Ok((row.int(0)?, row.text(1)?))).await
}

/// The messages of these leads that count for caps (younger than `since`) or are not sent.
pub async fn recent(tx: &mut Tx, leads: &[i64], since: Timestamp) -> DbResult<Vec<Message>> {
    tx.all_for(RECENT, args![since], leads, read).await
}

/// All messages of a lead, oldest first.
pub async fn of_lead(tx: &mut Tx, lead: i64) -> DbResult<Vec<Message>> {
    tx.all(OF_LEAD, args![lead], read).await
}

/// One message.
pub async fn by_id(tx: &mut Tx, id: i64) -> DbResult<Option<Message>> {
    tx.first(BY_ID, args![id], read).await
}

/// The messages with these ids, in no order.
pub async fn by_ids(tx: &mut Tx, ids: &[i64]) -> DbResult<Vec<Message>> {
    tx.all_for(BY_IDS, vec![], ids, read).await
}

/// Up to `limit` messages that a node holds as being sent.
pub async fn orphans(tx: &mut Tx, node: &str, limit: i64) -> DbResult<Vec<Message>> {
    tx.all(ORPHANS, args![node, limit], read).await
}

/// The nodes that hold messages as being sent.
pub async fn sending_nodes(tx: &mut Tx) -> DbResult<Vec<String>> {
    tx.all(NODES, vec![], |row| row.text(0)).await
}

/// Up to `limit` messages that wait for a correction, behind an id: pairs of message and enrollment.
pub async fn held(tx: &mut Tx, behind: i64, limit: i64) -> DbResult<Vec<(i64, i64)>> {
    tx.all(HELD, args![behind, limit], |row| Ok((row.int(0)?, row.int(1)?))).await
}

/// How many messages there are in each state. Reads the whole table: for people, not for the engine.
pub async fn count_by_state(tx: &mut Tx) -> DbResult<Vec<(MessageState, i64)>> {
    tx.all(COUNT, vec![], |row| Ok((state(row.int(0)?)?, row.int(1)?))).await
}
