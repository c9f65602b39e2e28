//! The table `mailboxes`.

use dripline::storage::mailboxes::{self, Progress};

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(a_mailbox_is_read_forward);

async fn a_mailbox_is_read_forward(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let (place, other) = ("a@mx.example:993/INBOX", "b@mx.example:993/INBOX");
    assert_eq!(mailboxes::progress(&mut tx, place).await.unwrap(), None);
    let first = Progress { uid_validity: u32::MAX, last_uid: 7, at: at(1) };
    mailboxes::advance(&mut tx, place, first).await.unwrap();
    assert_eq!(mailboxes::progress(&mut tx, place).await.unwrap(), Some(first));
    assert_eq!(mailboxes::progress(&mut tx, other).await.unwrap(), None);
    let back = Progress { last_uid: 6, at: at(2), ..first };
    mailboxes::advance(&mut tx, place, back).await.unwrap();
    assert_eq!(mailboxes::progress(&mut tx, place).await.unwrap(), Some(first), "it never goes back");
    let on = Progress { last_uid: u32::MAX, at: at(3), ..first };
    mailboxes::advance(&mut tx, place, on).await.unwrap();
    assert_eq!(mailboxes::progress(&mut tx, place).await.unwrap(), Some(on));
    let anew = Progress { uid_validity: 1, last_uid: 0, at: at(4) };
    mailboxes::advance(&mut tx, place, anew).await.unwrap();
    assert_eq!(mailboxes::progress(&mut tx, place).await.unwrap(), Some(anew), "other UIDs begin anew");
}
