//! What is done to a mail that was taken in.

use super::connection::{Failure, Refusal};
use super::error::ImapError;
use super::folder::folder_argument;
use super::session::Session;
use super::set::uid_set;

impl Session {
    /// Marks mails as seen. Those that are gone are passed over.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        self.flag(uids, "\\Seen").await.map_err(|failure| failure.of("to mark mails as seen"))
    }

    /// Moves mails into another folder, which is made if it is missing. Those that are gone are passed over.
    ///
    /// # Errors
    /// [`ImapError::Lost`], [`ImapError::Refused`].
    pub async fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        let moved = match self.try_move(uids, folder).await {
            Err(Failure::Refused(Refusal { try_create: true, .. })) => {
                let create = format!("CREATE {}", folder_argument(folder));
                self.plainly(&create)
                    .await
                    .map_err(|failure| failure.of("to make the folder for what was taken in"))?;
                self.try_move(uids, folder).await
            }
            tried => tried,
        };
        moved.map_err(|failure| failure.of("to move mails"))
    }

    async fn try_move(&mut self, uids: &[u32], folder: &str) -> Result<(), Failure> {
        let (set, folder) = (uid_set(uids), folder_argument(folder));
        if self.abilities.moves {
            return self.plainly(&format!("UID MOVE {set} {folder}")).await;
        }
        self.plainly(&format!("UID COPY {set} {folder}")).await?;
        self.flag(uids, "\\Seen \\Deleted").await?;
        if self.abilities.uid_plus {
            self.plainly(&format!("UID EXPUNGE {set}")).await?;
        }
        // A plain EXPUNGE would take along what others have marked. Without UIDPLUS the mail stays, marked as deleted.
        Ok(())
    }

    async fn flag(&mut self, uids: &[u32], flags: &str) -> Result<(), Failure> {
        if uids.is_empty() {
            return Ok(());
        }
        self.plainly(&format!("UID STORE {} +FLAGS.SILENT ({flags})", uid_set(uids))).await
    }

    async fn plainly(&mut self, command: &str) -> Result<(), Failure> {
        self.connection.command(command, |_| ()).await.map(|_| ())
    }
}
