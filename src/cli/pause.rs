//! `dripline pause` and `dripline resume`: the switch for all sending.

use std::path::Path;

use clap::Args;

use super::context::Context;
use super::{Outcome, output};
use crate::nurture::pause;
use crate::storage::revisions;

/// Stop all sending, on every node, until `dripline resume`. What is on the wire is finished.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline pause \"the new price list is wrong\"")]
pub struct Pause {
    /// Why, for whoever finds it paused.
    #[arg(default_value = "paused by hand")]
    reason: String,
}

/// Let sending go on, also in lanes that paused by themselves.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline resume")]
pub struct Resume {}

pub async fn pause(workspace: &Path, args: &Pause) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    pause::pause(&context.engine, &args.reason).await?;
    let stands = reason(&context).await?.unwrap_or_default();
    context.close().await;
    output::print(&format!("Nothing is sent: {stands}. `dripline resume` lets it go on.\n"))?;
    Ok(Outcome::Fine)
}

pub async fn resume(workspace: &Path, _: &Resume) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    let stood = reason(&context).await?;
    pause::resume(&context.engine).await?;
    context.close().await;
    let text = match stood {
        Some(reason) => format!("Sending goes on. It was paused: {reason}.\n"),
        None => "Sending goes on. It was not paused as a whole; lanes that were go on too.\n".to_owned(),
    };
    output::print(&text)?;
    Ok(Outcome::Fine)
}

/// Why sending is paused. The first reason of a pause stays.
async fn reason(context: &Context) -> anyhow::Result<Option<String>> {
    let mut tx = context.engine.db.read().await?;
    Ok(revisions::deployment(&mut tx).await?.and_then(|deployment| deployment.paused_because))
}
