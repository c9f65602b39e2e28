//! `dripline preview`

mod send;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::context::{Mistakes, load_config};
use super::{Outcome, output};
use crate::config::Config;
use crate::domain::address::Address;
use crate::home;
use crate::nurture::lookup::find;
use crate::preview::{Edition, Persona, Preview, copy, site};
use crate::storage::Db;

/// Where the gallery is, unless somebody else is there.
const PORT: u16 = 8081;

const EXAMPLES: &str = "\
Examples:
  dripline preview
  dripline preview --lead eva@example.org
  dripline preview --out mails
  dripline preview --send me@example.com --mail tofu/welcome --lang de";

/// Look at every mail: in the browser while you write, in a folder, or in your own mailbox.
///
/// Without --out and --send a gallery is served to the browser of this machine. It shows what you save as soon as you
/// save it, and ends with Ctrl-C. Nothing of it counts: no lead gets a mail, no click is recorded.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Show the mails as this lead of the database would get them, beside the made-up ones.
    #[arg(long, value_name = "EMAIL")]
    lead: Option<String>,
    /// Serve the gallery on this port, which must be free [default: 8081, or else any].
    #[arg(long, conflicts_with_all = ["out", "send"])]
    port: Option<u16>,
    /// Serve it at this address, such as 0.0.0.0 in a container. Whoever reaches it sees the mails.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), conflicts_with_all = ["out", "send"])]
    host: IpAddr,
    /// Write the gallery into this folder, to be opened without a server or passed on.
    #[arg(long, value_name = "DIR", conflicts_with = "send")]
    out: Option<PathBuf>,
    #[command(flatten)]
    send: send::Test,
}

pub async fn run(workspace: &Path, args: &Args) -> anyhow::Result<Outcome> {
    let missing = || format!("there is no directory {}", workspace.display());
    let workspace = &workspace.canonicalize().with_context(missing)?;
    let config = load_config(workspace)?;
    let lead = match &args.lead {
        Some(email) => Some(lead(&config, workspace, email).await?),
        None => None,
    };
    if let Some(to) = &args.send.send {
        let edition = sound(workspace, lead)?;
        return send::run(workspace, &config, &edition, &args.send, to).await;
    }
    match &args.out {
        Some(folder) => write(&sound(workspace, lead)?, &config, folder),
        None => serve(workspace, &config, lead, args).await,
    }
}

/// The workspace, which must be without mistakes.
fn sound(workspace: &Path, lead: Option<Persona>) -> anyhow::Result<Edition> {
    let edition = Edition::read(workspace, None, lead.as_ref())?;
    if edition.stale {
        return Err(Mistakes(edition.diagnostics).into());
    }
    Ok(edition)
}

/// A lead of the database, which is only read.
async fn lead(config: &Config, workspace: &Path, email: &str) -> anyhow::Result<Persona> {
    let db = Db::look(&home::database_url(config, workspace)).await.context(
        "--lead takes a lead of the database, and there is none to read; `dripline serve` makes it",
    )?;
    let mut tx = db.read().await?;
    let stored = find(&mut tx, email).await;
    drop(tx);
    db.close().await;
    Ok(Persona::real(stored?.lead))
}

fn write(edition: &Edition, config: &Config, folder: &Path) -> anyhow::Result<Outcome> {
    let copy = copy::write(edition, &config.server.public_url, folder)?;
    let start = copy.start.canonicalize().unwrap_or(copy.start);
    output::print(&format!(
        "{} mails are in {}\nOpen file://{}\n",
        copy.mails,
        folder.display(),
        start.display()
    ))?;
    Ok(Outcome::Fine)
}

async fn serve(
    workspace: &Path,
    config: &Config,
    lead: Option<Persona>,
    args: &Args,
) -> anyhow::Result<Outcome> {
    let listener = listen(args.host, args.port).await?;
    let address = listener.local_addr()?;
    let preview = Arc::new(Preview::open(workspace, &config.server.public_url, lead)?);
    let errors = preview.current().edition.diagnostics.iter().filter(|found| found.is_error()).count();
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    let mistakes = match errors {
        0 => String::new(),
        count => format!("mistakes {count}; the page says where they are\n"),
    };
    output::print(&format!(
        "preview  http://{host}\n{mistakes}It shows what you save as soon as you save it. Ctrl-C ends it.\n"
    ))?;
    let router = site::router(preview.clone(), !address.ip().is_loopback());
    tokio::select! {
        () = preview.watch() => {}
        served = axum::serve(listener, router).into_future() => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(Outcome::Fine)
}

/// A listener on the port that was asked for, else on the usual one, else on any.
async fn listen(host: IpAddr, port: Option<u16>) -> anyhow::Result<TcpListener> {
    let bind = async |port| TcpListener::bind(SocketAddr::from((host, port))).await;
    let cannot = |port: u16| format!("the gallery cannot be served at {}", SocketAddr::from((host, port)));
    match port {
        Some(port) => bind(port).await.with_context(|| cannot(port)),
        None => match bind(PORT).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                bind(0).await.with_context(|| cannot(0))
            }
            bound => bound.with_context(|| cannot(PORT)),
        },
    }
}

/// An e-mail address on the command line.
fn address(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| error.to_string())
}
