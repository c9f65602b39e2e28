//! What a mail is: the first that holds, by standards first.

use super::part::Part;
use super::returned::Told;
use super::{Finding, automatic, bounce, leaving, notice, report};
use crate::domain::inbound::InboundKind;

/// Decides. `text` is what is new in the mail.
pub fn classify(mail: &Part<'_>, told: &Told, text: &str) -> Finding {
    report::read(mail, &told.text)
        .or_else(|| report::complaint_by_words(mail, told))
        .or_else(|| notice::read(&told.text))
        .or_else(|| by_its_words(mail, told))
        .or_else(|| leaving::by_program(mail, text))
        .or_else(|| automatic::read(&mail.fields))
        .or_else(|| automatic::by_words(text))
        .or_else(|| leaving::read(mail, text))
        .unwrap_or_else(|| Finding {
            evidence: "nothing says that a machine sent it".to_owned(),
            ..Finding::new(InboundKind::HumanReply)
        })
}

/// A bounce that says so to people only. Some write the fields of a report for machines into their text.
fn by_its_words(mail: &Part<'_>, told: &Told) -> Option<Finding> {
    let bounce = bounce::read(mail, told)?;
    Some(report::in_text(&told.text).unwrap_or(bounce))
}
