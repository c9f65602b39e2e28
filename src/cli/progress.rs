//! How far something is, on standard error, and only if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::nurture::{Engine, NurtureResult};
use crate::storage::leads;

const LEADS: &str = "{bar:40} {pos} of {len} leads  {eta} left";

/// A bar for something that has so many parts. The template is a constant that the tests try.
pub fn bar(parts: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(parts).with_style(style)
}

/// A bar for something that goes through all leads.
///
/// # Errors
/// The database.
pub async fn of_leads(engine: &Engine) -> NurtureResult<ProgressBar> {
    let mut tx = engine.db.read().await?;
    let leads = u64::try_from(leads::count(&mut tx).await?).unwrap_or(0);
    Ok(bar(leads, LEADS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_leads_has_a_sound_template() {
        assert!(ProgressStyle::with_template(LEADS).is_ok());
    }
}
