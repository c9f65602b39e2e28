//! Any text: what is left of it was there, line by line.
#![no_main]

use dripline_fuzz::mail::inbound::reply_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let there = text.replace(['\u{a0}', '\u{202f}'], " ");
    let left = reply_text(text);
    for line in left.lines().filter(|line| !line.is_empty()) {
        assert!(there.contains(line), "{line:?}");
    }
    assert_eq!(reply_text(&left.replace('\n', "\r\n")), reply_text(&left));
});
