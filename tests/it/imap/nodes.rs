//! Several nodes with one mailbox.

use std::time::Duration;

use dripline::nurture::mailbox::MailboxError;

use crate::imap::{Inbox, mail, recorded};
use crate::support::database::{TestDb, on_postgres};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;

on_postgres!(one_node_reads_a_mailbox_and_the_next_takes_over);

async fn one_node_reads_a_mailbox_and_the_next_takes_over(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut a = Inbox::new(&db, dovecot.imap, "").await;
    let mut b = Inbox::new(&db, dovecot.imap, "").await;
    dovecot.deliver(BOX, &mail("a"));
    assert_eq!(a.step().await, 1);
    for _ in 0..2 {
        assert!(matches!(b.try_step().await, Err(MailboxError::Elsewhere)));
        assert_eq!(a.step().await, 0);
    }
    let mut other = Inbox::new(&db, dovecot.imap, "folder = \"Drafts\"").await;
    assert!(!matches!(other.try_step().await, Err(MailboxError::Elsewhere)), "that is another mailbox");
    // A process that ends, however it ends, ends its sessions.
    drop(a);
    dovecot.deliver(BOX, &mail("b"));
    let taken = until(Duration::from_secs(60), async || b.try_step().await.ok()).await;
    assert_eq!((taken, recorded(&db).await), (1, 2));
}
