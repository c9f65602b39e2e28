//! Sending what the pump claimed: a loop for each connection.

use std::time::Duration;

use tracing::warn;

use super::claim::{Claimed, End};
use super::compose::compose;
use super::engine::Engine;
use super::relays::{Line, RelayLine};
use crate::mail::delivery::Delivery;

/// An idle connection is given up after this time: servers drop them too, and then the next mail would be lost once.
const IDLE: Duration = Duration::from_secs(10);

/// How long a connection's loop waits before it looks at a relay again that is down.
const DOWN_LOOK: Duration = Duration::from_millis(200);

/// Sends claimed messages over one connection of the relay at `place`, until the registry is closed.
pub async fn run(engine: &Engine, place: usize) {
    let Some(relay) = engine.relays.at(place) else { return };
    let mut line: Option<Line> = None;
    loop {
        let next = tokio::time::timeout(IDLE, engine.registry.next(place)).await;
        match next {
            Ok(Some(claim)) => {
                let end = deliver(engine, relay, &mut line, &claim).await;
                let failed = matches!(end, End::NoConnection(_));
                engine.registry.finish(claim, end);
                while failed && relay.down().is_some() && !engine.registry.is_closed() {
                    tokio::time::sleep(DOWN_LOOK).await;
                }
            }
            Ok(None) => break,
            Err(_) => close(&mut line).await,
        }
    }
    close(&mut line).await;
}

async fn close(line: &mut Option<Line>) {
    if let Some(line) = line.take() {
        line.close().await;
    }
}

/// Tries to send one claimed message.
async fn deliver(engine: &Engine, relay: &RelayLine, line: &mut Option<Line>, claim: &Claimed) -> End {
    let mail = match compose(engine, claim) {
        Ok(mail) => mail,
        Err(why) => return End::Unsendable(why),
    };
    if line.as_ref().is_some_and(|line| !line.usable()) {
        *line = None;
    }
    let open = match line {
        Some(open) => open,
        None => match relay.open(&engine.message_domain).await {
            Ok(open) => line.insert(open),
            Err(why) => {
                warn!(relay = relay.name, "the relay cannot be reached: {why}");
                return End::NoConnection(why);
            }
        },
    };
    let mut refused = End::Cancelled;
    let start = || engine.registry.start(claim.id).map_err(|end| refused = end).is_ok();
    match open.send(&mail.message_id, &mail.envelope, &mail.raw, start).await {
        Delivery::Refused => refused,
        delivery => End::Tried(delivery),
    }
}
