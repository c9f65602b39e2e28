//! How many messages may be claimed now under the rates of a lane and of the relay.

use super::engine::Engine;
use super::error::NurtureResult;
use crate::domain::rate::Rate;
use crate::domain::time::Timestamp;
use crate::storage::{Tx, lanes};

/// What the rates leave for one transaction. The rows of the rates are locked until it ends.
pub struct Allowance {
    limits: Vec<Limit>,
    now: Timestamp,
}

struct Limit {
    name: String,
    rate: Rate,
    tat: Option<Timestamp>,
}

impl Allowance {
    /// Reads the limits that bind this lane: its own, and those of every relay.
    pub async fn read(tx: &mut Tx, engine: &Engine, lane: i64, now: Timestamp) -> NurtureResult<Self> {
        let mut limits = Vec::new();
        for (name, rate) in engine.rates(lane) {
            let tat = lanes::rate(tx, &name).await?;
            limits.push(Limit { name, rate, tat });
        }
        Ok(Self { limits, now })
    }

    /// How many messages may be claimed.
    pub fn left(&self) -> usize {
        let left = self.limits.iter().map(|limit| limit.rate.take(limit.tat, self.now, i64::MAX).0);
        left.min().map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(0))
    }

    /// When one more may be claimed; none: now.
    pub fn free_at(&self) -> Option<Timestamp> {
        let free = self.limits.iter().map(|limit| limit.rate.free_at(limit.tat, self.now));
        free.max().filter(|free| *free > self.now)
    }

    /// Counts messages that were claimed.
    pub async fn take(&mut self, tx: &mut Tx, count: usize) -> NurtureResult<()> {
        for limit in &self.limits {
            let (_, tat) = limit.rate.take(limit.tat, self.now, count as i64);
            lanes::set_rate(tx, &limit.name, tat).await?;
        }
        Ok(())
    }
}
