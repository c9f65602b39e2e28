//! [`Planned`]: the mail that comes next, as long as nothing of it is written.

use serde::Serialize;
use tracing::warn;

use super::Record;
use crate::domain::sequence::Verb;
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::nurture::error::NurtureResult;
use crate::nurture::facts::LeadFacts;
use crate::nurture::foresight::foresee;
use crate::storage::enrollments;

/// A mail that a walk was to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The file name without `.toml`.
    pub sequence: String,
    pub step: String,
    /// When it was due.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Timestamp,
}

impl Record<'_> {
    /// The mail that a lead's walk sends next if nothing changes, as [`explain`](crate::nurture::explain) would say it.
    /// Asked before the walk rests or ends. None: it sends none next, or waits for something without a time.
    ///
    /// It only tells: a stop never fails for it.
    pub(in crate::nurture) async fn planned(&mut self, lead: i64) -> Option<Planned> {
        self.look_ahead(lead).await.unwrap_or_else(|error| {
            warn!(lead.id = lead, "what was planned next cannot be told: {error}");
            None
        })
    }

    async fn look_ahead(&mut self, lead: i64) -> NurtureResult<Option<Planned>> {
        let Some(walk) = enrollments::active(self.tx, lead).await?.filter(|walk| walk.due_at.is_some())
        else {
            return Ok(None);
        };
        let Some(track) = self.revision.track(&walk.seq) else { return Ok(None) };
        let facts = LeadFacts::read(self.tx, self.revision, std::slice::from_ref(&walk), self.now).await?;
        let Some(ahead) = foresee(self.engine, self.revision, &facts, &walk, track, self.now) else {
            return Ok(None);
        };
        let step = ahead.step.map(|step| &track.sequence.steps[step]);
        let mail = step.filter(|step| matches!(step.verb, Verb::Mail { .. }));
        Ok(mail.zip(ahead.at).map(|(step, at)| Planned { sequence: walk.seq, step: step.id.clone(), at }))
    }
}
