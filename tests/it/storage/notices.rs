//! Notices from node to node.

use std::time::Duration;

use dripline::storage::notices::{self, STOPS, stopped};
use sqlx::postgres::PgListener;

use crate::support::database::{TestDb, on_both};

on_both!(a_stop_is_told_after_its_commit);

/// Long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_stop_is_told_after_its_commit(db: TestDb) {
    let mut listener = match db.postgres() {
        Some(pool) => Some(PgListener::connect_with(pool).await.unwrap()),
        None => None,
    };
    if let Some(listener) = &mut listener {
        listener.listen(STOPS).await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    notices::stop(&mut tx, &[1]).await.unwrap();
    drop(tx);
    let many: Vec<i64> = (i64::MAX - 1_000..i64::MAX).collect();
    let mut tx = db.begin().await.unwrap();
    notices::stop(&mut tx, &[]).await.unwrap();
    notices::stop(&mut tx, &many).await.unwrap();
    tx.commit().await.unwrap();
    let Some(mut listener) = listener else { return };
    let mut told = Vec::new();
    while told.len() < many.len() {
        let notice = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("a notice").unwrap();
        told.extend(stopped(notice.payload()));
    }
    assert_eq!(told, many, "and nothing of what was rolled back");
}
