//! The forms of the pages of sales: what they ask for, and what is read from what they send.

use chrono::{NaiveDate, NaiveTime};

use super::Sent;
use super::words::Words;
use crate::domain::address::Address;
use crate::domain::feedback::{Feedback, FeedbackKind};
use crate::domain::sales_link::SalesAction;
use crate::domain::schedule::resolve;
use crate::domain::time::{DAY, Timestamp};
use crate::http::pages::{Choice, Input};
use crate::nurture::Change;
use crate::nurture::record::LeadInput;
use crate::workspace::Funnel;

/// Characters of a text.
const LONGEST: usize = 1_000;

/// Nobody is reminded later than this, in milliseconds.
const LATEST: i64 = 750 * DAY;

/// The hour of the day at which reps are reminded.
const MORNING: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).unwrap();

/// What a rep wants.
pub struct Wish {
    pub change: Change,
    pub feedback: Option<Feedback>,
}

/// What a form asks for; with what was sent before, if that is to be mended.
pub fn fields(action: SalesAction, funnel: &Funnel, words: &Words, sent: Option<&Sent>) -> Vec<Input> {
    let form = Form { words, sent };
    match action {
        SalesAction::No => {
            let choices = words.no.map(|(value, label)| (value.to_owned(), label.to_owned()));
            [form.choose("no", words.how, choices.to_vec(), true), form.say()]
                .into_iter()
                .chain(form.feedback())
                .collect()
        }
        SalesAction::Later => {
            vec![Input { kind: "date", required: true, ..form.field("until", words.until) }]
        }
        SalesAction::WrongPerson => vec![
            Input { kind: "email", required: true, ..form.field("email", words.email) },
            form.field("first_name", words.first_name),
            form.field("last_name", words.last_name),
        ],
        SalesAction::Won => {
            vec![Input { hint: words.amount_hint.to_owned(), ..form.field("amount", words.amount) }]
        }
        SalesAction::Lost => {
            let reasons = funnel.sales.losses.iter().map(|(name, rule)| (name.clone(), rule.title.clone()));
            form.reason(reasons.collect())
        }
        SalesAction::Return => {
            let reasons = funnel.sales.returns.iter().map(|(name, rule)| (name.clone(), rule.title.clone()));
            form.reason(reasons.collect())
        }
        SalesAction::Page
        | SalesAction::Accept
        | SalesAction::NotAReply
        | SalesAction::Meeting
        | SalesAction::Offer => Vec::new(),
    }
}

struct Form<'a> {
    words: &'a Words,
    sent: Option<&'a Sent>,
}

impl Form<'_> {
    fn value(&self, name: &str) -> String {
        self.sent.and_then(|sent| sent.get(name)).cloned().unwrap_or_default()
    }

    fn field(&self, name: &'static str, label: &str) -> Input {
        Input {
            name: name.to_owned(),
            label: label.to_owned(),
            kind: "text",
            autocomplete: "off",
            longest: LONGEST,
            value: self.value(name),
            ..Input::default()
        }
    }

    fn choose(&self, name: &'static str, label: &str, of: Vec<(String, String)>, required: bool) -> Input {
        let given = self.value(name);
        let choice = |(value, label): (String, String)| Choice { chosen: value == given, value, label };
        let choices = of.into_iter().map(choice).collect();
        Input { choices, open: true, required, ..self.field(name, label) }
    }

    /// Free words.
    fn say(&self) -> Input {
        Input { long: true, ..self.field("words", self.words.say) }
    }

    /// A reason out of some, words, and a feedback on the mail.
    fn reason(&self, reasons: Vec<(String, String)>) -> Vec<Input> {
        let say = Input { required: reasons.is_empty(), ..self.say() };
        let choose = (!reasons.is_empty()).then(|| self.choose("reason", self.words.why, reasons, false));
        choose.into_iter().chain([say]).chain(self.feedback()).collect()
    }

    fn feedback(&self) -> [Input; 2] {
        let words = self.words;
        let none = (String::new(), words.no_feedback.to_owned());
        let kinds = FeedbackKind::ALL.iter().map(|kind| (kind.to_string(), words.feedback(*kind).to_owned()));
        let mut choose =
            self.choose("feedback", words.feedback, [none].into_iter().chain(kinds).collect(), false);
        choose.hint = words.feedback_hint.to_owned();
        [choose, self.field("feedback_words", words.feedback_words)]
    }
}

/// What a form sent; else what is to be mended, in words.
pub fn read(
    action: SalesAction,
    sent: &Sent,
    funnel: &Funnel,
    words: &Words,
    now: Timestamp,
) -> Result<Wish, String> {
    let said = text(sent, "words");
    let change = match action {
        SalesAction::Accept => Change::Accept { rep: None, opportunity: false },
        // The page itself says nothing.
        SalesAction::Page => return Err(words.choose.to_owned()),
        SalesAction::Meeting => Change::Meeting,
        SalesAction::Offer => Change::Offer,
        SalesAction::NotAReply => Change::NotAReply,
        SalesAction::No => {
            let how = text(sent, "no").ok_or(words.choose)?;
            Change::No { never: how == "never", words: said }
        }
        SalesAction::Later => Change::Later { until: until(sent, funnel, words, now)? },
        SalesAction::WrongPerson => Change::WrongPerson { right: Box::new(right(sent, words)?), rep: None },
        SalesAction::Won => {
            let amount = match text(sent, "amount") {
                Some(text) => Some(amount(&text).ok_or_else(|| words.no_amount.replace("{}", &text))?),
                None => None,
            };
            Change::Won { amount, reason: None }
        }
        SalesAction::Lost => {
            let known = funnel.sales.losses.iter().map(|(name, _)| name.as_str());
            let (reason, said) = reason(sent, known, words)?;
            Change::Lost { reason, words: said }
        }
        SalesAction::Return => {
            let known = funnel.sales.returns.iter().map(|(name, _)| name.as_str());
            let (reason, said) = reason(sent, known, words)?;
            Change::Return { reason, words: said, sequence: None }
        }
    };
    let about: Option<FeedbackKind> = text(sent, "feedback").and_then(|about| about.parse().ok());
    let feedback =
        about.map(|about| Feedback { about, words: text(sent, "feedback_words").unwrap_or_default() });
    Ok(Wish { change, feedback })
}

/// A reason that funnel.toml names and words beside it, or words alone.
fn reason<'k>(
    sent: &Sent,
    mut known: impl Iterator<Item = &'k str>,
    words: &Words,
) -> Result<(String, Option<String>), String> {
    let said = text(sent, "words");
    let chosen = text(sent, "reason").filter(|reason| known.any(|known| known == reason));
    match (chosen, said) {
        (Some(reason), said) => Ok((reason, said)),
        (None, Some(said)) => Ok((said, None)),
        (None, None) => Err(words.no_reason.to_owned()),
    }
}

fn until(sent: &Sent, funnel: &Funnel, words: &Words, now: Timestamp) -> Result<Timestamp, String> {
    let given = text(sent, "until").unwrap_or_default();
    let date = NaiveDate::parse_from_str(&given, "%Y-%m-%d").ok();
    let date = date.or_else(|| NaiveDate::parse_from_str(&given, "%d.%m.%Y").ok());
    let date = date.ok_or_else(|| words.no_date.to_owned())?;
    let until = resolve(date.and_time(MORNING), funnel.defaults.timezone);
    if until <= now || until > now + LATEST { Err(words.not_then.to_owned()) } else { Ok(until) }
}

/// The person to talk to.
fn right(sent: &Sent, words: &Words) -> Result<LeadInput, String> {
    let email = text(sent, "email").unwrap_or_default();
    let email: Address = email.parse().map_err(|_| words.no_email.replace("{}", &email))?;
    Ok(LeadInput::named_by_sales(email, text(sent, "first_name"), text(sent, "last_name")))
}

/// A text in one line, if there is any.
fn text(sent: &Sent, name: &str) -> Option<String> {
    let text: String = sent.get(name)?.chars().take(LONGEST).collect();
    let text = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let text = text.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// `12.000,50`, `12,000.50`, `12 000 €`.
fn amount(text: &str) -> Option<f64> {
    let kept = |letter: &char| letter.is_ascii_digit() || matches!(letter, ',' | '.' | '-');
    let text: String = text.chars().filter(kept).collect();
    if text.starts_with('-') {
        return None;
    }
    let text = text.trim_matches(|letter| matches!(letter, ',' | '.' | '-'));
    // The last mark is that of cents if one or two digits are behind it.
    let cents = text.rfind([',', '.']).filter(|at| matches!(text.len() - at, 2 | 3));
    let (whole, cents) = cents.map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let number: f64 = format!("{whole}.{cents}0").parse().ok()?;
    (!whole.is_empty() && number < 1e15).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, number) in [
            ("12000", Some(12_000.0)),
            ("12.000", Some(12_000.0)),
            ("12.000,50 €", Some(12_000.5)),
            ("EUR 12,000.50", Some(12_000.5)),
            ("1.234.567", Some(1_234_567.0)),
            ("99,9", Some(99.9)),
            ("12.000,-", Some(12_000.0)),
            ("viel", None),
            ("-3", None),
            ("EUR -12.000", None),
            ("", None),
            ("9999999999999999999", None),
        ] {
            assert_eq!(amount(text), number, "{text}");
        }
    }

    #[test]
    fn texts_have_one_line_and_no_control_characters() {
        let sent =
            Sent::from([("a".to_owned(), " x\r\nY:\0z ".to_owned()), ("b".to_owned(), "\0 ".to_owned())]);
        assert_eq!(text(&sent, "a").as_deref(), Some("x Y: z"));
        assert_eq!(text(&sent, "b"), None);
        assert_eq!(text(&sent, "c"), None);
    }
}
