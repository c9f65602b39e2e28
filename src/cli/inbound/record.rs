//! `dripline inbound FILE…`: mails are taken in, beside a running server or without one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::bytes;
use crate::cli::context::Context;
use crate::cli::{Outcome, output};
use crate::nurture::receive::{Received, receive};

/// What became of a mail, for programs.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    #[serde(flatten)]
    received: &'a Received,
}

/// Records the mails. Whatever is in the way may be gone later, and no mail may be lost: a mail server is always asked to
/// try again.
pub async fn run(workspace: &Path, files: &[PathBuf], json: bool) -> Outcome {
    match record(workspace, files, json).await {
        Ok(()) => Outcome::Fine,
        Err(error) => {
            eprintln!("error: {error:#}; the mail is not recorded, hand it in again");
            Outcome::TryAgain
        }
    }
}

async fn record(workspace: &Path, files: &[PathBuf], json: bool) -> anyhow::Result<()> {
    let mut context = Context::open_applied(workspace).await?;
    for path in files {
        let raw = bytes(path).with_context(|| format!("{} cannot be read", path.display()))?;
        // In a task of its own: a mail that panics whoever reads it must not be lost either.
        let (back, received) = tokio::spawn(async move {
            let received = receive(&context.engine, &raw).await;
            (context, received)
        })
        .await?;
        context = back;
        let received = received?;
        let file = path.display().to_string();
        match json {
            true => {
                output::print(&format!("{}\n", serde_json::to_string(&Line { file, received: &received })?))?
            }
            false => output::print(&format!("{file}: {}\n", sentence(&received)))?,
        }
    }
    context.close().await;
    Ok(())
}

/// `human_reply of kim@example.org (found by reply_address)`
fn sentence(received: &Received) -> String {
    let known = if received.known { ", taken in before" } else { "" };
    match (&received.email, received.matched_by) {
        (Some(email), Some(by)) => format!("{} of {email} (found by {by}){known}", received.kind),
        _ => format!("{}, of no lead that is known{known}", received.kind),
    }
}
