//! [`Section`]: what is known of a lead, in words, for mails and pages alike.

use chrono_tz::Tz;

use super::facts::{LeadSheet, SentMail};
use super::full_name;
use super::phrases::Phrases;
use crate::domain::consent::{Channel, Consent};
use crate::domain::event::Happening;
use crate::domain::lead::Lead;
use crate::domain::schedule::local;
use crate::domain::stage::Party;
use crate::domain::time::Timestamp;
use crate::domain::visible;
use crate::nurture::record::zone_of;
use crate::nurture::revision::Revision;
use crate::workspace::Funnel;

/// Reasons for a score, and deeds, that are shown.
const MOST: usize = 8;

/// A part of what is known.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Section {
    pub title: String,
    pub rows: Vec<Row>,
}

/// A line of it, in one line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// Empty: the value says it all.
    pub label: String,
    pub value: String,
    /// Still to be found out.
    pub open: bool,
}

impl Row {
    fn new(label: &str, value: impl AsRef<str>) -> Self {
        Self { label: label.to_owned(), value: visible::field(value.as_ref()), open: false }
    }
}

/// Whose words and dates the sections are in.
pub struct Words<'a> {
    pub revision: &'a Revision,
    pub phrases: &'static Phrases,
}

impl Words<'_> {
    fn funnel(&self) -> &Funnel {
        &self.revision.workspace.funnel
    }

    /// In which all dates and times are, but those of the lead.
    pub fn zone(&self) -> Tz {
        self.funnel().defaults.timezone
    }

    fn date(&self, at: Timestamp) -> String {
        local(at, self.zone()).format(self.phrases.date).to_string()
    }

    pub fn date_time(&self, at: Timestamp) -> String {
        local(at, self.zone()).format(self.phrases.date_time).to_string()
    }

    /// The name of a rep; the key if there is no such rep any more.
    pub fn rep(&self, key: &str) -> String {
        self.funnel().rep_name(key).to_owned()
    }

    /// All sections that have something to say.
    pub fn sections(&self, sheet: &LeadSheet) -> Vec<Section> {
        let phrases = self.phrases;
        let all = [
            (phrases.known, self.contact(sheet)),
            (phrases.judged, self.judgement(sheet)),
            (phrases.bant, self.questions(sheet.lead())),
            (phrases.colleagues, sheet.colleagues.iter().map(|lead| self.colleague(lead)).collect()),
            (phrases.actions, sheet.deeds.iter().take(MOST).map(|deed| self.deed(deed)).collect()),
            (phrases.mails, sheet.mails.iter().map(|mail| self.mail(mail, sheet.lead())).collect()),
            (phrases.consent, self.consents(&sheet.consents)),
        ];
        let told = all.into_iter().filter(|(_, rows)| !rows.is_empty());
        told.map(|(title, rows)| Section { title: title.to_owned(), rows }).collect()
    }

    /// Who the lead is and where, and whether one may call.
    fn contact(&self, sheet: &LeadSheet) -> Vec<Row> {
        let mut rows = self.fields(sheet.lead(), |_| true);
        rows.extend(self.reach(sheet));
        let stopped = sheet.lead().closed_by.or(sheet.stored.suppressed_by);
        rows.extend(stopped.map(|stop| Row::new(self.phrases.no_marketing, self.phrases.because(stop))));
        rows
    }

    /// The part of it that the lead knows.
    pub fn card(&self, sheet: &LeadSheet) -> Vec<Row> {
        let own = ["email", "phone", "job_title", "company.name", "city", "country"];
        let mut rows = self.fields(sheet.lead(), |field| own.contains(&field));
        rows.extend(self.reach(sheet));
        rows
    }

    fn fields(&self, lead: &Lead, shows: impl Fn(&str) -> bool) -> Vec<Row> {
        let shown = self.phrases.fields.iter().filter(|(field, _)| shows(field));
        shown.filter_map(|(field, label)| Some(Row::new(label, lead.field(field)?))).collect()
    }

    /// What time it is there, and whether one may call.
    fn reach(&self, sheet: &LeadSheet) -> [Row; 2] {
        let phrases = self.phrases;
        let zone = zone_of(self.revision, sheet.lead());
        let clock = local(sheet.now, zone).format(phrases.clock);
        let agreed = sheet.consents.iter().find(|consent| consent.channel == Channel::Phone);
        let may_call = match agreed {
            Some(consent) => phrases.call_agreed.replace("{}", &self.date(consent.at)),
            None => phrases.call_unknown.to_owned(),
        };
        [Row::new(phrases.local_time, format!("{clock} ({zone})")), Row::new(phrases.may_call, may_call)]
    }

    /// How the house judges the lead, and why.
    fn judgement(&self, sheet: &LeadSheet) -> Vec<Row> {
        let (lead, phrases, rules) = (sheet.lead(), self.phrases, &self.funnel().rules);
        let worth = rules.worth(lead, sheet.now);
        let mut rows = vec![
            Row::new(phrases.stage, phrases.stage(lead.stage)),
            Row::new(phrases.qualification, phrases.qualification(lead.qualification)),
            Row::new(phrases.temperature, phrases.heat(worth.temperature)),
        ];
        let persona = worth.persona.as_deref().and_then(|name| rules.personas.named(name));
        rows.extend(persona.map(|persona| Row::new(phrases.persona, &persona.title)));
        rows.push(Row::new("", phrases.scores(worth.fit, worth.engagement)));
        let gave = sheet.deeds.iter().filter_map(|deed| Some((deed.details.points?, deed)));
        let gave = gave.filter(|(points, _)| *points != 0).take(MOST);
        rows.extend(
            gave.map(|(points, deed)| {
                Row::new(&format!("{points:+}"), self.deed_on(deed, self.date(deed.at)))
            }),
        );
        rows.extend(rules.fitting(lead, &worth).map(|rule| {
            let asked = rule.when.asks_for().into_iter();
            let known =
                asked.filter_map(|field| Some(format!("{} {}", self.field(&field), lead.field(&field)?)));
            Row::new(&format!("{:+}", rule.points), known.collect::<Vec<_>>().join(", "))
        }));
        rows
    }

    /// What a field is called.
    fn field<'f>(&self, field: &'f str) -> &'f str {
        let own = field.strip_prefix("fields.").unwrap_or(field);
        self.phrases.fields.iter().find(|(known, _)| *known == field).map_or(own, |(_, label)| label)
    }

    /// Budget, authority, need, timeframe: what is known, and what to ask.
    fn questions(&self, lead: &Lead) -> Vec<Row> {
        let row = |(field, label, question): &(&str, &str, &str)| match lead.field(&format!("fields.{field}"))
        {
            Some(known) => Row::new(label, known),
            None => Row { open: true, ..Row::new(label, format!("{}: {question}", self.phrases.ask)) },
        };
        self.phrases.questions.iter().map(row).collect()
    }

    fn colleague(&self, lead: &Lead) -> Row {
        let with = match (lead.with, &lead.owner) {
            (Party::Sales, Some(owner)) => self.rep(owner),
            (Party::Sales, None) => String::new(),
            (Party::Marketing, _) => self.phrases.with_marketing.to_owned(),
        };
        let about = [
            lead.contact.job_title.clone().unwrap_or_default(),
            self.phrases.stage(lead.stage).to_owned(),
            with,
        ];
        let about: Vec<String> = about.into_iter().filter(|text| !text.is_empty()).collect();
        Row::new(&visible::field(&full_name(lead)), about.join(", "))
    }

    fn deed(&self, deed: &Happening) -> Row {
        Row::new(&self.date_time(deed.at), self.deed_on(deed, String::new()))
    }

    fn deed_on(&self, deed: &Happening, date: String) -> String {
        let about = match deed.kind {
            crate::domain::event::EventKind::Opened => deed.details.step.as_deref(),
            _ => deed.details.about.as_deref(),
        };
        let what = self.phrases.deed(deed.kind, about.unwrap_or_default());
        if date.is_empty() { what } else { format!("{what} ({date})") }
    }

    fn mail(&self, mail: &SentMail, lead: &Lead) -> Row {
        let phrases = self.phrases;
        let subject = mail
            .subject
            .as_ref()
            .map_or_else(|| phrases.a_mail.to_owned(), |subject| format!("\"{subject}\""));
        let seen = match (lead.tracking, mail.clicked, mail.opened) {
            (false, ..) => phrases.not_tracked,
            (true, true, _) => phrases.clicked,
            (true, false, true) => phrases.opened,
            (true, false, false) => "",
        };
        let seen = if seen.is_empty() { String::new() } else { format!(" ({seen})") };
        Row::new(&self.date_time(mail.at), format!("{subject}{seen}"))
    }

    fn consents(&self, consents: &[Consent]) -> Vec<Row> {
        let phrases = self.phrases;
        if consents.is_empty() {
            return vec![Row::new("", phrases.no_consent)];
        }
        let row = |consent: &Consent| {
            let wording =
                consent.wording.as_ref().map(|wording| format!("{}: \"{wording}\"", phrases.wording));
            let parts = [
                Some(phrases.basis(consent.basis).to_owned()),
                Some(self.date(consent.at)),
                consent.form.clone(),
                wording,
            ];
            Row::new(
                phrases.channel(consent.channel),
                parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
            )
        };
        consents.iter().map(row).collect()
    }
}

/// The sections as plain text.
pub fn as_text(sections: &[Section]) -> String {
    let row = |row: &Row| match (row.label.as_str(), row.open) {
        ("", _) => row.value.clone(),
        (label, true) => format!("[ ] {label}: {}", row.value),
        (label, false) if label.ends_with('?') => format!("{label} {}", row.value),
        (label, false) => format!("{label}: {}", row.value),
    };
    let section = |section: &Section| {
        let rows: Vec<String> = section.rows.iter().map(row).collect();
        format!("{}:\n{}", section.title, rows.join("\n"))
    };
    sections.iter().map(section).collect::<Vec<_>>().join("\n\n")
}
