//! [`Persona`]: somebody for whom mails are rendered.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::domain::address::Address;
use crate::domain::consent::Basis;
use crate::domain::lead::{AddressForm, Company, Contact, Lead, Salutation};
use crate::domain::score::Engagement;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::Timestamp;

/// Example leads, whose free fields the made-up ones have too.
const EXAMPLES: &str = "sequences/leads.example.csv";

/// Somebody for whom mails are rendered: a lead, and how the page tells it from others.
#[derive(Clone, Debug, Serialize)]
pub struct Persona {
    /// One word, for addresses.
    pub id: String,
    pub name: String,
    /// What is special about this one.
    pub about: String,
    pub language: Option<String>,
    pub tracked: bool,
    /// Whether it is a lead of the database.
    pub real: bool,
    #[serde(skip)]
    pub lead: Lead,
}

impl Persona {
    /// A lead of the database.
    pub fn real(lead: Lead) -> Self {
        let names = [lead.contact.first_name.as_deref(), lead.contact.last_name.as_deref()];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { lead.email.to_string() } else { name };
        Self { real: true, ..Self::of("lead", &name, "a lead of the database", lead) }
    }

    /// The made-up ones: between them they have everything that makes mails differ.
    pub fn made_up(workspace: &Path) -> Vec<Self> {
        let fields = example_fields(workspace);
        let known = |lead: Lead| Lead { contact: Contact { fields: fields.clone(), ..lead.contact }, ..lead };
        vec![
            Self::of("sie", "Dr. Eva Müller", "Sie, with title", known(eva())),
            Self::of("du", "Jonas Becker", "Du", known(jonas())),
            Self::of("neutral", "Kim Meier", "neutral salutation", known(kim())),
            Self::of("untracked", "Chantal Favre", "not tracked", known(chantal())),
            Self::of("english", "Oliver Grant", "English", known(oliver())),
            Self::of("bare", "info@…", "only an address is known", nobody()),
        ]
    }

    fn of(id: &str, name: &str, about: &str, lead: Lead) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            about: about.to_owned(),
            language: lead.contact.language.clone(),
            tracked: lead.tracking,
            real: false,
            lead,
        }
    }
}

fn eva() -> Lead {
    let company = company("Müller Präzision GmbH", "mueller-praezision.example", "metal", "DE");
    let contact = Contact {
        title: text("Dr."),
        job_title: text("Leiterin Produktion"),
        phone: text("+49 7121 555010"),
        ..contact(
            ("Eva", "Müller"),
            Salutation::Ms,
            AddressForm::Sie,
            ("de", "Europe/Berlin", "DE", "Reutlingen"),
        )
    };
    lead("eva.mueller@mueller-praezision.example", contact, Some(company))
}

fn jonas() -> Lead {
    let contact = Contact {
        job_title: text("Gründer"),
        ..contact(("Jonas", "Becker"), Salutation::Mr, AddressForm::Du, ("de", "Europe/Vienna", "AT", "Graz"))
    };
    lead("jonas@werkbank.example", contact, Some(company("Werkbank OG", "werkbank.example", "wood", "AT")))
}

fn kim() -> Lead {
    let contact = contact(
        ("Kim", "Meier"),
        Salutation::Neutral,
        AddressForm::Sie,
        ("de", "Europe/Berlin", "DE", "Dortmund"),
    );
    lead("kim.meier@stahlbau-meier.example", contact, None)
}

fn chantal() -> Lead {
    let contact = Contact {
        job_title: text("COO"),
        ..contact(
            ("Chantal", "Favre"),
            Salutation::Ms,
            AddressForm::Sie,
            ("de-CH", "Europe/Zurich", "CH", "Biel"),
        )
    };
    let company = company("Favre Medtech AG", "favre-medtech.example", "medtech", "CH");
    Lead { tracking: false, ..lead("chantal.favre@favre-medtech.example", contact, Some(company)) }
}

fn oliver() -> Lead {
    let contact = Contact {
        job_title: text("Operations Manager"),
        ..contact(
            ("Oliver", "Grant"),
            Salutation::Mr,
            AddressForm::Sie,
            ("en-GB", "Europe/London", "GB", "Leeds"),
        )
    };
    let company = company("Grant Castings Ltd", "grant-castings.example", "metal", "GB");
    lead("oliver.grant@grant-castings.example", contact, Some(company))
}

fn nobody() -> Lead {
    Lead { tracking: false, ..lead("info@unbekannt.example", Contact::default(), None) }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn contact(
    (first, last): (&str, &str),
    salutation: Salutation,
    form: AddressForm,
    (language, timezone, country, city): (&str, &str, &str, &str),
) -> Contact {
    Contact {
        first_name: text(first),
        last_name: text(last),
        salutation: Some(salutation),
        address_form: Some(form),
        language: text(language),
        timezone: text(timezone),
        country: text(country),
        city: text(city),
        ..Contact::default()
    }
}

fn company(name: &str, domain: &str, industry: &str, country: &str) -> Company {
    Company {
        id: 1,
        name: name.to_owned(),
        domain: text(domain),
        industry: text(industry),
        size: Some(120),
        country: text(country),
        deal_since: None,
    }
}

fn lead(email: &str, contact: Contact, company: Option<Company>) -> Lead {
    Lead {
        id: 1,
        email: email.parse::<Address>().expect("the addresses here are addresses: they were tested"),
        contact,
        company,
        tags: Vec::new(),
        stage: Stage::Tofu,
        qualification: Qualification::Unqualified,
        with: Party::Marketing,
        owner: None,
        closed_by: None,
        basis: Some(Basis::DoubleOptIn),
        source: text("website"),
        external_id: None,
        tracking: true,
        enrolls: true,
        example: true,
        prospect_since: None,
        engagement: Engagement::default(),
        alive_at: None,
        created_at: Timestamp::default(),
    }
}

/// The first value of each free field in the workspace's example leads: only the marketer knows what they look like.
fn example_fields(workspace: &Path) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    // Without the file, or with mistakes in it, mails say which fields they miss.
    let Ok(mut rows) = csv::Reader::from_path(workspace.join(EXAMPLES)) else { return fields };
    let columns: Vec<String> = rows.headers().into_iter().flatten().map(str::to_owned).collect();
    for row in rows.records().flatten() {
        for (column, cell) in columns.iter().zip(&row) {
            if let Some(name) = column.strip_prefix("field.").filter(|_| !cell.is_empty()) {
                fields.entry(name.to_owned()).or_insert_with(|| value(cell));
            }
        }
    }
    fields
}

/// A number if it is written as one, so that mails can compare it.
fn value(cell: &str) -> Value {
    let number = cell.parse::<i64>().ok().filter(|number| number.to_string() == cell);
    number.map_or_else(|| Value::from(cell), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_somebody_for_every_difference() {
        let dir = tempfile::tempdir().expect("a folder");
        let all = Persona::made_up(dir.path());
        assert!(all.iter().any(|one| one.lead.contact.title.is_some()));
        assert!(all.iter().any(|one| one.lead.contact.address_form == Some(AddressForm::Du)));
        assert!(all.iter().any(|one| !one.tracked) && all.iter().any(|one| one.tracked));
        assert!(all.iter().any(|one| one.lead.contact == Contact::default() && one.lead.company.is_none()));
        let ids: std::collections::BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.len(), all.len());
    }

    #[test]
    fn free_fields_are_those_of_the_examples() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("sequences")).expect("made");
        let rows = "email,field.machines,field.code\na@x.example,,007\nb@x.example,24,\n";
        std::fs::write(dir.path().join(EXAMPLES), rows).expect("written");
        let fields = example_fields(dir.path());
        assert_eq!(fields["machines"], 24);
        assert_eq!(fields["code"], "007");
        assert!(Persona::made_up(dir.path()).iter().any(|one| one.lead.field("fields.machines").is_some()));
    }
}
