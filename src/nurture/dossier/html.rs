//! A mail to a rep in HTML: what is shown, and the file that comes with it. Nothing in it is loaded from anywhere.

use std::sync::LazyLock;

use handlebars::Handlebars;
use serde::Serialize;

use super::phrases::Phrases;
use super::sections::{Row, Section, Words};
use super::{Occasion, View, Ways, deadline, files, full_name, lines, name, reasons, said, who_wrote};
use crate::domain::sales_link::SalesAction;

const MAIL: &str = "mail";
const FILE: &str = "file";

static TEMPLATES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    let texts = [(MAIL, include_str!("mail.html")), (FILE, include_str!("file.html"))];
    for (name, text) in texts {
        templates.register_template_string(name, text).expect("it is a template: it was tested");
    }
    templates
});

/// What both show.
#[derive(Clone, Debug, Serialize)]
pub struct Page<'a> {
    language: &'static str,
    /// Whom it is about, or why the rep gets it.
    title: String,
    said: Vec<Said>,
    sections: &'a [Section],
    /// Rows of the mail itself.
    rows: Vec<Row>,
    notes: Vec<String>,
    /// Opens the mail program with a mail to the lead that quotes nothing.
    pub write: Option<String>,
    pub write_words: String,
    outcome: &'static str,
    links: Vec<Link<'a>>,
    copy: Option<&'a str>,
    copy_words: &'static str,
}

/// Somebody's words.
#[derive(Clone, Debug, Serialize)]
struct Said {
    who: String,
    lines: Vec<String>,
    files: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Link<'a> {
    words: &'static str,
    url: &'a str,
    /// What is to be done first.
    first: bool,
}

impl<'a> Page<'a> {
    pub fn of(view: &'a View, words: &Words, sections: &'a [Section]) -> Self {
        let phrases = words.phrases;
        let lead = view.sheet.lead();
        let (shown, kept) = reasons(view, words);
        let escalated = matches!(view.occasion, Occasion::Escalated(_));
        Self {
            language: phrases.language,
            title: shown.unwrap_or_else(|| name(lead)),
            said: view.said.iter().map(|words| Said::of(words, view, phrases)).collect(),
            sections,
            rows: Vec::new(),
            notes: kept.into_iter().chain(deadline(view, words)).collect(),
            write: (!escalated).then(|| mailto(view)),
            write_words: phrases.answer_button.replace("{}", &full_name(lead)),
            outcome: phrases.outcome,
            links: links(view.ways, phrases),
            copy: view.ways.copy.as_deref(),
            copy_words: phrases.copy,
        }
    }
}

/// The buttons, with the one to be pressed first at the front.
fn links<'a>(ways: &'a Ways, phrases: &Phrases) -> Vec<Link<'a>> {
    let link = |(action, url): &'a (SalesAction, String)| Link {
        words: phrases.link(*action),
        url,
        first: *action == SalesAction::Accept,
    };
    let mut links: Vec<Link> = ways.links.iter().map(link).collect();
    links.sort_by_key(|link| !link.first);
    links
}

impl Said {
    fn of(words: &super::Words, view: &View, phrases: &Phrases) -> Self {
        Self {
            who: format!("{}:", who_wrote(words, view.sheet.lead(), phrases)),
            lines: lines(said(words, phrases)),
            files: files(phrases, words),
        }
    }
}

/// What a mail program shows, and quotes in the rep's answer: nothing that the lead does not know.
pub fn mail(page: &Page, card: Vec<Row>, phrases: &Phrases) -> String {
    let notes = vec![phrases.see_file.replace("{}", phrases.file_name)];
    render(MAIL, &Page { notes, rows: card, sections: &[], links: Vec::new(), ..page.clone() })
}

/// The file with everything.
pub fn file(page: &Page) -> String {
    render(FILE, page)
}

fn render(template: &str, page: &Page) -> String {
    // Every variable is a member of the page, so there is none to miss.
    TEMPLATES.render(template, page).unwrap_or_default()
}

/// The lead's address with the subject of an answer, and the address for copies (RFC 6068).
fn mailto(view: &View) -> String {
    let about = view.said.first().map(|words| words.subject.trim()).filter(|about| !about.is_empty());
    let subject = about.map(|about| match about.to_lowercase().starts_with("re:") {
        true => about.to_owned(),
        false => format!("Re: {about}"),
    });
    let subject = subject.map(|subject| format!("subject={}", encoded(&subject)));
    let copy = view.ways.copy.as_ref().map(|copy| format!("bcc={}", encoded(copy)));
    let fields: Vec<String> = [subject, copy].into_iter().flatten().collect();
    let rest = if fields.is_empty() { String::new() } else { format!("?{}", fields.join("&")) };
    format!("mailto:{}{rest}", encoded(view.sheet.lead().email.as_str()))
}

/// Percent-encoded, but for what stands for itself in any part of a URL (RFC 3986 section 2.3) and the `@`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
