//! Ids are allotted here, from blocks reserved in the database, so that an INSERT needs no answer.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{DbError, DbResult};

/// The most transactions that write at the same time: the connections of a process.
pub const WRITERS: u32 = 16;

/// The most ids that one transaction may take.
const MOST: i64 = 8_192;

/// Below this, a transaction reserves a new block before it begins, so that it and all others beside it have enough.
const LOW: i64 = MOST * WRITERS as i64;

/// How many ids a block holds.
pub const BLOCK: i64 = 2 * LOW;

/// Reserves a block; committed on its own, so that no lock on the row outlives the statement.
pub const RESERVE: &str = "UPDATE id_blocks SET next = next + $1 WHERE id = 1 RETURNING next";

/// The ids this process has reserved and not used.
#[derive(Clone, Debug, Default)]
pub struct Ids(Arc<Mutex<Range<i64>>>);

impl Ids {
    fn lock(&self) -> std::sync::MutexGuard<'_, Range<i64>> {
        // A range cannot be left half changed by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a new block is due.
    pub fn low(&self) -> bool {
        let range = self.lock();
        range.end - range.start < LOW
    }

    /// Takes over a reserved block that ends before `next`. What was left of the old one is given up.
    pub fn refill(&self, next: i64) {
        *self.lock() = next - BLOCK..next;
    }

    /// The next id.
    ///
    /// # Errors
    /// [`DbError::OutOfIds`] if transactions took more than [`MOST`] ids.
    pub fn next(&self) -> DbResult<i64> {
        self.lock().next().ok_or(DbError::OutOfIds)
    }
}
