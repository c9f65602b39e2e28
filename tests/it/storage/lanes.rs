//! The tables `lanes` and `rates`.

use dripline::storage::lanes;

use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::at;

on_both!(the_first_reason_of_a_pause_stays, rates_are_replaced);
on_postgres!(a_rate_is_locked_while_it_is_read);

async fn the_first_reason_of_a_pause_stays(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    lanes::pause(&mut tx, 7, "5.7.1 blocked", at(1)).await.unwrap();
    lanes::pause(&mut tx, 3, "5.7.26 unauthenticated", at(2)).await.unwrap();
    lanes::pause(&mut tx, 7, "something else", at(3)).await.unwrap();
    let paused = lanes::paused(&mut tx).await.unwrap();
    assert_eq!(paused, [(3, "5.7.26 unauthenticated".to_owned()), (7, "5.7.1 blocked".to_owned())]);
    lanes::resume_all(&mut tx).await.unwrap();
    assert_eq!(lanes::paused(&mut tx).await.unwrap(), []);
    lanes::pause(&mut tx, 7, "again", at(4)).await.unwrap();
    assert_eq!(lanes::paused(&mut tx).await.unwrap(), [(7, "again".to_owned())]);
}

async fn rates_are_replaced(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(lanes::rate(&mut tx, "relay main").await.unwrap(), None);
    lanes::set_rate(&mut tx, "relay main", at(10)).await.unwrap();
    lanes::set_rate(&mut tx, "lane 3", at(20)).await.unwrap();
    lanes::set_rate(&mut tx, "relay main", at(5)).await.unwrap();
    assert_eq!(lanes::rate(&mut tx, "relay main").await.unwrap(), Some(at(5)));
    assert_eq!(lanes::rate(&mut tx, "lane 3").await.unwrap(), Some(at(20)));
}

async fn a_rate_is_locked_while_it_is_read(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    lanes::set_rate(&mut tx, "relay main", at(10)).await.unwrap();
    tx.commit().await.unwrap();
    let mut first = db.begin().await.unwrap();
    lanes::rate(&mut first, "relay main").await.unwrap();
    let mut second = db.begin_impatient().await;
    assert!(lanes::rate(&mut second, "relay main").await.is_err(), "two nodes read the same rate at once");
}
