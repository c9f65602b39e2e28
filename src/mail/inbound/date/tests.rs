use super::*;

/// Friday, 20 November 2026.
fn found(text: &str, month_first: Option<bool>) -> Vec<Found> {
    dates(text, Context { sent: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(), month_first })
}

fn all(text: &str) -> Vec<String> {
    found(text, None).iter().map(|found| found.last.to_string()).collect()
}

#[test]
fn dates_are_read_in_many_forms() {
    for (text, expected) in [
        ("bis 05.12.2026 weg", "2026-12-05"),
        ("bis 5.12.26", "2026-12-05"),
        ("bis zum 5.12. weg", "2026-12-05"),
        ("am 7. januar", "2027-01-07"),
        ("am 7. januar 2027 wieder", "2027-01-07"),
        ("on 7 january", "2027-01-07"),
        ("on the 7th of january", "2027-01-07"),
        ("on january 7th, 2027", "2027-01-07"),
        ("dec. 5", "2026-12-05"),
        ("2026-12-05", "2026-12-05"),
        ("12/24/2026", "2026-12-24"),
        ("24/12/2026", "2026-12-24"),
        ("24-12-2026", "2026-12-24"),
        ("december 10-31", "2026-12-31"),
        ("bis 24.12.", "2026-12-24"),
        ("am 5. dez. wieder", "2026-12-05"),
        ("hasta el 18 de diciembre de 2026", "2026-12-18"),
        ("jusqu'au 1er décembre", "2026-12-01"),
        ("do 5 grudnia", "2026-12-05"),
        ("11/28", "2026-11-28"),
    ] {
        assert_eq!(all(text), [expected], "{text}");
    }
    assert_eq!(all("vom 1.12. bis 5.12."), ["2026-12-01", "2026-12-05"]);
    for text in
        ["31.02.2026", "version 1.2", "0.5", "may I", "um 12.30 uhr", "room 12", "99. märz", "1-2", "3/4", ""]
    {
        assert_eq!(all(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn of_two_readings_the_near_one_or_the_language_decides() {
    assert_eq!(all("3/4/2027"), Vec::<String>::new());
    assert_eq!(all("12/3"), ["2026-12-03"], "the other is 12 March");
    assert_eq!(found("3/4/2027", Some(true))[0].first.to_string(), "2027-03-04");
    assert_eq!(found("3/4/2027", Some(false))[0].first.to_string(), "2027-04-03");
}

#[test]
fn vague_dates_are_told_by_the_day_of_the_mail() {
    for (text, first, last) in [
        ("am montag", "2026-11-23", "2026-11-23"),
        ("until friday", "2026-11-27", "2026-11-27"),
        ("tomorrow", "2026-11-21", "2026-11-21"),
        ("next week", "2026-11-23", "2026-11-27"),
        ("ab kw 49", "2026-11-30", "2026-12-04"),
        ("kw2", "2027-01-11", "2027-01-15"),
        ("bis ende dezember", "2026-12-31", "2026-12-31"),
        ("mid-january", "2027-01-15", "2027-01-15"),
        ("end of the month", "2026-11-30", "2026-11-30"),
        ("in january 2028", "2028-01-01", "2028-01-31"),
    ] {
        let found = found(text, None);
        let days: Vec<_> =
            found.iter().map(|found| (found.first.to_string(), found.last.to_string())).collect();
        assert_eq!(days, [(first.to_owned(), last.to_owned())], "{text}");
    }
    assert_eq!(all("ab montag, den 30. november"), ["2026-11-30"], "the weekday belongs to the date");
    for text in ["guten morgen", "monday to friday", "i may come", "sonntags", "ende gut"] {
        assert!(all(text).len() <= 1, "{text}: {:?}", all(text));
    }
}
