//! [`Body`]: what a webhook is told, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::event::Details;
use crate::domain::lead::Lead;
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::nurture::revision::Revision;
use crate::storage::events::Event;
use crate::storage::hand_overs::Latest;
use crate::storage::leads::StoredLead;

/// The `type` of a call by a step.
const STEP: &str = "step";

/// A call: its members are those that Standard Webhooks asks for.
#[derive(Debug, Serialize)]
pub struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it happened.
    #[serde(serialize_with = "as_rfc3339")]
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    /// As it was when that happened.
    lead: LeadBody<'a>,
    event: EventBody<'a>,
    hand_over: Option<HandOverBody>,
}

/// A lead, by the names that the API has for it. What is not known is null.
#[derive(Debug, Serialize)]
struct LeadBody<'a> {
    id: i64,
    email: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    title: Option<&'a str>,
    salutation: Option<&'static str>,
    language: Option<&'a str>,
    timezone: Option<&'a str>,
    country: Option<&'a str>,
    city: Option<&'a str>,
    job_title: Option<&'a str>,
    phone: Option<&'a str>,
    company: Option<&'a str>,
    company_domain: Option<&'a str>,
    fields: &'a BTreeMap<String, Value>,
    tags: &'a [String],
    source: Option<&'a str>,
    external_id: Option<&'a str>,
    stage: &'static str,
    qualification: &'static str,
    fit: f64,
    engagement: f64,
    score: f64,
    temperature: &'static str,
    persona: Option<String>,
    complete: bool,
    with: &'static str,
    owner: Option<&'a str>,
    owner_email: Option<&'a str>,
    stopped_by: Option<&'static str>,
    prospect_since: Option<String>,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct EventBody<'a> {
    /// None of a call by a step, which is no event.
    id: Option<i64>,
    about: Option<&'a str>,
    because: Option<&'a str>,
    sequence: Option<&'a str>,
    step: Option<&'a str>,
    message: Option<i64>,
    points: Option<i64>,
    data: Option<&'a Map<String, Value>>,
}

#[derive(Debug, Serialize)]
struct HandOverBody {
    id: i64,
    state: &'static str,
    cause: String,
    origin: &'static str,
    rep: Option<String>,
    reason: Option<String>,
    amount: Option<f64>,
    opened_at: String,
    closed_at: Option<String>,
}

impl<'a> Body<'a> {
    /// Of an event, which is stored under this id.
    pub fn of_event(
        revision: &'a Revision,
        stored: &'a StoredLead,
        id: i64,
        event: &'a Event,
        now: Timestamp,
    ) -> Self {
        let Details { sequence, step, about, because, points, data, .. } = &event.details;
        let body = EventBody {
            id: Some(id),
            about: about.as_deref(),
            because: because.as_deref(),
            sequence: sequence.as_deref(),
            step: step.as_deref(),
            message: event.message,
            points: *points,
            data: data.as_ref(),
        };
        Self::new(event.kind.as_str(), event.at, LeadBody::new(revision, stored, now), body)
    }

    /// Of a step that a lead has come to.
    pub fn of_step(
        revision: &'a Revision,
        stored: &'a StoredLead,
        sequence: &'a str,
        step: &'a str,
        now: Timestamp,
    ) -> Self {
        let event = EventBody {
            id: None,
            about: None,
            because: None,
            sequence: Some(sequence),
            step: Some(step),
            message: None,
            points: None,
            data: None,
        };
        Self::new(STEP, now, LeadBody::new(revision, stored, now), event)
    }

    fn new(kind: &'static str, timestamp: Timestamp, lead: LeadBody<'a>, event: EventBody<'a>) -> Self {
        Self { kind, timestamp, data: Data { lead, event, hand_over: None } }
    }

    /// Says which hand-over it is about.
    pub fn hand_over(&mut self, latest: Option<Latest>) {
        self.data.hand_over = latest.map(|latest| HandOverBody {
            id: latest.hand_over.id,
            state: latest.hand_over.state.as_str(),
            cause: latest.hand_over.cause,
            origin: latest.hand_over.origin.as_str(),
            rep: latest.hand_over.rep,
            reason: latest.hand_over.reason,
            amount: latest.amount,
            opened_at: latest.hand_over.opened_at.to_string(),
            closed_at: latest.hand_over.closed_at.map(|at| at.to_string()),
        });
    }

    /// The text that is signed and posted. Texts, finite numbers and flags always have one.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'a> LeadBody<'a> {
    fn new(revision: &'a Revision, stored: &'a StoredLead, now: Timestamp) -> Self {
        let Lead { contact, company, .. } = &stored.lead;
        let lead = &stored.lead;
        let funnel = &revision.workspace.funnel;
        let worth = funnel.rules.worth(lead, now);
        let owner = lead.owner.as_deref();
        let rep = owner.and_then(|owner| funnel.rep(owner));
        Self {
            id: lead.id,
            email: lead.email.as_str(),
            first_name: contact.first_name.as_deref(),
            last_name: contact.last_name.as_deref(),
            title: contact.title.as_deref(),
            salutation: contact.salutation.map(|word| word.as_str()),
            language: contact.language.as_deref(),
            timezone: contact.timezone.as_deref(),
            country: contact.country.as_deref(),
            city: contact.city.as_deref(),
            job_title: contact.job_title.as_deref(),
            phone: contact.phone.as_deref(),
            company: company.as_ref().map(|company| company.name.as_str()),
            company_domain: company.as_ref().and_then(|company| company.domain.as_deref()),
            fields: &contact.fields,
            tags: &lead.tags,
            source: lead.source.as_deref(),
            external_id: lead.external_id.as_deref(),
            stage: lead.stage.as_str(),
            qualification: lead.qualification.as_str(),
            fit: rounded(worth.fit),
            engagement: rounded(worth.engagement),
            score: rounded(worth.score()),
            temperature: worth.temperature.as_str(),
            persona: worth.persona,
            complete: worth.complete,
            with: lead.with.as_str(),
            owner,
            owner_email: rep.map(|rep| rep.email.as_str()),
            stopped_by: lead.closed_by.or(stored.suppressed_by).map(|stop| stop.as_str()),
            prospect_since: lead.prospect_since.map(|at| at.to_string()),
            created_at: lead.created_at.to_string(),
        }
    }
}

/// To a tenth of a point.
fn rounded(points: f64) -> f64 {
    (points * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventKind;

    #[test]
    fn no_event_is_taken_for_a_step() {
        assert!(EventKind::ALL.iter().all(|kind| kind.as_str() != STEP));
    }

    #[test]
    fn points_are_rounded() {
        assert_eq!([rounded(12.345), rounded(-0.04), rounded(20.0)], [12.3, -0.0, 20.0]);
    }
}
