//! `{{greeting}}`: how a mail addresses its reader.

use serde_json::Value;

/// The greeting without a comma behind it, for the `lead` object of a mail's variables.
///
/// Who is not known well enough for "Frau Dr. Müller" is greeted by the whole name, and who is not known at all by
/// nothing but the greeting: never with a gap, never with a guess.
pub(super) fn greeting(language: &str, lead: &Value) -> String {
    let field = |name: &str| lead[name].as_str();
    let person = Person {
        first: field("first_name"),
        last: field("last_name"),
        title: field("title").map(|title| spoken(title, language == "de")),
        salutation: field("salutation"),
        informal: field("address_form") == Some("du"),
    };
    if language == "de" { person.german() } else { person.english() }
}

struct Person<'a> {
    first: Option<&'a str>,
    last: Option<&'a str>,
    /// As far as it is spoken.
    title: Option<String>,
    salutation: Option<&'a str>,
    informal: bool,
}

impl Person<'_> {
    fn german(&self) -> String {
        let gender = match self.salutation {
            Some("ms") => Some("Frau"),
            Some("mr") => Some("Herr"),
            _ => None,
        };
        match (self.informal, gender, self.last) {
            (true, ..) => join(&[Some("Hallo"), self.first]),
            (false, Some(gender), Some(last)) => {
                join(&[Some("Guten Tag"), Some(gender), self.title.as_deref(), Some(last)])
            }
            (false, ..) => join(&[Some("Guten Tag"), self.whole_name().as_deref()]),
        }
    }

    fn english(&self) -> String {
        let form = match self.salutation {
            Some("ms") => self.title.as_deref().or(Some("Ms")),
            Some("mr") => self.title.as_deref().or(Some("Mr")),
            _ => None,
        };
        match (self.informal, form, self.last, self.whole_name()) {
            (true, ..) => join(&[Some("Hi"), self.first]),
            (false, Some(form), Some(last), _) => join(&[Some("Dear"), Some(form), Some(last)]),
            (false, _, Some(_), Some(name)) => join(&[Some("Dear"), Some(&name)]),
            (false, .., name) => join(&[Some("Hello"), name.as_deref()]),
        }
    }

    /// The name for somebody of unknown salutation. A bare last name would be rude.
    fn whole_name(&self) -> Option<String> {
        match (self.first, self.last) {
            (Some(_), Some(_)) => Some(join(&[self.title.as_deref(), self.first, self.last])),
            (Some(first), None) => Some(first.to_owned()),
            (None, Some(last)) => self.title.as_deref().map(|title| join(&[Some(title), Some(last)])),
            (None, None) => None,
        }
    }
}

/// The part of a title that one says: "Dr." of "Dr.-Ing." and of "Dr. rer. nat."; of "Prof. Dr." both in German, and the
/// first in English. Other titles are said as they are written.
fn spoken(title: &str, german: bool) -> String {
    let said = |word: &&str| ["prof", "dr"].iter().any(|begin| word.to_lowercase().starts_with(begin));
    let words = title.split_whitespace().filter(said);
    let mut words: Vec<&str> = words.map(|word| word.split_inclusive('.').next().unwrap_or(word)).collect();
    words.dedup();
    words.truncate(if german { 2 } else { 1 });
    if words.is_empty() { title.to_owned() } else { words.join(" ") }
}

fn join(words: &[Option<&str>]) -> String {
    words.iter().flatten().copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn titles_are_said_and_not_read_out() {
        for (title, german, english) in [
            ("Dr.", "Dr.", "Dr."),
            ("Dr", "Dr", "Dr"),
            ("Dr.-Ing.", "Dr.", "Dr."),
            ("Dr. rer. nat.", "Dr.", "Dr."),
            ("Prof. Dr.", "Prof. Dr.", "Prof."),
            ("Prof. Dr.-Ing. habil.", "Prof. Dr.", "Prof."),
            ("Prof. Dr. Dr. h. c. mult.", "Prof. Dr.", "Prof."),
            ("Dr. Dr.", "Dr.", "Dr."),
            ("Ing.", "Ing.", "Ing."),
            ("Freifrau", "Freifrau", "Freifrau"),
        ] {
            assert_eq!(
                (spoken(title, true).as_str(), spoken(title, false).as_str()),
                (german, english),
                "{title}"
            );
        }
    }

    #[test]
    fn everybody_is_greeted_by_what_is_known() {
        let all = json!({"first_name": "Eva", "last_name": "Müller", "title": "Dr.", "salutation": "ms"});
        let mut mr = all.clone();
        mr["salutation"] = "mr".into();
        let mut du = all.clone();
        du["address_form"] = "du".into();
        let mut sie = all.clone();
        sie["address_form"] = "sie".into();
        let neutral = json!({"first_name": "Kim", "last_name": "Meier", "salutation": "neutral"});
        for (lead, german, english) in [
            (&all, "Guten Tag Frau Dr. Müller", "Dear Dr. Müller"),
            (&mr, "Guten Tag Herr Dr. Müller", "Dear Dr. Müller"),
            (&sie, "Guten Tag Frau Dr. Müller", "Dear Dr. Müller"),
            (&du, "Hallo Eva", "Hi Eva"),
            (&neutral, "Guten Tag Kim Meier", "Dear Kim Meier"),
            (&json!({"last_name": "Roth", "salutation": "ms"}), "Guten Tag Frau Roth", "Dear Ms Roth"),
            (&json!({"last_name": "Roth", "salutation": "mr"}), "Guten Tag Herr Roth", "Dear Mr Roth"),
            (
                &json!({"first_name": "Kim", "last_name": "M", "title": "Dr."}),
                "Guten Tag Dr. Kim M",
                "Dear Dr. Kim M",
            ),
            (&json!({"first_name": "Kim", "salutation": "ms"}), "Guten Tag Kim", "Hello Kim"),
            (&json!({"first_name": "Kim"}), "Guten Tag Kim", "Hello Kim"),
            (&json!({"last_name": "Roth"}), "Guten Tag", "Hello"),
            (&json!({"last_name": "Roth", "title": "Dr."}), "Guten Tag Dr. Roth", "Dear Dr. Roth"),
            (&json!({"address_form": "du"}), "Hallo", "Hi"),
            (&json!({}), "Guten Tag", "Hello"),
        ] {
            assert_eq!(greeting("de", lead), german, "{lead}");
            assert_eq!(greeting("en", lead), english, "{lead}");
            assert_eq!(greeting("fr", lead), english, "{lead}");
        }
    }
}
