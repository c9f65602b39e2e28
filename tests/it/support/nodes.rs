//! [`Node`]s: engines with names of their own over one database, as several servers have.

use std::sync::Arc;
use std::time::Duration;

use dripline::nurture::clock::Clock;
use dripline::nurture::liveness::{self, Alive};
use dripline::nurture::{Engine, notices};
use dripline::worker;
use dripline::workspace::Files;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::database::TestDb;
use super::smtp_server::SmtpServer;
use super::world::{Setup, engine, run};

/// No test waits longer for a node to end.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Node {
    pub engine: Arc<Engine>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    over: CancellationToken,
}

impl Node {
    /// A node that does nothing yet, and does not hold its lock.
    pub async fn new(db: &TestDb, name: &str, server: &SmtpServer, clock: Clock, setup: &Setup) -> Node {
        let engine = Arc::new(engine(db.another().await, name, server, clock, setup).await);
        let (shutdown, over) = (CancellationToken::new(), CancellationToken::new());
        Node { engine, tasks: TaskTracker::new(), shutdown, over }
    }

    /// Has this node run these files.
    pub async fn apply(&self, files: &Files) {
        run(&self.engine, files).await;
    }

    /// Takes this node's lock and watches over it.
    pub async fn take_lock(&self) {
        let alive = liveness::take(&self.engine).await.expect("the name is free");
        self.tasks.spawn(watch(self.engine.clone(), alive, self.over.clone()));
    }

    /// Starts the loops that claim and send.
    pub fn work(&self) {
        worker::start(&self.engine, &self.tasks, &self.shutdown);
    }

    /// Hears what other nodes tell. Not before the next notice that comes after the listener is there.
    pub async fn listen(&self) {
        let (engine, shutdown) = (self.engine.clone(), self.shutdown.clone());
        let before = listeners(&self.engine).await;
        self.tasks.spawn(async move { notices::listen(&engine, shutdown).await });
        while self.engine.db.postgres().is_some() && listeners(&self.engine).await == before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends the loops as a shutdown does, and lets go of the lock.
    pub async fn end(self) {
        self.shutdown.cancel();
        self.over.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.expect("the loops end");
    }
}

async fn watch(engine: Arc<Engine>, alive: Alive, over: CancellationToken) {
    liveness::watch(&engine, alive, over).await;
}

/// How many sessions listen to notices.
async fn listeners(engine: &Engine) -> i64 {
    let Some(pool) = engine.db.postgres() else { return 0 };
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND state = 'idle' AND query LIKE 'LISTEN %'";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("a count")
}
