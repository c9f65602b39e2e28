//! Names of folders as the protocol writes them.

use data_encoding::BASE64_NOPAD;

/// A folder's name as an argument: in modified UTF-7 (RFC 3501 section 5.1.3), quoted.
pub(super) fn folder_argument(name: &str) -> String {
    quoted(&utf7(name))
}

/// A quoted string. Line breaks cannot stand in one, and are left out.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars().filter(|character| !matches!(character, '\r' | '\n' | '\0')) {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

fn utf7(name: &str) -> String {
    let mut out = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            shift(&mut foreign, &mut out);
            out.push(character);
            if character == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            foreign.extend(character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift(&mut foreign, &mut out);
    out
}

/// Writes what was gathered of other characters, between `&` and `-`.
fn shift(foreign: &mut Vec<u8>, out: &mut String) {
    if !foreign.is_empty() {
        out.push('&');
        out.push_str(&BASE64_NOPAD.encode(foreign).replace('/', ","));
        out.push('-');
        foreign.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_modified_utf7() {
        let expected = [
            ("INBOX", "\"INBOX\""),
            ("Entwürfe", "\"Entw&APw-rfe\""),
            ("a & b", "\"a &- b\""),
            ("台北", "\"&U,BTFw-\""),
            ("a\"b\\c\r\nd", "\"a\\\"b\\\\c&AA0ACg-d\""),
            ("📬", "\"&2D3c7A-\""),
        ];
        for (name, argument) in expected {
            assert_eq!(folder_argument(name), argument);
        }
    }
}
