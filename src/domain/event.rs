//! What happened: the words of the timeline, and what conditions read from it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::condition::{Fact, path_fits};
use super::hit::Machine;
use super::time::Timestamp;
use super::words::words;

words! {
    /// What an event says happened.
    pub enum EventKind {
        // The person
        Opened = "opened",
        Clicked = "clicked",
        Visited = "visited",
        Replied = "replied",
        Submitted = "submitted",
        MeetingBooked = "meeting_booked",
        Purchase = "purchase",
        Custom = "custom",
        /// Points that a step or a person gave.
        Scored = "scored",
        AutoReplied = "auto_replied",
        Unsubscribed = "unsubscribed",
        Consented = "consented",
        // The record
        Created = "created",
        Updated = "updated",
        Tagged = "tagged",
        Untagged = "untagged",
        StageChanged = "stage_changed",
        Qualified = "qualified",
        Stopped = "stopped",
        // The walk
        Enrolled = "enrolled",
        Unenrolled = "unenrolled",
        Skipped = "skipped",
        Done = "done",
        Refused = "refused",
        GoalReached = "goal_reached",
        Left = "left",
        Finished = "finished",
        Notified = "notified",
        /// A mail to the rep was given up.
        Untold = "untold",
        // The mail
        Failed = "failed",
        Bounced = "bounced",
        /// A mailbox that is full or a server that refuses for now: the address lives.
        BouncedSoftly = "bounced_softly",
        Complained = "complained",
        Retried = "retried",
        Held = "held",
        Resumed = "resumed",
        Cancelled = "cancelled",
        Ambiguous = "ambiguous",
        // Sales
        /// A score would hand it over, and nobody who fits can have more.
        WaitsForSales = "waits_for_sales",
        HandedOver = "handed_over",
        Accepted = "accepted",
        Opportunity = "opportunity",
        Won = "won",
        Lost = "lost",
        Returned = "returned",
        /// Sales wrote to the lead.
        Answered = "answered",
        /// A rep wants to be reminded on a day.
        Postponed = "postponed",
        /// A rep was reminded that a lead waits.
        Reminded = "reminded",
        /// Whoever stands behind a rep was told that a lead waits.
        Escalated = "escalated",
        /// Sales and the lead agreed to meet.
        MeetingAgreed = "meeting_agreed",
        /// The lead wants an offer.
        OfferAsked = "offer_asked",
        /// Sales says that what came in was no reply.
        NotAReply = "not_a_reply",
        /// Sales was told that somebody else is the one to talk to.
        Referred = "referred",
        /// What sales says of a mail.
        Feedback = "feedback",
    }
}

/// The details of an event: stored as JSON, read back for conditions and the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The enrollment it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<i64>,
    /// The sequence, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The step, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The number of the step, which it keeps when it is renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// What it is about: a link's name, a path, a form, a custom event's kind, a tag, a stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Why, in words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Why a machine is taken to have done it: it is kept, and has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// What it added to the engagement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// What else whoever told of it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}

/// Something that happened to a lead, as conditions see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub kind: EventKind,
    pub at: Timestamp,
    pub details: Details,
}

impl EventKind {
    /// Whether the person did it, not the record or a machine of ours.
    pub const fn is_own_deed(self) -> bool {
        matches!(
            self,
            EventKind::Opened
                | EventKind::Clicked
                | EventKind::Visited
                | EventKind::Replied
                | EventKind::Submitted
                | EventKind::MeetingBooked
                | EventKind::Purchase
                | EventKind::Custom
        )
    }
}

impl Happening {
    /// Whether it shows that somebody is there and interested.
    pub const fn is_sign_of_life(&self) -> bool {
        self.kind.is_own_deed() && self.details.machine.is_none()
    }

    /// Whether this makes `fact` true. `enrollment` is the walk that STEP facts are about.
    pub fn meets(&self, fact: &Fact, enrollment: Option<i64>) -> bool {
        if self.details.machine.is_some() {
            return false;
        }
        let about = self.details.about.as_deref();
        let in_step = |step: &str| {
            enrollment.is_some()
                && self.details.enrollment == enrollment
                && self.details.step.as_deref() == Some(step)
        };
        match (self.kind, fact) {
            (EventKind::Opened, Fact::Opened(step)) | (EventKind::Clicked, Fact::Clicked(step)) => {
                in_step(step)
            }
            (EventKind::Clicked, Fact::ClickedLink(name))
            | (EventKind::Submitted, Fact::Submitted(name))
            | (EventKind::Custom, Fact::Did(name)) => about == Some(name),
            (EventKind::Visited, Fact::Visited(pattern)) => {
                about.is_some_and(|path| path_fits(pattern, path))
            }
            (EventKind::Opened, Fact::OpenedMail)
            | (EventKind::Clicked, Fact::ClickedALink)
            | (EventKind::Submitted, Fact::SubmittedAForm)
            | (EventKind::Replied, Fact::Replied)
            | (EventKind::MeetingBooked, Fact::BookedMeeting)
            | (EventKind::Purchase, Fact::Bought) => true,
            _ => false,
        }
    }
}
