//! The tables `companies` and `company_wakes`. What is stored shows through the leads of a company.

use dripline::domain::lead::Company;
use dripline::storage::{Tx, companies, leads};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, lead, store_leads};

on_both!(
    a_company_is_found_by_its_domain,
    a_company_without_a_domain_is_found_by_its_name,
    a_deal_is_open_since_it_was_told_first,
    a_wake_that_was_asked_for_again_is_kept,
    what_is_known_of_a_company_stays,
);

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
        deal_since: None,
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

async fn a_deal_is_open_since_it_was_told_first(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let company = Company { name: "Nordwerk".to_owned(), ..Company::default() };
    let id = companies::upsert(&mut tx, &company).await.unwrap();
    assert_eq!(companies::find(&mut tx, "NORDWERK").await.unwrap(), Some(id));
    assert_eq!(companies::find(&mut tx, "nordwerk.example").await.unwrap(), None);
    companies::open_deal(&mut tx, id, at(5)).await.unwrap();
    companies::open_deal(&mut tx, id, at(9)).await.unwrap();
    assert_eq!(stored(&mut tx, id).await.deal_since, Some(at(5)));
    companies::upsert(&mut tx, &company).await.unwrap();
    assert_eq!(stored(&mut tx, id).await.deal_since, Some(at(5)), "new data change nothing about it");
    companies::close_deal(&mut tx, id).await.unwrap();
    assert_eq!(stored(&mut tx, id).await.deal_since, None);
}

async fn a_wake_that_was_asked_for_again_is_kept(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(companies::next_wake(&mut tx).await.unwrap(), None);
    companies::ask_wake(&mut tx, 7).await.unwrap();
    let asked = companies::next_wake(&mut tx).await.unwrap().unwrap();
    companies::ask_wake(&mut tx, 7).await.unwrap();
    companies::woken(&mut tx, asked).await.unwrap();
    let again = companies::next_wake(&mut tx).await.unwrap().unwrap();
    assert!(asked.0 == 7 && again.0 == 7 && asked != again);
    companies::woken(&mut tx, again).await.unwrap();
    assert_eq!(companies::next_wake(&mut tx).await.unwrap(), None);
    companies::ask_wake(&mut tx, 7).await.unwrap();
    for slow in [asked, again] {
        companies::woken(&mut tx, slow).await.unwrap();
        assert!(companies::next_wake(&mut tx).await.unwrap().is_some(), "a node that was slow began before");
    }
}

async fn what_is_known_of_a_company_stays(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let known = Company { name: "Nordwerk".to_owned(), size: Some(40), ..Company::default() };
    let id = companies::upsert(&mut tx, &known).await.unwrap();
    let said = Company {
        name: "NORDWERK".to_owned(),
        size: Some(9),
        industry: Some("software".to_owned()),
        ..Company::default()
    };
    assert_eq!(companies::join(&mut tx, &said).await.unwrap(), id);
    let joined = Company { id, industry: said.industry.clone(), ..known };
    assert_eq!(stored(&mut tx, id).await, joined);
    let more = Company { industry: Some("steel".to_owned()), country: Some("DE".to_owned()), ..said.clone() };
    companies::fill(&mut tx, id, &more).await.unwrap();
    assert_eq!(stored(&mut tx, id).await, Company { country: more.country, ..joined });
    let new = Company { name: "Roth".to_owned(), ..said };
    let other = companies::join(&mut tx, &new).await.unwrap();
    assert_eq!(stored(&mut tx, other).await, Company { id: other, ..new });
}
