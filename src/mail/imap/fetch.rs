//! The mails themselves.

use imap_proto::{AttributeValue, Response};

use super::error::ImapError;
use super::session::Session;
use super::set::uid_set;

impl Session {
    /// The size of each of these mails, in bytes, by UID; of those that are still there.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn sizes(&mut self, uids: &[u32]) -> Result<Vec<(u32, u64)>, ImapError> {
        let size = |attribute: &mut AttributeValue<'static>| match attribute {
            AttributeValue::Rfc822Size(size) => Some(u64::from(*size)),
            _ => None,
        };
        self.fetch(uids, "RFC822.SIZE", size).await
    }

    /// The first `most` bytes of each of these mails, by UID; of those that are still there. They stay unread.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn mails(&mut self, uids: &[u32], most: usize) -> Result<Vec<(u32, Vec<u8>)>, ImapError> {
        self.fetch(uids, &format!("BODY.PEEK[]<0.{most}>"), body).await
    }

    /// The first `most` bytes of a mail's header; none if it is gone.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn header(&mut self, uid: u32, most: usize) -> Result<Option<Vec<u8>>, ImapError> {
        let fetched = self.fetch(&[uid], &format!("BODY.PEEK[HEADER]<0.{most}>"), body).await?;
        Ok(fetched.into_iter().find(|(found, _)| *found == uid).map(|(_, header)| header))
    }

    /// Something of each of these mails, by UID, ascending.
    async fn fetch<T>(
        &mut self,
        uids: &[u32],
        what: &str,
        read: impl Fn(&mut AttributeValue<'static>) -> Option<T>,
    ) -> Result<Vec<(u32, T)>, ImapError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::with_capacity(uids.len());
        let command = format!("UID FETCH {} (UID {what})", uid_set(uids));
        let fetched = self.connection.command(&command, |response| {
            // Servers also tell of flags that somebody else changed: those come without what was asked for.
            if let Response::Fetch(_, mut attributes) = response
                && let Some(uid) = attributes.iter().find_map(uid)
                && let Some(value) = attributes.iter_mut().find_map(&read)
                && uids.binary_search(&uid).is_ok()
            {
                found.push((uid, value));
            }
        });
        fetched.await.map_err(|failure| failure.of("to hand out mails"))?;
        found.sort_by_key(|(uid, _)| *uid);
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }
}

fn uid(attribute: &AttributeValue<'_>) -> Option<u32> {
    match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    }
}

/// What was fetched of a body. NIL is none: some servers say so of a mail that is gone.
fn body(attribute: &mut AttributeValue<'static>) -> Option<Vec<u8>> {
    match attribute {
        AttributeValue::BodySection { data, .. } => data.take().map(|data| data.into_owned()),
        _ => None,
    }
}
