//! New leads, and what is learnt about known ones: from the API, the command line and imports.

use std::collections::{BTreeMap, HashMap};

use super::Record;
use crate::domain::address::Address;
use crate::domain::consent::{Channel, Consent};
use crate::domain::event::{Details, EventKind};
use crate::domain::lead::{Company, Contact, Lead};
use crate::domain::stage::{Party, Qualification, Stage};
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::storage::events::{self, Event};
use crate::storage::leads::{self, StoredLead};
use crate::storage::{addresses, companies, consents};

/// What somebody says about a lead.
#[derive(Clone, Debug)]
pub struct LeadInput {
    pub email: Address,
    pub contact: Contact,
    pub company: Option<Company>,
    pub tags: Vec<String>,
    /// For a new lead; `tofu` if it is not said.
    pub stage: Option<Stage>,
    /// The channel of first contact.
    pub source: Option<String>,
    pub external_id: Option<String>,
    /// For a new lead.
    pub consents: Vec<Consent>,
    /// For a new lead: whether the person agreed to be tracked.
    pub tracking: bool,
    pub example: bool,
}

/// What became of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    New(i64),
    /// Contact data was brought up to date; stage, consent, stops and holds stay.
    Known(i64),
}

impl Stored {
    pub const fn id(self) -> i64 {
        match self {
            Stored::New(id) | Stored::Known(id) => id,
        }
    }
}

impl Record<'_> {
    /// Stores one lead, new or known.
    ///
    /// # Errors
    /// [`NurtureError::Refused`] if its external id is another lead's.
    pub async fn store_lead(&mut self, input: LeadInput) -> NurtureResult<Stored> {
        let stored = self.store_leads(vec![input], None).await?;
        stored.into_iter().next().unwrap_or_else(|| Err(NurtureError::NoLead("that was just stored".into())))
    }

    /// Stores leads, no two with the same address, new or known, and enters the new ones into their sequences.
    /// An answer for each, in order.
    pub async fn store_leads(
        &mut self,
        inputs: Vec<LeadInput>,
        import: Option<i64>,
    ) -> NurtureResult<Vec<NurtureResult<Stored>>> {
        let emails: Vec<&str> = inputs.iter().map(|input| input.email.as_str()).collect();
        let known = leads::by_emails(self.tx, &emails).await?;
        let known: HashMap<String, StoredLead> =
            known.into_iter().map(|stored| (stored.lead.email.to_string(), stored)).collect();
        let mut owners = self.external_ids(&inputs).await?;
        let (mut answers, mut new) = (Vec::with_capacity(inputs.len()), Vec::new());
        for input in inputs {
            if let Some(clash) = clash(&mut owners, &input) {
                answers.push(Err(clash));
                continue;
            }
            match known.get(input.email.as_str()) {
                Some(stored) => answers.push(Ok(self.update_lead(stored.lead.id, input).await?)),
                None => {
                    let made = self.make_lead(input).await?;
                    answers.push(Ok(Stored::New(made.0.lead.id)));
                    new.push(made);
                }
            }
        }
        self.insert_leads(new, import).await?;
        Ok(answers)
    }

    /// Which address each external id of the inputs belongs to.
    async fn external_ids(&mut self, inputs: &[LeadInput]) -> NurtureResult<HashMap<String, String>> {
        let ids: Vec<&str> = inputs.iter().filter_map(|input| input.external_id.as_deref()).collect();
        let found = leads::by_external_ids(self.tx, &ids).await?;
        Ok(found
            .into_iter()
            .filter_map(|stored| Some((stored.lead.external_id?, stored.lead.email.to_string())))
            .collect())
    }

    async fn make_lead(&mut self, input: LeadInput) -> NurtureResult<(StoredLead, Vec<Consent>)> {
        let company = self.company(input.company).await?;
        let email = input.consents.iter().filter(|consent| consent.channel == Channel::Email);
        let lead = Lead {
            id: self.tx.id()?,
            contact: input.contact,
            company,
            tags: unique(input.tags),
            stage: input.stage.unwrap_or(Stage::Tofu),
            qualification: Qualification::Unqualified,
            with: Party::Marketing,
            owner: None,
            closed_by: None,
            basis: email.map(|consent| consent.basis).max(),
            source: input.source,
            external_id: input.external_id,
            tracking: input.tracking,
            enrolls: true,
            example: input.example,
            prospect_since: None,
            created_at: self.now,
            email: input.email,
        };
        let address = self.engine.keys.address_hash(&lead.email);
        let suppressed_by = addresses::suppressed_by(self.tx, &address).await?;
        Ok((StoredLead { lead, address, suppressed_by }, input.consents))
    }

    async fn company(&mut self, company: Option<Company>) -> NurtureResult<Option<Company>> {
        let Some(company) = company else { return Ok(None) };
        let id = companies::upsert(self.tx, &company).await?;
        Ok(Some(Company { id, ..company }))
    }

    async fn insert_leads(&mut self, new: Vec<(StoredLead, Vec<Consent>)>, import: Option<i64>) -> NurtureResult<()> {
        let (stored, agreed): (Vec<StoredLead>, Vec<Vec<Consent>>) = new.into_iter().unzip();
        let hashes: Vec<&str> = stored.iter().map(|stored| stored.address.as_str()).collect();
        addresses::know(self.tx, &hashes).await?;
        leads::insert(self.tx, &stored, import).await?;
        let ids: Vec<i64> = stored.iter().map(|stored| stored.lead.id).collect();
        let agreed: Vec<(i64, Consent)> =
            ids.iter().zip(agreed).flat_map(|(id, all)| all.into_iter().map(|consent| (*id, consent))).collect();
        consents::insert(self.tx, &agreed).await?;
        let events: Vec<Event> = stored.iter().map(|stored| self.created(&stored.lead)).collect();
        events::insert(self.tx, &events).await?;
        self.offer(&ids).await?;
        Ok(())
    }

    fn created(&self, lead: &Lead) -> Event {
        let details = Details { about: lead.source.clone(), ..Details::default() };
        Event { lead: lead.id, message: None, kind: EventKind::Created, at: self.now, details }
    }

    async fn update_lead(&mut self, id: i64, input: LeadInput) -> NurtureResult<Stored> {
        let mut lead = self.lead(id).await?.lead;
        let company = self.company(input.company).await?;
        lead.contact = merged(lead.contact, input.contact);
        lead.tags = unique(lead.tags.into_iter().chain(input.tags).collect());
        lead.company = company.or(lead.company);
        lead.external_id = input.external_id.or(lead.external_id);
        lead.source = lead.source.or(input.source);
        leads::update_contact(self.tx, &lead).await?;
        self.event(id, EventKind::Updated, Details::default()).await?;
        self.wake(id).await?;
        Ok(Stored::Known(id))
    }
}

/// Refuses an external id that is another lead's, in the database or among the inputs before.
fn clash(owners: &mut HashMap<String, String>, input: &LeadInput) -> Option<NurtureError> {
    let id = input.external_id.as_ref()?;
    let owner = owners.entry(id.clone()).or_insert_with(|| input.email.to_string());
    let other = owner != input.email.as_str();
    other.then(|| NurtureError::Refused(format!("the external_id \"{id}\" belongs to another lead")))
}

/// What is new replaces what was known; what is not said stays.
fn merged(old: Contact, new: Contact) -> Contact {
    let mut fields: BTreeMap<_, _> = old.fields;
    fields.extend(new.fields);
    Contact {
        first_name: new.first_name.or(old.first_name),
        last_name: new.last_name.or(old.last_name),
        title: new.title.or(old.title),
        salutation: new.salutation.or(old.salutation),
        address_form: new.address_form.or(old.address_form),
        language: new.language.or(old.language),
        timezone: new.timezone.or(old.timezone),
        country: new.country.or(old.country),
        city: new.city.or(old.city),
        job_title: new.job_title.or(old.job_title),
        phone: new.phone.or(old.phone),
        fields,
    }
}

fn unique(tags: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}
