//! What a mail shows to its reader.

use super::field::bounded;
use super::html;
use super::part::Part;

/// Bytes of text that are looked at.
const TEXT_LIMIT: usize = 256 * 1024;
/// Bytes of HTML that are looked at, in all parts together.
const HTML_LIMIT: usize = 512 * 1024;

/// The text that a mail shows, and the files that come with it.
#[derive(Debug, Default)]
pub struct Shown<'p, 'm> {
    pub text: String,
    pub files: Vec<&'p Part<'m>>,
    html_read: usize,
}

/// Reads what a mail shows. Of alternatives the plain text, if it says anything.
pub fn shown<'p, 'm>(mail: &'p Part<'m>) -> Shown<'p, 'm> {
    let mut shown = Shown::default();
    shown.add(mail);
    shown
}

impl<'p, 'm> Shown<'p, 'm> {
    fn add(&mut self, part: &'p Part<'m>) {
        if part.media == "multipart/alternative" && !part.children.is_empty() {
            self.add_alternative(part);
        } else if part.media == "multipart/related" && !part.children.is_empty() {
            // The first is the text, the others are its images.
            let (first, others) = part.children.split_at(1);
            self.add(&first[0]);
            others.iter().for_each(|other| self.add_file(other));
        } else if !part.children.is_empty() {
            part.children.iter().for_each(|child| self.add(child));
        } else if part.is_text() && !part.is_attachment() && part.file_name().is_none() {
            self.add_text(part);
        } else {
            self.add_file(part);
        }
    }

    fn add_alternative(&mut self, part: &'p Part<'m>) {
        let mut best = String::new();
        for child in &part.children {
            let mut next = Self { html_read: self.html_read, ..Self::default() };
            next.add(child);
            self.html_read = next.html_read;
            self.files.append(&mut next.files);
            if best.trim().is_empty() {
                best = next.text;
            }
        }
        self.push(&best);
    }

    fn add_text(&mut self, part: &'p Part<'m>) {
        if self.text.len() >= TEXT_LIMIT {
            return;
        }
        let text = part.text();
        if part.media != "text/html" && (part.media == "text/plain" || !html::looks_like(&text)) {
            self.push(&text);
        } else if self.html_read < HTML_LIMIT {
            let text = bounded(&text, HTML_LIMIT - self.html_read);
            self.html_read += text.len();
            self.push(&html::to_text(text));
        }
    }

    fn push(&mut self, text: &str) {
        let room = TEXT_LIMIT.saturating_sub(self.text.len());
        if !self.text.is_empty() && !text.trim().is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(bounded(text, room));
    }

    fn add_file(&mut self, part: &'p Part<'m>) {
        for part in part.all() {
            let is_file = part.file_name().is_some() || part.is_attachment() && part.children.is_empty();
            if is_file && (part.enclosed().is_none() || part.is_attachment()) {
                self.files.push(part);
            }
        }
    }
}
