//! Time for an engine with a manual clock: it passes from one thing that falls due to the next.

use std::time::{Duration, Instant};

use dripline::domain::time::Timestamp;
use dripline::nurture::{Engine, judge, pump};
use dripline::storage::{enrollments, outbox};

/// The pause between two looks at something that is to happen.
pub const LOOK: Duration = Duration::from_millis(2);

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until nothing is due, on the wire, or left to be told.
pub async fn settle(engine: &Engine) {
    let give_up = Instant::now() + PATIENCE;
    while !pump::is_idle(engine).await.unwrap() {
        assert!(Instant::now() < give_up, "the engine does not come to rest");
        tokio::time::sleep(LOOK).await;
    }
}

/// Lets time pass, stopping at everything that falls due on the way.
pub async fn pass(engine: &Engine, millis: i64) {
    let target = engine.clock.now() + millis;
    loop {
        settle(engine).await;
        match next_due(engine).await.filter(|due| *due <= target) {
            Some(due) => set_clock(engine, due.max(engine.clock.now())),
            None => break,
        }
    }
    set_clock(engine, target);
    settle(engine).await;
}

fn set_clock(engine: &Engine, to: Timestamp) {
    engine.clock.set(to);
    engine.hint();
}

async fn next_due(engine: &Engine) -> Option<Timestamp> {
    let mut tx = engine.db.read().await.unwrap();
    let lanes = enrollments::lanes(&mut tx).await.unwrap();
    let told = outbox::next(&mut tx).await.unwrap();
    let judged = judge::next(engine, &mut tx).await.unwrap();
    // What is due and rests all the same is in a lane that pauses.
    let later = |due: &Timestamp| *due > engine.clock.now();
    lanes.into_iter().map(|(_, due)| due).chain(told).chain(judged).filter(later).min()
}

/// Asks again and again until there is an answer.
pub async fn until<T>(patience: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + patience;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < give_up, "it does not happen");
        tokio::time::sleep(LOOK).await;
    }
}
