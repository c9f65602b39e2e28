//! A [`Change`]: what somebody asks for one lead by hand, carried out and settled.

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::{Found, Record};
use crate::domain::gate::StopKind;

/// What the API, the pages and the command line can ask for one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing is sent any more, until the person asks for it.
    Stop { kind: StopKind, because: String },
    /// Sales takes over; `rep` is a key of `[team.NAME]`.
    HandOver { cause: String, rep: Option<String> },
    /// Sales gives the lead back, into a named sequence or to where it was.
    Return { reason: String, sequence: Option<String> },
    /// The lead walks this sequence from its start.
    Enroll { sequence: String },
    /// The lead walks nowhere, until its stage changes or somebody enrolls it.
    Unenroll,
}

impl Change {
    /// Carries the change out and waits for what was on the wire. Once this answers, no mail that the change rules
    /// out starts any more. Whoever may be interrupted runs it in a task of its own: between the commit and the
    /// answer, claimed mails are still to be cancelled.
    ///
    /// # Errors
    /// [`NurtureError::NoLead`](super::NurtureError::NoLead), or
    /// [`NurtureError::Refused`](super::NurtureError::Refused) if it makes no sense for the lead as it is.
    pub async fn carry_out(self, engine: &Engine, lead: i64) -> NurtureResult<Found> {
        let (mut tx, revision) = engine.begin().await?;
        let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
        let ticket = match self {
            Change::Stop { kind, because } => record.stop(lead, kind, &because).await?,
            Change::HandOver { cause, rep } => record.hand_over(lead, &cause, rep.as_deref()).await?,
            Change::Return { reason, sequence } => {
                record.give_back(lead, &reason, sequence.as_deref()).await?
            }
            Change::Enroll { sequence } => record.enroll(lead, &sequence).await?,
            Change::Unenroll => record.unenroll(lead).await?,
        };
        tx.commit().await?;
        engine.hint();
        ticket.settle(engine).await
    }
}
