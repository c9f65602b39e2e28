//! Any bytes: read as a mail, judged, its text cut out, its files taken.
#![no_main]

use dripline_fuzz::mail::inbound::{files, read, reply_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let Ok(mail) = read(raw) else { return };
    assert!(!mail.evidence.is_empty());
    assert!(mail.hard.is_none() || mail.kind.as_str() == "bounce");
    let sent = files(raw).expect("what was read once is readable");
    assert_eq!(sent.len(), mail.attachments.iter().filter(|file| file.passed_on).count());
    // Nothing more can be cut from a text of one line: what is long or quoted may be.
    if !mail.text.contains('\n') {
        let _ = reply_text(&mail.text);
    }
});
