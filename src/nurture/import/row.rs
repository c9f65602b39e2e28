//! One row of a file: its cells become what is said about a lead, or the faults in them.

use std::fmt;

use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value;

use super::cell;
use super::columns::{Column, Header, Name};
use crate::domain::address::Address;
use crate::domain::consent::{Basis, Channel, Consent};
use crate::domain::lead::{Company, Contact};
use crate::domain::stage::Stage;
use crate::domain::time::{DAY, Timestamp};
use crate::nurture::record::LeadInput;

/// What holds for every row because the file has no column that says it, and what a file never says.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub basis: Option<Basis>,
    /// When the consent was given; when the row is read, if nobody says.
    pub consent_at: Option<Timestamp>,
    pub consent_text: Option<String>,
    pub source: Option<String>,
    /// Where consents came from: the name of the file.
    pub form: Option<String>,
    /// Whether these are example leads.
    pub example: bool,
    /// On whose clocks a day begins. UTC.
    pub zone: Option<Tz>,
}

impl Given {
    /// What the file does not say itself.
    pub fn beside(self, header: &Header) -> Self {
        Self {
            basis: self.basis.filter(|_| !header.has(Name::Basis)),
            consent_at: self.consent_at.filter(|_| !header.has(Name::ConsentAt)),
            consent_text: self.consent_text.filter(|_| !header.has(Name::ConsentText)),
            source: self.source.filter(|_| !header.has(Name::Source)),
            ..self
        }
    }
}

/// What is wrong in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// None: it is about the row as a whole.
    pub column: Option<String>,
    pub reason: String,
}

impl Fault {
    /// A fault in a cell.
    pub fn in_column(column: impl ToString, reason: impl Into<String>) -> Self {
        Self { column: Some(column.to_string()), reason: reason.into() }
    }

    /// A fault of the whole row.
    pub fn of_row(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }
}

/// `language: "Deutsch" is no language …`
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.column.iter().try_for_each(|column| write!(f, "{column}: "))?;
        f.write_str(&self.reason)
    }
}

/// Reads a row. Empty cells say nothing.
///
/// # Errors
/// Every fault in it.
pub fn read<'a>(
    cells: impl Iterator<Item = (&'a Column, &'a str)>,
    given: &Given,
    now: Timestamp,
) -> Result<LeadInput, Vec<Fault>> {
    let mut draft = Draft::default();
    let mut faults = Vec::new();
    for (column, text) in cells {
        let text = text.trim();
        if !text.is_empty() {
            let taken = draft.take(column, text, given.zone.unwrap_or(Tz::UTC));
            faults.extend(taken.err().map(|reason| Fault::in_column(column, reason)));
        }
    }
    let consents = draft.consents(given, now).map_err(|fault| faults.push(fault)).unwrap_or_default();
    if draft.email.is_none() && !faults.iter().any(|fault| fault.column.as_deref() == Some("email")) {
        faults.push(Fault::in_column(Name::Email, "there is no address"));
    }
    match draft.email {
        Some(email) if faults.is_empty() => Ok(LeadInput {
            email,
            contact: draft.contact,
            company: draft.company.named(),
            tags: draft.tags,
            stage: draft.stage,
            source: draft.source.or_else(|| given.source.clone()),
            external_id: draft.external_id,
            consents,
            tracking: draft.tracking,
            example: given.example,
        }),
        _ => Err(faults),
    }
}

/// What a row says of a company. Without a name and a domain it is nobody's.
#[derive(Default)]
struct CompanyDraft {
    name: Option<String>,
    domain: Option<String>,
    industry: Option<String>,
    size: Option<i64>,
    country: Option<String>,
}

impl CompanyDraft {
    fn named(self) -> Option<Company> {
        let Self { name, domain, industry, size, country } = self;
        let name = name.or_else(|| domain.clone())?;
        Some(Company { name, domain, industry, size, country, ..Company::default() })
    }
}

/// A row while its cells are read.
#[derive(Default)]
struct Draft {
    email: Option<Address>,
    contact: Contact,
    company: CompanyDraft,
    tags: Vec<String>,
    stage: Option<Stage>,
    source: Option<String>,
    basis: Option<Basis>,
    consent_at: Option<Timestamp>,
    consent_text: Option<String>,
    tracking: bool,
    external_id: Option<String>,
}

impl Draft {
    fn take(&mut self, column: &Column, text: &str, zone: Tz) -> Result<(), String> {
        let name = match column {
            Column::Known(name) => *name,
            Column::Field(field) => {
                let value: Value = cell::value(text)?;
                self.contact.fields.insert(field.clone(), value);
                return Ok(());
            }
        };
        let contact = &mut self.contact;
        match name {
            Name::Email => self.email = Some(cell::address(text)?),
            Name::FirstName => contact.first_name = Some(cell::line(text)?),
            Name::LastName => contact.last_name = Some(cell::line(text)?),
            Name::Title => contact.title = Some(cell::line(text)?),
            Name::Salutation => contact.salutation = Some(cell::word(text)?),
            Name::AddressForm => contact.address_form = Some(cell::word(text)?),
            Name::Language => contact.language = Some(cell::language(text)?),
            Name::Timezone => contact.timezone = Some(cell::timezone(text)?),
            Name::Country => contact.country = Some(cell::country(text)?),
            Name::City => contact.city = Some(cell::line(text)?),
            Name::JobTitle => contact.job_title = Some(cell::line(text)?),
            Name::Phone => contact.phone = Some(cell::line(text)?),
            Name::Company => self.company.name = Some(cell::line(text)?),
            Name::CompanyDomain => self.company.domain = Some(cell::domain(text)?),
            Name::CompanyIndustry => self.company.industry = Some(cell::line(text)?),
            Name::CompanySize => self.company.size = Some(cell::size(text)?),
            Name::CompanyCountry => self.company.country = Some(cell::country(text)?),
            Name::Stage => self.stage = Some(cell::word(text)?),
            Name::Source => self.source = Some(cell::line(text)?),
            Name::Tags => self.tags = cell::tags(text)?,
            Name::Basis => self.basis = Some(cell::word(text)?),
            Name::ConsentAt => self.consent_at = Some(cell::time(text, zone)?),
            Name::ConsentText => self.consent_text = Some(cell::text(text)?),
            Name::Tracking => self.tracking = cell::yes(text)?,
            Name::ExternalId => self.external_id = Some(cell::line(text)?),
        }
        Ok(())
    }

    /// The consent to e-mail that the row, or what is given for all rows, speaks of.
    fn consents(&mut self, given: &Given, now: Timestamp) -> Result<Vec<Consent>, Fault> {
        let (own_at, own_text) = (self.consent_at.take(), self.consent_text.take());
        let Some(basis) = self.basis.or(given.basis) else {
            // Words or a time without a basis may be a consent, or none: nobody is written to on a guess.
            let why = "the row speaks of a consent, but not of which kind: write opt_in, double_opt_in or existing_customer";
            let speaks = own_at.is_some() || own_text.is_some();
            return if speaks { Err(Fault::in_column(Name::Basis, why)) } else { Ok(Vec::new()) };
        };
        let at = own_at.or(given.consent_at).unwrap_or(now);
        if at > now + DAY {
            return Err(Fault::in_column(Name::ConsentAt, "this time is yet to come"));
        }
        let wording = own_text.or_else(|| given.consent_text.clone());
        Ok(vec![Consent {
            channel: Channel::Email,
            basis,
            at,
            wording,
            form: given.form.clone(),
            network: None,
        }])
    }
}

#[cfg(test)]
mod tests;
