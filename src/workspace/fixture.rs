//! What several unit tests of the workspace start from.

use crate::domain::lead::{Contact, Lead};
use crate::domain::score::Engagement;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::Timestamp;

/// A lead of whom nothing is known but the address.
pub fn lead(email: &str) -> Lead {
    Lead {
        id: 1,
        email: email.parse().expect("an address"),
        contact: Contact::default(),
        company: None,
        tags: Vec::new(),
        stage: Stage::Tofu,
        qualification: Qualification::Unqualified,
        with: Party::Marketing,
        owner: None,
        closed_by: None,
        basis: None,
        source: None,
        external_id: None,
        tracking: false,
        enrolls: true,
        example: false,
        prospect_since: None,
        engagement: Engagement::default(),
        alive_at: None,
        created_at: Timestamp::from_millis(0),
    }
}
