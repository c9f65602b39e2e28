//! `send` and `slots`: when mails may go out.

use std::sync::Arc;

use super::code::Code;
use super::source::Finding;
use super::table::{Table, Text};
use crate::domain::schedule::{ScheduleError, SendTimes};

/// Reads `send` or `slots` of a table. None if neither is there.
pub fn read(table: &mut Table) -> Option<Arc<SendTimes>> {
    let (send, slots) = (table.text("send"), table.text("slots"));
    if send.is_some()
        && let Some(slots) = &slots
    {
        let finding = Finding::new(Code::SendAndSlots, "`send` and `slots` cannot both be given");
        slots.report(finding.help("leave one of them out"));
    }
    let send = send.and_then(|text| check(&text, SendTimes::parse_send(text.value)));
    let slots = slots.and_then(|text| check(&text, SendTimes::parse_slots(text.value)));
    send.or(slots).map(Arc::new)
}

/// Reads windows, or `always`, under another key.
pub fn windows(table: &mut Table, key: &'static str) -> Option<SendTimes> {
    table.text(key).and_then(|text| check(&text, SendTimes::parse_send(text.value)))
}

fn check(text: &Text, read: Result<SendTimes, ScheduleError>) -> Option<SendTimes> {
    read.map_err(|error| text.report_part(error.range, Finding::of_words(Code::BadValue, &error.message)))
        .ok()
}
