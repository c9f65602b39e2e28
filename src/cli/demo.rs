//! `dripline demo`

use tokio_util::sync::CancellationToken;

use super::{Outcome, output, signals};
use crate::demo::{Demo, play as player};

const EXAMPLES: &str = "\
Examples:
  dripline demo
  dripline demo --play

Everything is temporary and on this machine: a workspace, a database, a mail server. Nothing is sent anywhere.
Exit code of --play: 0 if every line of the story was true, 1 if one was not.";

/// See in two minutes what Dripline does: two leads, a rep, their mails, and a clock that you turn.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The port of the page; without it a free one is taken.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Press the buttons without anybody's help, tell the story line by line, and check each line.
    #[arg(long)]
    play: bool,
}

pub async fn run(args: &Args) -> anyhow::Result<Outcome> {
    let shutdown = CancellationToken::new();
    signals::end_on_signal(shutdown.clone())?;
    let demo = Demo::start(args.port).await?;
    let url = demo.url();
    if args.play {
        return play(demo, shutdown).await;
    }
    output::print(&format!(
        "The demo of Dripline {}: open this page.\n\n  {url}\n\nIts leads, mails and clock are not real; the server is. \
         Ctrl-C ends it, and nothing is left.\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    demo.run(shutdown).await?;
    Ok(Outcome::Fine)
}

async fn play(demo: Demo, shutdown: CancellationToken) -> anyhow::Result<Outcome> {
    let address = demo.address();
    let running = tokio::spawn(demo.run(shutdown.clone()));
    let story = player::play(address, |line| output::print(&format!("{line}\n")).is_ok());
    let told = shutdown.run_until_cancelled(story).await;
    shutdown.cancel();
    running.await??;
    Ok(if told == Some(true) { Outcome::Fine } else { Outcome::Problems })
}
