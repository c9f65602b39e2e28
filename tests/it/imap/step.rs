//! A step over a mailbox: which mails it takes, and what becomes of them there.

use std::time::{Duration, SystemTime};

use crate::imap::{Inbox, mail, recorded};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;

on_both!(
    mails_are_taken_in_once_and_marked,
    mails_may_be_left_as_they_are,
    mails_may_be_moved,
    mails_are_moved_by_servers_that_cannot,
    a_folder_that_takes_nothing_stops_nobody,
    old_mails_are_left_alone,
    another_folder_is_another_mailbox,
);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

async fn mails_are_taken_in_once_and_marked(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut inbox = Inbox::new(&db, dovecot.imap, "").await;
    dovecot.deliver(BOX, &mail("a"));
    dovecot.deliver(BOX, &mail("b"));
    assert_eq!(inbox.step().await, 2);
    assert_eq!(dovecot.flags("INBOX"), ["\\Seen", "\\Seen"]);
    assert_eq!((inbox.step().await, recorded(&db).await), (0, 2));
    dovecot.deliver(BOX, &mail("c"));
    assert_eq!((inbox.step().await, recorded(&db).await), (1, 3));
    drop(inbox);
    let mut again = Inbox::new(&db, dovecot.imap, "").await;
    let taken = until(PATIENCE, async || again.try_step().await.ok()).await;
    assert_eq!((taken, recorded(&db).await), (0, 3), "the next process goes on there");
}

async fn mails_may_be_left_as_they_are(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut inbox = Inbox::new(&db, dovecot.imap, "then = \"keep\"").await;
    dovecot.deliver(BOX, &mail("a"));
    assert_eq!(inbox.step().await, 1);
    assert_eq!(dovecot.flags("INBOX"), [""]);
    assert_eq!(inbox.step().await, 0);
}

async fn mails_may_be_moved(db: TestDb) {
    move_them(db, Dovecot::start()).await;
}

async fn mails_are_moved_by_servers_that_cannot(db: TestDb) {
    move_them(db, Dovecot::start_with("imap_capability = IMAP4rev1 IDLE UIDPLUS")).await;
}

async fn move_them(db: TestDb, dovecot: Dovecot) {
    let mut inbox = Inbox::new(&db, dovecot.imap, "then = \"move Erledigt für \\\"alle\\\"\"").await;
    dovecot.deliver(BOX, &mail("a"));
    dovecot.deliver(BOX, &mail("b"));
    assert_eq!(inbox.step().await, 2);
    assert_eq!(dovecot.flags("INBOX").len(), 0);
    assert_eq!(dovecot.flags("Erledigt für \"alle\"").len(), 2, "the folder was made");
    dovecot.deliver(BOX, &mail("c"));
    assert_eq!(inbox.step().await, 1);
    assert_eq!(dovecot.flags("Erledigt für \"alle\"").len(), 3);
    assert_eq!(recorded(&db).await, 3);
}

async fn a_folder_that_takes_nothing_stops_nobody(db: TestDb) {
    let dovecot = Dovecot::start();
    // Above such a folder there can be none in a Maildir.
    let mut inbox = Inbox::new(&db, dovecot.imap, "then = \"move /etc/passwd/../x\"").await;
    dovecot.deliver(BOX, &mail("a"));
    assert_eq!((inbox.step().await, inbox.step().await), (1, 0), "it is recorded, and nothing is done again");
    assert_eq!((dovecot.flags("INBOX").len(), recorded(&db).await), (1, 1));
}

async fn old_mails_are_left_alone(db: TestDb) {
    let dovecot = Dovecot::start();
    let ago = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_600_000 - days * 86_400);
    for (subject, days) in [("old", 30), ("week", 7), ("yesterday", 1), ("older", 300)] {
        dovecot.deliver_at(BOX, &mail(subject), ago(days));
    }
    let mut inbox = Inbox::new(&db, dovecot.imap, "since = \"3 days\"").await;
    assert_eq!(inbox.step().await, 1, "yesterday's");
    assert_eq!(dovecot.flags("INBOX").iter().filter(|flags| flags.contains("Seen")).count(), 1);
    dovecot.deliver_at(BOX, &mail("moved here"), ago(300));
    assert_eq!(inbox.step().await, 1, "whatever is put there from now on is new");
    assert_eq!(recorded(&db).await, 2);
}

async fn another_folder_is_another_mailbox(db: TestDb) {
    let dovecot = Dovecot::start();
    dovecot.deliver(BOX, &mail("a"));
    assert_eq!(Inbox::new(&db, dovecot.imap, "").await.step().await, 1);
    dovecot.doveadm(&["mailbox", "create", "-u", BOX, "Übrige"]);
    dovecot.doveadm(&["copy", "-u", BOX, "Übrige", "mailbox", "INBOX", "all"]);
    let mut other = Inbox::new(&db, dovecot.imap, "folder = \"Übrige\"").await;
    assert_eq!((other.step().await, recorded(&db).await), (1, 1), "looked at, and known by its content");
}
