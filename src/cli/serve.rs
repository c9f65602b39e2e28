//! `dripline serve`

mod status;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::context::{Mistakes, load_config, load_keys};
use super::signals;
use super::{Outcome, output};
use crate::app::{App, AppError};
use crate::nurture::clock::Clock;
use crate::nurture::import::row::Given;
use crate::nurture::import::{ImportOptions, import};
use crate::nurture::{Engine, NurtureResult, judge, pump};
use crate::storage::leads;
use status::{Started, Tally};

/// Example leads, for whoever starts Dripline for the first time.
const EXAMPLES: &str = "sequences/leads.example.csv";

/// How often `--until-idle` looks whether there is anything left to do.
const IDLE_LOOK: Duration = Duration::from_millis(100);

/// Run the server: leads walk, mail goes out, HTTP is served.
///
/// The workspace is applied at the start and on SIGHUP. Ctrl-C finishes what is on the wire; a second one ends at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: dripline serve --until-idle")]
pub struct Args {
    /// End when nothing is due now and each mailbox was looked at, and say what was done.
    #[arg(long)]
    until_idle: bool,
}

pub async fn run(workspace: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let missing = || format!("there is no directory {}", workspace.display());
    let workspace = &workspace.canonicalize().with_context(missing)?;
    let config = load_config(workspace)?;
    let keys = load_keys(&config, workspace)?;
    let address = config.server.listen;
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("HTTP cannot be served at {address}; [server] listen in dripline.toml says where")
    })?;
    let app = App::build(config, workspace, Clock::System, keys).await.map_err(in_words)?;
    let engine = app.engine.clone();
    let examples = import_examples(&engine, workspace).await?;
    let started = Started::read(&engine, listener.local_addr()?, workspace, examples).await?;
    output::print(&started.to_string())?;
    let before = Tally::read(&engine).await?;
    let shutdown = CancellationToken::new();
    signals::end_on_signal(shutdown.clone())?;
    let idle = args.until_idle.then(|| tokio::spawn(until_idle(engine, shutdown.clone())));
    app.run(listener, shutdown).await?;
    if let Some(idle) = idle
        && let Some(after) = idle.await??
    {
        output::print(&after.since(&before).to_string())?;
    }
    Ok(Outcome::Fine)
}

fn in_words(error: AppError) -> anyhow::Error {
    match error {
        AppError::Mistakes(found) => Mistakes(found).into(),
        other => other.into(),
    }
}

/// Imports the example leads into an empty database, while no relay is configured. How many there were.
async fn import_examples(engine: &Engine, workspace: &Path) -> anyhow::Result<u64> {
    let mut tx = engine.db.read().await?;
    let known = leads::count(&mut tx).await?;
    drop(tx);
    if known > 0 || !engine.config.relays.is_empty() {
        return Ok(0);
    }
    let file = match File::open(workspace.join(EXAMPLES)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).context(format!("{EXAMPLES} cannot be read")),
    };
    let given = Given { example: true, form: Some(EXAMPLES.to_owned()), ..Given::default() };
    let options = ImportOptions { file: EXAMPLES.to_owned(), given, ..ImportOptions::default() };
    let report = import(engine, file, options, |_| ()).await?;
    if report.bad > 0 {
        tracing::warn!("{} rows of {EXAMPLES} are not taken; `dripline import` says why", report.bad);
    }
    Ok(report.new)
}

/// Begins the shutdown once there is nothing left to do. What was done by then; none if the server was ended before.
async fn until_idle(engine: Arc<Engine>, shutdown: CancellationToken) -> NurtureResult<Option<Tally>> {
    let _ending = shutdown.clone().drop_guard();
    let is_idle = async || -> NurtureResult<bool> {
        Ok(engine.mailboxes.are_idle() && pump::is_idle(&engine).await? && judge::is_done(&engine).await?)
    };
    while !is_idle().await? {
        if tokio::time::timeout(IDLE_LOOK, shutdown.cancelled()).await.is_ok() {
            return Ok(None);
        }
    }
    Ok(Some(Tally::read(&engine).await?))
}
