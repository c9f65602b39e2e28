//! The parts of a mail (RFC 2046).
//!
//! mail-parser reads whole mails, too, but takes quadratic time for some, and drops deeply nested ones by recursion.
//! Here parts are found line by line, in bounds, and mail-parser reads what is in them.

use mail_parser::ContentType;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::Unreadable;
use super::field::{Fields, decoded, latin};

/// Parts within parts. Each level is one more look at all lines.
const DEPTH_LIMIT: usize = 12;
/// Parts of a mail.
const PART_LIMIT: usize = 1_000;
/// Bytes of a text part that are looked at.
const TEXT_LIMIT: usize = 1024 * 1024;

/// A mail, or a part of one. Returned and forwarded mails are parts without children: only their header matters.
#[derive(Debug)]
pub struct Part<'a> {
    pub fields: Fields,
    /// `text/plain`, lower case.
    pub media: String,
    parameters: Option<ContentType<'static>>,
    body: &'a [u8],
    pub children: Vec<Part<'a>>,
}

impl<'a> Part<'a> {
    /// Reads a mail with LF line ends.
    ///
    /// # Errors
    /// It breaks a bound, or is no mail.
    pub fn read(mail: &'a [u8]) -> Result<Self, Unreadable> {
        let start = mail.iter().position(|byte| !byte.is_ascii_whitespace()).ok_or(Unreadable::Empty)?;
        let part = Self::within(&mail[start..], 0, &mut 0)?;
        if part.fields.is_empty() { Err(Unreadable::NoHeader) } else { Ok(part) }
    }

    fn within(bytes: &'a [u8], depth: usize, count: &mut usize) -> Result<Self, Unreadable> {
        *count += 1;
        if depth > DEPTH_LIMIT || *count > PART_LIMIT {
            return Err(Unreadable::TooManyParts);
        }
        let (fields, body) = Fields::read(bytes)?;
        let body = &bytes[body..];
        let parameters = fields.with_parameters("Content-Type");
        let media = media(parameters.as_ref());
        let boundary = parameters.as_ref().and_then(|found| found.attribute("boundary"));
        let children = match boundary {
            Some(boundary) if media.starts_with("multipart/") => split(body, boundary.trim_end().as_bytes())
                .into_iter()
                .map(|child| Self::within(child, depth + 1, count))
                .collect::<Result<_, _>>()?,
            _ => Vec::new(),
        };
        Ok(Self { fields, media, parameters, body, children })
    }

    /// This part and all below it, in their order.
    pub fn all(&self) -> Vec<&Part<'a>> {
        let mut all = vec![self];
        for child in &self.children {
            all.extend(child.all());
        }
        all
    }

    /// A parameter of the Content-Type.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.as_ref()?.attribute(name)
    }

    pub fn is_text(&self) -> bool {
        let text = matches!(self.media.as_str(), "text/plain" | "text/html");
        // Parts that could not be split are shown as they are.
        text || self.media.starts_with("multipart/") && self.children.is_empty()
    }

    /// The name of the file that this part is.
    pub fn file_name(&self) -> Option<String> {
        let disposition = self.fields.with_parameters("Content-Disposition");
        let name = disposition.as_ref().and_then(|found| found.attribute("filename"));
        name.or_else(|| self.parameter("name")).map(decoded).filter(|name| !name.is_empty())
    }

    pub fn is_attachment(&self) -> bool {
        let disposition = self.fields.with_parameters("Content-Disposition");
        disposition.is_some_and(|found| found.is_attachment())
    }

    /// A mail that is enclosed: its fields, if this part is one.
    pub fn enclosed(&self) -> Option<Fields> {
        let enclosed = matches!(
            self.media.as_str(),
            "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers"
        );
        let bytes = enclosed.then(|| self.bytes())?;
        let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
        Fields::read(&bytes[start..]).ok().map(|(fields, _)| fields)
    }

    /// The text of the body, whatever its encoding. The start of it, if it is very long.
    pub fn text(&self) -> String {
        let bytes = self.bytes();
        let charset = self.parameter("charset").unwrap_or_default().to_ascii_lowercase();
        let lenient = matches!(charset.as_str(), "" | "us-ascii" | "utf-8" | "utf8" | "ascii");
        match charset_decoder(charset.as_bytes()) {
            Some(decode) if !lenient => decode(&bytes),
            _ => match std::str::from_utf8(&bytes) {
                Ok(text) => text.to_owned(),
                // The end may have been cut within a character.
                Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&bytes).into_owned(),
                Err(_) => latin(&bytes),
            },
        }
        .replace("\r\n", "\n")
    }

    /// About how many bytes the decoded body has.
    pub fn size(&self) -> usize {
        if self.fields.lower("Content-Transfer-Encoding") != "base64" {
            return self.body.len();
        }
        let body = self.body.trim_ascii_end();
        let padding = body.iter().rev().take_while(|byte| **byte == b'=').count();
        let letters = body.len() - padding;
        // Lines have 76 letters and an end.
        (letters - letters / 77) / 4 * 3 + (letters - letters / 77) % 4 * 3 / 4
    }

    /// The decoded start of the body: enough for any text.
    fn bytes(&self) -> Vec<u8> {
        self.decoded(&self.body[..self.body.len().min(TEXT_LIMIT)])
    }

    /// The decoded body, whole.
    pub fn content(&self) -> Vec<u8> {
        self.decoded(self.body)
    }

    fn decoded(&self, body: &[u8]) -> Vec<u8> {
        let encoding = self.fields.lower("Content-Transfer-Encoding");
        let decoded = match encoding.as_str() {
            "base64" => base64_decode(body),
            "quoted-printable" => quoted_printable_decode(body),
            _ => None,
        };
        decoded.unwrap_or_else(|| body.to_vec())
    }
}

fn media(found: Option<&ContentType<'_>>) -> String {
    match found.map(|found| (found.ctype(), found.subtype())) {
        Some((main, Some(sub))) => format!("{main}/{sub}").to_ascii_lowercase(),
        _ => "text/plain".to_owned(),
    }
}

/// The bodies between boundaries. Empty if there is none.
fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if let Some(last) = delimiter(line, boundary) {
            if let Some(start) = start {
                parts.push(without_last_newline(&body[start..at]));
            }
            start = (!last).then_some(next);
            if last || parts.len() > PART_LIMIT {
                break;
            }
        }
        at = next;
    }
    // Without a last boundary the rest is the last part.
    parts.extend(start.map(|start| &body[start..]));
    parts
}

/// Whether a line is a boundary, and if so whether it is the last.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn without_last_newline(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}
