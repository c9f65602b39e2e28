//! What a mail shows to its reader.

use super::html;
use super::part::Part;

/// Characters of text that are looked at.
const TEXT_LIMIT: usize = 256 * 1024;

/// The text that a mail shows, and the files that come with it.
#[derive(Debug, Default)]
pub struct Shown {
    pub text: String,
    pub attachments: Vec<String>,
}

/// Reads what a mail shows. Of alternatives the plain text, if it says anything.
pub fn shown(mail: &Part<'_>) -> Shown {
    let mut shown = Shown::default();
    shown.add(mail);
    shown
}

impl Shown {
    fn add(&mut self, part: &Part<'_>) {
        if part.media == "multipart/alternative" && !part.children.is_empty() {
            self.add_alternative(part);
        } else if part.media == "multipart/related" && !part.children.is_empty() {
            // The first is the text, the others are its images.
            let (first, others) = part.children.split_at(1);
            self.add(&first[0]);
            others.iter().for_each(|other| self.add_name(other));
        } else if !part.children.is_empty() {
            part.children.iter().for_each(|child| self.add(child));
        } else if part.is_text() && !part.is_attachment() && part.file_name().is_none() {
            self.add_text(part);
        } else {
            self.add_name(part);
        }
    }

    fn add_alternative(&mut self, part: &Part<'_>) {
        let mut best = Self::default();
        for child in &part.children {
            let plain_enough = !best.text.trim().is_empty();
            let mut next = shown(child);
            best.attachments.append(&mut next.attachments);
            if !plain_enough {
                best.text = next.text;
            }
        }
        self.push(&best.text);
        self.attachments.append(&mut best.attachments);
    }

    fn add_text(&mut self, part: &Part<'_>) {
        let text = part.text();
        let is_html = part.media == "text/html" || part.media != "text/plain" && html::looks_like(&text);
        if is_html { self.push(&html::to_text(&text)) } else { self.push(&text) }
    }

    fn push(&mut self, text: &str) {
        let room = TEXT_LIMIT.saturating_sub(self.text.len());
        if !self.text.is_empty() && !text.trim().is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(super::field::bounded(text, room));
    }

    fn add_name(&mut self, part: &Part<'_>) {
        for part in part.all() {
            if part.enclosed().is_none() || part.is_attachment() {
                self.attachments.extend(part.file_name());
            }
        }
    }
}
