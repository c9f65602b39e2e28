//! Addresses in running text.

/// Longest address (RFC 5321 section 4.5.3.1).
const LONGEST: usize = 320;

/// An address in a text, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Lower case.
    pub address: String,
    pub start: usize,
    pub end: usize,
}

/// The first address in a text, lower case.
pub fn address_in(text: &str) -> Option<String> {
    addresses_in(text).next().map(|found| found.address)
}

/// The addresses in a text, in their order.
pub fn addresses_in(text: &str) -> impl Iterator<Item = Found> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(at) = text[from..].find('@').map(|at| from + at) {
            let found = around(text, from, at);
            from = found.as_ref().map_or(at + 1, |found| found.end);
            if found.is_some() {
                return found;
            }
        }
        None
    })
}

/// The address around the `@` at `at`. It does not begin before `from`.
fn around(text: &str, from: usize, at: usize) -> Option<Found> {
    let start = local_start(text, from, at)?;
    let domain = &text[at + 1..];
    let length = domain.find(|letter: char| !is_domain(letter)).unwrap_or(domain.len());
    let domain = domain[..length].trim_end_matches(['.', '-']);
    let end = at + 1 + domain.len();
    let fine = domain.contains('.') && !domain.starts_with(['.', '-']) && end - start <= LONGEST;
    // A list's `a=b@c` names a; ids of messages look like addresses, and are told from them by what is around.
    fine.then(|| Found { address: text[start..end].to_lowercase(), start, end })
}

/// Where the local part that ends at `at` begins.
fn local_start(text: &str, from: usize, at: usize) -> Option<usize> {
    let before = &text[from..at];
    if let Some(quoted) = before.strip_suffix('"') {
        let start = quoted.rfind('"')?;
        return (at - from - start <= 66).then_some(from + start);
    }
    let mut start = at;
    for (index, letter) in before.char_indices().rev() {
        if !is_local(letter) {
            break;
        }
        start = from + index;
    }
    // Punctuation that stands before an address.
    start += text[start..at].len()
        - text[start..at].trim_start_matches(['.', '\'', '*', '=', '-', '`', '|', '/']).len();
    (start < at).then_some(start)
}

fn is_local(letter: char) -> bool {
    letter.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(letter)
}

fn is_domain(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '.' || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        addresses_in(text).map(|found| found.address).collect()
    }

    #[test]
    fn addresses_are_found_in_text() {
        assert_eq!(all("<Kim@Example.org>: no"), ["kim@example.org"]);
        assert_eq!(
            all("to kim.x+a=b@example.org, or l@b.example."),
            ["kim.x+a=b@example.org", "l@b.example"]
        );
        assert_eq!(all("\"odd one\"@example.org"), ["\"odd one\"@example.org"]);
        assert_eq!(all("kim@localhost a @b.example x@ @ @@ a@.b"), Vec::<String>::new());
        assert_eq!(all("größe@müller.example"), ["größe@müller.example"]);
    }
}
