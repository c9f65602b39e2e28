//! The personal form: a lead fills in what `[contact] complete` asks for and nobody knows.

use std::collections::BTreeMap;

use super::change::patiently;
use super::engine::Engine;
use super::error::NurtureResult;
use super::import::cell;
use super::record::{Deed, Record, StopTicket};
use crate::domain::event::{Details, EventKind};
use crate::domain::lead::Lead;
use crate::domain::visible;
use crate::storage::leads::StoredLead;
use crate::storage::{companies, leads};
use crate::workspace::funnel::{Asked, Completeness};

/// The form that such an answer is a submission of: `submitted complete-profile`.
pub const NAME: &str = "complete-profile";

/// No name, and no answer in a few words, is longer, in characters.
pub const LONGEST: usize = 200;

/// Fewer digits are no telephone number, and more neither.
const DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// What a person wrote, by the names of the fields.
pub type Answers = BTreeMap<String, String>;

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    TooLong,
    NoText,
    NoPhone,
    NoCountry,
    NoDomain,
    NoNumber,
    NoChoice,
}

/// What became of the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// Some of them cannot be taken, and none was.
    Unfit(BTreeMap<String, Unfit>),
    /// Stored, as far as there was something to store; what is still missing.
    Stored { missing: Vec<String> },
}

/// What a lead is asked for: what is missing, and the name of the company if something is asked about one that is not known.
pub fn asked<'c>(completeness: &'c Completeness, lead: &Lead) -> Vec<&'c str> {
    let mut asked = completeness.missing(lead);
    let name = Asked::Company.as_str();
    let of_company = asked.iter().position(|field| field.starts_with("company."));
    if let Some(place) = of_company.filter(|_| lead.company.is_none() && !asked.contains(&name)) {
        asked.insert(place, name);
    }
    asked
}

/// Stores the answers of a lead to what is missing, and all that follows. What is filled already stays as it is.
///
/// # Errors
/// [`NurtureError::NoLead`](super::NurtureError::NoLead).
pub async fn fill(engine: &Engine, lead: i64, answers: &Answers) -> NurtureResult<Filled> {
    let (filled, ticket) = patiently(|| try_once(engine, lead, answers)).await?;
    ticket.settle(engine).await?;
    Ok(filled)
}

async fn try_once(engine: &Engine, lead: i64, answers: &Answers) -> NurtureResult<(Filled, StopTicket)> {
    let (mut tx, revision) = engine.begin().await?;
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let completeness = &revision.workspace.funnel.rules.completeness;
    let stored = record.lead(lead).await?;
    let asked = asked(completeness, &stored.lead);
    let draft = match draft(&stored.lead, &asked, answers) {
        Ok(draft) => draft,
        Err(unfit) => return Ok((Filled::Unfit(unfit), StopTicket::nothing())),
    };
    let missing = completeness.missing(&draft).into_iter().map(str::to_owned).collect();
    if draft == stored.lead {
        return Ok((Filled::Stored { missing }, StopTicket::nothing()));
    }
    let filled: Vec<&str> = asked.into_iter().filter(|field| draft.has(field)).collect();
    let ticket = record.complete(&stored, draft, filled.join(", ")).await?;
    tx.commit().await?;
    engine.hint();
    Ok((Filled::Stored { missing }, ticket))
}

impl Record<'_> {
    /// Stores what a lead said of itself, as something that it did.
    async fn complete(
        &mut self,
        stored: &StoredLead,
        mut draft: Lead,
        filled: String,
    ) -> NurtureResult<StopTicket> {
        if draft.company != stored.lead.company
            && let Some(company) = &mut draft.company
        {
            company.id = match &stored.lead.company {
                // Colleagues have the same: only what was empty is filled.
                Some(known) => {
                    companies::fill(self.tx, known.id, company).await?;
                    known.id
                }
                None => companies::join(self.tx, company).await?,
            };
        }
        leads::update_contact(self.tx, &draft).await?;
        let data = [("filled".to_owned(), filled.into())].into_iter().collect();
        let details = Details { about: Some(NAME.to_owned()), data: Some(data), ..Details::default() };
        let deed = Deed { kind: EventKind::Submitted, at: self.now, message: None, details, client_id: None };
        let noted = self.deed(stored.lead.id, deed).await?;
        Ok(noted.map_or_else(StopTicket::nothing, |noted| noted.ticket))
    }
}

/// A lead with the answers that it gave; or what is wrong with them.
fn draft(lead: &Lead, asked: &[&str], answers: &Answers) -> Result<Lead, BTreeMap<String, Unfit>> {
    let mut draft = lead.clone();
    let mut unfit = BTreeMap::new();
    for field in asked {
        let answer = answers.get(*field).map_or("", |text| text.trim());
        if let Err(why) = take(&mut draft, field, answer) {
            unfit.insert((*field).to_owned(), why);
        }
    }
    // As in an import: a company is called by its domain if nobody says its name, and is nobody's without both.
    if let Some(company) = draft.company.as_mut().filter(|company| company.name.is_empty()) {
        company.name = company.domain.clone().unwrap_or_default();
    }
    draft.company = draft.company.filter(|company| !company.name.is_empty());
    if unfit.is_empty() { Ok(draft) } else { Err(unfit) }
}

/// Puts an answer where it belongs. An empty one is none.
fn take(lead: &mut Lead, field: &str, answer: &str) -> Result<(), Unfit> {
    if answer.is_empty() {
        return Ok(());
    }
    if answer.chars().nth(LONGEST).is_some() {
        return Err(Unfit::TooLong);
    }
    let line = visible::field(&cell::line(answer).map_err(|_| Unfit::NoText)?);
    if line.is_empty() {
        return Ok(());
    }
    let Ok(asked) = field.parse::<Asked>() else { return take_free(lead, field, &line) };
    match asked {
        Asked::Salutation => {
            lead.contact.salutation = Some(line.parse().map_err(|_| Unfit::NoChoice)?);
        }
        Asked::Title => lead.contact.title = Some(line),
        Asked::FirstName => lead.contact.first_name = Some(line),
        Asked::LastName => lead.contact.last_name = Some(line),
        Asked::JobTitle => lead.contact.job_title = Some(line),
        Asked::Phone => lead.contact.phone = Some(phone(line)?),
        Asked::City => lead.contact.city = Some(line),
        Asked::Country => lead.contact.country = Some(country(&line)?),
        of_company => take_company(lead, of_company, line)?,
    }
    Ok(())
}

fn take_company(lead: &mut Lead, asked: Asked, line: String) -> Result<(), Unfit> {
    let company = lead.company.get_or_insert_default();
    match asked {
        Asked::CompanyDomain => {
            company.domain = Some(cell::domain(bare(&line)).map_err(|_| Unfit::NoDomain)?)
        }
        Asked::CompanyIndustry => company.industry = Some(line),
        Asked::CompanySize => company.size = Some(cell::size(&line).map_err(|_| Unfit::NoNumber)?),
        Asked::CompanyCountry => company.country = Some(country(&line)?),
        _ => company.name = line,
    }
    Ok(())
}

/// The domain of an address of a page, which people copy.
fn bare(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn take_free(lead: &mut Lead, field: &str, line: &str) -> Result<(), Unfit> {
    let name = field.strip_prefix("fields.").unwrap_or(field);
    let value = cell::value(line).map_err(|_| Unfit::NoText)?;
    lead.contact.fields.insert(name.to_owned(), value);
    Ok(())
}

fn phone(line: String) -> Result<String, Unfit> {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let plain = line.chars().all(|c| c.is_ascii_digit() || " +-()/.".contains(c));
    if plain && DIGITS.contains(&digits) { Ok(line) } else { Err(Unfit::NoPhone) }
}

fn country(line: &str) -> Result<String, Unfit> {
    cell::country(line).map_err(|_| Unfit::NoCountry)
}
