//! The tables `consents` and `topic_choices`.

use super::error::DbResult;
use super::row::word;
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::consent::Consent;
use crate::domain::time::Timestamp;

const INSERT: &str =
    "INSERT INTO consents (id, lead_id, channel, basis, at, wording, form, network) VALUES {rows}";
const OF_LEAD: &str = "SELECT channel, basis, at, wording, form, network FROM consents \
    WHERE lead_id = $1 AND withdrawn_at IS NULL ORDER BY at, id";
const UNWANTED: &str = "SELECT lead_id, topic FROM topic_choices WHERE lead_id IN ({rows}) AND NOT wanted";
const CHOOSE: &str = "INSERT INTO topic_choices (lead_id, topic, wanted, at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (lead_id, topic) DO UPDATE SET wanted = excluded.wanted, at = excluded.at";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[("of_lead", OF_LEAD), ("unwanted", UNWANTED)];

/// Records consents of leads.
pub async fn insert(tx: &mut Tx, consents: &[(i64, Consent)]) -> DbResult<()> {
    let mut rows: Vec<Arg> = Vec::with_capacity(consents.len() * 8);
    for (lead, consent) in consents {
        rows.extend(args![
            tx.id()?,
            *lead,
            consent.channel.as_str(),
            consent.basis.as_str(),
            consent.at,
            &consent.wording,
            &consent.form,
            &consent.network
        ]);
    }
    tx.write_rows(INSERT, 8, rows).await?;
    Ok(())
}

/// The consents of a lead that stand, oldest first.
pub async fn of_lead(tx: &mut Tx, lead: i64) -> DbResult<Vec<Consent>> {
    tx.all(OF_LEAD, args![lead], |row| {
        Ok(Consent {
            channel: word(&row.text(0)?, "channel")?,
            basis: word(&row.text(1)?, "basis")?,
            at: row.at(2)?,
            wording: row.opt_text(3)?,
            form: row.opt_text(4)?,
            network: row.opt_text(5)?,
        })
    })
    .await
}

/// The topics that these leads do not want: pairs of lead and topic.
pub async fn unwanted_topics(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, String)>> {
    tx.all_for(UNWANTED, vec![], leads, |row| Ok((row.int(0)?, row.text(1)?))).await
}

/// Records whether a lead wants a topic.
pub async fn choose_topic(tx: &mut Tx, lead: i64, topic: &str, wanted: bool, now: Timestamp) -> DbResult<()> {
    tx.execute(CHOOSE, args![lead, topic, wanted, now]).await?;
    Ok(())
}
