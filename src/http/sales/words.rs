//! What the pages of sales say, in each language.

use crate::domain::feedback::FeedbackKind;
use crate::domain::hand_over::HandOverState;
use crate::domain::sales_link::SalesAction;
use crate::http::language::Language;

/// What a page of one action says.
pub struct Of {
    pub title: &'static str,
    /// What pressing the button means.
    pub meaning: &'static str,
    pub button: &'static str,
    pub done: &'static str,
    /// `{}` is the day until which something lasts; without one, a line with it is left out.
    pub then: &'static str,
}

/// The words of all pages. Some have `{}` where a name goes.
pub struct Words {
    /// How a day is written, for chrono.
    pub date: &'static str,
    pub overview: &'static str,
    pub all: &'static str,
    pub already: &'static str,
    pub closed: &'static str,
    pub closed_as: &'static str,
    /// What to do if a button was pressed by mistake.
    pub slip: &'static str,
    pub elsewhere: &'static str,
    pub elsewhere_with: &'static str,
    /// The right person is with somebody already.
    pub with_another: &'static str,
    pub somebody: &'static str,
    pub nothing_changed: &'static str,
    pub gone: [&'static str; 2],
    pub broken: [&'static str; 2],

    pub how: &'static str,
    pub no: [(&'static str, &'static str); 2],
    pub why: &'static str,
    pub say: &'static str,
    pub until: &'static str,
    pub email: &'static str,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub amount: &'static str,
    pub amount_hint: &'static str,
    pub feedback: &'static str,
    pub no_feedback: &'static str,
    pub feedback_hint: &'static str,
    pub feedback_words: &'static str,
    feedbacks: [&'static str; 3],

    pub choose: &'static str,
    pub no_reason: &'static str,
    pub no_date: &'static str,
    pub not_then: &'static str,
    pub no_email: &'static str,
    pub no_amount: &'static str,

    states: &'static [(HandOverState, &'static str)],
    actions: &'static [(SalesAction, Of)],
}

impl Words {
    /// The page of an action; of one that has none, that of accepting.
    pub fn of(&self, action: SalesAction) -> &Of {
        let found = self.actions.iter().find(|(known, _)| *known == action);
        &found.unwrap_or(&self.actions[0]).1
    }

    pub fn state(&self, state: HandOverState) -> &'static str {
        self.states.iter().find(|(known, _)| *known == state).map_or(state.as_str(), |(_, words)| words)
    }

    pub fn feedback(&self, kind: FeedbackKind) -> &'static str {
        match kind {
            FeedbackKind::Address => self.feedbacks[0],
            FeedbackKind::Benefit => self.feedbacks[1],
            FeedbackKind::Tone => self.feedbacks[2],
        }
    }
}

/// The words in a language.
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::De => &GERMAN,
        Language::En => &ENGLISH,
    }
}

const ENGLISH: Words = Words {
    date: "%-d %b %Y",
    overview: "All that is known, and what may come of it.",
    all: "Everything on one page",
    already: "That was so already. Nothing changed.",
    closed: "This is settled already",
    closed_as: "This lead is {}.",
    slip: "If that was a slip, whoever looks after Dripline can hand the lead over to you once more.",
    elsewhere: "A colleague has this lead",
    elsewhere_with: "By now the lead is with {}.",
    with_another: "The right person is with {} already, who is told of it. Nothing is sent to the other one any more.",
    somebody: "somebody else",
    nothing_changed: "Nothing changed.",
    gone: ["There is no such page", "The link is incomplete or not valid. Try it once more from the mail."],
    broken: ["That did not work", "The fault is ours. Please try again in a few minutes."],

    how: "For how long?",
    no: [
        ("now", "Not now: nothing is sent until somebody begins again"),
        ("never", "Never: this person wants no mail of us any more"),
    ],
    why: "Why?",
    say: "In your own words",
    until: "Remind me on",
    email: "E-mail of the right person",
    first_name: "First name",
    last_name: "Last name",
    amount: "Amount",
    amount_hint: "In the currency of the house, such as 12000. May be left empty.",
    feedback: "Was something wrong with the mail? Marketing gets to see it.",
    no_feedback: "No",
    feedback_hint: "",
    feedback_words: "What would have been better?",
    feedbacks: [
        "It went to the wrong people, or called them wrongly",
        "It promised the wrong thing",
        "Its tone was wrong",
    ],

    choose: "Please choose one of the two.",
    no_reason: "Please choose a reason, or write one.",
    no_date: "Please choose a day.",
    not_then: "Please choose a day to come, within two years.",
    no_email: "\"{}\" is not an e-mail address.",
    no_amount: "\"{}\" is not an amount.",

    states: &[
        (HandOverState::Won, "won"),
        (HandOverState::Lost, "lost"),
        (HandOverState::Returned, "with marketing again"),
    ],
    actions: &[
        (
            SalesAction::Accept,
            Of {
                title: "I take it on",
                meaning: "The lead stays with you and counts as SQL. Nobody reminds you any more.",
                button: "I take it on",
                done: "It is yours",
                then: "The lead counts as SQL. Marketing stays silent.",
            },
        ),
        (
            SalesAction::No,
            Of {
                title: "Not interested",
                meaning: "The lead leaves you. Marketing does not begin again by itself.",
                button: "Not interested",
                done: "Noted: not interested",
                then: "Nothing is sent to this lead.",
            },
        ),
        (
            SalesAction::Later,
            Of {
                title: "Later",
                meaning: "The lead stays with you, and marketing silent. You get a mail on that day.",
                button: "Remind me then",
                done: "You will be reminded",
                then: "You get a mail on {}. Marketing stays silent until then.",
            },
        ),
        (
            SalesAction::WrongPerson,
            Of {
                title: "Wrong person",
                meaning: "Name the right one: that lead is yours then. Marketing writes to it only if it has agreed to \
                    that. It leaves this one alone.",
                button: "This is the right one",
                done: "The right person is yours",
                then: "A mail with all that is known is on its way to you. Nothing is sent to the other one any more.",
            },
        ),
        (
            SalesAction::NotAReply,
            Of {
                title: "This is no reply",
                meaning: "What came in was none: an automatic mail, for example. Marketing goes on as if it had not \
                    been.",
                button: "It is no reply",
                done: "Marketing goes on",
                then: "The lead is with marketing again.",
            },
        ),
        (
            SalesAction::Meeting,
            Of {
                title: "A meeting is agreed",
                meaning: "The lead counts as an opportunity, and as SQL.",
                button: "A meeting is agreed",
                done: "Noted: a meeting",
                then: "The lead counts as an opportunity.",
            },
        ),
        (
            SalesAction::Offer,
            Of {
                title: "Wants an offer",
                meaning: "The lead counts as an opportunity, and as SQL.",
                button: "It wants an offer",
                done: "Noted: an offer",
                then: "The lead counts as an opportunity.",
            },
        ),
        (
            SalesAction::Won,
            Of {
                title: "Won",
                meaning: "The lead is a customer. The sequences for customers begin.",
                button: "Won",
                done: "Congratulations!",
                then: "The lead is a customer.",
            },
        ),
        (
            SalesAction::Lost,
            Of {
                title: "Lost",
                meaning: "Nothing is sent to the lead, unless its reason says when marketing begins again.",
                button: "Lost",
                done: "Noted: lost",
                then: "Marketing begins again on {}, unless the lead has left.",
            },
        ),
        (
            SalesAction::Return,
            Of {
                title: "Back to marketing",
                meaning: "Marketing goes on with the lead after a rest. Whoever has unsubscribed stays so.",
                button: "Back to marketing",
                done: "It is with marketing again",
                then: "Nothing is sent before {}.",
            },
        ),
    ],
};

const GERMAN: Words = Words {
    date: "%d.%m.%Y",
    overview: "Alles, was bekannt ist, und was daraus werden kann.",
    all: "Alles auf einer Seite",
    already: "Das war schon so. Nichts hat sich geändert.",
    closed: "Das ist schon entschieden",
    closed_as: "Dieser Lead ist {}.",
    slip: "War das ein Versehen? Wer sich um Dripline kümmert, kann dir den Lead noch einmal übergeben.",
    elsewhere: "Jemand anders hat diesen Lead",
    elsewhere_with: "Der Lead ist inzwischen bei {}.",
    with_another: "Die richtige Person ist schon bei {}; dort kommt eine Nachricht an. An die andere geht nichts mehr hinaus.",
    somebody: "jemand anderem",
    nothing_changed: "Nichts hat sich geändert.",
    gone: [
        "Diese Seite gibt es nicht",
        "Der Link ist unvollständig oder ungültig. Am besten in der E-Mail noch einmal anklicken.",
    ],
    broken: [
        "Das hat nicht geklappt",
        "Der Fehler liegt bei uns. Bitte in ein paar Minuten noch einmal versuchen.",
    ],

    how: "Für wie lange?",
    no: [
        ("now", "Jetzt nicht: Es geht nichts hinaus, bis jemand neu beginnt"),
        ("never", "Nie: Die Person will von uns keine Mails mehr"),
    ],
    why: "Warum?",
    say: "In deinen Worten",
    until: "Erinnere mich am",
    email: "E-Mail der richtigen Person",
    first_name: "Vorname",
    last_name: "Nachname",
    amount: "Betrag",
    amount_hint: "In der Währung des Hauses, etwa 12000. Darf leer bleiben.",
    feedback: "Stimmte etwas mit der Mail nicht? Das Marketing bekommt es zu sehen.",
    no_feedback: "Nein",
    feedback_hint: "",
    feedback_words: "Was wäre besser gewesen?",
    feedbacks: [
        "Sie ging an die Falschen, oder sprach sie falsch an",
        "Sie versprach das Falsche",
        "Der Ton war falsch",
    ],

    choose: "Bitte eines von beiden wählen.",
    no_reason: "Bitte einen Grund wählen oder schreiben.",
    no_date: "Bitte einen Tag wählen.",
    not_then: "Bitte einen künftigen Tag wählen, in den nächsten zwei Jahren.",
    no_email: "„{}“ ist keine E-Mail-Adresse.",
    no_amount: "„{}“ ist kein Betrag.",

    states: &[
        (HandOverState::Won, "gewonnen"),
        (HandOverState::Lost, "verloren"),
        (HandOverState::Returned, "wieder beim Marketing"),
    ],
    actions: &[
        (
            SalesAction::Accept,
            Of {
                title: "Ich übernehme",
                meaning: "Der Lead bleibt bei dir und gilt als SQL. Niemand erinnert dich mehr.",
                button: "Ich übernehme",
                done: "Er gehört dir",
                then: "Der Lead gilt als SQL. Das Marketing schweigt weiter.",
            },
        ),
        (
            SalesAction::No,
            Of {
                title: "Kein Interesse",
                meaning: "Der Lead ist nicht mehr bei dir. Das Marketing beginnt nicht von selbst neu.",
                button: "Kein Interesse",
                done: "Notiert: kein Interesse",
                then: "An diesen Lead geht nichts hinaus.",
            },
        ),
        (
            SalesAction::Later,
            Of {
                title: "Später",
                meaning: "Der Lead bleibt bei dir, und das Marketing still. An dem Tag bekommst du eine Mail.",
                button: "Dann erinnern",
                done: "Du wirst erinnert",
                then: "Am {} kommt eine Mail. Bis dahin schweigt das Marketing.",
            },
        ),
        (
            SalesAction::WrongPerson,
            Of {
                title: "Falsche Person",
                meaning: "Nenne die richtige: Dieser Lead ist dann deiner. Das Marketing schreibt ihm nur, wenn er dem \
                    zugestimmt hat. Die andere Person lässt es in Ruhe.",
                button: "Das ist die richtige",
                done: "Die richtige Person ist bei dir",
                then: "Eine Mail mit allem, was bekannt ist, ist unterwegs zu dir. An die andere geht nichts mehr hinaus.",
            },
        ),
        (
            SalesAction::NotAReply,
            Of {
                title: "Keine Antwort",
                meaning: "Was ankam, war keine: eine automatische Mail etwa. Das Marketing macht weiter, als wäre \
                    nichts gewesen.",
                button: "Es ist keine Antwort",
                done: "Das Marketing macht weiter",
                then: "Der Lead ist wieder beim Marketing.",
            },
        ),
        (
            SalesAction::Meeting,
            Of {
                title: "Termin vereinbart",
                meaning: "Der Lead gilt als Chance, und als SQL.",
                button: "Ein Termin ist vereinbart",
                done: "Notiert: ein Termin",
                then: "Der Lead gilt als Chance.",
            },
        ),
        (
            SalesAction::Offer,
            Of {
                title: "Will ein Angebot",
                meaning: "Der Lead gilt als Chance, und als SQL.",
                button: "Er will ein Angebot",
                done: "Notiert: ein Angebot",
                then: "Der Lead gilt als Chance.",
            },
        ),
        (
            SalesAction::Won,
            Of {
                title: "Gewonnen",
                meaning: "Der Lead ist Kunde. Die Sequenzen für Kunden beginnen.",
                button: "Gewonnen",
                done: "Glückwunsch!",
                then: "Der Lead ist Kunde.",
            },
        ),
        (
            SalesAction::Lost,
            Of {
                title: "Verloren",
                meaning: "An den Lead geht nichts hinaus, außer der Grund sagt, wann das Marketing neu beginnt.",
                button: "Verloren",
                done: "Notiert: verloren",
                then: "Am {} beginnt das Marketing wieder, sofern der Lead sich nicht abgemeldet hat.",
            },
        ),
        (
            SalesAction::Return,
            Of {
                title: "Zurück ans Marketing",
                meaning: "Das Marketing macht nach einer Pause mit dem Lead weiter. Wer sich abgemeldet hat, bleibt es.",
                button: "Zurück ans Marketing",
                done: "Er ist wieder beim Marketing",
                then: "Vor dem {} geht nichts hinaus.",
            },
        ),
    ],
};
