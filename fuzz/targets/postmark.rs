//! Any bytes as the JSON of a provider: refused, or a mail that can be judged.
#![no_main]

use dripline_fuzz::mail::inbound::{Provider, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(mail) = Provider::Postmark.mail(body) {
        let _ = read(&mail);
    }
});
