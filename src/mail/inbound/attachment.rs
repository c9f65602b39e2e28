//! The files that come with a mail.

use super::part::Part;
use crate::domain::visible::commands;

/// Files of a mail.
const LIMIT: usize = 100;
/// Bytes of a reply's files that are sent on to the rep, all together.
const PASSED_ON: usize = 10 * 1024 * 1024;
/// Characters of a name.
const NAME_LIMIT: usize = 120;

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Without folders and without signs that are not to be read.
    pub name: String,
    /// Bytes, about.
    pub size: usize,
    /// Whether it fits into what is sent on.
    pub passed_on: bool,
}

/// The same, with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    /// What it is sent on as: never a type that a mail program shows by itself.
    pub media: String,
    pub bytes: Vec<u8>,
}

/// What the files of a mail are.
pub fn list(files: &[&Part<'_>]) -> Vec<Attachment> {
    let one =
        |(part, passed_on): (&Part<'_>, bool)| Attachment { name: name(part), size: part.size(), passed_on };
    fitting(files).map(one).collect()
}

/// The files of a mail that are sent on.
pub fn contents(files: &[&Part<'_>]) -> Vec<File> {
    let passed_on = fitting(files).filter(|(_, fits)| *fits).map(|(part, _)| part);
    passed_on
        .map(|part| File { name: name(part), media: harmless(&part.media), bytes: part.content() })
        .collect()
}

/// The files in their order, and whether each fits beside those before it.
fn fitting<'p, 'm>(files: &[&'p Part<'m>]) -> impl Iterator<Item = (&'p Part<'m>, bool)> {
    let mut room = PASSED_ON;
    files.iter().take(LIMIT).map(move |part| {
        let fits = part.size() <= room;
        room -= if fits { part.size() } else { 0 };
        (*part, fits)
    })
}

fn name(part: &Part<'_>) -> String {
    let name = part.file_name().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // What turns the direction of a text has `exe.fdp` read as `pdf.exe`.
    let name: String = name.chars().filter(|letter| !commands(*letter)).take(NAME_LIMIT).collect();
    match name.trim_matches(['.', ' ']) {
        "" => "attachment".to_owned(),
        name => name.to_owned(),
    }
}

/// Pages, texts and mails would be shown with whatever they bring along: they are sent on as files.
fn harmless(media: &str) -> String {
    let (main, sub) = media.split_once('/').unwrap_or_default();
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
    };
    let file = matches!(main, "image" | "audio" | "video" | "application") && word(sub);
    let active = ["html", "xml", "svg", "script"].iter().any(|word| sub.contains(word));
    if file && !active { media.to_owned() } else { "application/octet-stream".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn nothing_is_sent_on_that_shows_itself() {
        for media in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "message/rfc822",
            "text/plain",
            "x",
            "image/",
        ] {
            assert_eq!(harmless(media), "application/octet-stream", "{media}");
        }
        assert_eq!(harmless("application/pdf"), "application/pdf");
    }
}
