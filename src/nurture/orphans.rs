//! Messages that a process which is gone left as being sent: whether they were is not known.

use tracing::warn;

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use super::revision::Revision;
use crate::domain::enrollment::{EnrollmentState, MessageState};
use crate::domain::event::{Details, EventKind};
use crate::storage::enrollments;
use crate::storage::events::Event;
use crate::storage::leads;
use crate::storage::messages::{self, Message, Settlement};

/// How many are settled in one transaction.
const BATCH: i64 = 64;

const LOST: &str = "the server ended while this was being sent: it may have arrived";

/// Settles what this node left when it ended last, once it holds its lock. A SQLite database has one server, so that
/// all which is being sent was left, under whatever name.
///
/// # Errors
/// The database.
pub async fn settle_own(engine: &Engine) -> NurtureResult<()> {
    let mut tx = engine.db.read().await?;
    let nodes = messages::sending_nodes(&mut tx).await?;
    drop(tx);
    let one_server = engine.db.file().is_some();
    for node in nodes.iter().filter(|node| one_server || *node == engine.node()) {
        settle(engine, node).await?;
    }
    Ok(())
}

/// Settles what `node`, which is known to be gone, left behind: one repeat under the same Message-ID if the walk goes
/// on; unknown if it does not, or the second time. How many there were.
pub async fn settle(engine: &Engine, node: &str) -> NurtureResult<usize> {
    let revision = engine.revision().await?;
    let mut total = 0;
    loop {
        let mut tx = engine.db.begin().await?;
        let orphans = messages::orphans(&mut tx, node, BATCH).await?;
        // In the order of their ids, as everybody who locks several leads does.
        let leads: Vec<i64> = orphans.iter().map(|orphan| orphan.lead).collect();
        leads::lock_all(&mut tx, &leads).await?;
        let now = engine.clock.now();
        let mut record = Record { tx: &mut tx, engine, revision: &revision, now };
        for orphan in &orphans {
            settle_one(&mut record, &revision, orphan).await?;
        }
        tx.commit().await?;
        total += orphans.len();
        if orphans.len() < BATCH as usize {
            break;
        }
    }
    if total > 0 {
        warn!("{total} messages were being sent when node {node} ended; each is repeated once, or unknown");
    }
    Ok(total)
}

/// The lead is locked already.
async fn settle_one(record: &mut Record<'_>, revision: &Revision, orphan: &Message) -> NurtureResult<()> {
    let walk = enrollments::by_id(record.tx, orphan.enrollment).await?;
    let walk = walk.filter(|walk| walk.state == EnrollmentState::Active);
    let again = walk.is_some() && orphan.ambiguous == 0;
    let state = if again { MessageState::Retry } else { MessageState::Unknown };
    let settlement = Settlement { state, reason: LOST.to_owned(), uncounted: false, ambiguous: true };
    if !messages::settle(record.tx, orphan.id, &orphan.node, &settlement, record.now).await? {
        return Ok(());
    }
    let seq = walk.as_ref().map(|walk| walk.seq.clone());
    let track = seq.as_deref().and_then(|seq| revision.track(seq));
    let step = track.and_then(|track| track.by_number(orphan.step)).map(|(_, step)| step.id.clone());
    if let Some(mut walk) = walk {
        let rests = walk.waits_for.is_some();
        if again {
            walk.walk.done = walk.walk.done.without(orphan.step);
        }
        // A walk that a hold rests keeps its rest; the gate decides on the repeat when it is claimed.
        if !rests {
            walk.due_at = Some(record.now);
        }
        enrollments::advance(record.tx, &[walk]).await?;
    }
    let details = Details {
        enrollment: Some(orphan.enrollment),
        sequence: seq,
        step,
        because: Some(LOST.to_owned()),
        ..Details::default()
    };
    let event = Event {
        lead: orphan.lead,
        message: Some(orphan.id),
        kind: EventKind::Ambiguous,
        at: record.now,
        details,
    };
    record.note(&[event]).await?;
    Ok(())
}
