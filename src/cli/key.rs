//! `dripline key …`: keys for the API.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::{Outcome, output};
use crate::http::auth::{Role, add_key};

/// Make keys for the API.
#[derive(Debug, Subcommand)]
pub enum Command {
    Add(Add),
}

/// Make an API key and print it, once: only its hash is kept.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline key add --role admin --name CRM\n\
    Then:    curl -H \"Authorization: Bearer KEY\" http://localhost:8080/api/v1/leads/kim@example.org")]
pub struct Add {
    /// What the key may do: admin (everything) or api (all that is done for single leads).
    #[arg(long)]
    role: Role,
    /// What the key is for.
    #[arg(long)]
    name: Option<String>,
    /// Print the key as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(workspace: &Path, command: &Command) -> anyhow::Result<Outcome> {
    let Command::Add(add) = command;
    let context = Context::open(workspace).await?;
    let key = add_key(&context.engine, add.role, add.name.as_deref()).await?;
    context.close().await;
    if add.json {
        output::print_json(&json!({ "key": key, "role": add.role, "name": add.name }))?;
    } else {
        output::print(&format!("{key}\n"))?;
        eprintln!("Keep it: it is not shown again.");
    }
    Ok(Outcome::Fine)
}
