//! Mails that vanish, mails that are not handed out, a database that is away: nothing is skipped.

use crate::imap::{Inbox, count, evidence, mail, recorded};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::proxy::Proxy;

on_both!(
    a_mail_that_is_deleted_meanwhile_is_passed_over,
    a_mail_that_is_not_handed_out_is_set_aside,
    a_server_that_hangs_up_on_a_mail_keeps_the_others,
    a_mail_that_cannot_be_recorded_is_tried_again,
    a_step_that_is_cut_off_is_repeated,
);

async fn a_mail_that_is_deleted_meanwhile_is_passed_over(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    // Before the sizes are known, and after.
    for (round, command) in ["(UID RFC822.SIZE)", "(UID BODY.PEEK[]"].into_iter().enumerate() {
        let mut inbox = Inbox::new(&db, proxy.port, "").await;
        let subjects = ["a", "b", "c"].map(|name| format!("{name}{round}"));
        for subject in &subjects {
            dovecot.deliver(BOX, &mail(subject));
        }
        proxy.hold(command);
        let expunge = async {
            proxy.until_held().await;
            dovecot.doveadm(&["expunge", "-u", BOX, "mailbox", "INBOX", "subject", &subjects[1]]);
            proxy.go_on();
        };
        tokio::join!(async { while inbox.try_step().await.is_err() {} }, expunge);
        assert_eq!(recorded(&db).await, 2 * (round as i64 + 1), "{command}: {:?}", evidence(&db).await);
        assert_eq!(inbox.step().await, 0);
    }
    assert_eq!(count(&db, "SELECT MAX(last_uid) FROM mailboxes").await, 6);
}

async fn a_mail_that_is_not_handed_out_is_set_aside(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    let mut inbox = Inbox::new(&db, proxy.port, "").await;
    ["a", "b", "c"].iter().for_each(|subject| dovecot.deliver(BOX, &mail(subject)));
    proxy.refuse(&["UID FETCH 1:3 (UID BODY.PEEK[]"]);
    assert_eq!(inbox.step().await, 3, "each is asked for alone");

    ["d", "e", "f"].iter().for_each(|subject| dovecot.deliver(BOX, &mail(subject)));
    proxy.refuse(&["UID FETCH 4:6 (UID BODY.PEEK[]", "UID FETCH 5 (UID BODY.PEEK[]"]);
    let mut failures = 0;
    let taken = loop {
        match inbox.try_step().await {
            Ok(taken) => break taken,
            Err(error) => {
                let told =
                    "the server does not hand out the mail with the UID 5: [SERVERBUG] the disk is broken";
                assert_eq!(error.to_string(), told);
            }
        }
        failures += 1;
        assert!(failures < 10, "it blocks what follows");
    };
    assert_eq!((failures, taken, recorded(&db).await), (4, 3, 6), "it is given time, and then up");
    let why = &evidence(&db).await[4];
    assert!(why.ends_with("the disk is broken; the whole is in the mailbox \"replies\", UID 5"), "{why}");
    assert!(
        count(&db, "SELECT CAST(LENGTH(raw) AS BIGINT) FROM inbound WHERE evidence LIKE '%broken%'").await
            > 0,
        "the header"
    );
}

async fn a_server_that_hangs_up_on_a_mail_keeps_the_others(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    // At the whole mail, and at its header as well.
    let rounds: [&[&str]; 2] = [
        &["UID FETCH 1:3 (UID BODY.PEEK[]", "UID FETCH 2 (UID BODY.PEEK[]"],
        &["UID FETCH 4:6 (UID BODY.PEEK[]", "UID FETCH 5 (UID BODY"],
    ];
    let mut inbox = Inbox::new(&db, proxy.port, "").await;
    for (round, commands) in rounds.into_iter().enumerate() {
        ["a", "b", "c"].iter().for_each(|name| dovecot.deliver(BOX, &mail(&format!("{name}{round}"))));
        proxy.hang_up(commands);
        let mut failures = 0;
        while inbox.try_step().await.is_err() {
            failures += 1;
            assert!(failures < 20, "it blocks what follows");
        }
        assert!(failures >= 5, "it is given time");
        assert_eq!(recorded(&db).await, 3 * (round as i64 + 1));
        let evidence = evidence(&db).await;
        let why =
            format!("handing out the mail; the whole is in the mailbox \"replies\", UID {}", 3 * round + 2);
        assert_eq!(evidence.iter().filter(|told| told.ends_with(&why)).count(), 1, "{evidence:?}");
    }
}

async fn a_mail_that_cannot_be_recorded_is_tried_again(db: TestDb) {
    let dovecot = Dovecot::start();
    let mut inbox = Inbox::new(&db, dovecot.imap, "").await;
    assert_eq!(inbox.step().await, 0);
    let rename = async |sql: &'static str| {
        let mut tx = db.begin().await.unwrap();
        tx.execute(sql, vec![]).await.unwrap();
        tx.commit().await.unwrap();
    };
    rename("ALTER TABLE inbound RENAME TO inbound_away").await;
    dovecot.deliver(BOX, &mail("a"));
    for _ in 0..3 {
        assert!(inbox.try_step().await.is_err());
    }
    assert_eq!(dovecot.flags("INBOX"), [""], "it is marked only once it is recorded");
    rename("ALTER TABLE inbound_away RENAME TO inbound").await;
    assert_eq!((inbox.step().await, recorded(&db).await), (1, 1));
    assert_eq!(dovecot.flags("INBOX"), ["\\Seen"]);
}

async fn a_step_that_is_cut_off_is_repeated(db: TestDb) {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap).await;
    let mut inbox = Inbox::new(&db, proxy.port, "").await;
    for subject in ["a", "b", "c"] {
        dovecot.deliver(BOX, &mail(subject));
    }
    for command in ["AUTHENTICATE", "SELECT", "UID SEARCH", "RFC822.SIZE", "BODY.PEEK[]", "UID STORE"] {
        proxy.hold(command);
        let cut = async {
            proxy.until_held().await;
            proxy.cut();
        };
        let (step, ()) = tokio::join!(inbox.try_step(), cut);
        assert!(step.is_err(), "{command}");
    }
    assert_eq!(recorded(&db).await, 3, "they were recorded, but not marked");
    assert_eq!(inbox.step().await, 3, "so they are repeated");
    assert_eq!((recorded(&db).await, dovecot.flags("INBOX")), (3, vec!["\\Seen".to_owned(); 3]));
}
