//! The table `leads`.

use std::collections::BTreeMap;

use dripline::domain::consent::Basis;
use dripline::domain::gate::StopKind;
use dripline::domain::lead::{AddressForm, Company, Contact, Lead, Salutation};
use dripline::domain::score::Engagement;
use dripline::domain::stage::{Party, Qualification, Stage};
use dripline::storage::leads::StoredLead;
use dripline::storage::{Db, Tx, addresses, companies, leads, meta};

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::{at, lead, new_leads, store_leads};

on_both!(
    a_lead_comes_back_as_given,
    a_lead_is_found_by_its_keys,
    an_address_belongs_to_one_lead,
    leads_are_paged_by_id,
    leads_are_locked_one_by_one_or_together,
    an_update_replaces_the_contact_and_keeps_the_rest,
    the_first_stop_stays,
    an_owner_is_replaced_never_removed,
    a_new_stage_opens_the_way_into_sequences,
    a_suppression_shows_at_every_lead_of_the_address,
    each_change_counts_the_version,
    changes_under_the_lock_do_not_overlap,
    what_the_loop_learns_is_kept,
    a_company_is_asked_for_its_leads,
);
on_postgres!(the_lock_is_held_until_the_end, many_locks_are_taken_in_one_order);

/// A lead with everything.
async fn full(tx: &mut Tx) -> StoredLead {
    let mut company = Company {
        id: 0,
        name: "Nordwerk".to_owned(),
        domain: Some("nordwerk.example".to_owned()),
        industry: Some("software".to_owned()),
        size: Some(40),
        country: Some("DE".to_owned()),
        deal_since: None,
    };
    company.id = companies::upsert(tx, &company).await.unwrap();
    let plain = lead(tx.id().unwrap());
    let lead = Lead {
        contact: contact(),
        company: Some(company),
        tags: vec!["fair".to_owned(), "\"quoted\", ä".to_owned()],
        stage: Stage::Bofu,
        qualification: Qualification::Mql,
        with: Party::Sales,
        owner: Some("kim".to_owned()),
        closed_by: Some(StopKind::Complaint),
        basis: Some(Basis::Customer),
        source: Some("fair".to_owned()),
        external_id: Some("crm-7".to_owned()),
        tracking: true,
        enrolls: false,
        example: true,
        created_at: at(1_795_000_000_000),
        ..plain.lead
    };
    StoredLead { lead, ..plain }
}

fn contact() -> Contact {
    let text = |text: &str| Some(text.to_owned());
    Contact {
        first_name: text("Jörg"),
        last_name: text("O'Neil"),
        title: text("Dr."),
        salutation: Some(Salutation::Mr),
        address_form: Some(AddressForm::Sie),
        language: text("de"),
        timezone: text("Europe/Berlin"),
        country: text("DE"),
        city: text("Köln"),
        job_title: text("CTO"),
        phone: text("+49 221 1"),
        fields: BTreeMap::from([("plan".to_owned(), "pro".into()), ("seats".to_owned(), 12.into())]),
    }
}

async fn one(tx: &mut Tx) -> i64 {
    new_leads(tx, 1).await[0]
}

async fn stored(tx: &mut Tx, id: i64) -> Lead {
    leads::by_id(tx, id).await.unwrap().unwrap().lead
}

async fn a_lead_comes_back_as_given(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let (full, bare) = (full(&mut tx).await, lead(tx.id().unwrap()));
    let import = meta::begin_import(&mut tx, "leads.csv", at(1)).await.unwrap();
    addresses::know(&mut tx, &[&full.address, &bare.address]).await.unwrap();
    leads::insert(&mut tx, &[full.clone(), bare.clone()], Some(import)).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = db.read().await.unwrap();
    assert_eq!(leads::by_id(&mut tx, full.lead.id).await.unwrap(), Some(full.clone()));
    assert_eq!(leads::by_id(&mut tx, bare.lead.id).await.unwrap(), Some(bare.clone()));
    assert_eq!(leads::by_id(&mut tx, full.lead.id + bare.lead.id).await.unwrap(), None);
    let mut both = leads::by_ids(&mut tx, &[bare.lead.id, full.lead.id, 0]).await.unwrap();
    both.sort_by_key(|stored| stored.lead.id);
    assert_eq!(both, [full, bare]);
    let imported = tx.all("SELECT import_id FROM leads", vec![], |row| row.opt_int(0)).await.unwrap();
    assert_eq!(imported, [Some(import), Some(import)]);
}

async fn a_company_is_asked_for_its_leads(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let named = |name: &str| Company { name: name.to_owned(), ..Company::default() };
    let one = companies::upsert(&mut tx, &named("One")).await.unwrap();
    let other = companies::upsert(&mut tx, &named("Other")).await.unwrap();
    let mut members = Vec::new();
    for company in [one, one, one, other] {
        let mut stored = lead(tx.id().unwrap());
        stored.lead.company = Some(Company { id: company, ..Company::default() });
        store_leads(&mut tx, std::slice::from_ref(&stored)).await;
        members.push(stored.lead.id);
    }
    assert_eq!(leads::ids_of_company(&mut tx, one, 0, 2).await.unwrap(), members[..2]);
    assert_eq!(leads::ids_of_company(&mut tx, one, members[1], 2).await.unwrap(), members[2..3]);
    assert_eq!(leads::ids_of_company(&mut tx, one, members[2], 2).await.unwrap(), [0; 0]);

    leads::set_party(&mut tx, members[0], Party::Marketing, Some("kim")).await.unwrap();
    leads::set_party(&mut tx, members[2], Party::Sales, Some("lee")).await.unwrap();
    let own = |lead: usize, rep: &str| (one, members[lead], rep.to_owned());
    let owners = leads::owners(&mut tx, &[one, other]).await.unwrap();
    assert_eq!(owners, [own(2, "lee"), own(0, "kim")], "who is with sales comes first");
    assert_eq!(leads::with_sales(&mut tx, &[one, other]).await.unwrap(), [(one, members[2])]);
}

async fn a_lead_is_found_by_its_keys(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let full = full(&mut tx).await;
    let bare = lead(tx.id().unwrap());
    store_leads(&mut tx, &[full.clone(), bare.clone()]).await;
    let nobody = "nobody@example.org".parse().unwrap();
    assert_eq!(leads::by_email(&mut tx, &full.lead.email).await.unwrap(), Some(full.clone()));
    assert_eq!(leads::by_email(&mut tx, &nobody).await.unwrap(), None);
    let emails = [bare.lead.email.as_str(), full.lead.email.as_str(), nobody.as_str()];
    let mut both = leads::by_emails(&mut tx, &emails).await.unwrap();
    both.sort_by_key(|stored| stored.lead.id);
    assert_eq!(leads::by_external_ids(&mut tx, &["crm-8", "crm-7"]).await.unwrap(), both[..1]);
    assert_eq!(both, [full, bare]);
}

async fn an_address_belongs_to_one_lead(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let first = lead(tx.id().unwrap());
    store_leads(&mut tx, std::slice::from_ref(&first)).await;
    tx.commit().await.unwrap();

    let mut tx = db.begin().await.unwrap();
    let mut second = first.clone();
    second.lead.id = tx.id().unwrap();
    let refused = leads::insert(&mut tx, &[second], None).await.unwrap_err();
    assert!(refused.is_unique_violation() && refused.is_conflict(), "{refused}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    let unknown = lead(tx.id().unwrap());
    let refused = leads::insert(&mut tx, &[unknown], None).await.unwrap_err();
    assert!(
        !refused.is_unique_violation() && !refused.is_conflict(),
        "a lead whose address is not stored: {refused}"
    );
}

async fn leads_are_paged_by_id(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 5).await;
    assert_eq!(leads::count(&mut tx).await.unwrap(), 5);
    let tracked =
        StoredLead { lead: Lead { tracking: true, ..lead(tx.id().unwrap()).lead }, ..lead(tx.id().unwrap()) };
    store_leads(&mut tx, &[tracked]).await;
    assert_eq!(leads::count_untracked(&mut tx).await.unwrap(), (5, 6));
    assert_eq!(leads::behind(&mut tx, 0, 2).await.unwrap(), ids[..2]);
    assert_eq!(leads::behind(&mut tx, ids[1], 3).await.unwrap(), ids[2..]);
    assert_eq!(leads::behind(&mut tx, i64::MAX, 9).await.unwrap(), [0; 0]);
}

async fn leads_are_locked_one_by_one_or_together(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 3).await;
    assert!(leads::lock(&mut tx, ids[0]).await.unwrap());
    assert!(!leads::lock(&mut tx, ids[2] + 1).await.unwrap());
    leads::lock_all(&mut tx, &ids).await.unwrap();
}

async fn an_update_replaces_the_contact_and_keeps_the_rest(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let full = full(&mut tx).await;
    store_leads(&mut tx, std::slice::from_ref(&full)).await;
    // Nothing but an id and a name: the company, the external id and the source are not known this time.
    let mut update = lead(full.lead.id).lead;
    update.contact.first_name = Some("Jürgen".to_owned());
    leads::update_contact(&mut tx, &update).await.unwrap();
    let kept = Lead { contact: update.contact.clone(), tags: vec![], ..full.lead.clone() };
    assert_eq!(stored(&mut tx, full.lead.id).await, kept);

    let other = Company { name: "Südwerk".to_owned(), ..Company::default() };
    let id = companies::upsert(&mut tx, &other).await.unwrap();
    update.company = Some(Company { id, ..other });
    update.external_id = Some("crm-9".to_owned());
    update.source = Some("website".to_owned());
    leads::update_contact(&mut tx, &update).await.unwrap();
    let (company, external_id) = (update.company, update.external_id);
    assert_eq!(stored(&mut tx, full.lead.id).await, Lead { company, external_id, ..kept });

    let bare = one(&mut tx).await;
    let sourced = Lead { source: Some("website".to_owned()), ..lead(bare).lead };
    leads::update_contact(&mut tx, &sourced).await.unwrap();
    assert_eq!(stored(&mut tx, bare).await, sourced, "a source is taken while there is none");
}

async fn the_first_stop_stays(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 2).await;
    leads::close(&mut tx, ids[0], StopKind::Unsubscribe).await.unwrap();
    leads::close(&mut tx, ids[0], StopKind::Complaint).await.unwrap();
    assert_eq!(stored(&mut tx, ids[0]).await.closed_by, Some(StopKind::Unsubscribe));
    assert_eq!(stored(&mut tx, ids[1]).await.closed_by, None);
}

async fn an_owner_is_replaced_never_removed(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = one(&mut tx).await;
    for (party, given, owner) in [
        (Party::Sales, None, None),
        (Party::Sales, Some("kim"), Some("kim")),
        (Party::Marketing, None, Some("kim")),
        (Party::Sales, Some("lee"), Some("lee")),
    ] {
        leads::set_party(&mut tx, id, party, given).await.unwrap();
        let lead = stored(&mut tx, id).await;
        assert_eq!((lead.with, lead.owner.as_deref()), (party, owner));
    }
}

async fn a_new_stage_opens_the_way_into_sequences(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = one(&mut tx).await;
    leads::set_enrolls(&mut tx, id, false).await.unwrap();
    assert!(!stored(&mut tx, id).await.enrolls);
    leads::set_stage(&mut tx, id, Stage::Mofu, true).await.unwrap();
    let lead = stored(&mut tx, id).await;
    assert_eq!((lead.stage, lead.enrolls), (Stage::Mofu, true));
}

async fn a_suppression_shows_at_every_lead_of_the_address(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mut new = [lead(tx.id().unwrap()), lead(tx.id().unwrap()), lead(tx.id().unwrap())];
    new[1].address = new[0].address.clone();
    store_leads(&mut tx, &new).await;
    addresses::suppress(&mut tx, &new[0].address, StopKind::HardBounce, at(5)).await.unwrap();
    for (stored, expected) in new.iter().zip([Some(StopKind::HardBounce), Some(StopKind::HardBounce), None]) {
        let found = leads::by_id(&mut tx, stored.lead.id).await.unwrap().unwrap();
        assert_eq!((found.suppressed_by, found.lead.closed_by), (expected, None));
    }
}

async fn each_change_counts_the_version(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 2).await;
    leads::update_contact(&mut tx, &lead(ids[0]).lead).await.unwrap();
    leads::close(&mut tx, ids[0], StopKind::ByHand).await.unwrap();
    leads::set_party(&mut tx, ids[0], Party::Sales, None).await.unwrap();
    leads::set_stage(&mut tx, ids[0], Stage::Mofu, true).await.unwrap();
    leads::set_enrolls(&mut tx, ids[0], true).await.unwrap();
    leads::set_basis(&mut tx, ids[0], Basis::OptIn).await.unwrap();
    leads::set_tracking(&mut tx, ids[0], true).await.unwrap();
    assert_eq!(stored(&mut tx, ids[0]).await.basis, Some(Basis::OptIn));
    let versions = tx.all("SELECT version FROM leads ORDER BY id", vec![], |row| row.int(0)).await.unwrap();
    assert_eq!(versions, [8, 1]);
}

/// Two nodes read and write the same text, each time under the lock of one lead.
async fn changes_under_the_lock_do_not_overlap(db: TestDb) {
    async fn count(db: &Db, lead: i64) {
        for _ in 0..25 {
            let mut tx = db.begin().await.unwrap();
            assert!(leads::lock(&mut tx, lead).await.unwrap());
            let seen = meta::value(&mut tx, "count").await.unwrap().map_or(0, |text| text.parse().unwrap());
            meta::set_value(&mut tx, "count", &(seen + 1).to_string()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    let mut tx = db.begin().await.unwrap();
    let id = one(&mut tx).await;
    assert!(!leads::lock(&mut tx, id + 1).await.unwrap(), "there is no such lead");
    tx.commit().await.unwrap();
    let other = db.another().await;
    tokio::join!(count(&db, id), count(&other, id));
    let mut tx = db.read().await.unwrap();
    assert_eq!(meta::value(&mut tx, "count").await.unwrap().as_deref(), Some("50"));
}

async fn the_lock_is_held_until_the_end(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 2).await;
    tx.commit().await.unwrap();
    let mut first = db.begin().await.unwrap();
    leads::lock(&mut first, ids[0]).await.unwrap();
    let mut second = db.begin_impatient().await;
    assert!(leads::lock(&mut second, ids[1]).await.unwrap());
    assert!(leads::lock(&mut second, ids[0]).await.is_err());
    drop(second);
    drop(first);
    let mut third = db.begin().await.unwrap();
    assert!(leads::lock(&mut third, ids[0]).await.unwrap());
}

async fn many_locks_are_taken_in_one_order(db: TestDb) {
    async fn lock_often(db: &Db, ids: &[i64]) {
        for _ in 0..scaled(50) {
            let mut tx = db.begin().await.unwrap();
            leads::lock_all(&mut tx, ids).await.expect("no deadlock");
            tx.commit().await.unwrap();
        }
    }
    let mut tx = db.begin().await.unwrap();
    let ids = new_leads(&mut tx, 600).await;
    tx.commit().await.unwrap();
    let backwards: Vec<i64> = ids.iter().rev().copied().collect();
    tokio::join!(lock_often(&db, &ids), lock_often(&db, &backwards));

    let mut first = db.begin().await.unwrap();
    leads::lock_all(&mut first, &backwards[1..]).await.unwrap();
    let mut second = db.begin_impatient().await;
    assert!(leads::lock(&mut second, backwards[0]).await.unwrap());
    assert!(leads::lock(&mut second, ids[0]).await.is_err());
}

async fn what_the_loop_learns_is_kept(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = one(&mut tx).await;
    assert_eq!(stored(&mut tx, id).await.engagement, Engagement::default());
    let engagement = Engagement::new(12.5, Some(at(7)));
    leads::set_engagement(&mut tx, id, engagement, Some(at(6))).await.unwrap();
    leads::set_qualification(&mut tx, id, Qualification::Mql).await.unwrap();
    assert!(leads::set_prospect(&mut tx, id, at(8), 3).await.unwrap());
    assert!(!leads::set_prospect(&mut tx, id, at(9), 4).await.unwrap(), "the first answer stays");
    let lead = stored(&mut tx, id).await;
    assert_eq!((lead.engagement, lead.qualification), (engagement, Qualification::Mql));
    assert_eq!((lead.prospect_since, lead.alive_at), (Some(at(8)), Some(at(6))));
    let event = tx.first("SELECT prospect_event FROM leads", vec![], |row| row.opt_int(0)).await.unwrap();
    assert_eq!(event, Some(Some(3)));
}
