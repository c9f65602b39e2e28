//! Finding a lead by what people call it.

use std::collections::HashMap;

use super::error::{NurtureError, NurtureResult};
use crate::domain::address::Address;
use crate::domain::lead::Lead;
use crate::storage::Tx;
use crate::storage::leads::{self, StoredLead};

/// The lead with this id or e-mail address.
///
/// # Errors
/// [`NurtureError::NoLead`].
pub async fn find(tx: &mut Tx, id_or_email: &str) -> NurtureResult<StoredLead> {
    let found = match (id_or_email.parse::<i64>(), id_or_email.parse::<Address>()) {
        (Ok(id), _) => leads::by_id(tx, id).await?,
        (_, Ok(email)) => leads::by_email(tx, &email).await?,
        _ => None,
    };
    found.ok_or_else(|| NurtureError::NoLead(id_or_email.to_owned()))
}

/// The leads among these ids and e-mail addresses, by what they were called.
///
/// # Errors
/// The database.
pub async fn find_each(tx: &mut Tx, names: &[&str]) -> NurtureResult<HashMap<String, Lead>> {
    let ids: Vec<i64> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let emails: Vec<Address> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let emails: Vec<&str> = emails.iter().map(Address::as_str).collect();
    let by_id = leads::by_ids(tx, &ids).await?.into_iter().map(|stored| (stored.lead.id, stored.lead));
    let by_id: HashMap<i64, Lead> = by_id.collect();
    let by_email = leads::by_emails(tx, &emails).await?.into_iter();
    let by_email: HashMap<String, Lead> =
        by_email.map(|stored| (stored.lead.email.to_string(), stored.lead)).collect();
    let found = |name: &str| match (name.parse::<i64>(), name.parse::<Address>()) {
        (Ok(id), _) => by_id.get(&id),
        (_, Ok(email)) => by_email.get(email.as_str()),
        _ => None,
    };
    Ok(names.iter().filter_map(|name| Some(((*name).to_owned(), found(name)?.clone()))).collect())
}
