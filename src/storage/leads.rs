//! The table `leads`.

use super::error::DbResult;
use super::row::{Cells, json, opt_word, word};
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::address::Address;
use crate::domain::consent::Basis;
use crate::domain::gate::StopKind;
use crate::domain::lead::{Company, Contact, Lead};
use crate::domain::score::Engagement;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::Timestamp;

/// A lead, and whether its address may be written to.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLead {
    pub lead: Lead,
    /// The key of its address in `addresses`.
    pub address: String,
    pub suppressed_by: Option<StopKind>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT l.id, l.email, l.address, l.created_at, l.first_name, l.last_name, l.title, l.salutation, \
             l.address_form, l.language, l.timezone, l.country, l.city, l.job_title, l.phone, l.fields, l.tags, \
             l.stage, l.qualification, l.party, l.owner, l.closed_by, l.basis, l.source, l.external_id, l.tracking, \
             l.enrolls, l.example, l.prospect_since, l.engagement, l.engaged_at, l.alive_at, a.suppressed_by, \
             c.id, c.name, c.domain, c.industry, c.size, c.country, c.deal_since \
             FROM leads l JOIN addresses a ON a.hash = l.address LEFT JOIN companies c ON c.id = l.company_id ",
            $rest
        )
    };
}

const BY_IDS: &str = select!("WHERE l.id IN ({rows})");
const BY_EMAILS: &str = select!("WHERE l.email IN ({rows})");
const BY_EXTERNAL_IDS: &str = select!("WHERE l.external_id IN ({rows})");
const OF_COMPANY: &str = select!("WHERE l.company_id = $1 AND l.id <> $2 ORDER BY l.id LIMIT $3");
const LOCK: &str = "SELECT id FROM leads WHERE id = $1 {lock: FOR NO KEY UPDATE}";
const LOCK_ALL: &str = "SELECT id FROM leads WHERE id IN ({rows}) ORDER BY id {lock: FOR NO KEY UPDATE}";
const IDS_OF_COMPANY: &str = "SELECT id FROM leads WHERE company_id = $1 AND id > $2 ORDER BY id LIMIT $3";
const OWNERS: &str = "SELECT company_id, id, owner FROM leads WHERE company_id IN ({rows}) AND owner IS NOT NULL \
    ORDER BY CASE WHEN party = 'sales' THEN 0 ELSE 1 END, id";
const WITH_SALES: &str = "SELECT company_id, id FROM leads WHERE company_id IN ({rows}) AND party = 'sales'";
const BEHIND: &str = "SELECT id FROM leads WHERE id > $1 ORDER BY id LIMIT $2";
const COUNT: &str = "SELECT COUNT(*) FROM leads";
const INSERT: &str = "INSERT INTO leads (id, email, address, created_at, first_name, last_name, title, salutation, \
    address_form, language, timezone, country, city, job_title, phone, fields, tags, company_id, stage, \
    qualification, party, owner, closed_by, basis, source, external_id, import_id, tracking, enrolls, example) \
    VALUES {rows}";
const UPDATE_CONTACT: &str = "UPDATE leads SET version = version + 1, first_name = $2, last_name = $3, title = $4, \
    salutation = $5, address_form = $6, language = $7, timezone = $8, country = $9, city = $10, job_title = $11, \
    phone = $12, fields = $13, tags = $14, company_id = COALESCE($15, company_id), \
    external_id = COALESCE($16, external_id), source = COALESCE(source, $17) WHERE id = $1";
const CLOSE: &str =
    "UPDATE leads SET version = version + 1, closed_by = COALESCE(closed_by, $2) WHERE id = $1";
const SET_PARTY: &str =
    "UPDATE leads SET version = version + 1, party = $2, owner = COALESCE($3, owner) WHERE id = $1";
const SET_STAGE: &str = "UPDATE leads SET version = version + 1, stage = $2, enrolls = $3 WHERE id = $1";
const SET_ENROLLS: &str = "UPDATE leads SET version = version + 1, enrolls = $2 WHERE id = $1";
const SET_TRACKING: &str = "UPDATE leads SET version = version + 1, tracking = $2 WHERE id = $1";
const SET_BASIS: &str = "UPDATE leads SET version = version + 1, basis = $2 WHERE id = $1";
const SET_QUALIFICATION: &str = "UPDATE leads SET version = version + 1, qualification = $2 WHERE id = $1";
const SET_ENGAGEMENT: &str =
    "UPDATE leads SET version = version + 1, engagement = $2, engaged_at = $3, alive_at = $4 WHERE id = $1";
const SET_PROSPECT: &str = "UPDATE leads SET version = version + 1, prospect_since = $2, prospect_event = $3 \
    WHERE id = $1 AND prospect_since IS NULL";
const CLEAR_PROSPECT: &str = "UPDATE leads SET version = version + 1, prospect_since = NULL, prospect_event = NULL \
    WHERE id = $1 AND prospect_event = $2";
const COUNT_UNTRACKED: &str =
    "SELECT CAST(COALESCE(SUM(CASE WHEN tracking THEN 0 ELSE 1 END), 0) AS BIGINT), COUNT(*) FROM leads";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("by_ids", BY_IDS),
    ("by_emails", BY_EMAILS),
    ("by_external_ids", BY_EXTERNAL_IDS),
    ("of_company", OF_COMPANY),
    ("lock", LOCK),
    ("lock_all", LOCK_ALL),
    ("behind", BEHIND),
    ("ids_of_company", IDS_OF_COMPANY),
    ("owners", OWNERS),
    ("with_sales", WITH_SALES),
    ("close", CLOSE),
    ("set_party", SET_PARTY),
    ("set_stage", SET_STAGE),
    ("set_qualification", SET_QUALIFICATION),
    ("set_engagement", SET_ENGAGEMENT),
    ("set_prospect", SET_PROSPECT),
    ("clear_prospect", CLEAR_PROSPECT),
];

fn read(row: &dyn Cells) -> DbResult<StoredLead> {
    let email = row.text(1)?;
    let contact = Contact {
        first_name: row.opt_text(4)?,
        last_name: row.opt_text(5)?,
        title: row.opt_text(6)?,
        salutation: opt_word(row.opt_text(7)?, "salutation")?,
        address_form: opt_word(row.opt_text(8)?, "address_form")?,
        language: row.opt_text(9)?,
        timezone: row.opt_text(10)?,
        country: row.opt_text(11)?,
        city: row.opt_text(12)?,
        job_title: row.opt_text(13)?,
        phone: row.opt_text(14)?,
        fields: json(&row.text(15)?, "fields")?,
    };
    let lead = Lead {
        id: row.int(0)?,
        email: word(&email, "email")?,
        contact,
        company: read_company(row)?,
        tags: json(&row.text(16)?, "tags")?,
        stage: word(&row.text(17)?, "stage")?,
        qualification: word(&row.text(18)?, "qualification")?,
        with: word(&row.text(19)?, "party")?,
        owner: row.opt_text(20)?,
        closed_by: opt_word(row.opt_text(21)?, "closed_by")?,
        basis: opt_word(row.opt_text(22)?, "basis")?,
        source: row.opt_text(23)?,
        external_id: row.opt_text(24)?,
        tracking: row.flag(25)?,
        enrolls: row.flag(26)?,
        example: row.flag(27)?,
        prospect_since: row.opt_at(28)?,
        engagement: Engagement::new(row.opt_real(29)?.unwrap_or(0.0), row.opt_at(30)?),
        alive_at: row.opt_at(31)?,
        created_at: row.at(3)?,
    };
    Ok(StoredLead {
        lead,
        address: row.text(2)?,
        suppressed_by: opt_word(row.opt_text(32)?, "suppressed_by")?,
    })
}

fn read_company(row: &dyn Cells) -> DbResult<Option<Company>> {
    let Some(id) = row.opt_int(33)? else { return Ok(None) };
    Ok(Some(Company {
        id,
        name: row.text(34)?,
        domain: row.opt_text(35)?,
        industry: row.opt_text(36)?,
        size: row.opt_int(37)?,
        country: row.opt_text(38)?,
        deal_since: row.opt_at(39)?,
    }))
}

/// The leads with these ids, in no order.
pub async fn by_ids(tx: &mut Tx, ids: &[i64]) -> DbResult<Vec<StoredLead>> {
    tx.all_for(BY_IDS, vec![], ids, read).await
}

/// The lead with this id.
pub async fn by_id(tx: &mut Tx, id: i64) -> DbResult<Option<StoredLead>> {
    Ok(by_ids(tx, &[id]).await?.pop())
}

/// The leads with these addresses, in no order.
pub async fn by_emails(tx: &mut Tx, emails: &[&str]) -> DbResult<Vec<StoredLead>> {
    tx.all_for(BY_EMAILS, vec![], emails, read).await
}

/// The lead with this address.
pub async fn by_email(tx: &mut Tx, email: &Address) -> DbResult<Option<StoredLead>> {
    Ok(by_emails(tx, &[email.as_str()]).await?.pop())
}

/// The leads with these keys in another system, in no order.
pub async fn by_external_ids(tx: &mut Tx, external_ids: &[&str]) -> DbResult<Vec<StoredLead>> {
    tx.all_for(BY_EXTERNAL_IDS, vec![], external_ids, read).await
}

/// Up to `limit` others of a company.
pub async fn of_company(tx: &mut Tx, company: i64, except: i64, limit: i64) -> DbResult<Vec<StoredLead>> {
    tx.all(OF_COMPANY, args![company, except, limit], read).await
}

/// Takes the lock that every change to a lead, and every claim for it, holds. False: there is no such lead.
pub async fn lock(tx: &mut Tx, id: i64) -> DbResult<bool> {
    Ok(tx.first(LOCK, args![id], |row| row.int(0)).await?.is_some())
}

/// Takes the locks of these leads, in the order of their ids.
pub async fn lock_all(tx: &mut Tx, ids: &[i64]) -> DbResult<()> {
    // Each statement locks its own part in order; the parts must be in order too.
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    tx.all_for(LOCK_ALL, vec![], &ids, |row| row.int(0)).await?;
    Ok(())
}

/// The ids of up to `limit` leads behind `id`.
pub async fn behind(tx: &mut Tx, id: i64, limit: i64) -> DbResult<Vec<i64>> {
    tx.all(BEHIND, args![id, limit], |row| row.int(0)).await
}

/// The ids of up to `limit` leads of a company behind `id`.
pub async fn ids_of_company(tx: &mut Tx, company: i64, id: i64, limit: i64) -> DbResult<Vec<i64>> {
    tx.all(IDS_OF_COMPANY, args![company, id, limit], |row| row.int(0)).await
}

/// Who in these companies has an owner: company, lead and owner; those who are with sales first.
pub async fn owners(tx: &mut Tx, companies: &[i64]) -> DbResult<Vec<(i64, i64, String)>> {
    tx.all_for(OWNERS, vec![], companies, |row| Ok((row.int(0)?, row.int(1)?, row.text(2)?))).await
}

/// Who in these companies is with sales: company and lead.
pub async fn with_sales(tx: &mut Tx, companies: &[i64]) -> DbResult<Vec<(i64, i64)>> {
    tx.all_for(WITH_SALES, vec![], companies, |row| Ok((row.int(0)?, row.int(1)?))).await
}

/// How many leads there are.
pub async fn count(tx: &mut Tx) -> DbResult<i64> {
    Ok(tx.first(COUNT, vec![], |row| row.int(0)).await?.unwrap_or(0))
}

/// How many leads did not agree to tracking, and how many there are.
pub async fn count_untracked(tx: &mut Tx) -> DbResult<(i64, i64)> {
    let counts = tx.first(COUNT_UNTRACKED, vec![], |row| Ok((row.int(0)?, row.int(1)?))).await?;
    Ok(counts.unwrap_or((0, 0)))
}

/// Stores new leads, whose addresses are stored already.
pub async fn insert(tx: &mut Tx, leads: &[StoredLead], import: Option<i64>) -> DbResult<()> {
    let rows = leads.iter().flat_map(|stored| insert_row(stored, import)).collect();
    tx.write_rows(INSERT, 30, rows).await?;
    Ok(())
}

fn insert_row(stored: &StoredLead, import: Option<i64>) -> Vec<Arg> {
    let lead = &stored.lead;
    let mut row = args![lead.id, lead.email.as_str(), &stored.address, lead.created_at];
    row.extend(contact_args(&lead.contact, &lead.tags));
    row.extend(args![
        lead.company.as_ref().map(|company| company.id),
        lead.stage.as_str(),
        lead.qualification.as_str(),
        lead.with.as_str(),
        &lead.owner,
        lead.closed_by.map(StopKind::as_str),
        lead.basis.map(Basis::as_str),
        &lead.source,
        &lead.external_id,
        import,
        lead.tracking,
        lead.enrolls,
        lead.example,
    ]);
    row
}

fn contact_args(contact: &Contact, tags: &[String]) -> Vec<Arg> {
    args![
        &contact.first_name,
        &contact.last_name,
        &contact.title,
        contact.salutation.map(|word| word.as_str()),
        contact.address_form.map(|word| word.as_str()),
        &contact.language,
        &contact.timezone,
        &contact.country,
        &contact.city,
        &contact.job_title,
        &contact.phone,
        to_json(&contact.fields),
        to_json(tags),
    ]
}

/// Maps of text to JSON values, and lists of texts, always have a JSON text.
fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Replaces the contact data and the tags; company and external id where there are new ones. The first source stays.
pub async fn update_contact(tx: &mut Tx, lead: &Lead) -> DbResult<()> {
    let mut row = args![lead.id];
    row.extend(contact_args(&lead.contact, &lead.tags));
    let company = lead.company.as_ref().map(|company| company.id);
    row.extend(args![company, &lead.external_id, &lead.source]);
    tx.execute(UPDATE_CONTACT, row).await?;
    Ok(())
}

/// Closes the lead for good. The first stop stays. Takes the lead's lock.
pub async fn close(tx: &mut Tx, id: i64, kind: StopKind) -> DbResult<()> {
    tx.execute(CLOSE, args![id, kind.as_str()]).await?;
    Ok(())
}

/// Moves the lead between marketing and sales; an owner only replaces, never removes. Takes the lead's lock.
pub async fn set_party(tx: &mut Tx, id: i64, party: Party, owner: Option<&str>) -> DbResult<()> {
    tx.execute(SET_PARTY, args![id, party.as_str(), owner]).await?;
    Ok(())
}

/// Moves the lead to a stage; `enrolls` says whether it may enter sequences without a hand from then on.
pub async fn set_stage(tx: &mut Tx, id: i64, stage: Stage, enrolls: bool) -> DbResult<()> {
    tx.execute(SET_STAGE, args![id, stage.as_str(), enrolls]).await?;
    Ok(())
}

/// Says whether the lead may enter sequences without a hand.
pub async fn set_enrolls(tx: &mut Tx, id: i64, enrolls: bool) -> DbResult<()> {
    tx.execute(SET_ENROLLS, args![id, enrolls]).await?;
    Ok(())
}

/// Records how the company judges the lead. Takes the lead's lock.
pub async fn set_qualification(tx: &mut Tx, id: i64, qualification: Qualification) -> DbResult<()> {
    tx.execute(SET_QUALIFICATION, args![id, qualification.as_str()]).await?;
    Ok(())
}

/// Records what the lead does, and its last sign of life. Takes the lead's lock.
pub async fn set_engagement(
    tx: &mut Tx,
    id: i64,
    engagement: Engagement,
    alive_at: Option<Timestamp>,
) -> DbResult<()> {
    tx.execute(SET_ENGAGEMENT, args![id, engagement.points(), engagement.since(), alive_at]).await?;
    Ok(())
}

/// Records that the lead answered, and by which event. False: it had answered before.
pub async fn set_prospect(tx: &mut Tx, id: i64, since: Timestamp, event: i64) -> DbResult<bool> {
    Ok(tx.execute(SET_PROSPECT, args![id, since, event]).await? > 0)
}

/// Forgets that the lead answered, if this event was what made it a prospect.
pub async fn clear_prospect(tx: &mut Tx, id: i64, event: i64) -> DbResult<()> {
    tx.execute(CLEAR_PROSPECT, args![id, event]).await?;
    Ok(())
}

/// Records the strongest basis for e-mail.
pub async fn set_basis(tx: &mut Tx, id: i64, basis: Basis) -> DbResult<()> {
    tx.execute(SET_BASIS, args![id, basis.as_str()]).await?;
    Ok(())
}

/// Says whether the lead agreed to be tracked.
pub async fn set_tracking(tx: &mut Tx, id: i64, tracking: bool) -> DbResult<()> {
    tx.execute(SET_TRACKING, args![id, tracking]).await?;
    Ok(())
}
