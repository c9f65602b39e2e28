//! What strangers typed, as it may be shown: on one line, and without signs that command a terminal or turn the direction
//! of what stands beside them.

use std::borrow::Cow;

/// The text on one line: line breaks and tabs are blanks, other signs that are not seen and do something are `�`.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| match letter {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        letter if commands(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// What is kept of a text that may have several lines: what is not to be read is left out.
pub fn text(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !commands(*letter)).collect()
}

/// What is kept of a name, a city and the like: one line, runs of blanks as one, and nothing that is not to be read.
pub fn field(text: &str) -> String {
    let readable: String =
        text.chars().filter(|letter| letter.is_whitespace() || !commands(*letter)).collect();
    readable.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is none to be read: a control character, a separator of lines, or one that turns the direction of
/// what follows.
pub fn commands(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') || turns(letter)
}

/// Whether a character shows nothing and turns the direction of what follows. The marks that only say which way the sign
/// beside them is read belong to Arabic and Hebrew, and stay.
pub fn turns(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_stays_and_what_commands_goes() {
        for fine in ["", "Zoë O'Brien-Łukasz", "山田 太郎", "علي", "👩‍👩‍👧", "=SUM(A1)"]
        {
            assert!(matches!(one_line(fine), Cow::Borrowed(same) if same == fine));
        }
        assert_eq!(one_line("Kim\r\nBcc: x\t\u{1b}[2J"), "Kim  Bcc: x �[2J");
        assert_eq!(field(" Kim\r\nBcc:\u{202e} x\u{1b}[2J\u{a0} "), "Kim Bcc: x[2J");
        assert_eq!(text("> Ja\u{202e}!\r\n> \u{7}Kim\n"), "> Ja!\n> Kim\n");
        assert_eq!(one_line("a\u{202e}txt.exe\u{2028}b\u{85}"), "a�txt.exe b�");
    }
}
