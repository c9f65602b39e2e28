//! `dripline serve`

mod status;

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::context::{Mistakes, load_config, load_keys, require_workspace};
use super::{Outcome, output, signals};
use crate::app::{App, AppError};
use crate::nurture::clock::Clock;
use crate::nurture::import::row::Given;
use crate::nurture::import::{ImportOptions, import};
use crate::nurture::{Engine, NurtureResult, judge, notify, pump};
use crate::storage::leads;
use status::{Start, Started, Tally};

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
    require_workspace(workspace)?;
    let workspace = &workspace.canonicalize()?;
    let config = load_config(workspace)?;
    let keys = load_keys(&config, workspace)?;
    let address = config.server.listen;
    // The database first: beside a running server that is what to tell, and not that its port is taken.
    let app = App::build(config, workspace, Clock::System, keys).await.map_err(in_words)?;
    let listener = listen(address, args.until_idle).await?;
    let engine = app.engine.clone();
    let examples = import_examples(&engine, workspace).await?;
    let start = Start { address: listener.local_addr()?, workspace, examples, until_idle: args.until_idle };
    output::print(&Started::read(&engine, start).await?.to_string())?;
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

/// Listens for HTTP. A run that ends by itself takes another port if this one is taken: hardly anybody calls on it.
async fn listen(address: SocketAddr, until_idle: bool) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if until_idle {
                return Ok(TcpListener::bind(SocketAddr::new(address.ip(), 0)).await?);
            }
            let free = SocketAddr::new(address.ip(), address.port().wrapping_add(1));
            anyhow::bail!(
                "HTTP cannot be served at {address}: another program uses this port\n  \
                 End that one, or choose another port: [server] listen = \"{free}\" in dripline.toml, or \
                 DRIPLINE_SERVER__LISTEN={free} dripline serve"
            )
        }
        bound => bound.with_context(|| {
            format!("HTTP cannot be served at {address}; [server] listen in dripline.toml says where")
        }),
    }
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
    while !is_idle(&engine).await? {
        if tokio::time::timeout(IDLE_LOOK, shutdown.cancelled()).await.is_ok() {
            return Ok(None);
        }
    }
    Ok(Some(Tally::read(&engine).await?))
}

/// Whether nothing is due, on the wire, unread, unjudged or about to be told.
async fn is_idle(engine: &Engine) -> NurtureResult<bool> {
    Ok(engine.mailboxes.are_idle()
        && !notify::is_about_to_tell(engine).await?
        && pump::is_idle(engine).await?
        && judge::is_done(engine).await?)
}
