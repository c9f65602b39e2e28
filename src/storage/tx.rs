//! A transaction on either database, and the statements run in it.

use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use super::error::DbResult;
use super::ids::Ids;
use super::row::Cells;
use super::sql::{Arg, Dialect, Sql};

/// An open transaction. Dropped without [`Tx::commit`], it rolls back. Never await the network with one alive.
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) ids: Ids,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Binds the arguments and runs `$then` on the query, once for each database.
macro_rules! run {
    ($tx:expr, $sql:expr, $args:expr, |$query:ident, $conn:ident| $then:expr) => {{
        let sql: Sql = $sql.into();
        match &mut $tx.inner {
            Inner::Sqlite(tx) => {
                let mut $query = sqlx::query::<Sqlite>(AssertSqlSafe(sql.for_dialect(Dialect::Sqlite)));
                bind!($query, $args);
                let $conn = &mut **tx;
                $then
            }
            Inner::Postgres(tx) => {
                let mut $query = sqlx::query::<Postgres>(AssertSqlSafe(sql.for_dialect(Dialect::Postgres)));
                bind!($query, $args);
                let $conn = &mut **tx;
                $then
            }
        }
    }};
}

macro_rules! bind {
    ($query:ident, $args:expr) => {
        for arg in $args {
            $query = match arg {
                Arg::Int(value) => $query.bind(value),
                Arg::Real(value) => $query.bind(value),
                Arg::Flag(value) => $query.bind(value),
                Arg::Text(value) => $query.bind(value),
            };
        }
    };
}

impl Tx {
    /// Runs a statement; the number of rows it changed.
    pub async fn execute(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> DbResult<u64> {
        Ok(run!(self, sql, args, |query, conn| query.execute(conn).await?.rows_affected()))
    }

    /// All rows of a query.
    pub async fn all<T>(
        &mut self,
        sql: impl Into<Sql>,
        args: Vec<Arg>,
        read: impl Fn(&dyn Cells) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        run!(self, sql, args, |query, conn| {
            let rows = query.fetch_all(conn).await?;
            rows.iter().map(|row| read(row)).collect()
        })
    }

    /// The first row of a query, if there is one.
    pub async fn first<T>(
        &mut self,
        sql: impl Into<Sql>,
        args: Vec<Arg>,
        read: impl Fn(&dyn Cells) -> DbResult<T>,
    ) -> DbResult<Option<T>> {
        run!(self, sql, args, |query, conn| query
            .fetch_optional(conn)
            .await?
            .map(|row| read(&row))
            .transpose())
    }

    /// Runs an INSERT, or an UPDATE from `VALUES`, with many rows, `{rows}` in its text, in statements of a few fixed
    /// sizes. `rows` holds the arguments of `width` columns, row by row. The number of rows written.
    pub async fn write_rows(
        &mut self,
        text: &'static str,
        width: usize,
        mut rows: Vec<Arg>,
    ) -> DbResult<u64> {
        let mut written = 0;
        while !rows.is_empty() {
            let rest = rows.split_off(chunk(rows.len() / width) * width);
            written += self.execute(Sql::rows(text, rows.len() / width, width, 1), rows).await?;
            rows = rest;
        }
        Ok(written)
    }

    /// As [`Tx::write_rows`], for a text that ends with RETURNING.
    pub async fn write_rows_returning<T>(
        &mut self,
        text: &'static str,
        width: usize,
        mut rows: Vec<Arg>,
        read: impl Fn(&dyn Cells) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut found = Vec::with_capacity(rows.len() / width);
        while !rows.is_empty() {
            let rest = rows.split_off(chunk(rows.len() / width) * width);
            let sql = Sql::rows(text, rows.len() / width, width, 1);
            found.append(&mut self.all(sql, rows, &read).await?);
            rows = rest;
        }
        Ok(found)
    }

    /// Reads the rows for many keys, `{rows}` in the text standing for `VALUES` of one key each. `args` come first.
    pub async fn all_for<T>(
        &mut self,
        text: &'static str,
        args: Vec<Arg>,
        keys: &[impl Clone + Into<Arg>],
        read: impl Fn(&dyn Cells) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut found = Vec::new();
        for part in keys.chunks(MOST_ROWS) {
            let (sql, all) = for_keys(text, &args, part);
            found.append(&mut self.all(sql, all, &read).await?);
        }
        Ok(found)
    }

    /// As [`Tx::all_for`], for a statement that changes rows. The number of rows changed.
    pub async fn execute_for(&mut self, text: &'static str, args: Vec<Arg>, keys: &[i64]) -> DbResult<u64> {
        let mut changed = 0;
        for part in keys.chunks(MOST_ROWS) {
            let (sql, all) = for_keys(text, &args, part);
            changed += self.execute(sql, all).await?;
        }
        Ok(changed)
    }

    /// A new id, unique in the database.
    pub fn id(&self) -> DbResult<i64> {
        self.ids.next()
    }

    /// Makes the changes durable.
    pub async fn commit(self) -> DbResult<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Whether this is PostgreSQL, for what has no common words: advisory locks, NOTIFY, query plans.
    pub fn dialect(&self) -> Dialect {
        match self.inner {
            Inner::Sqlite(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a text of several statements, without arguments.
    pub(super) async fn script(&mut self, text: String) -> DbResult<()> {
        match &mut self.inner {
            Inner::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut **tx).await.map(|_| ())?,
            Inner::Postgres(tx) => sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }
}

/// The most rows of one statement.
const MOST_ROWS: usize = 256;

/// The statement for a list of keys. Repeating a key finds nothing twice, and keeps the number of different statements
/// small.
fn for_keys(text: &'static str, args: &[Arg], keys: &[impl Clone + Into<Arg>]) -> (Sql, Vec<Arg>) {
    let size = keys.len().next_power_of_two();
    let padding = keys.last().into_iter().cycle().take(size - keys.len());
    let mut all = args.to_vec();
    all.extend(keys.iter().chain(padding).map(|key| key.clone().into()));
    (Sql::rows(text, size, 1, args.len() + 1), all)
}

/// The largest power of two that fits: few different statements, all of them prepared once.
fn chunk(rows: usize) -> usize {
    let rows = rows.min(MOST_ROWS);
    if rows.is_power_of_two() { rows } else { rows.next_power_of_two() / 2 }
}
