//! [`Breaker`]: stops the sending before a broken relay empties the list.

use std::collections::VecDeque;

/// How many outcomes it looks back on.
const WINDOW: usize = 500;
/// So many hard bounces it takes at least; and so many in an unbroken run are enough, whatever was before.
const HANDFUL: usize = 5;

/// Remembers whether the last 500 messages bounced hard, and trips when more than a share of them did.
///
/// The run matters because a relay that breaks after 500 good answers would otherwise get 25 addresses suppressed
/// before they are 5 %.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// From 0 to 1.
    most: f64,
    hard: VecDeque<bool>,
    run: usize,
    tripped: bool,
}

impl Breaker {
    /// A breaker that remembers nothing, and bears this share of hard bounces, from 0 to 1.
    pub fn new(most: f64) -> Self {
        Self { most, hard: VecDeque::new(), run: 0, tripped: false }
    }

    /// Notes an outcome; answers whether it is the one that trips the breaker. That one, and every hard bounce
    /// while [`tripped`](Self::tripped), is to suppress nobody.
    pub fn note(&mut self, hard: bool) -> bool {
        if self.hard.len() == WINDOW {
            self.hard.pop_front();
        }
        self.hard.push_back(hard);
        self.run = if hard { self.run + 1 } else { 0 };
        let trips = !self.tripped && hard && self.too_many();
        self.tripped |= trips;
        trips
    }

    /// Notes a mail that came back some time after it was accepted. Such come without the good ones between, so that a
    /// run of them says nothing; they count among the last 500 like any other.
    pub fn note_late(&mut self) -> bool {
        let run = self.run;
        self.run = 0;
        let trips = self.note(true);
        self.run = run;
        trips
    }

    fn too_many(&self) -> bool {
        let hard = self.hard.iter().filter(|hard| **hard).count();
        self.run >= HANDFUL || (hard >= HANDFUL && hard as f64 > self.most * self.hard.len() as f64)
    }

    /// Whether it has tripped and was not [`reset`](Self::reset) since.
    pub fn tripped(&self) -> bool {
        self.tripped
    }

    /// Forgets everything: a person has looked at the cause and lets the sending go on.
    pub fn reset(&mut self) {
        *self = Self::new(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes the outcomes; answers the place (from 1) of the one that tripped it.
    fn trip_place(breaker: &mut Breaker, outcomes: impl IntoIterator<Item = bool>) -> Option<usize> {
        outcomes.into_iter().position(|hard| breaker.note(hard)).map(|index| index + 1)
    }

    #[test]
    fn a_run_of_late_bounces_is_no_broken_relay() {
        let mut breaker = Breaker::new(0.05);
        assert_eq!(trip_place(&mut breaker, [false; 500]), None);
        assert!((0..25).all(|_| !breaker.note_late()), "5 % of the last 500");
        assert!(breaker.note_late());
    }

    #[test]
    fn few_bounces_do_not_trip_it() {
        let mut breaker = Breaker::new(0.05);
        assert_eq!(trip_place(&mut breaker, [true; 4]), None);
        assert!(!breaker.tripped());
    }

    #[test]
    fn a_relay_that_knows_nobody_trips_it_at_the_fifth() {
        let mut fresh = Breaker::new(0.05);
        assert_eq!(trip_place(&mut fresh, [true; 100]), Some(5));
        let mut seasoned = Breaker::new(0.05);
        assert_eq!(trip_place(&mut seasoned, [false; 500]), None);
        assert_eq!(trip_place(&mut seasoned, [true; 100]), Some(5));
    }

    #[test]
    fn five_in_a_hundred_are_borne_and_more_are_not() {
        let every = |n: usize| (1..=2_000).map(move |i| i % n == 0);
        assert_eq!(trip_place(&mut Breaker::new(0.05), every(20)), None);
        assert_eq!(trip_place(&mut Breaker::new(0.05), every(19)), Some(5 * 19));
    }

    #[test]
    fn old_bounces_are_forgotten() {
        let mut breaker = Breaker::new(0.05);
        let scattered = |hard: usize| (1..=500).map(move |i| i % 20 == 0 && i / 20 <= hard);
        assert_eq!(trip_place(&mut breaker, scattered(25)), None, "25 of 500 are 5 %");
        assert_eq!(trip_place(&mut breaker, [false; 500]), None);
        assert_eq!(trip_place(&mut breaker, scattered(25)), None, "and the first 25 count no more");
    }

    #[test]
    fn it_trips_once_until_it_is_reset() {
        let mut breaker = Breaker::new(0.05);
        assert_eq!(trip_place(&mut breaker, [true; 5]), Some(5));
        assert_eq!(trip_place(&mut breaker, [true; 50]), None);
        assert!(breaker.tripped());
        breaker.reset();
        assert!(!breaker.tripped());
        assert_eq!(trip_place(&mut breaker, [true; 50]), Some(5));
    }
}
