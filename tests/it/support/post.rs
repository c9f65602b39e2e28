//! Mails that come back, and what a reader finds in one.

use std::sync::atomic::{AtomicUsize, Ordering};

use mail_parser::{HeaderValue, MessageParser};

/// What a browser says that it is.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// A mail that somebody wrote, or a machine for them.
pub struct Written {
    pub raw: Vec<u8>,
    /// Without angle brackets.
    pub message_id: String,
}

impl Written {
    /// An answer in the manner of a German mail program: above the mail, which it quotes.
    pub fn reply_to(mail: &[u8], from: &str, text: &str) -> Written {
        let quoted: String = body(mail).lines().map(|line| format!("> {line}\n")).collect();
        let text =
            format!("{text}\n\nAm 05.01.2026 um 09:00 schrieb Anna Berg <anna@nordwerk.example>:\n{quoted}");
        Self::answer(mail, from, "Re: ", "", &text)
    }

    /// An answer that quotes nothing.
    pub fn plain(mail: &[u8], from: &str, text: &str) -> Written {
        Self::answer(mail, from, "Re: ", "", text)
    }

    /// What a mail program sends for somebody who is away.
    pub fn absence_note(mail: &[u8], from: &str, text: &str) -> Written {
        Self::answer(mail, from, "Automatische Antwort: ", "Auto-Submitted: auto-replied\r\n", text)
    }

    /// What a ticket system sends.
    pub fn automatic(mail: &[u8], from: &str, text: &str) -> Written {
        Self::answer(mail, from, "Ticket: ", "Auto-Submitted: auto-generated\r\n", text)
    }

    /// An answer with a file, and more fields.
    pub fn with_file(mail: &[u8], from: &str, text: &str, (name, content): (&str, &str)) -> Written {
        let fields = "Content-Type: multipart/mixed; boundary=\"f\"\r\n";
        let text = format!(
            "--f\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--f\nContent-Type: application/pdf; name=\"{name}\"\n\
             Content-Disposition: attachment; filename=\"{name}\"\n\n{content}\n--f--\n"
        );
        Self::answer(mail, from, "Re: ", fields, &text)
    }

    fn answer(mail: &[u8], from: &str, prefix: &str, fields: &str, text: &str) -> Written {
        static WRITTEN: AtomicUsize = AtomicUsize::new(0);
        let message = MessageParser::default().parse(mail).expect("a message");
        let to = message.reply_to().or(message.from()).and_then(|to| to.first()).and_then(|to| to.address());
        let to = to.expect("somebody to answer");
        let message_id = format!("answer{}@mail.example", WRITTEN.fetch_add(1, Ordering::Relaxed));
        let (subject, id) = (message.subject().unwrap_or_default(), message.message_id().expect("an id"));
        let typed = fields.contains("Content-Type");
        let plain = "Content-Type: text/plain; charset=utf-8\r\n";
        let media = if typed { "" } else { plain };
        let raw = format!(
            "Return-Path: <{from}>\r\nFrom: <{from}>\r\nTo: <{to}>\r\nSubject: {prefix}{subject}\r\n\
             Message-ID: <{message_id}>\r\nIn-Reply-To: <{id}>\r\nReferences: <{id}>\r\n{fields}\
             Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
             {media}Content-Transfer-Encoding: 8bit\r\n\r\n{}",
            text.replace('\n', "\r\n")
        );
        Written { raw: raw.into_bytes(), message_id }
    }
}

/// What a mail server reports to `to` about a mail for `about` (RFC 3464), without a part of that mail.
pub fn bounce(to: &str, about: &str, status: &str) -> Vec<u8> {
    let text = format!(
        "Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mx.example>\nTo: <{to}>\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <{status}.{about}>\nMIME-Version: 1.0\n\
         Auto-Submitted: auto-replied\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nYour mail to {about} could not be delivered.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {about}\nAction: failed\nStatus: {status}\n\
         Diagnostic-Code: smtp; 550 {status} said the server\n\n--b--\n"
    );
    text.replace('\n', "\r\n").into_bytes()
}

/// The plain text of a mail.
pub fn body(mail: &[u8]) -> String {
    let message = MessageParser::default().parse(mail).expect("a message");
    message.body_text(0).expect("a text").replace("\r\n", "\n")
}

fn html(mail: &[u8]) -> String {
    let message = MessageParser::default().parse(mail).expect("a message");
    message.body_html(0).expect("HTML").into_owned()
}

/// The paths of the tracked links of a mail.
pub fn links(mail: &[u8]) -> Vec<String> {
    paths(&html(mail), "/c/")
}

/// The path of its pixel.
pub fn pixel(mail: &[u8]) -> Option<String> {
    paths(&html(mail), "/o/").into_iter().next()
}

fn paths(html: &str, begin: &str) -> Vec<String> {
    let quoted = html.split('"').filter_map(|text| text.strip_prefix("http://localhost:8080"));
    quoted.filter(|path| path.starts_with(begin)).map(str::to_owned).collect()
}

/// The path of the one-click link in a mail.
pub fn one_click(raw: &[u8]) -> String {
    let message = MessageParser::default().parse(raw).expect("a message");
    let header = message.header_raw("List-Unsubscribe").expect("List-Unsubscribe").trim().to_owned();
    let post = message.header("List-Unsubscribe-Post").and_then(HeaderValue::as_text);
    assert_eq!(post, Some("List-Unsubscribe=One-Click"));
    let url: String = header.chars().filter(|c| !c.is_whitespace() && !"<>".contains(*c)).collect();
    url.split_once("/u/").map(|(_, token)| format!("/u/{token}")).expect("a link")
}
