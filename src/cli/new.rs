//! `dripline new …`: starting points for a marketer's files.

mod files;
mod mails;
mod sequence;
mod template;
mod workspace;

use std::path::Path;

use clap::Subcommand;

use super::Outcome;

/// Start a workspace, a sequence or a mail from a commented example. Nothing is ever overwritten.
#[derive(Debug, Subcommand)]
pub enum Command {
    Workspace(workspace::Args),
    Sequence(sequence::Args),
    Template(template::Args),
}

/// `workspace` is the one that sequences and mails go into.
pub fn run(workspace: &Path, command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Workspace(args) => workspace::run(args)?,
        Command::Sequence(args) => sequence::run(workspace, args)?,
        Command::Template(args) => template::run(workspace, args)?,
    }
    Ok(Outcome::Fine)
}
