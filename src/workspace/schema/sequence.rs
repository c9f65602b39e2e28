//! `sequences/NAME.toml`

use super::takes::{Asks, DURATION, NAME, SLOTS, WINDOWS};
use super::{Key, Schema, Takes, key};
use crate::domain::lead::{AddressForm, Salutation};
use crate::domain::stage::Stage;

/// A sequence.
pub const SEQUENCE: Schema = Schema {
    name: "sequence",
    file: "sequences/NAME.toml",
    about: "A sequence: steps for the leads of one funnel stage, in the order in which they are done.",
    keys: KEYS,
};

const ANYTHING: Takes = Takes::Phrases(Asks::Anything);

const KEYS: &[Key] = &[
    key("title", Takes::Text, "What people call the sequence. Leads never see it.")
        .example("Welcome")
        .required(),
    key("stage", STAGE, "The funnel stage whose leads walk this sequence.").example("tofu").required(),
    key(
        "enroll_if",
        Takes::Phrases(Asks::NoStep),
        "Who enters. Looks back over everything that the lead ever did.",
    )
    .otherwise("every lead of the stage")
    .example("in segment dach"),
    key(
        "priority",
        Takes::Integer(i64::MIN, i64::MAX),
        "Of several sequences that fit a lead, the highest is chosen, \
        then the first by file name.",
    )
    .default("0")
    .example("10"),
    key("goal", ANYTHING, "When this comes true the lead leaves, and it counts as a success.")
        .otherwise("none")
        .example("booked a meeting"),
    key("leave_if", ANYTHING, "When this comes true the lead leaves.")
        .otherwise("never")
        .example("tagged partner"),
    key("send", WINDOWS, "The hours in which mails go out, in the lead's own time zone; or \"always\".")
        .otherwise("`send` of [defaults] in funnel.toml")
        .example("Mon-Thu 09:00-17:00"),
    key(
        "slots",
        SLOTS,
        "Instead of `send`: moments at which mails go out, as cron with five fields and weekdays by name. \
        A mail takes the first one when it is due.",
    )
    .otherwise("none")
    .example("30 9 * * Tue,Thu"),
    key("topic", NAME, "A [topic.NAME] of funnel.toml: what recipients choose among.")
        .otherwise("`topic` of [defaults]")
        .example("guides"),
    key("sender", NAME, "A [sender.NAME] of funnel.toml: whom the mails are from.")
        .otherwise("`sender` of [defaults]")
        .example("anna"),
    key("again", Takes::Form("after [0-9]+ (minute|hour|day|week)s?"), "When a lead may enter once more.")
        .otherwise("a lead enters once")
        .example("after 180 days"),
    key("paused", Takes::Flag, "Nobody enters, and nothing goes out. Leads keep their places.")
        .default("false")
        .example("true"),
    key(
        "renamed_from",
        Takes::Text,
        "The former name of this file, without .toml, so that leads keep their places.",
    )
    .otherwise("none")
    .example("hello"),
    key(
        "step",
        Takes::Tables(STEP),
        "One thing that the sequence does. Steps run in order; every step has one verb.",
    )
    .required(),
];

const STAGE: Takes = Takes::Word(Stage::words);

/// The keys of a step: when, then what.
const STEP: &[Key] = &[
    key(
        "wait",
        DURATION,
        "How long after the step before was done or skipped. Days and weeks keep the local time of day.",
    )
    .otherwise("the step follows at once")
    .example("3 days"),
    key("until", ANYTHING, "Ends the wait early when it comes true. Needs a `wait`.")
        .otherwise("never")
        .example("visited /pricing*"),
    key("only_if", ANYTHING, "Judged when the step falls due: if it is not true then, the step is skipped.")
        .otherwise("always")
        .example("replied"),
    key("send", WINDOWS, "For a mail: the hours in which it goes out, instead of those of the sequence.")
        .otherwise("those of the sequence")
        .example("always"),
    key("slots", SLOTS, "For a mail, instead of `send`: the moments at which it goes out.")
        .otherwise("those of the sequence")
        .example("0 10 * * Mon"),
    key("id", NAME, "What conditions call the step: \"clicked ID\".")
        .otherwise("the mail's file name, or the verb")
        .example("second-try"),
    key(
        "thread",
        Takes::Text,
        "For a mail: an earlier step whose mail this one belongs below, in the same conversation.",
    )
    .otherwise("a conversation of its own")
    .example("guide"),
    key("renamed_from", Takes::Text, "The former id of this step, so that leads keep their places.")
        .otherwise("none")
        .example("old-name"),
    key("catch_up", Takes::Flag, "Leads that are past this place get the step all the same.")
        .default("false")
        .example("true"),
    key(
        "mail",
        Takes::Texts,
        "Verb: sends a mail, by its file below templates/mail, without language and ending. \
        A list is an A/B test: each lead gets one of them.",
    )
    .example("mofu/guide"),
    key(
        "hand_over",
        Takes::Text,
        "Verb: hands the lead to sales, with this cause. Marketing is silent from then on.",
    )
    .example("looked at the prices"),
    key(
        "notify",
        Takes::Text,
        "Verb: a mail with this text to the lead's rep. The lead stays with marketing.",
    )
    .example("has read the guide; a call may help"),
    key("tag", TAG, "Verb: puts a tag on the lead.").example("vip"),
    key("untag", TAG, "Verb: takes a tag off the lead.").example("vip"),
    key("set", Takes::Table(SET), "Verb: sets fields of the lead."),
    key("points", Takes::Integer(-1000, 1000), "Verb: adds to the engagement, or takes from it.")
        .example("5"),
    key(
        "webhook",
        NAME,
        "Verb: has a [webhook.NAME] of dripline.toml told that the lead is here. The lead stays with marketing.",
    )
    .example("crm"),
    key("end", Takes::Text, "Verb: ends the sequence here, with this reason. Useful below an `only_if`.")
        .example("not for them"),
];

const TAG: Takes = Takes::Form("[^\\s;]+");

/// What a step can set.
const SET: &[Key] = &[
    key("first_name", Takes::Text, "The given name.").example("Kim"),
    key("last_name", Takes::Text, "The family name.").example("Roth"),
    key("title", Takes::Text, "The academic title.").example("Dr."),
    key("salutation", Takes::Word(Salutation::words), "How to greet.").example("ms"),
    key(
        "address_form",
        Takes::Word(AddressForm::words),
        "The German form of \
        address.",
    )
    .example("du"),
    key("language", Takes::Text, "The language of the lead's mails.").example("de"),
    key("timezone", super::takes::ZONE, "Whose clock the lead's mails go by.").example("Europe/Berlin"),
    key("country", Takes::Text, "Two letters.").example("DE"),
    key("city", Takes::Text, "The city.").example("Kiel"),
    key("job_title", Takes::Text, "What the person does.").example("CTO"),
    key("phone", Takes::Text, "The telephone number.").example("+49 431 55500"),
    key("fields", Takes::Fields, "Fields of your own: texts, numbers, true or false."),
];

/// The keys of which a step has exactly one.
pub(super) fn verbs() -> impl Iterator<Item = &'static str> {
    STEP.iter().filter(|key| key.about.starts_with("Verb: ")).map(|key| key.name)
}
