//! A [`Letter`] becomes the bytes of a message (RFC 5322).

use std::borrow::Cow;

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::url::URL;

use crate::domain::time::{SECOND, Timestamp};

/// Somebody with an address and perhaps a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox<'a> {
    pub name: Option<Cow<'a, str>>,
    pub email: Cow<'a, str>,
}

/// What a message says, before it is encoded. Header values cannot hold line breaks: the encoder folds them away.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Without angle brackets.
    pub message_id: String,
    pub date: Timestamp,
    pub from: Mailbox<'a>,
    pub to: Mailbox<'a>,
    pub reply_to: Option<Mailbox<'a>>,
    pub subject: &'a str,
    /// The Message-ID of the mail that this one follows up.
    pub in_reply_to: Option<String>,
    /// Where one POST leaves the list (RFC 8058).
    pub unsubscribe: Option<&'a str>,
    pub text: &'a str,
    pub html: Option<&'a str>,
    /// Further header fields.
    pub headers: Vec<(&'static str, String)>,
}

/// A file that a letter brings along.
#[derive(Clone, Debug)]
pub struct Enclosure<'a> {
    pub name: &'a str,
    /// Its media type.
    pub media: &'a str,
    pub bytes: &'a [u8],
}

impl Letter<'_> {
    /// The bytes of the message, with CRLF line ends.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(&[])
    }

    /// The same, with files.
    pub fn to_bytes_with(&self, files: &[Enclosure<'_>]) -> Vec<u8> {
        let mut message = MessageBuilder::new()
            .message_id(self.message_id.as_str())
            .date(self.date.millis() / SECOND)
            .from(address(&self.from))
            .to(address(&self.to))
            .subject(one_line(self.subject))
            .text_body(self.text);
        if let Some(html) = self.html {
            message = message.html_body(html);
        }
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(address(reply_to));
        }
        if let Some(id) = &self.in_reply_to {
            let id = one_line(id.as_str()).into_owned();
            message = message.in_reply_to(id.clone()).references(id);
        }
        if let Some(url) = self.unsubscribe {
            message = message
                .header("List-Unsubscribe", URL::new(url))
                .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
        }
        for (name, value) in &self.headers {
            message = message.header(*name, Raw::new(one_line(value)));
        }
        for file in files {
            message = message.attachment(file.media, one_line(file.name), file.bytes);
        }
        // Writing to memory cannot fail.
        message.write_to_vec().unwrap_or_default()
    }
}

fn address<'a>(mailbox: &'a Mailbox<'_>) -> Address<'a> {
    Address::new_address(mailbox.name.as_deref().map(one_line), &*mailbox.email)
}

/// Control characters end header fields, and attackers use them for that.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}
