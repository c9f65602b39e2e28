//! A [`Lead`]: a person with an e-mail address who showed interest.

use std::collections::BTreeMap;

use serde_json::Value;

use super::address::Address;
use super::consent::Basis;
use super::gate::StopKind;
use super::score::Engagement;
use super::stage::{Party, Qualification, Stage};
use super::time::Timestamp;
use super::words::words;

words! {
    /// How a lead is spoken to by title.
    pub enum Salutation { Mr = "mr", Ms = "ms", Neutral = "neutral" }
}

words! {
    /// The German form of address.
    pub enum AddressForm { Du = "du", Sie = "sie" }
}

/// What somebody can be told apart and reached by; a re-import may change all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contact {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// An academic title, such as `Dr.`.
    pub title: Option<String>,
    pub salutation: Option<Salutation>,
    pub address_form: Option<AddressForm>,
    /// Such as `de` or `en-GB`.
    pub language: Option<String>,
    /// A name of the tz database.
    pub timezone: Option<String>,
    /// Two letters (ISO 3166-1).
    pub country: Option<String>,
    pub city: Option<String>,
    pub job_title: Option<String>,
    pub phone: Option<String>,
    /// Free fields: text, number or flag.
    pub fields: BTreeMap<String, Value>,
}

/// The company that a lead works for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    pub id: i64,
    pub name: String,
    pub domain: Option<String>,
    pub industry: Option<String>,
    pub size: Option<i64>,
    pub country: Option<String>,
    /// Since when the CRM says that sales has an open deal with it.
    pub deal_since: Option<Timestamp>,
}

/// A lead as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    pub id: i64,
    pub email: Address,
    pub contact: Contact,
    pub company: Option<Company>,
    pub tags: Vec<String>,
    pub stage: Stage,
    pub qualification: Qualification,
    pub with: Party,
    /// The rep: a key of `[team.NAME]`.
    pub owner: Option<String>,
    /// The stop that closed the gate, the first one; only the person can open it again.
    pub closed_by: Option<StopKind>,
    /// The strongest recorded basis for e-mail.
    pub basis: Option<Basis>,
    /// The channel of first contact; never overwritten.
    pub source: Option<String>,
    /// The key in another system.
    pub external_id: Option<String>,
    /// Whether the person agreed to be tracked.
    pub tracking: bool,
    /// Whether sequences may be entered without a hand; off after `lead unenroll`, until the stage changes.
    pub enrolls: bool,
    /// An example lead, which is never written to over SMTP.
    pub example: bool,
    /// When the lead first answered.
    pub prospect_since: Option<Timestamp>,
    /// What the lead does; it fades.
    pub engagement: Engagement,
    /// The last thing that the person did, as far as machines can be told apart.
    pub alive_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// The `lead.*` names that conditions and templates know, beside `lead.fields.NAME`.
pub const LEAD_FIELDS: &[&str] = &[
    "email",
    "first_name",
    "last_name",
    "title",
    "salutation",
    "address_form",
    "language",
    "timezone",
    "country",
    "city",
    "job_title",
    "phone",
    "stage",
    "qualification",
    "owner",
    "source",
    "external_id",
    "tags",
];

/// The `lead.*` names that the rules of funnel.toml give a lead, for expressions and templates.
pub const JUDGED_FIELDS: &[&str] = &["persona", "complete", "temperature"];

/// The `company.*` names that conditions and templates know.
pub const COMPANY_FIELDS: &[&str] = &["name", "domain", "industry", "size", "country"];

impl Lead {
    /// The text of `lead.NAME`, `company.NAME` or `lead.fields.NAME`; a bare `NAME` is `lead.NAME`.
    /// None if it is empty or there is no such field.
    pub fn field(&self, name: &str) -> Option<String> {
        let text = match name.split_once('.') {
            Some(("company", name)) => self.company.as_ref().and_then(|company| company.field(name)),
            Some(("lead", name)) => return self.field(name),
            Some(("fields", name)) => self.contact.fields.get(name).and_then(|value| match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            }),
            _ => self.own_field(name),
        };
        text.filter(|text| !text.is_empty())
    }

    /// Whether a field is filled; see [`Lead::field`].
    pub fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    fn own_field(&self, name: &str) -> Option<String> {
        let contact = &self.contact;
        match name {
            "email" => Some(self.email.to_string()),
            "first_name" => contact.first_name.clone(),
            "last_name" => contact.last_name.clone(),
            "title" => contact.title.clone(),
            "salutation" => contact.salutation.map(|word| word.to_string()),
            "address_form" => contact.address_form.map(|word| word.to_string()),
            "language" => contact.language.clone(),
            "timezone" => contact.timezone.clone(),
            "country" => contact.country.clone(),
            "city" => contact.city.clone(),
            "job_title" => contact.job_title.clone(),
            "phone" => contact.phone.clone(),
            "stage" => Some(self.stage.to_string()),
            "qualification" => Some(self.qualification.to_string()),
            "owner" => self.owner.clone(),
            "source" => self.source.clone(),
            "external_id" => self.external_id.clone(),
            "tags" => Some(self.tags.join(" ")),
            _ => None,
        }
    }
}

impl Company {
    fn field(&self, name: &str) -> Option<String> {
        match name {
            "name" => Some(self.name.clone()),
            "domain" => self.domain.clone(),
            "industry" => self.industry.clone(),
            "size" => self.size.map(|size| size.to_string()),
            "country" => self.country.clone(),
            _ => None,
        }
    }
}
