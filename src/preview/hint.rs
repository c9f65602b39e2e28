//! [`Hint`]: what there is to say about a mail once it is rendered. What can be seen in its files, `check` says.

use serde::Serialize;

use crate::workspace::Rendered;

/// Gmail shows no more than so many bytes of a mail's HTML, and "[Message clipped]" below.
pub const CLIPPED_AT: usize = 102 * 1024;

/// Bytes from which on a mail is near to that: links of tracked mails grow with what they lead to.
const NEARLY: usize = CLIPPED_AT * 8 / 10;

/// Characters of a subject that mail programs show on a desktop; phones show about 40.
const SUBJECT: usize = 60;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    Warning,
    Note,
}

/// Something about a mail that its writer would want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    pub weight: Weight,
    pub text: String,
    /// What could be done.
    pub help: &'static str,
}

/// What there is to say about a mail; `bytes` of HTML go out.
pub fn hints(mail: &Rendered, bytes: usize) -> Vec<Hint> {
    [size(bytes), subject(&mail.subject), preheader(&mail.preheader), remote(&mail.html)]
        .into_iter()
        .flatten()
        .collect()
}

fn warning(text: String, help: &'static str) -> Option<Hint> {
    Some(Hint { weight: Weight::Warning, text, help })
}

fn note(text: String, help: &'static str) -> Option<Hint> {
    Some(Hint { weight: Weight::Note, text, help })
}

fn size(bytes: usize) -> Option<Hint> {
    let kilobytes = bytes.div_ceil(1024);
    let help = "shorten the mail, or put the long part on a page that it links to";
    match bytes {
        CLIPPED_AT.. => warning(
            format!("{kilobytes} KB: Gmail clips the mail at 102 KB, and with it the way to unsubscribe"),
            help,
        ),
        NEARLY.. => note(format!("{kilobytes} KB: Gmail clips mails at 102 KB"), help),
        _ => None,
    }
}

fn subject(subject: &str) -> Option<Hint> {
    match subject.chars().count() {
        0 => warning("the subject is empty for this lead".to_owned(), "give its variables a default"),
        length if length > SUBJECT => note(
            format!("the subject has {length} characters; phones show about 40, desktops about {SUBJECT}"),
            "say what matters first",
        ),
        _ => None,
    }
}

fn preheader(preheader: &str) -> Option<Hint> {
    match preheader.chars().count() {
        0 => note(
            "no preheader: mail programs show the beginning of the text instead".to_owned(),
            "write preheader = \"…\" into the front matter",
        ),
        _ => None,
    }
}

fn remote(html: &str) -> Option<Hint> {
    match images(html).filter(|image| image.contains(" src=\"http")).count() {
        0 => None,
        count => note(
            format!("images from the web: {count}; they are shown here only when asked for"),
            "look at the mail without them too: that is how many people see it first",
        ),
    }
}

/// The insides of `<img …>` tags.
fn images(html: &str) -> impl Iterator<Item = &str> {
    html.split("<img").skip(1).filter_map(|rest| rest.split_once('>')).map(|(image, _)| image)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, preheader: &str, html: &str) -> Rendered {
        Rendered {
            subject: subject.to_owned(),
            preheader: preheader.to_owned(),
            html: html.to_owned(),
            text: String::new(),
        }
    }

    #[test]
    fn a_good_mail_needs_no_word() {
        let good =
            mail("Hello", "What it is about", "<img src=\"data:x\" alt=\"\"><img src=\"data:y\" alt=\"z\">");
        assert_eq!(hints(&good, 9_000), []);
    }

    #[test]
    fn what_readers_would_not_see_is_said() {
        let said = |mail: &Rendered, bytes| {
            hints(mail, bytes)
                .into_iter()
                .map(|hint| format!("{:?} {}", hint.weight, hint.text))
                .collect::<Vec<_>>()
        };
        let long = mail(&"x".repeat(61), "y", "<img src=\"https://x.example/a.png\">");
        let all = said(&long, 103 * 1024);
        for part in ["Warning 103 KB", "Note the subject has 61", "Note images from the web: 1"] {
            assert!(all.iter().any(|said| said.starts_with(part)), "{part}: {all:?}");
        }
        let empty = said(&mail("", "", ""), 90 * 1024);
        for part in ["Note 90 KB", "Warning the subject is empty", "Note no preheader"] {
            assert!(empty.iter().any(|said| said.starts_with(part)), "{part}: {empty:?}");
        }
    }
}
