//! [`Table`]: rows and columns, aligned for a terminal or as CSV.

mod cell;
pub mod comma;

use unicode_width::UnicodeWidthStr;

pub use cell::Cell;

/// Columns that a text takes at most; the rest is `…`.
const WIDEST: usize = 36;

/// The columns of the longest bar.
const BAR: usize = 20;

/// What a bar is made of: eighths of a column.
const EIGHTHS: [char; 8] = ['█', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// For programs.
    pub name: &'static str,
    /// For people; empty: they do not see it.
    pub head: &'static str,
}

/// Rows of as many cells as there are columns.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// The column whose numbers are drawn as bars.
    pub bars: Option<&'static str>,
}

impl Table {
    /// Aligned, a line a row, with a head.
    pub fn text(&self) -> String {
        let seen: Vec<usize> =
            (0..self.columns.len()).filter(|at| !self.columns[*at].head.is_empty()).collect();
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| seen.iter().map(|at| cut(&row[*at].shown())).collect()).collect();
        let heads: Vec<&str> = seen.iter().map(|at| self.columns[*at].head).collect();
        let width = |place: usize| {
            let widths = shown.iter().map(|row| row[place].width()).chain([heads[place].width()]);
            widths.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..seen.len()).map(width).collect();
        let right = |place: usize| self.rows.first().is_some_and(|row| row[seen[place]].is_number());
        let line = |cells: &[&str]| {
            let padded = cells.iter().enumerate().map(|(place, cell)| pad(cell, widths[place], right(place)));
            format!("  {}", padded.collect::<Vec<_>>().join("  "))
        };
        let mut text = format!("{}\n", line(&heads).trim_end());
        for (row, bar) in shown.iter().zip(self.bars()) {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            text.push_str(format!("{}  {bar}", line(&cells)).trim_end());
            text.push('\n');
        }
        text
    }

    /// A bar for each row; empty ones if there is nothing to draw.
    fn bars(&self) -> Vec<String> {
        let column = self.bars.and_then(|name| self.columns.iter().position(|column| column.name == name));
        let value = |row: &Vec<Cell>| match column.map(|at| &row[at]) {
            Some(Cell::Count(count)) => *count as f64,
            Some(Cell::Share(share)) => share.unwrap_or(0.0),
            Some(Cell::Days(days)) => *days,
            _ => 0.0,
        };
        let longest = self.rows.iter().map(value).fold(0.0, f64::max);
        self.rows.iter().map(|row| bar(value(row), longest)).collect()
    }
}

/// A bar whose length is as its value to the longest.
fn bar(value: f64, longest: f64) -> String {
    if longest <= 0.0 || value <= 0.0 {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 160")]
    let eighths = ((value / longest * (BAR * 8) as f64).round() as usize).clamp(1, BAR * 8);
    let part = (!eighths.is_multiple_of(8)).then(|| EIGHTHS[eighths % 8]);
    EIGHTHS[..1].iter().cycle().take(eighths / 8).chain(&part).collect()
}

fn pad(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if right { blanks + text } else { format!("{text}{blanks}") }
}

/// The beginning of a text that is too long for a column.
fn cut(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut shown = String::new();
    for letter in text.chars() {
        let mut longer = shown.clone();
        longer.push(letter);
        if longer.width() >= WIDEST {
            break;
        }
        shown = longer;
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_is_in_them() {
        let columns = vec![
            Column { name: "source", head: "source" },
            Column { name: "id", head: "" },
            Column { name: "leads", head: "leads" },
        ];
        let row =
            |text: &str, count: i64| vec![Cell::Text(text.to_owned()), Cell::Count(1), Cell::Count(count)];
        let rows = vec![row("fair", 12_000), row("山田", 6_000), row(&"x".repeat(100), 1)];
        let text = Table { columns, rows, bars: Some("leads") }.text();
        let long = format!("{}…", "x".repeat(35));
        let expected = format!(
            "  source{a}   leads\n  fair{b}  12 000  {full}\n  山田{b}   6 000  {half}\n  {long}       1  ▏\n",
            a = " ".repeat(30),
            b = " ".repeat(32),
            full = "█".repeat(20),
            half = "█".repeat(10),
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn bars_are_as_long_as_their_value() {
        assert_eq!(
            [bar(8.0, 8.0), bar(4.2, 8.0), bar(0.0, 8.0), bar(0.0, 0.0)].map(|bar| bar.chars().count()),
            [20, 11, 0, 0]
        );
    }
}
