//! What readers would see of a mail: whether its subject fits, its links lead somewhere, its pictures have words.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mail_file::MailFile;
use super::tags;
use super::targets::{self, Target};
use crate::domain::address::Address;
use crate::domain::lead::{COMPANY_FIELDS, LEAD_FIELDS};
use crate::domain::suggest::nearest;
use crate::workspace::code::Code;
use crate::workspace::source::Finding;
use crate::workspace::table::Text;

/// Characters of a subject that a mail program on a desk shows; a phone shows some 40.
const SUBJECT: usize = 70;

/// Characters of a preheader that any mail program shows.
const PREHEADER: usize = 140;

/// What a link in a mail can begin with.
const SCHEMES: [&str; 5] = ["https", "http", "mailto", "tel", "sms"];

/// Where pictures lie.
const ASSETS: &str = "templates/assets/";

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Markdown,
    Html,
}

/// Checks the subject, the preheader and the text of a mail.
pub(super) fn check_mail(file: &MailFile, writing: Writing, assets: &BTreeSet<&str>) {
    let limits = [
        (&file.subject, SUBJECT, Code::LongSubject, "subject"),
        (&file.preheader, PREHEADER, Code::LongPreheader, "preheader"),
    ];
    for (text, limit, code, what) in limits {
        text.iter().for_each(|text| check_length(text, limit, code, what));
        text.iter().for_each(check_variables);
    }
    if is_empty(file.body.value) {
        let text = file.body.source.text;
        // The fence above it, since there may be no line below.
        let fence = text[..file.body.span.start].rfind("+++").unwrap_or(0);
        let finding = Finding::new(Code::EmptyBody, "the mail has no text");
        file.body.source.report(fence..(fence + 3).min(text.len()), finding.help("write it below this line"));
    }
    check_text(&file.body, writing, assets);
}

/// Checks the links, the pictures and what looks like a variable in a text.
pub(super) fn check_text(text: &Text, writing: Writing, assets: &BTreeSet<&str>) {
    let targets = match writing {
        Writing::Markdown => targets::of_markdown(text.value),
        Writing::Html => targets::of_html(text.value),
    };
    for target in targets {
        let finding =
            if target.image { image(text.value, &target, assets) } else { link(text.value, &target) };
        let place = target.address.clone().unwrap_or(target.place.clone());
        finding.into_iter().for_each(|finding| text.report_part(place.clone(), finding));
        if target.image && !target.described {
            text.report_part(target.place, no_alt(writing));
        }
    }
    check_variables(text);
}

fn is_empty(body: &str) -> bool {
    let mut shown = String::new();
    let mut from = 0;
    for (place, kind) in tags::find(body) {
        shown.push_str(&body[from..place.start]);
        shown.push_str(if kind == tags::Kind::Comment { "" } else { "x" });
        from = place.end;
    }
    shown.push_str(&body[from..]);
    shown.trim().is_empty()
}

/// Reports a line that is longer than it is shown, where it is cut off. Variables count nothing: how long they become
/// is not known.
fn check_length(text: &Text, limit: usize, code: Code, what: &str) {
    let tags = tags::find(text.value);
    let starts = [0].into_iter().chain(tags.iter().map(|(place, _)| place.end));
    let ends = tags.iter().map(|(place, _)| place.start).chain([text.value.len()]);
    let between = starts
        .zip(ends)
        .flat_map(|(start, end)| text.value[start..end].char_indices().map(move |(at, _)| start + at));
    let places: Vec<usize> = between.collect();
    let Some(cut) = places.get(limit).copied() else { return };
    let (count, least) = (places.len(), if tags.is_empty() { "" } else { "at least " });
    let message =
        format!("the {what} has {least}{count} characters, and mail programs show about {limit} of them");
    let words = text.value[..cut].match_indices(' ').rev().map(|(at, _)| at).nth(4);
    let seen = text.value[words.unwrap_or(0)..cut].trim();
    let help = format!("it is cut off behind \"…{seen}\": put what matters before that, or shorten it");
    text.report_part(cut..text.value.len(), Finding::new(code, message).help(help));
}

fn link(text: &str, target: &Target) -> Option<Finding> {
    let wrong = |message: String, help: String| Some(Finding::new(Code::LinkTarget, message).help(help));
    let Some(place) = target.address.clone() else {
        return wrong("the link has no address".to_owned(), "write where it leads: https://…".to_owned());
    };
    let address = text[place].trim();
    if address.starts_with("{{") || address.len() > 1 && address.starts_with('#') {
        return None;
    }
    let without_tags = targets::mask(address);
    if without_tags.contains(char::is_whitespace) {
        return wrong(
            "the address of the link has a blank in it".to_owned(),
            "write %20 for a blank in an address".to_owned(),
        );
    }
    match scheme(address) {
        Some("https") => {
            host(address).err().and_then(|help| wrong(format!("`{address}` is no address of a page"), help))
        }
        Some("http") => Some(insecure(address, "the link")),
        Some("mailto") => {
            let mail = address["mailto:".len()..].split('?').next().unwrap_or("");
            let fine = mail.contains("{{") || mail.is_empty() || mail.parse::<Address>().is_ok();
            (!fine).then(|| {
                Finding::new(Code::LinkTarget, format!("`{mail}` is not an e-mail address"))
                    .help("write mailto:name@example.com")
            })
        }
        Some("tel" | "sms") => None,
        Some(scheme @ ("javascript" | "vbscript" | "data" | "file")) => wrong(
            format!("mail programs do not follow a link that begins with {scheme}:"),
            "link to a page on the web: https://…".to_owned(),
        ),
        Some(other) => {
            let help = match nearest(other, SCHEMES) {
                Some(meant) => format!("did you mean {meant}{}", &address[other.len()..]),
                None => "links begin with https://, mailto: or tel:".to_owned(),
            };
            wrong(format!("`{other}:` is nothing that a link in a mail can begin with"), help)
        }
        None => wrong(
            format!("`{address}` is not a whole address, and a mail lies on no page that could complete it"),
            complete(address),
        ),
    }
}

/// How an address without a scheme should be written.
fn complete(address: &str) -> String {
    if address.contains('@') && !address.contains('/') {
        format!("write mailto:{address}")
    } else if let Some(rest) = address.strip_prefix("https//").or_else(|| address.strip_prefix("http//")) {
        format!("write https://{rest}")
    } else if address == "#" {
        "write where the link leads: https://…".to_owned()
    } else if let Some(rest) = address.strip_prefix("//") {
        format!("write https://{rest}")
    } else if !address.starts_with(['/', '.'])
        && address.split('/').next().is_some_and(|host| host.contains('.'))
    {
        format!("write https://{address}")
    } else {
        format!(
            "write it with your website before it: https://www.example.com/{}",
            address.trim_start_matches(['/', '.'])
        )
    }
}

fn image(text: &str, target: &Target, assets: &BTreeSet<&str>) -> Option<Finding> {
    let wrong = |message: String, help: String| Some(Finding::new(Code::ImageSource, message).help(help));
    let Some(place) = target.address.clone() else {
        return wrong("the picture has no address".to_owned(), "write where it lies: https://…".to_owned());
    };
    let address = text[place].trim();
    match scheme(address) {
        _ if address.starts_with("{{") => None,
        Some("https") => host(address)
            .err()
            .and_then(|help| wrong(format!("`{address}` is no address of a picture"), help)),
        Some("http") => Some(insecure(address, "the picture")),
        Some(scheme) => wrong(
            format!("most mail programs show no picture that begins with {scheme}:"),
            "put it on a website and write its address: https://…".to_owned(),
        ),
        None => {
            let name = address.trim_start_matches(['/', '.']);
            let name = name.strip_prefix("templates/").unwrap_or(name);
            let there = name.strip_prefix("assets/").is_some_and(|name| assets.contains(name));
            if there {
                let message = "pictures from templates/assets are not put into mails yet";
                let help = "put it on a website and write its address: https://…";
                return Some(Finding::new(Code::NotYet, message).help(help));
            }
            wrong(
                format!(
                    "`{address}` is not a whole address, and a mail lies on no page that could complete it"
                ),
                "put it on a website and write its address: https://…".to_owned(),
            )
        }
    }
}

fn no_alt(writing: Writing) -> Finding {
    let help = match writing {
        Writing::Markdown => "write what it shows into the brackets: ![Our planning board](https://…)",
        Writing::Html => "write alt=\"what it shows\", or alt=\"\" if it is mere decoration",
    };
    let message =
        "the picture has no words for readers who do not see it, as in mail programs that block pictures";
    Finding::new(Code::NoAlt, message).help(help)
}

fn insecure(address: &str, what: &str) -> Finding {
    let message = format!("{what} begins with http://, which is not encrypted, and mail programs warn of it");
    Finding::new(Code::Insecure, message).help(format!("write https{}", &address["http".len()..]))
}

/// What stands before the colon of an address.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    // `www.example.com:8080` has a port, not a scheme.
    fits.then_some(scheme).filter(|scheme| !scheme.contains('.'))
}

/// Whether an address names a host; else how it should.
fn host(address: &str) -> Result<(), String> {
    let rest = &address["https:".len()..];
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(format!("write https://{}", rest.trim_start_matches('/')));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    if host.contains("{{") || host.contains('.') && !host.starts_with('.') && !host.ends_with('.') {
        return Ok(());
    }
    Err("write the website behind it: https://www.example.com/page".to_owned())
}

/// Reports what other programs would take for a variable, and this one for text.
fn check_variables(text: &Text) {
    let masked = targets::mask(text.value);
    let signs: [(&str, &str); 4] = [("{", "}"), ("*|", "|*"), ("%%", "%%"), ("[[", "]]")];
    for (open, close) in signs {
        let mut at = 0;
        while let Some(start) = masked[at..].find(open).map(|found| at + found) {
            let inner = start + open.len();
            at = inner;
            let Some(length) = masked[inner..].find(close).filter(|length| *length < 60) else { continue };
            let place: Range<usize> = start..inner + length + close.len();
            // A tag that lacks its second brace is told as such.
            if masked[..start].ends_with('{') {
                continue;
            }
            if let Some(meant) = variable(&masked[inner..inner + length]) {
                let message = format!("readers would see `{}` as it is written here", &masked[place.clone()]);
                let finding = Finding::new(Code::LooksLikeVariable, message);
                text.report_part(place.clone(), finding.help(format!("write {{{{{meant}}}}}")));
                at = place.end;
            }
        }
    }
}

/// The variable that a word stands for.
fn variable(word: &str) -> Option<String> {
    let word = word.trim();
    if word == "greeting" {
        return Some(word.to_owned());
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let short = match plain(word).as_str() {
        "fname" => "first_name".to_owned(),
        "lname" => "last_name".to_owned(),
        _ => word.to_owned(),
    };
    let (root, field) = short.split_once('.').unwrap_or(("lead", &short));
    let (root, fields) = match plain(root).as_str() {
        "company" => ("company", COMPANY_FIELDS),
        "lead" | "contact" | "recipient" | "subscriber" => ("lead", LEAD_FIELDS),
        _ => return None,
    };
    let found = fields.iter().find(|known| plain(known) == plain(field))?;
    Some(format!("{root}.{found}"))
}

/// The names of the files in the folder of pictures.
pub(super) fn asset(path: &str) -> Option<&str> {
    path.strip_prefix(ASSETS)
}
