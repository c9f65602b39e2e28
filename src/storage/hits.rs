//! The table `hits`: raw opens and clicks. Judged ones stay for a while, as evidence.

use super::error::DbResult;
use super::row::{Cells, word};
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::hit::Hit;
use crate::domain::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, lead_id, message_id, kind, at, head, link, links, target, agent, network FROM hits ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO hits (id, lead_id, message_id, kind, at, head, link, links, target, agent, network) \
    VALUES {rows}";
const OLD: &str = "SELECT lead_id FROM hits WHERE NOT judged AND at <= $1 ORDER BY at LIMIT $2";
const OF_LEADS: &str = select!("WHERE lead_id IN ({rows})");
const UNJUDGED: &str = "SELECT lead_id, at FROM hits WHERE NOT judged AND lead_id IN ({rows})";
const NEAR: &str = select!("WHERE at >= $1 AND at <= $2 AND kind <> 'open' ORDER BY at LIMIT $3");
const MARK: &str = "UPDATE hits SET judged = TRUE WHERE NOT judged AND id IN ({rows}) RETURNING id";
const FORGET: &str = "DELETE FROM hits WHERE lead_id = $1";
const PURGE: &str =
    "DELETE FROM hits WHERE id IN (SELECT id FROM hits WHERE at < $1 AND judged ORDER BY at LIMIT $2)";
const ANY_JUDGED: &str = "SELECT id FROM hits WHERE at < $1 AND judged ORDER BY at LIMIT 1";
const OLDEST: &str = "SELECT MIN(at) FROM hits WHERE NOT judged";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("old", OLD),
    ("of_leads", OF_LEADS),
    ("unjudged", UNJUDGED),
    ("near", NEAR),
    ("mark", MARK),
    ("forget", FORGET),
    ("purge", PURGE),
    ("any_judged", ANY_JUDGED),
    ("oldest", OLDEST),
];

fn read(row: &dyn Cells) -> DbResult<Hit> {
    Ok(Hit {
        id: row.int(0)?,
        lead: row.int(1)?,
        message: row.int(2)?,
        kind: word(&row.text(3)?, "hit")?,
        at: row.at(4)?,
        head: row.flag(5)?,
        link: row.opt_int(6)?.zip(row.opt_int(7)?),
        target: row.opt_text(8)?,
        agent: row.text(9)?,
        network: row.text(10)?,
    })
}

/// Stores hits; their ids are given to them here.
pub async fn insert(tx: &mut Tx, hits: &[Hit]) -> DbResult<()> {
    let mut rows: Vec<Arg> = Vec::with_capacity(hits.len() * 11);
    for hit in hits {
        let (link, links) = hit.link.unzip();
        rows.extend(args![tx.id()?, hit.lead, hit.message, hit.kind.as_str(), hit.at, hit.head]);
        rows.extend(args![link, links, &hit.target, &hit.agent, &hit.network]);
    }
    tx.write_rows(INSERT, 11, rows).await?;
    Ok(())
}

/// The leads of up to `limit` hits that are not judged and not younger than `at`, oldest first; each as often as it
/// has some.
pub async fn leads_of_old(tx: &mut Tx, at: Timestamp, limit: i64) -> DbResult<Vec<i64>> {
    tx.all(OLD, args![at, limit], |row| row.int(0)).await
}

/// All hits on the mails of these leads, judged ones too.
pub async fn of_leads(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<Hit>> {
    tx.all_for(OF_LEADS, vec![], leads, read).await
}

/// When these leads did what is not judged yet: pairs of lead and moment.
pub async fn unjudged(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, Timestamp)>> {
    tx.all_for(UNJUDGED, vec![], leads, |row| Ok((row.int(0)?, row.at(1)?))).await
}

/// Up to `limit` clicks of anybody between two moments.
pub async fn clicks_between(tx: &mut Tx, from: Timestamp, to: Timestamp, limit: i64) -> DbResult<Vec<Hit>> {
    tx.all(NEAR, args![from, to, limit], read).await
}

/// Marks hits as judged. The ids of those that were not: nobody else judges these.
pub async fn mark(tx: &mut Tx, ids: &[i64]) -> DbResult<Vec<i64>> {
    tx.all_for(MARK, vec![], ids, |row| row.int(0)).await
}

/// Removes all hits of a lead.
pub async fn forget(tx: &mut Tx, lead: i64) -> DbResult<()> {
    tx.execute(FORGET, args![lead]).await?;
    Ok(())
}

/// Removes up to `limit` judged hits from before a moment. How many there were.
pub async fn purge(tx: &mut Tx, before: Timestamp, limit: i64) -> DbResult<u64> {
    tx.execute(PURGE, args![before, limit]).await
}

/// Whether there are judged hits from before a moment.
pub async fn any_judged(tx: &mut Tx, before: Timestamp) -> DbResult<bool> {
    Ok(tx.first(ANY_JUDGED, args![before], |row| row.int(0)).await?.is_some())
}

/// When the oldest hit was that is not judged.
pub async fn oldest(tx: &mut Tx) -> DbResult<Option<Timestamp>> {
    Ok(tx.first(OLDEST, vec![], |row| row.opt_at(0)).await?.flatten())
}
