//! The table `addresses`.

use dripline::domain::gate::StopKind;
use dripline::storage::addresses;

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(the_first_suppression_stays, knowing_an_address_changes_nothing);

async fn the_first_suppression_stays(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(addresses::suppressed_by(&mut tx, "a").await.unwrap(), None);
    addresses::suppress(&mut tx, "a", StopKind::Complaint, at(1)).await.unwrap();
    addresses::suppress(&mut tx, "a", StopKind::Unsubscribe, at(2)).await.unwrap();
    assert_eq!(addresses::suppressed_by(&mut tx, "a").await.unwrap(), Some(StopKind::Complaint));
    let when = tx.first("SELECT suppressed_at FROM addresses", vec![], |row| row.at(0)).await.unwrap();
    assert_eq!(when, Some(at(1)));
}

async fn knowing_an_address_changes_nothing(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    addresses::suppress(&mut tx, "a", StopKind::HardBounce, at(1)).await.unwrap();
    addresses::know(&mut tx, &["b", "a", "c", "b"]).await.unwrap();
    addresses::know(&mut tx, &["c", "d"]).await.unwrap();
    assert_eq!(addresses::suppressed_by(&mut tx, "a").await.unwrap(), Some(StopKind::HardBounce));
    assert_eq!(addresses::suppressed_by(&mut tx, "b").await.unwrap(), None);
    addresses::suppress(&mut tx, "b", StopKind::ByHand, at(2)).await.unwrap();
    assert_eq!(addresses::suppressed_by(&mut tx, "b").await.unwrap(), Some(StopKind::ByHand));
    let all = tx.all("SELECT hash FROM addresses ORDER BY hash", vec![], |row| row.text(0)).await.unwrap();
    assert_eq!(all, ["a", "b", "c", "d"]);
}
