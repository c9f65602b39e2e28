//! Time for an engine with a manual clock: it passes from one thing that falls due to the next, so that nothing that
//! would have happened on the way is left out.

use std::time::{Duration, Instant};

use super::engine::Engine;
use super::error::NurtureResult;
use super::{deadlines, judge, pump, routing, telling};
use crate::domain::time::Timestamp;
use crate::storage::enrollments;

/// The pause between two looks at something that is to happen.
const LOOK: Duration = Duration::from_millis(2);

/// How long things that are due now may take, in real time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until nothing is due, on the wire, or left to be told. False: it did not come to that within a minute.
///
/// # Errors
/// The database.
pub async fn settle(engine: &Engine) -> NurtureResult<bool> {
    let give_up = Instant::now() + PATIENCE;
    while !pump::is_idle(engine).await? {
        if Instant::now() > give_up {
            return Ok(false);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(true)
}

/// Lets so many milliseconds pass, stopping at everything that falls due on the way. False: as of [`settle`].
///
/// # Errors
/// The database.
pub async fn pass(engine: &Engine, millis: i64) -> NurtureResult<bool> {
    let target = engine.clock.now() + millis;
    loop {
        if !settle(engine).await? {
            return Ok(false);
        }
        match next_due(engine).await?.filter(|due| *due <= target) {
            Some(due) => set_clock(engine, due.max(engine.clock.now())),
            None => break,
        }
    }
    set_clock(engine, target);
    settle(engine).await
}

fn set_clock(engine: &Engine, to: Timestamp) {
    engine.clock.set(to);
    engine.hint();
}

async fn next_due(engine: &Engine) -> NurtureResult<Option<Timestamp>> {
    let mut tx = engine.db.read().await?;
    let lanes = enrollments::lanes(&mut tx).await?;
    let told = telling::next(engine, &mut tx).await?;
    let judged = judge::next(engine, &mut tx).await?;
    let routed = routing::next(&mut tx).await?;
    let waiting = deadlines::next(&mut tx).await?;
    // What is due and rests all the same is in a lane that pauses.
    let later = |due: &Timestamp| *due > engine.clock.now();
    let others = told.into_iter().chain(judged).chain(routed).chain(waiting);
    Ok(lanes.into_iter().map(|(_, due)| due).chain(others).filter(later).min())
}
