//! The table `inbound`.

use dripline::domain::inbound::{InboundKind, MatchedBy};
use dripline::storage::inbound::{self, InboundRow};

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(the_same_mail_is_stored_once, what_waits_is_resolved_once);

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
    let last =
        [(4, at(9)), (4, at(10)), (5, at(9))].map(|(lead, since)| (lead, InboundKind::HumanReply, since));
    let mut found = Vec::new();
    for (lead, kind, since) in last {
        found.push(inbound::last(&mut tx, lead, kind, since).await.unwrap());
    }
    assert_eq!(found, [Some(row.id), None, None]);
    assert_eq!(inbound::last(&mut tx, 4, InboundKind::Bounce, at(9)).await.unwrap(), None);
}

async fn what_waits_is_resolved_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mut row = InboundRow {
        id: 1,
        hash: "abc".to_owned(),
        received_at: at(9),
        kind: InboundKind::HumanReply,
        evidence: String::new(),
        matched_by: None,
        lead: None,
        message: None,
    };
    assert!(inbound::insert(&mut tx, &row, String::new()).await.unwrap());
    let known = InboundRow { id: 2, hash: "abd".to_owned(), lead: Some(4), ..row.clone() };
    assert!(inbound::insert(&mut tx, &known, String::new()).await.unwrap());
    let waiting = inbound::waiting(&mut tx, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|entry| &entry.row).collect::<Vec<_>>(), [&row]);
    assert_eq!(inbound::newest(&mut tx, 10).await.unwrap().len(), 2);
    assert_eq!(inbound::newest(&mut tx, 1).await.unwrap()[0].row, known);
    assert_eq!(inbound::count_waiting(&mut tx).await.unwrap(), 1);
    assert_eq!(inbound::locked(&mut tx, 1).await.unwrap().unwrap(), waiting[0]);
    row.lead = Some(5);
    row.matched_by = Some(MatchedBy::ByHand);
    row.kind = InboundKind::Unsubscribe;
    inbound::resolve(&mut tx, &row, Some("by hand"), at(10)).await.unwrap();
    let entry = inbound::by_id(&mut tx, 1).await.unwrap().unwrap();
    assert_eq!(
        (entry.row, entry.resolved_at, entry.resolution.as_deref()),
        (row, Some(at(10)), Some("by hand"))
    );
    assert_eq!(inbound::count_waiting(&mut tx).await.unwrap(), 0);
}
