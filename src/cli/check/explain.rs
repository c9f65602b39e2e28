//! `dripline check --explain`

use crate::cli::{Outcome, output};
use crate::domain::suggest::nearest;
use crate::workspace::Code;

/// Prints what a code means, or which codes there are.
pub fn run(given: &str) -> anyhow::Result<Outcome> {
    if given.is_empty() {
        output::print(&list())?;
        return Ok(Outcome::Fine);
    }
    let wanted = given.trim().to_uppercase();
    // `35` and `035` are as good.
    let digits = wanted.trim_start_matches("DL");
    let wanted = if digits.chars().all(|c| c.is_ascii_digit()) { format!("DL{digits:0>3}") } else { wanted };
    match Code::ALL.iter().find(|code| code.number() == wanted) {
        Some(code) => {
            output::print(&code.explained().for_terminal())?;
            Ok(Outcome::Fine)
        }
        None => {
            let meant = nearest(&wanted, Code::ALL.iter().map(|code| code.number()));
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            anyhow::bail!("there is no code {given}{meant}\n  `dripline check --explain` lists them all")
        }
    }
}

fn list() -> String {
    let line = |code: &Code| {
        let kind = if code.is_error() { "error  " } else { "warning" };
        format!("{}  {kind}  {}\n", code.number(), code.title())
    };
    let lines: String = Code::ALL.iter().map(line).collect();
    lines + "\nOne of them with examples: dripline check --explain DL035\n"
}
