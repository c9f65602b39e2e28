//! The tables `meta`, `imports` and `api_keys`.

use serde::Serialize;

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::time::{Timestamp, as_rfc3339};

const VALUE: &str = "SELECT value FROM meta WHERE name = $1";
const SET_VALUE: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const IMPORT: &str = "INSERT INTO imports (id, file, started_at) VALUES ($1, $2, $3)";
const ADD_KEY: &str = "INSERT INTO api_keys (id, hash, role, name, created_at) VALUES ($1, $2, $3, $4, $5)";
const KEYS: &str = "SELECT id, role, name, created_at FROM api_keys ORDER BY id";
const REVOKE: &str = "DELETE FROM api_keys WHERE id = $1";
const ROLE: &str = "SELECT role FROM api_keys WHERE hash = $1";

/// An API key as far as it is known: its hash is nobody's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    pub id: i64,
    pub role: String,
    /// What it is for.
    pub name: Option<String>,
    #[serde(serialize_with = "as_rfc3339")]
    pub created_at: Timestamp,
}

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

/// Stores the hash of a new API key. The id of the key.
pub async fn add_api_key(
    tx: &mut Tx,
    hash: &str,
    role: &str,
    name: Option<&str>,
    now: Timestamp,
) -> DbResult<i64> {
    let id = tx.id()?;
    tx.execute(ADD_KEY, args![id, hash, role, name, now]).await?;
    Ok(id)
}

/// Every API key, the oldest first.
pub async fn api_keys(tx: &mut Tx) -> DbResult<Vec<ApiKey>> {
    tx.all(KEYS, vec![], |row| {
        Ok(ApiKey { id: row.int(0)?, role: row.text(1)?, name: row.opt_text(2)?, created_at: row.at(3)? })
    })
    .await
}

/// Forgets an API key: from now on it opens nothing. Whether there was one.
pub async fn revoke_api_key(tx: &mut Tx, id: i64) -> DbResult<bool> {
    Ok(tx.execute(REVOKE, args![id]).await? > 0)
}

/// The role of the API key with this hash.
pub async fn role_of_api_key(tx: &mut Tx, hash: &str) -> DbResult<Option<String>> {
    tx.first(ROLE, args![hash], |row| row.text(0)).await
}
