//! [`nearest`]: what somebody probably meant.

/// Longer words are nobody's typing error, and comparing them costs time.
const LONGEST: usize = 64;

/// The candidate that `given` is most likely a misspelling of, if one is near enough. Case is ignored.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_lowercase();
    let mistakes = |candidate: &str| strsim::osa_distance(&given, &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (mistakes(candidate), candidate))
        .filter(|(mistakes, candidate)| *mistakes <= candidate.chars().count().div_ceil(4))
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mistake_in_four_letters_is_forgiven() {
        let units = ["minutes", "hours", "days"];
        assert_eq!(nearest("dasy", units), Some("days"));
        assert_eq!(nearest("Minuets", units), Some("minutes"));
        assert_eq!(nearest("HOURS", units), Some("hours"));
        assert_eq!(nearest("months", units), None);
        assert_eq!(nearest("", units), None);
        assert_eq!(nearest(&"days".repeat(100), units), None);
    }
}
