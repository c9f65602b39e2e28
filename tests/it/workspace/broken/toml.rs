//! Files that are not TOML, and values of the wrong kind.

use super::{Broken, broken};

const WELCOME: &str = "sequences/welcome.toml";

pub const BROKEN: &[Broken] = &[
    broken("quote_missing", WELCOME, "title     = \"Welcome\"", "title     = \"Welcome", &["2:21 DL002"]),
    broken("quotes_forgotten", WELCOME, "wait    = \"3 days\"", "wait    = 3 days", &["11:11 DL002"]),
    broken("quotes_curly", WELCOME, "\"Welcome\"", "“Welcome”", &["2:13 DL002"]),
    broken("quotes_within_quotes", WELCOME, "\"Welcome\"", "\"The \"Welcome\" mails\"", &["2:19 DL002"]),
    broken("quotes_of_three_unclosed", WELCOME, "\"Welcome\"", "\"\"\"Welcome\"", &["2:13 DL002"]),
    broken(
        "bracket_missing",
        WELCOME,
        "[[step]]\nmail = \"tofu/guide\"",
        "[[step]\nmail = \"tofu/guide\"",
        &["7:8 DL002"],
    ),
    broken(
        "brackets_single",
        WELCOME,
        "[[step]]\nmail = \"tofu/guide\"\n\n[[step]]\nwait    = \"3 days\"",
        "[step]\nmail = \"tofu/guide\"\n\n[[step]]\nwait    = \"3 days\"",
        &["7:1 DL002"],
    ),
    broken("equals_missing", WELCOME, "mail = \"tofu/guide\"", "mail \"tofu/guide\"", &["8:6 DL002"]),
    broken("colon_for_equals", WELCOME, "stage     = \"tofu\"", "stage: \"tofu\"", &["3:6 DL002"]),
    broken(
        "list_unclosed",
        WELCOME,
        "[\"clicked link pricing\", \"has city\"]",
        "[\"clicked link pricing\", \"has city\"",
        &["22:13 DL002"],
    ),
    broken("value_missing", WELCOME, "stage     = \"tofu\"", "stage     =", &["3:12 DL002"]),
    broken(
        "key_twice",
        WELCOME,
        "stage     = \"tofu\"",
        "stage     = \"tofu\"\nstage     = \"mofu\"",
        &["4:1 DL002"],
    ),
    broken("comment_of_another_language", WELCOME, "# Whoever", "// Whoever", &["1:1 DL002"]),
    broken(
        "two_keys_in_a_line",
        WELCOME,
        "mail = \"tofu/guide\"",
        "mail = \"tofu/guide\" send = \"always\"",
        &["8:21 DL002"],
    ),
    broken("backslash", WELCOME, "\"tofu/guide\"", "\"tofu\\guide\"", &["8:14 DL002"]),
    broken(
        "yes_for_true",
        WELCOME,
        "stage     = \"tofu\"",
        "stage     = \"tofu\"\npaused    = yes",
        &["4:13 DL002"],
    ),
    broken(
        "true_in_capitals",
        WELCOME,
        "stage     = \"tofu\"",
        "stage     = \"tofu\"\npaused    = True",
        &["4:13 DL002"],
    ),
    broken(
        "table_unclosed",
        WELCOME,
        "hand_over = \"looked at the prices\"",
        "set = { city = \"Kiel\"",
        &["23:7 DL002"],
    ),
    broken(
        "number_in_quotes",
        WELCOME,
        "stage     = \"tofu\"",
        "stage     = \"tofu\"\npriority  = \"10\"",
        &["4:13 DL004"],
    ),
    broken(
        "text_without_quotes_is_a_number",
        WELCOME,
        "wait    = \"3 days\"",
        "wait    = 3",
        &["11:11 DL004"],
    ),
    broken("number_with_decimals", "funnel.toml", "points = 20", "points = 20.5", &["27:10 DL004"]),
    broken(
        "flag_in_quotes",
        WELCOME,
        "stage     = \"tofu\"",
        "stage     = \"tofu\"\npaused    = \"true\"",
        &["4:13 DL004"],
    ),
    broken(
        "list_for_a_text",
        WELCOME,
        "hand_over = \"looked at the prices\"",
        "hand_over = [\"prices\", \"calls\"]",
        &["23:13 DL004"],
    ),
    broken("number_out_of_bounds", "funnel.toml", "per_week = 3", "per_week = 0", &["38:12 DL007"]),
];
