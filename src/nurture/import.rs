//! Importing leads from a CSV file: bad rows are reported, the rest is taken. It is safe to repeat, and never reopens
//! a stop.

pub(super) mod cell;
pub mod columns;
mod reader;
pub mod report;
pub mod row;
mod tape;

use std::collections::HashSet;
use std::io::Read;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::record::{LeadInput, Record, StopTicket, Stored};
use crate::storage::meta;
use columns::{Header, Mapping};
use reader::{RawRow, Rows};
pub use report::ImportReport;
use row::{Fault, Given};

/// Rows in one transaction, at least and at most.
const FEWEST: usize = 32;
const MOST: usize = 500;

/// A transaction that takes longer makes others wait who want to write: the next one has fewer rows.
pub(super) const LONG: Duration = Duration::from_millis(20);

/// How often a batch is tried anew that met another writer.
const TRIES: usize = 5;

/// How a file is to be read.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// What the file is called.
    pub file: String,
    pub mappings: Vec<Mapping>,
    pub given: Given,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Of the file.
    pub bytes: u64,
    /// That were read, without the header.
    pub rows: u64,
    /// Of these, those that are stored.
    pub taken: u64,
}

/// Imports a file. What was taken before an error stays.
///
/// # Errors
/// [`NurtureError::Refused`] for a file that is no CSV, cannot be read, or has no column `email`; the database.
pub async fn import(
    engine: &Engine,
    source: impl Read,
    options: ImportOptions,
    mut progress: impl FnMut(Progress),
) -> NurtureResult<ImportReport> {
    let mut rows = Rows::open(source).map_err(NurtureError::Refused)?;
    let header = header(&mut rows, &options.mappings).map_err(NurtureError::Refused)?;
    let zone = engine.revision().await?.workspace.funnel.defaults.timezone;
    let mut run = Run {
        engine,
        id: begin(engine, &options.file).await?,
        given: Given { zone: Some(zone), ..options.given.beside(&header) },
        report: ImportReport { ignored: header.ignored.clone(), ..ImportReport::default() },
        header,
        size: MOST,
    };
    loop {
        let batch = run.batch(&mut rows)?;
        progress(Progress { bytes: rows.bytes(), rows: run.report.rows, taken: run.report.taken() });
        if batch.is_empty() {
            return Ok(run.report);
        }
        run.store(batch).await?;
    }
}

fn header<R: Read>(rows: &mut Rows<R>, mappings: &[Mapping]) -> Result<Header, String> {
    let first = rows.read()?.ok_or("the file is empty")?;
    let names = first.cells?;
    Header::read(&names.iter().collect::<Vec<_>>(), mappings)
}

async fn begin(engine: &Engine, file: &str) -> NurtureResult<i64> {
    let mut tx = engine.db.begin().await?;
    let id = meta::begin_import(&mut tx, file, engine.clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// An import under way.
struct Run<'a> {
    engine: &'a Engine,
    id: i64,
    header: Header,
    given: Given,
    report: ImportReport,
    /// Rows in the next transaction.
    size: usize,
}

/// A row that can be stored, and its line.
#[derive(Clone)]
struct Row {
    line: u64,
    input: LeadInput,
}

impl Run<'_> {
    /// Reads the rows of the next transaction; none at the end of the file.
    fn batch<R: Read>(&mut self, rows: &mut Rows<R>) -> NurtureResult<Vec<Row>> {
        let mut batch = Vec::new();
        while batch.len() < self.size {
            let Some(row) = rows.read().map_err(NurtureError::Refused)? else { break };
            batch.extend(self.take(row));
        }
        Ok(batch)
    }

    /// A row as it can be stored. What cannot is reported, and a row of empty cells is passed over.
    fn take(&mut self, RawRow { line, cells }: RawRow) -> Option<Row> {
        let cells = match cells {
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => return None,
            cells => cells,
        };
        self.report.rows += 1;
        let read = cells.map_err(|why| vec![Fault::of_row(why)]).and_then(|cells| {
            let (has, fits) = (cells.len(), self.header.width());
            if cells.iter().skip(fits).any(|cell| !cell.trim().is_empty()) {
                let why =
                    format!("the row has {has} cells, the header has {fits}: is there a separator too many?");
                return Err(vec![Fault::of_row(why)]);
            }
            row::read(self.header.cells(cells.iter()), &self.given, self.engine.clock.now())
        });
        match read {
            Ok(input) => Some(Row { line, input }),
            Err(faults) => {
                self.report.bad_row(line, faults);
                None
            }
        }
    }

    /// Stores a batch in one transaction, then leaves the database to others for as long as that took.
    async fn store(&mut self, batch: Vec<Row>) -> NurtureResult<()> {
        let began = Instant::now();
        let mut tries = 1;
        let stored = loop {
            match self.try_store(batch.clone()).await {
                Err(NurtureError::Db(error)) if error.is_conflict() && tries < TRIES => tries += 1,
                stored => break stored?,
            }
        };
        for (line, stored) in stored {
            self.report.stored(line, stored);
        }
        let took = began.elapsed();
        self.size = if took > LONG { (self.size / 2).max(FEWEST) } else { (self.size * 2).min(MOST) };
        tokio::time::sleep(took).await;
        Ok(())
    }

    async fn try_store(&self, mut batch: Vec<Row>) -> NurtureResult<Vec<(u64, NurtureResult<Stored>)>> {
        let (mut tx, revision) = self.engine.begin().await?;
        let mut record =
            Record { tx: &mut tx, engine: self.engine, revision: &revision, now: self.engine.clock.now() };
        let mut stored = Vec::with_capacity(batch.len());
        let mut ticket = StopTicket::nothing();
        while !batch.is_empty() {
            let (lines, inputs) = next_round(&mut batch);
            let (answers, found) = record.store_leads(inputs, Some(self.id)).await?;
            stored.extend(lines.into_iter().zip(answers));
            ticket = ticket.and(found);
        }
        tx.commit().await?;
        ticket.settle(self.engine).await?;
        Ok(stored)
    }
}

/// Takes the first row of each address: a later one with the same address updates it, in a round of its own.
fn next_round(batch: &mut Vec<Row>) -> (Vec<u64>, Vec<LeadInput>) {
    let mut seen = HashSet::new();
    let (round, rest): (Vec<Row>, Vec<Row>) =
        std::mem::take(batch).into_iter().partition(|row| seen.insert(row.input.email.to_string()));
    *batch = rest;
    round.into_iter().map(|row| (row.line, row.input)).unzip()
}
