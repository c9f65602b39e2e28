//! The table `events`: the timeline, append-only.

use super::error::DbResult;
use super::row::{Cells, json, word};
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::event::{Details, EventKind, Happening};
use crate::domain::time::Timestamp;

/// An event to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub lead: i64,
    pub message: Option<i64>,
    pub kind: EventKind,
    pub at: Timestamp,
    pub details: Details,
}

const INSERT: &str = "INSERT INTO events (id, lead_id, message_id, kind, at, data) VALUES {rows}";
const TIMELINE: &str =
    "SELECT kind, at, data FROM events WHERE lead_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
const DEEDS: &str = "SELECT lead_id, kind, at, data FROM events WHERE lead_id IN ({rows}) AND kind IN \
    ('opened', 'clicked', 'visited', 'replied', 'submitted', 'meeting_booked', 'purchase', 'custom', 'scored')";
const LAST: &str = "SELECT id, message_id, kind, at, data FROM events WHERE lead_id = $1 AND kind = $2 \
    ORDER BY at DESC, id DESC LIMIT 1";
const MARK: &str = "UPDATE events SET data = $2 WHERE id = $1";
const SIGNS: &str = "SELECT kind, at, data, message_id FROM events WHERE lead_id = $1 AND kind IN \
    ('bounced_softly', 'auto_replied', 'opened', 'clicked', 'visited', 'replied', 'submitted', 'meeting_booked', \
    'purchase')";
const ADD: &str = "INSERT INTO events (id, lead_id, message_id, kind, at, data, client_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (lead_id, client_id) WHERE client_id IS NOT NULL DO NOTHING";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] =
    &[("timeline", TIMELINE), ("deeds", DEEDS), ("last", LAST), ("mark", MARK), ("signs", SIGNS)];
const COUNT: &str = "SELECT kind, COUNT(*) FROM events GROUP BY kind";

/// Stores events; their ids.
pub async fn insert(tx: &mut Tx, events: &[Event]) -> DbResult<Vec<i64>> {
    let mut rows: Vec<Arg> = Vec::with_capacity(events.len() * 6);
    let mut ids = Vec::with_capacity(events.len());
    for event in events {
        let id = tx.id()?;
        ids.push(id);
        // Details are texts and numbers: they always have a JSON text.
        let data = serde_json::to_string(&event.details).unwrap_or_default();
        rows.extend(args![id, event.lead, event.message, event.kind.as_str(), event.at, data]);
    }
    tx.write_rows(INSERT, 6, rows).await?;
    Ok(ids)
}

/// Stores one event, which may bear a key of whoever sent it. Its id; none if this key is known for the lead.
pub async fn add(tx: &mut Tx, event: &Event, client_id: Option<&str>) -> DbResult<Option<i64>> {
    let id = tx.id()?;
    let data = serde_json::to_string(&event.details).unwrap_or_default();
    let mut row = args![id, event.lead, event.message, event.kind.as_str(), event.at, data];
    row.extend(args![client_id]);
    Ok((tx.execute(ADD, row).await? > 0).then_some(id))
}

/// The last `limit` events of a lead, oldest first.
pub async fn timeline(tx: &mut Tx, lead: i64, limit: i64) -> DbResult<Vec<Happening>> {
    let mut events = tx.all(TIMELINE, args![lead, limit], |row| happening(row, 0)).await?;
    events.reverse();
    Ok(events)
}

/// What these leads did themselves, and the points they were given: pairs of lead and deed.
pub async fn deeds(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, Happening)>> {
    tx.all_for(DEEDS, vec![], leads, |row| Ok((row.int(0)?, happening(row, 1)?))).await
}

/// The last event of a kind, with its id and the message that it is about.
pub async fn last(
    tx: &mut Tx,
    lead: i64,
    kind: EventKind,
) -> DbResult<Option<(i64, Option<i64>, Happening)>> {
    tx.first(LAST, args![lead, kind.as_str()], |row| Ok((row.int(0)?, row.opt_int(1)?, happening(row, 2)?)))
        .await
}

/// Replaces the details of an event: a person judges otherwise what it was. The event stays.
pub async fn mark(tx: &mut Tx, id: i64, details: &Details) -> DbResult<()> {
    let data = serde_json::to_string(details).unwrap_or_default();
    tx.execute(MARK, args![id, data]).await?;
    Ok(())
}

/// What says whether somebody lives at a lead's address: mails that came back, and signs of life. With the message that
/// each is about.
pub async fn signs(tx: &mut Tx, lead: i64) -> DbResult<Vec<(Option<i64>, Happening)>> {
    tx.all(SIGNS, args![lead], |row| Ok((row.opt_int(3)?, happening(row, 0)?))).await
}

/// How many events there are of each kind. Reads the whole table: for people, not for the engine.
pub async fn count_by_kind(tx: &mut Tx) -> DbResult<Vec<(EventKind, i64)>> {
    tx.all(COUNT, vec![], |row| Ok((word(&row.text(0)?, "event")?, row.int(1)?))).await
}

fn happening(row: &dyn Cells, first: usize) -> DbResult<Happening> {
    let details: Details = json(&row.text(first + 2)?, "event data")?;
    Ok(Happening { kind: word(&row.text(first)?, "event")?, at: row.at(first + 1)?, details })
}
