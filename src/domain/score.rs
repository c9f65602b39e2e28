//! Engagement: points for what a lead does, halved with every `half_life` that passes.

use std::collections::VecDeque;

use super::time::Timestamp;

/// The engagement of a lead, as it was at some moment. It fades by itself: nothing walks over the leads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Engagement {
    points: f64,
    /// When it was that high; none as long as nothing happened.
    at: Option<Timestamp>,
}

impl Engagement {
    /// As it is stored.
    pub const fn new(points: f64, at: Option<Timestamp>) -> Self {
        Self { points, at }
    }

    /// The points at [`Engagement::since`].
    pub const fn points(&self) -> f64 {
        self.points
    }

    /// The moment that the points are of.
    pub const fn since(&self) -> Option<Timestamp> {
        self.at
    }

    /// What is left at `now`; `half_life` in milliseconds.
    pub fn left_at(&self, now: Timestamp, half_life: i64) -> f64 {
        self.at.map_or(0.0, |at| self.points * left(now - at, half_life))
    }

    /// With points for something that happened at `at`, which may be before the last thing that is counted: the order
    /// in which events come in makes no difference.
    #[must_use]
    pub fn with(&self, points: i64, at: Timestamp, half_life: i64) -> Self {
        let now = self.at.map_or(at, |last| last.max(at));
        let points = self.left_at(now, half_life) + points as f64 * left(now - at, half_life);
        Self { points, at: Some(now) }
    }

    /// The engagement of everything that happened: pairs of points and moment.
    pub fn of(events: impl IntoIterator<Item = (i64, Timestamp)>, half_life: i64) -> Self {
        events.into_iter().fold(Self::default(), |sum, (points, at)| sum.with(points, at, half_life))
    }
}

/// The most that a rule gives: in all, or within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Points; of a rule that takes points away, the most that it takes.
    pub most: i64,
    /// In milliseconds, counted back from each deed. None: in all.
    pub within: Option<i64>,
}

/// What a rule with a limit has given so far, for deeds in the order of time.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Those that still count, if the limit is one within a time.
    recent: VecDeque<(Timestamp, i64)>,
    sum: i64,
}

impl Given {
    /// What the rule gives for a deed at `at`, which is no earlier than those before.
    pub fn grant(&mut self, limit: &Limit, points: i64, at: Timestamp) -> i64 {
        if let Some(within) = limit.within {
            while let Some((_, old)) = self.recent.pop_front_if(|(then, _)| at - *then >= within) {
                self.sum -= old;
            }
        }
        let granted = points.abs().min((limit.most - self.sum).max(0));
        self.sum += granted;
        if limit.within.is_some() && granted != 0 {
            self.recent.push_back((at, granted));
        }
        granted * points.signum()
    }
}

/// The share of points that is left after so many milliseconds.
pub fn left(passed: i64, half_life: i64) -> f64 {
    0.5_f64.powf(passed.max(0) as f64 / half_life.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{DAY, HOUR};

    const START: Timestamp = Timestamp::from_millis(1_767_600_000_000);
    const HALF_LIFE: i64 = 30 * DAY;

    #[test]
    fn points_halve_with_each_half_life() {
        let engagement = Engagement::default().with(20, START, HALF_LIFE);
        assert_eq!(engagement.left_at(START, HALF_LIFE), 20.0);
        assert_eq!(engagement.left_at(START + 30 * DAY, HALF_LIFE), 10.0);
        assert_eq!(engagement.left_at(START + 60 * DAY, HALF_LIFE), 5.0);
        assert_eq!(engagement.with(1, START + 30 * DAY, HALF_LIFE).left_at(START + 60 * DAY, HALF_LIFE), 5.5);
        assert_eq!(Engagement::default().left_at(START, HALF_LIFE), 0.0);
    }

    #[test]
    fn a_limit_holds_in_all_or_within_a_time() {
        let granted = |limit: Limit, points: i64, hours: &[i64]| -> Vec<i64> {
            let mut given = Given::default();
            hours.iter().map(|hour| given.grant(&limit, points, START + hour * HOUR)).collect()
        };
        let in_all = Limit { most: 5, within: None };
        assert_eq!(granted(in_all, 2, &[0, 100, 10_000, 10_001]), [2, 2, 1, 0]);
        assert_eq!(granted(in_all, -3, &[0, 1, 2]), [-3, -2, 0]);
        let daily = Limit { most: 5, within: Some(DAY) };
        assert_eq!(granted(daily, 2, &[0, 1, 2, 3, 23, 24, 25, 26]), [2, 2, 1, 0, 0, 2, 2, 1]);
    }

    proptest! {
        #[test]
        fn the_order_of_events_makes_no_difference(
            mut events in prop::collection::vec((-50_i64..50, 0_i64..400), 1..20),
        ) {
            let moments = |events: &[(i64, i64)]| -> Vec<(i64, Timestamp)> {
                events.iter().map(|(points, day)| (*points, START + day * DAY)).collect()
            };
            let late = START + 500 * DAY;
            let one = Engagement::of(moments(&events), HALF_LIFE).left_at(late, HALF_LIFE);
            events.sort_unstable();
            let other = Engagement::of(moments(&events), HALF_LIFE).left_at(late, HALF_LIFE);
            prop_assert!((one - other).abs() < 1e-6, "{one} {other}");
        }
    }
}
