//! A fresh database for each test, on SQLite and on PostgreSQL.

use std::future::Future;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

use dripline::storage::{Db, Tx};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Makes of each `async fn name(db: TestDb)` the two tests `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        $(mod $test {
            #[test]
            fn sqlite() {
                $crate::support::database::run($crate::support::database::Home::sqlite(), super::$test);
            }

            #[test]
            fn postgres() {
                $crate::support::database::run($crate::support::database::Home::postgres(), super::$test);
            }
        })+
    };
}
pub(crate) use on_both;

/// Makes of each `async fn name(db: TestDb)` the test `name::postgres`: for locks, which SQLite's one writer needs not.
macro_rules! on_postgres {
    ($($test:ident),+ $(,)?) => {
        $(mod $test {
            #[test]
            fn postgres() {
                $crate::support::database::run($crate::support::database::Home::postgres(), super::$test);
            }
        })+
    };
}
pub(crate) use on_postgres;

/// An open database with nothing in it but the tables. It is gone when the test ends, however it ends.
pub struct TestDb {
    db: Db,
    home: Home,
}

impl Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl TestDb {
    /// What the server would be given to open it.
    pub fn url(&self) -> String {
        self.home.url()
    }

    /// A transaction that fails when it would have to wait for a lock of another one. For PostgreSQL only.
    pub async fn begin_impatient(&self) -> Tx {
        let mut tx = self.db.begin().await.expect("a transaction begins");
        tx.execute("SET LOCAL lock_timeout = 100", vec![]).await.expect("a setting of PostgreSQL");
        tx
    }

    /// How many sessions wait for a lock with a statement that begins so. For PostgreSQL only.
    pub async fn waiting(&self, statement: &str) -> i64 {
        let sql = "SELECT COUNT(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, $1)";
        let mut tx = self.db.read().await.expect("a transaction begins");
        tx.first(sql, vec![statement.into()], |row| row.int(0)).await.expect("a count").unwrap_or(0)
    }

    /// Another handle with its own connections and ids, as another process would have.
    pub async fn another(&self) -> Db {
        Db::open(&self.url()).await.expect("the database opens a second time")
    }
}

/// Runs one test on a fresh database.
pub fn run<F: Future<Output = ()>>(home: Home, test: impl FnOnce(TestDb) -> F) {
    runtime().block_on(async {
        let db = Db::open(&home.url()).await.expect("a fresh database opens");
        test(TestDb { db, home }).await;
    });
}

/// What tests run on.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts")
}

/// Where a test's database lives; dropping it removes the database.
pub enum Home {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Home {
    pub fn sqlite() -> Home {
        Home::Sqlite(TempDir::new().expect("a temporary folder"))
    }

    pub fn postgres() -> Home {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let Ok(server) = std::env::var("DRIPLINE_TEST_POSTGRES") else {
            panic!("this test needs a PostgreSQL server: run tests/run, which starts one");
        };
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        on_server(&server, format!("CREATE DATABASE {name}"));
        Home::Postgres { server, name }
    }

    /// What the server would be given to open it.
    pub fn url(&self) -> String {
        match self {
            Home::Sqlite(folder) => format!("sqlite:{}", folder.path().join("dripline.db").display()),
            Home::Postgres { server, name } => server.replacen("/postgres?", &format!("/{name}?"), 1),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Home::Postgres { server, name } = self {
            on_server(server, format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Runs a statement on the server itself. In a thread of its own: a runtime cannot be started within one.
fn on_server(server: &str, sql: String) {
    let work = async {
        let mut connection = PgConnection::connect(server).await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        connection.close().await
    };
    let done = std::thread::scope(|scope| scope.spawn(|| runtime().block_on(work)).join());
    done.expect("no panic in there").expect("the PostgreSQL server of tests/run answers");
}
