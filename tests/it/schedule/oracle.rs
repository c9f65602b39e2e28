//! What the answers must be, found by nothing but watching a clock minute by minute.
//!
//! All times are in minutes since 1970: moments in UTC, readings as if the clock showed UTC.

use chrono_tz::Tz;

use super::changes::offset;

const DAY: i64 = 24 * 60;

/// Days since Monday, of the date `day` days after 1970-01-01, a Thursday.
fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A window on one weekday, from a minute of the day to another.
#[derive(Clone, Debug)]
pub struct Window {
    pub weekday: i64,
    pub start: i64,
    pub end: i64,
}

pub fn windows_text(windows: &[Window]) -> String {
    let time = |minute| format!("{:02}:{:02}", minute / 60, minute % 60);
    let text =
        windows.iter().map(|w| format!("{} {}-{}", NAMES[w.weekday as usize], time(w.start), time(w.end)));
    text.collect::<Vec<_>>().join(", ")
}

/// Slots at each of these minutes of each of these hours on each of these weekdays.
#[derive(Clone, Debug)]
pub struct Slots {
    pub minutes: Vec<i64>,
    pub hours: Vec<i64>,
    pub weekdays: Vec<i64>,
}

impl Slots {
    pub fn text(&self) -> String {
        let list = |numbers: &[i64]| numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let names: Vec<_> = self.weekdays.iter().map(|&day| NAMES[day as usize]).collect();
        format!("{} {} * * {}", list(&self.minutes), list(&self.hours), names.join(","))
    }

    fn has(&self, reading: i64) -> bool {
        let (day, minute) = (reading.div_euclid(DAY), reading.rem_euclid(DAY));
        self.weekdays.contains(&weekday(day))
            && self.hours.contains(&(minute / 60))
            && self.minutes.contains(&(minute % 60))
    }
}

/// How much of a minute is open for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    Never,
    /// Its first moment: the clocks jumped over a whole window right before.
    Moment,
    Minute,
}

/// A clock of a zone that was read each minute.
pub struct Watch {
    pub start: i64,
    readings: Vec<i64>,
}

impl Watch {
    pub fn new(zone: Tz, minutes: std::ops::Range<i64>) -> Self {
        let start = minutes.start;
        Self { start, readings: minutes.map(|minute| minute + offset(zone, minute)).collect() }
    }

    pub fn end(&self) -> i64 {
        self.start + self.readings.len() as i64
    }

    /// How the windows stand in each minute.
    pub fn openings(&self, windows: &[Window]) -> Vec<Opening> {
        let skipped = self.skipped_days();
        let week: [Vec<&Window>; 7] =
            std::array::from_fn(|day| windows.iter().filter(|w| w.weekday == day as i64).collect());
        let on = |day: i64| week[weekday(day) as usize].iter();
        let shown = |reading: i64| {
            let (day, minute) = (reading.div_euclid(DAY), reading.rem_euclid(DAY));
            let moved = skipped.contains(&(day - 1)).then(|| on(day - 1));
            on(day).chain(moved.into_iter().flatten()).any(|w| (w.start..w.end).contains(&minute))
        };
        let lost = |from: i64, until: i64| {
            let days = from.div_euclid(DAY)..=until.div_euclid(DAY);
            let mut days = days.filter(|day| !skipped.contains(day));
            days.any(|day| on(day).any(|w| from <= day * DAY + w.start && day * DAY + w.end <= until))
        };
        let before = std::iter::once(self.readings[0] - 1).chain(self.readings.iter().copied());
        let opening = |(before, &reading)| match reading {
            _ if shown(reading) => Opening::Minute,
            _ if before + 1 < reading && lost(before + 1, reading) => Opening::Moment,
            _ => Opening::Never,
        };
        before.zip(&self.readings).map(opening).collect()
    }

    /// The minutes at which slots come: each when the clock shows or passes it for the first time.
    ///
    /// The watch must not begin in an hour that the clock is showing again.
    pub fn slots(&self, slots: &Slots) -> Vec<i64> {
        let skipped = self.skipped_days();
        let comes = |reading: i64| {
            let day = reading.div_euclid(DAY);
            !skipped.contains(&day)
                && (slots.has(reading) || skipped.contains(&(day - 1)) && slots.has(reading - DAY))
        };
        let mut seen = self.readings[0] - 1;
        let mut moments = Vec::new();
        for (minute, &reading) in (self.start..).zip(&self.readings) {
            if (seen + 1..=reading).any(comes) {
                moments.push(minute);
            }
            seen = seen.max(reading);
        }
        moments
    }

    /// The dates that the clock never showed, although it showed earlier and later ones.
    fn skipped_days(&self) -> Vec<i64> {
        let days = self.readings.windows(2).map(|pair| (pair[0].div_euclid(DAY), pair[1].div_euclid(DAY)));
        days.flat_map(|(before, after)| before + 1..after).collect()
    }
}
