//! Large mails, and large mailboxes.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use dripline::mail::inbound::SIZE_LIMIT;

use crate::imap::{Inbox, count, evidence, mail, mailbox, recorded};
use crate::support::database::{Home, TestDb, on_both, run};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;
use crate::support::program::{Program, signal};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::{FUNNEL, files};

on_both!(a_mail_that_is_too_large_leaves_its_header);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_mail_that_is_too_large_leaves_its_header(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut inbox = Inbox::new(&db, dovecot.imap, "").await;
    let sized = |subject: &str, size: usize| {
        let mut raw = mail(subject);
        raw.resize(size, b'x');
        raw
    };
    dovecot.deliver(BOX, &sized("large", SIZE_LIMIT + 1_000_000));
    dovecot.deliver(BOX, &sized("limit", SIZE_LIMIT));
    dovecot.deliver(BOX, &sized("above", SIZE_LIMIT + 1));
    dovecot.deliver(BOX, &mail("small"));
    assert_eq!((inbox.step().await, recorded(&db).await), (4, 4));
    let why = evidence(&db).await;
    let told = format!(
        "the mail has {} bytes, and more than {SIZE_LIMIT} are not read; the whole is in the mailbox \"replies\", UID 1",
        SIZE_LIMIT + 1_000_000
    );
    assert_eq!(why[0], told);
    assert!(!why[1].contains("bytes") && why[2].contains(&format!("{} bytes", SIZE_LIMIT + 1)), "{why:?}");
    assert!(
        count(
            &db,
            "SELECT CAST(MIN(LENGTH(raw)) AS BIGINT) FROM inbound WHERE evidence LIKE '%are not read%'"
        )
        .await
            < 1_000
    );
    assert_eq!(dovecot.flags("INBOX"), ["\\Seen"; 4]);
}

#[test]
fn fifty_thousand_old_mails_are_no_burden() {
    run(Home::sqlite(), fifty_thousand_old_mails);
}

/// The mailbox of somebody who never tidied up. What is old stays as it is, and what is new is there at once.
async fn fifty_thousand_old_mails(db: TestDb) {
    let mails = 50_000;
    let dovecot = Dovecot::start();
    let year_ago = SystemTime::now() - Duration::from_secs(365 * 86_400);
    dovecot.fill(BOX, mails, &mail("old"), year_ago);
    let server = SmtpServer::start(Offer::default()).await;
    let operator = mailbox(dovecot.imap, "");
    let home = Program::new(&db, &server, &files(&[("dripline.toml", &operator), ("funnel.toml", FUNNEL)]));
    let began = Instant::now();
    let mut child = home.serve();
    until(PATIENCE, async || {
        (count(&db, "SELECT COALESCE(MAX(last_uid), 0) FROM mailboxes").await > 0).then_some(())
    })
    .await;
    let looked = began.elapsed();
    dovecot.deliver(BOX, &mail("new"));
    let began = Instant::now();
    until(PATIENCE, async || (recorded(&db).await > 0).then_some(())).await;
    let took = began.elapsed();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{mails} old mails: first look {looked:?}, the new one {took:?}, peak {} MiB", peak / 1024);
    assert!(peak < 200 * 1024, "{peak} KiB");
    signal(&child, "-TERM").await;
    assert!(child.wait().await.unwrap().success());
    assert_eq!(recorded(&db).await, 1, "none of the old ones");
}
