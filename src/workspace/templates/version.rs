//! [`Version`]: a mail in one language, and how it is rendered.

use std::collections::BTreeSet;
use std::io;

use handlebars::{Handlebars, Output, RenderContext, RenderErrorReason, Renderable, Template};

use super::Templates;
use super::context::MailContext;
use super::helpers::template_name;
use super::html::Link;
use super::mentions;
use super::tokens::{Place, Restored};
use super::tracking::{Writing, count, follow};

/// A mail in one language.
pub(super) struct Version {
    /// The path of its file in the workspace.
    pub file: String,
    pub subject: Compiled,
    pub preheader: Option<Compiled>,
    pub html: Compiled,
    pub text: Compiled,
    pub links: Vec<Link>,
}

/// One text of a mail, and where each of its tags was written.
pub(super) struct Compiled {
    template: Template,
    mail: String,
    language: String,
    /// By line and column in the compiled text, ascending.
    places: Vec<((usize, usize), Place)>,
    /// Bytes that a rendering begins with room for.
    size: usize,
}

/// A mail as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// One line; empty if the mail has none. It is in the HTML already.
    pub preheader: String,
    pub html: String,
    pub text: String,
}

impl Rendered {
    /// Has the links of a tracked mail lead by way of the server: `link` makes the address there of the number of a link
    /// ([`Templates::links`]), how many links this mail shows, and the target; None leaves it as it is.
    #[must_use]
    pub fn following(mut self, link: impl Fn(usize, usize, &str) -> Option<String>) -> Self {
        let shown = count(&self.html);
        let link = |number: usize, target: &str| link(number, shown, target);
        follow(&mut self.html, Writing::Html, &link);
        follow(&mut self.text, Writing::Plain, &link);
        self
    }
}

/// Why a mail could not be rendered, and where in its files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct RenderError {
    /// The name of the mail, and the language that it is in.
    pub template: Box<str>,
    pub language: Box<str>,
    /// The file of the workspace, and the place in it, from 1.
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    /// The variable that is not there for this lead.
    pub missing: Option<String>,
}

impl RenderError {
    pub(super) fn no_template(name: &str, language: &str) -> Self {
        Self {
            template: name.into(),
            language: language.into(),
            file: format!("{}{name}.md", super::MAILS),
            line: 1,
            column: 1,
            message: format!("there is no mail `{name}`"),
            missing: None,
        }
    }
}

impl Version {
    /// Every variable that its texts name, such as `lead.first_name`, in alphabetical order.
    pub(super) fn variables(&self) -> BTreeSet<&str> {
        let texts = [&self.subject, &self.html, &self.text].into_iter().chain(&self.preheader);
        texts.flat_map(|text| mentions::of(&text.template)).collect()
    }

    pub(super) fn render(&self, templates: &Templates, mail: &MailContext) -> Result<Rendered, RenderError> {
        Ok(Rendered {
            subject: self.subject(templates, mail)?,
            preheader: match &self.preheader {
                Some(preheader) => one_line(preheader.render(&templates.plain, mail)?),
                None => String::new(),
            },
            html: self.html.render(&templates.html, mail)?,
            text: squeeze(self.text.render(&templates.plain, mail)?),
        })
    }

    pub(super) fn subject(&self, templates: &Templates, mail: &MailContext) -> Result<String, RenderError> {
        self.subject.render(&templates.plain, mail).map(one_line)
    }
}

impl Compiled {
    /// # Errors
    /// What Handlebars says of a text that is no template.
    pub(super) fn new(restored: Restored, mail: &str, language: &str) -> Result<Self, String> {
        let template = Template::compile_with_name(&restored.text, template_name(mail, language));
        Ok(Self {
            template: template.map_err(|error| error.reason().to_string())?,
            mail: mail.to_owned(),
            language: language.to_owned(),
            places: restored.places,
            size: restored.text.len() + 512,
        })
    }

    fn render(&self, registry: &Handlebars, mail: &MailContext) -> Result<String, RenderError> {
        let mut text = Text(String::with_capacity(self.size));
        let mut state = RenderContext::new(self.template.name.as_ref());
        match self.template.render(registry, &mail.0, &mut state, &mut text) {
            Ok(()) => Ok(text.0),
            Err(error) => Err(self.error(&error)),
        }
    }

    fn error(&self, error: &handlebars::RenderError) -> RenderError {
        let at = (error.line_no.unwrap_or(1), error.column_no.unwrap_or(1));
        // The tag that is named, or else the one before: what is between two tags cannot fail.
        let place = match self.places.binary_search_by_key(&at, |(at, _)| *at) {
            Ok(place) => self.places.get(place),
            Err(next) => self.places.get(next.saturating_sub(1)),
        };
        let (file, line, column) = match place {
            Some((_, Place { file, line, column })) => (file.clone(), *line, *column),
            None => (self.mail.clone(), 1, 1),
        };
        let (message, missing) = match error.reason() {
            RenderErrorReason::MissingVariable(Some(name)) => {
                (format!("`{name}` is missing for this lead"), Some(name.clone()))
            }
            reason => (reason.to_string(), None),
        };
        let (template, language) = (self.mail.as_str().into(), self.language.as_str().into());
        RenderError { template, language, file, line, column, message, missing }
    }
}

/// A text that a template writes to.
struct Text(String);

impl Output for Text {
    fn write(&mut self, part: &str) -> io::Result<()> {
        self.0.push_str(part);
        Ok(())
    }
}

/// A header's text: values of fields could bring line breaks, and with them headers of their own.
fn one_line(text: String) -> String {
    if text.contains(char::is_control) {
        text.split(char::is_control)
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        text
    }
}

/// At most one empty line in a row, as blocks that show nothing leave more.
fn squeeze(mut text: String) -> String {
    while let Some(at) = text.find("\n\n\n") {
        let end = text[at..].find(|c| c != '\n').map_or(text.len(), |end| at + end);
        text.replace_range(at + 2..end, "");
    }
    text
}
