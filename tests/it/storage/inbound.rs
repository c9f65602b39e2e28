//! The table `inbound`.

use dripline::domain::inbound::{InboundKind, MatchedBy};
use dripline::storage::inbound::{self, InboundRow};

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(the_same_mail_is_stored_once);

async fn the_same_mail_is_stored_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let row = InboundRow {
        id: tx.id().unwrap(),
        hash: "abc".to_owned(),
        received_at: at(9),
        kind: InboundKind::HumanReply,
        evidence: "nothing says otherwise".to_owned(),
        matched_by: Some(MatchedBy::ReplyAddress),
        lead: Some(4),
        message: None,
    };
    assert!(inbound::insert(&mut tx, &row, "cmF3".to_owned()).await.unwrap());
    let again = InboundRow { id: tx.id().unwrap(), kind: InboundKind::Unrelated, ..row.clone() };
    assert!(!inbound::insert(&mut tx, &again, "eHh4".to_owned()).await.unwrap());
    assert_eq!(inbound::by_hash(&mut tx, "abc").await.unwrap(), Some(row.clone()));
    assert_eq!(inbound::by_hash(&mut tx, "abd").await.unwrap(), None);
    assert_eq!(inbound::raw(&mut tx, row.id).await.unwrap().as_deref(), Some("cmF3"));
    assert_eq!(inbound::raw(&mut tx, again.id).await.unwrap(), None);
}
