//! Statements with many rows: split, padded, and right at every size.

use std::collections::BTreeSet;

use dripline::storage::messages::NewClaim;
use dripline::storage::{Arg, Tx, addresses, enrollments, leads, messages};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, first_mail, new_enrollments, new_leads};

on_both!(
    rows_are_written_at_every_size,
    rows_are_answered_at_every_size,
    keys_are_found_at_every_size,
    keys_are_changed_at_every_size,
    a_key_given_twice_counts_once,
    the_queries_agree_at_every_size,
);

const SIZES: [usize; 11] = [0, 1, 2, 3, 63, 64, 65, 255, 256, 257, 600];

const INSERT: &str = "INSERT INTO rates (name, tat) VALUES {rows}";
const INSERT_RETURNING: &str = "INSERT INTO rates (name, tat) VALUES {rows} RETURNING tat";
const FIND: &str = "SELECT tat FROM rates WHERE tat < $1 AND tat IN ({rows})";
const CHANGE: &str = "UPDATE rates SET tat = tat + $1 WHERE tat IN ({rows})";

fn rows(size: usize) -> Vec<Arg> {
    (0..size as i64).flat_map(|n| [Arg::from(format!("rate {n}")), Arg::from(n)]).collect()
}

async fn all(tx: &mut Tx) -> Vec<i64> {
    tx.all("SELECT tat FROM rates ORDER BY tat", vec![], |row| row.int(0)).await.unwrap()
}

async fn clear(tx: &mut Tx) {
    tx.execute("DELETE FROM rates", vec![]).await.unwrap();
}

async fn rows_are_written_at_every_size(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for size in SIZES {
        assert_eq!(tx.write_rows(INSERT, 2, rows(size)).await.unwrap(), size as u64);
        assert!(all(&mut tx).await.into_iter().eq(0..size as i64), "{size}");
        clear(&mut tx).await;
    }
}

async fn rows_are_answered_at_every_size(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for size in SIZES {
        let answered =
            tx.write_rows_returning(INSERT_RETURNING, 2, rows(size), |row| row.int(0)).await.unwrap();
        assert!(answered.into_iter().eq(0..size as i64), "{size}");
        clear(&mut tx).await;
    }
}

async fn keys_are_found_at_every_size(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    tx.write_rows(INSERT, 2, rows(700)).await.unwrap();
    for size in SIZES {
        let keys: Vec<i64> = (50..50 + size as i64).collect();
        let mut found = tx.all_for(FIND, vec![Arg::from(10_000)], &keys, |row| row.int(0)).await.unwrap();
        found.sort();
        assert_eq!(found, keys);
        let below = tx.all_for(FIND, vec![Arg::from(60)], &keys, |row| row.int(0)).await.unwrap();
        assert_eq!(below.len(), size.min(10), "the first argument is not a key");
    }
}

async fn keys_are_changed_at_every_size(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for size in SIZES {
        tx.write_rows(INSERT, 2, rows(size + 1)).await.unwrap();
        let keys: Vec<i64> = (0..size as i64).collect();
        let changed = tx.execute_for(CHANGE, vec![Arg::from(10_000)], &keys).await.unwrap();
        assert_eq!(changed, size as u64);
        let expected = std::iter::once(size as i64).chain(keys.iter().map(|key| key + 10_000));
        assert!(all(&mut tx).await.into_iter().eq(expected), "{size}: each once, and no other");
        clear(&mut tx).await;
    }
}

async fn a_key_given_twice_counts_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    tx.write_rows(INSERT, 2, rows(5)).await.unwrap();
    let found = tx.all_for(FIND, vec![Arg::from(10)], &[3, 3, 1], |row| row.int(0)).await.unwrap();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1, 3]));
    assert_eq!(tx.execute_for(CHANGE, vec![Arg::from(0)], &[3, 3, 1]).await.unwrap(), 2);
    let sql = "SELECT tat FROM rates WHERE name IN ({rows})";
    let by_text = tx.all_for(sql, vec![], &["rate 4", "rate 0", "rate 9"], |row| row.int(0)).await.unwrap();
    assert_eq!(by_text.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([0, 4]));
}

/// One batch through every query that the pump runs for it.
async fn the_queries_agree_at_every_size(db: TestDb) {
    for size in SIZES {
        let mut tx = db.begin().await.unwrap();
        let leads = new_leads(&mut tx, size).await;
        let walks = new_enrollments(&mut tx, &leads).await;
        let known: Vec<String> = leads.iter().map(|id| format!("hash-{id}")).collect();
        addresses::know(&mut tx, &known.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
        assert_eq!(leads::by_ids(&mut tx, &leads).await.unwrap().len(), size);

        let mut due = enrollments::claim(&mut tx, 1, at(1_000), 1_000).await.unwrap();
        assert_eq!(due.len(), size);
        let claims: Vec<NewClaim> =
            leads.iter().zip(&walks).map(|(lead, walk)| first_mail(*lead, *walk)).collect();
        let claimed = messages::claim(&mut tx, &claims, "main", 1, at(1_000)).await.unwrap();
        let ids: Vec<i64> = claimed.iter().map(|row| row.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), size);
        assert_eq!(messages::claim(&mut tx, &claims, "main", 1, at(1_000)).await.unwrap(), []);

        due.iter_mut().for_each(|walk| (walk.walk.done, walk.due_at) = (walk.walk.done.with(1), None));
        enrollments::advance(&mut tx, &due).await.unwrap();
        assert_eq!(enrollments::claim(&mut tx, 1, at(1_000), 1_000).await.unwrap(), []);
        let mut stored = enrollments::of_leads(&mut tx, &leads).await.unwrap();
        stored.sort_by_key(|walk| walk.walk.enrollment);
        due.sort_by_key(|walk| walk.walk.enrollment);
        assert_eq!(stored, due);

        messages::sent(&mut tx, &ids, "main", at(2_000)).await.unwrap();
        assert_eq!(messages::by_ids(&mut tx, &ids).await.unwrap().len(), size);
        assert_eq!(messages::recent(&mut tx, &leads, at(2_000)).await.unwrap(), []);
        assert_eq!(messages::recent(&mut tx, &leads, at(1_999)).await.unwrap().len(), size);
        enrollments::wake(&mut tx, &walks, at(3_000)).await.unwrap();
        assert_eq!(enrollments::claim(&mut tx, 1, at(3_000), 1_000).await.unwrap().len(), size);
        drop(tx);
    }
}
