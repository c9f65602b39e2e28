//! New leads, and what is learnt about known ones: from the API, the command line and imports.

use std::collections::{BTreeMap, HashMap};

use super::{Record, StopTicket};
use crate::domain::address::Address;
use crate::domain::consent::{Channel, Consent};
use crate::domain::event::{Details, EventKind};
use crate::domain::lead::{Company, Contact, Lead};
use crate::domain::score::Engagement;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::visible;
use crate::domain::words::words;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::storage::addresses::{self, Suppression};
use crate::storage::events::Event;
use crate::storage::leads::{self, StoredLead};
use crate::storage::{companies, consents};

/// What somebody says about a lead.
#[derive(Clone, Debug, PartialEq)]
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

impl LeadInput {
    /// Somebody of whom sales heard. What marketing may send is not for sales to say.
    pub fn named_by_sales(email: Address, first_name: Option<String>, last_name: Option<String>) -> Self {
        Self {
            email,
            contact: Contact { first_name, last_name, ..Contact::default() },
            company: None,
            tags: Vec::new(),
            stage: None,
            source: Some("sales".to_owned()),
            external_id: None,
            consents: Vec::new(),
            tracking: false,
            example: false,
        }
    }
}

/// What became of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: i64,
    pub how: How,
    /// The address must not be written to, and no input changes that.
    pub suppressed: Option<Suppression>,
}

words! {
    /// What an input did to a lead.
    pub enum How {
        New = "new",
        /// Contact data was brought up to date; stage, consent, stops and holds stay.
        Updated = "updated",
        /// All of it was known.
        Unchanged = "unchanged",
    }
}

impl LeadInput {
    /// Without line breaks in names, and signs that are not to be read: they would look like something else wherever a
    /// person or a program reads them. Free fields may be texts of several lines.
    fn tidied(mut self) -> Self {
        let Contact { first_name, last_name, title, city, job_title, phone, .. } = &mut self.contact;
        for text in [first_name, last_name, title, city, job_title, phone, &mut self.source] {
            *text = text.take().map(|text| visible::field(&text)).filter(|text| !text.is_empty());
        }
        if let Some(company) = &mut self.company {
            company.name = visible::field(&company.name);
            company.industry = company.industry.take().map(|text| visible::field(&text));
        }
        self.company = self.company.filter(|company| !company.name.is_empty() || company.domain.is_some());
        self
    }
}

impl Record<'_> {
    /// Stores one lead, new or known.
    ///
    /// # Errors
    /// [`NurtureError::Refused`] if its external id is another lead's.
    pub async fn store_lead(&mut self, input: LeadInput) -> NurtureResult<(Stored, StopTicket)> {
        let (stored, ticket) = self.store_leads(vec![input], None).await?;
        let missing = || Err(NurtureError::NoLead("that was just stored".into()));
        Ok((stored.into_iter().next().unwrap_or_else(missing)?, ticket))
    }

    /// Stores leads, no two with the same address, new or known, and enters the new ones into their sequences.
    /// An answer for each, in order.
    pub async fn store_leads(
        &mut self,
        inputs: Vec<LeadInput>,
        import: Option<i64>,
    ) -> NurtureResult<(Vec<NurtureResult<Stored>>, StopTicket)> {
        let inputs: Vec<LeadInput> = inputs.into_iter().map(LeadInput::tidied).collect();
        let addresses: Vec<String> =
            inputs.iter().map(|input| self.engine.keys.address_hash(&input.email)).collect();
        let suppressions = self.know(&addresses).await?;
        let mut known = self.lock_known(&inputs).await?;
        let mut owners = self.external_ids(&inputs).await?;
        let mut answers = Vec::with_capacity(inputs.len());
        let (mut new, mut updated) = (Vec::new(), Vec::new());
        for (input, address) in inputs.into_iter().zip(addresses) {
            if let Some(clash) = clash(&mut owners, &input) {
                answers.push(Err(clash));
                continue;
            }
            let suppressed = suppressions.get(&address).copied();
            let (id, how) = match known.remove(input.email.as_str()) {
                Some(lead) => (lead.id, self.update_lead(lead, input, &mut updated).await?),
                None => (self.make_lead(input, address, suppressed, &mut new).await?, How::New),
            };
            answers.push(Ok(Stored { id, how, suppressed }));
        }
        // New leads have no mail on the wire, but the colleagues of one that a rule hands over may.
        let ticket = self.insert_leads(new, import).await?;
        Ok((answers, ticket.and(self.note_updates(&updated).await?)))
    }

    /// Makes the addresses known, and says which of them must not be written to. In their order, before any lead is
    /// locked: others who store the same addresses wait here, and deadlock nowhere.
    async fn know(&mut self, hashes: &[String]) -> NurtureResult<HashMap<String, Suppression>> {
        let mut hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
        hashes.sort_unstable();
        addresses::know(self.tx, &hashes).await?;
        Ok(addresses::suppressions(self.tx, &hashes).await?.into_iter().collect())
    }

    /// The leads among the inputs that are known, locked, by address.
    async fn lock_known(&mut self, inputs: &[LeadInput]) -> NurtureResult<HashMap<String, Lead>> {
        let emails: Vec<&str> = inputs.iter().map(|input| input.email.as_str()).collect();
        let known = leads::by_emails(self.tx, &emails).await?;
        let ids: Vec<i64> = known.iter().map(|stored| stored.lead.id).collect();
        leads::lock_all(self.tx, &ids).await?;
        // Read again: somebody may have changed them before the locks were had.
        let known = leads::by_ids(self.tx, &ids).await?;
        Ok(known.into_iter().map(|stored| (stored.lead.email.to_string(), stored.lead)).collect())
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

    async fn make_lead(
        &mut self,
        input: LeadInput,
        address: String,
        suppressed: Option<Suppression>,
        new: &mut Vec<(StoredLead, Vec<Consent>)>,
    ) -> NurtureResult<i64> {
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
            engagement: Engagement::default(),
            alive_at: None,
            created_at: self.now,
            email: input.email,
        };
        let id = lead.id;
        let suppressed_by = suppressed.map(|suppression| suppression.kind);
        new.push((StoredLead { lead, address, suppressed_by }, input.consents));
        Ok(id)
    }

    async fn company(&mut self, company: Option<Company>) -> NurtureResult<Option<Company>> {
        let Some(company) = company else { return Ok(None) };
        let id = companies::upsert(self.tx, &company).await?;
        Ok(Some(Company { id, ..company }))
    }

    async fn insert_leads(
        &mut self,
        new: Vec<(StoredLead, Vec<Consent>)>,
        import: Option<i64>,
    ) -> NurtureResult<StopTicket> {
        let (stored, agreed): (Vec<StoredLead>, Vec<Vec<Consent>>) = new.into_iter().unzip();
        leads::insert(self.tx, &stored, import).await?;
        let ids: Vec<i64> = stored.iter().map(|stored| stored.lead.id).collect();
        let agreed: Vec<(i64, Consent)> = ids
            .iter()
            .zip(agreed)
            .flat_map(|(id, all)| all.into_iter().map(|consent| (*id, consent)))
            .collect();
        consents::insert(self.tx, &agreed).await?;
        let events: Vec<Event> = stored.iter().map(|stored| self.created(&stored.lead)).collect();
        self.note(&events).await?;
        let ticket = self.appraise(&ids, self.now).await?;
        self.offer(&ids).await?;
        Ok(ticket)
    }

    fn created(&self, lead: &Lead) -> Event {
        let details = Details { about: lead.source.clone(), ..Details::default() };
        Event { lead: lead.id, message: None, kind: EventKind::Created, at: self.now, details }
    }

    /// Brings a lead up to date, if there is something new.
    async fn update_lead(
        &mut self,
        old: Lead,
        input: LeadInput,
        updated: &mut Vec<i64>,
    ) -> NurtureResult<How> {
        let company = match input.company {
            Some(new) if !old.company.as_ref().is_some_and(|old| says_all(old, &new)) => {
                self.company(Some(new)).await?
            }
            _ => old.company.clone(),
        };
        let lead = Lead {
            contact: merged(old.contact.clone(), input.contact),
            tags: unique(old.tags.iter().cloned().chain(input.tags).collect()),
            company,
            external_id: input.external_id.or_else(|| old.external_id.clone()),
            source: old.source.clone().or(input.source),
            ..old.clone()
        };
        if lead == old {
            return Ok(How::Unchanged);
        }
        leads::update_contact(self.tx, &lead).await?;
        if let Some(left) = left(&old, &lead).filter(|_| old.with == Party::Sales) {
            // Whoever is still there was left alone for the sake of this lead.
            companies::ask_wake(self.tx, left).await?;
        }
        updated.push(lead.id);
        Ok(How::Updated)
    }

    async fn note_updates(&mut self, ids: &[i64]) -> NurtureResult<StopTicket> {
        let event = |id: &i64| Event {
            lead: *id,
            message: None,
            kind: EventKind::Updated,
            at: self.now,
            details: Details::default(),
        };
        let events: Vec<Event> = ids.iter().map(event).collect();
        self.note(&events).await?;
        self.wake(ids).await?;
        self.reconsider_line(ids).await?;
        self.appraise(ids, self.now).await
    }
}

/// The company that a lead is with no longer.
fn left(old: &Lead, new: &Lead) -> Option<i64> {
    let company = |lead: &Lead| lead.company.as_ref().map(|company| company.id);
    company(old).filter(|before| company(new) != Some(*before))
}

/// Whether a new description of a company holds nothing that the old one does not say.
fn says_all(old: &Company, new: &Company) -> bool {
    fn adds<T: PartialEq>(old: &Option<T>, new: &Option<T>) -> bool {
        new.is_some() && new != old
    }
    old.name == new.name
        && !adds(&old.domain, &new.domain)
        && !adds(&old.industry, &new.industry)
        && !adds(&old.size, &new.size)
        && !adds(&old.country, &new.country)
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
