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

const JOIN: &str = "INSERT INTO companies (id, name, found_by, domain, industry, size, country) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (found_by) DO UPDATE SET \
    domain = COALESCE(companies.domain, excluded.domain), industry = COALESCE(companies.industry, excluded.industry), \
    size = COALESCE(companies.size, excluded.size), country = COALESCE(companies.country, excluded.country) \
    RETURNING id";
const FILL: &str = "UPDATE companies SET domain = COALESCE(domain, $2), industry = COALESCE(industry, $3), \
    size = COALESCE(size, $4), country = COALESCE(country, $5) WHERE id = $1";

/// Stores a company, or what is new about a known one, found by its domain, else by its name. Its id.
pub async fn upsert(tx: &mut Tx, company: &Company) -> DbResult<i64> {
    find_or_make(tx, UPSERT, company).await
}

/// Stores a company, or what nobody knew about a known one, found by its domain, else by its name. Its id.
pub async fn join(tx: &mut Tx, company: &Company) -> DbResult<i64> {
    find_or_make(tx, JOIN, company).await
}

/// Fills in what nobody knew about the company with this id. Its name stays.
pub async fn fill(tx: &mut Tx, id: i64, company: &Company) -> DbResult<()> {
    tx.execute(FILL, args![id, &company.domain, &company.industry, company.size, &company.country]).await?;
    Ok(())
}

async fn find_or_make(tx: &mut Tx, statement: &'static str, company: &Company) -> DbResult<i64> {
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
    Ok(tx.first(statement, row, |row| row.int(0)).await?.unwrap_or(id))
}
