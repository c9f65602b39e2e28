//! dripline.toml and variables of the environment.

use super::{Broken, broken};

const OPERATOR: &str = "dripline.toml";
const ENVIRONMENT: &str = "environment";

pub const BROKEN: &[Broken] = &[
    broken("listen_without_port", OPERATOR, "\"127.0.0.1:8080\"", "\"127.0.0.1\"", &["2:14 DL007"]),
    broken(
        "public_url_without_scheme",
        OPERATOR,
        "\"https://mail.nordwerk.example\"",
        "\"mail.nordwerk.example\"",
        &["3:14 DL007"],
    ),
    broken("relay_of_another_kind", OPERATOR, "smtp://", "smpt://", &["6:19 DL007"]),
    broken("inbound_domain", OPERATOR, "\"in.nordwerk.example\"", "\"not a domain\"", &["10:10 DL007"]),
    broken("operator_section_misspelt", OPERATOR, "[inbound]", "[inbuond]", &["9:2 DL003"]),
    broken(
        "connections_in_quotes",
        OPERATOR,
        "max_connections = 4",
        "max_connections = \"4\"",
        &["7:19 DL004"],
    ),
    broken(
        "database_of_another_kind",
        OPERATOR,
        "[relay.main]",
        "database = \"mysql://db/dripline\"\n\n[relay.main]",
        &["5:12 DL007"],
    ),
    broken("variable_with_one_underscore", ENVIRONMENT, "DRIPLINE_INBOUND_KEY", "change-me", &["DL012"]),
    broken("variable_unknown_key", ENVIRONMENT, "DRIPLINE_SERVER__LISTNE", "127.0.0.1:80", &["DL003"]),
    broken("variable_value", ENVIRONMENT, "DRIPLINE_RELAY__MAIN__MAX_CONNECTIONS", "many", &["DL004"]),
    broken("variable_of_nothing", ENVIRONMENT, "DRIPLINE_COLOUR", "green", &["DL012"]),
];
