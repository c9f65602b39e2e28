//! funnel.toml and the expressions in it.

use super::{Broken, broken};

const FUNNEL: &str = "funnel.toml";
const DACH: &str = "lead.country in [\"DE\", \"AT\", \"CH\"] && fit >= 10";

pub const BROKEN: &[Broken] = &[
    broken(
        "imprint_missing",
        FUNNEL,
        "imprint = \"Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg\"\n",
        "",
        &["2:1 DL005"],
    ),
    broken("section_misspelt", FUNNEL, "[caps]", "[cap]", &["36:2 DL003"]),
    broken(
        "sender_address",
        FUNNEL,
        "\"anna@nordwerk.example\"",
        "\"anna.nordwerk.example\"",
        &["13:9 DL007"],
    ),
    broken(
        "rep_address",
        FUNNEL,
        "\"kim@nordwerk.example\"",
        "\"Kim <kim@nordwerk.example>\"",
        &["20:9 DL007"],
    ),
    broken(
        "sender_missing",
        FUNNEL,
        "[sender.anna]\nname  = \"Anna Berg\"\nemail = \"anna@nordwerk.example\"\n",
        "",
        &["1:1 DL005"],
    ),
    broken("language_as_a_word", FUNNEL, "\"en\"", "\"English\"", &["7:12 DL007"]),
    broken("time_zone_misspelt", FUNNEL, "\"Europe/Berlin\"", "\"Europe/Berln\"", &["8:12 DL007"]),
    broken("gap_misspelt", FUNNEL, "\"1 day\"", "\"1day\"", &["37:12 DL007"]),
    broken("stage_unknown", FUNNEL, "[stage.mofu]", "[stage.mid]", &["33:8 DL007"]),
    broken("score_for_what_a_lead_is", FUNNEL, "\"clicked link pricing\"", "\"has city\"", &["26:10 DL007"]),
    broken(
        "topic_unused",
        FUNNEL,
        "[topic.guides]\ntitle = \"Guides\"",
        "[topic.guides]\ntitle = \"Guides\"\n\n[topic.events]",
        &["18:8 DL028"],
    ),
    broken(
        "sender_unused",
        FUNNEL,
        "[topic.guides]",
        "[sender.jonas]\nname  = \"Jonas\"\nemail = \"jonas@nordwerk.example\"\n\n[topic.guides]",
        &["15:9 DL028"],
    ),
    broken(
        "segment_unused",
        FUNNEL,
        "[[score]]",
        "[segment.north]\nwhen = 'lead.city == \"Kiel\"'\n\n[[score]]",
        &["25:10 DL028"],
    ),
    broken("cel_single_equals", FUNNEL, "lead.country == \"DE\"", "lead.country = \"DE\"", &["30:24 DL040"]),
    broken("cel_and", FUNNEL, DACH, "lead.country == \"DE\" and fit >= 10", &["23:30 DL040"]),
    broken("cel_single_ampersand", FUNNEL, DACH, "lead.country == \"DE\" & fit >= 10", &["23:30 DL040"]),
    broken("cel_or_in_capitals", FUNNEL, DACH, "lead.country == \"DE\" OR fit >= 10", &["23:30 DL040"]),
    broken("cel_arrow", FUNNEL, "engagement >= 20", "engagement => 20", &["34:20 DL040"]),
    broken("cel_not_in", FUNNEL, DACH, "lead.country not in [\"US\"]", &["23:22 DL040"]),
    broken("cel_stops_early", FUNNEL, "engagement >= 20", "engagement >=", &["34:22 DL040"]),
    broken("cel_sign_missing", FUNNEL, "engagement >= 20", "engagement 20", &["34:20 DL040"]),
    broken(
        "cel_bracket_unclosed",
        FUNNEL,
        DACH,
        "lead.country in [\"DE\", \"AT\" && fit >= 10",
        &["23:25 DL040"],
    ),
    broken("cel_quote_unclosed", FUNNEL, "lead.country == \"DE\"", "lead.country == \"DE", &["30:27 DL040"]),
    broken("cel_field_misspelt", FUNNEL, DACH, "lead.contry == \"DE\"", &["23:9 DL041"]),
    broken("cel_field_without_lead", FUNNEL, DACH, "country == \"DE\"", &["23:9 DL041"]),
    broken("cel_text_without_quotes", FUNNEL, DACH, "lead.country == DE", &["23:25 DL041"]),
    broken("cel_function_misspelt", FUNNEL, DACH, "lead.email.endswith(\".de\")", &["23:20 DL042"]),
    broken("cel_country_as_a_word", FUNNEL, DACH, "lead.country == \"Germany\"", &["23:25 DL043"]),
    broken("cel_stage_that_is_none", FUNNEL, DACH, "lead.stage == \"moful\"", &["23:23 DL043"]),
    broken(
        "free_field_misspelt",
        FUNNEL,
        "engagement >= 20",
        "lead.fields.machines > 5 || lead.fields.machines < 9 || lead.fields.machnes > 7",
        &["34:77 DL029"],
    ),
];
