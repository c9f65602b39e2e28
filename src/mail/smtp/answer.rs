//! Replies: waiting for one, and whether the dialogue goes on after it.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use crate::domain::outcome::Phase;
use crate::mail::delivery::Reply;

/// Why there is no reply, in words.
pub(super) type Lost = String;

/// Whether the dialogue goes on after this reply: any 2xx to `MAIL` and `RCPT` (RFC 5321 section 4.2: the first digit
/// decides), 354 alone to `DATA`. It also shows that replies and commands are in step.
pub(super) fn goes_on(reply: &Reply) -> bool {
    match reply.at {
        Phase::Data => reply.code == 354,
        _ => reply.code / 100 == 2,
    }
}

/// Whether a refusal leaves the dialogue in order: it is one, and not a goodbye (421, RFC 5321 section 3.8).
pub(super) fn keeps_order(refused: &Reply) -> bool {
    refused.code >= 400 && refused.code != 421
}

/// Waits for a reply; whatever has a code is one.
pub(super) async fn answered(
    phase: Phase,
    limit: Duration,
    step: impl Future<Output = Result<Response, Error>>,
) -> Result<Reply, Lost> {
    match timeout(limit, step).await {
        Ok(Ok(response)) => {
            let lines: Vec<&str> = response.message().collect();
            Ok(Reply::new(phase, response.code().into(), &lines.join(" ")))
        }
        Ok(Err(error)) => refusal(phase, &error).ok_or_else(|| format!("{}: {error}", step_name(phase))),
        Err(_) => Err(format!("{}: no answer within {limit:?}", step_name(phase))),
    }
}

/// The reply behind an error of lettre's, if it stands for a 4xx or 5xx.
pub(super) fn refusal(phase: Phase, error: &Error) -> Option<Reply> {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    Some(Reply::new(phase, error.status()?.into(), &text))
}

fn step_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Greeting => "greeting",
        Phase::Mail => "MAIL FROM",
        Phase::Rcpt => "RCPT TO",
        Phase::Data => "DATA",
        Phase::End => "end of the message",
    }
}
