//! The table `enrollments`: the queue of what is due.

use super::error::{DbError, DbResult};
use super::row::{Cells, word};
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::enrollment::{EnrollmentState, Walk};
use crate::domain::time::Timestamp;
use crate::domain::track::Done;

/// An enrollment as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrollment {
    pub walk: Walk,
    pub lead: i64,
    pub seq: String,
    pub state: EnrollmentState,
    pub lane: i64,
    pub due_at: Option<Timestamp>,
    /// Why it waits, for people, if not for its time.
    pub waits_for: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.lead_id, e.seq, e.state, e.done, e.place_at, e.lane, e.due_at, e.waits_for, \
             e.started_at, e.ended_at FROM enrollments e ",
            $rest
        )
    };
}

const CLAIM: &str = select!(
    "JOIN leads l ON l.id = e.lead_id WHERE e.lane = $1 AND e.due_at <= $2 ORDER BY e.due_at LIMIT $3 \
     {lock: FOR NO KEY UPDATE OF e, l SKIP LOCKED}"
);
/// Each lane in use and its earliest due time, without a look at the rows between.
const LANES: &str = "WITH RECURSIVE used (lane) AS (\
    SELECT MIN(lane) FROM enrollments WHERE due_at IS NOT NULL UNION ALL \
    SELECT (SELECT MIN(e.lane) FROM enrollments e WHERE e.due_at IS NOT NULL AND e.lane > used.lane) \
    FROM used WHERE used.lane IS NOT NULL) \
    SELECT lane, (SELECT MIN(e.due_at) FROM enrollments e WHERE e.lane = used.lane AND e.due_at IS NOT NULL) \
    FROM used WHERE lane IS NOT NULL";
const COUNT_DUE: &str = "SELECT COUNT(*) FROM enrollments WHERE lane = $1 AND due_at <= $2";
const INSERT: &str = "INSERT INTO enrollments (id, lead_id, seq, state, done, place_at, lane, due_at, started_at) \
    VALUES {rows}";
const ADVANCE: &str = "WITH v (id, done, place_at, lane, due_at, waits_for) AS (VALUES {rows}) UPDATE enrollments \
    SET done = v.done, place_at = v.place_at, lane = v.lane, due_at = v.due_at, waits_for = v.waits_for \
    FROM v WHERE enrollments.id = v.id";
const END: &str = "UPDATE enrollments SET state = $2, ended_at = $3, due_at = NULL, waits_for = NULL \
    WHERE id = $1 AND state = 'active'";
const WAKE: &str = "UPDATE enrollments SET due_at = $1, waits_for = NULL WHERE state = 'active' AND id IN ({rows}) \
    AND (due_at IS NULL OR due_at > $1)";
const REST: &str =
    "UPDATE enrollments SET due_at = $2, waits_for = $3 WHERE lead_id = $1 AND state = 'active'";
const WAKE_LEADS: &str = "UPDATE enrollments SET due_at = $1, waits_for = NULL WHERE state = 'active' \
    AND lead_id IN ({rows}) AND (due_at IS NULL OR due_at > $1)";
const WAKE_FROM: &str = "UPDATE enrollments SET due_at = $1, waits_for = NULL WHERE state = 'active' \
    AND waits_for = $2 AND lead_id IN ({rows})";
const ACTIVE: &str = select!("WHERE e.lead_id = $1 AND e.state = 'active'");
const BY_ID: &str = select!("WHERE e.id = $1 {lock: FOR NO KEY UPDATE OF e}");
const LEAD_OF: &str = "SELECT lead_id FROM enrollments WHERE id = $1";
const OF_LEADS: &str = select!("WHERE e.lead_id IN ({rows})");
const RENAME: &str = "UPDATE enrollments SET seq = $2 WHERE seq = $1";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("claim", CLAIM),
    ("lanes", LANES),
    ("count_due", COUNT_DUE),
    ("advance", ADVANCE),
    ("end", END),
    ("wake", WAKE),
    ("wake_leads", WAKE_LEADS),
    ("wake_from", WAKE_FROM),
    ("rest", REST),
    ("active", ACTIVE),
    ("by_id", BY_ID),
    ("lead_of", LEAD_OF),
    ("of_leads", OF_LEADS),
];

fn read(row: &dyn Cells) -> DbResult<Enrollment> {
    let done = row.text(4)?;
    let done = Done::from_text(&done).ok_or(DbError::Unreadable { what: "done", text: done })?;
    Ok(Enrollment {
        walk: Walk { enrollment: row.int(0)?, done, place_at: row.at(5)? },
        lead: row.int(1)?,
        seq: row.text(2)?,
        state: word(&row.text(3)?, "enrollment state")?,
        lane: row.int(6)?,
        due_at: row.opt_at(7)?,
        waits_for: row.opt_text(8)?,
        started_at: row.at(9)?,
        ended_at: row.opt_at(10)?,
    })
}

/// The enrollments of a lane that are due, earliest first, with their leads locked.
pub async fn claim(tx: &mut Tx, lane: i64, now: Timestamp, limit: i64) -> DbResult<Vec<Enrollment>> {
    tx.all(CLAIM, args![lane, now, limit], read).await
}

/// Each lane in which something will fall due, and when that is first.
pub async fn lanes(tx: &mut Tx) -> DbResult<Vec<(i64, Timestamp)>> {
    tx.all(LANES, vec![], |row| Ok((row.int(0)?, row.at(1)?))).await
}

/// How many enrollments of a lane are due.
pub async fn count_due(tx: &mut Tx, lane: i64, now: Timestamp) -> DbResult<i64> {
    Ok(tx.first(COUNT_DUE, args![lane, now], |row| row.int(0)).await?.unwrap_or(0))
}

/// Stores new enrollments, all active.
pub async fn insert(tx: &mut Tx, enrollments: &[Enrollment]) -> DbResult<()> {
    let rows = enrollments.iter().flat_map(|enrollment| {
        args![
            enrollment.walk.enrollment,
            enrollment.lead,
            &enrollment.seq,
            enrollment.state.as_str(),
            enrollment.walk.done.to_text(),
            enrollment.walk.place_at,
            enrollment.lane,
            enrollment.due_at,
            enrollment.started_at
        ]
    });
    let rows: Vec<Arg> = rows.collect();
    tx.write_rows(INSERT, 9, rows).await?;
    Ok(())
}

/// Stores where the walks stand, when they are due next, and what they wait for.
pub async fn advance(tx: &mut Tx, enrollments: &[Enrollment]) -> DbResult<()> {
    let rows = enrollments.iter().flat_map(|enrollment| {
        args![
            enrollment.walk.enrollment,
            enrollment.walk.done.to_text(),
            enrollment.walk.place_at,
            enrollment.lane,
            enrollment.due_at,
            &enrollment.waits_for
        ]
    });
    let rows: Vec<Arg> = rows.collect();
    tx.write_rows(ADVANCE, 6, rows).await?;
    Ok(())
}

/// Ends an active enrollment. False: it was not active.
pub async fn end(tx: &mut Tx, id: i64, state: EnrollmentState, now: Timestamp) -> DbResult<bool> {
    Ok(tx.execute(END, args![id, state.as_str(), now]).await? > 0)
}

/// Makes active enrollments due at `at`, if they would be later.
pub async fn wake(tx: &mut Tx, ids: &[i64], at: Timestamp) -> DbResult<()> {
    tx.execute_for(WAKE, args![at], ids).await?;
    Ok(())
}

/// Makes the active enrollments of these leads due at `at`, if they would be later.
pub async fn wake_leads(tx: &mut Tx, leads: &[i64], at: Timestamp) -> DbResult<()> {
    tx.execute_for(WAKE_LEADS, args![at], leads).await?;
    Ok(())
}

/// Makes the active enrollments of these leads due at `at` that wait for this.
pub async fn wake_from(tx: &mut Tx, leads: &[i64], waits_for: &str, at: Timestamp) -> DbResult<()> {
    tx.execute_for(WAKE_FROM, args![at, waits_for], leads).await?;
    Ok(())
}

/// Rests the active enrollment of a lead, until a time or an event.
pub async fn rest(tx: &mut Tx, lead: i64, until: Option<Timestamp>, why: &str) -> DbResult<()> {
    tx.execute(REST, args![lead, until, why]).await?;
    Ok(())
}

/// The active enrollment of a lead.
pub async fn active(tx: &mut Tx, lead: i64) -> DbResult<Option<Enrollment>> {
    tx.first(ACTIVE, args![lead], read).await
}

/// One enrollment, whose lead is locked.
pub async fn by_id(tx: &mut Tx, id: i64) -> DbResult<Option<Enrollment>> {
    tx.first(BY_ID, args![id], read).await
}

/// Whose an enrollment is.
pub async fn lead_of(tx: &mut Tx, id: i64) -> DbResult<Option<i64>> {
    tx.first(LEAD_OF, args![id], |row| row.int(0)).await
}

/// All enrollments of these leads, past ones too.
pub async fn of_leads(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<Enrollment>> {
    tx.all_for(OF_LEADS, vec![], leads, read).await
}

/// Makes the active walks of these leads due now if they are in one of `changed` sequences, or wait for a correction.
pub async fn wake_changed(tx: &mut Tx, leads: &[i64], changed: &[String], now: Timestamp) -> DbResult<()> {
    let ids = of_leads(tx, leads).await?.into_iter().filter(|enrollment| {
        enrollment.state == EnrollmentState::Active && changed.contains(&enrollment.seq)
    });
    let ids: Vec<i64> = ids.map(|enrollment| enrollment.walk.enrollment).collect();
    wake(tx, &ids, now).await
}

/// Moves the enrollments of a sequence, past ones too, to its new name. How many there were.
pub async fn rename(tx: &mut Tx, from: &str, to: &str) -> DbResult<u64> {
    tx.execute(RENAME, args![from, to]).await
}
