//! One node reads a mailbox at a time. On SQLite there is one server; on PostgreSQL a session holds an advisory lock,
//! which ends with the process.

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use crate::nurture::engine::Engine;
use crate::nurture::error::NurtureResult;
use crate::nurture::liveness::{PATIENCE, lock_session};

/// The lock of a mailbox. If two nodes should ever hold it, each mail is still recorded once: it saves work, no more.
#[derive(Default)]
pub(super) struct Lock(Option<PgConnection>);

impl Lock {
    /// Takes the lock if it is free, or sees to it that it is still held. False: another node has it.
    pub async fn hold(&mut self, engine: &Engine, place: &str) -> NurtureResult<bool> {
        let Some(pool) = engine.db.postgres() else { return Ok(true) };
        if let Some(mut session) = self.0.take()
            && matches!(timeout(PATIENCE, session.ping()).await, Ok(Ok(())))
        {
            self.0 = Some(session);
            return Ok(true);
        }
        self.0 = lock_session(pool, &format!("mailbox {place}")).await?;
        Ok(self.0.is_some())
    }
}
