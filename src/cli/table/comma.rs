//! A table as CSV (RFC 4180).

use std::borrow::Cow;

use super::{Cell, Table};

/// The table, with a head of names for programs.
pub fn separated(table: &Table) -> anyhow::Result<String> {
    Ok(head(table)? + &rows(table)?)
}

/// The head alone.
pub fn head(table: &Table) -> anyhow::Result<String> {
    written([table.columns.iter().map(|column| Cow::Borrowed(column.name))])
}

/// The rows alone, for a table that comes in parts.
pub fn rows(table: &Table) -> anyhow::Result<String> {
    written(table.rows.iter().map(|row| row.iter().map(Cell::raw)))
}

fn written<'c>(
    records: impl IntoIterator<Item = impl Iterator<Item = Cow<'c, str>>>,
) -> anyhow::Result<String> {
    // Every text in quotes: some spreadsheets separate at `;`, and what is behind it could be a formula.
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    for record in records {
        writer.write_record(record.map(Cow::into_owned))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
