//! The workspace of the story.

use chrono_tz::Tz;
use dripline::domain::time::Timestamp;
use dripline::workspace::Files;

use crate::support::world;

const FUNNEL: &str = r#"
[company]
imprint = "Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg"
[defaults]
language = "en"
timezone = "Europe/Berlin"
send     = "Mon-Fri 09:00-17:00"
[sender.anna]
name  = "Anna Berg"
email = "anna@nordwerk.example"
[caps]
min_gap  = "1 day"
per_week = 3

[scoring]
half_life = "30 days"
[[score]]
on      = "visited /blog*"
points  = 1
at_most = 3
per     = "1 day"
[[score]]
on     = "visited /pricing*"
points = 20
[[score]]
on     = "submitted webinar"
points = 10
[[score]]
on     = "replied"
points = 30
[[fit]]
when   = 'lead.country in ["DE", "AT", "CH"]'
points = 10
[[fit]]
when   = 'company.size >= 50'
points = 15
[contact]
complete = ["name", "company", "phone"]

[stage.mofu]
when = 'engagement >= 20'
[stage.bofu]
when = 'engagement >= 60 && fit >= 10'
[qualification.prequalified]
when = 'score >= 20'
[qualification.mql]
when      = 'fit >= 25 && engagement >= 30 && lead.complete'
hand_over = "is ready"

[team.kim]
name     = "Kim Meier"
email    = "kim@nordwerk.example"
capacity = 12
[team.tarek]
name     = "Tarek Aydin"
email    = "tarek@nordwerk.example"
capacity = 12
away     = "2026-02-02..2026-02-06"
deputy   = "kim"
[team.lea]
name  = "Lea Kern"
email = "lea@nordwerk.example"
[team.noa]
name     = "Noa Frei"
email    = "noa@nordwerk.example"
capacity = 1
[team.svenja]
name  = "Svenja Holt"
email = "svenja@nordwerk.example"
[[route]]
when = 'lead.country == "AT"'
team = "lea"
[[route]]
when = 'lead.country == "CH"'
team = "noa"
[[route]]
team = ["kim", "tarek"]
[routing]
head = "svenja"
hold = "company"

[hand_over]
respond_within = "8 hours"
escalate_after = "8 hours"
[returned.too-early]
title    = "Too early"
quiet    = "30 days"
sequence = "second-look"
[lost.no-budget]
title    = "No budget"
again    = "60 days"
sequence = "second-look"
"#;

/// A sequence: its name, what stands above its steps, and of each step how long it waits and what it mails.
type Walk<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

const SEQUENCES: [Walk; 5] = [
    ("welcome", "stage = \"tofu\"", &[("", "hello"), ("3 days", "guide"), ("4 days", "checklist")]),
    ("evaluation", "stage = \"mofu\"", &[("", "compare"), ("3 days", "case"), ("7 days", "prices")]),
    ("offer", "stage = \"bofu\"", &[("", "offer"), ("5 days", "reference")]),
    ("onboarding", "stage = \"customer\"", &[("", "start"), ("14 days", "review")]),
    // Nobody enters it but by a reason of sales.
    (
        "second-look",
        "stage = \"tofu\"\nenroll_if = \"tagged nobody\"",
        &[("", "second"), ("14 days", "last")],
    ),
];

/// The capacity of kim, and of tarek.
pub const PLACES: usize = 12;

/// Whether a rep takes nothing on this day.
pub fn away(rep: &str, at: Timestamp) -> bool {
    let day = at.utc().with_timezone(&Tz::Europe__Berlin).date_naive().to_string();
    rep == "tarek" && ("2026-02-02"..="2026-02-06").contains(&day.as_str())
}

pub fn files() -> Files {
    let mut all = vec![("funnel.toml".to_owned(), FUNNEL.to_owned())];
    for (id, head, steps) in SEQUENCES {
        let steps = steps.iter().map(|(wait, mail)| {
            let wait = if wait.is_empty() { String::new() } else { format!("wait = \"{wait}\"\n") };
            format!("[[step]]\n{wait}mail = \"{mail}\"\n")
        });
        let steps: String = steps.collect();
        all.push((format!("sequences/{id}.toml"), format!("title = \"{id}\"\n{head}\n{steps}")));
    }
    for (.., steps) in SEQUENCES {
        all.extend(steps.iter().map(|(_, mail)| {
            let text = format!("+++\nsubject = \"{mail}\"\n+++\nThis is about the {mail}.\n");
            (format!("templates/mail/{mail}.md"), text)
        }));
    }
    let all: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    world::files(&all)
}
