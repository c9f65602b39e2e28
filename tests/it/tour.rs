//! The tour in the README is run as somebody would who follows it, and prints what it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The heading of the tour; it ends with the next of its kind.
const TOUR: &str = "## Ten minutes to your first sequence\n";

/// What the tour asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task<'a> {
    /// A text is to be saved as a file.
    Save { path: &'a str, text: &'a str },
    /// A command, and the lines that it prints.
    Run { command: &'a str, prints: Vec<&'a str> },
}

/// Reads the tasks of a page: its blocks of commands, and those that the words before them name a file for.
fn tasks(page: &str) -> Vec<Task<'_>> {
    let mut parts = page.split("```");
    let mut tasks = Vec::new();
    while let (Some(words), Some(block)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        match language {
            "console" => tasks.extend(commands(text)),
            "" => {}
            _ => tasks.push(Task::Save { path: file(words), text }),
        }
    }
    tasks
}

/// The file that the words right before a block name: the last thing in backticks, with a colon behind it.
fn file(words: &str) -> &str {
    let named = words.trim_end().strip_suffix("`:").and_then(|words| words.rsplit_once('`'));
    named.map(|(_, path)| path).unwrap_or_else(|| panic!("no file is named for the block after: {words}"))
}

fn commands(text: &str) -> Vec<Task<'_>> {
    let mut commands = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push(Task::Run { command, prints: Vec::new() }),
            (None, Some(Task::Run { prints, .. })) => prints.push(line),
            (None, _) => panic!("a block of commands begins with a command: {line}"),
        }
    }
    commands
}

/// Whether lines are as they were foretold. A line of nothing but `…` is any lines; else `…` is anything within a line.
fn foretold(expected: &[&str], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skipped| foretold(rest, &lines[skipped..])),
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| line_fits(first, line) && foretold(rest, others))
        }
    }
}

/// Whether a line fits, in which `…` is at least one character.
fn line_fits(expected: &str, line: &str) -> bool {
    let Some((before, after)) = expected.split_once('…') else { return expected == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    rest.char_indices()
        .skip(1)
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| at > 0 && line_fits(after, &rest[at..]))
}

/// Somebody at a shell.
struct Shell {
    folder: PathBuf,
    home: PathBuf,
}

impl Shell {
    fn save(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// What a command prints, errors and log included, as a terminal would show it.
    fn run(&mut self, command: &str) -> String {
        if let Some(folder) = command.strip_prefix("cd ") {
            self.folder.push(folder);
            assert!(self.folder.is_dir(), "cd {folder}");
            return String::new();
        }
        let program = Path::new(env!("CARGO_BIN_EXE_dripline"));
        let path = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", program.parent().expect("a folder").display());
        let mut shell = Command::new("sh");
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DRIPLINE_"))
        {
            shell.env_remove(name);
        }
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(&self.folder);
        let output = shell.env("PATH", path).env("HOME", &self.home).output().expect("a shell");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {text}");
        text
    }
}

fn tour() -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    let (_, tour) = page.split_once(TOUR).expect("the tour");
    tour.split("\n## ").next().unwrap_or_default().to_owned()
}

#[test]
fn the_tour_prints_what_it_says() {
    let tour = tour();
    let tasks = tasks(&tour);
    assert!(tasks.len() > 15, "only {} tasks were found", tasks.len());
    let home = tempfile::tempdir().expect("a folder");
    let mut shell = Shell { folder: home.path().to_owned(), home: home.path().to_owned() };
    for task in &tasks {
        match task {
            Task::Save { path, text } => shell.save(path, text),
            Task::Run { command, prints } => {
                let text = shell.run(command);
                let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
                assert!(
                    foretold(prints, &lines),
                    "$ {command}\nprints\n{text}\nbut the README says\n{}",
                    prints.join("\n")
                );
            }
        }
    }
}

#[test]
fn blocks_become_tasks() {
    let page = "Save this as `a.toml`:\n\n```toml\nx = 1\n```\n\nThen\n\n```console\n$ one\nout\n$ two\n```\n\n```\nskipped\n```\n";
    let expected = [
        Task::Save { path: "a.toml", text: "x = 1\n" },
        Task::Run { command: "one", prints: vec!["out"] },
        Task::Run { command: "two", prints: vec![] },
    ];
    assert_eq!(tasks(page), expected);
}

#[test]
fn only_what_must_vary_may_vary() {
    assert!(foretold(&["a", "…", "d … f"], &["a", "b", "c", "d e f"]));
    assert!(foretold(&["…"], &[]));
    assert!(foretold(&["… x …"], &["ü x x ü"]));
    for (expected, lines) in [
        (&["a"][..], &["b"][..]),
        (&["a"], &["a", "b"]),
        (&["a", "b"], &["a"]),
        (&["a …"], &["a "]),
        (&["… b"], &[" b"]),
        (&["…", "z"], &["a", "b"]),
    ] {
        assert!(!foretold(expected, lines), "{expected:?} {lines:?}");
    }
}
