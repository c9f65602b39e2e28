//! Mails as providers hand them in over HTTP: their JSON becomes a mail again.

use data_encoding::BASE64;
use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;
use serde::Deserialize;

use crate::domain::words::words;

words! {
    /// A provider that takes mail in for us.
    pub enum Provider {
        /// Postmark's inbound webhook.
        Postmark = "postmark",
    }
}

/// What a provider sent is not what it documents.
#[derive(Debug, thiserror::Error)]
#[error("this is not the JSON of {provider}: {why}")]
pub struct NotUnderstood {
    provider: Provider,
    why: String,
}

impl Provider {
    /// The mail in what the provider sent.
    ///
    /// # Errors
    /// It is not the provider's JSON.
    pub fn mail(self, body: &[u8]) -> Result<Vec<u8>, NotUnderstood> {
        match self {
            Provider::Postmark => {
                let read = serde_json::from_slice(body).map_err(|error| error.to_string());
                let mail =
                    read.and_then(|mail: Postmark| mail.into_mail().ok_or("it names no sender".to_owned()));
                mail.map_err(|why| NotUnderstood { provider: self, why })
            }
        }
    }
}

/// What Postmark sends. `RawEmail` is there if the server is set to include it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Postmark {
    raw_email: Option<String>,
    from: Option<String>,
    from_full: Person,
    to: Option<String>,
    to_full: Vec<Person>,
    cc: Option<String>,
    cc_full: Vec<Person>,
    /// Whom the envelope named.
    original_recipient: String,
    subject: String,
    date: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    text_body: String,
    html_body: String,
    headers: Vec<Header>,
    attachments: Vec<Enclosed>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Person {
    email: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enclosed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    content_type: String,
}

/// Fields that say how the mail was encoded: it is encoded anew.
const ENCODING: &[&str] =
    &["mime-version", "content-type", "content-transfer-encoding", "content-disposition"];

impl Postmark {
    fn into_mail(self) -> Option<Vec<u8>> {
        if self.raw_email.as_ref().is_some_and(|raw| !raw.trim().is_empty()) {
            return self.raw_email.map(String::into_bytes);
        }
        let has_sender = self.from.is_some() || !self.from_full.email.is_empty();
        has_sender.then(|| self.rebuilt())
    }

    /// The mail from its pieces: its own fields, and its texts and files.
    fn rebuilt(&self) -> Vec<u8> {
        let mut message = MessageBuilder::new();
        for header in self.headers.iter().filter(|header| is_field(&header.name)) {
            message = message.header(header.name.as_str(), Raw::new(one_line(&header.value)));
        }
        for (name, value) in self.own_fields() {
            message = message.header(name, Raw::new(one_line(&value)));
        }
        if !self.text_body.is_empty() || self.html_body.is_empty() {
            message = message.text_body(self.text_body.as_str());
        }
        if !self.html_body.is_empty() {
            message = message.html_body(self.html_body.as_str());
        }
        for file in &self.attachments {
            // Postmark breaks no lines.
            let bytes = BASE64.decode(file.content.trim().as_bytes()).unwrap_or_default();
            let media =
                if file.content_type.is_empty() { "application/octet-stream" } else { &file.content_type };
            message = message.attachment(media, file.name.as_str(), bytes);
        }
        // Writing to memory cannot fail.
        message.write_to_vec().unwrap_or_default()
    }

    /// The fields that Postmark takes out of the header, unless it left them there.
    fn own_fields(&self) -> Vec<(&'static str, String)> {
        let from = person(&self.from_full).or(self.from.clone());
        let fields = [
            ("From", from),
            ("To", people(&self.to_full).or(self.to.clone())),
            ("Cc", people(&self.cc_full).or(self.cc.clone())),
            ("X-Original-To", Some(self.original_recipient.clone())),
            ("Subject", Some(encoded(&self.subject))),
            ("Date", Some(self.date.clone())),
            ("Message-ID", Some(format!("<{}@inbound.postmarkapp>", self.message_id))),
        ];
        let left = |name: &str| self.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.filter(|(name, value)| !value.trim().is_empty() && !left(name)).collect()
    }
}

fn is_field(name: &str) -> bool {
    let known = !ENCODING.contains(&name.to_ascii_lowercase().as_str());
    known && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn people(people: &[Person]) -> Option<String> {
    let named: Vec<String> = people.iter().filter_map(person).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

fn person(person: &Person) -> Option<String> {
    let email = person.email.trim();
    let fine = !email.is_empty() && !email.contains(['<', '>', ',', ' ']);
    fine.then(|| match person.name.trim() {
        "" => format!("<{email}>"),
        name => format!("{} <{email}>", encoded(name)),
    })
}

/// An encoded word (RFC 2047), which may be longer than it should: only our own reader reads it.
fn encoded(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .-_:/!?'#[]".contains(&byte));
    if plain { text.to_owned() } else { format!("=?utf-8?B?{}?=", BASE64.encode(text.as_bytes())) }
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
