//! [`Assembly`]: puts the files of a mail together and compiles them.

use std::collections::BTreeMap;

use super::html::{self, HtmlError, Inclusions, append, escape, expand, includes, inline, prepend};
use super::mail_file::{MailFile, MailKind, MailPath};
use super::shared::Shared;
use super::tokens::Tokens;
use super::version::{Compiled, Version};
use super::{DEFAULT_LAYOUT, footer, markdown, plain};
use crate::workspace::code::Code;
use crate::workspace::color::Color;
use crate::workspace::funnel::OwnCompany;
use crate::workspace::source::{Finding, Report, Source};
use crate::workspace::table::Text;

/// A mail whose texts have been checked.
pub(super) struct Mail<'a> {
    pub path: &'a MailPath,
    pub language: &'a str,
    pub source: Source<'a>,
    pub file: MailFile<'a>,
    /// Its own plain part.
    pub plain: Option<&'a Text<'a>>,
}

impl Mail<'_> {
    /// The layout that it names.
    pub fn layout(&self) -> Option<&str> {
        self.file.layout.as_ref().map(|layout| layout.value)
    }
}

/// What all mails have in common.
pub(super) struct Assembly<'a> {
    prefix: String,
    company: &'a OwnCompany,
    shared: &'a Shared<'a>,
}

impl<'a> Assembly<'a> {
    pub fn new(sources: &[Source], company: &'a OwnCompany, shared: &'a Shared<'a>) -> Self {
        let texts: Vec<&str> =
            sources.iter().map(|source| source.text).chain([company.imprint.as_str()]).collect();
        let absent = |prefix: &String| !texts.iter().any(|text| text.contains(prefix.as_str()));
        let mut prefixes = (1..).map(|length| format!("{}zx", "q".repeat(length)));
        let prefix = prefixes.find(absent).expect("some run of letters is longer than any in the texts");
        Self { prefix, company, shared }
    }

    /// Puts a mail together. What is wrong only then is reported.
    pub fn assemble(&self, mail: &Mail, report: &Report) -> Option<Version> {
        let footer = (footer::html(self.company, mail.language), footer::plain(self.company, mail.language));
        let footer_text = |text| Text::whole(Source::new("(footer)", text, report));
        let mut tokens = Tokens::new(&self.prefix);
        let body = self.body(mail, &mut tokens);
        let subject = tokens.take(mail.file.subject.as_ref()?);
        let preheader = mail.file.preheader.as_ref().map(|preheader| tokens.take(preheader));
        let color = self.company.color.unwrap_or(Color::BLUE);
        let slots = BTreeMap::from([
            ("body", body.clone()),
            ("footer", tokens.take(&footer_text(&footer.0))),
            ("preheader", preheader.as_deref().map(escape).unwrap_or_default()),
            ("subject", escape(&subject)),
            ("language", mail.language.to_owned()),
            ("color", color.to_string()),
            ("color_text", color.text_on().to_string()),
            ("link_color", color.readable_on(Color::WHITE).to_string()),
            ("link_color_dark", color.readable_on(Color::NIGHT).to_string()),
        ]);
        let document = self.document(mail, slots, &mut tokens)?;
        let document = append(&document, &tokens.take(&footer_text(footer::PIXEL)));
        let inlined = inline(&document, &tokens).map_err(|error| report_html(mail, &tokens, &error)).ok()?;
        let (html, links) = html::take_links(&inlined, &tokens);
        let own_plain = mail.plain.map(|plain| tokens.take(plain));
        let Some(plain) = own_plain.or_else(|| plain::from_html(&body, &tokens, &links)) else {
            let finding = Finding::new(Code::PlainPart, "no plain part can be made from this mail");
            mail.source.report_file(finding.help("write one into a .txt file of the same name beside it"));
            return None;
        };
        let plain = format!("{}\n{}", plain.trim(), tokens.take(&footer_text(&footer.1)));
        let compile = |text: &str| {
            let compiled = Compiled::new(tokens.restore(text), &mail.path.name, mail.language);
            let refuse =
                |reason| Finding::new(Code::Template, format!("the mail cannot be put together: {reason}"));
            compiled.map_err(|reason| mail.source.report_file(refuse(reason))).ok()
        };
        Some(Version {
            file: mail.source.name.to_owned(),
            subject: compile(subject.trim())?,
            preheader: match preheader {
                Some(preheader) => Some(compile(preheader.trim())?),
                None => None,
            },
            html: compile(&html)?,
            text: compile(&plain)?,
            links,
        })
    }

    /// The body as HTML with tokens.
    fn body<'m>(&'m self, mail: &Mail<'m>, tokens: &mut Tokens<'m>) -> String {
        let body = tokens.take(&mail.file.body);
        let body = if mail.path.kind == MailKind::Markdown { markdown::to_html(&body, tokens) } else { body };
        expand(&body, tokens, &Inclusions { partials: &self.shared.partials, slots: BTreeMap::new() })
    }

    /// The layout around the mail.
    fn document<'m>(
        &'m self,
        mail: &Mail<'m>,
        slots: BTreeMap<&'static str, String>,
        tokens: &mut Tokens<'m>,
    ) -> Option<String> {
        let layout = tokens.take(self.shared.layouts.get(mail.layout().unwrap_or(DEFAULT_LAYOUT))?);
        let (has_footer, has_preheader) =
            (includes(&layout, "footer", tokens), includes(&layout, "preheader", tokens));
        let inclusions = Inclusions { partials: &self.shared.partials, slots };
        let mut document = expand(&layout, tokens, &inclusions);
        if !has_footer {
            document = append(&document, &inclusions.slots["footer"]);
        }
        if !has_preheader && mail.file.preheader.is_some() {
            let preheader = &inclusions.slots["preheader"];
            let hidden =
                format!("<div style=\"display:none;max-height:0;overflow:hidden\">{preheader}</div>");
            document = prepend(&document, &hidden);
        }
        Some(document)
    }
}

fn report_html(mail: &Mail, tokens: &Tokens, error: &HtmlError) {
    match error {
        HtmlError::Misplaced(tag) => {
            let finding = Finding::new(
                Code::Placement,
                "HTML allows nothing at this place, and would move or drop this tag",
            );
            tokens.written(*tag).report(finding.help("in a table, put it into a cell or around whole rows"));
        }
        HtmlError::Styles(reason) => {
            let finding =
                Finding::new(Code::Placement, format!("the styles of this mail cannot be read: {reason}"));
            mail.source.report_file(finding);
        }
    }
}
