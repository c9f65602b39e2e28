//! `dripline key …`: keys for the API.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::{Outcome, output};
use crate::http::auth::{Role, add_key};
use crate::storage::meta::{self, ApiKey};

/// Make keys for the API, list them, revoke them.
#[derive(Debug, Subcommand)]
pub enum Command {
    Add(Add),
    List(List),
    Revoke(Revoke),
}

/// Make an API key and print it, once: only its hash is kept.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline key add --role admin --name CRM\n\
    Then:    curl -H \"Authorization: Bearer KEY\" http://localhost:8080/api/v1/leads/kim@example.org")]
pub struct Add {
    /// What the key may do: admin (everything) or api (all that is done for single leads).
    #[arg(long)]
    role: Role,
    /// What the key is for, so that you know which one to revoke.
    #[arg(long)]
    name: Option<String>,
    /// Print the key as JSON.
    #[arg(long)]
    json: bool,
}

/// List the API keys: what each is for, and since when. The keys themselves are not known here.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline key list")]
pub struct List {
    /// Print the list as JSON.
    #[arg(long)]
    json: bool,
}

/// Revoke an API key: whoever uses it is refused from now on, on every node.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline key revoke CRM")]
pub struct Revoke {
    /// Its id, or its name, as `dripline key list` shows them.
    key: String,
}

pub async fn run(workspace: &Path, command: &Command) -> anyhow::Result<Outcome> {
    let context = Context::open(workspace).await?;
    match command {
        Command::Add(args) => add(&context, args).await?,
        Command::List(args) => list(&context, args).await?,
        Command::Revoke(args) => revoke(&context, args).await?,
    }
    context.close().await;
    Ok(Outcome::Fine)
}

async fn add(context: &Context, args: &Add) -> anyhow::Result<()> {
    let made = add_key(&context.engine, args.role, args.name.as_deref()).await?;
    let (id, key) = (made.id, made.key);
    if args.json {
        return output::print_json(&json!({ "id": id, "key": key, "role": args.role, "name": args.name }));
    }
    output::print(&format!("{key}\n"))?;
    eprintln!("Keep it: it is not shown again. `dripline key revoke {id}` ends it.");
    Ok(())
}

async fn list(context: &Context, args: &List) -> anyhow::Result<()> {
    let keys = keys(context).await?;
    if args.json {
        return output::print_json(&keys);
    }
    output::print(&table(&keys))
}

fn table(keys: &[ApiKey]) -> String {
    if keys.is_empty() {
        return "There are no API keys. `dripline key add` makes one.\n".to_owned();
    }
    let line = |id: &str, role: &str, made: &str, name: &str| {
        format!("{id:<8} {role:<6} {made:<20} {name}").trim_end().to_owned() + "\n"
    };
    let lines = keys.iter().map(|key| {
        let name = key.name.as_deref().unwrap_or("");
        line(&key.id.to_string(), &key.role, &key.created_at.to_string(), name)
    });
    line("id", "role", "made", "name") + &lines.collect::<String>()
}

async fn revoke(context: &Context, args: &Revoke) -> anyhow::Result<()> {
    let keys = keys(context).await?;
    let key = named(&keys, &args.key)?;
    let mut tx = context.engine.db.begin().await?;
    let was_there = meta::revoke_api_key(&mut tx, key.id).await?;
    tx.commit().await?;
    anyhow::ensure!(was_there, "somebody else has just revoked this key");
    let name = key.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    output::print(&format!("Key {}{name} opens nothing any more.\n", key.id))
}

/// The key with this id, else the only one with this name.
fn named<'k>(keys: &'k [ApiKey], wanted: &str) -> anyhow::Result<&'k ApiKey> {
    if let Some(key) = keys.iter().find(|key| key.id.to_string() == wanted) {
        return Ok(key);
    }
    let named: Vec<&ApiKey> = keys.iter().filter(|key| key.name.as_deref() == Some(wanted)).collect();
    match named[..] {
        [key] => Ok(key),
        [] => anyhow::bail!("there is no API key \"{wanted}\"; `dripline key list` shows them"),
        _ => {
            let ids: Vec<String> = named.iter().map(|key| key.id.to_string()).collect();
            anyhow::bail!("several API keys are called \"{wanted}\"; say which by its id: {}", ids.join(", "))
        }
    }
}

async fn keys(context: &Context) -> anyhow::Result<Vec<ApiKey>> {
    let mut tx = context.engine.db.read().await?;
    Ok(meta::api_keys(&mut tx).await?)
}
