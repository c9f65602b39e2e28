//! How many mails to a lead came back in a row, though its address may exist.

use crate::domain::enrollment::MessageState;
use crate::domain::event::{EventKind, Happening};
use crate::storage::messages::Message;

/// The enhanced status (RFC 3463) that came with a mail, in the data of its event.
pub const STATUS: &str = "status";

/// The length of the run: the last mails, one by one, as long as each came back. A mail that did not, or a sign of life of
/// the person, ends it. One that was refused by policy (x.7.x) is as if it had not been sent: that is about the sender. What was sent after the last one that came back has not had the time to, and does not count.
pub fn length(mails: &[Message], signs: &[(Option<i64>, Happening)]) -> usize {
    let is_bounce = |sign: &Happening| sign.kind == EventKind::BouncedSoftly;
    let lives = |sign: &Happening| !is_bounce(sign) && sign.details.machine.is_none();
    let alive = signs.iter().filter(|(_, sign)| lives(sign)).map(|(_, sign)| sign.at).max();
    let came_back = |id: i64| signs.iter().any(|(mail, sign)| is_bounce(sign) && *mail == Some(id));
    let policy =
        |id: i64| signs.iter().any(|(mail, sign)| *mail == Some(id) && is_bounce(sign) && is_policy(sign));
    let sent = mails.iter().rev().filter(|mail| mail.state == MessageState::Sent && !policy(mail.id));
    let last = sent.skip_while(|mail| !came_back(mail.id));
    last.take_while(|mail| came_back(mail.id) && alive.is_none_or(|alive| mail.at > alive)).count()
}

fn is_policy(sign: &Happening) -> bool {
    let status = sign.details.data.as_ref().and_then(|data| data.get(STATUS)?.as_str());
    status.is_some_and(|status| status.split('.').nth(1) == Some("7"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Details;
    use crate::domain::hit::Machine;
    use crate::domain::time::Timestamp;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000)
    }

    fn mails(count: i64) -> Vec<Message> {
        let one = |id: i64| Message {
            id,
            lead: 1,
            enrollment: 1,
            step: id,
            state: MessageState::Sent,
            node: String::new(),
            revision: 1,
            variant: 0,
            attempt: 1,
            ambiguous: 0,
            first_at: at(10 * id),
            at: at(10 * id),
            reason: None,
        };
        (1..=count).map(one).collect()
    }

    fn sign(kind: EventKind, mail: Option<i64>, hour: i64) -> (Option<i64>, Happening) {
        (mail, Happening { kind, at: at(hour), details: Details::default() })
    }

    fn back(mail: i64) -> (Option<i64>, Happening) {
        sign(EventKind::BouncedSoftly, Some(mail), 10 * mail + 1)
    }

    #[test]
    fn mails_in_a_row_are_counted_once_each() {
        assert_eq!(length(&mails(3), &[]), 0);
        assert_eq!(length(&mails(3), &[back(1), back(2), back(3), back(3)]), 3);
        assert_eq!(length(&mails(4), &[back(2), back(3)]), 2, "the fourth may still come back");
        assert_eq!(length(&mails(4), &[back(1), back(3), back(4)]), 2, "the second arrived");
    }

    #[test]
    fn a_sign_of_life_begins_anew() {
        let backs = [back(1), back(2), back(3)];
        let with = |sign| length(&mails(3), &[&backs[..], &[sign]].concat());
        assert_eq!(with(sign(EventKind::Opened, Some(1), 15)), 2);
        assert_eq!(with(sign(EventKind::AutoReplied, None, 25)), 1);
        assert_eq!(with(sign(EventKind::Replied, None, 99)), 0);
        let mut machine = sign(EventKind::Opened, Some(1), 99);
        machine.1.details.machine = Some(Machine::ALL[0]);
        assert_eq!(with(machine), 3, "a scanner is no sign of life");
    }
}
