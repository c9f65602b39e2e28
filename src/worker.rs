//! The loops of a running server over the steps of [`crate::nurture`].

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::domain::time::SECOND;
use crate::nurture::clock::ClockWatch;
use crate::nurture::mailbox::Reader;
use crate::nurture::pump::{LOOK_EVERY, Pump, Stepped};
use crate::nurture::{
    Engine, NurtureResult, company, deadlines, deliver, judge, notify, pause, rollout, routing, webhook,
};

/// How long a loop rests after an error of the database.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// How often calls of webhooks that are gone are looked for.
const LOOK_FOR_ABANDONED: Duration = Duration::from_secs(60 * 60);

/// Starts every loop. They end after `shutdown`, once what is on the wire has ended and is recorded.
pub fn start(engine: &Arc<Engine>, tasks: &TaskTracker, shutdown: &CancellationToken) {
    for (place, relay) in engine.relays.iter().enumerate() {
        for _ in 0..relay.max_connections {
            let engine = engine.clone();
            tasks.spawn(async move { deliver::run(&engine, place).await });
        }
    }
    tasks.spawn(pump_loop(engine.clone(), shutdown.clone()));
    // One each: a relay that hangs keeps no step waiting for a judgement.
    tasks.spawn(side_loop(engine.clone(), shutdown.clone(), roll_out));
    tasks.spawn(side_loop(engine.clone(), shutdown.clone(), judge_hits));
    tasks.spawn(tell_loop(engine.clone(), shutdown.clone()));
    tasks.spawn(side_loop(engine.clone(), shutdown.clone(), route_leads));
    tasks.spawn(side_loop(engine.clone(), shutdown.clone(), watch_clocks));
    tasks.spawn(abandoned_loop(engine.clone(), shutdown.clone()));
    for name in engine.config.webhooks.keys() {
        tasks.spawn(webhook_loop(engine.clone(), shutdown.clone(), name.clone()));
    }
    for reader in Reader::all(engine) {
        tasks.spawn(mailbox_loop(engine.clone(), shutdown.clone(), reader));
    }
    let (engine, shutdown) = (engine.clone(), shutdown.clone());
    tasks.spawn(async move {
        shutdown.cancelled().await;
        engine.registry.close();
    });
}

async fn pump_loop(engine: Arc<Engine>, shutdown: CancellationToken) {
    let mut pump = Pump::default();
    let mut watch = ClockWatch::new(&engine.clock);
    while !(shutdown.is_cancelled() && engine.registry.is_empty()) {
        if let Some(jump) = watch.jumped(&engine.clock) {
            hold_for_clock(&engine, jump).await;
        }
        match pump.step(&engine).await {
            Ok(stepped) if stepped.idle() => rest(&engine, stepped).await,
            Ok(_) => {}
            Err(error) => {
                error!("the pump: {error}");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

/// Waits until there is something to do, or the next look at the database is due.
async fn rest(engine: &Engine, stepped: Stepped) {
    let until = stepped.next.map_or(LOOK_EVERY, |next| next - engine.clock.now()).clamp(1, LOOK_EVERY);
    tokio::select! {
        () = engine.until_hint() => {}
        () = engine.registry.until_ended() => {}
        () = tokio::time::sleep(Duration::from_millis(until.unsigned_abs())) => {}
    }
}

/// A wall clock that jumped may make everything due at once, or nothing: a person decides.
async fn hold_for_clock(engine: &Engine, jump: i64) {
    let because = format!(
        "the clock of this machine jumped by {} s; check it, then run `dripline resume`",
        jump / SECOND
    );
    error!("sending is paused: {because}");
    if let Err(error) = pause::pause(engine, &because).await {
        error!("the pause could not be stored: {error}");
    }
}

/// What need not be fast: a loop over one step, which answers whether there was something to do.
async fn side_loop<F>(engine: Arc<Engine>, shutdown: CancellationToken, step: impl Fn(Arc<Engine>) -> F)
where
    F: Future<Output = NurtureResult<bool>>,
{
    while !shutdown.is_cancelled() {
        let pause = match step(engine.clone()).await {
            Ok(true) => continue,
            Ok(false) => Duration::from_millis(LOOK_EVERY.unsigned_abs() / 4),
            Err(error) => {
                warn!("{error}");
                AFTER_ERROR
            }
        };
        let _ = tokio::time::timeout(pause, shutdown.cancelled()).await;
    }
}

/// Calls a webhook. What is on its way at a shutdown is told again.
async fn webhook_loop(engine: Arc<Engine>, shutdown: CancellationToken, name: String) {
    let calls = side_loop(engine, shutdown.clone(), |engine| {
        let name = name.clone();
        async move { webhook::send::step(&engine, &name).await }
    });
    shutdown.run_until_cancelled(calls).await;
}

/// Tells reps: at once what a lead wrote, soon all else.
async fn tell_loop(engine: Arc<Engine>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let pause = match notify::step(&engine).await {
            Ok(1..) => continue,
            Ok(0) => Duration::from_millis(LOOK_EVERY.unsigned_abs() / 4),
            Err(error) => {
                warn!("{error}");
                AFTER_ERROR
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = engine.telling.until_hint() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Gives up calls of webhooks that are gone.
async fn abandoned_loop(engine: Arc<Engine>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = webhook::send::give_up_abandoned(&engine).await {
            warn!("webhooks: {error}");
        }
        let _ = tokio::time::timeout(LOOK_FOR_ABANDONED, shutdown.cancelled()).await;
    }
}

/// Takes in what comes into a mailbox.
async fn mailbox_loop(engine: Arc<Engine>, shutdown: CancellationToken, mut reader: Reader) {
    loop {
        let round = async {
            reader.step(&engine).await?;
            reader.until_news().await
        };
        let rest = match shutdown.run_until_cancelled(round).await {
            None => break,
            Some(Ok(())) => continue,
            Some(Err(error)) => reader.rest_after(&engine, &error),
        };
        let _ = tokio::time::timeout(rest, shutdown.cancelled()).await;
    }
}

async fn roll_out(engine: Arc<Engine>) -> NurtureResult<bool> {
    rollout::step(&engine).await
}

async fn judge_hits(engine: Arc<Engine>) -> NurtureResult<bool> {
    judge::step(&engine).await
}

async fn route_leads(engine: Arc<Engine>) -> NurtureResult<bool> {
    let handed_over = routing::step(&engine).await?;
    Ok(company::step(&engine).await? || handed_over)
}

async fn watch_clocks(engine: Arc<Engine>) -> NurtureResult<bool> {
    deadlines::step(&engine).await
}
