//! Conditions are phrases: `[not] FACT`. Reading one, and whether it holds.

use std::fmt;
use std::str::FromStr;

use super::event::Happening;
use super::lead::Lead;

/// `[not] FACT`. A list of phrases means all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    pub not: bool,
    pub fact: Fact,
}

/// What a phrase can ask about a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The mail of this step was opened, in this enrollment.
    Opened(String),
    /// A link in the mail of this step was clicked, in this enrollment.
    Clicked(String),
    /// Any mail was opened, since the enrollment began.
    OpenedMail,
    /// Any link was clicked, since the enrollment began.
    ClickedALink,
    /// The link with this name was clicked, since the enrollment began.
    ClickedLink(String),
    /// A page was visited; `*` is any run of characters.
    Visited(String),
    Replied,
    Submitted(String),
    /// Any form.
    SubmittedAForm,
    BookedMeeting,
    Bought,
    /// A custom event.
    Did(String),
    /// A field of the lead or its company is filled now.
    Has(String),
    Tagged(String),
    /// In `[segment.NAME]` of funnel.toml now.
    InSegment(String),
}

impl Fact {
    /// Whether it is about opens and clicks, which are judged some time after they are seen.
    pub const fn is_hit(&self) -> bool {
        matches!(
            self,
            Fact::Opened(_) | Fact::Clicked(_) | Fact::OpenedMail | Fact::ClickedALink | Fact::ClickedLink(_)
        )
    }
}

/// A phrase that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PhraseError {
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// The forms of a phrase, as shown to a marketer. A trailing word in capitals stands for a name.
pub const FORMS: &[&str] = &[
    "opened STEP",
    "clicked STEP",
    "opened a mail",
    "clicked a link",
    "clicked link NAME",
    "visited PATH",
    "replied",
    "submitted FORM",
    "submitted a form",
    "booked a meeting",
    "bought",
    "did EVENT",
    "has FIELD",
    "tagged TAG",
    "in segment NAME",
];

impl FromStr for Phrase {
    type Err = PhraseError;

    fn from_str(text: &str) -> Result<Self, PhraseError> {
        let (not, rest) = match text.strip_prefix("not ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        Ok(Phrase { not, fact: fact(rest).ok_or_else(|| unreadable(text, not, rest))? })
    }
}

/// Makes a fact of its name.
type Make = fn(String) -> Fact;

fn fact(text: &str) -> Option<Fact> {
    match text {
        "opened a mail" => return Some(Fact::OpenedMail),
        "clicked a link" => return Some(Fact::ClickedALink),
        "replied" => return Some(Fact::Replied),
        "submitted a form" => return Some(Fact::SubmittedAForm),
        "booked a meeting" => return Some(Fact::BookedMeeting),
        "bought" => return Some(Fact::Bought),
        _ => {}
    }
    let named: [(&str, Make); 9] = [
        ("clicked link ", Fact::ClickedLink),
        ("opened ", Fact::Opened),
        ("clicked ", Fact::Clicked),
        ("visited ", Fact::Visited),
        ("submitted ", Fact::Submitted),
        ("did ", Fact::Did),
        ("has ", Fact::Has),
        ("tagged ", Fact::Tagged),
        ("in segment ", Fact::InSegment),
    ];
    let (name, make) = named.iter().find_map(|(head, make)| Some((text.strip_prefix(head)?, make)))?;
    // Tags and fields may hold anything but blanks: a blank is a slip such as two phrases in one.
    let one_word = !name.is_empty() && !name.contains(char::is_whitespace);
    one_word.then(|| make(name.to_owned()))
}

fn unreadable(text: &str, not: bool, rest: &str) -> PhraseError {
    let words = rest.split_whitespace().count();
    let near = FORMS
        .iter()
        .map(|form| (strsim::jaro_winkler(head(form), &head_of(rest, form)), form))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let suggestion = near.filter(|(likeness, _)| *likeness > 0.75).map(|(_, form)| {
        let name = rest.split_whitespace().last().filter(|_| words > 1).unwrap_or("");
        let filled = if form.ends_with(char::is_uppercase) {
            format!("{} {name}", head(form))
        } else {
            (*form).to_owned()
        };
        let filled = if name.is_empty() { (*form).to_owned() } else { filled };
        format!("{}{filled}", if not { "not " } else { "" })
    });
    PhraseError {
        message: format!("\"{text}\" is not a condition; the forms are: {}", FORMS.join(", ")),
        suggestion,
    }
}

/// The fixed words of a form: `in segment` of `in segment NAME`.
fn head(form: &str) -> &str {
    match form.rsplit_once(' ') {
        Some((head, name)) if name.chars().all(char::is_uppercase) => head,
        _ => form,
    }
}

/// As many leading words of `text` as the form has fixed words.
fn head_of(text: &str, form: &str) -> String {
    let count = head(form).split(' ').count();
    text.split_whitespace().take(count).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("not ")?;
        }
        self.fact.fmt(f)
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Opened(step) => write!(f, "opened {step}"),
            Fact::Clicked(step) => write!(f, "clicked {step}"),
            Fact::OpenedMail => f.write_str("opened a mail"),
            Fact::ClickedALink => f.write_str("clicked a link"),
            Fact::ClickedLink(name) => write!(f, "clicked link {name}"),
            Fact::Visited(path) => write!(f, "visited {path}"),
            Fact::Replied => f.write_str("replied"),
            Fact::Submitted(form) => write!(f, "submitted {form}"),
            Fact::SubmittedAForm => f.write_str("submitted a form"),
            Fact::BookedMeeting => f.write_str("booked a meeting"),
            Fact::Bought => f.write_str("bought"),
            Fact::Did(event) => write!(f, "did {event}"),
            Fact::Has(field) => write!(f, "has {field}"),
            Fact::Tagged(tag) => write!(f, "tagged {tag}"),
            Fact::InSegment(name) => write!(f, "in segment {name}"),
        }
    }
}

/// What is known about one lead when phrases are judged.
pub struct Known<'a> {
    pub lead: &'a Lead,
    /// What happened to the lead, as far back as the phrases may look.
    pub happenings: &'a [Happening],
    /// The enrollment that `opened STEP` and `clicked STEP` are about; none while choosing a sequence.
    pub enrollment: Option<i64>,
    /// Whether the lead is in the segment of this name.
    pub in_segment: &'a dyn Fn(&str) -> bool,
}

impl Known<'_> {
    /// Whether all phrases hold. An empty list holds.
    pub fn all(&self, phrases: &[Phrase]) -> bool {
        phrases.iter().all(|phrase| self.holds(phrase))
    }

    /// The first phrase that does not hold.
    pub fn first_miss<'p>(&self, phrases: &'p [Phrase]) -> Option<&'p Phrase> {
        phrases.iter().find(|phrase| !self.holds(phrase))
    }

    /// Whether one phrase holds.
    pub fn holds(&self, phrase: &Phrase) -> bool {
        self.is(&phrase.fact) != phrase.not
    }

    fn is(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Has(field) => self.lead.has(field),
            Fact::Tagged(tag) => self.lead.tags.iter().any(|have| have == tag),
            Fact::InSegment(name) => (self.in_segment)(name),
            _ => self.happenings.iter().any(|happening| happening.meets(fact, self.enrollment)),
        }
    }
}

/// Whether the path of a page fits `pattern`, in which `*` is any run of characters. The query is ignored.
pub fn path_fits(pattern: &str, path: &str) -> bool {
    fits(pattern, path.split(['?', '#']).next().unwrap_or(path))
}

/// Whether `text` fits `pattern`, in which `*` is any run of characters.
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
