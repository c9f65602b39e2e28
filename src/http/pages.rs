//! What recipients see: small HTML pages without script, in German and English.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use handlebars::Handlebars;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::language::Language;
use crate::nurture::Section;

const TEMPLATE: &str = include_str!("pages/page.html");
const STYLE: &str = include_str!("pages/page.css");

/// The template, compiled once.
pub struct Pages {
    templates: Handlebars<'static>,
    /// Allows the one style sheet by its hash, and the form to be sent back here.
    policy: HeaderValue,
}

/// One page.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    pub language: Language,
    pub title: String,
    /// Paragraphs.
    pub lines: Vec<String>,
    /// What is to be mended before the form can be taken.
    pub wrong: Option<String>,
    /// What is asked for above the button.
    pub inputs: Vec<Input>,
    /// The text on the button that posts to the page's own address.
    pub button: Option<String>,
    /// What opens a mail.
    pub write: Option<Link>,
    /// Where else to go.
    pub links: Vec<Link>,
    /// What is to be known, in parts.
    pub sections: Vec<Section>,
    /// A line below all of it.
    pub below: Option<String>,
    /// Whose page it is.
    pub company: Option<String>,
}

/// Something that a reader can fill in.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Input {
    /// The name under which it is sent.
    pub name: String,
    pub label: String,
    /// `text`, `tel`, …
    pub kind: &'static str,
    /// By which browsers know what to offer; see HTML, "autofill".
    pub autocomplete: &'static str,
    /// What stands in it already.
    pub value: String,
    /// In characters.
    pub longest: usize,
    /// Why what stands in it is not taken.
    pub wrong: Option<String>,
    /// What can be chosen, if it is not to be written. Empty otherwise.
    pub choices: Vec<Choice>,
    /// All choices are shown, one below the other.
    pub open: bool,
    /// Several lines may be written.
    pub long: bool,
    pub required: bool,
    /// A line below it.
    pub hint: String,
}

/// One of some answers.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A way to somewhere else.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    pub url: String,
    pub label: String,
    /// It weighs more than the others.
    pub first: bool,
}

impl Page {
    /// A page that says something.
    pub fn new(language: Language, title: impl Into<String>, lines: Vec<String>) -> Self {
        Self {
            language,
            title: title.into(),
            lines,
            wrong: None,
            inputs: Vec::new(),
            button: None,
            write: None,
            links: Vec::new(),
            sections: Vec::new(),
            below: None,
            company: None,
        }
    }
}

/// A page with what every page has.
#[derive(Serialize)]
struct Filled<'a> {
    #[serde(flatten)]
    page: &'a Page,
    style: &'static str,
}

impl Pages {
    pub fn new() -> Self {
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        templates.register_template_string("page", TEMPLATE).expect("the page is a template: it was tested");
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::try_from(policy).expect("ASCII makes a header");
        Self { templates, policy }
    }

    /// The page as an answer.
    pub fn show(&self, status: StatusCode, page: &Page) -> Response {
        let html = self.templates.render("page", &Filled { page, style: STYLE });
        // Every variable is a member of `Filled`, so there is none to miss.
        let html = Html(html.unwrap_or_else(|_| page.title.clone()));
        let headers = [(header::CONTENT_SECURITY_POLICY, self.policy.clone())];
        (status, headers, html).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nurture::Row;

    #[test]
    fn nothing_of_a_page_is_taken_for_html() {
        let hostile = "\"><script>";
        let text = Input {
            name: "x\"".into(),
            label: "<u>".into(),
            kind: "text",
            autocomplete: "off",
            value: "\" autofocus onfocus=\"alert(1)".into(),
            longest: 200,
            wrong: Some("<s>".into()),
            hint: hostile.into(),
            ..Input::default()
        };
        let choice = Choice { value: hostile.into(), label: hostile.into(), chosen: true };
        let long = Input { long: true, ..text.clone() };
        let choices = Input { choices: vec![choice], ..text.clone() };
        let open = Input { open: true, required: true, ..choices.clone() };
        let row = Row { label: hostile.into(), value: hostile.into(), open: true };
        let link = Link { url: hostile.into(), label: hostile.into(), first: true };
        let page = Page {
            wrong: Some(hostile.into()),
            inputs: vec![text, long, choices, open],
            button: Some("<i>".into()),
            write: Some(link.clone()),
            links: vec![link],
            sections: vec![Section { title: hostile.into(), rows: vec![row] }],
            below: Some(hostile.into()),
            company: Some("A & B".into()),
            ..Page::new(Language::De, "<b>&", vec![hostile.into()])
        };
        let pages = Pages::new();
        let html = pages.templates.render("page", &Filled { page: &page, style: STYLE }).expect("a page");
        assert!(html.contains("<html lang=\"de\">"), "{html}");
        for escaped in [
            "&lt;b&gt;&amp;",
            "<p dir=\"auto\">&quot;&gt;&lt;script&gt;</p>",
            "&lt;i&gt;</button>",
            "A &amp; B",
            "value=\"&quot; autofocus onfocus&#x3D;&quot;alert(1)\"",
            "&lt;u&gt;</label>",
            "&lt;s&gt;</p>",
        ] {
            assert!(html.contains(escaped), "{escaped}: {html}");
        }
        assert!(!html.contains("<script") && !html.contains("http"), "{html}");
    }

    #[test]
    fn the_style_in_the_page_is_the_one_that_the_policy_allows() {
        let page = Page::new(Language::En, "x", vec![]);
        let html =
            Pages::new().templates.render("page", &Filled { page: &page, style: STYLE }).expect("a page");
        let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
        assert_eq!(style.map(|(style, _)| style), Some(STYLE));
        assert!(!html.contains("<form"), "no button, no form");
    }
}
