//! The table `hand_overs`.

use super::error::DbResult;
use super::row::{Cells, word};
use super::sql::args;
use super::tx::Tx;
use crate::domain::hand_over::{HandOver, HandOverState, Origin};
use crate::domain::routing::Load;
use crate::domain::time::Timestamp;

const INSERT: &str = "INSERT INTO hand_overs (id, lead_id, state, cause, rep, opened_at, origin) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (lead_id) WHERE closed_at IS NULL DO NOTHING";
const OPEN: &str = "SELECT id, lead_id, state, cause, rep, opened_at, closed_at, reason, origin \
    FROM hand_overs WHERE lead_id = $1 AND closed_at IS NULL";
const CLOSE: &str = "UPDATE hand_overs SET state = $2, closed_at = $3, reason = $4, amount = $5 \
    WHERE id = $1 AND closed_at IS NULL";
const ACCEPT: &str = "UPDATE hand_overs SET state = CASE WHEN state = 'opportunity' THEN state ELSE $2 END, rep = COALESCE($3, rep), \
    accepted_at = COALESCE(accepted_at, $4) WHERE id = $1 AND closed_at IS NULL";
const AWAIT_ANSWER: &str = "UPDATE hand_overs SET answered_at = NULL WHERE id = $1 AND closed_at IS NULL";
const CAUSES: &str = "SELECT cause FROM hand_overs WHERE lead_id = $1";
const LATEST: &str = "SELECT id, lead_id, state, cause, rep, opened_at, closed_at, reason, origin, amount \
    FROM hand_overs WHERE lead_id = $1 ORDER BY opened_at DESC, id DESC LIMIT 1";
const WAS_LOST: &str = "SELECT id FROM hand_overs WHERE lead_id = $1 AND state = 'lost' LIMIT 1";
const LOADS: &str = "SELECT rep, COUNT(*), CAST(COALESCE(SUM(CASE WHEN origin = $1 THEN 1 ELSE 0 END), 0) AS BIGINT) \
    FROM hand_overs WHERE closed_at IS NULL AND rep IN ({rows}) GROUP BY rep";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("open", OPEN),
    ("close", CLOSE),
    ("accept", ACCEPT),
    ("await_answer", AWAIT_ANSWER),
    ("causes", CAUSES),
    ("latest", LATEST),
    ("was_lost", WAS_LOST),
    ("loads", LOADS),
];

fn read(row: &dyn Cells) -> DbResult<HandOver> {
    Ok(HandOver {
        id: row.int(0)?,
        lead: row.int(1)?,
        state: word(&row.text(2)?, "hand-over state")?,
        cause: row.text(3)?,
        rep: row.opt_text(4)?,
        opened_at: row.at(5)?,
        closed_at: row.opt_at(6)?,
        reason: row.opt_text(7)?,
        origin: word(&row.text(8)?, "origin of a hand-over")?,
    })
}

/// Opens a hand-over. False: one is open already.
pub async fn open(tx: &mut Tx, hand_over: &HandOver) -> DbResult<bool> {
    let row = args![
        hand_over.id,
        hand_over.lead,
        hand_over.state.as_str(),
        &hand_over.cause,
        &hand_over.rep,
        hand_over.opened_at,
        hand_over.origin.as_str()
    ];
    Ok(tx.execute(INSERT, row).await? > 0)
}

/// The open hand-over of a lead.
pub async fn open_of(tx: &mut Tx, lead: i64) -> DbResult<Option<HandOver>> {
    tx.first(OPEN, args![lead], read).await
}

/// How a hand-over ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing<'a> {
    /// Won, lost or returned.
    pub state: HandOverState,
    pub reason: Option<&'a str>,
    /// What was won, in the currency of the house.
    pub amount: Option<f64>,
}

/// Closes a hand-over.
pub async fn close(tx: &mut Tx, id: i64, closing: &Closing<'_>, now: Timestamp) -> DbResult<()> {
    let amount = crate::storage::Arg::Real(closing.amount);
    let mut row = args![id, closing.state.as_str(), now, closing.reason];
    row.push(amount);
    tx.execute(CLOSE, row).await?;
    Ok(())
}

/// Records that sales works on an open hand-over: accepted, or an opportunity; and who does, if that is new.
pub async fn accept(
    tx: &mut Tx,
    id: i64,
    state: HandOverState,
    rep: Option<&str>,
    now: Timestamp,
) -> DbResult<()> {
    tx.execute(ACCEPT, args![id, state.as_str(), rep, now]).await?;
    Ok(())
}

/// The lead of an open hand-over wrote again: whatever sales answered before, it waits for a word. The timeline keeps when
/// that was.
pub async fn await_answer(tx: &mut Tx, id: i64) -> DbResult<()> {
    tx.execute(AWAIT_ANSWER, args![id]).await?;
    Ok(())
}

/// The causes of all hand-overs of a lead, past ones too.
pub async fn causes(tx: &mut Tx, lead: i64) -> DbResult<Vec<String>> {
    tx.all(CAUSES, args![lead], |row| row.text(0)).await
}

/// Whether sales lost the lead once.
pub async fn was_lost(tx: &mut Tx, lead: i64) -> DbResult<bool> {
    Ok(tx.first(WAS_LOST, args![lead], |row| row.int(0)).await?.is_some())
}

/// A hand-over with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    pub hand_over: HandOver,
    /// What was won, in the currency of the house.
    pub amount: Option<f64>,
}

/// The last hand-over of a lead, open or closed.
pub async fn latest(tx: &mut Tx, lead: i64) -> DbResult<Option<Latest>> {
    tx.first(LATEST, args![lead], |row| Ok(Latest { hand_over: read(row)?, amount: row.opt_real(9)? })).await
}

/// How many open hand-overs these reps have; those that have none are missing.
pub async fn loads(tx: &mut Tx, reps: &[&str]) -> DbResult<Vec<(String, Load)>> {
    tx.all_for(LOADS, args![Origin::Rule.as_str()], reps, |row| {
        Ok((row.text(0)?, Load { all: row.int(1)?, scored: row.int(2)? }))
    })
    .await
}
