//! [`App`]: one running server, built from a configuration.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::config::Config;
use crate::domain::token::KeyRing;
use crate::home;
use crate::http;
use crate::mail::relay::RelayUrlError;
use crate::nurture::clock::Clock;
use crate::nurture::liveness::{self, Alive};
use crate::nurture::relays::Relays;
use crate::nurture::revision::{self, Applied};
use crate::nurture::{Engine, NurtureError, notices, orphans};
use crate::storage::{Db, DbError};
use crate::worker;
use crate::workspace::{Diagnostic, Files, FilesError};

/// How long requests may go on after the shutdown: a stop waits ten seconds at most for what is on the wire.
const LAST_REQUESTS: Duration = Duration::from_secs(12);

/// A server that is ready to run: its database is open, a workspace is applied, nobody else sends under its name.
///
/// Tests build one with a manual clock and a listener on a free port, and reach its [`Engine`] beside the HTTP it
/// serves.
pub struct App {
    /// What the loops and the handlers share.
    pub engine: Arc<Engine>,
    workspace: PathBuf,
    alive: Alive,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("[relay.{0}] in dripline.toml cannot be used: {1}")]
    Relay(String, RelayUrlError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Nurture(#[from] NurtureError),
    /// There is no earlier revision that could go on.
    #[error("there are mistakes in the workspace, and none was ever applied that could go on")]
    Mistakes(Vec<Diagnostic>),
    #[error("HTTP cannot be served: {0}")]
    Http(#[from] io::Error),
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        NurtureError::from(error).into()
    }
}

/// Which workspace a server runs after a look at the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// The one in the files.
    Files,
    /// The one that was applied last: there are mistakes in the files.
    Last,
}

impl App {
    /// Opens the database, takes the lock of this node, applies the workspace, and settles what an earlier process of
    /// this name left on the wire. Nothing is sent before [`App::run`].
    ///
    /// # Errors
    /// See [`AppError`]. Mistakes in the workspace are logged, and an error only if none was ever applied.
    pub async fn build(
        config: Config,
        workspace: &Path,
        clock: Clock,
        keys: KeyRing,
    ) -> Result<Self, AppError> {
        let relays = Relays::new(&config, workspace).map_err(|(name, why)| AppError::Relay(name, why))?;
        let db = Db::open(&home::database_url(&config, workspace)).await?;
        let engine = Arc::new(Engine::new(db, clock, keys, Arc::new(config), relays).await?);
        let alive = liveness::take(&engine).await?;
        apply(&engine, workspace).await?;
        orphans::settle_own(&engine).await?;
        Ok(Self { engine, workspace: workspace.to_owned(), alive })
    }

    /// Applies the files of the workspace again, as at the start.
    ///
    /// # Errors
    /// As [`App::build`].
    pub async fn apply(&self) -> Result<Running, AppError> {
        apply(&self.engine, &self.workspace).await
    }

    /// Serves and sends until the shutdown, then finishes what is on the wire and records it.
    ///
    /// # Errors
    /// [`AppError::Http`]
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), AppError> {
        self.run_beside(Router::new(), listener, shutdown).await
    }

    /// As [`App::run`], with routes of somebody else's on the same listener.
    ///
    /// # Errors
    /// [`AppError::Http`]
    pub async fn run_beside(
        self,
        routes: Router,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), AppError> {
        let Self { engine, workspace, alive } = self;
        let tasks = TaskTracker::new();
        worker::start(&engine, &tasks, &shutdown);
        tasks.spawn(bury(engine.clone(), shutdown.clone()));
        tasks.spawn(listen(engine.clone(), shutdown.clone()));
        tasks.spawn(apply_on_hang_up(engine.clone(), workspace, shutdown.clone()));
        let over = CancellationToken::new();
        let guard = tokio::spawn(watch(engine.clone(), alive, over.clone()));
        let router = http::router(engine.clone()).merge(routes);
        let served = serve(router, listener, &shutdown).await;
        shutdown.cancel();
        tasks.close();
        tasks.wait().await;
        // Until here outcomes were recorded: another process must not take this node's mails for orphans before.
        over.cancel();
        let _ = guard.await;
        engine.db.close().await;
        Ok(served?)
    }
}

/// Applies the files of a workspace. With mistakes in them, the last applied revision goes on.
async fn apply(engine: &Engine, workspace: &Path) -> Result<Running, AppError> {
    let files = Files::read(workspace)?;
    let (applied, warnings) = revision::apply(&engine.db, &files, engine.clock.now()).await?;
    warnings.iter().for_each(|warning| warn!("{warning}"));
    match applied {
        Applied::New(revision) => {
            info!("the workspace is applied, as revision {}", revision.id);
            engine.run(revision);
            Ok(Running::Files)
        }
        Applied::Unchanged(revision) => {
            info!("the workspace is as it was applied, as revision {}", revision.id);
            engine.run(revision);
            Ok(Running::Files)
        }
        Applied::Mistaken(found) => keep_last(engine, found).await,
    }
}

async fn keep_last(engine: &Engine, found: Vec<Diagnostic>) -> Result<Running, AppError> {
    found.iter().for_each(|mistake| error!("{mistake}"));
    match engine.revision().await {
        Ok(revision) => {
            warn!("the workspace is not applied: revision {} goes on until it is mended", revision.id);
            Ok(Running::Last)
        }
        Err(NurtureError::NothingApplied) => Err(AppError::Mistakes(found)),
        Err(error) => Err(error.into()),
    }
}

async fn serve(router: Router, listener: TcpListener, shutdown: &CancellationToken) -> io::Result<()> {
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener.tap_io(no_delay), router)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .into_future();
    let patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        served = served => served,
        // Somebody holds a connection open and asks for nothing.
        () = patience => Ok(()),
    }
}

/// Small answers go out at once.
fn no_delay(stream: &mut TcpStream) {
    // It is only slower without.
    let _ = stream.set_nodelay(true);
}

async fn watch(engine: Arc<Engine>, alive: Alive, over: CancellationToken) {
    liveness::watch(&engine, alive, over).await;
}

async fn bury(engine: Arc<Engine>, shutdown: CancellationToken) {
    liveness::bury(&engine, shutdown).await;
}

async fn listen(engine: Arc<Engine>, shutdown: CancellationToken) {
    notices::listen(&engine, shutdown).await;
}

/// SIGHUP: the workspace was edited.
#[cfg(unix)]
async fn apply_on_hang_up(engine: Arc<Engine>, workspace: PathBuf, shutdown: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hang_ups = match signal(SignalKind::hangup()) {
        Ok(hang_ups) => hang_ups,
        Err(error) => return warn!("SIGHUP will not apply the workspace: {error}"),
    };
    while shutdown.run_until_cancelled(hang_ups.recv()).await.flatten().is_some() {
        if let Err(error) = apply(&engine, &workspace).await {
            error!("the workspace could not be applied: {error}");
        }
    }
}

#[cfg(not(unix))]
async fn apply_on_hang_up(_: Arc<Engine>, _: PathBuf, _: CancellationToken) {}
