//! The dialogue when all goes well, and what is written.

use std::sync::Mutex;

use dripline::domain::outcome::{EnhancedStatus, Phase};
use dripline::mail::{Delivery, Envelope};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::support::fixtures::fixture;

#[tokio::test]
async fn a_message_is_sent_in_one_go() {
    let server = SmtpServer::start(Offer::default()).await;
    let mut connection = connect(&server).await;

    assert_eq!(send(&mut connection).await, taken());

    let seen = &server.accepted()[0];
    assert_eq!((seen.from.as_str(), seen.to.as_deref()), ("bounce@x.example", Some("lead@y.example")));
    assert_eq!((seen.body.as_slice(), seen.parameters.as_str()), (RAW, ""));
    assert!(seen.pipelined && !seen.encrypted);
    assert!(connection.usable());
}

#[tokio::test]
async fn a_server_without_pipelining_gets_one_command_at_a_time() {
    let server = SmtpServer::start(without_pipelining()).await;
    let mut connection = connect(&server).await;

    assert_eq!(send(&mut connection).await, taken());

    let seen = &server.accepted()[0];
    assert_eq!((seen.body.as_slice(), seen.pipelined), (RAW, false));
}

#[tokio::test]
async fn a_connection_serves_many_messages_and_says_goodbye() {
    let server = SmtpServer::start(Offer::default()).await;
    let mut connection = connect(&server).await;
    for _ in 0..3 {
        assert_eq!(send(&mut connection).await, taken());
        assert!(connection.usable());
    }
    connection.quit().await;

    assert_eq!((server.accepted().len(), server.connections()), (3, 1));
    let each = ["MAIL", "RCPT", "DATA"];
    let expected = [["EHLO", "EHLO"].as_slice(), &each, &each, &each, &["QUIT"]].concat();
    assert_eq!(server.commands(), expected);
}

#[tokio::test]
async fn connections_do_not_mix() {
    let server = SmtpServer::start(Offer::default()).await;
    server.delay(Duration::from_millis(5));
    for sender in 0..8 {
        let mut connection = connect(&server).await;
        tokio::spawn(async move {
            for number in 0..5 {
                let to = format!("lead-{sender}-{number}@y.example");
                let delivery = connection.send(&envelope(&to), to.as_bytes(), || true).await;
                assert_eq!(delivery, taken());
            }
        });
    }
    let seen = server.wait_for(40).await;
    let mut recipients: Vec<_> = seen.iter().map(|mail| mail.to.clone().unwrap()).collect();
    assert!(seen.iter().zip(&recipients).all(|(mail, to)| mail.body == format!("{to}\r\n").as_bytes()));
    recipients.sort();
    recipients.dedup();
    assert_eq!((recipients.len(), server.connections()), (40, 8));
}

#[tokio::test]
async fn nothing_is_written_when_start_says_no() {
    let server = SmtpServer::start(Offer::default()).await;
    let mut connection = connect(&server).await;

    let refused = connection.send(&envelope("lead@y.example"), RAW, || false).await;

    assert_eq!(refused, Delivery::Refused);
    assert!(connection.usable());
    assert_eq!(send(&mut connection).await, taken());
    assert_eq!(server.transactions().len(), 1);
}

#[tokio::test]
async fn the_null_sender_is_sent_as_such() {
    let server = SmtpServer::start(Offer::default()).await;
    let null_sender = Envelope { from: None, to: "lead@y.example".to_owned() };

    assert_eq!(connect(&server).await.send(&null_sender, RAW, || true).await, taken());

    assert_eq!(server.accepted()[0].from, "");
}

#[tokio::test]
async fn an_address_that_cannot_be_written_is_answered_without_the_server() {
    let server = SmtpServer::start(Offer::default()).await;
    let mut connection = connect(&server).await;
    let expected =
        [("lead@y.example>\r\nRSET", EnhancedStatus(5, 1, 3)), ("jürgen@y.example", EnhancedStatus(5, 6, 7))];
    for (to, status) in expected {
        let delivery = connection.send(&envelope(to), RAW, || panic!("nothing to start")).await;
        let Delivery::Answered(reply) = delivery else { panic!("{delivery:?}") };
        assert_eq!((reply.at, reply.code, reply.enhanced), (Phase::Rcpt, 553, Some(status)));
        assert!(connection.usable());
    }
    assert!(server.transactions().is_empty());
}

#[tokio::test]
async fn extensions_are_declared_only_when_needed_and_offered() {
    let eight_bit = "Subject: Grüße\r\n\r\nöäü\r\n".as_bytes();
    let expected = [
        (true, true, eight_bit, "jürgen@y.example", "SMTPUTF8 BODY=8BITMIME"),
        (true, true, RAW, "lead@y.example", ""),
        (false, false, eight_bit, "lead@bücher.example", ""),
    ];
    for (utf8, offers_eight_bit, raw, to, parameters) in expected {
        let server = SmtpServer::start(Offer { utf8, eight_bit: offers_eight_bit, ..Offer::default() }).await;
        assert_eq!(connect(&server).await.send(&envelope(to), raw, || true).await, taken());
        let seen = &server.accepted()[0];
        assert_eq!((seen.parameters.as_str(), seen.body.as_slice()), (parameters, raw));
    }
}

#[tokio::test]
async fn bodies_arrive_as_they_are_but_for_bare_line_ends() {
    let expected = [
        ("a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n"),
        (".\r\n..\r\n.a\r\n", ".\r\n..\r\n.a\r\n"),
        ("no line end", "no line end\r\n"),
        ("a\n.\nMAIL FROM:<x@y>\n", "a\r\n.\r\nMAIL FROM:<x@y>\r\n"),
        ("a\r.\rb\r\n", "a\r\n.\r\nb\r\n"),
        ("a\r\n.\nb\n.\r\n", "a\r\n.\r\nb\r\n.\r\n"),
        ("\r\n\r\n\r\n", "\r\n\r\n\r\n"),
    ];
    for offer in [Offer::default(), without_pipelining()] {
        let server = SmtpServer::start(offer).await;
        let mut connection = connect(&server).await;
        for (raw, _) in expected {
            assert_eq!(send_raw(&mut connection, raw.as_bytes()).await, taken(), "{raw:?}");
        }
        for (seen, (raw, wire)) in server.accepted().iter().zip(expected) {
            assert_eq!(seen.body, wire.as_bytes(), "{raw:?}");
        }
        assert_eq!(server.transactions().len(), expected.len());
    }
}

#[test]
fn any_body_stays_one_message() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(SmtpServer::start(Offer::default()));
    let connection = Mutex::new(runtime.block_on(connect(&server)));
    let bodies = vec(prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), Just(b'a'), any::<u8>()], 0..40);
    proptest!(|(raw in bodies)| {
        let before = server.transactions().len();
        let delivery = runtime.block_on(send_raw(&mut connection.lock().unwrap(), &raw));
        prop_assert_eq!(delivery, taken());
        prop_assert_eq!(server.transactions().len(), before + 1);
        let letters = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect()
        };
        prop_assert_eq!(letters(&server.accepted()[before].body), letters(&raw));
    });
}

#[tokio::test]
async fn a_message_far_larger_than_every_buffer_arrives_whole() {
    let line = format!("{}\r\n", ".".repeat(70));
    let raw = line.repeat(120_000);
    for offer in [Offer::default(), Offer { implicit_tls: true, ..Offer::default() }] {
        let server = SmtpServer::start(offer).await;
        let url = format!("{}?ca={}", server.url(), fixture("authority.pem").display());
        let mut connection = Connection::open(&relay(&url), "client.example").await.unwrap();
        assert_eq!(send_raw(&mut connection, raw.as_bytes()).await, taken());
        assert!(server.accepted()[0].body == raw.as_bytes());
        assert!(connection.usable());
    }
}
