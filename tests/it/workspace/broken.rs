//! Workspaces with one mistake each: the code and the place that are found, and all that a marketer sees of it, kept as
//! snapshots to be read.

mod funnel;
mod mails;
mod operator;
mod sequences;
mod toml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A change to a file of the sound workspace, and what is then found.
pub struct Broken {
    /// What is wrong, as the name of its snapshot.
    name: &'static str,
    /// A path in the workspace, or `environment`.
    file: &'static str,
    /// What is replaced. Nothing: the file is written anew.
    from: &'static str,
    to: &'static str,
    /// `line:column code` in that file, or `file:line:column code`.
    found: &'static [&'static str],
}

const fn broken(
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static [&'static str],
) -> Broken {
    Broken { name, file, from, to, found }
}

const FUNNEL: &str = r#"# Marketing and sales of Nordwerk.
[company]
name    = "Nordwerk GmbH"
imprint = "Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg"

[defaults]
language = "en"
timezone = "Europe/Berlin"
send     = "Mon-Fri 08:00-18:00"

[sender.anna]
name  = "Anna Berg"
email = "anna@nordwerk.example"

[topic.guides]
title = "Guides"

[team.kim]
name  = "Kim Meier"
email = "kim@nordwerk.example"

[segment.dach]
when = 'lead.country in ["DE", "AT", "CH"] && fit >= 10'

[[score]]
on     = "clicked link pricing"
points = 20

[[fit]]
when   = 'lead.country == "DE"'
points = 10

[stage.mofu]
when = 'engagement >= 20'

[caps]
min_gap  = "1 day"
per_week = 3
"#;

const WELCOME: &str = r#"# Whoever asked for the guide.
title     = "Welcome"
stage     = "tofu"
enroll_if = "in segment dach"
goal      = "booked a meeting"

[[step]]
mail = "tofu/guide"

[[step]]
wait    = "3 days"
only_if = "clicked guide"
mail    = "tofu/tips"

[[step]]
only_if = "not clicked guide"
mail    = "tofu/tips-short"

[[step]]
wait      = "7 days"
until     = "clicked link pricing"
only_if   = ["clicked link pricing", "has city"]
hand_over = "looked at the prices"
"#;

const GUIDE: &str = r#"+++
subject   = 'Your guide, {{default lead.first_name "as promised"}}'
preheader = "Twelve pages about planning"
+++
{{greeting}},

here is **your guide**. It begins with [what it costs](https://www.nordwerk.example/prices "pricing").

{{#if lead.city}}
See you in {{lead.city}}.
{{/if}}

{{> signature}}
"#;

const TIPS: &str =
    "+++\nsubject = \"Three tips\"\n+++\n{{greeting}},\n\n[read them](https://www.nordwerk.example/tips).\n";

const SIGNATURE: &str =
    "<p>{{sender.name}}<br><img src=\"https://www.nordwerk.example/logo.png\" alt=\"Nordwerk\"></p>\n";

const OPERATOR: &str = r#"[server]
listen     = "127.0.0.1:8080"
public_url = "https://mail.nordwerk.example"

[relay.main]
url             = "smtp://mx.nordwerk.example:587?tls=required"
max_connections = 4

[inbound]
domain = "in.nordwerk.example"
"#;

/// The files of a workspace without mistakes.
pub fn sound() -> BTreeMap<&'static str, String> {
    let files = [
        ("dripline.toml", OPERATOR),
        ("funnel.toml", FUNNEL),
        ("sequences/welcome.toml", WELCOME),
        ("templates/mail/tofu/guide.en.md", GUIDE),
        ("templates/mail/tofu/tips.en.md", TIPS),
        ("templates/mail/tofu/tips-short.en.md", TIPS),
        ("templates/partials/signature.html", SIGNATURE),
    ];
    files.map(|(path, text)| (path, text.to_owned())).into()
}

/// Those files in a folder, with a mistake in them.
fn folder(mistake: Option<&Broken>) -> TempDir {
    let mut files = sound();
    if let Some(mistake) = mistake.filter(|mistake| mistake.file != "environment") {
        change(&mut files, mistake);
    }
    write(&files)
}

fn change(files: &mut BTreeMap<&'static str, String>, mistake: &Broken) {
    if mistake.from.is_empty() {
        files.insert(mistake.file, mistake.to.to_owned());
        return;
    }
    let text = files.get_mut(mistake.file).expect("a file of the workspace");
    assert_eq!(text.matches(mistake.from).count(), 1, "{}: {} is not there once", mistake.name, mistake.from);
    *text = text.replace(mistake.from, mistake.to);
}

pub fn write(files: &BTreeMap<&'static str, String>) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// `dripline check` with this variable set.
pub fn check(workspace: &Path, args: &[&str], variable: Option<(&str, &str)>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    let ours = |name: &str| name.starts_with("DRIPLINE_") || name == "GITHUB_ACTIONS";
    for (name, _) in std::env::vars_os().filter(|(name, _)| ours(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.envs(variable).env("NO_COLOR", "1");
    command.current_dir("/").arg("--workspace").arg(workspace).arg("check").args(args).output().expect("run")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn all() -> Vec<&'static Broken> {
    [toml::BROKEN, sequences::BROKEN, funnel::BROKEN, mails::BROKEN, operator::BROKEN]
        .into_iter()
        .flatten()
        .collect()
}

/// One finding as a marketer sees it.
struct Seen {
    /// `file:line:column code`, or `VARIABLE code`.
    place: String,
    /// What is said, and how it is mended.
    words: String,
    has_help: bool,
}

/// The findings of what is printed on a terminal.
fn seen(shown: &str) -> Vec<Seen> {
    let mut found: Vec<Seen> = Vec::new();
    for line in shown.lines() {
        let title = ["error[", "warning["].iter().find_map(|kind| line.strip_prefix(kind));
        if let Some((code, message)) = title.and_then(|title| title.split_once("]: ")) {
            found.push(Seen { place: code.to_owned(), words: message.to_owned(), has_help: false });
        }
        let Some(last) = found.last_mut() else { continue };
        if let Some(place) = line.trim_start().strip_prefix("--> ") {
            last.place = format!("{place} {}", last.place);
        } else if let Some((_, help)) = line.split_once("= help: ") {
            last.words = format!("{}; {help}", last.words);
            last.has_help = true;
        }
    }
    found
}

fn places(shown: &str) -> Vec<String> {
    seen(shown).into_iter().map(|seen| seen.place).collect()
}

#[test]
fn the_sound_workspace_has_no_mistakes() {
    let folder = folder(None);
    let output = check(folder.path(), &["--strict"], None);
    assert_eq!(text(&output.stdout), "no errors in 1 sequence with 4 steps\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn there_are_more_than_sixty_and_they_have_names_of_their_own() {
    let names: BTreeSet<&str> = all().iter().map(|broken| broken.name).collect();
    assert_eq!(names.len(), all().len());
    assert!(names.len() > 60, "{}", names.len());
    let operator = operator::BROKEN.len();
    assert!(operator >= 5, "{operator}");
}

#[test]
fn each_broken_workspace_is_told_as_such() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("broken/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    let mut wrong = Vec::new();
    for broken in all() {
        let folder = folder(Some(broken));
        let variable = (broken.file == "environment").then_some((broken.from, broken.to));
        let output = check(folder.path(), &["--format", "text"], variable);
        assert!(text(&output.stderr).is_empty(), "{}: {}", broken.name, text(&output.stderr));
        let shown = text(&output.stdout);
        let (found, expected) = (places(&shown), broken.expected());
        if found != expected {
            wrong.push(format!("{}: {found:?} instead of {expected:?}", broken.name));
        }
        wrong.extend(seen(&shown).iter().filter_map(|seen| not_helpful(broken.name, seen)));
        insta::assert_snapshot!(broken.name, shown);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Broken {
    /// The places and codes that are found.
    fn expected(&self) -> Vec<String> {
        let whole = |place: &&str| match place.matches(':').count() {
            0 if place.contains('/') => (*place).to_owned(),
            0 if self.file == "environment" => format!("{} {place}", self.from),
            0 => format!("{} {place}", self.file),
            1 => format!("{}:{place}", self.file),
            _ => (*place).to_owned(),
        };
        self.found.iter().map(whole).collect()
    }
}

/// Words of those who write readers of files, which nobody who writes a mail has to know.
const JARGON: [&str; 19] = [
    "token",
    "parse",
    "null",
    "deserial",
    "integer",
    "string",
    "boolean",
    "array",
    "literal",
    "syntax",
    "grammar",
    "identifier",
    "expected",
    "eof",
    "trailing",
    "regex",
    "enum",
    "struct",
    "invalid",
];

/// Why a finding helps nobody who is no programmer.
fn not_helpful(name: &str, seen: &Seen) -> Option<String> {
    let words = seen.words.to_lowercase();
    let jargon: Vec<&str> = JARGON.into_iter().filter(|word| words.contains(word)).collect();
    let fine = jargon.is_empty() && seen.has_help;
    (!fine).then(|| format!("{name}: jargon {jargon:?}, help {}: {words}", seen.has_help))
}

#[test]
fn many_mistakes_are_found_in_one_run() {
    // One in each file that moves nothing else, of every kind of file.
    let names = [
        "wait_misspelt",
        "phrase_misspelt",
        "duration_misspelt",
        "cel_single_equals",
        "sender_address",
        "template_unknown_variable",
        "link_http",
        "partial_unknown_variable",
        "listen_without_port",
    ];
    let chosen: Vec<&Broken> = names
        .iter()
        .map(|name| {
            *all()
                .iter()
                .find(|broken| broken.name == *name)
                .unwrap_or_else(|| panic!("{name} is one of them"))
        })
        .collect();
    let mut files = sound();
    chosen.iter().for_each(|broken| change(&mut files, broken));
    let folder = write(&files);
    let mut expected: Vec<String> = chosen.iter().flat_map(|broken| broken.expected()).collect();
    let mut found = places(&text(&check(folder.path(), &["--format", "text"], None).stdout));
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
