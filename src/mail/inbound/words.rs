//! Phrases in texts.

/// Whether a text (lower case) has a phrase in it, at the edges of words. Blanks and line breaks are the same.
pub fn has_phrase(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        let word = |edge: Option<char>, own: Option<char>| {
            own.is_some_and(char::is_alphanumeric) && edge.is_some_and(char::is_alphanumeric)
        };
        !word(before, phrase.chars().next()) && !word(after, phrase.chars().next_back())
    })
}

/// Whether a text (lower case) has one of the phrases in it.
pub fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// A text in lower case, with single blanks, and straight quotes.
pub fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace(['’', '‘', '´', '`'], "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
