//! Hearing at once of what stops a mail that this node has claimed, when another node or process did it (PostgreSQL
//! only). Only a hint: who stops a lead looks for the end of its mails until they have one.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::engine::Engine;
use crate::storage::notices::{STOPS, stopped};

/// How long a listener rests after it lost its connection and could not have another.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Cancels what other nodes have stopped, until the shutdown.
pub async fn listen(engine: &Engine, shutdown: CancellationToken) {
    let Some(pool) = engine.db.postgres() else { return };
    while let Some(Err(error)) = shutdown.run_until_cancelled(hear(engine, pool)).await {
        warn!("other nodes cannot be heard: {error}");
        let _ = tokio::time::timeout(AFTER_ERROR, shutdown.cancelled()).await;
    }
}

/// Listens over a connection of its own, which it has anew when it is lost.
async fn hear(engine: &Engine, pool: &PgPool) -> Result<Infallible, sqlx::Error> {
    let own = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let own = own.connect_with((*pool.connect_options()).clone()).await?;
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(STOPS).await?;
    loop {
        let notice = listener.recv().await?;
        engine.registry.cancel(&stopped(notice.payload()));
    }
}
