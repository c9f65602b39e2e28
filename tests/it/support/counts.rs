//! How often a test repeats what it repeats.

/// `full` under `tests/run --full`, else a tenth of it, and at least one.
pub fn scaled(full: usize) -> usize {
    if std::env::var_os("DRIPLINE_TEST_FULL").is_some_and(|set| set == "1") { full } else { (full / 10).max(1) }
}
