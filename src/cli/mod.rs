//! The command line: one file a command.

mod check;
mod completions;
pub mod context;
mod demo;
mod explain;
mod import;
mod inbound;
mod key;
mod lead;
mod new;
pub mod output;
mod pause;
mod preview;
mod progress;
mod report;
pub mod schema;
mod score;
mod serve;
mod signals;
mod table;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Nurtures leads by e-mail: drip sequences as files, leads in a database, silence when sales takes over.
#[derive(Debug, Parser)]
#[command(name = "dripline", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// The directory with dripline.toml, funnel.toml, sequences and templates.
    #[arg(long, global = true, env = "DRIPLINE_WORKSPACE", default_value = ".", value_name = "DIR")]
    pub workspace: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(subcommand)]
    New(new::Command),
    Serve(serve::Args),
    Demo(demo::Args),
    Check(check::Args),
    Preview(preview::Args),
    Import(import::Args),
    #[command(subcommand)]
    Lead(lead::Command),
    Explain(explain::Args),
    Score(score::Args),
    Inbound(inbound::Args),
    Report(report::Args),
    Pause(pause::Pause),
    Resume(pause::Resume),
    #[command(subcommand)]
    Key(key::Command),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// How a command went. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine = 0,
    /// It ran, and found something that somebody should mend.
    Problems = 1,
    CouldNotRun = 2,
    /// Something that may be gone later was in the way: `EX_TEMPFAIL` of sysexits.h, for mail servers.
    TryAgain = 75,
}

impl Cli {
    /// Runs the command to its end. It blocks, so that the program, which only calls it, is compiled in a moment: what is
    /// awaited here would be compiled for it once more.
    ///
    /// # Errors
    /// Why it could not run, in words for people.
    pub fn run(self) -> anyhow::Result<Outcome> {
        tokio::runtime::Runtime::new()?.block_on(self.carry_out())
    }

    /// How much is logged if nobody says how much. The demo tells a story, and is told between no lines of a server.
    pub fn usual_log(&self) -> &'static str {
        if matches!(self.command, Command::Demo(_)) { "warn" } else { "info" }
    }

    async fn carry_out(self) -> anyhow::Result<Outcome> {
        let workspace = &self.workspace;
        match self.command {
            Command::New(command) => new::run(workspace, &command),
            Command::Schema(args) => schema::run(&args),
            Command::Serve(args) => serve::run(workspace, &args).await,
            Command::Demo(args) => demo::run(&args).await,
            Command::Pause(args) => pause::pause(workspace, &args).await,
            Command::Resume(args) => pause::resume(workspace, &args).await,
            Command::Key(command) => key::run(workspace, &command).await,
            Command::Check(args) => check::run(workspace, &args).await,
            Command::Preview(args) => preview::run(workspace, &args).await,
            Command::Import(args) => import::run(workspace, args).await,
            Command::Lead(command) => lead::run(workspace, command).await,
            Command::Explain(args) => explain::run(workspace, args).await,
            Command::Score(args) => score::run(workspace, args).await,
            Command::Inbound(args) => inbound::run(workspace, args).await,
            Command::Report(args) => report::run(workspace, &args).await,
            Command::Completions(args) => completions::run(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_command_shows_an_example() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for leaf in leaves(&command) {
            let help = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("dripline "), "{} shows no example", leaf.get_name());
        }
    }

    fn leaves(command: &clap::Command) -> Vec<&clap::Command> {
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        let below: Vec<&clap::Command> = below.collect();
        if below.is_empty() { vec![command] } else { below.into_iter().flat_map(leaves).collect() }
    }
}
