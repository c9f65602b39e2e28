//! New mails: in the languages that the workspace has.

use std::collections::BTreeSet;

use super::files::NewFile;
use crate::workspace::Files;

/// Where mails are.
const MAILS: &str = "templates/mail/";

/// The languages that the files of mails have in their names; none if none has any.
pub fn languages(files: &Files) -> BTreeSet<String> {
    files.below(MAILS).filter_map(|(path, _)| language(path)).map(str::to_owned).collect()
}

/// The language in the name of a mail's file: `de` in `guide.de.md`.
fn language(path: &str) -> Option<&str> {
    let (stem, _) = path.rsplit_once('.')?;
    let (_, suffix) = stem.rsplit_once('.')?;
    (suffix.len() == 2 && suffix.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(suffix)
}

/// Whether there is a mail of this name already, in any language.
pub fn exists(files: &Files, name: &str) -> bool {
    files.below(&format!("{MAILS}{name}.")).next().is_some()
}

/// A mail of this name, such as `mofu/guide`: a file for each language, or one without a language in its name, in the
/// workspace's own.
pub fn new(name: &str, languages: &BTreeSet<String>, own: &str) -> Vec<NewFile> {
    let file = |suffix: String, language: &str| {
        NewFile::new(format!("{MAILS}{name}{suffix}.md"), text(name, language), about(language))
    };
    match languages.is_empty() {
        true => vec![file(String::new(), own)],
        false => languages.iter().map(|language| file(format!(".{language}"), language)).collect(),
    }
}

fn about(language: &str) -> &'static str {
    match language {
        "de" => "the mail in German",
        "en" => "the mail in English",
        _ => "the mail, in English to be translated",
    }
}

fn text(name: &str, language: &str) -> String {
    let text =
        if language == "de" { include_str!("text/mail.de.md") } else { include_str!("text/mail.en.md") };
    let stem = stem(name);
    text.replace("%TITLE%", &title(stem)).replace("%NAME%", stem)
}

/// The last part of a mail's name.
pub fn stem(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, stem)| stem)
}

/// A name as a title: `case-study` is `Case study`.
pub fn title(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_titles() {
        assert_eq!(title("case-study_2"), "Case study 2");
        assert_eq!(title("über-uns"), "Über uns");
        assert_eq!(title(""), "");
    }

    #[test]
    fn languages_are_in_names() {
        assert_eq!(language("templates/mail/mofu/guide.de.md"), Some("de"));
        assert_eq!(language("templates/mail/mofu/guide.v2.md"), None);
        assert_eq!(language("templates/mail/mofu/guide.md"), None);
    }
}
