//! Waiting for something to happen, and time for an engine with a manual clock.

use std::time::{Duration, Instant};

use dripline::nurture::{Engine, pace};

/// The pause between two looks at something that is to happen.
pub const LOOK: Duration = Duration::from_millis(2);

/// Waits until nothing is due, on the wire, or left to be told.
pub async fn settle(engine: &Engine) {
    assert!(pace::settle(engine).await.unwrap(), "the engine does not come to rest");
}

/// Lets time pass, stopping at everything that falls due on the way.
pub async fn pass(engine: &Engine, millis: i64) {
    assert!(pace::pass(engine, millis).await.unwrap(), "the engine does not come to rest");
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
