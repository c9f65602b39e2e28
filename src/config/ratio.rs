//! [`Ratio`]: how shares are written.

use std::str::FromStr;

/// A share of a whole, from 0 to 1, written `5%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// From 0 to 100.
    pub const fn from_percent(percent: f64) -> Self {
        Self(percent / 100.0)
    }

    /// From 0 to 1.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        percent
            .map(Self::from_percent)
            .ok_or_else(|| format!("`{text}` is not a share; write it like 5% or 0.3%"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_percentages() {
        assert_eq!("0.5 %".parse(), Ok(Ratio(0.005)));
        for text in ["", "5", "%", "101%", "-1%", "NaN%"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }
}
