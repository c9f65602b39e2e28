//! How warm a lead is: [`Temperature`], from its score and the time since its last sign of life.

use super::time::{DAY, Timestamp};
use super::words::words;

words! {
    /// How warm a lead is.
    #[derive(Default)]
    pub enum Temperature {
        #[default]
        Cold = "cold",
        Warm = "warm",
        Hot = "hot",
    }
}

/// What a lead must have to be so warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heat {
    /// The least score, fit and engagement together.
    pub score: i64,
    /// The longest time since the last sign of life, in milliseconds.
    pub within: i64,
}

/// From where on a lead is warm, and hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temperatures {
    pub hot: Heat,
    pub warm: Heat,
}

impl Default for Temperatures {
    fn default() -> Self {
        Self { hot: Heat { score: 60, within: 14 * DAY }, warm: Heat { score: 25, within: 45 * DAY } }
    }
}

impl Temperatures {
    /// How warm a lead is with this score, which gave its last sign of life at `alive_at`.
    pub fn of(&self, score: f64, alive_at: Option<Timestamp>, now: Timestamp) -> Temperature {
        let Some(alive_at) = alive_at else { return Temperature::Cold };
        let reaches = |heat: &Heat| score >= heat.score as f64 && now - alive_at <= heat.within;
        match (reaches(&self.hot), reaches(&self.warm)) {
            (true, _) => Temperature::Hot,
            (_, true) => Temperature::Warm,
            _ => Temperature::Cold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_a_recent_sign_of_life_make_warm() {
        let alive = Timestamp::from_millis(1_767_600_000_000);
        let after =
            |score: f64, days: i64| Temperatures::default().of(score, Some(alive), alive + days * DAY);
        assert_eq!(after(60.0, 14), Temperature::Hot);
        assert_eq!(after(59.9, 14), Temperature::Warm);
        assert_eq!(after(200.0, 15), Temperature::Warm);
        assert_eq!(after(25.0, 45), Temperature::Warm);
        assert_eq!(after(200.0, 46), Temperature::Cold);
        assert_eq!(after(24.9, 0), Temperature::Cold);
        assert_eq!(Temperatures::default().of(200.0, None, alive), Temperature::Cold);
    }
}
