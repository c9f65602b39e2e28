//! [`Shot`]: one mail as one persona gets it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono_tz::Tz;
use serde::Serialize;

use super::frame;
use super::hint::{Hint, hints};
use super::persona::Persona;
use crate::domain::lead::Lead;
use crate::domain::sequence::Sequence;
use crate::domain::time::Timestamp;
use crate::domain::token::{KeyRing, Purpose};
use crate::workspace::funnel::Sender;
use crate::workspace::{Funnel, Links, MailContext, RenderError, Rendered, Workspace};

/// Numbers of a lead and a message, as large as those of a busy installation: they make links longer.
const LEAD: i64 = 100_000;
const MESSAGE: i64 = 10_000_000;

/// A mail as a persona gets it, or why not.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Shot {
    Taken(Box<Taken>),
    Failed(Failed),
}

/// A mail as a persona gets it.
#[derive(Debug, Serialize)]
pub struct Taken {
    pub subject: String,
    pub preheader: String,
    /// What mail programs show behind the subject: the preheader, or else the beginning of the text.
    pub snippet: String,
    pub text: String,
    /// Bytes of the HTML part as it goes out.
    pub bytes: usize,
    pub hints: Vec<Hint>,
    /// Whether it shows images that lie on the web.
    pub remote: bool,
    /// Differs when the HTML does.
    pub mark: String,
    /// The document for a frame whose colours are still to be chosen. None if it is asked for by its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// Why a mail would not go out to this persona.
#[derive(Debug, Serialize)]
pub struct Failed {
    pub error: String,
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The variable that is not known of this lead.
    pub missing: Option<String>,
}

/// Who is asked for mails: a workspace, and where its links would lead.
#[derive(Clone, Copy)]
pub struct Camera<'a> {
    pub workspace: &'a Workspace,
    /// What the addresses of the server begin with.
    pub public_url: &'a str,
}

impl Camera<'_> {
    /// A mail as a persona gets it, with the HTML if it is wanted.
    pub fn shot(&self, mail: &str, language: &str, persona: &Persona, with_html: bool) -> Shot {
        match self.take(mail, language, persona, with_html) {
            Ok(taken) => Shot::Taken(Box::new(taken)),
            Err(error) => Shot::Failed(Failed {
                error: error.message,
                file: error.file,
                line: error.line,
                column: error.column,
                missing: error.missing,
            }),
        }
    }

    fn take(
        &self,
        mail: &str,
        language: &str,
        persona: &Persona,
        with_html: bool,
    ) -> Result<Taken, RenderError> {
        let rendered = self.render(mail, language, &persona.lead)?;
        let bytes = self.bytes(mail, language, &persona.lead, &rendered)?;
        let document = frame::document(&rendered.html, &self.unsubscribe());
        let snippet = match rendered.preheader.as_str() {
            "" => beginning(&rendered.text),
            preheader => preheader.to_owned(),
        };
        Ok(Taken {
            hints: hints(&rendered, bytes),
            remote: rendered.html.contains(" src=\"http"),
            mark: mark(&document),
            html: with_html.then_some(document),
            subject: rendered.subject,
            preheader: rendered.preheader,
            text: rendered.text,
            snippet,
            bytes,
        })
    }

    /// The document for a frame, whose colours are still to be chosen.
    ///
    /// # Errors
    /// A variable that is missing for this persona; no such mail.
    pub fn document(&self, mail: &str, language: &str, persona: &Persona) -> Result<String, RenderError> {
        let rendered = self.render(mail, language, &persona.lead)?;
        Ok(frame::document(&rendered.html, &self.unsubscribe()))
    }

    /// A mail for a lead, its links leading straight to their targets.
    fn render(&self, mail: &str, language: &str, lead: &Lead) -> Result<Rendered, RenderError> {
        let form = Some(format!("{}/f/preview", self.public_url));
        let links = Links { unsubscribe: self.unsubscribe(), form, ..Links::default() };
        self.render_with(mail, language, lead, &links)
    }

    fn render_with(
        &self,
        mail: &str,
        language: &str,
        lead: &Lead,
        links: &Links,
    ) -> Result<Rendered, RenderError> {
        let funnel = &self.workspace.funnel;
        let sender = sender_of(self.workspace, mail).1;
        let worth = funnel.rules.worth(lead, Timestamp::default());
        let context = MailContext::new(lead, &worth, sender, &funnel.company, links, zone(funnel, lead));
        self.workspace.templates.render(mail, language, &context)
    }

    /// A mail for a lead as it goes out to those who are tracked: `link` makes the address of a link by its number, how
    /// many there are, its name and its target.
    ///
    /// # Errors
    /// As [`Camera::document`].
    pub fn render_tracked(
        &self,
        mail: &str,
        language: &str,
        lead: &Lead,
        links: &Links,
        link: impl Fn([usize; 2], &str, &str) -> String,
    ) -> Result<Rendered, RenderError> {
        let known = self.workspace.templates.links(mail, language);
        let rendered = self.render_with(mail, language, lead, links)?;
        Ok(rendered.following(|number, of, target| {
            // What a variable turned into may lead to no page.
            let web = target.starts_with("http://") || target.starts_with("https://");
            let name = known.get(number).and_then(|link| link.name.as_deref()).unwrap_or_default();
            web.then(|| link([number, of], name, target))
        }))
    }

    /// Bytes of the HTML as it goes out: links that are tracked are longer.
    fn bytes(
        &self,
        mail: &str,
        language: &str,
        lead: &Lead,
        rendered: &Rendered,
    ) -> Result<usize, RenderError> {
        if !lead.tracking {
            return Ok(rendered.html.len());
        }
        let keys = measuring_keys();
        let url = self.public_url;
        let token = keys.sign(Purpose::Open, &[LEAD, MESSAGE]);
        let links = Links {
            unsubscribe: format!("{url}/u/{token}"),
            form: Some(format!("{url}/f/{token}")),
            pixel: Some(format!("{url}/o/{token}.gif")),
            ..Links::default()
        };
        let click = |[number, of]: [usize; 2], name: &str, target: &str| {
            let numbers = [LEAD, MESSAGE, number as i64, of as i64];
            format!("{url}/c/{}", keys.sign_text(Purpose::Click, &numbers, &format!("{name}\n{target}")))
        };
        Ok(self.render_tracked(mail, language, lead, &links, click)?.html.len())
    }

    /// No lead has this token: it leads to the page that says so.
    fn unsubscribe(&self) -> String {
        format!("{}/u/preview", self.public_url)
    }
}

/// Keys that sign as long as any others. Nothing that they sign is used but for its length.
fn measuring_keys() -> KeyRing {
    KeyRing::parse("preview:0000000000000000").expect("a key of sixteen characters is a ring")
}

/// The zone in which a lead's dates are shown.
pub fn zone(funnel: &Funnel, lead: &Lead) -> Tz {
    let own = lead.contact.timezone.as_deref().and_then(|name| name.parse().ok());
    own.unwrap_or(funnel.defaults.timezone)
}

/// Who sends a mail: the sender of the first sequence that has it, else the default one.
pub fn sender_of<'w>(workspace: &'w Workspace, mail: &str) -> (&'w str, &'w Sender) {
    let uses = |sequence: &&Sequence| {
        sequence.steps.iter().any(|step| super::strip::mails(step).iter().any(|used| used == mail))
    };
    let sequence = workspace.sequences.iter().find(uses);
    let name =
        sequence.map_or(workspace.funnel.defaults.sender.as_str(), |sequence| sequence.sender.as_str());
    let senders = &workspace.funnel.senders;
    let known = senders.get_key_value(name).or_else(|| senders.first_key_value());
    let (name, sender) = known.expect("a workspace without a sender is refused: it was checked");
    (name, sender)
}

/// What is known of a persona under the names of these variables.
pub fn values(persona: &Persona, names: &[&str]) -> BTreeMap<String, Option<String>> {
    let of_lead = names.iter().filter(|name| name.starts_with("lead.") || name.starts_with("company."));
    of_lead.map(|name| ((*name).to_owned(), persona.lead.field(name))).collect()
}

/// The beginning of a text, in one line.
fn beginning(text: &str) -> String {
    let words = text.split_whitespace().scan(0, |length, word| {
        *length += word.chars().count() + 1;
        (*length < 140).then_some(word)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn mark(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
