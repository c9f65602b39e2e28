//! A [`Track`]: a sequence as it was applied, its steps numbered for good. It knows what follows after an edit.

use std::collections::BTreeMap;

use super::event::Happening;
use super::sequence::{Sequence, Step};

/// A sequence whose steps have their numbers.
#[derive(Clone, Debug)]
pub struct Track {
    pub sequence: Sequence,
    /// The number of each step, in the order of the file.
    pub numbers: Vec<i64>,
    /// For each step that is gone: the number of the nearest one before it that was still there; 0 is the start.
    pub anchors: BTreeMap<i64, i64>,
}

/// The steps a walk has done, by number, in the order in which it did them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done(pub Vec<i64>);

impl Done {
    pub fn contains(&self, number: i64) -> bool {
        self.0.contains(&number)
    }

    /// The same walk one step further.
    pub fn with(&self, number: i64) -> Done {
        let mut done = self.without(number);
        done.0.push(number);
        done
    }

    /// The same walk as if it had not done that step.
    pub fn without(&self, number: i64) -> Done {
        Done(self.0.iter().copied().filter(|done| *done != number).collect())
    }

    /// As it is stored: numbers with commas between.
    pub fn to_text(&self) -> String {
        self.0.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
    }

    /// From what is stored; none if that is no list of numbers.
    pub fn from_text(text: &str) -> Option<Done> {
        let numbers = text.split(',').filter(|number| !number.is_empty());
        numbers.map(|number| number.parse().ok()).collect::<Option<Vec<_>>>().map(Done)
    }
}

impl Track {
    /// The step that comes next after `done`, by its place in the file.
    ///
    /// It is the first behind the lead's place that was not done; a `catch_up` step before the place comes first.
    pub fn next(&self, done: &Done) -> Option<usize> {
        let place = self.place(done);
        let open = |at: &usize| !done.contains(self.numbers[*at]);
        let missed = (0..place).filter(open).find(|at| self.sequence.steps[*at].catch_up);
        missed.or_else(|| (place..self.numbers.len()).find(open))
    }

    /// How many steps of the file lie before or on the lead's place.
    fn place(&self, done: &Done) -> usize {
        let mut number = done.0.last().copied().unwrap_or(0);
        // An anchor may be gone in its turn. Anchors point to what was there later, so a chain of them is finite;
        // the bound holds whatever the table says.
        for _ in 0..=self.anchors.len() {
            if let Some(at) = self.numbers.iter().position(|known| *known == number) {
                return at + 1;
            }
            number = self.anchors.get(&number).copied().unwrap_or(0);
        }
        0
    }

    /// What happened, with the step called as it is now.
    pub fn as_of_now(&self, mut happening: Happening) -> Happening {
        let step = happening.details.number.and_then(|number| self.by_number(number));
        if let Some((_, step)) = step {
            happening.details.step = Some(step.id.clone());
        }
        happening
    }

    /// The step with this number, and its place in the file.
    pub fn by_number(&self, number: i64) -> Option<(usize, &Step)> {
        let at = self.numbers.iter().position(|known| *known == number)?;
        Some((at, &self.sequence.steps[at]))
    }
}

/// What must be written so that `steps` (id and `renamed_from`, in the order of the file) have their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renumbering {
    /// The number of each step of the file.
    pub numbers: Vec<i64>,
    /// Steps that are new or renamed: number and id.
    pub named: Vec<(i64, String)>,
    /// Steps that are gone since the last revision, with their anchors.
    pub anchored: Vec<(i64, i64)>,
}

/// Numbers the steps of a file. `known` are all steps ever numbered in this sequence; `before` the numbers of the
/// last revision in its order.
pub fn renumber(known: &[(i64, String)], before: &[i64], steps: &[(&str, Option<&str>)]) -> Renumbering {
    let number_of = |id: &str| known.iter().find(|(_, known)| known == id).map(|(number, _)| *number);
    let mut next = known.iter().map(|(number, _)| *number).max().unwrap_or(0) + 1;
    let mut out = Renumbering::default();
    for (id, renamed_from) in steps {
        let old = renamed_from.and_then(number_of);
        let number = number_of(id).or(old).unwrap_or(next);
        if number_of(id).is_none() {
            out.named.push((number, (*id).to_owned()));
        }
        next = next.max(number + 1);
        out.numbers.push(number);
    }
    let mut anchor = 0;
    for number in before {
        if out.numbers.contains(number) {
            anchor = *number;
        } else {
            out.anchored.push((*number, anchor));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(ids: &[&str]) -> Vec<(i64, String)> {
        ids.iter().enumerate().map(|(at, id)| (at as i64 + 1, (*id).to_owned())).collect()
    }

    #[test]
    fn numbers_stay_with_their_steps() {
        let first = renumber(&[], &[], &[("a", None), ("b", None)]);
        assert_eq!(first.numbers, [1, 2]);
        assert_eq!(first.named, known(&["a", "b"]));
        let reordered = renumber(&known(&["a", "b"]), &[1, 2], &[("b", None), ("new", None), ("a", None)]);
        assert_eq!(reordered.numbers, [2, 3, 1]);
        assert_eq!(reordered.named, [(3, "new".to_owned())]);
    }

    #[test]
    fn a_renamed_step_keeps_its_number_and_a_gone_one_has_an_anchor() {
        let edit = renumber(&known(&["a", "b", "c"]), &[1, 2, 3], &[("a", None), ("see", Some("c"))]);
        assert_eq!(edit.numbers, [1, 3]);
        assert_eq!(edit.named, [(3, "see".to_owned())]);
        assert_eq!(edit.anchored, [(2, 1)]);
        let first_gone = renumber(&known(&["a", "b"]), &[1, 2], &[("b", None)]);
        assert_eq!(first_gone.anchored, [(1, 0)]);
    }

    #[test]
    fn a_step_that_comes_back_has_its_old_number() {
        assert_eq!(renumber(&known(&["a", "b"]), &[1], &[("a", None), ("b", None)]).numbers, [1, 2]);
    }

    #[test]
    fn done_is_stored_in_order() {
        let done = Done(vec![3, 1]).with(2);
        assert_eq!(Done::from_text(&done.to_text()), Some(done));
        assert_eq!(Done::from_text(""), Some(Done::default()));
        assert_eq!(Done::from_text("1,x"), None);
    }
}
