//! `[temperature]` of funnel.toml: from where on a lead is warm, and hot.

use super::super::table::Table;
use super::score::length;
use crate::domain::temperature::{Heat, Temperatures};

/// Reads the table. What is wrong is reported.
pub(super) fn read(mut table: Table) -> Temperatures {
    let usual = Temperatures::default();
    let hot = heat(table.table("hot"), usual.hot);
    let warm = heat(table.table("warm"), usual.warm);
    table.finish();
    Temperatures { hot, warm }
}

fn heat(mut table: Table, usual: Heat) -> Heat {
    let score = table.integer("score", -100_000..=100_000);
    let within =
        table.text("within").and_then(|text| length(&text, "nobody gives a sign of life within no time"));
    table.finish();
    Heat { score: score.unwrap_or(usual.score), within: within.unwrap_or(usual.within) }
}

#[cfg(test)]
mod tests {
    use super::super::super::names::Names;
    use super::super::super::source::{Report, Source};
    use super::*;
    use crate::domain::time::DAY;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let text = "[temperature]\nhot = { score = 90 }\nwarm = { within = '10 days' }\n";
        let report = Report::default();
        let funnel = super::super::read(Source::new("funnel.toml", text, &report), &mut Names::default());
        let expected = Temperatures {
            hot: Heat { score: 90, within: 14 * DAY },
            warm: Heat { score: 25, within: 10 * DAY },
        };
        assert_eq!(funnel.rules.temperatures, expected);
    }
}
