//! In which language somebody reads a page.

use crate::domain::words::words;

words! {
    /// A language that the pages are written in.
    pub enum Language {
        De = "de",
        En = "en",
    }
}

impl Language {
    /// From a tag such as `de-AT`; none if the pages are not written in it.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL.iter().copied().find(|language| language.as_str().eq_ignore_ascii_case(primary))
    }

    /// The one that a browser likes best, from its `Accept-Language` (RFC 9110 section 12.5.4).
    pub fn accepted(header: &str) -> Option<Self> {
        let choices = header.split(',').filter_map(|choice| {
            let mut parts = choice.split(';').map(str::trim);
            let language = Self::of(parts.next()?)?;
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok())?;
            Some((language, weight))
        });
        // The first of equals wins.
        let best = choices.reduce(|best, choice| if choice.1 > best.1 { choice } else { best });
        best.filter(|(_, weight)| *weight > 0.0).map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_by_their_language() {
        assert_eq!(Language::of("de-AT"), Some(Language::De));
        assert_eq!(Language::of("EN_us"), Some(Language::En));
        assert_eq!(Language::of("den"), None);
        assert_eq!(Language::of(""), None);
    }

    #[test]
    fn the_browser_is_asked() {
        let cases = [
            ("de", Some(Language::De)),
            ("fr, en;q=0.5, de;q=0.8", Some(Language::De)),
            ("en-GB,en;q=0.9,de;q=0.9", Some(Language::En)),
            ("de;q=0", None),
            ("fr", None),
            ("de;q=x, *", None),
            (";;,,q=", None),
        ];
        for (header, expected) in cases {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
