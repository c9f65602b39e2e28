//! The tables `meta`, `imports` and `api_keys`.

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::Timestamp;

const VALUE: &str = "SELECT value FROM meta WHERE name = $1";
const SET_VALUE: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const IMPORT: &str = "INSERT INTO imports (id, file, started_at) VALUES ($1, $2, $3)";
const ADD_KEY: &str = "INSERT INTO api_keys (id, hash, role, name, created_at) VALUES ($1, $2, $3, $4, $5)";
const ROLE: &str = "SELECT role FROM api_keys WHERE hash = $1";

/// A fact about this database.
pub async fn value(tx: &mut Tx, name: &str) -> DbResult<Option<String>> {
    tx.first(VALUE, args![name], |row| row.text(0)).await
}

/// Stores a fact about this database.
pub async fn set_value(tx: &mut Tx, name: &str, value: &str) -> DbResult<()> {
    tx.execute(SET_VALUE, args![name, value]).await?;
    Ok(())
}

/// Notes that a file is being imported. The id of the import.
pub async fn begin_import(tx: &mut Tx, file: &str, now: Timestamp) -> DbResult<i64> {
    let id = tx.id()?;
    tx.execute(IMPORT, args![id, file, now]).await?;
    Ok(id)
}

/// Stores the hash of a new API key.
pub async fn add_api_key(
    tx: &mut Tx,
    hash: &str,
    role: &str,
    name: Option<&str>,
    now: Timestamp,
) -> DbResult<()> {
    let id = tx.id()?;
    tx.execute(ADD_KEY, args![id, hash, role, name, now]).await?;
    Ok(())
}

/// The role of the API key with this hash.
pub async fn role_of_api_key(tx: &mut Tx, hash: &str) -> DbResult<Option<String>> {
    tx.first(ROLE, args![hash], |row| row.text(0)).await
}
