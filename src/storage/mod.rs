//! The database: SQLite by default, PostgreSQL for several nodes. Each query is written once for both.
//!
//! A [`Db`] is an enum of native pools, a [`Tx`] a transaction on either; [`Sql`] is a statement with the few clauses
//! in which the two differ. The other files hold the queries of one table, or of a few that belong together.

pub mod addresses;
pub mod companies;
pub mod consents;
pub mod enrollments;
pub mod events;
pub mod hand_overs;
pub mod hits;
pub mod holds;
pub mod inbound;
pub mod lanes;
pub mod leads;
pub mod mailboxes;
pub mod messages;
pub mod meta;
pub mod notices;
pub mod outbox;
pub mod report;
pub mod responses;
pub mod revisions;
pub mod routing;
pub mod sales_line;

mod db;
mod error;
mod ids;
mod migrate;
mod row;
mod sql;
mod tx;

pub use db::Db;
pub use error::{DbError, DbResult};
pub use row::Cells;
pub use sql::{Arg, Dialect, Sql};
pub use tx::Tx;
