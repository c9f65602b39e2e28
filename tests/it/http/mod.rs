//! HTTP as outsiders use it, on both databases.

mod access;
mod changes;
mod events;
mod form;
mod leads;
mod recipient;
mod tracking;

use dripline::workspace::Files;

use crate::support::world::workspace;

/// Two mails, three days apart.
const WELCOME: &str = r#"
title = "Welcome"
stage = "tofu"
[[step]]
mail = "mail/hello"
[[step]]
wait = "3 days"
mail = "mail/guide"
"#;

fn files() -> Files {
    workspace(&[("welcome", WELCOME)])
}
