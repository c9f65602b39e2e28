//! [`Gallery`]: everything that the page shows, as the JSON that it is given.

use std::collections::BTreeMap;

use serde::Serialize;

use super::edition::Edition;
use super::persona::Persona;
use super::problem::{self, Problem};
use super::shot::{Camera, Shot, sender_of, values};
use super::strip::{self, Strip};
use crate::domain::condition::Fact;
use crate::domain::stage::Stage;
use crate::workspace::{Files, Workspace};

/// What links begin with that the engine puts below every mail.
const OWN: &str = "{{link.";

/// Everything that the page shows.
#[derive(Debug, Serialize)]
pub struct Gallery<'a> {
    /// Differs when the files do.
    pub version: String,
    /// Whether a server is behind the page, that can be asked for frames and tells of edits.
    pub live: bool,
    pub company: &'a str,
    pub default_language: &'a str,
    pub languages: Vec<&'a str>,
    pub leads: &'a [Persona],
    pub stages: Vec<StageView>,
    /// Mails that no sequence uses.
    pub unused: Vec<&'a str>,
    pub mails: BTreeMap<&'a str, MailView<'a>>,
    /// Whether mistakes in the files keep what is shown from being what is written.
    pub stale: bool,
    pub problems: Vec<Problem>,
}

/// The sequences of a funnel stage.
#[derive(Debug, Serialize)]
pub struct StageView {
    pub id: &'static str,
    pub title: &'static str,
    pub sequences: Vec<Strip>,
}

/// A mail.
#[derive(Debug, Serialize)]
pub struct MailView<'a> {
    pub sender: SenderView<'a>,
    pub languages: BTreeMap<&'a str, VersionView<'a>>,
}

/// Who a mail is from.
#[derive(Debug, Serialize)]
pub struct SenderView<'a> {
    pub name: &'a str,
    pub email: &'a str,
}

/// A mail in one language.
#[derive(Debug, Serialize)]
pub struct VersionView<'a> {
    pub file: &'a str,
    /// As it is written now.
    pub source: String,
    /// Its own plain part, and that one's file.
    pub plain: Option<(String, String)>,
    pub links: Vec<LinkView<'a>>,
    /// By the id of the persona.
    pub shots: BTreeMap<&'a str, Shot>,
    /// What its variables stand for, by the id of the persona.
    pub values: BTreeMap<&'a str, BTreeMap<String, Option<String>>>,
}

/// A link of a mail.
#[derive(Debug, Serialize)]
pub struct LinkView<'a> {
    pub name: Option<&'a str>,
    /// As it is written.
    pub target: &'a str,
    pub tracked: bool,
    /// Points that a click adds to the engagement.
    pub points: i64,
    /// The sequences that ask whether it was clicked.
    pub asked_by: Vec<&'a str>,
}

/// What a gallery is made of.
#[derive(Clone, Copy)]
pub struct Hanging<'a> {
    pub edition: &'a Edition,
    /// What the addresses of the server begin with.
    pub public_url: &'a str,
    /// Whether a server is behind the page; else the page holds the HTML of all mails.
    pub live: bool,
}

impl<'a> Hanging<'a> {
    /// The gallery. It is empty if the workspace never was without mistakes.
    pub fn gallery(&self) -> Gallery<'a> {
        let edition = self.edition;
        let workspace = edition.workspace.as_deref();
        let problems = edition.diagnostics.iter().map(|found| Problem::of(found, &edition.files));
        let mut languages: Vec<&str> = workspace.map(languages).unwrap_or_default();
        languages.sort_by_key(|language| {
            (workspace.is_some_and(|workspace| workspace.funnel.defaults.language != *language), *language)
        });
        Gallery {
            version: version(edition),
            live: self.live,
            company: workspace.map_or("", |workspace| &workspace.funnel.company.name),
            default_language: workspace.map_or("en", |workspace| &workspace.funnel.defaults.language),
            languages,
            leads: &edition.personas,
            stages: workspace.map(stages).unwrap_or_default(),
            unused: workspace.map(unused).unwrap_or_default(),
            mails: workspace.map(|workspace| self.mails(workspace)).unwrap_or_default(),
            stale: edition.stale,
            problems: problems.collect(),
        }
    }

    fn mails(&self, workspace: &'a Workspace) -> BTreeMap<&'a str, MailView<'a>> {
        workspace.templates.names().map(|name| (name, self.mail(workspace, name))).collect()
    }

    fn mail(&self, workspace: &'a Workspace, name: &'a str) -> MailView<'a> {
        let (_, sender) = sender_of(workspace, name);
        let languages = workspace.templates.languages(name);
        MailView {
            sender: SenderView { name: &sender.name, email: sender.email.as_str() },
            languages: languages
                .map(|language| (language, self.version(workspace, name, language)))
                .collect(),
        }
    }

    fn version(&self, workspace: &'a Workspace, name: &'a str, language: &'a str) -> VersionView<'a> {
        let templates = &workspace.templates;
        let file = templates.file(name, language).unwrap_or_default();
        let camera = Camera { workspace, public_url: self.public_url };
        let personas = || self.edition.personas.iter();
        let variables = templates.variables(name, language);
        VersionView {
            file,
            source: problem::text(&self.edition.files, file).unwrap_or_default(),
            plain: plain(&self.edition.files, file),
            links: templates
                .links(name, language)
                .iter()
                .filter(|link| !link.href.starts_with(OWN))
                .map(|link| link_view(workspace, link))
                .collect(),
            shots: personas()
                .map(|persona| (persona.id.as_str(), camera.shot(name, language, persona, !self.live)))
                .collect(),
            values: personas().map(|persona| (persona.id.as_str(), values(persona, &variables))).collect(),
        }
    }
}

/// Differs when the files do, or what is found in them.
pub fn version(edition: &Edition) -> String {
    edition.files.hash()[..16].to_owned()
}

/// The plain part that a mail has in a file of its own, and that file.
fn plain(files: &Files, mail: &str) -> Option<(String, String)> {
    let (stem, _) = mail.rsplit_once('.')?;
    let path = format!("{stem}.txt");
    Some((problem::text(files, &path)?, path)).map(|(text, path)| (path, text))
}

fn languages(workspace: &Workspace) -> Vec<&str> {
    let templates = &workspace.templates;
    let all = templates.names().flat_map(|name| templates.languages(name));
    all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn stages(workspace: &Workspace) -> Vec<StageView> {
    let funnel = &workspace.funnel;
    let stage = |stage: &Stage| StageView {
        id: stage.as_str(),
        title: stage.title(),
        sequences: workspace
            .sequences
            .iter()
            .filter(|sequence| sequence.stage == *stage)
            .map(|sequence| Strip::of(sequence, &funnel.defaults.send.to_string()))
            .collect(),
    };
    Stage::ALL.iter().map(stage).filter(|stage| !stage.sequences.is_empty()).collect()
}

fn unused(workspace: &Workspace) -> Vec<&str> {
    let used = |name: &str| {
        let mut steps = workspace.sequences.iter().flat_map(|sequence| &sequence.steps);
        steps.any(|step| strip::mails(step).iter().any(|mail| mail == name))
    };
    workspace.templates.names().filter(|name| !used(name)).collect()
}

fn link_view<'a>(workspace: &'a Workspace, link: &'a crate::workspace::templates::Link) -> LinkView<'a> {
    let about = |fact: &Fact| {
        link.name.is_some() && *fact == Fact::ClickedLink(link.name.clone().unwrap_or_default())
    };
    let scores = workspace.funnel.rules.scores.iter().filter(|rule| !rule.on.not && about(&rule.on.fact));
    let asking = workspace
        .sequences
        .iter()
        .filter(|sequence| sequence.walking_phrases().any(|phrase| about(&phrase.fact)));
    LinkView {
        name: link.name.as_deref(),
        target: &link.href,
        tracked: link.is_tracked(),
        points: scores.map(|rule| rule.points).sum(),
        asked_by: asking.map(|sequence| sequence.title.as_str()).collect(),
    }
}
