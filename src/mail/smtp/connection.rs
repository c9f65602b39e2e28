//! [`Connection`]: one open SMTP connection, and one message after another over it.

use std::fmt::{self, Display};
use std::iter;
use std::sync::Arc;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Quit, Rset};
use tokio::time::timeout;

use super::answer::{Lost, answered, goes_on, keeps_order};
use super::command::{Commands, body};
use super::features::Features;
use super::relay::Timeouts;
use super::stream::{Probe, Progress};
use crate::domain::outcome::Phase;
use crate::mail::delivery::{Delivery, Envelope, Reply};

/// One open SMTP connection, after greeting and login. Dropping it hangs up.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    watch: Watch,
    features: Features,
    timeouts: Timeouts,
    /// Whether the dialogue is known to stand between two messages.
    clean: bool,
}

/// What is seen of the bytes under lettre.
pub(super) struct Watch {
    pub progress: Arc<Progress>,
    pub probe: Probe,
}

impl Connection {
    pub(super) fn new(
        smtp: AsyncSmtpConnection,
        watch: Watch,
        features: Features,
        timeouts: Timeouts,
    ) -> Self {
        Self { smtp, watch, features, timeouts, clean: true }
    }

    /// Whether another message may be sent over it: the last one ended without any doubt, and the server has neither
    /// hung up nor said anything since.
    pub fn usable(&self) -> bool {
        self.clean && self.watch.probe.is_silent()
    }

    /// Sends a message; `raw` is header and body.
    ///
    /// `start` is called right before `MAIL FROM` is written; if it answers false nothing is written. It is not called
    /// when there is nothing to start: on a connection that is not usable ([`Delivery::LostBefore`]), and for an
    /// address that cannot be written down, which is answered here as a server would.
    ///
    /// If the future is dropped, the connection is not usable any more, and it is for the caller to take the message's
    /// fate as unknown.
    pub async fn send(&mut self, envelope: &Envelope, raw: &[u8], start: impl FnOnce() -> bool) -> Delivery {
        if !self.clean {
            return Delivery::LostBefore("the connection was given up before".to_owned());
        }
        let commands = match Commands::new(envelope, raw, self.features) {
            Ok(commands) => commands,
            Err(refusal) => return Delivery::Answered(refusal),
        };
        if !start() {
            return Delivery::Refused;
        }
        // Whoever finds the dialogue in order again sets it back; whoever drops this future does not.
        self.clean = false;
        self.watch.progress.begin_message();
        match self.transact(&commands, raw).await {
            Ok(reply) => Delivery::Answered(reply),
            Err(lost) if self.watch.progress.dot_sent() => Delivery::LostAfter(lost),
            Err(lost) => Delivery::LostBefore(lost),
        }
    }

    /// Says goodbye, if it is usable, and hangs up.
    pub async fn quit(mut self) {
        if self.usable() {
            // The server may hang up without a word: nothing depends on it.
            let _ = timeout(self.timeouts.command, self.smtp.command(Quit)).await;
        }
    }

    async fn transact(&mut self, commands: &Commands, raw: &[u8]) -> Result<Reply, Lost> {
        let refused = if self.features.pipelining {
            self.begin_at_once(commands).await?
        } else {
            self.begin_step_by_step(commands).await?
        };
        match refused {
            Some(reply) => Ok(reply),
            None => self.finish(raw).await,
        }
    }

    /// `MAIL`, `RCPT` and `DATA`, each after the answer to the one before. Answers the refusal, if there is one.
    async fn begin_step_by_step(&mut self, commands: &Commands) -> Result<Option<Reply>, Lost> {
        let mut reply = self.command(Phase::Mail, &commands.mail).await?;
        if goes_on(&reply) {
            reply = self.command(Phase::Rcpt, &commands.rcpt).await?;
        }
        if goes_on(&reply) {
            reply = self.command(Phase::Data, Data).await?;
        }
        if goes_on(&reply) {
            return Ok(None);
        }
        if keeps_order(&reply) {
            self.reset().await;
        }
        Ok(Some(reply))
    }

    /// `MAIL`, `RCPT` and `DATA` in one write (RFC 2920). Answers the refusal, if there is one.
    async fn begin_at_once(&mut self, commands: &Commands) -> Result<Option<Reply>, Lost> {
        let mail = self.command(Phase::Mail, commands.batch()).await?;
        if !goes_on(&mail) {
            self.skip_answers(&mail, &[Phase::Rcpt, Phase::Data]).await;
            return Ok(Some(mail));
        }
        let rcpt = self.answer(Phase::Rcpt).await?;
        if !goes_on(&rcpt) {
            self.skip_answers(&rcpt, &[Phase::Data]).await;
            return Ok(Some(rcpt));
        }
        let data = self.answer(Phase::Data).await?;
        if !goes_on(&data) {
            self.skip_answers(&data, &[]).await;
            return Ok(Some(data));
        }
        Ok(None)
    }

    /// After a refusal in a batch: reads the answers to what followed, and ends the transaction. A server that wants
    /// a body nevertheless is left alone: hanging up gives it none, where a final dot might make it a mail.
    async fn skip_answers(&mut self, refused: &Reply, due: &[Phase]) {
        let mut in_order = keeps_order(refused);
        for &phase in due {
            in_order = in_order
                && match self.answer(phase).await {
                    Ok(reply) => keeps_order(&reply) || (phase == Phase::Rcpt && goes_on(&reply)),
                    Err(_) => false,
                };
        }
        if in_order {
            self.reset().await;
        }
    }

    /// Ends a transaction that was refused; if the server agrees, the connection is as good as new.
    async fn reset(&mut self) {
        let reset = timeout(self.timeouts.command, self.smtp.command(Rset)).await;
        self.clean = matches!(reset, Ok(Ok(response)) if u16::from(response.code()) == 250);
    }

    /// The body, the final dot and the answer.
    async fn finish(&mut self, raw: &[u8]) -> Result<Reply, Lost> {
        let body = body(raw);
        let progress = &self.watch.progress;
        let notice_end = iter::from_fn(|| {
            progress.body_taken();
            None
        });
        let parts = iter::once(body.as_ref()).chain(notice_end);
        let reply = answered(Phase::End, self.timeouts.data_end, self.smtp.message_iter(parts)).await?;
        let whole = self.watch.progress.all_sent();
        if !whole && reply.code < 400 {
            return Err(format!("the server answered {} before it had the whole message", reply.code));
        }
        self.clean = whole && (reply.accepted() || keeps_order(&reply));
        Ok(reply)
    }

    async fn command(&mut self, phase: Phase, command: impl Display) -> Result<Reply, Lost> {
        answered(phase, self.timeouts.command, self.smtp.command(command)).await
    }

    async fn answer(&mut self, phase: Phase) -> Result<Reply, Lost> {
        answered(phase, self.timeouts.command, self.smtp.read_response()).await
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { features, clean, .. } = self;
        f.debug_struct("Connection").field("features", features).field("clean", clean).finish_non_exhaustive()
    }
}
