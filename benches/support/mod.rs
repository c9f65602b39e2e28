//! What the benches have in common: processes and what they cost, medians, a workspace, databases.

#![allow(dead_code, reason = "each bench uses its part")]

pub mod database;
pub mod process;
pub mod server;
pub mod sink;
pub mod workspace;

/// The middle one of some numbers.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => (sorted[even / 2 - 1] + sorted[even / 2]) / 2.0,
    }
}

/// A number from the environment, for shorter or longer runs.
pub fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
