//! A [`MailView`]: a mail as a mail program shows it.

use mail_parser::{HeaderValue, Message, MessageParser};
use serde::Serialize;

use crate::demo::act::Scene;
use crate::demo::post::Mail;
use crate::domain::time::Timestamp;
use crate::domain::token::{KeyRing, Purpose};

/// A mail in an inbox.
#[derive(Debug, Serialize)]
pub struct MailView {
    pub id: usize,
    pub at: Timestamp,
    pub from: String,
    pub from_name: Option<String>,
    pub to: String,
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    /// Whether there is HTML to be shown.
    pub html: bool,
    /// The path of the picture that tells of the opening.
    pub pixel: Option<String>,
    /// Links that are tracked.
    pub links: Vec<LinkView>,
    /// Whether the mail program may offer to leave with one click.
    pub one_click: bool,
    pub read: bool,
}

/// A tracked link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// On the server of Dripline.
    pub path: String,
    pub name: Option<String>,
    pub target: String,
}

/// The inbox of an address, oldest first.
pub fn of(scene: &Scene, email: &str) -> Vec<MailView> {
    scene.post.mails(|to| to == email).iter().filter_map(|mail| view(scene, mail)).collect()
}

fn view(scene: &Scene, mail: &Mail) -> Option<MailView> {
    let message = MessageParser::default().parse(&mail.raw)?;
    let html = html_of(&message);
    let public_url = &scene.engine.config.server.public_url;
    let from = message.from().and_then(|from| from.first());
    let paths = paths(html.as_deref().unwrap_or_default(), public_url);
    Some(MailView {
        id: mail.id,
        at: mail.at,
        from: from.and_then(|from| from.address()).unwrap_or_default().to_owned(),
        from_name: from.and_then(|from| from.name()).map(str::to_owned),
        to: mail.to.clone(),
        reply_to: message.reply_to().and_then(|to| to.first()?.address()).map(str::to_owned),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
        html: html.is_some(),
        pixel: paths.iter().find(|path| path.starts_with("/o/")).cloned(),
        links: paths.iter().filter_map(|path| link(&scene.engine.keys, path)).collect(),
        one_click: unsubscribe_path(mail, public_url).is_some(),
        read: scene.memo().read.contains(&mail.id),
    })
}

/// The HTML of a mail.
pub fn html(mail: &Mail) -> Option<String> {
    html_of(&MessageParser::default().parse(&mail.raw)?)
}

fn html_of(message: &Message) -> Option<String> {
    message.html_part(0).filter(|part| part.is_text_html())?;
    Some(message.body_html(0)?.into_owned())
}

pub fn subject(mail: &Mail) -> String {
    let message = MessageParser::default().parse(&mail.raw);
    message.and_then(|message| message.subject().map(str::to_owned)).unwrap_or_default()
}

/// What stands in quotation marks in a mail's HTML and leads to this server.
fn paths(html: &str, public_url: &str) -> Vec<String> {
    let quoted = html.split('"').filter_map(|text| text.strip_prefix(public_url));
    quoted.filter(|path| path.starts_with('/')).map(str::to_owned).collect()
}

/// The tracked link at a path, which says itself what it is called and where it leads.
fn link(keys: &KeyRing, path: &str) -> Option<LinkView> {
    let token = path.strip_prefix("/c/")?;
    let ([_, _, _, _], text) = keys.verify_text(Purpose::Click, token)?;
    let (name, target) = text.split_once('\n')?;
    let name = (!name.is_empty()).then(|| name.to_owned());
    Some(LinkView { path: path.to_owned(), name, target: target.to_owned() })
}

/// The path to which a mail program posts for a reader who wants to leave with one click (RFC 8058).
pub fn unsubscribe_path(mail: &Mail, public_url: &str) -> Option<String> {
    let message = MessageParser::default().parse(&mail.raw)?;
    let post = message.header("List-Unsubscribe-Post").and_then(HeaderValue::as_text);
    if post != Some("List-Unsubscribe=One-Click") {
        return None;
    }
    let header = message.header_raw("List-Unsubscribe")?;
    let url: String = header.chars().filter(|c| !c.is_whitespace() && !"<>".contains(*c)).collect();
    url.strip_prefix(public_url).map(str::to_owned)
}
