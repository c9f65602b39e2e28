//! Opening a database, and the promises of its transactions.

use dripline::storage::{Db, DbError, Dialect, meta};

use crate::support::database::{TestDb, on_both};

on_both!(
    what_is_dropped_is_undone,
    a_reader_sees_one_moment,
    a_reader_cannot_write,
    two_handles_write_in_turn,
    a_database_knows_its_kind,
    a_cell_of_another_type_is_an_error,
    a_look_finds_what_is_there_and_changes_nothing,
);

async fn what_is_dropped_is_undone(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    meta::set_value(&mut tx, "check", "undone").await.unwrap();
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    assert_eq!(meta::value(&mut tx, "check").await.unwrap(), None);
}

async fn a_reader_sees_one_moment(db: TestDb) {
    let mut reader = db.read().await.unwrap();
    assert_eq!(meta::value(&mut reader, "check").await.unwrap(), None);
    let mut tx = db.begin().await.unwrap();
    meta::set_value(&mut tx, "check", "later").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(meta::value(&mut reader, "check").await.unwrap(), None);
    drop(reader);
    let mut reader = db.read().await.unwrap();
    assert_eq!(meta::value(&mut reader, "check").await.unwrap().as_deref(), Some("later"));
}

async fn a_reader_cannot_write(db: TestDb) {
    let mut tx = db.read().await.unwrap();
    assert!(meta::set_value(&mut tx, "check", "x").await.is_err());
}

async fn two_handles_write_in_turn(db: TestDb) {
    async fn write(db: &Db, name: &str) {
        for turn in 0..20 {
            let mut tx = db.begin().await.unwrap();
            meta::set_value(&mut tx, &format!("{name} {turn}"), "x").await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    let other = db.another().await;
    tokio::join!(write(&db, "a"), write(&db, "b"), write(&other, "c"));
    let mut tx = db.read().await.unwrap();
    let count = tx.first("SELECT COUNT(*) FROM meta", vec![], |row| row.int(0)).await.unwrap();
    assert_eq!(count, Some(60));
}

async fn a_database_knows_its_kind(db: TestDb) {
    let tx = db.begin().await.unwrap();
    assert_eq!(db.file().is_some(), tx.dialect() == Dialect::Sqlite);
    assert_eq!(db.postgres().is_some(), tx.dialect() == Dialect::Postgres);
    assert_eq!(db.file().is_some_and(|file| file.is_file()), db.url().starts_with("sqlite:"));
}

async fn a_cell_of_another_type_is_an_error(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    meta::set_value(&mut tx, "check", "x").await.unwrap();
    let sql = "SELECT name, NULL FROM meta";
    assert!(tx.first(sql, vec![], |row| row.int(0)).await.is_err());
    assert!(tx.first(sql, vec![], |row| row.text(1)).await.is_err());
    assert!(tx.first(sql, vec![], |row| row.text(2)).await.is_err());
    let sql = "INSERT INTO outbox (id, lead_id, kind, payload, first_at) VALUES (1, 1, 'x', '{}', 1)";
    tx.execute(sql, vec![]).await.unwrap();
    let sql = "SELECT due_at, CAST(1.5 AS DOUBLE PRECISION) FROM outbox";
    let read = tx.first(sql, vec![], |row| Ok((row.opt_int(0)?, row.opt_real(1)?))).await.unwrap();
    assert_eq!(read, Some((None, Some(1.5))));
}

async fn a_look_finds_what_is_there_and_changes_nothing(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    meta::set_value(&mut tx, "check", "seen").await.unwrap();
    tx.commit().await.unwrap();
    let held = db.begin().await.unwrap();
    let looking = Db::look(&db.url()).await.expect("it waits for no writer");
    let mut tx = looking.read().await.unwrap();
    assert_eq!(meta::value(&mut tx, "check").await.unwrap().as_deref(), Some("seen"));
    assert!(meta::set_value(&mut tx, "check", "x").await.is_err());
    drop((tx, held));
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO migrations (name) VALUES ('9999_future')", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(Db::look(&db.url()).await, Err(DbError::Newer(name)) if name == "9999_future"));
    let mut tx = db.begin().await.unwrap();
    tx.execute("DELETE FROM migrations", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(Db::look(&db.url()).await, Err(DbError::Older)));
}

#[tokio::test]
async fn a_look_makes_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dripline.db");
    assert!(matches!(Db::look(&format!("sqlite:{}", file.display())).await, Err(DbError::Open { .. })));
    assert!(!file.exists());
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let message = |error: DbError| error.to_string();
    let other = Db::open("mysql://root:secret@host/name").await.err().map(message).unwrap();
    assert!(other.contains("sqlite:FILE"), "{other}");
    let missing = Db::open("sqlite:/nowhere/at/all/dripline.db").await.err().map(message).unwrap();
    assert!(missing.contains("/nowhere/at/all/dripline.db"), "{missing}");
    for url in ["postgres://kim:secret@127.0.0.1:1/db", "postgres://127.0.0.1:1/db?user=kim&password=secret"]
    {
        let refused = Db::open(url).await.err().map(message).unwrap();
        assert!(refused.contains("127.0.0.1:1/db") && !refused.contains("secret"), "{refused}");
    }
    assert!(!other.contains("secret"), "{other}");
}
