//! The table `mailboxes`: how far each has been read.

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

/// How far a mailbox has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// As long as it stays, UIDs are those that were.
    pub uid_validity: u32,
    /// All mails up to this one are taken in.
    pub last_uid: u32,
    /// Whatever came in before is taken in, or is none of ours.
    pub at: Timestamp,
}

const PROGRESS: &str = "SELECT uid_validity, last_uid, at FROM mailboxes WHERE place = $1";
const ADVANCE: &str = "INSERT INTO mailboxes (place, uid_validity, last_uid, at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (place) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, \
    at = excluded.at \
    WHERE mailboxes.uid_validity <> excluded.uid_validity OR mailboxes.last_uid < excluded.last_uid";

/// How far this mailbox has been read; none if it never was.
pub async fn progress(tx: &mut Tx, place: &str) -> DbResult<Option<Progress>> {
    let read = tx.first(PROGRESS, args![place], |row| Ok((row.int(0)?, row.int(1)?, row.at(2)?)));
    // Both were 32 bits wide when they were stored.
    Ok(read.await?.map(|(validity, uid, at)| Progress {
        uid_validity: validity as u32,
        last_uid: uid as u32,
        at,
    }))
}

/// Notes how far this mailbox has been read. It never goes back while the UIDs are the same.
pub async fn advance(tx: &mut Tx, place: &str, to: Progress) -> DbResult<()> {
    let row = args![place, i64::from(to.uid_validity), i64::from(to.last_uid), to.at];
    tx.execute(ADVANCE, row).await?;
    Ok(())
}
