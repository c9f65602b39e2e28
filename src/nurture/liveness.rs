//! Which node is alive: locks that end with the process, and monotonic time; never the product's clock.
//!
//! On SQLite the server holds an OS file lock. On PostgreSQL one session holds an advisory lock on the node's name;
//! without it nothing is started, because another node may have taken the claims over.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::engine::Engine;
use super::error::{NurtureError, NurtureResult};
use super::orphans;
use super::registry::START_DEADLINE;
use crate::domain::token::lock_number;
use crate::storage::{DbError, messages};

/// How often the lock's session is asked whether it still lives.
const PING: Duration = Duration::from_secs(1);

/// How long an answer may take before the session is given up: a busy machine is no dead one. With [`PING`] it stays
/// well under [`TAKE_OVER_AFTER`].
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long the claims of a dead node rest before they are taken over: twice the time in which one may start.
const TAKE_OVER_AFTER: Duration = Duration::from_secs(10);

/// How often a node looks for dead ones.
const LOOK_FOR_DEAD: Duration = Duration::from_secs(5);

/// The proof that this process alone sends under its node's name.
pub enum Alive {
    /// Held as long as the file is open.
    Sqlite {
        lock: File,
    },
    Postgres(PgConnection),
}

/// Takes the lock of this node.
///
/// # Errors
/// [`NurtureError::Refused`] if another process holds it.
pub async fn take(engine: &Engine) -> NurtureResult<Alive> {
    match (engine.db.file(), engine.db.postgres()) {
        (Some(file), _) => Ok(Alive::Sqlite { lock: lock_file(file).await? }),
        (None, Some(pool)) => match lock_session(pool, engine.node()).await? {
            Some(session) => Ok(Alive::Postgres(session)),
            None => Err(taken(&format!("another process runs as node \"{}\"", engine.node()))),
        },
        (None, None) => Err(taken("the database is of no known kind")),
    }
}

fn taken(what: &str) -> NurtureError {
    NurtureError::Refused(format!(
        "{what}; end it first, or give this one a name of its own in [server] node"
    ))
}

/// Looks at the lock from elsewhere last an instant: this many of them may be in the way, a pause between.
const LOCK_TRIES: usize = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

async fn lock_file(database: &Path) -> NurtureResult<File> {
    let path = lock_path(database);
    let trouble = |why| NurtureError::Refused(format!("{}: {why}", path.display()));
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(trouble)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(why)) => return Err(trouble(why)),
        }
    }
    Err(NurtureError::Refused("another server runs on this database; end it first".into()))
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// How long after its lock is gone a node may still begin to send what it had claimed: until the claims have run out,
/// since a process that was halted does not notice the loss before it goes on. The end of a process on this machine
/// needs no noticing.
pub fn may_outlive_lock(engine: &Engine) -> Duration {
    if engine.db.file().is_some() { Duration::ZERO } else { START_DEADLINE }
}

/// Whether a process holds the lock of a node, and may thus be sending what that node claimed.
///
/// # Errors
/// The database.
pub async fn is_held(engine: &Engine, node: &str) -> NurtureResult<bool> {
    match (engine.db.file(), engine.db.postgres()) {
        (Some(file), _) => Ok(is_file_locked(file)),
        (None, Some(pool)) => {
            let held = sqlx::query_scalar(HELD).bind(lock_number(node)).fetch_one(pool).await;
            Ok(held.map_err(DbError::from)?)
        }
        (None, None) => Ok(false),
    }
}

/// Advisory locks on a BIGINT are shown in two halves.
const HELD: &str = "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted \
    AND ((l.classid::bigint << 32) | l.objid::bigint) = $1)";

/// Where the lock cannot be looked at, it may be held.
fn is_file_locked(database: &Path) -> bool {
    match File::open(lock_path(database)) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// A session of its own that holds the lock of a node; none if somebody else does.
pub(super) async fn lock_session(pool: &PgPool, node: &str) -> Result<Option<PgConnection>, DbError> {
    let mut session = PgConnection::connect_with(&pool.connect_options()).await?;
    let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(lock_number(node))
        .fetch_one(&mut session)
        .await?;
    Ok(locked.then_some(session))
}

/// Watches over the lock until the shutdown: while it is lost, nothing starts.
pub async fn watch(engine: &Engine, alive: Alive, shutdown: CancellationToken) {
    match alive {
        Alive::Sqlite { lock } => {
            shutdown.cancelled().await;
            // Until here it was locked.
            drop(lock);
        }
        Alive::Postgres(session) => watch_session(engine, session, shutdown).await,
    }
}

async fn watch_session(engine: &Engine, session: PgConnection, shutdown: CancellationToken) {
    let Some(pool) = engine.db.postgres() else { return };
    let mut session = Some(session);
    while !shutdown.is_cancelled() {
        if let Some(held) = &mut session
            && !matches!(tokio::time::timeout(PATIENCE, held.ping()).await, Ok(Ok(())))
        {
            engine.registry.set_live(false);
            error!("the session that holds this node's lock is lost: nothing starts until there is another");
            // A session that is merely slow still holds the lock, and must let go of it for the next one.
            session = None;
        }
        if session.is_none() {
            session = again(engine, pool).await;
        }
        let _ = tokio::time::timeout(PING, shutdown.cancelled()).await;
    }
}

/// Takes the lock anew, if it can be had.
async fn again(engine: &Engine, pool: &PgPool) -> Option<PgConnection> {
    match tokio::time::timeout(PATIENCE, lock_session(pool, engine.node())).await {
        Ok(Ok(Some(session))) => {
            engine.registry.set_live(true);
            info!("this node's lock is held again");
            Some(session)
        }
        _ => {
            warn!("this node's lock cannot be had yet");
            None
        }
    }
}

/// Takes over what dead nodes left, until the shutdown (PostgreSQL only: SQLite has one server).
pub async fn bury(engine: &Engine, shutdown: CancellationToken) {
    let Some(pool) = engine.db.postgres() else { return };
    while !shutdown.is_cancelled() {
        if let Err(error) = bury_once(engine, pool, &shutdown).await {
            warn!("looking for dead nodes: {error}");
        }
        let _ = tokio::time::timeout(LOOK_FOR_DEAD, shutdown.cancelled()).await;
    }
}

async fn bury_once(engine: &Engine, pool: &PgPool, shutdown: &CancellationToken) -> NurtureResult<()> {
    let mut tx = engine.db.read().await?;
    let nodes = messages::sending_nodes(&mut tx).await?;
    drop(tx);
    for node in nodes.iter().filter(|node| *node != engine.node()) {
        let Some(session) = lock_session(pool, node).await? else { continue };
        // The dead node may have had a start agreed just before it died.
        let stopped = tokio::time::timeout(TAKE_OVER_AFTER, shutdown.cancelled()).await;
        if stopped.is_err() {
            orphans::settle(engine, node).await?;
            engine.hint();
        }
        session.close().await.map_err(DbError::from)?;
    }
    Ok(())
}
