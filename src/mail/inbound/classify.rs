//! What a mail is: the first that holds, by standards first.

use super::part::Part;
use super::returned::Told;
use super::{Finding, automatic, bounce, leaving, report};
use crate::domain::inbound::InboundKind;

/// Decides. `text` is what is new in the mail.
pub fn classify(mail: &Part<'_>, told: &Told, text: &str) -> Finding {
    report::read(mail, &told.text)
        .or_else(|| report::in_text(&told.text).filter(|_| bounce::read(mail, told).is_some()))
        .or_else(|| bounce::read(mail, told))
        .or_else(|| automatic::read(&mail.fields))
        .or_else(|| leaving::read(mail, text))
        .unwrap_or_else(|| Finding {
            evidence: "nothing says that a machine sent it".to_owned(),
            ..Finding::new(InboundKind::HumanReply)
        })
}
