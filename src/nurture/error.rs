//! What can go wrong in a use case.

use crate::storage::DbError;

/// An error of a use case. What people did wrong is told apart from what broke.
#[derive(Debug, thiserror::Error)]
pub enum NurtureError {
    #[error(transparent)]
    Db(#[from] DbError),
    /// Nothing was ever applied, so that there is nothing to walk.
    #[error("no workspace has been applied yet; start `dripline serve` in a workspace first")]
    NothingApplied,
    #[error("the applied workspace (revision {0}) cannot be read by this version: {1}")]
    Unreadable(i64, String),
    #[error("there is no lead {0}")]
    NoLead(String),
    #[error("there is no company {0}")]
    NoCompany(String),
    /// The request makes no sense for this lead as it is.
    #[error("{0}")]
    Refused(String),
    /// The key ring is not the one the database was made with.
    #[error(
        "the secret does not fit this database: its first key is another one. Links and suppressions depend on it. \
         Put back the dripline.key or DRIPLINE_SECRET that the database was made with"
    )]
    WrongKeys,
}

pub type NurtureResult<T> = Result<T, NurtureError>;
