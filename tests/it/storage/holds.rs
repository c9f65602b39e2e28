//! The table `holds`.

use dripline::domain::gate::{Hold, HoldKind};
use dripline::storage::holds;

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, new_leads};

on_both!(holds_end_by_kind);

async fn holds_end_by_kind(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 3).await;
    let pause = Hold { kind: HoldKind::Pause, until: Some(at(90)) };
    let sales = Hold { kind: HoldKind::HandOver, until: None };
    holds::insert(&mut tx, leads[0], pause, "asked for it").await.unwrap();
    holds::insert(&mut tx, leads[0], pause, "asked again").await.unwrap();
    holds::insert(&mut tx, leads[0], sales, "looked at pricing").await.unwrap();
    holds::insert(&mut tx, leads[1], pause, "asked for it").await.unwrap();
    holds::insert(&mut tx, leads[2], pause, "asked for it").await.unwrap();
    let mut standing = holds::of_leads(&mut tx, &leads[..2]).await.unwrap();
    standing.sort_by_key(|(lead, hold)| (*lead, hold.kind));
    assert_eq!(standing, [(leads[0], pause), (leads[0], pause), (leads[0], sales), (leads[1], pause)]);

    holds::end(&mut tx, leads[0], HoldKind::Pause).await.unwrap();
    holds::end(&mut tx, leads[0], HoldKind::Reply).await.unwrap();
    let mut standing = holds::of_leads(&mut tx, &leads[..2]).await.unwrap();
    standing.sort_by_key(|(lead, _)| *lead);
    assert_eq!(standing, [(leads[0], sales), (leads[1], pause)]);
}
