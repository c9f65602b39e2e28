//! The header fields of a mail or of one of its parts (RFC 5322). Their values are read by mail-parser.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, ContentType, HeaderValue};

use super::Unreadable;

/// Bytes of a header.
const HEADER_LIMIT: usize = 512 * 1024;
/// Fields of a header.
const FIELD_COUNT: usize = 2_000;
/// Bytes of one field that are looked at. Readers of values take quadratic time, so that this bounds them.
const FIELD_LIMIT: usize = 16 * 1024;
/// The same for fields that each part of a mail has.
const MEDIA_LIMIT: usize = 4 * 1024;

/// A mailbox as a field names it. The address is lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub address: String,
    pub name: Option<String>,
}

/// Fields in their order, with raw values: folded and encoded.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the fields at the start of `bytes` (with LF line ends). The second value is where the body begins.
    ///
    /// A line that is no field ends the header, as if an empty line stood before it.
    ///
    /// # Errors
    /// The header is too long.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Unreadable> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut at = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if at + line.len() > HEADER_LIMIT && line != b"\n" {
                return Err(Unreadable::HeaderTooLong);
            }
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            if content.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                return Ok((Self(fields), at + line.len()));
            }
            let first = at == 0;
            match (content, fields.last_mut()) {
                ([b' ' | b'\t', ..], Some((_, value))) => {
                    value.push('\n');
                    value.push_str(&text(content));
                }
                _ => match field(content) {
                    Some(found) => fields.push(found),
                    // The line that an mbox puts before each mail.
                    None if first && is_envelope_line(content) => {}
                    None => return Ok((Self(fields), at)),
                },
            }
            if fields.len() > FIELD_COUNT {
                return Err(Unreadable::HeaderTooLong);
            }
            at += line.len();
        }
        Ok((Self(fields), at))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The raw values of all fields of that name.
    pub fn raw<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.raw(name).next().is_some()
    }

    /// The first value of that name: decoded, in one line, trimmed.
    pub fn text(&self, name: &str) -> Option<String> {
        self.raw(name).next().map(decoded)
    }

    /// The same in lower case; empty if there is no such field.
    pub fn lower(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_lowercase()
    }

    /// The mailboxes of all fields of that name.
    pub fn mailboxes(&self, name: &str) -> Vec<Mailbox> {
        self.raw(name).flat_map(mailboxes).collect()
    }

    /// The Message-IDs of all fields of that name, without angle brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        self.raw(name).flat_map(ids).collect()
    }

    /// A field such as Content-Type, with its parameters.
    pub fn with_parameters(&self, name: &str) -> Option<ContentType<'static>> {
        let value = ended(bounded(self.raw(name).next()?, MEDIA_LIMIT));
        match MessageStream::new(value.as_bytes()).parse_content_type().into_owned() {
            HeaderValue::ContentType(found) => Some(found),
            _ => None,
        }
    }
}

/// Name and value of a line, if it begins a field.
fn field(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let fine = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    fine.then(|| (text(name), text(line[colon + 1..].trim_ascii())))
}

fn is_envelope_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

/// Bytes of a header as text: UTF-8 (RFC 6532), and Latin for what is not.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => latin(bytes),
    }
}

/// Bytes as Windows-1252.
pub fn latin(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The longest start of a text with at most so many bytes.
pub fn bounded(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// mail-parser reads a value up to its line's end.
fn ended(value: &str) -> String {
    format!("{value}\n")
}

/// An unstructured value as it is read by people.
pub fn decoded(value: &str) -> String {
    let value = ended(bounded(value, FIELD_LIMIT));
    let text = match MessageStream::new(value.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mailboxes(value: &str) -> Vec<Mailbox> {
    let value = ended(bounded(value, FIELD_LIMIT));
    let list = match MessageStream::new(value.as_bytes()).parse_address() {
        HeaderValue::Address(Address::List(list)) => list,
        HeaderValue::Address(Address::Group(groups)) => {
            groups.into_iter().flat_map(|group| group.addresses).collect()
        }
        _ => Vec::new(),
    };
    list.iter().filter_map(mailbox).collect()
}

fn mailbox(found: &Addr<'_>) -> Option<Mailbox> {
    let name = found.name.as_ref().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let address = found.address.as_ref().map(|address| address.trim_matches(['<', '>', ' ']).to_lowercase());
    let address = address.unwrap_or_default();
    (!address.is_empty() || name.is_some()).then_some(Mailbox { address, name })
}

fn ids(value: &str) -> Vec<String> {
    let value = ended(bounded(value, FIELD_LIMIT));
    let ids = match MessageStream::new(value.as_bytes()).parse_id() {
        HeaderValue::Text(id) => vec![id.into_owned()],
        HeaderValue::TextList(ids) => ids.into_iter().map(std::borrow::Cow::into_owned).collect(),
        _ => Vec::new(),
    };
    ids.into_iter()
        .map(|id| id.trim_matches(['<', '>', ' ']).to_owned())
        .filter(|id| !id.is_empty())
        .collect()
}
