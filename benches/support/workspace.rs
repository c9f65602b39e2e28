//! The workspace of the benches: a mail of about 4 KB with ten variables and three links, in a layout.

use std::fs;
use std::path::Path;

const FUNNEL: &str = r#"
[company]
name = "Nordwerk GmbH"
imprint = "Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg"
[defaults]
language = "en"
timezone = "Europe/Berlin"
sender = "anna"
topic = "guides"
send = "always"
[sender.anna]
name = "Anna Berg"
email = "anna@nordwerk.example"
[topic.guides]
title = "Guides"
"#;

const SEQUENCE: &str = r#"
title = "Bench"
stage = "tofu"
[[step]]
mail = "guide"
[[step]]
wait = "3 days"
mail = "guide-again"
"#;

const MAIL: &str = r#"+++
subject = "{{lead.first_name}}, the guide for {{company.name}}"
preheader = "What {{lead.city}} teams asked us most"
+++
# Hello {{lead.title}} {{lead.first_name}} {{lead.last_name}},

you asked how a {{lead.job_title}} in {{lead.city}} ({{lead.country}}) can plan shifts without spreadsheets. We put the
answers that helped {{company.name}} and others into one short guide. It has three parts: what to measure, what to
change first, and what to leave alone.

[Read the guide](https://www.nordwerk.example/guide "guide")

**What to measure.** Count how often a plan changes after it was published, and how long it takes until everybody
knows. Two numbers are enough for the first month. Most teams are surprised by the second one, and it is the one that
costs the most: people who learn of a change late come late, or come for nothing.

**What to change first.** Publish the plan on one day of the week, always the same. Let people swap shifts among
themselves within rules that everybody can read. Keep one shift free for what nobody could foresee.

- Start with one department, not with all of them.
- Write down who may change what, and until when.
- Look at the two numbers again after four weeks, together.

**What to leave alone.** Do not move the whole year into the tool at once, and do not try to be fair by formula: talk.

See also the [price list](https://www.nordwerk.example/prices "prices") and the
[story of a plant in Bremen](https://www.nordwerk.example/bremen "story"), which went from nine changes a week to two.

We wrote to you at {{lead.email}} because you asked for the guide on {{lead.fields.asked_at}}.

Best regards from Hamburg
{{sender.name}}
"#;

/// Writes the files of the workspace, and `dripline.toml` for this database and relay.
pub fn write(dir: &Path, database: &str, port: u16, connections: usize) {
    for folder in ["sequences", "templates/mail"] {
        fs::create_dir_all(dir.join(folder)).expect("a folder");
    }
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n\
         [relay.main]\nurl = \"smtp://127.0.0.1:{port}?tls=none\"\nmax_connections = {connections}\n"
    );
    let files = [
        ("dripline.toml", config.as_str()),
        ("funnel.toml", FUNNEL),
        ("sequences/bench.toml", SEQUENCE),
        ("templates/mail/guide.md", MAIL),
        ("templates/mail/guide-again.md", MAIL),
    ];
    for (path, text) in files {
        fs::write(dir.join(path), text).expect("a file");
    }
}

/// The address of a lead.
pub fn email(n: usize) -> String {
    format!("lead{n}@d{}.example", n % 1_000)
}

/// A CSV of distinct leads over a thousand domains.
pub fn write_leads(path: &Path, count: usize) {
    let mut text = String::from(
        "email,first_name,last_name,title,job_title,city,country,language,company,company_domain,field.asked_at,\
         basis,consent_at,consent_text,source\n",
    );
    for n in 0..count {
        let domain = n % 1_000;
        text += &format!(
            "{},Anna{n},Berg{n},Dr.,Head of Operations,Hamburg,DE,en,Company {domain},\
             d{domain}.example,2026-01-0{},double_opt_in,2026-01-02T10:00:00Z,Yes please,fair\n",
            email(n),
            n % 9 + 1
        );
    }
    fs::write(path, text).expect("the leads");
}
