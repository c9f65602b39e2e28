//! What the body of `POST /leads` says: the columns of the CSV format as JSON, with `fields` for the free ones.

use chrono::DateTime;

use super::fields::Fields;
use crate::domain::address::Address;
use crate::domain::consent::{Channel, Consent};
use crate::domain::lead::{Company, Contact};
use crate::domain::schedule;
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::nurture::record::LeadInput;

/// Reads a lead. A consent without a time was given now.
///
/// # Errors
/// Every mistake in the body.
pub fn read_lead(mut body: Fields, now: Timestamp) -> Result<LeadInput, Problem> {
    let email = body.required("email");
    let email = if email.is_empty() {
        None
    } else {
        body.read("email", &email, |text| text.parse::<Address>().map_err(|error| error.to_string()))
    };
    let contact = contact(&mut body);
    let company = company(&mut body);
    let consents = consent(&mut body, now).into_iter().collect();
    let (tags, stage) = (body.texts("tags"), body.parsed("stage"));
    let (source, external_id) = (body.text("source"), body.text("external_id"));
    let tracking = body.flag("tracking").unwrap_or(false);
    body.finish()?;
    // Without an address `finish` has failed.
    let email = email.ok_or_else(Problem::internal)?;
    Ok(LeadInput { email, contact, company, tags, stage, source, external_id, consents, tracking, example: false })
}

fn contact(body: &mut Fields) -> Contact {
    Contact {
        first_name: body.text("first_name"),
        last_name: body.text("last_name"),
        title: body.text("title"),
        salutation: body.parsed("salutation"),
        address_form: body.parsed("address_form"),
        language: body.text("language"),
        timezone: zone(body),
        country: body.text("country").map(|country| country.to_uppercase()),
        city: body.text("city"),
        job_title: body.text("job_title"),
        phone: body.text("phone"),
        fields: body.map("fields").into_iter().filter(|(_, value)| !value.is_null()).collect(),
    }
}

fn zone(body: &mut Fields) -> Option<String> {
    let name = body.text("timezone")?;
    body.read("timezone", &name, |name| schedule::zone(name).map_err(|error| error.to_string()))?;
    Some(name)
}

fn company(body: &mut Fields) -> Option<Company> {
    let (name, domain) = (body.text("company"), body.text("company_domain"));
    let name = name.or_else(|| domain.clone())?;
    Some(Company { name, domain, ..Company::default() })
}

fn consent(body: &mut Fields, now: Timestamp) -> Option<Consent> {
    let (basis, at, wording) = (body.parsed("basis"), body.text("consent_at"), body.text("consent_text"));
    let at = at.and_then(|at| {
        body.read("consent_at", &at, |at| {
            let moment = DateTime::parse_from_rfc3339(at);
            moment.map_err(|_| format!("\"{at}\" is not a time such as 2026-03-01T09:30:00+01:00"))
        })
    });
    let at = at.map_or(now, |at| Timestamp::from(at.to_utc()));
    Some(Consent { channel: Channel::Email, basis: basis?, at, wording, form: Some("api".to_owned()), network: None })
}
