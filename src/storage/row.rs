//! Reading rows of either database by position.

use std::str::FromStr;

use sqlx::Row;
use sqlx::error::UnexpectedNullError;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::error::{DbError, DbResult};
use crate::domain::time::Timestamp;

/// The cells of a row. Reading a cell as the wrong type, or NULL as a value, is an error.
pub trait Cells {
    fn opt_int(&self, column: usize) -> DbResult<Option<i64>>;
    fn opt_real(&self, column: usize) -> DbResult<Option<f64>>;
    fn opt_text(&self, column: usize) -> DbResult<Option<String>>;
    fn opt_flag(&self, column: usize) -> DbResult<Option<bool>>;

    // sqlx reads NULL as 0 or an empty text on SQLite, so every cell is read as one that may be NULL.

    fn flag(&self, column: usize) -> DbResult<bool> {
        self.opt_flag(column)?.ok_or_else(|| null(column))
    }

    fn int(&self, column: usize) -> DbResult<i64> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    fn text(&self, column: usize) -> DbResult<String> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    fn at(&self, column: usize) -> DbResult<Timestamp> {
        Ok(Timestamp::from_millis(self.int(column)?))
    }

    fn opt_at(&self, column: usize) -> DbResult<Option<Timestamp>> {
        Ok(self.opt_int(column)?.map(Timestamp::from_millis))
    }
}

macro_rules! cells {
    ($row:ty) => {
        impl Cells for $row {
            fn opt_int(&self, column: usize) -> DbResult<Option<i64>> {
                Ok(self.try_get(column)?)
            }
            fn opt_real(&self, column: usize) -> DbResult<Option<f64>> {
                Ok(self.try_get(column)?)
            }
            fn opt_text(&self, column: usize) -> DbResult<Option<String>> {
                Ok(self.try_get(column)?)
            }
            fn opt_flag(&self, column: usize) -> DbResult<Option<bool>> {
                Ok(self.try_get(column)?)
            }
        }
    };
}
cells!(SqliteRow);
cells!(PgRow);

fn null(column: usize) -> DbError {
    let (index, source) = (column.to_string(), Box::new(UnexpectedNullError));
    DbError::Sqlx(sqlx::Error::ColumnDecode { index, source })
}

/// Reads a word of a closed set (`what` names the column for the error).
pub fn word<T: FromStr>(text: &str, what: &'static str) -> DbResult<T> {
    text.parse().map_err(|_| DbError::Unreadable { what, text: text.to_owned() })
}

/// Reads a word that may be missing.
pub fn opt_word<T: FromStr>(text: Option<String>, what: &'static str) -> DbResult<Option<T>> {
    text.map(|text| word(&text, what)).transpose()
}

/// Reads opaque JSON.
pub fn json<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> DbResult<T> {
    serde_json::from_str(text).map_err(|_| DbError::Unreadable { what, text: text.to_owned() })
}
