//! How times, steps, sequences and reps are called in an explanation.

use chrono_tz::Tz;

use super::LeadRecord;
use crate::domain::schedule::local;
use crate::domain::sequence::{Step, Verb};
use crate::domain::time::{DAY, Timestamp};
use crate::storage::enrollments::Enrollment;
use crate::storage::messages::Message;

/// `Thu 2026-01-08 09:00`
pub fn date_and_time(at: Timestamp, zone: Tz) -> String {
    local(at, zone).format("%a %Y-%m-%d %H:%M").to_string()
}

/// `now`, `Thu 09:00` within the week, else `Thu 8 Jan 09:00`.
pub fn soon(at: Timestamp, now: Timestamp, zone: Tz) -> String {
    let clock = local(at, zone);
    match at - now {
        ..=0 => "now".to_owned(),
        ahead if ahead < 6 * DAY => clock.format("%a %H:%M").to_string(),
        _ => clock.format("%a %-d %b %Y %H:%M").to_string(),
    }
}

/// What a step does, in the words of a sequence file.
pub fn what(step: &Step) -> String {
    match &step.verb {
        Verb::Mail { variants, .. } => format!("mail {}", variants.join(" or ")),
        Verb::HandOver(cause) => format!("hand over to sales: {cause}"),
        Verb::Tag(tag) => format!("tag {tag}"),
        Verb::Untag(tag) => format!("untag {tag}"),
        Verb::Set(fields) => {
            format!("set {}", fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Verb::Points(points) => format!("points {points}"),
        Verb::Webhook(name) => format!("webhook {name}"),
        Verb::Notify(text) => format!("notify: {text}"),
        Verb::End(reason) => format!("end: {reason}"),
    }
}

impl LeadRecord {
    /// The title of a sequence in quotation marks; of one that is gone the last that is known, else its file name.
    pub(super) fn title(&self, seq: &str) -> String {
        let last = || self.past.values().rev().find_map(|past| past.track(seq));
        let title = self.revision.track(seq).or_else(last).map_or(seq, |track| track.sequence.title.as_str());
        format!("\"{title}\"")
    }

    /// The name of a rep; the key if there is no such rep any more.
    pub(super) fn rep(&self, key: &str) -> String {
        self.revision.workspace.funnel.rep_name(key).to_owned()
    }

    /// What a message is: `mofu/guide (step guide of "Evaluation guide", variant 1 of 2)`.
    pub(super) fn mail(&self, message: &Message) -> String {
        let Some(walk) = self.walk(message.enrollment) else { return "a mail".to_owned() };
        let of = format!("step {} of {}", self.step_name(walk, message.step), self.title(&walk.seq));
        let Some(Verb::Mail { variants, .. }) = self.written_as(walk, message).map(|step| &step.verb) else {
            return format!("a mail ({of})");
        };
        let at = usize::try_from(message.variant).unwrap_or(usize::MAX);
        let template = variants.get(at).map_or("a mail", String::as_str);
        match variants.len() {
            1 => format!("{template} ({of})"),
            count => format!("{template} ({of}, variant {} of {count})", at.saturating_add(1)),
        }
    }

    /// What a step is called now, or was called last.
    fn step_name<'r>(&'r self, walk: &Enrollment, number: i64) -> &'r str {
        let now = self.revision.track(&walk.seq).and_then(|track| track.by_number(number));
        let last = || self.steps.iter().find(|step| step.seq == walk.seq && step.number == number);
        match (now, last()) {
            (Some((_, step)), _) => &step.id,
            (None, Some(step)) => &step.step,
            (None, None) => "that is gone",
        }
    }

    /// The step of a message in the revision from which it was written, where it may have had another name.
    fn written_as<'r>(&'r self, walk: &Enrollment, message: &Message) -> Option<&'r Step> {
        if message.revision == self.revision.id {
            let track = self.revision.track(&walk.seq)?;
            return track.by_number(message.step).map(|(_, step)| step);
        }
        let past = self.past.get(&message.revision)?;
        let name = self.step_name(walk, message.step);
        self.revision.former_step(past, (&walk.seq, message.step), name)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    /// Monday, 2026-01-05, 08:00 UTC.
    const MONDAY: Timestamp = Timestamp::from_millis(1_767_600_000_000);

    #[test]
    fn times_are_the_leads_own_and_as_short_as_they_may_be() {
        assert_eq!(date_and_time(MONDAY, Berlin), "Mon 2026-01-05 09:00");
        assert_eq!(soon(MONDAY, MONDAY, Berlin), "now");
        assert_eq!(soon(MONDAY + 3 * DAY, MONDAY, Berlin), "Thu 09:00");
        assert_eq!(soon(MONDAY + 6 * DAY, MONDAY, Berlin), "Sun 11 Jan 2026 09:00");
    }
}
