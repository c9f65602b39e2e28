//! The table `addresses`.

use dripline::domain::gate::StopKind;
use dripline::storage::addresses::{self, Suppression};

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(complaints_are_counted, the_first_suppression_stays, knowing_an_address_changes_nothing);

async fn the_first_suppression_stays(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(addresses::suppressions(&mut tx, &["a"]).await.unwrap(), []);
    addresses::suppress(&mut tx, "a", StopKind::Complaint, at(1)).await.unwrap();
    addresses::suppress(&mut tx, "a", StopKind::Unsubscribe, at(2)).await.unwrap();
    let first = Suppression { kind: StopKind::Complaint, at: at(1) };
    assert_eq!(addresses::suppressions(&mut tx, &["a"]).await.unwrap(), [("a".to_owned(), first)]);
}

async fn knowing_an_address_changes_nothing(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    addresses::suppress(&mut tx, "a", StopKind::HardBounce, at(1)).await.unwrap();
    addresses::know(&mut tx, &["b", "a", "c", "b"]).await.unwrap();
    addresses::know(&mut tx, &["c", "d"]).await.unwrap();
    let a = ("a".to_owned(), Suppression { kind: StopKind::HardBounce, at: at(1) });
    assert_eq!(addresses::suppressions(&mut tx, &["b", "a", "c"]).await.unwrap(), std::slice::from_ref(&a));
    addresses::suppress(&mut tx, "b", StopKind::ByHand, at(2)).await.unwrap();
    let mut found = addresses::suppressions(&mut tx, &["d", "b", "a"]).await.unwrap();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(found, [a, ("b".to_owned(), Suppression { kind: StopKind::ByHand, at: at(2) })]);
    let all = tx.all("SELECT hash FROM addresses ORDER BY hash", vec![], |row| row.text(0)).await.unwrap();
    assert_eq!(all, ["a", "b", "c", "d"]);
}

async fn complaints_are_counted(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (hash, kind, when) in [
        ("a", StopKind::Complaint, at(1)),
        ("b", StopKind::Complaint, at(2)),
        ("c", StopKind::Complaint, at(3)),
        ("d", StopKind::Unsubscribe, at(3)),
    ] {
        addresses::suppress(&mut tx, hash, kind, when).await.unwrap();
    }
    assert_eq!(addresses::complained(&mut tx, at(1)).await.unwrap(), 2, "after that time");
    assert_eq!(addresses::complained(&mut tx, at(3)).await.unwrap(), 0);
}
