//! The table `hits`: raw opens and clicks, removed once judged.

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
const OLD: &str = "SELECT lead_id FROM hits WHERE at <= $1 ORDER BY at LIMIT $2";
const OF_LEADS: &str = select!("WHERE lead_id IN ({rows})");
const LATEST: &str = "SELECT lead_id, MAX(at) FROM hits WHERE lead_id IN ({rows}) GROUP BY lead_id";
const NEAR: &str = select!("WHERE at >= $1 AND at <= $2 AND kind <> 'open' ORDER BY at LIMIT $3");
const REMOVE: &str = "DELETE FROM hits WHERE id IN ({rows}) RETURNING id";
const OLDEST: &str = "SELECT MIN(at) FROM hits";
/// What runs for every mail, reply or stop, by name: it must not read a whole table.
pub const HOT: &[(&str, &str)] = &[
    ("old", OLD),
    ("of_leads", OF_LEADS),
    ("latest", LATEST),
    ("near", NEAR),
    ("remove", REMOVE),
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

/// The leads of up to `limit` hits that are not younger than `at`, oldest first; each as often as it has some.
pub async fn leads_of_old(tx: &mut Tx, at: Timestamp, limit: i64) -> DbResult<Vec<i64>> {
    tx.all(OLD, args![at, limit], |row| row.int(0)).await
}

/// All hits on the mails of these leads.
pub async fn of_leads(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<Hit>> {
    tx.all_for(OF_LEADS, vec![], leads, read).await
}

/// For those of these leads that have hits: when the latest one was.
pub async fn latest(tx: &mut Tx, leads: &[i64]) -> DbResult<Vec<(i64, Timestamp)>> {
    tx.all_for(LATEST, vec![], leads, |row| Ok((row.int(0)?, row.at(1)?))).await
}

/// Up to `limit` clicks of anybody between two moments.
pub async fn clicks_between(tx: &mut Tx, from: Timestamp, to: Timestamp, limit: i64) -> DbResult<Vec<Hit>> {
    tx.all(NEAR, args![from, to, limit], read).await
}

/// Removes hits. The ids of those that were still there: nobody else judges these.
pub async fn remove(tx: &mut Tx, ids: &[i64]) -> DbResult<Vec<i64>> {
    tx.all_for(REMOVE, vec![], ids, |row| row.int(0)).await
}

/// When the oldest hit was.
pub async fn oldest(tx: &mut Tx) -> DbResult<Option<Timestamp>> {
    Ok(tx.first(OLDEST, vec![], |row| row.opt_at(0)).await?.flatten())
}
