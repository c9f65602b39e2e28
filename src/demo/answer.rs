//! An [`Answer`]: what a lead writes back, as its mail program makes a message of it.

use std::borrow::Cow;

use chrono_tz::Europe::Berlin;
use mail_parser::{Message, MessageParser};

use super::post::Mail;
use crate::domain::schedule::local;
use crate::domain::time::Timestamp;
use crate::mail::compose::{Letter, Mailbox};

/// Characters of a text; nobody writes more here.
const LONGEST: usize = 10_000;

/// A message that is ready to be sent.
#[derive(Debug)]
pub struct Answer {
    pub message_id: String,
    pub from: String,
    pub to: String,
    pub raw: Vec<u8>,
}

impl Answer {
    /// An answer to a mail: to its Reply-To, in its thread, with the mail quoted below.
    ///
    /// # Errors
    /// Why there can be none, in words.
    pub fn to(mail: &Mail, text: &str, now: Timestamp) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("an answer has at least one word".to_owned());
        }
        if text.chars().count() > LONGEST {
            return Err(format!("an answer has at most {LONGEST} characters here"));
        }
        let message = MessageParser::default().parse(&mail.raw).ok_or("the mail cannot be read")?;
        let to = message.reply_to().or(message.from()).and_then(|to| to.first()?.address());
        let to = to.ok_or("the mail does not say where answers go")?.to_owned();
        let host = mail.to.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let message_id = format!("{}.{}@{host}", now.millis(), mail.id);
        let letter = Letter {
            message_id: message_id.clone(),
            date: now,
            from: Mailbox { name: name(&message).map(Cow::Owned), email: mail.to.as_str().into() },
            to: Mailbox { name: None, email: to.as_str().into() },
            reply_to: None,
            subject: &format!("Re: {}", message.subject().unwrap_or_default()),
            in_reply_to: message.message_id().map(str::to_owned),
            unsubscribe: None,
            text: &format!("{text}\n\n{}", quoted(&message, mail.at)),
            html: None,
            headers: Vec::new(),
        };
        let raw = letter.to_bytes();
        Ok(Self { message_id, from: mail.to.clone(), to, raw })
    }
}

/// What the recipient is called in the mail.
fn name(message: &Message) -> Option<String> {
    Some(message.to()?.first()?.name()?.to_owned())
}

/// The mail as programs quote it, in the language of the first lead.
fn quoted(message: &Message, at: Timestamp) -> String {
    let from = message.from().and_then(|from| from.first());
    let who = from.and_then(|from| from.name().or(from.address())).unwrap_or_default();
    let when = local(at, Berlin).format("%d.%m.%Y um %H:%M");
    let text = message.body_text(0).unwrap_or_default();
    let lines: String = text.lines().map(|line| format!("> {line}\n")).collect();
    format!("Am {when} schrieb {who}:\n{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        let raw = "From: Anna <anna@x.example>\r\nTo: Eva Kern <eva@y.example>\r\nReply-To: r.1@in.x.example\r\n\
            Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x.example>\r\n\r\nHallo\r\n";
        Mail { id: 1, at: super::super::START, to: "eva@y.example".into(), raw: raw.into() }
    }

    #[test]
    fn it_goes_where_the_mail_asks_for_in_its_thread() {
        let answer = Answer::to(&mail(), " Ja, gern. ", super::super::START).expect("an answer");
        assert_eq!((answer.from.as_str(), answer.to.as_str()), ("eva@y.example", "r.1@in.x.example"));
        let message = MessageParser::default().parse(&answer.raw).expect("a message");
        assert_eq!(message.subject(), Some("Re: Grüße"));
        assert_eq!(message.in_reply_to().as_text(), Some("1@x.example"));
        let text = message.body_text(0).expect("a text").replace("\r\n", "\n");
        assert_eq!(text.trim_end(), "Ja, gern.\n\nAm 09.11.2026 um 09:00 schrieb Anna:\n> Hallo");
    }

    #[test]
    fn an_answer_says_something() {
        assert!(Answer::to(&mail(), "  \n", super::super::START).is_err());
        assert!(Answer::to(&mail(), &"x".repeat(10_001), super::super::START).is_err());
    }
}
