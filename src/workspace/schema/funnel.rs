//! `funnel.toml`

use super::takes::{ADDRESS, DURATION, NAME, SLOTS, WINDOWS, WORKING_TIME, ZONE};
use super::{Key, Schema, Takes, key};
use crate::domain::consent::Basis;
use crate::domain::routing::Choose;
use crate::domain::stage::{Qualification, Stage};
use crate::workspace::funnel::{FILE, ReplyThen, SalesHold};

/// What marketing and sales agreed on.
pub const FUNNEL: Schema = Schema {
    name: "funnel",
    file: FILE,
    about: "What marketing and sales agreed on: who writes, to whom, about what, and when a lead is whose.",
    keys: KEYS,
};

const KEYS: &[Key] = &[
    key("company", Takes::Table(COMPANY), "Your company, which stands below every mail.").required(),
    key("defaults", Takes::Table(DEFAULTS), "What sequences and leads do not say themselves."),
    key("sender", Takes::Named("anna", SENDER), "Somebody whom mails are from. There must be at least one.")
        .required(),
    key(
        "topic",
        Takes::Named("guides", TOPIC),
        "What recipients choose among. Without any there is one, `general`.",
    ),
    key("team", Takes::Named("kim", REP), "Somebody of sales."),
    key(
        "route",
        Takes::Tables(ROUTE),
        "Which leads go to whom. The first route that a lead fits counts; without any, the head of sales takes all.",
    ),
    key("routing", Takes::Table(ROUTING), "How a rep is chosen, and whom marketing leaves alone meanwhile."),
    key(
        "segment",
        Takes::Named("dach", WHEN_ONLY),
        "A named group of leads, for conditions: \"in segment NAME\".",
    ),
    key(
        "source",
        Takes::NamedFreely("spring fair", SOURCE),
        "Where leads come from, by the word that they bring along: for `dripline report`.",
    ),
    key("scoring", Takes::Table(SCORING), "How engagement fades."),
    key("score", Takes::Tables(SCORE), "Engagement: points for something that a lead does."),
    key("fit", Takes::Tables(FIT), "Fit: points for who a lead is. They do not fade."),
    key("temperature", Takes::Table(TEMPERATURE), "From where on a lead is warm, and hot: lead.temperature."),
    key(
        "persona",
        Takes::Named("it-lead", PERSONA),
        "A kind of person that marketing has in mind: lead.persona is the one that fits best.",
    ),
    key(
        "contact",
        Takes::Table(CONTACT),
        "What must be known of a lead before somebody talks to it: lead.complete.",
    ),
    key("stage", Takes::NamedBy(Stage::words, WHEN_ONLY), "What moves a lead forward to a funnel stage."),
    key(
        "qualification",
        Takes::NamedBy(Qualification::words, QUALIFICATION),
        "How the company judges a lead.",
    ),
    key("caps", Takes::Table(CAPS), "How much mail a lead gets, whatever the sequences say."),
    key("consent", Takes::Table(CONSENT), "Whom marketing may write to."),
    key("reply", Takes::Table(REPLY), "What the answer of a person leads to."),
    key("hand_over", Takes::Table(HAND_OVER), "By when a lead that is with sales hears from a rep."),
    key(
        "returned",
        Takes::Named("too-early", RETURNED),
        "A reason for which sales gives a lead back, and what marketing does then.",
    ),
    key(
        "lost",
        Takes::Named("no-budget", LOST),
        "A reason for which sales loses a lead. Marketing stays silent, unless it says `again`.",
    ),
];

const COMPANY: &[Key] = &[
    key(
        "imprint",
        Takes::Text,
        "Name, address and register of your company, as the law wants them. It stands below every \
        mail.",
    )
    .example("Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg")
    .required(),
    key("name", Takes::Text, "What your company is called in mails: {{sender.company}}.")
        .otherwise("the imprint up to its first comma")
        .example("Nordwerk GmbH"),
    key(
        "color",
        Takes::Form("#[0-9a-fA-F]{6}"),
        "Of buttons and links in mails, as six hexadecimal digits; darker or lighter where it could not be read.",
    )
    .otherwise("#0b57d0, a blue")
    .example("#0f766e"),
];

const DEFAULTS: &[Key] = &[
    key(
        "language",
        Takes::Form("[a-z]{2}"),
        "Two letters: the language of leads that have none, and of mails to sales.",
    )
    .default("en")
    .example("de"),
    key("timezone", ZONE, "The time zone of leads that have none.").default("UTC").example("Europe/Berlin"),
    key("sender", NAME, "A [sender.NAME]: whom mails are from if their sequence does not say.")
        .otherwise("the first of the file")
        .example("anna"),
    key("topic", NAME, "A [topic.NAME]: what mails are about if their sequence does not say.")
        .otherwise("the first of the file")
        .example("guides"),
    key("send", WINDOWS, "The hours in which mails go out, in the lead's own time zone; or \"always\".")
        .default("Mon-Fri 08:00-18:00")
        .example("Mon-Fri 08:00-18:00"),
    key(
        "slots",
        SLOTS,
        "Instead of `send`: moments at which mails go out, as cron with five fields and weekdays by name.",
    )
    .otherwise("none")
    .example("30 9 * * Tue,Thu"),
];

const SENDER: &[Key] = &[
    key("name", Takes::Text, "The name that recipients see.").example("Anna Berg, Nordwerk").required(),
    key("email", ADDRESS, "The address that mails are from.").example("anna@nordwerk.example").required(),
    key("reply_to", ADDRESS, "Where answers go, as long as the operator has set up no [inbound] domain.")
        .otherwise("the sender")
        .example("help@nordwerk.example"),
    key("relay", NAME, "A [relay.NAME] of dripline.toml, by which this sender's mails go out.")
        .otherwise("the relay `main`, else the first")
        .example("main"),
];

const TOPIC: &[Key] = &[key("title", Takes::Text, "What recipients read.")
    .otherwise("the name")
    .example("Guides and case studies")];

const REP: &[Key] = &[
    key("name", Takes::Text, "Whom leads and colleagues see.").example("Kim Meier").required(),
    key("email", ADDRESS, "Where hand-overs, and the answers of leads, arrive.")
        .example("kim@nordwerk.example")
        .required(),
    key(
        "capacity",
        Takes::Integer(1, 100_000),
        "How many leads that rules handed over the rep can have at once, until each is won, lost or returned.",
    )
    .otherwise("no bound")
    .example("20"),
    key("hours", WINDOWS, "When the rep works, on the own clock; or \"always\".")
        .default("Mon-Fri 08:00-18:00")
        .example("Mon-Thu 09:00-17:00"),
    key("timezone", ZONE, "The rep's own clock.").otherwise("that of [defaults]").example("Europe/Vienna"),
    key("away", Takes::Texts, "Days on which the rep takes no leads: one, or the first and the last of several.")
        .otherwise("never")
        .example("2026-12-24..2027-01-02"),
    key("deputy", NAME, "A [team.NAME] who takes the rep's leads on those days.")
        .otherwise("others of the route, else the head of sales")
        .example("tarek"),
];

const ROUTE: &[Key] = &[
    key("when", Takes::Text, "An expression in CEL over `lead`, `company`, `fit`, `engagement` and `score`.")
        .otherwise("every lead")
        .example("lead.country in [\"AT\", \"CH\"]"),
    key("segment", NAME, "A [segment.NAME] that the lead must be in.")
        .otherwise("every lead")
        .example("dach"),
    key("team", Takes::Texts, "The [team.NAME], one or a list, of whom one takes the lead.")
        .example("kim")
        .required(),
];

const ROUTING: &[Key] = &[
    key(
        "choose",
        Takes::Word(Choose::words),
        "round_robin: who has waited longest for a turn. least_loaded: who has the fewest leads.",
    )
    .default("round_robin")
    .example("least_loaded"),
    key("same_company", Takes::Flag, "A lead goes to the rep who has a colleague of it, in the same company.")
        .default("true")
        .example("false"),
    key("head", NAME, "The head of sales, a [team.NAME], who takes what fits nobody.")
        .otherwise("the first of the team")
        .example("kim"),
    key(
        "hold",
        Takes::Word(SalesHold::words),
        "company: while sales works on a lead, marketing leaves everybody in its company alone. lead: the lead only.",
    )
    .default("lead")
    .example("company"),
];

const SOURCE: &[Key] = &[
    key("title", Takes::Text, "What the report calls it.").otherwise("the name").example("Spring fair"),
    key(
        "cost",
        Takes::Integer(0, 1_000_000_000_000),
        "What was spent on it until now, in your currency: what a customer cost follows from it.",
    )
    .otherwise("not known")
    .example("1200"),
];

const WHEN: Key =
    key("when", Takes::Text, "An expression in CEL over `lead`, `company`, `fit`, `engagement` and `score`.")
        .example("lead.country in [\"DE\", \"AT\", \"CH\"]")
        .required();

const WHEN_ONLY: &[Key] = &[WHEN];

/// A rule about who somebody is: the scores are made of such.
const WHO: Key = key("when", Takes::Text, "An expression in CEL over `lead` and `company`.")
    .example("lead.country in [\"DE\", \"AT\", \"CH\"]")
    .required();

const SCORING: &[Key] = &[key("half_life", DURATION, "The time in which engagement halves.")
    .default("30 days")
    .example("45 days")];

const POINTS: Key = key("points", Takes::Integer(-1000, 1000), "How many points; they may be negative.")
    .example("20")
    .required();

const SCORE: &[Key] = &[
    key("on", Takes::Deed, "What the lead does, as a phrase.").example("clicked link pricing").required(),
    POINTS,
    key("at_most", Takes::Integer(1, 100_000), "The most points that this rule gives to a lead, or takes.")
        .otherwise("no limit")
        .example("40"),
    key("per", DURATION, "The time within which `at_most` counts, back from each deed. A day has 24 hours.")
        .otherwise("in all")
        .example("1 day"),
];

const FIT: &[Key] = &[WHO, POINTS];

const TEMPERATURE: &[Key] = &[
    key("hot", Takes::Table(HOT), "What makes a lead hot. Both must hold."),
    key("warm", Takes::Table(WARM), "What makes a lead warm that is not hot. Everybody else is cold."),
];

const HOT: &[Key] = &[
    key("score", HEAT, "The least score, fit and engagement together.").default("60").example("80"),
    key("within", DURATION, "The longest time since the last thing that the person did.")
        .default("14 days")
        .example("7 days"),
];

const WARM: &[Key] = &[
    key("score", HEAT, "The least score, fit and engagement together.").default("25").example("30"),
    key("within", DURATION, "The longest time since the last thing that the person did.")
        .default("45 days")
        .example("30 days"),
];

const HEAT: Takes = Takes::Integer(-100_000, 100_000);

const PERSONA: &[Key] = &[
    key("title", Takes::Text, "What people call it.").otherwise("the name").example("Head of IT"),
    key("at_least", Takes::Integer(1, 1000), "The weight from which on somebody is taken for this persona.")
        .default("1")
        .example("3"),
    key("match", Takes::Tables(FEATURE), "What speaks for this persona, or against it.").required(),
];

const FEATURE: &[Key] = &[
    WHO,
    key(
        "weight",
        Takes::Integer(-1000, 1000),
        "What it counts if it holds; below 0 it speaks against the persona.",
    )
    .default("1")
    .example("3"),
];

const CONTACT: &[Key] = &[key(
    "complete",
    Takes::Texts,
    "Fields that must be filled, as in `has FIELD`. `name` is first and last name, `company` the name of the company.",
)
.otherwise("nothing: every lead is complete")
.example("phone")];

const QUALIFICATION: &[Key] = &[
    WHEN,
    key("hand_over", Takes::Text, "Hands the lead to sales with this cause when the rule comes true.")
        .otherwise("no hand-over; of `sql`, \"looks ready to buy\"")
        .example("looks ready to buy"),
];

const CAPS: &[Key] = &[
    key("min_gap", DURATION, "The least time between two mails to one lead.")
        .default("1 day")
        .example("2 days"),
    key("per_week", Takes::Integer(1, 1000), "Mails to one lead within seven days.")
        .default("3")
        .example("2"),
];

const CONSENT: &[Key] = &[key(
    "require",
    Takes::Word(required_bases),
    "What somebody must have agreed to who is no customer \
    yet. With double_opt_in, a mere opt_in is not enough.",
)
.default("double_opt_in")
.example("double_opt_in")];

fn required_bases() -> Vec<&'static str> {
    vec![Basis::DoubleOptIn.as_str(), Basis::OptIn.as_str()]
}

const REPLY: &[Key] = &[
    key(
        "then",
        Takes::Word(ReplyThen::words),
        "hand_over: sales has the lead. hold: marketing waits until \
        somebody has answered, and the lead stays with it.",
    )
    .default("hand_over")
    .example("hold"),
    key(
        "absence",
        DURATION,
        "How long nothing is sent to somebody who is away and does not say until when. 0 days: that changes nothing.",
    )
    .default("7 days")
    .example("14 days"),
];

const HAND_OVER: &[Key] = &[
    key(
        "respond_within",
        WORKING_TIME,
        "The working time in which a rep writes to the lead, or says something of it. Then the rep is reminded.",
    )
    .otherwise("no deadline")
    .example("8 hours"),
    key(
        "escalate_after",
        WORKING_TIME,
        "The working time after the reminder in which nothing happens. Then the deputy is told, or the head of sales.",
    )
    .otherwise("nobody else is told")
    .example("8 hours"),
    key("quiet", DURATION, "How long nothing is sent to a lead that sales returned.")
        .otherwise("until the next day")
        .example("14 days"),
];

const RETURN_TITLE: Key = key("title", Takes::Text, "What reps choose, in their language.")
    .otherwise("the name")
    .example("Zu früh");

const RETURNED: &[Key] = &[
    RETURN_TITLE,
    key("quiet", DURATION, "How long nothing is sent.").otherwise("as [hand_over] says").example("30 days"),
    key("stage", Takes::Word(Stage::words), "The funnel stage that the lead goes to.")
        .otherwise("it stays in its own")
        .example("mofu"),
    key("sequence", NAME, "The sequence that it walks, by the name of its file.")
        .otherwise("it goes on where it was")
        .example("mofu-evaluation"),
];

const LOST: &[Key] = &[
    key("title", Takes::Text, "What reps choose, in their language.")
        .otherwise("the name")
        .example("Kein Budget"),
    key("again", DURATION, "After this time marketing begins again.").otherwise("never").example("180 days"),
    key("sequence", NAME, "The sequence that marketing begins again with, by the name of its file.")
        .otherwise("the one that it was in, else the best of its stage")
        .example("mofu-evaluation"),
];
