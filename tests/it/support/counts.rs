//! How often a test repeats what it repeats.

/// `full` under `tests/run --full`, else a tenth of it, and at least one.
pub fn scaled(full: usize) -> usize {
    let wanted = std::env::var("DRIPLINE_TEST_FULL").is_ok_and(|set| set == "1");
    if wanted { full } else { (full / 10).max(1) }
}
