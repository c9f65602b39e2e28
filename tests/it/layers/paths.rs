//! As much of a Rust parser as finding the paths of a source takes.

/// A path such as `crate::storage::Db`; the members of a group are paths of their own.
pub struct PathUse {
    pub path: Vec<String>,
    /// How many modules with a body in the same file it stands in.
    pub inline: usize,
}

/// The words and signs of a source, without comments and texts. `::` is one sign.
pub fn tokens(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            'r' | 'b' | 'c' if raw_text(rest).is_some() => raw_text(rest).unwrap_or(1),
            '"' => quoted(rest, '"'),
            '\'' if is_char(rest) => quoted(rest, '\''),
            ':' if rest.starts_with("::") => 2,
            _ => word.max(first.len_utf8()),
        };
        let token = &rest[..length];
        if word > 0 && length == word || token == "::" || (length == 1 && first.is_ascii_punctuation()) {
            found.push(token.to_owned());
        }
        rest = &rest[length..];
    }
    found
}

/// The length of a block comment, with those inside it.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` or `cr"…"` at the start of a text.
fn raw_text(text: &str) -> Option<usize> {
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r')?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    let body = raw[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", &raw[..hashes]);
    let start = text.len() - body.len();
    Some(body.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of a text or character in quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a quote begins a character rather than a lifetime.
fn is_char(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

/// Every path among the tokens.
pub fn paths(tokens: &[String]) -> Vec<PathUse> {
    let mut found = Vec::new();
    // For each open brace, whether it is the body of a module.
    let mut braces = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let inline = braces.iter().filter(|module| **module).count();
        match tokens[at].as_str() {
            "{" => braces.push(at >= 2 && tokens[at - 2] == "mod"),
            "}" => {
                braces.pop();
            }
            word if is_word(word) => {
                let mut path = Vec::new();
                at = path_at(tokens, at, &mut path, &mut |path| found.push(PathUse { path, inline }));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads the path at `at`, behind `path`; gives each whole path to `found`. Where it ends.
fn path_at(
    tokens: &[String],
    mut at: usize,
    path: &mut Vec<String>,
    found: &mut dyn FnMut(Vec<String>),
) -> usize {
    let before = path.len();
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    while is_word(token(at)) {
        path.push(tokens[at].clone());
        at += 1;
        if token(at) != "::" {
            break;
        }
        at += 1;
    }
    if token(at) == "{" && token(at - 1) == "::" {
        at = group_at(tokens, at + 1, path, found);
    } else if path.len() > before {
        found(path.clone());
    }
    path.truncate(before);
    at
}

/// Reads the members of a group behind `path`, up to its closing brace. Where the group ends.
fn group_at(
    tokens: &[String],
    mut at: usize,
    path: &mut Vec<String>,
    found: &mut dyn FnMut(Vec<String>),
) -> usize {
    while at < tokens.len() && tokens[at] != "}" {
        // Another name for a member is no member.
        let next = if tokens[at] == "as" { at + 2 } else { path_at(tokens, at, path, found) };
        at = next.max(at + 1);
    }
    at + 1
}
