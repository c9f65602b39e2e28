//! What came of an import.

use serde::Serialize;

use super::columns::UnknownColumn;
use super::row::Fault;
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::nurture::error::NurtureResult;
use crate::nurture::record::{How, Stored};

/// The most rows of a kind that a report names one by one.
const MOST_NAMED: usize = 10_000;

/// What came of an import. Each row is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Rows that are not empty, without the header.
    pub rows: u64,
    pub new: u64,
    pub updated: u64,
    /// All of it was known.
    pub unchanged: u64,
    /// Not taken.
    pub bad: u64,
    /// Among those that were taken: leads that are stopped, and stay so.
    pub stopped: u64,
    pub ignored: Vec<UnknownColumn>,
    pub bad_rows: Vec<BadRow>,
    pub stopped_rows: Vec<StoppedRow>,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// From 1, the header included.
    pub line: u64,
    pub faults: Vec<Fault>,
}

/// A row about somebody who must not be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoppedRow {
    pub line: u64,
    #[serde(serialize_with = "as_rfc3339")]
    pub stopped_at: Timestamp,
    /// Why, in words that end "stopped because …".
    pub because: &'static str,
}

impl ImportReport {
    /// Rows that were stored.
    pub fn taken(&self) -> u64 {
        self.new + self.updated + self.unchanged
    }

    /// Notes a row that is not taken.
    pub(super) fn bad_row(&mut self, line: u64, faults: Vec<Fault>) {
        self.bad += 1;
        if self.bad_rows.len() < MOST_NAMED {
            self.bad_rows.push(BadRow { line, faults });
        }
    }

    /// Notes what became of a row.
    pub(super) fn stored(&mut self, line: u64, stored: NurtureResult<Stored>) {
        let stored = match stored {
            Ok(stored) => stored,
            // Of a single lead, only its external id can be refused.
            Err(error) => {
                return self.bad_row(line, vec![Fault::in_column("external_id", error.to_string())]);
            }
        };
        match stored.how {
            How::New => self.new += 1,
            How::Updated => self.updated += 1,
            How::Unchanged => self.unchanged += 1,
        }
        if let Some(suppression) = stored.suppressed {
            self.stopped += 1;
            if self.stopped_rows.len() < MOST_NAMED {
                let because = suppression.kind.because();
                self.stopped_rows.push(StoppedRow { line, stopped_at: suppression.at, because });
            }
        }
    }
}
