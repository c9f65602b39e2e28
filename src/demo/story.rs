//! Which step of the story comes next. Whoever strays from it finds a way back, or to its end.

use serde::Serialize;

use super::act::Memo;
use super::view::lead::LeadView;
use super::{EVA, KIM};
use crate::domain::gate::StopKind;
use crate::domain::stage::{Party, Stage};
use crate::domain::time::{DAY, Timestamp};

/// How long it is quiet after an answer, in the story.
const SILENCE: i64 = 30 * DAY;

/// What the story asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Eva opens the first mail and clicks the price link.
    Click,
    /// Some days pass, until the first mail of the next stage comes.
    Wait,
    /// Eva answers.
    Answer,
    /// A month passes.
    Silence,
    /// Somebody asks why nothing is sent.
    Why,
    /// Sales wins.
    Win,
    /// The other lead leaves.
    Leave,
    /// Somebody imports them again.
    Import,
    End,
}

/// What the step depends on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Eva is still where she began.
    pub at_start: bool,
    /// A mail came since she moved on.
    pub mail_since: bool,
    /// She answered.
    pub prospect: bool,
    pub with_sales: bool,
    /// She can be written to no more.
    pub gone: bool,
    /// It has been quiet long enough since the answer.
    pub quiet: bool,
    pub asked_why: bool,
    pub other_left: bool,
    pub refused: bool,
}

impl Facts {
    pub fn of(leads: &[LeadView], memo: &Memo, now: Timestamp) -> Self {
        let of = |email: &str| leads.iter().find(|lead| lead.email == email);
        let Some(eva) = of(EVA) else { return Self::default() };
        let moved = eva.timeline.iter().find(|line| line.kind == "stage_changed").map(|line| line.at);
        let since = |at| eva.timeline.iter().any(|line| line.kind == "sent" && line.at > at);
        Self {
            at_start: eva.stage == Stage::Tofu,
            mail_since: moved.is_some_and(since),
            prospect: eva.prospect_since.is_some(),
            with_sales: eva.with == Party::Sales,
            gone: eva.stopped_by.is_some(),
            quiet: eva.prospect_since.is_some_and(|at| now - at >= SILENCE),
            asked_why: memo.asked_why,
            other_left: of(KIM).is_some_and(|kim| kim.stopped_by == Some(StopKind::Unsubscribe)),
            refused: memo.refused.is_some(),
        }
    }
}

/// The step that comes next.
pub fn next(facts: &Facts) -> Step {
    if !facts.prospect && !facts.gone {
        return match facts {
            Facts { at_start: true, .. } => Step::Click,
            Facts { mail_since: false, .. } => Step::Wait,
            _ => Step::Answer,
        };
    }
    if facts.with_sales {
        return match facts {
            Facts { quiet: false, .. } => Step::Silence,
            Facts { asked_why: false, .. } => Step::Why,
            _ => Step::Win,
        };
    }
    match facts {
        Facts { other_left: false, .. } => Step::Leave,
        Facts { refused: false, .. } => Step::Import,
        _ => Step::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_goes_from_step_to_step() {
        let mut facts = Facts { at_start: true, ..Facts::default() };
        let mut told = vec![next(&facts)];
        let turns: [fn(&mut Facts); 8] = [
            |facts| facts.at_start = false,
            |facts| facts.mail_since = true,
            |facts| (facts.prospect, facts.with_sales) = (true, true),
            |facts| facts.quiet = true,
            |facts| facts.asked_why = true,
            |facts| facts.with_sales = false,
            |facts| facts.other_left = true,
            |facts| facts.refused = true,
        ];
        for turn in turns {
            turn(&mut facts);
            told.push(next(&facts));
        }
        use Step::{Answer, Click, End, Import, Leave, Silence, Wait, Why, Win};
        assert_eq!(told, [Click, Wait, Answer, Silence, Why, Win, Leave, Import, End]);
    }

    #[test]
    fn whoever_strays_is_led_on() {
        let gone = Facts { at_start: true, gone: true, ..Facts::default() };
        assert_eq!(next(&gone), Step::Leave, "Eva left: the rest is told by the other lead");
        let early = Facts { at_start: true, prospect: true, with_sales: true, ..Facts::default() };
        assert_eq!(next(&early), Step::Silence, "she answered the first mail");
        let handed_over = Facts { with_sales: true, mail_since: true, ..Facts::default() };
        assert_eq!(next(&handed_over), Step::Answer, "with sales by another cause");
        assert_eq!(
            next(&Facts { gone: true, other_left: true, refused: true, ..Facts::default() }),
            Step::End
        );
    }
}
