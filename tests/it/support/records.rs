//! Records to store, with nothing in them but what they must have.

use dripline::domain::consent::Basis;
use dripline::domain::enrollment::{EnrollmentState, Walk};
use dripline::domain::lead::{Contact, Lead};
use dripline::domain::score::Engagement;
use dripline::domain::stage::{Party, Qualification, Stage};
use dripline::domain::time::Timestamp;
use dripline::domain::track::Done;
use dripline::storage::enrollments::Enrollment;
use dripline::storage::leads::StoredLead;
use dripline::storage::messages::NewClaim;
use dripline::storage::{Tx, addresses, enrollments, leads};

/// A moment, in milliseconds since 1970.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A lead in its first stage, with marketing. Its address and the hash of it follow from the id.
pub fn lead(id: i64) -> StoredLead {
    let lead = Lead {
        id,
        email: format!("lead{id}@example.org").parse().expect("an address"),
        contact: Contact::default(),
        company: None,
        tags: vec![],
        stage: Stage::Tofu,
        qualification: Qualification::Unqualified,
        with: Party::Marketing,
        owner: None,
        closed_by: None,
        basis: Some(Basis::DoubleOptIn),
        source: None,
        external_id: None,
        tracking: false,
        enrolls: true,
        example: false,
        prospect_since: None,
        engagement: Engagement::default(),
        alive_at: None,
        created_at: at(1),
    };
    StoredLead { lead, address: format!("hash-{id}"), suppressed_by: None }
}

/// Stores leads together with their addresses.
pub async fn store_leads(tx: &mut Tx, new: &[StoredLead]) {
    let hashes: Vec<&str> = new.iter().map(|stored| stored.address.as_str()).collect();
    addresses::know(tx, &hashes).await.unwrap();
    leads::insert(tx, new, None).await.unwrap();
}

/// Stores so many new leads; their ids, in order.
pub async fn new_leads(tx: &mut Tx, count: usize) -> Vec<i64> {
    let new: Vec<StoredLead> = (0..count).map(|_| lead(tx.id().unwrap())).collect();
    store_leads(tx, &new).await;
    new.iter().map(|stored| stored.lead.id).collect()
}

/// An active walk of a lead at its start, due at 1,000 in lane 1.
pub fn enrollment(id: i64, lead: i64) -> Enrollment {
    Enrollment {
        walk: Walk { enrollment: id, done: Done::default(), place_at: at(1) },
        lead,
        seq: "welcome".to_owned(),
        state: EnrollmentState::Active,
        lane: 1,
        due_at: Some(at(1_000)),
        waits_for: None,
        started_at: at(1),
        ended_at: None,
    }
}

/// Stores an active walk for each lead; their ids, in the order of the leads.
pub async fn new_enrollments(tx: &mut Tx, leads: &[i64]) -> Vec<i64> {
    let new: Vec<Enrollment> = leads.iter().map(|lead| enrollment(tx.id().unwrap(), *lead)).collect();
    enrollments::insert(tx, &new).await.unwrap();
    new.iter().map(|enrollment| enrollment.walk.enrollment).collect()
}

/// The claim of a walk's first mail.
pub fn first_mail(lead: i64, enrollment: i64) -> NewClaim {
    NewClaim { lead, enrollment, step: 1, variant: 0 }
}
