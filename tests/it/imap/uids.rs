//! The server numbers a folder anew.

use dripline::storage::mailboxes;

use crate::imap::{Inbox, mail, recorded};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};

on_both!(a_folder_that_is_numbered_anew_is_looked_at_again, a_folder_that_is_gone_is_waited_for);

/// Fills the folder: the server gives other numbers than those that were.
fn fill(dovecot: &Dovecot, subjects: &[&str]) {
    dovecot.doveadm(&["mailbox", "create", "-u", BOX, "Replies"]);
    for subject in subjects {
        dovecot.deliver(BOX, &mail(subject));
    }
    dovecot.doveadm(&["move", "-u", BOX, "Replies", "mailbox", "INBOX", "all"]);
}

async fn validity(inbox: &Inbox) -> u32 {
    let place = inbox.engine.config.mailboxes["replies"].place();
    let mut tx = inbox.engine.db.read().await.unwrap();
    mailboxes::progress(&mut tx, &place).await.unwrap().expect("it was looked at").uid_validity
}

async fn a_folder_that_is_numbered_anew_is_looked_at_again(db: TestDb) {
    let dovecot = Dovecot::start();
    fill(&dovecot, &["a", "b", "c"]);
    let mut inbox = Inbox::new(&db, dovecot.imap, "folder = \"Replies\"").await;
    assert_eq!(inbox.step().await, 3);
    let before = validity(&inbox).await;

    dovecot.doveadm(&["mailbox", "delete", "-u", BOX, "Replies"]);
    fill(&dovecot, &["x", "b", "c", "a", "y"]);
    while inbox.try_step().await.is_err() {}
    assert_ne!(validity(&inbox).await, before, "the test needs other numbers");
    assert_eq!(recorded(&db).await, 5, "two are new, three are known");
    assert_eq!(dovecot.flags("Replies"), ["\\Seen"; 5]);
    assert_eq!(inbox.step().await, 0);
}

async fn a_folder_that_is_gone_is_waited_for(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut inbox = Inbox::new(&db, dovecot.imap, "folder = \"Replies\"").await;
    let error = inbox.try_step().await.unwrap_err().to_string();
    assert!(error.starts_with("the folder Replies cannot be opened: "), "{error}");
    fill(&dovecot, &["a"]);
    assert_eq!((inbox.step().await, recorded(&db).await), (1, 1));
}
