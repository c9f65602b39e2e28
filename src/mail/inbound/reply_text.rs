//! What is new in a mail: without the history that is quoted, signature and legal footer.

use super::attribution::{self, Beginning};
use super::{contact, signature};

/// Lines that are looked at.
const LINE_LIMIT: usize = 5_000;

/// The words that the sender added.
pub fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\u{a0}', '\u{202f}'], " ");
    let lines: Vec<&str> = text.lines().take(LINE_LIMIT).flat_map(parted).map(str::trim_end).collect();
    let kept = without_history(&lines);
    let kept = without_signature(&kept);
    tidy(&kept)
}

/// Parts what somebody wrote from a rule in the same line.
fn parted(line: &str) -> Vec<&str> {
    let lower = line.to_ascii_lowercase();
    let rules =
        ["--- on ", "-----original message", "----- original message", "-----ursprüngliche nachricht"];
    let at = rules.iter().find_map(|rule| lower.find(rule)).map(|at| line[..at].trim_end_matches('-').len());
    match at {
        Some(at) if line[..at].contains(char::is_alphanumeric) => vec![&line[..at], &line[at..]],
        _ => vec![line],
    }
}

/// A run of lines of one sort.
enum Run<'a> {
    /// What somebody wrote.
    Own(Vec<&'a str>),
    /// Lines with `>`, and whether words above them say who wrote them.
    Quote(Vec<&'a str>, bool),
}

impl Run<'_> {
    /// Whether it is no answer to what stands above it: a quote, or a signature.
    fn says_nothing(&self) -> bool {
        match self {
            Run::Quote(..) => true,
            Run::Own(lines) => {
                let start = lines.iter().position(|line| !line.trim().is_empty());
                start.is_none_or(|start| signature::begins(&lines[start..]))
            }
        }
    }
}

/// The lines that are no history. Quotes stay where several are answered one by one, and where nobody is named.
fn without_history<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut runs = runs(lines);
    while let [_, .., last] = &runs[..]
        && last.says_nothing()
    {
        runs.pop();
    }
    if let [Run::Quote(..)] = runs[..] {
        runs.clear();
    }
    let quotes = runs.iter().filter(|run| matches!(run, Run::Quote(..))).count();
    let kept = runs.into_iter().map(|run| match run {
        Run::Own(lines) => lines,
        Run::Quote(lines, named) if quotes > 1 || !named => lines,
        Run::Quote(..) => vec![""],
    });
    kept.flatten().collect()
}

/// The runs before the history that is not quoted.
fn runs<'a>(lines: &[&'a str]) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    let mut at = 0;
    let mut named = false;
    while let Some(line) = lines.get(at).copied() {
        match (is_quoted(line), attribution::begins(&lines[at..])) {
            (false, Some(Beginning::Rest)) => break,
            (false, Some(Beginning::Attribution { lines: length, precise }))
                if precise || quote_follows(&lines[at + length..]) =>
            {
                if !quote_follows(&lines[at + length..]) {
                    break;
                }
                at += length;
                named = true;
                continue;
            }
            (true, _) => match runs.last_mut() {
                Some(Run::Quote(quote, _)) => quote.push(line),
                _ => runs.push(Run::Quote(vec![line], named)),
            },
            // Empty lines between two quotes belong to both.
            (false, _) if line.is_empty() && (named || matches!(runs.last(), Some(Run::Quote(..)))) => {
                if let Some(Run::Own(lines) | Run::Quote(lines, _)) = runs.last_mut() {
                    lines.push(line);
                }
            }
            (false, _) => {
                named = false;
                match runs.last_mut() {
                    Some(Run::Own(own)) => own.push(line),
                    _ => runs.push(Run::Own(vec![line])),
                }
            }
        }
        at += 1;
    }
    runs
}

/// Whether the next line that is not empty is quoted.
fn quote_follows(lines: &[&str]) -> bool {
    lines.iter().find(|line| !line.is_empty()).is_some_and(|line| is_quoted(line))
}

fn is_quoted(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('>')
}

fn without_signature<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = (0..lines.len()).find(|at| signature::begins(&lines[*at..]));
    let lines = &lines[..end.unwrap_or(lines.len())];
    lines[..contact::begins(lines).unwrap_or(lines.len())].to_vec()
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
