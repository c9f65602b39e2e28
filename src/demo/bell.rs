//! A [`Bell`]: rung whenever there is something new to see.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Counts what is new, and wakes those who wait for it.
#[derive(Clone, Debug)]
pub struct Bell(Arc<watch::Sender<u64>>);

impl Bell {
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(1)))
    }

    pub fn ring(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// How often it was rung.
    pub fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits until it was rung more often than that, but no longer than `patience`.
    pub async fn until_after(&self, count: u64, patience: Duration) {
        let mut heard = self.0.subscribe();
        // Patience that ends is an answer, too. The sender lives as long as this.
        let _ = tokio::time::timeout(patience, heard.wait_for(|now| *now > count)).await;
    }
}
