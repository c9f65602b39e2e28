//! Bringing the tables up to date.

use dripline::storage::{Db, DbError, meta};

use crate::support::database::{Home, TestDb, on_both};

on_both!(opening_again_changes_nothing, a_newer_database_is_refused, nodes_may_start_at_once);

async fn opening_again_changes_nothing(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    meta::set_value(&mut tx, "check", "kept").await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    for _ in 0..2 {
        let again = db.another().await;
        let mut tx = again.read().await.unwrap();
        assert_eq!(meta::value(&mut tx, "check").await.unwrap().as_deref(), Some("kept"));
        let done = tx.all("SELECT name FROM migrations", vec![], |row| row.text(0)).await.unwrap();
        assert_eq!(
            done,
            [
                "0001_engine",
                "0002_loop",
                "0003_inbound",
                "0004_scoring",
                "0005_routing",
                "0006_sales",
                "0007_report",
                "0008_fuse"
            ]
        );
        drop(tx);
        again.close().await;
    }
}

async fn a_newer_database_is_refused(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO migrations (name) VALUES ('9999_later')", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let refused = Db::open(&db.url()).await.err();
    assert!(matches!(&refused, Some(DbError::Newer(name)) if name == "9999_later"), "{refused:?}");
}

async fn nodes_may_start_at_once(db: TestDb) {
    let fresh = if db.file().is_some() { Home::sqlite() } else { Home::postgres() };
    let url = fresh.url();
    let (a, b, c, d) = tokio::join!(Db::open(&url), Db::open(&url), Db::open(&url), Db::open(&url));
    for opened in [a, b, c, d] {
        opened.unwrap().close().await;
    }
}
