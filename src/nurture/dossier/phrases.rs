//! What the mails to reps say, in each language.

use crate::domain::gate::StopKind;
use crate::workspace::Funnel;

pub struct Phrases {
    pub handed_over: &'static str,
    pub reply_from: &'static str,
    pub wrote: &'static str,
    /// With `{}` for the lead's name.
    pub for_lead: &'static str,
    pub no_words: &'static str,
    pub attached: &'static str,
    pub too_large: &'static str,
    pub answer: &'static str,
    pub known: &'static str,
    /// Fields of a lead, and what they are called.
    pub fields: &'static [(&'static str, &'static str)],
    pub stage: &'static str,
    /// Score, fit, engagement.
    pub score: [&'static str; 3],
    pub no_marketing: &'static str,
    /// Why leads are handed over, as the engine says it and as it is read here.
    pub causes: &'static [(&'static str, &'static str)],
    /// Why nothing is sent.
    pub stops: &'static [(StopKind, &'static str)],
}

impl Phrases {
    /// Why a lead is handed over. What somebody wrote himself stays as it is.
    pub fn cause<'a>(&self, cause: &'a str) -> &'a str {
        self.causes.iter().find(|(known, _)| *known == cause).map_or(cause, |(_, words)| words)
    }

    pub fn because(&self, stop: StopKind) -> &'static str {
        self.stops.iter().find(|(known, _)| *known == stop).map_or(stop.because(), |(_, words)| words)
    }

    pub fn answers_for(&self, lead: &str) -> String {
        self.for_lead.replace("{}", lead)
    }

    pub fn scores(&self, fit: f64, engagement: f64) -> String {
        let [all, who, what] = self.score;
        format!("{all} {:.0}: {who} {fit:.0}, {what} {engagement:.0}", fit + engagement)
    }
}

/// The phrases of the language that funnel.toml names.
pub fn phrases(funnel: &Funnel) -> &'static Phrases {
    if funnel.defaults.language == "de" { &GERMAN } else { &ENGLISH }
}

const ENGLISH: Phrases = Phrases {
    handed_over: "was handed over to you",
    reply_from: "Reply from",
    wrote: "wrote",
    for_lead: "(for {})",
    no_words: "(without a text; see the mail itself, which is attached)",
    attached: "Attached",
    too_large: "Too large for this mail",
    answer: "Answer this mail: your answer goes to the lead. Marketing is silent from now on.",
    known: "What is known",
    fields: &[
        ("email", "email"),
        ("phone", "phone"),
        ("job_title", "job title"),
        ("company.name", "company"),
        ("city", "city"),
        ("country", "country"),
        ("language", "language"),
        ("source", "source"),
        ("tags", "tags"),
    ],
    stage: "stage",
    score: ["score", "fit", "engagement"],
    no_marketing: "no marketing mail",
    causes: &[],
    stops: &[],
};

const GERMAN: Phrases = Phrases {
    handed_over: "ist jetzt bei dir",
    reply_from: "Antwort von",
    wrote: "schrieb",
    for_lead: "(für {})",
    no_words: "(ohne Text; siehe die Mail selbst, sie hängt an)",
    attached: "Angehängt",
    too_large: "Zu groß für diese Mail",
    answer: "Antworte auf diese Mail: Deine Antwort geht an den Lead. Das Marketing schweigt ab jetzt.",
    known: "Was bekannt ist",
    fields: &[
        ("email", "E-Mail"),
        ("phone", "Telefon"),
        ("job_title", "Position"),
        ("company.name", "Firma"),
        ("city", "Ort"),
        ("country", "Land"),
        ("language", "Sprache"),
        ("source", "Quelle"),
        ("tags", "Tags"),
    ],
    stage: "Stufe",
    score: ["Punkte", "Profil", "Interesse"],
    no_marketing: "keine Werbung",
    causes: &[
        ("replied", "hat geantwortet"),
        ("booked a meeting", "hat einen Termin gebucht"),
        ("handed over by hand", "von Hand übergeben"),
    ],
    stops: &[
        (StopKind::Unsubscribe, "die Person hat sich abgemeldet"),
        (StopKind::Objection, "die Person hat widersprochen"),
        (StopKind::Complaint, "die Person hat sich über Spam beschwert"),
        (StopKind::HardBounce, "die Adresse gibt es nicht"),
        (StopKind::SoftBounces, "eine Mail nach der anderen kam zurück"),
        (StopKind::Erasure, "die Person ließ ihre Daten löschen"),
        (StopKind::ByHand, "von Hand gestoppt"),
    ],
};
