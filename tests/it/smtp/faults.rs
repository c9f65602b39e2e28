//! A server that refuses, hangs up, hangs, dribbles or talks nonsense.

use std::sync::atomic::{AtomicBool, Ordering};

use dripline::domain::outcome::{Outcome, Phase};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::support::fixtures::fixture;
use crate::support::smtp_server::Fault;

const COMMANDS: [Phase; 3] = [Phase::Mail, Phase::Rcpt, Phase::Data];

/// A server in which this goes wrong with the first message, and nothing with the others.
async fn server_with(offer: Offer, fault: Fault) -> SmtpServer {
    let server = SmtpServer::start(offer).await;
    server.script(move |seen| (seen.number == 1).then(|| fault.clone()));
    server
}

fn both_ways() -> [Offer; 2] {
    [Offer::default(), without_pipelining()]
}

fn is_lost_before(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::LostBefore(_))
}

fn is_lost_after(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::LostAfter(_))
}

#[tokio::test]
async fn a_refusal_is_the_answer_and_the_connection_goes_on() {
    let lines = [
        ("450 4.2.1 later", 450, "4.2.1 later"),
        ("452 4.3.1 full", 452, "4.3.1 full"),
        ("550 5.1.1 no such user", 550, "5.1.1 no such user"),
        ("550 5.7.1 not from you", 550, "5.7.1 not from you"),
        ("554-5.6.0 two\r\n554 5.6.0 lines", 554, "5.6.0 two lines"),
    ];
    for offer in both_ways() {
        for at in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::End] {
            for (line, code, text) in lines {
                let server = server_with(offer.clone(), Fault::Reply { at, line }).await;
                let mut connection = connect(&server).await;
                assert_eq!(send(&mut connection).await, answered(at, code, text), "{offer:?} {at:?}");
                assert!(server.accepted().is_empty());

                assert!(connection.usable(), "{offer:?} {at:?}");
                assert_eq!(send(&mut connection).await, taken());
                assert_eq!((server.accepted().len(), server.connections()), (1, 1));
            }
        }
    }
}

#[tokio::test]
async fn after_421_the_connection_is_given_up() {
    for offer in both_ways() {
        for at in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::End] {
            let fault = Fault::Reply { at, line: "421 4.3.2 going down" };
            let server = server_with(offer.clone(), fault).await;
            let mut connection = connect(&server).await;
            assert_eq!(
                send(&mut connection).await,
                answered(at, 421, "4.3.2 going down"),
                "{offer:?} {at:?}"
            );
            assert!(!connection.usable());
            assert!(server.accepted().is_empty());
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_before_the_dot_has_nothing() {
    for offer in both_ways() {
        for at in COMMANDS {
            let server = server_with(offer.clone(), Fault::DropAt(at)).await;
            let mut connection = connect(&server).await;
            let delivery = send(&mut connection).await;
            assert!(is_lost_before(&delivery), "{offer:?} {at:?}: {delivery:?}");
            assert!(!connection.usable());
        }
    }
}

/// The final dot of the message before says nothing about this one.
#[tokio::test]
async fn a_loss_is_judged_by_its_own_message() {
    for offer in both_ways() {
        for at in COMMANDS {
            let server = SmtpServer::start(offer.clone()).await;
            server.script(move |seen| (seen.number == 2).then_some(Fault::DropAt(at)));
            let mut connection = connect(&server).await;
            assert_eq!(send(&mut connection).await, taken());
            let delivery = send(&mut connection).await;
            assert!(is_lost_before(&delivery), "{offer:?} {at:?}: {delivery:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_inside_a_large_body_has_nothing() {
    let raw = "A line of a body that no buffer holds.\r\n".repeat(300_000);
    for implicit_tls in [false, true] {
        let offer = Offer { implicit_tls, ..Offer::default() };
        let server = server_with(offer, Fault::DropInsideData).await;
        let url = format!("{}?ca={}", server.url(), fixture("authority.pem").display());
        let mut connection = Connection::open(&relay(&url), "client.example").await.unwrap();
        let delivery = send_raw(&mut connection, raw.as_bytes()).await;
        assert!(is_lost_before(&delivery), "{delivery:?}");
        assert!(!connection.usable());
    }
}

/// The kernel took the whole message, so whether the server read it is beyond our knowledge.
#[tokio::test]
async fn a_server_that_hangs_up_inside_a_small_body_leaves_a_doubt() {
    let server = server_with(Offer::default(), Fault::DropInsideData).await;
    let mut connection = connect(&server).await;
    let delivery = send(&mut connection).await;
    assert!(is_lost_after(&delivery), "{delivery:?}");
    assert!(!connection.usable());
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_dot_leaves_a_doubt() {
    for (fault, accepted) in [(Fault::DropAt(Phase::End), 0), (Fault::TakeAndDrop, 1)] {
        let server = server_with(Offer::default(), fault).await;
        let mut connection = connect(&server).await;
        let delivery = send(&mut connection).await;
        assert!(is_lost_after(&delivery), "{delivery:?}");
        assert_eq!(server.accepted().len(), accepted);
        assert!(!connection.usable());
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left() {
    let mut cases = JoinSet::new();
    for offer in both_ways() {
        for at in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::End] {
            cases.spawn(hanging_server_is_left(offer.clone(), at));
        }
    }
    cases.join_all().await;
}

async fn hanging_server_is_left(offer: Offer, at: Phase) {
    let server = server_with(offer.clone(), Fault::Hang(at)).await;
    let mut connection = connect_impatiently(&server).await;
    let delivery = send(&mut connection).await;
    let lost = if at == Phase::End { is_lost_after(&delivery) } else { is_lost_before(&delivery) };
    assert!(lost, "{offer:?} {at:?}: {delivery:?}");
    assert!(!connection.usable());
}

#[tokio::test]
async fn a_server_that_hangs_behind_a_refusal_has_refused() {
    let server = SmtpServer::start(Offer::default()).await;
    server.script(|seen| match seen.at {
        Phase::Rcpt => Some(Fault::Reply { at: Phase::Rcpt, line: "550 5.1.1 no such user" }),
        _ => Some(Fault::Hang(Phase::Data)),
    });
    let mut connection = connect_impatiently(&server).await;
    assert_eq!(send(&mut connection).await, answered(Phase::Rcpt, 550, "5.1.1 no such user"));
    assert!(!connection.usable());
}

#[tokio::test]
async fn a_server_that_dribbles_is_left() {
    for (from, after_dot) in [(Phase::Mail, false), (Phase::End, true)] {
        let server = SmtpServer::start(Offer::default()).await;
        server.script(move |seen| (seen.at == from).then_some(Fault::OneBytePerSecond));
        let mut connection = connect_impatiently(&server).await;
        let delivery = send(&mut connection).await;
        assert_eq!(
            (is_lost_before(&delivery), is_lost_after(&delivery)),
            (!after_dot, after_dot),
            "{delivery:?}"
        );
        assert!(!connection.usable());
    }
}

#[tokio::test]
async fn a_body_is_not_given_to_a_server_that_refused_the_recipient() {
    let server = SmtpServer::start(Offer::default()).await;
    server.script(|seen| {
        Some(match seen.at {
            Phase::Rcpt => Fault::Reply { at: Phase::Rcpt, line: "550 5.1.1 no such user" },
            _ => Fault::Reply { at: Phase::Data, line: "354 go ahead nevertheless" },
        })
    });
    let mut connection = connect(&server).await;
    assert_eq!(send(&mut connection).await, answered(Phase::Rcpt, 550, "5.1.1 no such user"));
    assert!(!connection.usable());
    drop(connection);
    assert!(server.accepted().is_empty() && server.transactions()[0].body.is_empty());
}

#[tokio::test]
async fn nonsense_is_reported_and_ends_the_connection() {
    let expected = [
        (Phase::Mail, "354 go on", 354, Outcome::Retry),
        (Phase::Data, "250 fine", 250, Outcome::Retry),
        (Phase::End, "354 go on", 354, Outcome::Unknown),
        (Phase::End, "251 will forward", 251, Outcome::Unknown),
    ];
    for offer in both_ways() {
        for (at, line, code, outcome) in expected {
            let server = server_with(offer.clone(), Fault::Reply { at, line }).await;
            let mut connection = connect(&server).await;
            let delivery = send(&mut connection).await;
            assert_eq!(delivery, answered(at, code, &line[4..]), "{offer:?}");
            let Delivery::Answered(reply) = delivery else { unreachable!("just compared") };
            assert_eq!((reply.outcome(), reply.accepted()), (outcome, false), "{line}");
            assert!(!connection.usable());
        }
    }
}

#[tokio::test]
async fn what_is_no_reply_at_all_is_a_loss() {
    for (at, after_dot) in [(Phase::Mail, false), (Phase::Data, false), (Phase::End, true)] {
        let server = server_with(Offer::default(), Fault::Reply { at, line: "hello?" }).await;
        let mut connection = connect(&server).await;
        let delivery = send(&mut connection).await;
        assert_eq!(
            (is_lost_before(&delivery), is_lost_after(&delivery)),
            (!after_dot, after_dot),
            "{delivery:?}"
        );
        assert!(!connection.usable());
    }
}

#[tokio::test]
async fn a_yes_before_the_message_is_written_is_no_yes() {
    let fault = Fault::Reply { at: Phase::Data, line: "354 go ahead\r\n250 2.0.0 taken already" };
    let server = server_with(Offer::default(), fault).await;
    let mut connection = connect(&server).await;
    let delivery = send(&mut connection).await;
    assert!(is_lost_before(&delivery), "{delivery:?}");
    assert!(!connection.usable());
    assert!(server.accepted().is_empty());
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_the_body_is_heard() {
    let fault = Fault::Reply { at: Phase::Data, line: "354 go ahead\r\n552 5.3.4 too large" };
    let server = server_with(Offer::default(), fault).await;
    let mut connection = connect(&server).await;
    assert_eq!(send(&mut connection).await, answered(Phase::End, 552, "5.3.4 too large"));
    assert!(!connection.usable());
}

/// A reply too many would shift all that follow: each would seem to answer the command after its own.
#[tokio::test]
async fn a_reply_too_many_never_makes_a_success() {
    for offer in both_ways() {
        let fault = Fault::Reply { at: Phase::End, line: "450 4.2.1 later\r\n250 2.0.0 taken" };
        let server = server_with(offer, fault).await;
        let mut connection = connect(&server).await;
        assert_eq!(send(&mut connection).await, answered(Phase::End, 450, "4.2.1 later"));
        let next = send(&mut connection).await;
        assert!(matches!(&next, Delivery::Answered(reply) if !reply.accepted()), "{next:?}");
        assert!(!connection.usable());
        drop(connection);
        assert!(server.accepted().is_empty());
    }
}

#[tokio::test]
async fn a_cancelled_send_ends_the_connection() {
    for at in [Phase::Rcpt, Phase::End] {
        let server = server_with(Offer::default(), Fault::Hang(at)).await;
        let mut connection = connect(&server).await;
        tokio::select! {
            delivery = send(&mut connection) => panic!("{delivery:?}"),
            () = server.wait_until(|server| server.transactions().iter().any(|seen| seen.at == at)) => {}
        }
        assert!(!connection.usable());

        let started = AtomicBool::new(false);
        let start = || !started.swap(true, Ordering::Relaxed);
        let next = connection.send(&envelope("next@y.example"), RAW, start).await;
        assert!(is_lost_before(&next), "{next:?}");
        assert!(!started.load(Ordering::Relaxed), "nothing was begun");
        assert_eq!(server.transactions().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_between_messages_is_noticed() {
    let server = SmtpServer::start(Offer::default()).await;
    let mut connection = connect(&server).await;
    assert_eq!(send(&mut connection).await, taken());
    assert!(connection.usable());
    server.hang_up();
    let noticing = async {
        while connection.usable() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), noticing).await.expect("noticed in the end");
    connection.quit().await;
}

/// lettre reads replies as UTF-8; one that is not is like none.
#[tokio::test]
async fn a_reply_in_latin_1_is_a_loss() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"220 hi\r\n").await.unwrap();
        for answer in [b"250 hi\r\n".as_slice(), b"250 hi\r\n", b"550 unzul\xe4ssig\r\n"] {
            assert!(socket.read(&mut [0; 1000]).await.unwrap() > 0);
            socket.write_all(answer).await.unwrap();
        }
        let _ = socket.read(&mut [0; 1000]).await;
    });
    let relay = relay(&format!("smtp://127.0.0.1:{port}"));
    let mut connection = Connection::open(&relay, "client.example").await.unwrap();
    let delivery = send(&mut connection).await;
    assert!(is_lost_before(&delivery), "{delivery:?}");
}
