//! What a walk will do next if nothing changes until then: the decision of [`advance`](crate::domain::enrollment::advance),
//! asked ahead of its time.

use super::engine::Engine;
use super::facts::LeadFacts;
use super::revision::Revision;
use crate::domain::enrollment::{Then, Waiting};
use crate::domain::time::Timestamp;
use crate::domain::track::Track;
use crate::storage::enrollments::Enrollment;

/// A walk that waits more often than this in a row is told as it stands.
const MOST_LOOKS: usize = 32;

/// What comes next on a walk.
pub(super) struct Foresight {
    /// The place of the next step that is carried out; none: the walk ends.
    pub step: Option<usize>,
    /// None: when an event wakes the walk.
    pub at: Option<Timestamp>,
}

/// Looks ahead along a walk. None: nothing more is known than what is stored.
pub(super) fn foresee(
    engine: &Engine,
    revision: &Revision,
    facts: &LeadFacts,
    walk: &Enrollment,
    track: &Track,
    now: Timestamp,
) -> Option<Foresight> {
    let mut walk = walk.clone();
    let mut at = walk.due_at?.max(now);
    for _ in 0..MOST_LOOKS {
        let advance = facts.advance(revision, track, &walk, engine, at)?;
        if !advance.passed.is_empty() {
            walk.walk.place_at = at;
        }
        walk.walk.done = advance.done;
        let step = track.next(&walk.walk.done);
        match advance.then {
            Then::Send { step, .. } | Then::Act { step } => {
                return Some(Foresight { step: Some(step), at: Some(at) });
            }
            Then::Wait { why: Waiting::Outcome, .. } => return None,
            Then::Wait { until: None, .. } => return Some(Foresight { step, at: None }),
            Then::Wait { until: Some(until), .. } if until > at => at = until,
            Then::Wait { .. } => return None,
            Then::Goal | Then::Leave | Then::Finish => return Some(Foresight { step: None, at: Some(at) }),
        }
    }
    None
}
