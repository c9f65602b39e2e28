//! [`Planned`]: the mail that comes next, as long as nothing of it is written.

use serde::Serialize;

use super::Record;
use crate::domain::sequence::Verb;
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::nurture::error::NurtureResult;
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
    /// The mail that a lead's walk sends next, if that is what it does next and has a time. Asked before the walk rests
    /// or ends.
    pub(in crate::nurture) async fn planned(&mut self, lead: i64) -> NurtureResult<Option<Planned>> {
        let Some(walk) = enrollments::active(self.tx, lead).await? else { return Ok(None) };
        let step = self.revision.track(&walk.seq).and_then(|track| {
            let step = &track.sequence.steps[track.next(&walk.walk.done)?];
            matches!(step.verb, Verb::Mail { .. }).then(|| step.id.clone())
        });
        Ok(step.zip(walk.due_at).map(|(step, at)| Planned { sequence: walk.seq, step, at }))
    }
}
