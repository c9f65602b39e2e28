//! Opening a connection: greeting, encryption, login.

use dripline::domain::outcome::Phase;
use dripline::mail::{OpenError, OpenErrorKind};

use super::*;
use crate::support::fixtures::fixture;
use crate::support::smtp_server::{Fault, Login, StartTls};

const LOGIN: Login = Login { mechanisms: "PLAIN LOGIN", user: "anna", password: "p@ss:w/rd" };

/// The options of a URL that trust the server's certificate.
fn trusting() -> String {
    format!("ca={}", fixture("authority.pem").display())
}

fn starttls(starttls: StartTls) -> Offer {
    Offer { starttls, ..Offer::default() }
}

async fn open(server: &SmtpServer, options: &str) -> Result<Connection, OpenError> {
    Connection::open(&relay(&format!("{}?{options}", server.url())), "client.example").await
}

/// Sends a message, and says whether it was encrypted, and over which connection it came.
async fn sent_encrypted(server: &SmtpServer, options: &str) -> (bool, usize) {
    let mut connection = open(server, options).await.unwrap();
    assert_eq!(send(&mut connection).await, taken(), "{options}");
    assert!(connection.usable(), "{options}");
    assert_eq!(send(&mut connection).await, taken(), "{options}");
    let seen = server.accepted().pop().unwrap();
    (seen.encrypted, seen.connection)
}

async fn refused(server: &SmtpServer, options: &str) -> OpenErrorKind {
    let error = open(server, options).await.unwrap_err();
    assert!(error.text.contains(&server.port().to_string()), "{}", error.text);
    assert!(server.transactions().is_empty());
    error.kind
}

#[tokio::test]
async fn starttls_is_used_when_offered_unless_forbidden() {
    let server = SmtpServer::start(starttls(StartTls::Works)).await;
    assert_eq!(sent_encrypted(&server, &format!("tls=required&{}", trusting())).await, (true, 1));
    assert_eq!(sent_encrypted(&server, "").await, (true, 2), "opportunistic asks for no certificate");
    assert_eq!(sent_encrypted(&server, "tls=none").await, (false, 3));
}

#[tokio::test]
async fn what_is_required_is_never_done_without() {
    for refusing in [StartTls::No, StartTls::Refused, StartTls::Breaks, StartTls::Injected] {
        let server = SmtpServer::start(starttls(refusing)).await;
        let options = format!("tls=required&{}", trusting());
        assert_eq!(refused(&server, &options).await, OpenErrorKind::Tls, "{refusing:?}");
    }
}

#[tokio::test]
async fn a_certificate_nobody_trusts_will_not_do() {
    let server = SmtpServer::start(starttls(StartTls::Works)).await;
    assert_eq!(refused(&server, "tls=required").await, OpenErrorKind::Tls);
    let server = SmtpServer::start(Offer { implicit_tls: true, ..Offer::default() }).await;
    assert_eq!(refused(&server, "").await, OpenErrorKind::Tls);
}

#[tokio::test]
async fn opportunistic_goes_on_in_the_clear() {
    let expected = [
        (StartTls::No, 1),
        // The refusal costs a connection.
        (StartTls::Refused, 2),
        (StartTls::Breaks, 2),
    ];
    for (refusing, connection) in expected {
        let server = SmtpServer::start(starttls(refusing)).await;
        assert_eq!(sent_encrypted(&server, "").await, (false, connection), "{refusing:?}");
    }
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_first_byte() {
    let server = SmtpServer::start(Offer { implicit_tls: true, ..Offer::default() }).await;
    assert_eq!(sent_encrypted(&server, &trusting()).await, (true, 1));
}

#[tokio::test]
async fn smtps_to_a_server_that_speaks_in_the_clear_fails() {
    let server = SmtpServer::start(Offer::default()).await;
    let url = server.url().replace("smtp:", "smtps:");
    let error = Connection::open(&relay(&url), "client.example").await.unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Tls);
}

#[tokio::test]
async fn a_ca_file_that_is_no_use_is_named() {
    let server = SmtpServer::start(starttls(StartTls::Works)).await;
    for file in ["/nowhere/ca.pem".into(), fixture("make-certificates")] {
        let options = format!("tls=required&ca={}", file.display());
        let error = open(&server, &options).await.unwrap_err();
        assert_eq!(error.kind, OpenErrorKind::Tls);
        assert!(error.text.contains(&file.display().to_string()), "{}", error.text);
    }
}

#[tokio::test]
async fn a_login_opens_the_door() {
    for (mechanisms, commands) in [("PLAIN LOGIN", 1), ("LOGIN", 1)] {
        let login = Some(Login { mechanisms, ..LOGIN });
        let server = SmtpServer::start(Offer { login, ..starttls(StartTls::Works) }).await;
        let url =
            format!("smtp://anna:p%40ss%3Aw%2Frd@localhost:{}?tls=required&{}", server.port(), trusting());
        let mut connection = Connection::open(&relay(&url), "client.example").await.unwrap();
        assert_eq!(send(&mut connection).await, taken());
        let seen = &server.accepted()[0];
        assert!(seen.logged_in && seen.encrypted, "{mechanisms}");
        assert_eq!(server.commands().iter().filter(|command| *command == "AUTH").count(), commands);
    }
}

#[tokio::test]
async fn a_login_that_is_not_taken_is_an_error_of_ours() {
    for mechanisms in ["PLAIN", "LOGIN", "CRAM-MD5"] {
        let server =
            SmtpServer::start(Offer { login: Some(Login { mechanisms, ..LOGIN }), ..Offer::default() }).await;
        let url = format!("smtp://anna:wrong@localhost:{}", server.port());
        let error = Connection::open(&relay(&url), "client.example").await.unwrap_err();
        assert_eq!(error.kind, OpenErrorKind::Login, "{mechanisms}: {error}");
        assert!(!error.text.contains("wrong"));
    }
}

#[tokio::test]
async fn without_the_login_it_asks_for_the_server_takes_nothing() {
    let server = SmtpServer::start(Offer { login: Some(LOGIN), ..Offer::default() }).await;
    let mut connection = connect(&server).await;
    assert_eq!(send(&mut connection).await, answered(Phase::Mail, 530, "5.7.0 log in first"));
    assert!(connection.usable());
}

#[tokio::test]
async fn a_refusing_greeting_is_kept() {
    for (line, code, text) in
        [("421 4.3.2 busy", 421, "4.3.2 busy"), ("554 5.7.1 not you", 554, "5.7.1 not you")]
    {
        let server = SmtpServer::start(Offer::default()).await;
        server.script(move |_| Some(Fault::Reply { at: Phase::Greeting, line }));
        let reply = Reply::new(Phase::Greeting, code, text);
        assert_eq!(refused(&server, "").await, OpenErrorKind::Greeting(reply));
    }
}

#[tokio::test]
async fn a_server_that_is_silent_is_unreachable() {
    for fault in [Fault::DropAt(Phase::Greeting), Fault::Hang(Phase::Greeting), Fault::OneBytePerSecond] {
        let server = SmtpServer::start(Offer::default()).await;
        server.script(move |_| Some(fault.clone()));
        let impatient = relay(&server.url()).with_timeouts(IMPATIENT);
        let error = Connection::open(&impatient, "client.example").await.unwrap_err();
        assert_eq!(error.kind, OpenErrorKind::Unreachable, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_unreachable() {
    let gone = SmtpServer::start(Offer::default()).await.url();
    let error = Connection::open(&relay(&gone), "client.example").await.unwrap_err();
    assert_eq!(error.kind, OpenErrorKind::Unreachable, "{error}");
}
