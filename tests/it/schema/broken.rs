//! Files with one mistake each, which an editor can mark by the schema.

use dripline::config;
use dripline::workspace::schema::{FRONT_MATTER, FUNNEL, SEQUENCE, Schema};
use serde_json::Value;

use super::{found, validator};

const HEAD: &str = "title = \"x\"\nstage = \"mofu\"\n";
const COMPANY: &str = "[company]\nimprint = \"x\"\n[sender.anna]\nname = \"x\"\nemail = \"x@x.example\"\n";

#[test]
fn broken_files_are_no_more_valid_than_they_are_read() {
    let cases: [(&Schema, &str, &str); 24] = [
        (&SEQUENCE, "", "stage = \"mofu\"\n[[step]]\nend = \"x\"\n"),
        (&SEQUENCE, "", "title = \"x\"\nstage = \"middle\"\n[[step]]\nend = \"x\"\n"),
        (&SEQUENCE, HEAD, ""),
        (&SEQUENCE, HEAD, "[[steps]]\nend = \"x\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nwait = \"3 days\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nend = \"x\"\ntag = \"y\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nend = \"x\"\nuntil = \"replied\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nend = \"x\"\nsend = \"always\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nmail = []\n"),
        (&SEQUENCE, HEAD, "[[step]]\ntag = \"two words\"\n"),
        (&SEQUENCE, HEAD, "[[step]]\nset = { colour = \"red\" }\n"),
        (&SEQUENCE, HEAD, "send = \"always\"\nslots = \"0 9 * * Mon\"\n[[step]]\nend = \"x\"\n"),
        (&SEQUENCE, HEAD, "priority = \"high\"\n[[step]]\nend = \"x\"\n"),
        (&SEQUENCE, HEAD, "goal = [\"replied\", \"clickd guide\"]\n[[step]]\nend = \"x\"\n"),
        (&FUNNEL, "", "[company]\nimprint = \"x\"\n"),
        (&FUNNEL, COMPANY, "[senders.anna]\nname = \"x\"\n"),
        (&FUNNEL, COMPANY, "[[score]]\non = \"replied\"\n"),
        (&FUNNEL, COMPANY, "[[score]]\non = \"replied\"\npoints = 2000\n"),
        (&FUNNEL, COMPANY, "[stage.warm]\nwhen = 'fit > 1'\n"),
        (&FUNNEL, COMPANY, "[caps]\nper_week = 0\n"),
        (&config::SCHEMA, "", "[relay.main]\nmax_connections = 4\n"),
        (&config::SCHEMA, "", "[server]\nport = 8080\n"),
        (&FRONT_MATTER, "", "preheader = \"x\"\n"),
        (&FRONT_MATTER, "", "subject = \"x\"\nsubtitle = \"y\"\n"),
    ];
    for (schema, head, text) in cases {
        let document: Value = toml::from_str(&format!("{head}{text}")).expect("TOML");
        assert!(!validator(schema).is_valid(&document), "{}: {text}", schema.name);
        assert!(!found(schema, &document).is_empty(), "{}: {text}", schema.name);
    }
}

#[test]
fn the_heads_of_the_broken_files_are_sound() {
    for (schema, text) in [
        (&SEQUENCE, format!("{HEAD}[[step]]\nend = \"x\"\n")),
        (&FUNNEL, COMPANY.to_owned()),
        (&config::SCHEMA, String::new()),
        (&FRONT_MATTER, "subject = \"x\"\n".to_owned()),
    ] {
        let document: Value = toml::from_str(&text).expect("TOML");
        assert!(validator(schema).is_valid(&document), "{}", schema.name);
        assert!(found(schema, &document).is_empty(), "{}", schema.name);
    }
}
