//! What is new in a mail: without the history that is quoted, signature and legal footer.

use super::attribution::{self, Beginning};
use super::signature;

/// Lines that are looked at.
const LINE_LIMIT: usize = 5_000;

/// The words that the sender added.
pub fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\u{a0}', '\u{202f}'], " ");
    let lines: Vec<&str> = text.lines().take(LINE_LIMIT).map(str::trim_end).collect();
    let kept = without_history(&lines);
    let kept = without_signature(&kept);
    tidy(&kept)
}

/// The lines that are no history. Where answers stand between or below quotes, they are kept.
fn without_history<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if is_quoted(lines[at]) {
            at += 1;
            kept.push("");
            continue;
        }
        match attribution::begins(&lines[at..]) {
            Some(Beginning::Rest) => break,
            Some(Beginning::Attribution(length)) => {
                let after = at + length;
                let next = lines[after..].iter().find(|line| !line.is_empty());
                if !next.is_some_and(|line| is_quoted(line)) {
                    break;
                }
                at = after;
            }
            None => {
                kept.push(lines[at]);
                at += 1;
            }
        }
    }
    kept
}

fn is_quoted(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('>')
}

fn without_signature<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = (0..lines.len()).find(|at| signature::begins(&lines[*at..]));
    lines[..end.unwrap_or(lines.len())].to_vec()
}

/// Without empty lines at the edges, and with one at most between.
fn tidy(lines: &[&str]) -> String {
    let mut tidy = String::new();
    let mut empty = 0;
    for line in lines {
        if line.trim().is_empty() {
            empty += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        tidy.push_str(line);
        empty = 0;
    }
    tidy.trim().to_owned()
}
