//! The tables `meta`, `imports` and `api_keys`.

use dripline::domain::time::Timestamp;
use dripline::storage::meta;

use crate::support::database::{TestDb, on_both};

on_both!(facts_are_replaced, imports_have_ids, api_keys_have_roles, api_keys_are_listed_and_revoked);

async fn facts_are_replaced(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(meta::value(&mut tx, "check").await.unwrap(), None);
    meta::set_value(&mut tx, "check", "first").await.unwrap();
    meta::set_value(&mut tx, "check", "second").await.unwrap();
    meta::set_value(&mut tx, "other", "x").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.read().await.unwrap();
    assert_eq!(meta::value(&mut tx, "check").await.unwrap().as_deref(), Some("second"));
}

async fn imports_have_ids(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let now = Timestamp::from_millis(5);
    let first = meta::begin_import(&mut tx, "leads.csv", now).await.unwrap();
    let second = meta::begin_import(&mut tx, "leads.csv", now).await.unwrap();
    assert_ne!(first, second, "the same file again is another import");
    let sql = "SELECT id FROM imports WHERE file = 'leads.csv' AND started_at = 5 ORDER BY id";
    assert_eq!(tx.all(sql, vec![], |row| row.int(0)).await.unwrap(), [first, second]);
}

async fn api_keys_have_roles(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let now = Timestamp::from_millis(5);
    meta::add_api_key(&mut tx, "hash-a", "admin", Some("CRM"), now).await.unwrap();
    meta::add_api_key(&mut tx, "hash-b", "sales", None, now).await.unwrap();
    assert_eq!(meta::role_of_api_key(&mut tx, "hash-a").await.unwrap().as_deref(), Some("admin"));
    assert_eq!(meta::role_of_api_key(&mut tx, "hash-b").await.unwrap().as_deref(), Some("sales"));
    assert_eq!(meta::role_of_api_key(&mut tx, "hash-c").await.unwrap(), None);
}

async fn api_keys_are_listed_and_revoked(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let now = Timestamp::from_millis(5);
    let crm = meta::add_api_key(&mut tx, "hash-a", "admin", Some("CRM"), now).await.unwrap();
    let nameless = meta::add_api_key(&mut tx, "hash-b", "api", None, now).await.unwrap();
    let keys = meta::api_keys(&mut tx).await.unwrap();
    let names: Vec<_> = keys.iter().map(|key| (key.id, key.role.as_str(), key.name.as_deref())).collect();
    assert_eq!(names, [(crm, "admin", Some("CRM")), (nameless, "api", None)]);
    assert_eq!(keys[0].created_at, now);

    assert!(meta::revoke_api_key(&mut tx, crm).await.unwrap());
    assert!(!meta::revoke_api_key(&mut tx, crm).await.unwrap(), "it is gone");
    assert_eq!(meta::role_of_api_key(&mut tx, "hash-a").await.unwrap(), None);
    assert_eq!(meta::role_of_api_key(&mut tx, "hash-b").await.unwrap().as_deref(), Some("api"));
}
