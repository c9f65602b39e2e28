//! A table as CSV (RFC 4180).

use super::table::Table;

/// The table, with a head of names for programs.
pub fn separated(table: &Table) -> anyhow::Result<String> {
    // Every text in quotes: some spreadsheets separate at `;`, and what is behind it could be a formula.
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| column.name))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| cell.raw().into_owned()))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
