//! What a rep reads: who the lead is, what they said, and all that is known about them.
//!
//! Nothing but the lead's own words and data may stand in what a mail program quotes when the rep answers. Most of them
//! quote the whole HTML part, and those that take the text part leave out what is below the line of dashes that begins a
//! signature. So the text has everything, the rest of it below that line; the HTML has what the lead knows anyway; and a
//! file, which no program quotes, has everything with its links.

mod facts;
mod html;
mod phrases;
mod sections;

use crate::domain::address::Address;
use crate::domain::lead::Lead;
use crate::domain::sales_link::SalesAction;
use crate::domain::visible;
use crate::mail::inbound::{Attachment, InboundMail};
use crate::nurture::revision::Revision;
pub use facts::LeadSheet;
use phrases::Phrases;
pub use phrases::phrases;
pub use sections::{Row, Section};

/// Somebody who answers for the lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Empty if unknown.
    pub name: String,
    pub email: Address,
}

/// The words of a person, as they reach the rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What the reply was about.
    pub subject: String,
    /// What the person wrote, without what they quoted.
    pub text: String,
    /// The reply's own Message-ID, so that the rep's answer stays in the thread.
    pub message_id: Option<String>,
    /// Who wrote it, if it was not the lead.
    pub colleague: Option<Colleague>,
    pub attachments: Vec<Attachment>,
    /// The mail's row in `inbound`.
    pub inbound: i64,
}

impl Words {
    /// What the rep is to read of a mail that came in.
    pub fn of(mail: &InboundMail, inbound: i64, lead: &Lead) -> Self {
        let other = mail.from.as_ref().filter(|from| from.address != lead.email.as_str());
        let colleague = other.and_then(|from| {
            Some(Colleague { name: from.name.clone().unwrap_or_default(), email: from.address.parse().ok()? })
        });
        Self {
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            message_id: mail.message_id.clone(),
            colleague,
            attachments: mail.attachments.clone(),
            inbound,
        }
    }
}

/// Why a rep gets a mail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The lead is theirs now, for this cause.
    HandOver(String),
    /// A lead that they have wrote again.
    Reply,
    /// Somebody, or a step of a sequence, wants them to know something.
    Note(String),
    /// The lead waits longer than was agreed.
    Waits,
    /// It waits, and this rep does nothing: for whoever stands behind the rep.
    Escalated(String),
    /// The day has come on which they wanted to come back to it.
    Today,
}

impl Occasion {
    /// Whether it recalls what the lead said before, and is about something else.
    pub fn recalls(&self) -> bool {
        matches!(self, Occasion::Waits | Occasion::Escalated(_) | Occasion::Today)
    }
}

/// Where a rep says what came of a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// URLs.
    pub links: Vec<(SalesAction, String)>,
    /// The address for copies, if this server takes mail in.
    pub copy: Option<String>,
}

/// What a mail to a rep is made of.
pub struct View<'a> {
    pub revision: &'a Revision,
    pub sheet: &'a LeadSheet,
    pub occasion: &'a Occasion,
    /// The newest first.
    pub said: &'a [Words],
    pub ways: &'a Ways,
}

/// A mail to a rep, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The file with everything: its name, and HTML.
    pub file: (&'static str, String),
}

/// Characters of a reply that a subject shows.
const FIRST_WORDS: usize = 60;

/// Writes a mail to a rep.
pub fn write(view: &View) -> Told {
    let phrases = phrases(&view.revision.workspace.funnel);
    let words = sections::Words { revision: view.revision, phrases };
    let sections = words.sections(view.sheet);
    let page = html::Page::of(view, &words, &sections);
    Told {
        subject: subject(view, phrases),
        text: text(view, &words, &sections),
        html: html::mail(&page, words.card(view.sheet), phrases),
        file: (phrases.file_name, html::file(&page)),
    }
}

/// What the file of a mail says of a lead, for a page.
pub struct Everything {
    /// Why the rep gets to see it, and by when an answer is expected.
    pub notes: Vec<String>,
    /// What a link is called that opens a mail to the lead, and its URL; none if somebody else is to write it.
    pub write: Option<(String, String)>,
    pub sections: Vec<Section>,
    /// The address for copies, and what it is for.
    pub copy: Option<String>,
}

/// Everything about a lead, for a page.
pub fn everything(view: &View) -> Everything {
    let phrases = phrases(&view.revision.workspace.funnel);
    let words = sections::Words { revision: view.revision, phrases };
    let page = html::Page::of(view, &words, &[]);
    Everything {
        notes: reason(view, &words).into_iter().chain(deadline(view, &words)).collect(),
        write: page.write.map(|url| (page.write_words, url)),
        sections: words.sections(view.sheet),
        copy: view.ways.copy.as_ref().map(|copy| format!("{}: {copy}", phrases.copy)),
    }
}

fn subject(view: &View, phrases: &Phrases) -> String {
    let name = name(view.sheet.lead());
    if let Some(words) = view.said.first().filter(|_| !view.occasion.recalls()) {
        let shown = first_words(&words.text);
        let about = if shown.is_empty() { visible::field(&words.subject) } else { format!("\"{shown}\"") };
        return format!("{} {name}: {about}", phrases.reply_from);
    }
    match view.occasion {
        // The rep's answer has this subject: it says nothing that the lead is not to read.
        Occasion::HandOver(_) => phrases.new_lead.replace("{}", &name),
        Occasion::Note(_) => phrases.about_lead.replace("{}", &name),
        Occasion::Reply => format!("{} {name}", phrases.reply_from),
        Occasion::Waits => phrases.waits[0].replace("{}", &name),
        Occasion::Escalated(_) => phrases.escalated[0].replace("{}", &name),
        Occasion::Today => phrases.today[0].replace("{}", &name),
    }
}

/// The sentence that says why the rep gets the mail; none if the words of the lead do.
fn reason(view: &View, words: &sections::Words) -> Option<String> {
    let (name, phrases) = (name(view.sheet.lead()), words.phrases);
    match view.occasion {
        Occasion::HandOver(cause) => {
            Some(format!("{name} {}: {}.", phrases.handed_over, visible::field(phrases.cause(cause))))
        }
        Occasion::Note(what) => Some(visible::field(what)),
        Occasion::Reply => None,
        Occasion::Waits => Some(phrases.waits[1].replace("{}", &name)),
        Occasion::Escalated(rep) => {
            Some(phrases.escalated[1].replace("{rep}", &words.rep(rep)).replace("{}", &name))
        }
        Occasion::Today => Some(phrases.today[1].replace("{}", &name)),
    }
}

/// The reason, where answers may quote it; or where none does: why sales has a lead is often nothing that it should read.
fn reasons(view: &View, words: &sections::Words) -> (Option<String>, Option<String>) {
    let reason = reason(view, words);
    if view.occasion.recalls() { (reason, None) } else { (None, reason) }
}

/// By when an answer is expected.
fn deadline(view: &View, words: &sections::Words) -> Option<String> {
    let response = view.sheet.response.as_ref().filter(|response| response.is_awaited())?;
    let at = words.date_time(response.respond_by?);
    Some(format!("{} {at} ({}).", words.phrases.respond_by, words.zone()))
}

fn text(view: &View, words: &sections::Words, sections: &[Section]) -> String {
    let phrases = words.phrases;
    let said = view.said.iter().map(|said| quoted(said, view.sheet.lead(), phrases)).collect::<Vec<_>>();
    let answers = !matches!(view.occasion, Occasion::Note(_) | Occasion::Escalated(_));
    let answer = answers.then(|| phrases.answer.to_owned());
    let (shown, kept) = reasons(view, words);
    // The words come first, unless they are known already.
    let parts: Vec<String> = match said.is_empty() || view.occasion.recalls() {
        true => {
            let shown = shown.unwrap_or_else(|| name(view.sheet.lead()));
            let why = [shown].into_iter().chain(answer).collect::<Vec<_>>().join("\n");
            [why].into_iter().chain(said).collect()
        }
        false => said.into_iter().chain(answer).collect(),
    };
    let links = view.ways.links.iter().map(|(action, url)| format!("{}: {url}", phrases.link(*action)));
    let links = [format!("{}:", phrases.outcome)].into_iter().chain(links).collect::<Vec<_>>().join("\n");
    let links = (!view.ways.links.is_empty()).then_some(links);
    let copy = view.ways.copy.as_ref().map(|copy| format!("{}:\n{copy}", phrases.copy));
    let all = [kept, deadline(view, words), Some(sections::as_text(sections)), links, copy];
    let below: Vec<String> = all.into_iter().flatten().collect();
    format!("{}\n\n-- \n{}", parts.join("\n\n"), below.join("\n\n"))
}

fn quoted(words: &Words, lead: &Lead, phrases: &Phrases) -> String {
    let said = lines(said(words, phrases));
    let quoted: String = said.iter().map(|line| format!("> {line}\n")).collect();
    let files = files(phrases, words).into_iter().map(|line| format!("\n{line}")).collect::<String>();
    format!("{}:\n\n{quoted}{files}", who_wrote(words, lead, phrases)).trim_end().to_owned()
}

fn said<'w>(words: &'w Words, phrases: &Phrases) -> &'w str {
    let text = words.text.trim();
    if text.is_empty() { phrases.no_words } else { text }
}

fn who_wrote(words: &Words, lead: &Lead, phrases: &Phrases) -> String {
    let who = match &words.colleague {
        Some(colleague) => format!("{} {}", who(colleague), phrases.answers_for(&name(lead))),
        None => name(lead),
    };
    format!("{who} {}", phrases.wrote)
}

/// The first words of a reply, without the line that greets somebody.
fn first_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let greets = |line: &str| line.ends_with([',', '!']) && line.split_whitespace().count() <= 6;
    let start = usize::from(lines.len() > 1 && greets(lines[0]));
    let words = lines[start..].join(" ");
    let words = visible::field(&words);
    let mut shown: String = words.chars().take(FIRST_WORDS).collect();
    if shown.len() < words.len() {
        // Not within a word.
        shown.truncate(shown.rfind(' ').unwrap_or(shown.len()));
        shown.push_str(" …");
    }
    shown
}

fn who(colleague: &Colleague) -> String {
    let Colleague { name, email } = colleague;
    let name: String = visible::field(name).chars().take(80).collect();
    if name.is_empty() { email.to_string() } else { format!("{name} <{email}>") }
}

/// A line for the files that come with the mail, and one for those that do not.
fn files(phrases: &Phrases, words: &Words) -> Vec<String> {
    let listed = |passed_on: bool| {
        let files = words.attachments.iter().filter(move |file| file.passed_on == passed_on);
        let names: Vec<String> =
            files.map(|file| format!("{} ({})", visible::field(&file.name), size(file.size))).collect();
        names.join(", ")
    };
    let line = |label: &str, names: String| (!names.is_empty()).then(|| format!("{label}: {names}"));
    let kept = format!("{} (dripline inbound show {} --raw)", phrases.left_out, words.inbound);
    [line(phrases.attached, listed(true)), line(&kept, listed(false))].into_iter().flatten().collect()
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1_000_000.0),
    }
}

/// What a lead is called.
pub fn full_name(lead: &Lead) -> String {
    let contact = &lead.contact;
    let parts = [&contact.title, &contact.first_name, &contact.last_name];
    let full = parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    if full.trim().is_empty() { lead.email.to_string() } else { visible::field(&full) }
}

/// What a lead is called, and where it works.
pub fn name(lead: &Lead) -> String {
    match &lead.company {
        Some(company) => format!("{} ({})", full_name(lead), visible::field(&company.name)),
        None => full_name(lead),
    }
}

/// Line by line, with the spaces at the beginning that somebody put there.
fn lines(text: &str) -> Vec<String> {
    visible::text(text).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
