//! Calling webhooks: what is due in the outbox, in order for each lead, a few leads at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::call::{Answer, Post, post};
use super::kind;
use crate::config::WebhookConfig;
use crate::domain::event::{Details, EventKind};
use crate::domain::outcome::{RETRY_FOR, backoff};
use crate::domain::time::SECOND;
use crate::domain::webhook::signatures;
use crate::nurture::engine::Engine;
use crate::nurture::error::NurtureResult;
use crate::nurture::telling;
use crate::storage::events::{self, Event};
use crate::storage::outbox::{self, OutboxItem};

/// The longest call, from the first look for its address to the head of the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Nobody else makes a call while it may still run, in milliseconds.
const LEASE: i64 = 30 * SECOND;

/// Calls of one webhook at once: as many leads.
const AT_ONCE: usize = 8;

/// While calls run, how often it is looked whether there are more to make.
const LOOK: Duration = Duration::from_millis(250);

/// The longest rest that a receiver can ask for, in seconds.
const LONGEST_REST: i64 = 2 * 60 * 60;

/// Items of a webhook that is gone, looked at in one transaction.
const BATCH: i64 = 64;

/// How a call ended.
enum Ended {
    Done,
    /// It makes sense to try again, perhaps not before some milliseconds are over.
    Again {
        why: String,
        rest: i64,
    },
    /// Nobody wants to be told.
    Gone(String),
}

/// Calls a webhook until nothing is due for it. False: nothing was.
///
/// # Errors
/// The database; what was not recorded is told once more.
pub async fn step(engine: &Arc<Engine>, name: &str) -> NurtureResult<bool> {
    let _telling = engine.telling.begin();
    let mut calls = JoinSet::new();
    let mut made = false;
    loop {
        let room = i64::try_from(AT_ONCE - calls.len()).unwrap_or(0);
        for item in telling::claim(engine, &kind(name), room, LEASE).await? {
            let (engine, name) = (engine.clone(), name.to_owned());
            calls.spawn(async move {
                let ended = attempt(&engine, &name, &item).await;
                (item, ended)
            });
            made = true;
        }
        if calls.is_empty() {
            return Ok(made);
        }
        if let Ok(Some(Ok((item, ended)))) = tokio::time::timeout(LOOK, calls.join_next()).await {
            note(engine, name, &item, ended).await?;
        }
    }
}

async fn attempt(engine: &Engine, name: &str, item: &OutboxItem) -> Ended {
    let Some(webhook) = engine.config.webhooks.get(name) else {
        return Ended::Gone(format!("there is no [webhook.{name}] in dripline.toml"));
    };
    match tokio::time::timeout(PATIENCE, call(engine, webhook, item)).await {
        Ok(Ok(answer)) => judge(answer),
        Ok(Err(why)) => Ended::Again { why, rest: 0 },
        Err(_) => Ended::Again { why: format!("no answer within {} s", PATIENCE.as_secs()), rest: 0 },
    }
}

async fn call(engine: &Engine, webhook: &WebhookConfig, item: &OutboxItem) -> Result<Answer, String> {
    // The same for every try, so that the receiver knows a repeat.
    let id = format!("msg_{}", engine.keys.message_id(0, item.id));
    let seconds = engine.clock.now().millis().div_euclid(SECOND);
    let signature = signatures(&webhook.keys, &id, seconds, &item.payload);
    let to_post = Post { id: &id, seconds, signature: &signature, body: &item.payload };
    post(&engine.network, webhook, to_post).await
}

/// What an answer means: only 2xx is a yes, and 410 a no for good.
fn judge(answer: Answer) -> Ended {
    let Answer { status, retry_after, words } = answer;
    let why = format!("it answered {status} {words}").trim_end().to_owned();
    match status {
        200..=299 => Ended::Done,
        300..=399 => Ended::Again { why: format!("{why}; redirects are not followed"), rest: 0 },
        410 => Ended::Gone(format!("{why}: it wants to be told no more")),
        _ => {
            let rest = retry_after.unwrap_or(0).clamp(0, LONGEST_REST) * SECOND;
            Ended::Again { why, rest }
        }
    }
}

/// Records how a call ended.
async fn note(engine: &Engine, name: &str, item: &OutboxItem, ended: Ended) -> NurtureResult<()> {
    let now = engine.clock.now();
    let mut tx = engine.db.begin().await?;
    let outcome = match ended {
        Ended::Done => {
            outbox::done(&mut tx, item.id, None, now).await?;
            "done"
        }
        Ended::Again { why, rest } if now - item.first_at < RETRY_FOR => {
            let due = now + backoff(item.attempt + 1, item.id.unsigned_abs()).max(rest);
            outbox::retry(&mut tx, item.id, due, &why).await?;
            warn!(webhook = name, outbox.id = item.id, "a webhook was not told, and will be: {why}");
            "failed"
        }
        Ended::Again { why, .. } | Ended::Gone(why) => {
            give_up(engine, &mut tx, item, &why).await?;
            "given_up"
        }
    };
    tx.commit().await?;
    engine.metrics.called(name, outcome);
    debug!(webhook = name, outbox.id = item.id, lead.id = item.lead, outcome, "webhook called");
    Ok(())
}

async fn give_up(
    engine: &Engine,
    tx: &mut crate::storage::Tx,
    item: &OutboxItem,
    why: &str,
) -> NurtureResult<()> {
    warn!(outbox.id = item.id, lead.id = item.lead, "a {} is given up: {why}", item.kind);
    let now = engine.clock.now();
    outbox::done(tx, item.id, Some(why), now).await?;
    let details =
        Details { about: Some(item.kind.clone()), because: Some(why.to_owned()), ..Details::default() };
    let untold = Event { lead: item.lead, message: None, kind: EventKind::Untold, at: now, details };
    // Not announced: what cannot be told is no news for a webhook.
    events::insert(tx, &[untold]).await?;
    Ok(())
}

/// Gives up what is for webhooks that dripline.toml does not name any more, once it is a day old: another node, with
/// another file, may know them.
///
/// # Errors
/// The database.
pub async fn give_up_abandoned(engine: &Engine) -> NurtureResult<()> {
    let mut tx = engine.db.read().await?;
    let kinds = outbox::kinds(&mut tx).await?;
    drop(tx);
    let named = |name: &str| engine.config.webhooks.contains_key(name);
    for kind in kinds {
        let Some(name) = kind.strip_prefix("webhook ").filter(|name| !named(name)) else { continue };
        while give_up_some(engine, &kind, name).await? {}
    }
    Ok(())
}

async fn give_up_some(engine: &Engine, kind: &str, name: &str) -> NurtureResult<bool> {
    let now = engine.clock.now();
    let mut tx = engine.db.begin().await?;
    let items = outbox::due(&mut tx, kind, now, BATCH).await?;
    let old: Vec<&OutboxItem> = items.iter().filter(|item| now - item.first_at >= RETRY_FOR).collect();
    let why = format!("there is no [webhook.{name}] in dripline.toml any more");
    for item in &old {
        give_up(engine, &mut tx, item, &why).await?;
    }
    tx.commit().await?;
    Ok(!old.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        let judged = |status: u16, retry_after: Option<i64>| match judge(Answer {
            status,
            retry_after,
            words: "so".to_owned(),
        }) {
            Ended::Done => "done".to_owned(),
            Ended::Again { why, rest } => format!("again {rest}: {why}"),
            Ended::Gone(why) => format!("gone: {why}"),
        };
        assert_eq!(judged(200, None), "done");
        assert_eq!(judged(204, Some(5)), "done");
        assert_eq!(judged(302, None), "again 0: it answered 302 so; redirects are not followed");
        assert_eq!(judged(410, None), "gone: it answered 410 so: it wants to be told no more");
        assert_eq!(judged(500, None), "again 0: it answered 500 so");
        assert_eq!(judged(429, Some(30)), "again 30000: it answered 429 so");
        assert_eq!(judged(503, Some(i64::MAX)), "again 7200000: it answered 503 so");
        assert_eq!(judged(503, Some(-1)), "again 0: it answered 503 so");
    }
}
