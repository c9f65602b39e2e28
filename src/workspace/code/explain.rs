//! [`Explained`]: what a code means, at length, with an example of how not to and one of how to write it.
//!
//! The texts are in `explanations.md`, from where the command line and docs/check.md have them. The tests check every
//! example.

use std::fmt::Write;

use super::Code;
use crate::workspace::Severity;

const TEXTS: &str = include_str!("explanations.md");

/// What stands at the head of docs/check.md.
const HEAD: &str = "\
# What `dripline check` finds

<!-- Made from src/workspace/code. To make it anew: DRIPLINE_WRITE_DOCS=1 tests/run explanations -->

`dripline check` reads the whole workspace and names every mistake at once, with its file, line and column. It changes
nothing, sends nothing, and needs neither a server nor a database. Run it before each commit, and in a workflow:

    dripline check                      # exit code 0: no errors, 1: errors, 2: there is nothing to check
    dripline check --strict             # warnings count as well
    dripline check --explain DL035      # what a code means, as below
    dripline check --json               # for programs
    dripline check --format github      # annotations; chosen by itself in a workflow of GitHub

Errors keep a workspace from being used: a server goes on with what it had. With warnings it is used.
A code keeps its meaning for good.

";

/// What a code means, at length.
pub struct Explained {
    code: Code,
    text: &'static str,
    wrong: Option<Example>,
    right: Option<&'static str>,
}

/// What a file of the workspace, or a part of it, should not look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file's path in the workspace; `environment` for variables.
    pub file: &'static str,
    pub text: &'static str,
}

impl Code {
    /// What it means, at length.
    pub fn explained(self) -> Explained {
        let section =
            TEXTS.split("## ").find_map(|section| section.strip_prefix(self.number())).unwrap_or("");
        let (text, examples) = section.split_once("\nWrong, in `").unwrap_or((section, ""));
        let mut blocks = examples.split("```");
        let file = blocks.next().and_then(|head| head.split('`').next()).unwrap_or("");
        // A block begins with the name of its language, up to the end of the line.
        let code = |block: &'static str| block.split_once('\n').map_or(block, |(_, code)| code);
        let wrong = blocks.next().map(|text| Example { file, text: code(text) });
        let right = blocks.nth(1).map(code);
        Explained { code: self, text: text.trim(), wrong, right }
    }
}

impl Explained {
    /// How not to write it.
    pub fn wrong(&self) -> Option<Example> {
        self.wrong
    }

    /// How to write the same.
    pub fn right(&self) -> Option<Example> {
        Some(Example { file: self.wrong?.file, text: self.right? })
    }

    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The explanation as plain text.
    pub fn for_terminal(&self) -> String {
        let mut shown =
            format!("{} ({}): {}\n\n{}\n", self.code.number(), self.kind(), self.code.title(), self.text);
        for (word, example) in [("Wrong", self.wrong()), ("Right", self.right())] {
            if let Some(Example { file, text }) = example {
                let lines: Vec<String> =
                    text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
                let _ = write!(shown, "\n{word}, in {file}:\n\n{}\n", lines.join("\n"));
            }
        }
        shown
    }

    fn kind(&self) -> &'static str {
        if self.code.severity() == Severity::Error { "error" } else { "warning" }
    }

    fn for_docs(&self) -> String {
        let section =
            TEXTS.split("## ").find_map(|section| section.strip_prefix(self.code.number())).unwrap_or("");
        format!(
            "## {}: {}\n\n*{}.* {}\n\n",
            self.code.number(),
            self.code.title(),
            self.kind(),
            section.trim()
        )
    }
}

/// The text of docs/check.md.
pub fn document() -> String {
    let sections: String = Code::ALL.iter().map(|code| code.explained().for_docs()).collect();
    format!("{HEAD}{}\n", sections.trim_end())
}
