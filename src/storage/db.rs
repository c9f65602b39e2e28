//! Opening the database and beginning transactions.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool, SqlitePool};

use super::error::{DbError, DbResult};
use super::ids::{BLOCK, Ids, RESERVE, WRITERS};
use super::migrate;
use super::tx::{Inner, Tx};

/// The database of this process.
#[derive(Clone)]
pub struct Db {
    pools: Pools,
    ids: Ids,
}

#[derive(Clone)]
enum Pools {
    /// One connection writes, a few read beside it.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        file: PathBuf,
    },
    Postgres(PgPool),
}

/// How long a writer waits for another process that writes to the same SQLite file.
const BUSY: Duration = Duration::from_secs(10);

/// A process that is halted inside a transaction must not hold its locks for good: stops wait for them, on every node.
/// Ours are milliseconds long.
const END_FROZEN_TRANSACTIONS: &str = "SET idle_in_transaction_session_timeout = '10s'";

/// How long it waits before it looks again, where SQLite itself does not wait.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Page cache of a SQLite connection, in KiB.
const CACHE_KIB: i64 = 8 * 1024;

impl Db {
    /// Opens `sqlite:FILE` or `postgres://…`, makes the file if it is missing, and brings the tables up to date.
    ///
    /// # Errors
    /// A URL of another kind, a database that cannot be reached, one that a newer version wrote.
    pub async fn open(url: &str) -> DbResult<Db> {
        let refuse = |why: String| DbError::Open { url: without_password(url), why };
        let pools = if let Some(file) = sqlite_file(url) {
            open_sqlite(file).await.map_err(|error| refuse(error.to_string()))?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await.map_err(|error| refuse(error.to_string()))?
        } else {
            return Err(refuse("write sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME".into()));
        };
        let db = Db { pools, ids: Ids::default() };
        migrate::run(&db).await?;
        Ok(db)
    }

    /// Opens a database that is there, to read in it: nothing is made and nothing brought up to date.
    ///
    /// # Errors
    /// As [`Db::open`]; a file that is missing, tables of another version.
    pub async fn look(url: &str) -> DbResult<Db> {
        let refuse = |why: String| DbError::Open { url: without_password(url), why };
        let pools = match sqlite_file(url) {
            Some(file) => look_sqlite(file).await,
            None => open_postgres(url).await,
        };
        let db = Db { pools: pools.map_err(|error| refuse(error.to_string()))?, ids: Ids::default() };
        migrate::check(&db).await?;
        Ok(db)
    }

    /// Begins a transaction that writes. On SQLite it holds the one writer from the start.
    pub async fn begin(&self) -> DbResult<Tx> {
        if self.ids.low() {
            self.reserve_ids().await?;
        }
        self.begin_plain().await
    }

    /// Begins a transaction that only reads, on one snapshot where the database gives one.
    pub async fn read(&self) -> DbResult<Tx> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => Inner::Sqlite(read.begin().await?),
            Pools::Postgres(pool) => {
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(Tx { inner, ids: Ids::default() })
    }

    /// As [`Db::begin`], without a look at the ids.
    pub(super) async fn begin_plain(&self) -> DbResult<Tx> {
        let inner = match &self.pools {
            Pools::Sqlite { write, .. } => Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        Ok(Tx { inner, ids: self.ids.clone() })
    }

    async fn reserve_ids(&self) -> DbResult<()> {
        let mut tx = self.begin_plain().await?;
        let next = tx.first(RESERVE, vec![BLOCK.into()], |row| row.int(0)).await?;
        tx.commit().await?;
        self.ids.refill(next.ok_or(DbError::OutOfIds)?);
        Ok(())
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres(_) => None,
        }
    }

    /// The pool of a PostgreSQL database, for the session that holds this node's liveness lock.
    pub fn postgres(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Sqlite { .. } => None,
            Pools::Postgres(pool) => Some(pool),
        }
    }

    /// Ends every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// As a URL, without a password.
impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pools {
            Pools::Sqlite { file, .. } => write!(f, "sqlite:{}", file.display()),
            Pools::Postgres(pool) => {
                let options = pool.connect_options();
                write!(f, "postgres://{}/{}", options.get_host(), options.get_database().unwrap_or_default())
            }
        }
    }
}

/// The file of a SQLite database.
fn sqlite_file(url: &str) -> Option<&Path> {
    let file = url.strip_prefix("sqlite:")?;
    Some(Path::new(file.strip_prefix("//").unwrap_or(file)))
}

fn sqlite_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(256)
        .pragma("cache_size", (-CACHE_KIB).to_string())
        .pragma("temp_store", "memory")
        // It would log whole statements of a thousand rows.
        .disable_statement_logging()
}

/// Without a writer: what is read stays as it is. Where nobody has the file open, no files beside it are needed to read it,
/// and none are made.
async fn look_sqlite(file: &Path) -> Result<Pools, sqlx::Error> {
    let in_use = ["-wal", "-shm"].iter().any(|end| {
        let mut beside = file.as_os_str().to_owned();
        beside.push(end);
        Path::new(&beside).exists()
    });
    let reader = sqlite_options(file).read_only(true).immutable(!in_use);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(reader).await?;
    Ok(Pools::Sqlite { write: pool.clone(), read: pool, file: file.to_owned() })
}

async fn open_sqlite(file: &Path) -> Result<Pools, sqlx::Error> {
    let options = sqlite_options(file).create_if_missing(true);
    // FULL: an answered unsubscribe survives a power cut.
    let writer = options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let reader = options.pragma("query_only", "on");
    let pool = || SqlitePoolOptions::new().test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    let began = Instant::now();
    let write = loop {
        match pool().max_connections(1).min_connections(1).connect_with(writer.clone()).await {
            // Of several that open a new file at once, one turns it to WAL; SQLite tells the others so without a wait.
            Err(error) if is_busy(&error) && began.elapsed() < BUSY => tokio::time::sleep(BUSY_PAUSE).await,
            opened => break opened?,
        }
    };
    let read = pool().max_connections(4).connect_lazy_with(reader);
    Ok(Pools::Sqlite { write, read, file: file.to_owned() })
}

/// SQLITE_BUSY, the primary code 5.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

async fn open_postgres(url: &str) -> Result<Pools, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(256).disable_statement_logging();
    // The pool would try for half a minute, and then not say what was wrong.
    PgConnection::connect_with(&options).await?.close().await?;
    let pool = PgPoolOptions::new().max_connections(WRITERS).test_before_acquire(false);
    let pool = pool.after_connect(|session, _| {
        Box::pin(async move { session.execute(END_FROZEN_TRANSACTIONS).await.map(|_| ()) })
    });
    Ok(Pools::Postgres(pool.connect_with(options).await?))
}

/// The URL as it may be shown: a password can be before the `@`, or in the query.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
