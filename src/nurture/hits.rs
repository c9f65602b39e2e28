//! Storing opens and clicks: many share a commit, and each is durable when it is answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tracing::error;

use super::engine::Engine;
use super::error::NurtureResult;
use crate::domain::hit::Hit;
use crate::storage::hits;

/// The most hits of one transaction: a writer that holds the database longer delays mails and stops.
const BATCH: usize = 512;

/// The hits that wait to be stored.
#[derive(Default)]
pub struct HitQueue {
    state: Mutex<State>,
    stored: AtomicU64,
    commits: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Somebody is storing what waits.
    writing: bool,
}

struct Waiting {
    hit: Hit,
    answer: oneshot::Sender<bool>,
}

impl HitQueue {
    /// How many hits were stored since the start, and in how many commits.
    pub fn counts(&self) -> (u64, u64) {
        (self.stored.load(Ordering::Relaxed), self.commits.load(Ordering::Relaxed))
    }

    /// Puts a hit in. Whether nobody is storing what waits, so that the caller has to see to it.
    fn put(&self, waiting: Waiting) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push(waiting);
        !std::mem::replace(&mut state.writing, true)
    }

    /// What is to be stored next. Nothing: whoever comes next has to see to it.
    fn take(&self) -> Vec<Waiting> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = state.waiting.len().min(BATCH);
        let rest = state.waiting.split_off(rest);
        let batch = std::mem::replace(&mut state.waiting, rest);
        state.writing = !batch.is_empty();
        batch
    }
}

/// Stores a hit, together with those that come at the same time. False: it could not be stored.
pub async fn record(engine: &Arc<Engine>, hit: Hit) -> bool {
    let (answer, stored) = oneshot::channel();
    if engine.hits.put(Waiting { hit, answer }) {
        // In a task of its own: whoever asked may hang up, and others wait for the same commit.
        tokio::spawn(store_waiting(engine.clone()));
    }
    stored.await.unwrap_or(false)
}

async fn store_waiting(engine: Arc<Engine>) {
    loop {
        // Others that are being served at this moment come along.
        tokio::task::yield_now().await;
        let batch = engine.hits.take();
        if batch.is_empty() {
            return;
        }
        let (hits, answers): (Vec<Hit>, Vec<oneshot::Sender<bool>>) =
            batch.into_iter().map(|waiting| (waiting.hit, waiting.answer)).unzip();
        let stored = store(&engine, &hits).await;
        if let Err(error) = &stored {
            error!("{} opens and clicks could not be stored: {error}", hits.len());
        }
        for answer in answers {
            // Nobody waits any more: they hung up.
            let _ = answer.send(stored.is_ok());
        }
    }
}

async fn store(engine: &Engine, new: &[Hit]) -> NurtureResult<()> {
    let mut tx = engine.db.begin().await?;
    hits::insert(&mut tx, new).await?;
    tx.commit().await?;
    engine.hits.stored.fetch_add(new.len() as u64, Ordering::Relaxed);
    engine.hits.commits.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
