//! What is still to be told outside: mails to reps, and calls to webhooks.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::engine::Engine;
use super::error::NurtureResult;
use super::notify::MAIL;
use super::webhook;
use crate::domain::time::Timestamp;
use crate::storage::Tx;
use crate::storage::outbox::{self, OutboxItem};

/// Counts who is telling something just now: once an item is leased, the outbox looks as if there was nothing to do.
#[derive(Debug, Default)]
pub struct Telling {
    tellers: AtomicUsize,
    news: Notify,
}

/// Somebody is telling something until this is dropped.
pub(super) struct Teller<'a>(&'a Telling);

impl Telling {
    pub(super) fn begin(&self) -> Teller<'_> {
        self.tellers.fetch_add(1, Ordering::SeqCst);
        Teller(self)
    }

    /// Whether anybody is.
    pub fn is_on(&self) -> bool {
        self.tellers.load(Ordering::SeqCst) > 0
    }

    /// Says that there are words for a rep. A hint: whoever tells looks for them by itself a moment later.
    pub(super) fn hint(&self) {
        self.news.notify_one();
    }

    /// Waits for a hint.
    pub async fn until_hint(&self) {
        self.news.notified().await;
    }
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        self.0.tellers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Takes what is due to be told in one way, at most so many items. Nobody else does for `lease` milliseconds.
pub(super) async fn claim(
    engine: &Engine,
    kind: &str,
    most: i64,
    lease: i64,
) -> NurtureResult<Vec<OutboxItem>> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let now = engine.clock.now();
    let mut tx = engine.db.read().await?;
    let next = outbox::next(&mut tx, kind).await?;
    drop(tx);
    if next.is_none_or(|due| due > now) {
        return Ok(Vec::new());
    }
    let mut tx = engine.db.begin().await?;
    let items = outbox::due(&mut tx, kind, now, most).await?;
    let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    outbox::lease(&mut tx, &ids, now + lease).await?;
    tx.commit().await?;
    Ok(items)
}

/// When the next thing is due to be told. What is for a webhook that dripline.toml does not name is told by nobody.
pub(super) async fn next(engine: &Engine, tx: &mut Tx) -> NurtureResult<Option<Timestamp>> {
    let mut next = outbox::next(tx, MAIL).await?;
    for name in engine.config.webhooks.keys() {
        let due = outbox::next(tx, &webhook::kind(name)).await?;
        next = next.into_iter().chain(due).min();
    }
    Ok(next)
}
