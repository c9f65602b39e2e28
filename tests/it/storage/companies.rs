//! The table `companies`. What is stored shows through the leads of a company.

use dripline::domain::lead::Company;
use dripline::storage::{Tx, companies, leads};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{lead, store_leads};

on_both!(a_company_is_found_by_its_domain, a_company_without_a_domain_is_found_by_its_name);

async fn stored(tx: &mut Tx, id: i64) -> Company {
    let mut employee = lead(tx.id().unwrap());
    employee.lead.company = Some(Company { id, ..Company::default() });
    store_leads(tx, std::slice::from_ref(&employee)).await;
    leads::by_id(tx, employee.lead.id).await.unwrap().unwrap().lead.company.unwrap()
}

async fn a_company_is_found_by_its_domain(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let first = Company {
        id: 0,
        name: "Nordwerk".to_owned(),
        domain: Some("Nordwerk.example".to_owned()),
        industry: Some("software".to_owned()),
        size: Some(40),
        country: None,
    };
    let id = companies::upsert(&mut tx, &first).await.unwrap();
    assert_eq!(stored(&mut tx, id).await, Company { id, ..first.clone() });

    let later = Company {
        name: "Nordwerk GmbH".to_owned(),
        domain: Some("nordwerk.example".to_owned()),
        size: Some(50),
        country: Some("DE".to_owned()),
        ..Company::default()
    };
    assert_eq!(companies::upsert(&mut tx, &later).await.unwrap(), id);
    assert_eq!(stored(&mut tx, id).await, Company { id, industry: first.industry, ..later });
}

async fn a_company_without_a_domain_is_found_by_its_name(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let named = |name: &str| Company { name: name.to_owned(), ..Company::default() };
    let id = companies::upsert(&mut tx, &named("Nordwerk")).await.unwrap();
    assert_eq!(companies::upsert(&mut tx, &named("NORDWERK")).await.unwrap(), id);
    assert_ne!(companies::upsert(&mut tx, &named("Südwerk")).await.unwrap(), id);
    assert_eq!(stored(&mut tx, id).await.name, "NORDWERK");
}
