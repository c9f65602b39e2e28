//! Bringing the tables up to date: the files of `migrations/`, each run once, in their order.

use super::db::Db;
use super::error::{DbError, DbResult};
use super::sql::{Dialect, Sql, args};
use super::tx::Tx;

/// Every migration by name. One that was released is never changed.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_engine", include_str!("../../migrations/0001_engine.sql")),
    ("0002_loop", include_str!("../../migrations/0002_loop.sql")),
    ("0003_inbound", include_str!("../../migrations/0003_inbound.sql")),
    ("0004_scoring", include_str!("../../migrations/0004_scoring.sql")),
    ("0005_routing", include_str!("../../migrations/0005_routing.sql")),
    ("0006_sales", include_str!("../../migrations/0006_sales.sql")),
    ("0007_report", include_str!("../../migrations/0007_report.sql")),
    ("0008_fuse", include_str!("../../migrations/0008_fuse.sql")),
];

/// Serialises nodes that start at the same time (PostgreSQL); SQLite has one writer anyway.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7239480112)";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)";
const KNOWN: &str = "SELECT name FROM migrations ORDER BY name";
const NOTE: &str = "INSERT INTO migrations (name) VALUES ($1)";

/// Runs what has not been run, all or nothing.
///
/// # Errors
/// [`DbError::Newer`] if the database holds a migration that this version does not know.
pub(super) async fn run(db: &Db) -> DbResult<()> {
    let mut tx = db.begin_plain().await?;
    if tx.dialect() == Dialect::Postgres {
        tx.script(LOCK.to_owned()).await?;
    }
    tx.execute(TABLE, vec![]).await?;
    let done = tx.all(KNOWN, vec![], |row| row.text(0)).await?;
    let unknown = done.iter().find(|name| !MIGRATIONS.iter().any(|(known, _)| known == name));
    if let Some(name) = unknown {
        return Err(DbError::Newer(name.clone()));
    }
    for (name, text) in MIGRATIONS {
        if !done.iter().any(|known| known == name) {
            one(&mut tx, name, text).await?;
        }
    }
    tx.commit().await
}

/// Whether all has been run, and nothing else.
///
/// # Errors
/// [`DbError::Newer`], or [`DbError::Older`].
pub(super) async fn check(db: &Db) -> DbResult<()> {
    let mut tx = db.read().await?;
    let done = tx.all(KNOWN, vec![], |row| row.text(0)).await.map_err(|_| DbError::Older)?;
    let known = MIGRATIONS.iter().map(|(name, _)| *name);
    match done.iter().find(|name| !known.clone().any(|known| known == *name)) {
        Some(unknown) => Err(DbError::Newer(unknown.clone())),
        None if done.len() < MIGRATIONS.len() => Err(DbError::Older),
        None => Ok(()),
    }
}

async fn one(tx: &mut Tx, name: &'static str, text: &'static str) -> DbResult<()> {
    let text = Sql::from(text).for_dialect(tx.dialect()).into_owned();
    tx.script(text).await?;
    tx.execute(NOTE, args![name]).await?;
    Ok(())
}
