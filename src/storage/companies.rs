//! The table `companies`.

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::lead::Company;

const UPSERT: &str = "INSERT INTO companies (id, name, found_by, domain, industry, size, country) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (found_by) DO UPDATE SET name = excluded.name, \
    domain = COALESCE(excluded.domain, companies.domain), industry = COALESCE(excluded.industry, companies.industry), \
    size = COALESCE(excluded.size, companies.size), country = COALESCE(excluded.country, companies.country) \
    RETURNING id";

/// Stores a company, or what is new about a known one, found by its domain, else by its name. Its id.
pub async fn upsert(tx: &mut Tx, company: &Company) -> DbResult<i64> {
    let found_by = company.domain.as_deref().unwrap_or(&company.name).to_lowercase();
    let id = tx.id()?;
    let row = args![
        id,
        &company.name,
        found_by,
        &company.domain,
        &company.industry,
        company.size,
        &company.country
    ];
    Ok(tx.first(UPSERT, row, |row| row.int(0)).await?.unwrap_or(id))
}
