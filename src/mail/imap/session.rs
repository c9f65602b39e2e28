//! [`Session`]: a connection that has logged in, and the folder that it has opened.

use imap_proto::{MailboxDatum, Response, ResponseCode};

use super::connection::{Connection, Failure};
use super::error::ImapError;
use super::folder::folder_argument;

/// A connection that has logged in. Dropped, it hangs up.
pub struct Session {
    pub(super) connection: Connection,
    pub(super) abilities: Abilities,
}

/// Which extensions of the protocol the server has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// It tells of new mails (RFC 2177).
    pub idle: bool,
    /// It moves mails in one step (RFC 6851).
    pub moves: bool,
    /// It deletes certain mails for good, and not all that are marked so (RFC 4315).
    pub uid_plus: bool,
}

impl Abilities {
    pub fn of(offered: &[String]) -> Self {
        let can = |name: &str| offered.iter().any(|offered| offered == name);
        Self { idle: can("IDLE"), moves: can("MOVE"), uid_plus: can("UIDPLUS") }
    }
}

/// A folder as it is when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The folder's UIDs are those that were, as long as this stays.
    pub uid_validity: u32,
    /// The next mail has this UID, or a greater one.
    pub uid_next: u32,
    /// Mails in it.
    pub mails: u32,
}

impl Session {
    pub(super) fn new(connection: Connection, abilities: Abilities) -> Self {
        Self { connection, abilities }
    }

    /// Whether the server tells of new mails by itself.
    pub fn tells_of_news(&self) -> bool {
        self.abilities.idle
    }

    /// Opens a folder, to change flags in it only if `to_change`.
    ///
    /// # Errors
    /// [`ImapError::Folder`], [`ImapError::Lost`].
    pub async fn select(&mut self, folder: &str, to_change: bool) -> Result<Selected, ImapError> {
        let verb = if to_change { "SELECT" } else { "EXAMINE" };
        let (mut validity, mut next, mut mails) = (None, None, 0);
        let command = format!("{verb} {}", folder_argument(folder));
        let opened = self.connection.command(&command, |response| match response {
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(number)) => validity = Some(number),
                Some(ResponseCode::UidNext(number)) => next = Some(number),
                _ => {}
            },
            Response::MailboxData(MailboxDatum::Exists(number)) => mails = number,
            _ => {}
        });
        let cannot = |said: String| ImapError::Folder { folder: folder.to_owned(), said };
        opened.await.map_err(|failure| match failure {
            Failure::Refused(refusal) => cannot(refusal.said),
            Failure::Lost(error) => error,
        })?;
        // RFC 3501 asks for both. A server without has no UIDs that last.
        match (validity, next) {
            (Some(uid_validity), Some(uid_next)) => Ok(Selected { uid_validity, uid_next, mails }),
            _ => Err(cannot("the server does not say UIDVALIDITY and UIDNEXT".to_owned())),
        }
    }
}
