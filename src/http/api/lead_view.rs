//! A lead as the API shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::consent::Basis;
use crate::domain::gate::StopKind;
use crate::domain::lead::{AddressForm, Company, Lead, Salutation};
use crate::domain::stage::{Party, Qualification, Stage};
use crate::nurture::explain::{Explanation, Judged, Next, explain};
use crate::nurture::lookup::find;
use crate::nurture::{Engine, NurtureResult};

/// A lead, under the names that `POST /leads` takes, and where it stands. What is not known is null.
#[derive(Debug, Serialize)]
pub struct LeadView {
    id: i64,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    title: Option<String>,
    salutation: Option<Salutation>,
    address_form: Option<AddressForm>,
    language: Option<String>,
    timezone: Option<String>,
    country: Option<String>,
    city: Option<String>,
    job_title: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    company_domain: Option<String>,
    company_industry: Option<String>,
    company_size: Option<i64>,
    company_country: Option<String>,
    fields: BTreeMap<String, Value>,
    tags: Vec<String>,
    source: Option<String>,
    external_id: Option<String>,
    basis: Option<Basis>,
    tracking: bool,
    example: bool,
    stage: Stage,
    qualification: Qualification,
    with: Party,
    owner: Option<String>,
    /// Why nothing is sent until the person asks for it.
    stopped_by: Option<StopKind>,
    prospect_since: Option<String>,
    created_at: String,
    stands: Stands,
}

/// Where a lead stands, and what comes next.
#[derive(Debug, Serialize)]
struct Stands {
    sentence: String,
    #[serde(flatten)]
    judged: Judged,
    not_sent_because: Vec<String>,
    next: Option<Next>,
}

impl LeadView {
    /// The lead with this id or e-mail address.
    ///
    /// # Errors
    /// [`NurtureError::NoLead`](crate::nurture::NurtureError::NoLead).
    pub async fn read(engine: &Engine, id_or_email: &str) -> NurtureResult<Self> {
        let mut tx = engine.db.read().await?;
        let stored = find(&mut tx, id_or_email).await?;
        drop(tx);
        let Explanation { sentence, judged, not_sent_because, next, .. } =
            explain(engine, id_or_email).await?;
        Ok(Self::of(stored.lead, stored.suppressed_by, Stands { sentence, judged, not_sent_because, next }))
    }

    fn of(lead: Lead, suppressed_by: Option<StopKind>, stands: Stands) -> Self {
        let contact = lead.contact;
        let known = lead.company.is_some();
        let Company { name, domain, industry, size, country, .. } = lead.company.unwrap_or_default();
        Self {
            id: lead.id,
            email: lead.email.to_string(),
            first_name: contact.first_name,
            last_name: contact.last_name,
            title: contact.title,
            salutation: contact.salutation,
            address_form: contact.address_form,
            language: contact.language,
            timezone: contact.timezone,
            country: contact.country,
            city: contact.city,
            job_title: contact.job_title,
            phone: contact.phone,
            company: known.then_some(name),
            company_domain: domain,
            company_industry: industry,
            company_size: size,
            company_country: country,
            fields: contact.fields,
            tags: lead.tags,
            source: lead.source,
            external_id: lead.external_id,
            basis: lead.basis,
            tracking: lead.tracking,
            example: lead.example,
            stage: lead.stage,
            qualification: lead.qualification,
            with: lead.with,
            owner: lead.owner,
            stopped_by: lead.closed_by.or(suppressed_by),
            prospect_since: lead.prospect_since.map(|at| at.to_string()),
            created_at: lead.created_at.to_string(),
            stands,
        }
    }
}
