//! A [`Reader`]: who looks at a page, and the words of the pages for them.

use axum::http::{HeaderMap, header};

use super::language::Language;
use super::pages::Page;
use crate::domain::address::Address;
use crate::nurture::Engine;
use crate::nurture::record::Found;
use crate::storage::leads::StoredLead;

/// In which language somebody reads, and whose page it is.
pub struct Reader {
    language: Language,
    company: Option<String>,
}

impl Reader {
    /// Somebody unknown: the language of the browser, else the default one.
    pub async fn of(engine: &Engine, headers: &HeaderMap) -> Self {
        let revision = engine.revision().await.ok();
        let funnel = revision.as_ref().map(|revision| &revision.workspace.funnel);
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let default = || funnel.and_then(|funnel| Language::of(&funnel.defaults.language));
        let language = asked.and_then(Language::accepted).or_else(default).unwrap_or(Language::En);
        let company = funnel.map(|funnel| funnel.company.name.clone());
        Self { language, company: company.filter(|company| !company.is_empty()) }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// A lead: its own language comes first.
    pub fn who_reads(self, stored: &StoredLead) -> Self {
        let own = stored.lead.contact.language.as_deref().and_then(Language::of);
        Self { language: own.unwrap_or(self.language), ..self }
    }

    /// Whether to unsubscribe.
    pub fn question(&self, email: &Address) -> Page {
        let (email, company) = (masked(email), self.company());
        match self.language {
            Language::De => self.page(
                "E-Mails abbestellen?",
                vec![format!("Nach dem Abmelden kommt an {email} keine Werbung von {company} mehr.")],
                Some("Abmelden"),
            ),
            Language::En => self.page(
                "Unsubscribe?",
                vec![format!("Once you unsubscribe, {company} sends no more marketing mail to {email}.")],
                Some("Unsubscribe"),
            ),
        }
    }

    /// It is done.
    pub fn done(&self, email: &Address, found: &Found) -> Page {
        let (email, company) = (masked(email), self.company());
        let (title, line, under_way) = match self.language {
            Language::De => (
                "Abgemeldet",
                format!("An {email} kommt keine Werbung von {company} mehr."),
                "Eine Nachricht war schon unterwegs und kann noch ankommen.",
            ),
            Language::En => (
                "You are unsubscribed",
                format!("{company} sends no more marketing mail to {email}."),
                "One mail was already on its way and may still arrive.",
            ),
        };
        let on_its_way = !(found.in_flight_delivered.is_empty() && found.in_flight_unknown.is_empty());
        let lines = [line].into_iter().chain(on_its_way.then(|| under_way.to_owned()));
        self.page(title, lines.collect(), None)
    }

    /// It was done before.
    pub fn already(&self) -> Page {
        let company = self.company();
        match self.language {
            Language::De => self.page(
                "Bereits abgemeldet",
                vec![format!("Es kommt keine Werbung von {company} mehr.")],
                None,
            ),
            Language::En => self.page(
                "Already unsubscribed",
                vec![format!("{company} sends no more marketing mail to this address.")],
                None,
            ),
        }
    }

    /// This was the way out of a test mail.
    pub fn only_a_test(&self) -> Page {
        match self.language {
            Language::De => self.page(
                "Das ist nur ein Test",
                vec!["Diese E-Mail war ein Test. In einer echten E-Mail meldet dieser Link ab; hier ändert er \
                      nichts, und niemand ist abgemeldet."
                    .to_owned()],
                None,
            ),
            Language::En => self.page(
                "This is only a test",
                vec!["This mail was a test. In a real mail this link unsubscribes; here it changes nothing, and \
                      nobody is unsubscribed."
                    .to_owned()],
                None,
            ),
        }
    }

    /// This was the form of a test mail.
    pub fn only_a_test_form(&self) -> Page {
        match self.language {
            Language::De => self.page(
                "Das ist nur ein Test",
                vec!["Diese E-Mail war ein Test. In einer echten E-Mail führt dieser Link zu einem Formular, das nur \
                      nach dem fragt, was noch fehlt."
                    .to_owned()],
                None,
            ),
            Language::En => self.page(
                "This is only a test",
                vec!["This mail was a test. In a real mail this link leads to a form that asks only for what is \
                      missing."
                    .to_owned()],
                None,
            ),
        }
    }

    /// The link leads nowhere.
    pub fn no_such_page(&self) -> Page {
        match self.language {
            Language::De => self.page(
                "Diese Seite gibt es nicht",
                vec!["Der Link ist unvollständig oder ungültig. Am besten in der E-Mail noch einmal anklicken, \
                      oder auf die E-Mail antworten."
                    .to_owned()],
                None,
            ),
            Language::En => self.page(
                "There is no such page",
                vec!["The link is incomplete or not valid. Try it once more from the mail, or answer the mail."
                    .to_owned()],
                None,
            ),
        }
    }

    /// Something broke here.
    pub fn try_again(&self) -> Page {
        match self.language {
            Language::De => self.page(
                "Das hat nicht geklappt",
                vec!["Der Fehler liegt bei uns. Bitte in ein paar Minuten noch einmal versuchen.".to_owned()],
                None,
            ),
            Language::En => self.page(
                "That did not work",
                vec!["The fault is ours. Please try again in a few minutes.".to_owned()],
                None,
            ),
        }
    }

    pub(super) fn page(&self, title: &str, lines: Vec<String>, button: Option<&str>) -> Page {
        Page {
            button: button.map(str::to_owned),
            company: self.company.clone(),
            ..Page::new(self.language, title, lines)
        }
    }

    pub(super) fn company(&self) -> &str {
        let nobody = match self.language {
            Language::De => "diesem Absender",
            Language::En => "this sender",
        };
        self.company.as_deref().unwrap_or(nobody)
    }
}

/// Enough of an address for its owner to know it, and too little for whoever was forwarded the mail.
fn masked(email: &Address) -> String {
    let first: String = email.local().chars().take(1).collect();
    format!("{first}…@{}", email.domain())
}
