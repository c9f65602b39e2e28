//! Which mails are there.

use chrono::NaiveDate;
use imap_proto::{MailboxDatum, Response};

use super::error::ImapError;
use super::session::Session;
use super::set::uid_set;

impl Session {
    /// The UIDs after this one, ascending.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn after(&mut self, uid: u32) -> Result<Vec<u32>, ImapError> {
        // What is told from here on may be of mails that this search does not find.
        self.connection.news = false;
        let Some(first) = uid.checked_add(1) else { return Ok(Vec::new()) };
        let mut found = self.search(&format!("UID {first}:*")).await?;
        // `*` is the last mail, whatever its UID: with none after it, the range is turned round.
        found.retain(|found| *found > uid);
        Ok(found)
    }

    /// The UIDs of mails that came in on this day of the server's or later, ascending.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn since(&mut self, day: NaiveDate) -> Result<Vec<u32>, ImapError> {
        self.search(&format!("SINCE {}", day.format("%-d-%b-%Y"))).await
    }

    /// Those of these UIDs that are still there, ascending.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn still_there(&mut self, uids: &[u32]) -> Result<Vec<u32>, ImapError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        self.search(&format!("UID {}", uid_set(uids))).await
    }

    async fn search(&mut self, what: &str) -> Result<Vec<u32>, ImapError> {
        let mut found = Vec::new();
        let command = format!("UID SEARCH {what}");
        let searched = self.connection.command(&command, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids);
            }
        });
        searched.await.map_err(|failure| failure.of("a search"))?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}
