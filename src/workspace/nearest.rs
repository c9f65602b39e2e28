//! "Did you mean …": the known word that is most like a misspelt one.

/// The word of `known` that is closest to `word`, if one is close enough to be meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(word.chars().count()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean "…"?`, or else the known words if there are any.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<String> {
    if let Some(meant) = nearest(word, known.clone()) {
        return Some(format!("did you mean \"{meant}\"?"));
    }
    let known: Vec<&str> = known.into_iter().take(30).collect();
    (!known.is_empty()).then(|| format!("known here: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["mail", "wait", "only_if", "hand_over"];
        assert_eq!(nearest("mial", known), Some("mail"));
        assert_eq!(nearest("only-if", known), Some("only_if"));
        assert_eq!(nearest("Handover", known), Some("hand_over"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(did_you_mean("colour", known).as_deref(), Some("known here: mail, wait, only_if, hand_over"));
        assert_eq!(did_you_mean("x", []), None);
    }
}
