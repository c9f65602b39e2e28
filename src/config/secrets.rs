//! What nobody is to read in a report on `dripline.toml`: passwords and keys.

use std::ops::Range;

use crate::workspace::Diagnostic;

/// Keys whose value is a secret.
const SECRET: [&str; 3] = ["password", "key", "secret"];

/// What the secrets of webhooks begin with, which may stand in a list, each on its line.
const SIGNING_KEY: &str = "whsec_";

/// Keys whose value is a URL, which may name a login.
const URLS: [&str; 2] = ["url", "database"];

/// The one key whose URL anybody may read.
const PUBLIC_URL: &str = "public_url";

/// URLs of mail servers and databases, whose path says nothing secret.
const PLAIN_SCHEMES: [&str; 7] = ["smtp", "smtps", "imap", "imaps", "postgres", "postgresql", "sqlite"];

/// What a URL has behind its host begins with one of these.
const BEHIND_HOST: [char; 3] = ['/', '?', '#'];

/// A text of so many signs that could be base64, in a list, is taken for a secret whose beginning is missing.
const SHORTEST_KEY: usize = 20;

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

/// Where a line holds a secret: all behind the first `=` or `:` for a password, the login in a URL, what a webhook's URL has
/// behind its host, a key in a list. Whatever the line is meant to be: this is asked where there are mistakes.
fn secret(line: &str) -> Range<usize> {
    let end = line.trim_end().len();
    if let Some(key) = line.find(SIGNING_KEY).or_else(|| key_in_list(line)) {
        return key..end;
    }
    let named = named_secret(line, end);
    match path(line) {
        Some(path) if named.is_empty() => path..end,
        Some(path) => named.start.min(path)..end,
        None => named,
    }
}

/// A secret that the key of the line tells, and the login in a URL.
fn named_secret(line: &str, end: usize) -> Range<usize> {
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

/// Where the URL of a webhook has its path or its query, which may be all that protects the receiver. A misspelt scheme or
/// key, or a scheme that is missing, makes it no less secret.
fn path(line: &str) -> Option<usize> {
    let behind = |host: usize| line[host..].find(BEHIND_HOST).map(|at| host + at);
    let mut urls = line.match_indices("://").peekable();
    if urls.peek().is_none() {
        let value = line.find(['=', ':'])? + 1;
        return behind(value).filter(|_| words_before(&line[..value]).next() == Some("url"));
    }
    let may_be_secret = |before: &str| {
        let mut words = words_before(before);
        let scheme = words.next().unwrap_or_default().to_lowercase();
        words.next() != Some(PUBLIC_URL) && !PLAIN_SCHEMES.contains(&scheme.as_str())
    };
    urls.filter(|(at, _)| may_be_secret(&line[..*at])).find_map(|(at, sign)| behind(at + sign.len()))
}

/// The words of a text, the last one first.
fn words_before(text: &str) -> impl Iterator<Item = &str> {
    text.rsplit(|sign: char| !sign.is_alphanumeric() && sign != '_').filter(|word| !word.is_empty())
}

/// Where the texts of a line begin that has nothing but texts, one of which could be a key: a line of a list.
fn key_in_list(line: &str) -> Option<usize> {
    let first = line.find(['"', '\''])?;
    let (texts, between): (Vec<_>, Vec<_>) =
        line.split(['"', '\'']).enumerate().partition(|(number, _)| number % 2 == 1);
    // A key may be in quotation marks, too.
    let has_key = between.iter().any(|(_, sign)| sign.contains(['=', '.', ':']));
    let is_base64 = |sign: char| sign.is_ascii_alphanumeric() || ['+', '/', '='].contains(&sign);
    let is_key = |text: &str| text.len() >= SHORTEST_KEY && text.trim_end().chars().all(is_base64);
    (!has_key && texts.iter().any(|(_, text)| is_key(text))).then_some(first + 1)
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

    #[test]
    fn the_path_of_a_webhook_is_hidden_and_its_host_is_not() {
        for (line, shown) in [
            ("urll = \"https://hooks.example/T0/KEY\"\n", "urll = \"https://hooks.example********\n"),
            ("url = \"https://hooks.example?key=KEY\"", "url = \"https://hooks.example*********"),
            ("url = \"HTTP://hooks.example#KEY\"", "url = \"HTTP://hooks.example*****"),
            ("url = \"htps://hooks.example/KEY\"", "url = \"htps://hooks.example*****"),
            ("url = \"hooks.example/KEY\"", "url = \"hooks.example*****"),
            ("url = \"https://me:ge@hooks.example/a@KEY\"", "url = \"https://**************************"),
            ("    \"https://hooks.example/KEY\",\n", "    \"https://hooks.example******\n"),
            (
                "\"webhook\".\"crm\".\"url\" = \"https://h.example/KEY\"\n",
                "\"webhook\".\"crm\".\"url\" = \"https://h.example*****\n",
            ),
            (
                "{ public_url = \"https://a/b\", url = \"https://h/KEY\" }",
                "{ public_url = \"https://a/b\", url = \"https://h*******",
            ),
            ("url = \"https://hooks.example\"", "url = \"https://hooks.example\""),
            ("public_url = \"https://mail.example/there\"", "public_url = \"https://mail.example/there\""),
            (
                "\"server\".\"public_url\" = \"https://m/there\"",
                "\"server\".\"public_url\" = \"https://m/there\"",
            ),
            ("database = \"postgres://db/dripline?a=b\"", "database = \"postgres://db/dripline?a=b\""),
        ] {
            assert_eq!(hidden(line), shown);
        }
    }

    #[test]
    fn a_key_in_a_list_is_hidden_whatever_it_begins_with() {
        for (line, shown) in [
            ("    \"MfKQ9r8GKYqrTwjUPD8I\",\n", "    \"**********************\n"),
            ("  'MfKQ9r8G/YqrTwjUPD8Iw+==' ]\n", "  '***************************\n"),
            ("\"short\", \"MfKQ9r8GKYqrTwjUPD8I\"\n", "\"******************************\n"),
            ("    \"MfKQ9r8GKYqrTwjUPD8I\n", "    \"********************\n"),
            ("    \"qualification_changed\",\n", "    \"qualification_changed\",\n"),
            ("    \"*@a-long-name-of.example\",\n", "    \"*@a-long-name-of.example\",\n"),
            (
                "\"mailbox\".\"in\".\"folder\" = \"ALongNameOfAFolderOfMail\"\n",
                "\"mailbox\".\"in\".\"folder\" = \"ALongNameOfAFolderOfMail\"\n",
            ),
        ] {
            assert_eq!(hidden(line), shown);
        }
    }
}
