//! The timeline of a lead: its events and messages in one order.

use crate::domain::event::{EventKind, Happening};
use crate::domain::time::Timestamp;
use crate::storage::messages::Message;

/// Something that happened.
#[derive(Debug)]
pub enum Item<'r> {
    Event(&'r Happening),
    Message(&'r Message),
}

impl Item<'_> {
    pub fn at(&self) -> Timestamp {
        match self {
            Item::Event(event) => event.at,
            Item::Message(message) => message.at,
        }
    }

    /// Whether it is the end of a walk.
    fn ends(&self, enrollment: i64) -> bool {
        let Item::Event(event) = self else { return false };
        let end = matches!(event.kind, EventKind::Finished | EventKind::GoalReached | EventKind::Left);
        end && event.details.enrollment == Some(enrollment)
    }
}

/// Events in their order; among those of the same moment a message comes last, but before the end that it brings to its
/// walk.
pub fn in_order<'r>(events: &'r [Happening], messages: &'r [Message]) -> Vec<Item<'r>> {
    let mut items: Vec<Item> = events.iter().map(Item::Event).collect();
    for message in messages {
        let begin = items.partition_point(|item| item.at() < message.at);
        let end = items.partition_point(|item| item.at() <= message.at);
        let place = (begin..end).find(|place| items[*place].ends(message.enrollment)).unwrap_or(end);
        items.insert(place, Item::Message(message));
    }
    items
}
