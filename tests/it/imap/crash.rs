//! A server is killed again and again while mails arrive: each is recorded once.

use std::time::Duration;

use crate::imap::{count, mailbox, recorded};
use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::pace::until;
use crate::support::program::Program;
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::workspace;

on_both!(mails_that_arrive_while_the_server_is_killed_are_recorded_once);

const MAILS: usize = 300;

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const LATER: &str = "title = \"Later\"\nstage = \"bofu\"\n[[step]]\nmail = \"mail/later\"\n";

fn address(number: usize) -> String {
    format!("lead{number}@kern.example")
}

fn reply(number: usize) -> Vec<u8> {
    let from = address(number);
    let text = format!(
        "From: <{from}>\r\nTo: <anna@nordwerk.example>\r\nSubject: Re: Hello\r\nMessage-ID: <{number}@kern.example>\r\n\
         Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n\r\nPlease call me back, number {number}.\r\n"
    );
    text.into_bytes()
}

async fn mails_that_arrive_while_the_server_is_killed_are_recorded_once(db: TestDb) {
    let dovecot = Dovecot::start();
    let server = SmtpServer::start(Offer::default()).await;
    let home = Program::new(&db, &server, &workspace(&[("later", LATER)]));
    std::fs::write(home.dir.path().join("dripline.toml"), mailbox(dovecot.imap, "")).unwrap();
    home.import((0..MAILS).map(address)).await;
    home.done(&["serve", "--until-idle"]).await;
    let kills = scaled(30);
    for kill in 0..kills {
        let (from, to) = (kill * MAILS / kills, (kill + 1) * MAILS / kills);
        let mut child = home.serve();
        // Some arrive while it starts, the others one by one while it records; it is killed somewhere among them.
        let middle = from + (to - from) / 2;
        (from..middle).for_each(|number| dovecot.deliver(BOX, &reply(number)));
        let kill_at = (from + 1 + (kill * 7) % (to - from)) as i64;
        let deliver = async {
            for number in middle..to {
                dovecot.deliver(BOX, &reply(number));
                tokio::task::yield_now().await;
            }
        };
        let killed = async {
            until(PATIENCE, async || (recorded(&db).await >= kill_at).then_some(())).await;
            child.kill().await.unwrap();
        };
        tokio::join!(deliver, killed);
    }
    let before = recorded(&db).await;
    let mut child = home.serve();
    until(PATIENCE, async || (recorded(&db).await >= MAILS as i64).then_some(())).await;
    until(PATIENCE, async || (dovecot.flags("INBOX") == vec!["\\Seen"; MAILS]).then_some(())).await;
    child.kill().await.unwrap();
    println!("{kills} kills; {before} of {MAILS} mails were recorded by then");
    home.done(&["serve", "--until-idle"]).await;
    assert_eq!(recorded(&db).await, MAILS as i64);
    let replies = "SELECT COUNT(*) FROM events WHERE kind = 'replied'";
    let leads = "SELECT COUNT(DISTINCT lead_id) FROM events WHERE kind = 'replied'";
    assert_eq!((count(&db, replies).await, count(&db, leads).await), (MAILS as i64, MAILS as i64));
}
