//! Statements with the few clauses in which SQLite and PostgreSQL differ, and their arguments.

use std::borrow::Cow;
use std::fmt::Write;

use crate::domain::time::Timestamp;

/// An SQL text for both databases. In it,
/// - `{lock: …}` is its content on PostgreSQL and nothing on SQLite, whose one writer needs no row locks;
/// - `{key}` is the type of a primary key that is the row's own place: `INTEGER PRIMARY KEY` or `BIGINT PRIMARY KEY`;
/// - `{rows}` is as many rows of placeholders as [`Sql::rows`] says.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    text: &'static str,
    rows: usize,
    width: usize,
    first: usize,
}

/// Which of the two databases a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Sql { text, rows: 0, width: 0, first: 1 }
    }
}

impl Sql {
    /// `text` with `{rows}` standing for `rows` rows of `width` placeholders, numbered from `$first`.
    pub fn rows(text: &'static str, rows: usize, width: usize, first: usize) -> Self {
        Sql { text, rows, width, first }
    }

    /// The text for one database.
    pub fn for_dialect(&self, dialect: Dialect) -> Cow<'static, str> {
        if !self.text.contains('{') {
            return Cow::Borrowed(self.text);
        }
        let mut out = String::with_capacity(self.text.len() + self.rows * self.width * 6);
        let mut rest = self.text;
        while let Some((before, clause)) = rest.split_once('{') {
            out.push_str(before);
            let (clause, after) = clause.split_once('}').unwrap_or((clause, ""));
            self.expand(clause, dialect, &mut out);
            rest = after;
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    fn expand(&self, clause: &str, dialect: Dialect, out: &mut String) {
        match (clause, dialect) {
            ("key", Dialect::Sqlite) => out.push_str("INTEGER PRIMARY KEY"),
            ("key", Dialect::Postgres) => out.push_str("BIGINT PRIMARY KEY"),
            ("rows", dialect) => self.placeholders(dialect, out),
            (lock, Dialect::Postgres) => out.push_str(lock.strip_prefix("lock: ").unwrap_or(lock)),
            (_, Dialect::Sqlite) => {}
        }
    }

    fn placeholders(&self, dialect: Dialect, out: &mut String) {
        // SQLite looks for each named one among all others, which takes seconds for some thousands.
        let nameless = dialect == Dialect::Sqlite && self.first == 1;
        for row in 0..self.rows {
            out.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.width {
                out.push_str(if column == 0 { "" } else { ", " });
                let number = self.first + row * self.width + column;
                // Writing to a String cannot fail.
                let _ = if nameless { write!(out, "?") } else { write!(out, "${number}") };
            }
            out.push(')');
        }
    }
}

/// One argument of a statement. NULLs are typed, as PostgreSQL asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Int(Option<i64>),
    Real(Option<f64>),
    Flag(bool),
    Text(Option<String>),
}

/// The arguments of a statement: `args![1, "text", now]`.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$($crate::storage::Arg::from($arg)),*] };
}
pub(crate) use args;

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Arg::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Arg::Int(value)
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Arg::Int(Some(value.millis()))
    }
}

impl From<Option<Timestamp>> for Arg {
    fn from(value: Option<Timestamp>) -> Self {
        Arg::Int(value.map(Timestamp::millis))
    }
}

impl From<f64> for Arg {
    fn from(value: f64) -> Self {
        Arg::Real(Some(value))
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Arg::Flag(value)
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Arg::Text(Some(value.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Arg::Text(Some(value))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Arg::from(value.as_str())
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Arg::Text(value)
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Arg::Text(value.map(str::to_owned))
    }
}

impl From<&Option<String>> for Arg {
    fn from(value: &Option<String>) -> Self {
        Arg::from(value.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_differ_by_database() {
        let sql = Sql::from("SELECT 1 FROM leads{lock:  FOR UPDATE}");
        assert_eq!(sql.for_dialect(Dialect::Sqlite), "SELECT 1 FROM leads");
        assert_eq!(sql.for_dialect(Dialect::Postgres), "SELECT 1 FROM leads FOR UPDATE");
        let sql = Sql::from("CREATE TABLE a (id {key})");
        assert_eq!(sql.for_dialect(Dialect::Sqlite), "CREATE TABLE a (id INTEGER PRIMARY KEY)");
        assert_eq!(sql.for_dialect(Dialect::Postgres), "CREATE TABLE a (id BIGINT PRIMARY KEY)");
    }

    #[test]
    fn rows_are_numbered_through() {
        let sql = Sql::rows("INSERT INTO a VALUES {rows}", 2, 3, 1);
        assert_eq!(sql.for_dialect(Dialect::Sqlite), "INSERT INTO a VALUES (?, ?, ?), (?, ?, ?)");
        assert_eq!(sql.for_dialect(Dialect::Postgres), "INSERT INTO a VALUES ($1, $2, $3), ($4, $5, $6)");
        let sql = Sql::rows("SELECT $1 WHERE 2 IN ({rows})", 2, 1, 2);
        assert_eq!(sql.for_dialect(Dialect::Sqlite), "SELECT $1 WHERE 2 IN (($2), ($3))");
    }
}
