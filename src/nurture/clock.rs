//! The clock that decides when things are due. Liveness and deadlines never ask it: they use monotonic time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{MINUTE, Timestamp};

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The wall clock of the machine.
    System,
    /// A clock that moves only when asked, for tests and the demo.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A manual clock.
    pub fn manual(start: Timestamp) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(start.millis())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            // A wall clock before 1970 is as good as 1970.
            Clock::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(Timestamp::default(), |since| Timestamp::from_millis(since.as_millis() as i64)),
            Clock::Manual(millis) => Timestamp::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock. The wall clock stays as it is.
    pub fn set(&self, to: Timestamp) {
        if let Clock::Manual(millis) = self {
            millis.store(to.millis(), Ordering::SeqCst);
        }
    }
}

/// By how many milliseconds wall time may part from monotonic time between two looks: corrections by NTP are far
/// smaller, and a wrong clock or a long sleep of the machine is far more.
const LARGEST_STEP: i64 = 10 * MINUTE;

/// Notices when the wall clock jumps.
#[derive(Debug)]
pub struct ClockWatch {
    wall: Timestamp,
    monotonic: Instant,
}

impl ClockWatch {
    pub fn new(clock: &Clock) -> Self {
        Self { wall: clock.now(), monotonic: Instant::now() }
    }

    /// By how many milliseconds the wall clock jumped since the last look, if it did. A manual clock never jumps.
    pub fn jumped(&mut self, clock: &Clock) -> Option<i64> {
        let last = std::mem::replace(self, Self::new(clock));
        let step = (self.wall - last.wall) - (self.monotonic - last.monotonic).as_millis() as i64;
        (matches!(clock, Clock::System) && step.abs() > LARGEST_STEP).then_some(step)
    }
}
