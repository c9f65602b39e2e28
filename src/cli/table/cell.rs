//! [`Cell`]: a value of a table, as people and as spreadsheets read it.

use std::borrow::Cow;

use crate::domain::visible::one_line;

/// What a text begins with that a spreadsheet takes for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words that anybody may have written.
    Text(String),
    Count(i64),
    /// One that may not be known.
    Number(Option<i64>),
    /// From 0 to 1.
    Share(Option<f64>),
    /// A score, or a part of one.
    Points(f64),
    /// Days.
    Days(f64),
    /// In the currency of the house.
    Money(Option<f64>),
}

impl Cell {
    /// Whether it is aligned to the right.
    pub fn is_number(&self) -> bool {
        !matches!(self, Cell::Text(_))
    }

    /// For a table on a terminal.
    pub fn shown(&self) -> String {
        match self {
            Cell::Text(text) => one_line(text).into_owned(),
            Cell::Count(count) | Cell::Number(Some(count)) => grouped(*count),
            Cell::Share(Some(share)) => format!("{:.1} %", share * 100.0),
            Cell::Points(number) | Cell::Days(number) => format!("{number:.1}"),
            Cell::Money(Some(amount)) => grouped_amount(*amount),
            Cell::Number(None) | Cell::Share(None) | Cell::Money(None) => "–".to_owned(),
        }
    }

    /// For a file that a spreadsheet opens: numbers are numbers, and words are no formulas.
    pub fn raw(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) if text.starts_with(FORMULA) => Cow::Owned(format!("'{}", one_line(text))),
            Cell::Text(text) => one_line(text),
            Cell::Count(count) | Cell::Number(Some(count)) => Cow::Owned(count.to_string()),
            Cell::Points(points) => Cow::Owned(format!("{points:.1}")),
            Cell::Share(Some(number)) | Cell::Days(number) | Cell::Money(Some(number)) => {
                Cow::Owned(number.to_string())
            }
            Cell::Number(None) | Cell::Share(None) | Cell::Money(None) => Cow::Borrowed(""),
        }
    }
}

/// `1234567` as `1 234 567`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(' ');
        }
        shown.push(digit);
    }
    if number < 0 { format!("-{shown}") } else { shown }
}

/// With cents if there are any.
fn grouped_amount(amount: f64) -> String {
    let cents = (amount * 100.0).round();
    let (whole, rest) = ((cents / 100.0).trunc(), (cents % 100.0).abs());
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    let whole = grouped(whole as i64);
    if rest == 0.0 { whole } else { format!("{whole}.{rest:02.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_groups() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567, -12_345].map(grouped),
            ["0", "999", "1 000", "1 234 567", "-12 345"]
        );
        assert_eq!(
            [1200.0, 0.5, 99_999.999, 1234.05].map(grouped_amount),
            ["1 200", "0.50", "100 000", "1 234.05"]
        );
    }

    #[test]
    fn words_are_no_formulas_and_numbers_stay_numbers() {
        let raw = |text: &str| Cell::Text(text.to_owned()).raw().into_owned();
        for text in ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(raw(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(raw("fair"), "fair");
        assert_eq!(raw("a\r\nb\u{202e}"), "a  b\u{fffd}");
        assert_eq!(Cell::Count(-5).raw(), "-5");
        assert_eq!(Cell::Share(Some(0.125)).raw(), "0.125");
        assert_eq!(Cell::Money(None).raw(), "");
    }
}
