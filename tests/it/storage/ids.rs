//! Ids are never allotted twice.

use std::collections::BTreeSet;

use dripline::storage::{Db, DbError};

use crate::support::database::{TestDb, on_both};

on_both!(
    two_nodes_never_share_an_id,
    a_rollback_gives_no_id_back,
    each_of_many_transactions_has_enough,
    one_transaction_cannot_take_all,
    a_reader_has_no_ids,
);

/// The most that one transaction may take.
const MOST: usize = 8_192;

async fn take(db: &Db, count: usize) -> Vec<i64> {
    let tx = db.begin().await.unwrap();
    let ids = (0..count).map(|_| tx.id().unwrap()).collect();
    tx.commit().await.unwrap();
    ids
}

fn assert_distinct(ids: &[i64]) {
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(ids.iter().all(|id| *id > 0), "0 stands before every id");
}

async fn two_nodes_never_share_an_id(db: TestDb) {
    let other = db.another().await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        let (a, b, c) = tokio::join!(take(&db, 5_000), take(&other, MOST), take(&other, 1));
        ids.extend([a, b, c].concat());
    }
    ids.extend(take(&db.another().await, 1).await);
    assert_distinct(&ids);
}

async fn a_rollback_gives_no_id_back(db: TestDb) {
    let mut ids = Vec::new();
    for _ in 0..10 {
        let tx = db.begin().await.unwrap();
        ids.extend((0..3_000).map(|_| tx.id().unwrap()));
        drop(tx);
        ids.extend(take(&db, 3_000).await);
    }
    assert_distinct(&ids);
}

async fn each_of_many_transactions_has_enough(db: TestDb) {
    let mut open = Vec::new();
    // SQLite has one writer.
    for _ in 0..if db.file().is_some() { 1 } else { 16 } {
        open.push(db.begin().await.unwrap());
    }
    let ids: Vec<i64> = open.iter().flat_map(|tx| (0..MOST).map(|_| tx.id().unwrap())).collect();
    assert_distinct(&ids);
}

async fn one_transaction_cannot_take_all(db: TestDb) {
    let tx = db.begin().await.unwrap();
    let refused = (0..10_000_000).find_map(|_| tx.id().err());
    assert!(matches!(refused, Some(DbError::OutOfIds)), "{refused:?}");
    drop(tx);
    assert_eq!(take(&db, MOST).await.len(), MOST);
}

async fn a_reader_has_no_ids(db: TestDb) {
    let tx = db.read().await.unwrap();
    assert!(matches!(tx.id(), Err(DbError::OutOfIds)));
}
