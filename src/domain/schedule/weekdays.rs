//! Weekdays as both windows and slots write them: `Sat`, `Mon-Fri`.

use chrono::Weekday;

use super::ScheduleError;

/// The days of `part`, a slice of `text`: a name or two with a hyphen, which may pass over the week's end.
pub(super) fn parse(part: &str, text: &str) -> Result<Vec<Weekday>, ScheduleError> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let (first, last) = (day(first, text)?, day(last, text)?);
    let mut days = vec![first];
    while days.last() != Some(&last) {
        days.push(days[days.len() - 1].succ());
    }
    Ok(days)
}

fn day(name: &str, text: &str) -> Result<Weekday, ScheduleError> {
    name.parse().map_err(|_| {
        let message = format!("`{name}` is not a weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun");
        ScheduleError::about(name, text, message)
    })
}

#[cfg(test)]
mod tests {
    use chrono::Weekday::{Fri, Mon, Sat, Sun};

    use super::*;

    #[test]
    fn one_day_or_a_range_of_days() {
        assert_eq!(parse("Sat", "Sat"), Ok(vec![Sat]));
        assert_eq!(parse("sat-Monday", "sat-Monday"), Ok(vec![Sat, Sun, Mon]));
        assert_eq!(parse("Fri-Fri", "Fri-Fri"), Ok(vec![Fri]));
        assert_eq!(parse("Mon-Sun", "Mon-Sun").unwrap().len(), 7);
    }

    #[test]
    fn anything_else_is_marked() {
        for (text, range) in [("Mo-Fri", 0..2), ("Mon-Fry", 4..7), ("1", 0..1), ("Mon-", 4..4), ("", 0..0)] {
            assert_eq!(parse(text, text).unwrap_err().range, range, "{text}");
        }
    }
}
