//! Carrying out a step whose verb is not `mail`.

use serde_json::Value;

use super::error::NurtureResult;
use super::notify;
use super::record::{Deed, Record};
use crate::domain::enrollment::EnrollmentState;
use crate::domain::event::{Details, EventKind};
use crate::domain::hand_over::Origin;
use crate::domain::lead::Lead;
use crate::domain::sequence::{FieldValue, Verb};
use crate::domain::track::Track;
use crate::storage::enrollments::{self, Enrollment};

impl Record<'_> {
    /// Carries out the step at `place`, which the walk has behind it already.
    pub(super) async fn act(&mut self, walk: &Enrollment, track: &Track, place: usize) -> NurtureResult<()> {
        let lead = walk.lead;
        match &track.sequence.steps[place].verb {
            Verb::HandOver(cause) => {
                // The walk is between two mails: nothing of this lead is on the wire.
                self.hand_over(lead, cause, None, Origin::Step).await?.nothing_else_is_sent();
            }
            Verb::Tag(tag) => self.tag(lead, tag, true).await?,
            Verb::Untag(tag) => self.tag(lead, tag, false).await?,
            Verb::Set(fields) => {
                for (name, value) in fields {
                    self.edit(lead, EventKind::Updated, name, |stored| {
                        set_field(&mut stored.lead, name, value)
                    })
                    .await?
                    .nothing_else_is_sent();
                }
            }
            Verb::Points(points) => {
                let details = Details { points: Some(*points), ..Details::default() };
                let deed =
                    Deed { kind: EventKind::Scored, at: self.now, message: None, details, client_id: None };
                if let Some(noted) = self.deed(lead, deed).await? {
                    noted.ticket.nothing_else_is_sent();
                }
            }
            Verb::Notify(text) => {
                let stored = self.lead(lead).await?;
                notify::owner(self, &stored, text).await?;
            }
            Verb::End(reason) => {
                enrollments::end(self.tx, walk.walk.enrollment, EnrollmentState::Left, self.now).await?;
                self.walk_event(walk, EventKind::Left, reason).await?;
                self.offer(&[lead]).await?;
            }
            Verb::Webhook(name) => {
                let step = &track.sequence.steps[place].id;
                self.call_webhook(lead, name, &track.sequence.id, step).await?;
            }
            // It is sent.
            Verb::Mail { .. } => {}
        }
        Ok(())
    }

    async fn tag(&mut self, lead: i64, tag: &str, set: bool) -> NurtureResult<()> {
        let kind = if set { EventKind::Tagged } else { EventKind::Untagged };
        self.edit(lead, kind, tag, |stored| {
            stored.lead.tags.retain(|have| have != tag);
            if set {
                stored.lead.tags.push(tag.to_owned());
            }
        })
        .await?
        .nothing_else_is_sent();
        Ok(())
    }
}

/// Sets a field of a lead by its name: `lead.NAME`, `NAME`, or `fields.NAME` and `lead.fields.NAME` for free ones.
/// The checker has refused names that cannot be set.
fn set_field(lead: &mut Lead, name: &str, value: &FieldValue) {
    let name = name.strip_prefix("lead.").unwrap_or(name);
    let contact = &mut lead.contact;
    let text = match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Flag(flag) => flag.to_string(),
    };
    match name {
        "first_name" => contact.first_name = Some(text),
        "last_name" => contact.last_name = Some(text),
        "title" => contact.title = Some(text),
        "salutation" => contact.salutation = text.parse().ok(),
        "address_form" => contact.address_form = text.parse().ok(),
        "language" => contact.language = Some(text),
        "timezone" => contact.timezone = Some(text),
        "country" => contact.country = Some(text),
        "city" => contact.city = Some(text),
        "job_title" => contact.job_title = Some(text),
        "phone" => contact.phone = Some(text),
        _ => {
            let name = name.strip_prefix("fields.").unwrap_or(name);
            contact.fields.insert(name.to_owned(), json(value));
        }
    }
}

fn json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => Value::from(text.as_str()),
        FieldValue::Number(number) => Value::from(*number),
        FieldValue::Flag(flag) => Value::from(*flag),
    }
}
