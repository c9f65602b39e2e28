//! What the page shows: all of it read from the product and from the mailboxes, nothing remembered.

pub mod lead;
pub mod mail;
pub mod timeline;

use serde::Serialize;

use super::act::{ActResult, LEADS, Scene};
use super::story::{self, Step};
use crate::domain::time::Timestamp;
use crate::nurture::import::ImportReport;
use lead::LeadView;
use mail::MailView;
pub use timeline::Line;

/// Everything that can be seen now.
#[derive(Debug, Serialize)]
pub struct State {
    /// To ask for what comes after it.
    pub version: u64,
    /// By the clock of the demo, in milliseconds since 1970.
    pub now: Timestamp,
    pub started: Timestamp,
    /// The zone of the company.
    pub zone: String,
    pub company: String,
    /// What is going on: the name of the act.
    pub busy: Option<&'static str>,
    /// What the story asks for next.
    pub step: Step,
    pub leads: Vec<LeadView>,
    pub reps: Vec<RepView>,
    /// What the import said of a lead who had left.
    pub refused: Option<ImportReport>,
}

/// Somebody of sales, and what is in their inbox.
#[derive(Debug, Serialize)]
pub struct RepView {
    pub name: String,
    pub email: String,
    pub mails: Vec<MailView>,
}

impl State {
    /// Reads what there is.
    pub async fn read(scene: &Scene) -> ActResult<State> {
        // Before the rest: what comes while it is read is news.
        let version = scene.bell.count();
        let revision = scene.engine.revision().await?;
        let funnel = &revision.workspace.funnel;
        let mut leads = Vec::new();
        for email in LEADS {
            leads.push(LeadView::read(scene, &revision, email).await?);
        }
        let reps = funnel.team.iter().map(|(_, rep)| RepView {
            name: rep.name.clone(),
            email: rep.email.to_string(),
            mails: mail::of(scene, rep.email.as_str()),
        });
        let reps: Vec<RepView> = reps.collect();
        let now = scene.engine.clock.now();
        let memo = scene.memo();
        Ok(State {
            version,
            now,
            started: super::START,
            zone: funnel.defaults.timezone.name().to_owned(),
            company: funnel.company.name.clone(),
            busy: memo.busy,
            step: story::next(&story::Facts::of(&leads, &memo, now)),
            reps,
            leads,
            refused: memo.refused.clone(),
        })
    }
}
