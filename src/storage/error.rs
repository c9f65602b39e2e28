//! What can go wrong with the database.

/// An error of the database, or of what was read from it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("database: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("cannot open the database {url}: {why}")]
    Open { url: String, why: String },
    #[error("the database holds \"{text}\" as {what}, which this version does not know")]
    Unreadable { what: &'static str, text: String },
    #[error("the database was written by a newer version (migration {0}); install that one")]
    Newer(String),
    #[error(
        "the database is empty or was written by an older version; `dripline serve` brings it up to date"
    )]
    Older,
    #[error("a transaction took more ids than were reserved for it")]
    OutOfIds,
}

pub type DbResult<T> = Result<T, DbError>;

impl DbError {
    /// Whether a unique index refused a row.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, DbError::Sqlx(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether another transaction was in the way, so that the same one may succeed when tried anew: a unique row that
    /// appeared meanwhile, a deadlock, a snapshot that is out of date.
    pub fn is_conflict(&self) -> bool {
        let code = match self {
            DbError::Sqlx(sqlx::Error::Database(error)) => error.code(),
            _ => None,
        };
        self.is_unique_violation() || matches!(code.as_deref(), Some("40001" | "40P01"))
    }
}
