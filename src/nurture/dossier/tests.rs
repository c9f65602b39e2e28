use super::*;

#[test]
fn a_subject_shows_what_was_said_and_no_greeting() {
    for (text, shown) in [
        ("Hallo Frau Berg,\n\nDonnerstag passt gut.", "Donnerstag passt gut."),
        ("Donnerstag passt gut.", "Donnerstag passt gut."),
        ("Hi,", "Hi,"),
        ("", ""),
    ] {
        assert_eq!(first_words(text), shown);
    }
    let long = first_words(&"ein langes Wort ".repeat(20));
    assert!(long.ends_with("Wort …") || long.ends_with("langes …") || long.ends_with("ein …"), "{long}");
    assert!(long.chars().count() <= FIRST_WORDS + 2);
}

#[test]
fn sizes_are_read_by_people() {
    assert_eq!([size(12), size(34_567), size(12_345_678)], ["12 B", "34 kB", "12.3 MB"]);
}
