//! Getting in: encryption, certificates, passwords.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::imap::{Inbox, mail, mailbox};
use crate::support::database::{TestDb, on_both};
use crate::support::dovecot::{BOX, Dovecot};
use crate::support::fixtures::fixture;
use crate::support::program::{Program, signal};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::files;

on_both!(mails_come_over_encrypted_connections, a_wrong_password_is_told);

async fn mails_come_over_encrypted_connections(db: TestDb) {
    let dovecot = Dovecot::start();
    let login = format!("{}:secret", BOX.replace('@', "%40"));
    let ca = fixture("authority.pem");
    let (imap, imaps) = (dovecot.imap, dovecot.imaps);
    let good = [
        format!("imaps://{login}@localhost:{imaps}?ca={}", ca.display()),
        format!("imap://{login}@127.0.0.1:{imap}?tls=required&ca={}", ca.display()),
    ];
    for url in good {
        let mut inbox = Inbox::of(&db, &format!("[mailbox.a]\nurl = \"{url}\"\n"), |_| ()).await;
        dovecot.deliver(BOX, &mail(&url.len().to_string()));
        assert!(inbox.step().await > 0, "{url}");
    }
    let bad = [
        format!("imaps://{login}@localhost:{imaps}"),
        format!("imap://{login}@localhost:{imap}"),
        format!("imaps://{login}@localhost:{imap}"),
    ];
    for url in bad {
        let mut inbox = Inbox::of(&db, &format!("[mailbox.a]\nurl = \"{url}\"\n"), |_| ()).await;
        let error = inbox.try_step().await.unwrap_err().to_string();
        assert!(error.contains("localhost") && error.contains("TLS"), "{error}");
    }
}

/// The program says so once, serves all the same, and keeps the password to itself.
async fn a_wrong_password_is_told(db: TestDb) {
    let dovecot = Dovecot::start();
    let server = SmtpServer::start(Offer::default()).await;
    let operator = mailbox(dovecot.imap, "password = \"gr3at-s3cret\"");
    let funnel = crate::support::world::FUNNEL;
    let home = Program::new(&db, &server, &files(&[("dripline.toml", &operator), ("funnel.toml", funnel)]));
    let mut command = home.command(&["serve"]);
    let mut child = command.env("DRIPLINE_LOG", "trace").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = Vec::new();
    while !told.iter().any(|line: &String| line.contains("refuses the login")) {
        told.push(lines.next_line().await.unwrap().expect("it tells"));
    }
    signal(&child, "-TERM").await;
    while let Some(line) = lines.next_line().await.unwrap() {
        told.push(line);
    }
    assert!(child.wait().await.unwrap().success());
    let all = told.join("\n");
    let line = told.iter().find(|line| line.contains("refuses the login")).unwrap();
    assert!(line.contains("[mailbox.replies]") && line.contains("Authentication failed"), "{line}");
    assert!(line.contains("ERROR") && line.contains("dripline.toml"), "{line}");
    assert_eq!(all.matches("refuses the login").count(), 1, "{all}");
    assert!(!all.contains("s3cret"), "{all}");
    let words = data_encoding::BASE64.encode(format!("\0{BOX}\0gr3at-s3cret").as_bytes());
    assert!(!all.contains(&words), "{all}");
    assert_eq!(dovecot.log().matches("auth failed").count(), 1, "who tries at once again is locked out");
}
