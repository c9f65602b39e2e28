//! Sets of UIDs as commands write them.

use std::fmt::Write;

/// `1:3,7`: these UIDs, which ascend. An empty set has no text: never ask for one.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = uids;
    while let Some(&first) = rest.first() {
        let run = rest.iter().zip(first..=u32::MAX).take_while(|(uid, next)| *uid == next).count();
        let separator = if text.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = match rest[run - 1] {
            last if last == first => write!(text, "{separator}{first}"),
            last => write!(text, "{separator}{first}:{last}"),
        };
        rest = &rest[run..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_ranges() {
        assert_eq!(uid_set(&[7]), "7");
        assert_eq!(uid_set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(uid_set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
    }
}
