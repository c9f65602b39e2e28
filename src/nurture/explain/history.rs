//! What happened: events and messages in the order of time, each with its reason.

use chrono_tz::Tz;
use serde::Serialize;

use super::LeadRecord;
use super::words::date_and_time;
use crate::domain::enrollment::MessageState;
use crate::domain::event::{Details, EventKind, Happening};
use crate::domain::gate::{HoldKind, StopKind};
use crate::domain::purchase::Purchase;
use crate::domain::routing::Why;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::nurture::timeline::{self, Item};
use crate::storage::messages::Message;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Timestamp,
    /// In the zone of the explanation.
    pub local: String,
    /// The word of the event, or the state of the message.
    pub kind: &'static str,
    pub what: String,
    pub because: Option<String>,
}

/// The timeline of a lead.
pub(super) fn entries(record: &LeadRecord, zone: Tz) -> Vec<Entry> {
    let items = timeline::in_order(&record.events, &record.messages).into_iter();
    let told = items.filter_map(|item| Some((item.at(), told(record, &item)?)));
    let entry = |(at, Line { kind, what, because })| Entry {
        at,
        local: date_and_time(at, zone),
        kind,
        what,
        because,
    };
    let mut entries: Vec<Entry> = told.map(entry).collect();
    // Whatever wakes the walk of a lead that may not be written to is answered with the same again.
    let refused = EventKind::Refused.as_str();
    entries.dedup_by(|next, last| {
        next.kind == refused
            && (last.kind, &last.what, &last.because) == (next.kind, &next.what, &next.because)
    });
    entries
}

struct Line {
    kind: &'static str,
    what: String,
    because: Option<String>,
}

fn told(record: &LeadRecord, item: &Item) -> Option<Line> {
    match item {
        Item::Event(event) => Some(of_event(record, event)),
        Item::Message(message) => of_message(record, message),
    }
}

/// A message that has no event of its own: one that was sent, is being sent, or was cancelled.
fn of_message(record: &LeadRecord, message: &Message) -> Option<Line> {
    let mail = record.mail(message);
    let tries = match message.attempt {
        ..=1 => String::new(),
        attempt => format!(", at attempt {attempt}"),
    };
    let (what, because) = match message.state {
        MessageState::Sent if message.ambiguous > 0 => {
            (format!("sent {mail}{tries}; an earlier attempt may have arrived as well"), None)
        }
        MessageState::Sent => (format!("sent {mail}{tries}"), None),
        MessageState::Sending => (format!("is sending {mail}{tries}"), None),
        MessageState::Cancelled => (format!("did not send {mail}"), message.reason.clone()),
        _ => return None,
    };
    Some(Line { kind: message.state.as_str(), what, because })
}

fn of_event(record: &LeadRecord, event: &Happening) -> Line {
    let what = what(record, event.kind, &event.details);
    let what = match event.details.points {
        Some(points) => format!("{what} ({points:+})"),
        None => what,
    };
    Line { kind: event.kind.as_str(), what, because: event.details.because.clone() }
}

fn what(record: &LeadRecord, kind: EventKind, details: &Details) -> String {
    let about = details.about.as_deref().unwrap_or_default();
    match kind {
        EventKind::Opened => format!("opened {}", step(record, details)),
        EventKind::Clicked => format!("clicked {about} in {}", step(record, details)),
        EventKind::Visited => format!("visited {about}"),
        EventKind::Replied if about.is_empty() => "replied".to_owned(),
        EventKind::Replied => format!("replied: {about}"),
        EventKind::AutoReplied => "a machine replied".to_owned(),
        EventKind::Scored => "got points".to_owned(),
        EventKind::Submitted => format!("submitted {about}"),
        EventKind::MeetingBooked => "booked a meeting".to_owned(),
        EventKind::Purchase => bought(details),
        EventKind::Custom => format!("did {about}"),
        EventKind::Unsubscribed => "unsubscribed".to_owned(),
        EventKind::Consented if about.is_empty() => "agreed to e-mail".to_owned(),
        EventKind::Consented => format!("agreed to {about}"),
        EventKind::Created if about.is_empty() => "came in".to_owned(),
        EventKind::Created => format!("came in by {about}"),
        EventKind::Updated if about.is_empty() => "new contact data".to_owned(),
        EventKind::Updated => format!("{about} was set"),
        EventKind::Tagged => format!("got the tag {about}"),
        EventKind::Untagged => format!("lost the tag {about}"),
        EventKind::StageChanged => stages(about),
        EventKind::Qualified => qualifications(about),
        EventKind::Stopped => stopped(about),
        _ => of_walk(record, kind, details),
    }
}

/// What happened on a walk, with a mail, or between marketing and sales.
fn of_walk(record: &LeadRecord, kind: EventKind, details: &Details) -> String {
    let about = details.about.as_deref();
    let step = || step(record, details);
    let sequence =
        || details.sequence.as_deref().map_or_else(|| "a sequence".to_owned(), |seq| record.title(seq));
    match kind {
        EventKind::Enrolled => format!("entered {}", sequence()),
        EventKind::Unenrolled => "was taken out of the sequences by hand".to_owned(),
        EventKind::Skipped => format!("skipped {}", step()),
        EventKind::Done => format!("did {}", step()),
        EventKind::Refused if details.step.is_some() => format!("did not send {}", step()),
        EventKind::Refused => format!("sends nothing of {} for now", sequence()),
        EventKind::GoalReached => format!("reached the goal of {}", sequence()),
        EventKind::Left => format!("left {}", sequence()),
        EventKind::Finished => format!("finished {}", sequence()),
        EventKind::Notified => "the owner was told".to_owned(),
        EventKind::Untold => match about {
            Some(webhook) => format!("the {webhook} could not be told"),
            None => "the rep could not be told".to_owned(),
        },
        EventKind::Failed => format!("could not send {}", step()),
        EventKind::Bounced => format!("the address does not exist, said the answer to {}", step()),
        EventKind::BouncedSoftly => "a mail came back, and the address lives".to_owned(),
        EventKind::Complained => "complained of spam".to_owned(),
        EventKind::Retried => format!("tried to send {} in vain, and will again", step()),
        EventKind::Held if details.step.is_some() => format!("holds {} back", step()),
        EventKind::Held => held(about),
        EventKind::Resumed => "may be written to again".to_owned(),
        EventKind::Cancelled => format!("did not send {}", step()),
        EventKind::Ambiguous => format!("{} may have arrived", step()),
        EventKind::WaitsForSales => "waits for a place with sales".to_owned(),
        EventKind::HandedOver => match about {
            Some(rep) => format!("handed over to {}{}", record.rep(rep), chosen(record, details)),
            None => "handed over to sales".to_owned(),
        },
        EventKind::Accepted => "sales took the lead on".to_owned(),
        EventKind::Opportunity => "sales sees an opportunity".to_owned(),
        EventKind::Won => "sales won the lead".to_owned(),
        EventKind::Lost => "sales lost the lead".to_owned(),
        EventKind::Returned => "sales returned the lead".to_owned(),
        _ => of_sales(record, kind, about),
    }
}

/// What sales did with a lead that it has.
fn of_sales(record: &LeadRecord, kind: EventKind, about: Option<&str>) -> String {
    let who = || about.map_or_else(|| "sales".to_owned(), |rep| record.rep(rep));
    match kind {
        EventKind::Answered => format!("{} wrote to the lead", who()),
        EventKind::Postponed => {
            format!(
                "sales comes back to the lead on {}",
                about.and_then(|at| at.get(..10)).unwrap_or("a day")
            )
        }
        EventKind::Reminded => format!("{} was reminded that the lead waits", who()),
        EventKind::Escalated => format!("{} was told that nobody answers the lead", who()),
        EventKind::MeetingAgreed => "sales and the lead agreed to meet".to_owned(),
        EventKind::OfferAsked => "the lead wants an offer".to_owned(),
        EventKind::NotAReply => "sales says that nobody replied".to_owned(),
        EventKind::Referred => format!("sales talks to {} instead", about.unwrap_or("somebody else")),
        EventKind::Feedback => format!("sales says of the mail: {}", about.unwrap_or("something is wrong")),
        other => other.to_string(),
    }
}

/// `bought 2 x Licence for 1190.00 EUR`
fn bought(details: &Details) -> String {
    let what = details.data.as_ref().map(|data| Purchase::of(data).to_string()).unwrap_or_default();
    if what.is_empty() { "bought".to_owned() } else { format!("bought {what}") }
}

/// Why a lead went to this rep: ` in place of Kim Meier (away), whose turn it was`. Of one who is alone nothing is to be said.
fn chosen(record: &LeadRecord, details: &Details) -> String {
    let said = |name: &str| details.data.as_ref()?.get(name)?.as_str();
    let alone = record.revision.workspace.funnel.team.len() == 1;
    let why = said("chosen").and_then(|why| why.parse().ok()).filter(|why| !(alone && *why == Why::Head));
    let why = why.map_or("", Why::of_rep);
    let instead = said("instead_of").map(|rep| format!(" in place of {} (away)", record.rep(rep)));
    instead.unwrap_or_default() + why
}

/// `step guide of "Welcome"`
fn step(record: &LeadRecord, details: &Details) -> String {
    let step = details.step.as_ref().map_or_else(|| "a mail".to_owned(), |step| format!("step {step}"));
    let of = details.sequence.as_ref().map(|seq| format!(" of {}", record.title(seq)));
    step + &of.unwrap_or_default()
}

/// From `tofu -> mofu`.
fn stages(about: &str) -> String {
    let title =
        |word: &str| word.parse().map_or_else(|_| word.to_owned(), |stage: Stage| stage.title().to_owned());
    match about.split_once(" -> ") {
        Some((from, to)) => format!("moved from {} to {}", title(from), title(to)),
        None => "moved to another stage".to_owned(),
    }
}

/// From `prequalified -> mql`.
fn qualifications(about: &str) -> String {
    let to = about.split_once(" -> ").map_or(about, |(_, to)| to);
    let title = to.parse().map_or(to, |found: Qualification| found.title());
    format!("counts as {title} now")
}

fn stopped(kind: &str) -> String {
    let why = kind.parse().map_or("the lead is not to be written to", StopKind::because);
    format!("stopped: {why}")
}

fn held(kind: Option<&str>) -> String {
    let why = kind.and_then(|kind| kind.parse().ok()).map_or("the lead waits", HoldKind::because);
    format!("held: {why}")
}
