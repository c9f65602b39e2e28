//! The front matter of `templates/mail/**`

use super::{Key, Schema, Takes, key};

/// What stands between the two lines of `+++` at the top of a mail.
pub const FRONT_MATTER: Schema = Schema {
    name: "front-matter",
    file: "templates/mail/**.md, .html",
    about: "The front matter of a mail: TOML between two lines of +++ at the top of its file.",
    keys: KEYS,
};

const KEYS: &[Key] = &[
    key(
        "subject",
        LINE,
        "The subject, in one line. Handlebars work: 'A guide for {{default company.name \"you\"}}'.",
    )
    .example("A guide for you")
    .required(),
    key("preheader", LINE, "What mail programs show behind the subject in the list of mails, in one line.")
        .otherwise("they show how the mail begins")
        .example("18 pages, five criteria."),
    key("layout", Takes::Text, "A layout of your own: templates/layouts/NAME.html.")
        .otherwise("default, which is built in unless you have one of that name")
        .example("default"),
];

const LINE: Takes = Takes::Form("[^\\x00-\\x1f]*[^\\s][^\\x00-\\x1f]*");
