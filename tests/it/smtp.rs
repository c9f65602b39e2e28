//! Sending by SMTP and into files: what came of it, and what the server saw.

mod dialogue;
mod faults;
mod file;
mod open;

use std::time::Duration;

use dripline::domain::outcome::Phase;
use dripline::mail::{Connection, Delivery, Envelope, Relay, Reply, SmtpRelay, Timeouts};

use crate::support::smtp_server::{Offer, SmtpServer};

const RAW: &[u8] = b"Subject: Hello\r\n\r\nA mail.\r\n";

/// For steps that come to nothing: short enough to wait for, and long for the steps before on a busy machine.
const IMPATIENT: Timeouts = Timeouts {
    command: Duration::from_secs(2),
    data_end: Duration::from_secs(2),
    connect: Duration::from_secs(30),
};

fn without_pipelining() -> Offer {
    Offer { pipelining: false, ..Offer::default() }
}

/// The relay of this URL.
fn relay(url: &str) -> SmtpRelay {
    match url.parse() {
        Ok(Relay::Smtp(relay)) => relay,
        other => panic!("{url}: {other:?}"),
    }
}

/// A connection that waits as long as the defaults say.
async fn connect(server: &SmtpServer) -> Connection {
    Connection::open(&relay(&server.url()), "client.example").await.unwrap()
}

async fn connect_impatiently(server: &SmtpServer) -> Connection {
    Connection::open(&relay(&server.url()).with_timeouts(IMPATIENT), "client.example").await.unwrap()
}

fn envelope(to: &str) -> Envelope {
    Envelope { from: Some("bounce@x.example".to_owned()), to: to.to_owned() }
}

async fn send(connection: &mut Connection) -> Delivery {
    send_raw(connection, RAW).await
}

async fn send_raw(connection: &mut Connection, raw: &[u8]) -> Delivery {
    connection.send(&envelope("lead@y.example"), raw, || true).await
}

fn answered(at: Phase, code: u16, text: &str) -> Delivery {
    Delivery::Answered(Reply::new(at, code, text))
}

/// What the server answers when nothing goes wrong.
fn taken() -> Delivery {
    answered(Phase::End, 250, "2.0.0 taken")
}
