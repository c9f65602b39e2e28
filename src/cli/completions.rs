//! `dripline completions SHELL`

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, Outcome, output};

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: dripline completions bash > ~/.local/share/bash-completion/completions/dripline"
)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "dripline", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}
