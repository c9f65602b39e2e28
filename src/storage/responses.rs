//! What a rep says to a hand-over, and by when: the other half of the table `hand_overs`.

use super::error::DbResult;
use super::row::{Cells, word};
use super::sql::args;
use super::tx::Tx;
use crate::domain::hand_over::{HandOverState, Origin};
use crate::domain::time::Timestamp;

/// How far a rep is with a hand-over.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub hand_over: i64,
    pub lead: i64,
    pub state: HandOverState,
    /// A key of `[team.NAME]`.
    pub rep: Option<String>,
    pub cause: String,
    pub origin: Origin,
    pub opened_at: Timestamp,
    /// When the rep is to have said or written something.
    pub respond_by: Option<Timestamp>,
    /// When a mail of sales to the lead was first seen.
    pub answered_at: Option<Timestamp>,
    /// The day on which the rep wants to be reminded.
    pub later_until: Option<Timestamp>,
    pub meeting_at: Option<Timestamp>,
    pub offer_at: Option<Timestamp>,
    pub reminded_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// When somebody is to be told next.
    pub due_at: Option<Timestamp>,
}

impl Response {
    /// Whether the lead still waits for a word of sales.
    pub fn is_awaited(&self) -> bool {
        self.state == HandOverState::Open && self.answered_at.is_none() && self.closed_at.is_none()
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, lead_id, state, rep, cause, origin, opened_at, respond_by, answered_at, later_until, \
             meeting_at, offer_at, reminded_at, closed_at, due_at FROM hand_overs ",
            $rest
        )
    };
}

const BY_ID: &str = select!("WHERE id = $1");
const OPEN_OF: &str = select!("WHERE lead_id = $1 AND closed_at IS NULL");
const NEWEST_OF: &str = select!("WHERE lead_id = $1 ORDER BY id DESC LIMIT 1");
const START: &str = "UPDATE hand_overs SET respond_by = $2, due_at = $2, reminded_at = NULL, escalated_at = NULL WHERE id = $1";
const ANSWERED: &str = "UPDATE hand_overs SET answered_at = $2, due_at = later_until \
    WHERE id = $1 AND closed_at IS NULL AND answered_at IS NULL";
const STOP_CLOCK: &str = "UPDATE hand_overs SET due_at = later_until WHERE id = $1";
const SILENCE: &str = "UPDATE hand_overs SET due_at = NULL, later_until = NULL WHERE id = $1";
const POSTPONE: &str =
    "UPDATE hand_overs SET later_until = $2, due_at = $2 WHERE id = $1 AND closed_at IS NULL";
const MEETING: &str = "UPDATE hand_overs SET meeting_at = $2 WHERE id = $1 AND meeting_at IS NULL";
const OFFER: &str = "UPDATE hand_overs SET offer_at = $2 WHERE id = $1 AND offer_at IS NULL";
const REMINDED: &str =
    "UPDATE hand_overs SET reminded_at = $2, later_until = NULL, due_at = $3 WHERE id = $1";
const ESCALATED: &str = "UPDATE hand_overs SET escalated_at = $2, due_at = NULL WHERE id = $1";
const DUE: &str =
    "SELECT id, lead_id FROM hand_overs WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2";
const NEXT: &str = "SELECT MIN(due_at) FROM hand_overs WHERE due_at IS NOT NULL";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("by_id", BY_ID),
    ("open_of", OPEN_OF),
    ("newest_of", NEWEST_OF),
    ("start", START),
    ("answered", ANSWERED),
    ("stop_clock", STOP_CLOCK),
    ("silence", SILENCE),
    ("postpone", POSTPONE),
    ("meeting", MEETING),
    ("offer", OFFER),
    ("reminded", REMINDED),
    ("escalated", ESCALATED),
    ("due", DUE),
    ("next", NEXT),
];

fn read(row: &dyn Cells) -> DbResult<Response> {
    Ok(Response {
        hand_over: row.int(0)?,
        lead: row.int(1)?,
        state: word(&row.text(2)?, "hand-over state")?,
        rep: row.opt_text(3)?,
        cause: row.text(4)?,
        origin: word(&row.text(5)?, "origin of a hand-over")?,
        opened_at: row.at(6)?,
        respond_by: row.opt_at(7)?,
        answered_at: row.opt_at(8)?,
        later_until: row.opt_at(9)?,
        meeting_at: row.opt_at(10)?,
        offer_at: row.opt_at(11)?,
        reminded_at: row.opt_at(12)?,
        closed_at: row.opt_at(13)?,
        due_at: row.opt_at(14)?,
    })
}

/// One hand-over, open or not.
pub async fn by_id(tx: &mut Tx, hand_over: i64) -> DbResult<Option<Response>> {
    tx.first(BY_ID, args![hand_over], read).await
}

/// The open hand-over of a lead.
pub async fn open_of(tx: &mut Tx, lead: i64) -> DbResult<Option<Response>> {
    tx.first(OPEN_OF, args![lead], read).await
}

/// The last hand-over of a lead, open or not.
pub async fn newest_of(tx: &mut Tx, lead: i64) -> DbResult<Option<Response>> {
    tx.first(NEWEST_OF, args![lead], read).await
}

/// Starts the clock: the rep is reminded at this time, unless something comes before it.
pub async fn start(tx: &mut Tx, hand_over: i64, respond_by: Timestamp) -> DbResult<()> {
    tx.execute(START, args![hand_over, respond_by]).await?;
    Ok(())
}

/// A mail of sales to the lead passed: the clock stops, and a day that the rep chose is kept. False: one had passed before, or the hand-over is closed.
pub async fn answered(tx: &mut Tx, hand_over: i64, now: Timestamp) -> DbResult<bool> {
    Ok(tx.execute(ANSWERED, args![hand_over, now]).await? > 0)
}

/// The rep has said something: nobody is told that the lead waits. A day that the rep chose is kept.
pub async fn stop_clock(tx: &mut Tx, hand_over: i64) -> DbResult<()> {
    tx.execute(STOP_CLOCK, args![hand_over]).await?;
    Ok(())
}

/// Nobody is told any more, not even of a day that the rep chose.
pub async fn silence(tx: &mut Tx, hand_over: i64) -> DbResult<()> {
    tx.execute(SILENCE, args![hand_over]).await?;
    Ok(())
}

/// The rep is reminded at this time, and not before.
pub async fn postpone(tx: &mut Tx, hand_over: i64, until: Timestamp) -> DbResult<()> {
    tx.execute(POSTPONE, args![hand_over, until]).await?;
    Ok(())
}

/// Sales and the lead agreed to meet. False: that is known.
pub async fn meeting(tx: &mut Tx, hand_over: i64, now: Timestamp) -> DbResult<bool> {
    Ok(tx.execute(MEETING, args![hand_over, now]).await? > 0)
}

/// The lead wants an offer. False: that is known.
pub async fn offer(tx: &mut Tx, hand_over: i64, now: Timestamp) -> DbResult<bool> {
    Ok(tx.execute(OFFER, args![hand_over, now]).await? > 0)
}

/// The rep is reminded; `due` is when somebody else is told.
pub async fn reminded(tx: &mut Tx, hand_over: i64, now: Timestamp, due: Option<Timestamp>) -> DbResult<()> {
    tx.execute(REMINDED, args![hand_over, now, due]).await?;
    Ok(())
}

/// Somebody else is told. Nobody is any more.
pub async fn escalated(tx: &mut Tx, hand_over: i64, now: Timestamp) -> DbResult<()> {
    tx.execute(ESCALATED, args![hand_over, now]).await?;
    Ok(())
}

/// Hand-overs of which somebody is to be told, the longest due first: pairs of hand-over and lead.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> DbResult<Vec<(i64, i64)>> {
    tx.all(DUE, args![now, limit], |row| Ok((row.int(0)?, row.int(1)?))).await
}

/// When somebody is to be told next.
pub async fn next(tx: &mut Tx) -> DbResult<Option<Timestamp>> {
    Ok(tx.first(NEXT, vec![], |row| row.opt_at(0)).await?.flatten())
}
