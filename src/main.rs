//! The `dripline` program: reads the command line, runs one command, and says how it went.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use dripline::cli::{Cli, Outcome};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    dripline::mail::install_crypto();
    let cli = Cli::parse();
    log_to_stderr(cli.usual_log());
    let outcome = cli.run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  because: {cause}");
        }
        Outcome::CouldNotRun
    });
    ExitCode::from(outcome as u8)
}

/// `DRIPLINE_LOG`, or `RUST_LOG`, says what is logged: `usual` if neither does.
fn log_to_stderr(usual: &str) {
    let wanted = std::env::var("DRIPLINE_LOG").or_else(|_| std::env::var("RUST_LOG"));
    let wanted = wanted.unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::new(format!("{wanted},lettre=info,sqlx=warn,html5ever=error"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    log.with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).init();
}
