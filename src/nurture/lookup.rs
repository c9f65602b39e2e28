//! Finding a lead by what people call it.

use super::error::{NurtureError, NurtureResult};
use crate::domain::address::Address;
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
