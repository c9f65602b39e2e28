//! The tables `companies` and `company_wakes`.

use super::error::DbResult;
use super::sql::args;
use super::tx::Tx;
use crate::domain::lead::Company;
use crate::domain::time::Timestamp;

const UPSERT: &str = "INSERT INTO companies (id, name, found_by, domain, industry, size, country) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (found_by) DO UPDATE SET name = excluded.name, \
    domain = COALESCE(excluded.domain, companies.domain), industry = COALESCE(excluded.industry, companies.industry), \
    size = COALESCE(excluded.size, companies.size), country = COALESCE(excluded.country, companies.country) \
    RETURNING id";
const FIND: &str = "SELECT id FROM companies WHERE found_by = $1";
const OPEN_DEAL: &str = "UPDATE companies SET deal_since = COALESCE(deal_since, $2) WHERE id = $1";
const CLOSE_DEAL: &str = "UPDATE companies SET deal_since = NULL WHERE id = $1";
const ASK_WAKE: &str = "INSERT INTO company_wakes (company_id, asked) VALUES ($1, $2) \
    ON CONFLICT (company_id) DO UPDATE SET asked = excluded.asked";
const NEXT_WAKE: &str = "SELECT company_id, asked FROM company_wakes LIMIT 1";
const WOKEN: &str = "DELETE FROM company_wakes WHERE company_id = $1 AND asked = $2";

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

/// The company that is known by this domain, or by this name if it has none.
pub async fn find(tx: &mut Tx, domain_or_name: &str) -> DbResult<Option<i64>> {
    tx.first(FIND, args![domain_or_name.to_lowercase()], |row| row.int(0)).await
}

/// Notes that sales has an open deal with a company; the first time stays.
pub async fn open_deal(tx: &mut Tx, id: i64, now: Timestamp) -> DbResult<()> {
    tx.execute(OPEN_DEAL, args![id, now]).await?;
    Ok(())
}

/// Notes that sales has no open deal with a company any more.
pub async fn close_deal(tx: &mut Tx, id: i64) -> DbResult<()> {
    tx.execute(CLOSE_DEAL, args![id]).await?;
    Ok(())
}

/// Asks for the walks of a company's leads to be woken, after this transaction.
pub async fn ask_wake(tx: &mut Tx, id: i64) -> DbResult<()> {
    // Never the number of an earlier request, which another node may be at.
    let asked = tx.id()?;
    tx.execute(ASK_WAKE, args![id, asked]).await?;
    Ok(())
}

/// A company whose leads are to be woken, and the number of the last request for that.
pub async fn next_wake(tx: &mut Tx) -> DbResult<Option<(i64, i64)>> {
    tx.first(NEXT_WAKE, vec![], |row| Ok((row.int(0)?, row.int(1)?))).await
}

/// Notes that a company's leads were woken, unless it was asked for again since.
pub async fn woken(tx: &mut Tx, (id, asked): (i64, i64)) -> DbResult<()> {
    tx.execute(WOKEN, args![id, asked]).await?;
    Ok(())
}
