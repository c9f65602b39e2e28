//! What nobody is to read in a report on `dripline.toml`: passwords and keys.

use std::ops::Range;

use crate::workspace::Diagnostic;

/// Keys whose value is a secret.
const SECRET: [&str; 3] = ["password", "key", "secret"];

/// What the secrets of webhooks begin with, which may stand in a list, each on its line.
const SIGNING_KEY: &str = "whsec_";

/// Keys whose value is a URL, which may name a login.
const URLS: [&str; 2] = ["url", "database"];

/// What is shorter is no secret, but could stand in any sentence.
const SHORTEST: usize = 4;

/// What stands for a secret in a sentence.
const HIDDEN: &str = "…";

/// The text of the file with stars for all secrets, each byte one: places in it stay as they are.
pub fn hidden(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let secret = secret(line);
        hidden.push_str(&line[..secret.start]);
        hidden.extend(line[secret.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }));
        hidden.push_str(&line[secret.end..]);
    }
    hidden
}

/// Takes what is secret in the line of a finding out of its words.
pub fn hide(found: &mut Diagnostic, text: &str) {
    let line = text.lines().nth(found.line.saturating_sub(1)).unwrap_or_default();
    let words = line[secret(line)].split([' ', '\t', '"', '\'']).filter(|word| word.len() >= SHORTEST);
    for word in words {
        found.message = found.message.replace(word, HIDDEN);
        found.help = found.help.take().map(|help| help.replace(word, HIDDEN));
    }
}

/// Where a line holds a secret: all behind the first `=` or `:` for a password, the login in a URL. Whatever the line is
/// meant to be: this is asked where there are mistakes.
fn secret(line: &str) -> Range<usize> {
    let end = line.trim_end().len();
    if let Some(key) = line.find(SIGNING_KEY) {
        return key..end;
    }
    let Some(value) = line.find(['=', ':']).map(|at| at + 1) else { return end..end };
    let names = |keys: &[&str]| {
        let mut words = line[..value].split(|sign: char| !sign.is_alphanumeric() && sign != '_');
        words.any(|word| keys.contains(&word.to_lowercase().as_str()))
    };
    let inline = line[value..end].contains(['{', '=']) && line[value..end].contains("password");
    if names(&SECRET) || inline {
        return value + quotes(&line[value..end])..end;
    }
    let login = line[value..end].find("://").map_or(value, |at| value + at + 3);
    match line[login..end].rfind('@') {
        Some(at) => login..login + at,
        None if names(&URLS) && names_a_word_behind_a_colon(&line[login..end]) => login..end,
        None => end..end,
    }
}

/// The blanks and the quotation mark that a value begins with.
fn quotes(value: &str) -> usize {
    value.len() - value.trim_start_matches([' ', '\t', '"', '\'']).len()
}

/// `host:secret`: what stands behind the colon of a port is digits.
fn names_a_word_behind_a_colon(rest: &str) -> bool {
    rest.split(':').skip(1).any(|part| part.chars().next().is_some_and(|first| !first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_moves() {
        for (line, shown) in [
            ("password = \"geheim\"\n", "password = \"*******\n"),
            ("password = geheim", "password = ******"),
            ("key: geheim", "key: ******"),
            ("url = \"smtp://me:geheim@mx.example:587\"", "url = \"smtp://*********@mx.example:587\""),
            ("url = \"smtp://me:geheim mx.example", "url = \"smtp://********************"),
            ("url = \"smtp://mx.example:587?tls=none\"", "url = \"smtp://mx.example:587?tls=none\""),
            ("relay.main.url = \"smtp://me:ge@heim@mx\"", "relay.main.url = \"smtp://**********@mx\""),
            ("listen = \"127.0.0.1:80\"", "listen = \"127.0.0.1:80\""),
            ("[inbound]\r\n", "[inbound]\r\n"),
            ("secret = \"geheim\"\n", "secret = \"*******\n"),
            ("    \"whsec_Z2VoZWlt\",\n", "    \"****************\n"),
        ] {
            assert_eq!(hidden(line), shown);
            assert_eq!(hidden(line).len(), line.len());
        }
        assert_eq!(hidden("key = \"größe\"").len(), "key = \"größe\"".len());
    }
}
