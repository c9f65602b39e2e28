//! Waiting for what comes.

use std::time::Duration;

use imap_proto::{Response, Status};
use tokio::time::{Instant, sleep};

use super::connection::text;
use super::error::ImapError;
use super::session::Session;

impl Session {
    /// Waits until the server tells of new mails, `longest` at most: then somebody should look. True if it told.
    ///
    /// A connection that was cut without a word is noticed by the end of the wait: the server has to answer then.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn until_news(&mut self, longest: Duration) -> Result<bool, ImapError> {
        if self.connection.news {
            return Ok(true);
        }
        if !self.abilities.idle {
            sleep(longest).await;
            return Ok(false);
        }
        let until = Instant::now() + longest;
        let tag = self.connection.begin("IDLE").await?;
        self.until_idling(&tag).await?;
        while !self.connection.news {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.connection.next_within(left).await?.is_none() {
                break;
            }
        }
        let told = self.connection.news;
        self.connection.send("DONE").await?;
        self.until_done(&tag).await?;
        Ok(told)
    }

    async fn until_idling(&mut self, tag: &str) -> Result<(), ImapError> {
        loop {
            match self.connection.next().await? {
                Response::Continue(_) => return Ok(()),
                Response::Done { tag: done, outcome, .. } if done.0 == tag => {
                    return Err(ImapError::Refused { what: "to wait (IDLE)", said: text(&outcome) });
                }
                _ => {}
            }
        }
    }

    async fn until_done(&mut self, tag: &str) -> Result<(), ImapError> {
        loop {
            match self.connection.next().await? {
                Response::Done { tag: done, status, outcome } if done.0 == tag => match status {
                    Status::Ok => return Ok(()),
                    _ => return Err(ImapError::Refused { what: "to wait (IDLE)", said: text(&outcome) }),
                },
                _ => {}
            }
        }
    }
}
