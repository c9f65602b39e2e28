//! Mailboxes on IMAP servers: what comes in there is taken in, each mail once, in order.
//!
//! A [`Reader`] is one mailbox. Its [`step`](Reader::step) takes in what is there: mails are fetched in ascending UIDs,
//! recorded by [`receive`](super::receive::receive), then marked or moved, and only then the progress is noted. A crash
//! anywhere in between repeats the last mails, and those that are recorded are known by their content.
//!
//! - `intake` fetches and records, `aside` keeps what cannot be taken in; `lock` sees to it that one node reads a mailbox;
//!   `trouble` tells and waits.
//! - [`Mailboxes`] is what others may know: metrics, health.

mod aside;
mod intake;
mod lock;
mod state;
mod trouble;

use std::sync::Arc;

use chrono::NaiveDate;
use tracing::{info, warn};

use super::engine::Engine;
use super::error::NurtureError;
use crate::config::{MailboxConfig, Then};
use crate::domain::time::{DAY, Timestamp};
use crate::mail::ImapError;
use crate::mail::imap::{Selected, Session};
use crate::storage::DbError;
use crate::storage::mailboxes::{self, Progress};
use intake::Stuck;
use lock::Lock;
pub use state::{Mailboxes, Reading, State};
use trouble::Trouble;

/// Why a look at a mailbox came to nothing. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    #[error(transparent)]
    Imap(#[from] ImapError),
    #[error(transparent)]
    Nurture(#[from] NurtureError),
    /// The server has a mail and does not hand it out.
    #[error("the server does not hand out the mail with the UID {uid}: {said}")]
    Stuck { uid: u32, said: String },
    /// Another node has its lock.
    #[error("another node reads it")]
    Elsewhere,
}

impl From<DbError> for MailboxError {
    fn from(error: DbError) -> Self {
        Self::Nurture(error.into())
    }
}

/// Reads one mailbox.
pub struct Reader {
    name: String,
    config: MailboxConfig,
    /// See [`MailboxConfig::place`].
    place: String,
    lock: Lock,
    open: Option<Open>,
    stuck: Stuck,
    trouble: Trouble,
}

/// A mailbox whose folder is open.
struct Open {
    session: Session,
    selected: Selected,
    /// All mails up to this UID are taken in.
    last_uid: u32,
    /// The server has told of mails since the last look.
    told: bool,
}

impl Reader {
    /// A reader for each mailbox of the configuration.
    pub fn all(engine: &Engine) -> Vec<Self> {
        let all = engine.config.mailboxes.iter();
        all.map(|(name, config)| Self::new(name.clone(), config.clone())).collect()
    }

    fn new(name: String, config: MailboxConfig) -> Self {
        let place = config.place();
        Self {
            name,
            config,
            place,
            lock: Lock::default(),
            open: None,
            stuck: Stuck::default(),
            trouble: Trouble::default(),
        }
    }

    /// Takes in what is there, in a connection that is made if there is none. How many mails.
    ///
    /// It may be dropped anywhere: a mail that is being recorded is recorded all the same, and nothing is skipped.
    ///
    /// # Errors
    /// [`MailboxError`]; the next step connects anew.
    pub async fn step(&mut self, engine: &Arc<Engine>) -> Result<usize, MailboxError> {
        engine.mailboxes.begin(&self.name);
        let open = self.open.take();
        let (open, taken) = self.look(engine, open).await?;
        self.open = Some(open);
        self.trouble.over(&self.name);
        engine.mailboxes.looked(&self.name, engine.clock.now(), taken);
        Ok(taken)
    }

    async fn look(
        &mut self,
        engine: &Arc<Engine>,
        open: Option<Open>,
    ) -> Result<(Open, usize), MailboxError> {
        if !self.lock.hold(engine, &self.place).await? {
            return Err(MailboxError::Elsewhere);
        }
        let began = engine.clock.now();
        let mut open = match open {
            Some(open) => open,
            None => self.connect(engine).await?,
        };
        if !std::mem::take(&mut open.told) {
            // Nobody told of anything: so this is also the look whether the folder is still the same.
            open.selected = open.session.select(&self.config.folder, self.config.then != Then::Keep).await?;
        }
        let mut taken = 0;
        let progress = self.progress(engine, &open, began).await?;
        let before = progress.at;
        if progress.uid_validity != open.selected.uid_validity {
            taken += self.look_again(engine, &mut open, progress, began).await?;
        } else {
            open.last_uid = open.last_uid.max(progress.last_uid);
        }
        let uids = open.session.after(open.last_uid).await?;
        let span = intake::Span { part: before, whole: began };
        taken += self.take_in(engine, &mut open, &uids, Some(span)).await?;
        Ok((open, taken))
    }

    async fn connect(&self, engine: &Engine) -> Result<Open, MailboxError> {
        let mut session = Session::open(&self.config.account).await?;
        let selected = session.select(&self.config.folder, self.config.then != Then::Keep).await?;
        let waits = if session.tells_of_news() { "it tells of new mail" } else { "it is asked for new mail" };
        info!("[mailbox.{}]: {} is connected, {waits}", self.name, self.config.account);
        engine.mailboxes.connected(&self.name);
        Ok(Open { session, selected, last_uid: 0, told: true })
    }

    /// How far the mailbox has been read. One that was never looked at begins with the mails of `since`.
    async fn progress(&self, engine: &Engine, open: &Open, now: Timestamp) -> Result<Progress, MailboxError> {
        let mut tx = engine.db.read().await?;
        let known = mailboxes::progress(&mut tx, &self.place).await?;
        drop(tx);
        if let Some(known) = known {
            return Ok(known);
        }
        // No folder has this UIDVALIDITY.
        let first = Progress { uid_validity: 0, last_uid: 0, at: now - self.config.since };
        let mut tx = engine.db.begin().await?;
        mailboxes::advance(&mut tx, &self.place, first).await?;
        tx.commit().await?;
        info!(
            "[mailbox.{}]: looked at for the first time; of {} mails in {}, those since {} are taken in",
            self.name,
            open.selected.mails,
            self.config.folder,
            day(first.at)
        );
        Ok(first)
    }

    /// The UIDs are others than those that were: all mails since the last progress are looked at. What was taken in
    /// before is known by its content.
    async fn look_again(
        &mut self,
        engine: &Arc<Engine>,
        open: &mut Open,
        progress: Progress,
        began: Timestamp,
    ) -> Result<usize, MailboxError> {
        let Selected { uid_validity, uid_next, .. } = open.selected;
        if progress.uid_validity != 0 {
            warn!(
                "[mailbox.{}]: the server has numbered {} anew (UIDVALIDITY {} is {uid_validity} now); mails since {} \
                 are looked at again, and those that are recorded already are passed over",
                self.name,
                self.config.folder,
                progress.uid_validity,
                day(progress.at)
            );
        }
        let mut uids = open.session.since(day(progress.at)).await?;
        uids.retain(|uid| *uid < uid_next);
        let taken = self.take_in(engine, open, &uids, None).await?;
        open.last_uid = uid_next.saturating_sub(1);
        self.advance(engine, open, began).await?;
        Ok(taken)
    }

    async fn advance(&self, engine: &Engine, open: &Open, at: Timestamp) -> Result<(), MailboxError> {
        let to = Progress { uid_validity: open.selected.uid_validity, last_uid: open.last_uid, at };
        let mut tx = engine.db.begin().await?;
        mailboxes::advance(&mut tx, &self.place, to).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Waits until there is something to look at, or until it is time to look anyway.
    ///
    /// # Errors
    /// [`MailboxError::Imap`]: the connection is of no use any more.
    pub async fn until_news(&mut self) -> Result<(), MailboxError> {
        if let Some(mut open) = self.open.take() {
            open.told = open.session.until_news(self.config.poll).await?;
            self.open = Some(open);
        }
        Ok(())
    }

    /// Notes and tells that a step or a wait failed. How long to rest before the next.
    pub fn rest_after(&mut self, engine: &Engine, error: &MailboxError) -> std::time::Duration {
        engine.mailboxes.failed(&self.name, error);
        self.trouble.note(&self.name, error)
    }
}

/// The day before a moment: servers keep other time zones.
fn day(at: Timestamp) -> NaiveDate {
    (at - DAY).utc().date_naive()
}
