use super::*;
use crate::workspace::names::Names;
use crate::workspace::source::{Report, Source};

const WHOLE: &str = r#"
[company]
name = "Nordwerk GmbH"
imprint = "Nordwerk GmbH, Hamburg"
[defaults]
language = "de"
timezone = "Europe/Berlin"
sender = "jonas"
topic = "product"
send = "Mon-Fri 09:00-17:00"
[sender.anna]
name = "Anna Berg"
email = "Anna@Nordwerk.example"
reply_to = "hilfe@nordwerk.example"
relay = "main"
[sender.jonas]
name = "Jonas"
email = "jonas@nordwerk.example"
[topic.guides]
title = "Guides"
[topic.product]
[team.zoe]
name = "Zoe"
email = "zoe@nordwerk.example"
[team.kim]
name = "Kim"
email = "kim@nordwerk.example"
[segment.dach]
when = 'lead.country == "DE"'
[[score]]
on = "clicked link pricing"
points = 20
[stage.mofu]
when = "engagement >= 20"
[caps]
min_gap = "36 hours"
per_week = 2
[consent]
require = "opt_in"
[reply]
then = "hold"
absence = "0 days"
"#;

pub(super) fn read_text(text: &str) -> (Funnel, Names, Vec<String>) {
    let report = Report::default();
    let mut names = Names::default();
    let funnel = read(Source::new(FILE, text, &report), &mut names);
    (funnel, names, report.finish().iter().map(ToString::to_string).collect())
}

#[test]
fn every_key_is_read() {
    let (funnel, names, found) = read_text(WHOLE);
    assert_eq!(found, [""; 0]);
    assert_eq!(funnel.company.name, "Nordwerk GmbH");
    assert_eq!(funnel.defaults.language, "de");
    assert_eq!(funnel.defaults.timezone, Tz::Europe__Berlin);
    assert_eq!((funnel.defaults.sender.as_str(), funnel.defaults.topic.as_str()), ("jonas", "product"));
    assert_eq!(funnel.defaults.send.to_string(), "Mon-Fri 09:00-17:00");
    let anna = &funnel.senders["anna"];
    assert_eq!((anna.email.as_str(), anna.relay.as_deref()), ("anna@nordwerk.example", Some("main")));
    assert_eq!(anna.reply_to.as_ref().map(Address::as_str), Some("hilfe@nordwerk.example"));
    assert_eq!(
        (funnel.topics["guides"].title.as_str(), funnel.topics["product"].title.as_str()),
        ("Guides", "product")
    );
    let team: Vec<&str> = funnel.team.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(team, ["zoe", "kim"], "in the order of the file");
    assert_eq!(funnel.segments.names().collect::<Vec<_>>(), ["dach"]);
    assert_eq!(funnel.caps, Caps { min_gap: 36 * 3_600_000, per_week: 2 });
    assert_eq!((funnel.consent, funnel.reply_then), (Basis::OptIn, ReplyThen::Hold));
    assert_eq!(funnel.absence, Wait::Days(0));
    assert_eq!(
        funnel.rules.scores,
        [ScoreRule { on: "clicked link pricing".parse().expect("a phrase"), points: 20, limit: None }]
    );
    assert!(funnel.rules.stages.contains_key(&crate::domain::stage::Stage::Mofu));
    assert!(
        names.senders.contains("anna") && names.segments.contains("dach") && names.topics.contains("product")
    );
}

#[test]
fn without_a_file_only_what_cannot_be_guessed_is_missed() {
    let (funnel, _, found) = read_text("");
    assert_eq!(
        found,
        [
            "funnel.toml:1:1: error[DL005]: `imprint` is missing in [company]",
            "funnel.toml:1:1: error[DL005]: funnel.toml has no sender, so that mails would be from nobody",
        ]
    );
    assert_eq!(funnel.defaults.send.to_string(), "Mon-Fri 08:00-18:00");
    assert_eq!((funnel.defaults.timezone, funnel.defaults.topic.as_str()), (Tz::UTC, "general"));
    assert_eq!((funnel.consent, funnel.reply_then), (Basis::DoubleOptIn, ReplyThen::HandOver));
    assert_eq!(funnel.absence, Wait::Days(7));
    assert!(funnel.topics.contains_key("general"));
}

#[test]
fn the_first_sender_and_topic_are_the_defaults() {
    let text = "[company]\nimprint = 'Meier, Kiel'\n[sender.zoe]\nname = 'Z'\nemail = 'z@x.example'\n\
                [sender.anna]\nname = 'A'\nemail = 'a@x.example'\n[topic.news]\n[topic.guides]\n";
    let (funnel, _, found) = read_text(text);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!((funnel.defaults.sender.as_str(), funnel.defaults.topic.as_str()), ("zoe", "news"));
    assert_eq!(funnel.company.name, "Meier");
}

#[test]
fn every_mistake_is_found() {
    let text = "[company]\nimprint = ''\n[defaults]\nlanguage = 'deutsch'\ntimezone = 'Europe/Berln'\nsender = 'ana'\n\
                topic = 'x'\nsend = 'Mon-Fir 09:00-17:00'\n[sender.anna]\nname = \"A\\nB\"\nemail = 'anna'\n['sender'.'a b']\n\
                name = 'x'\nemail = 'x@x.example'\n[caps]\nper_week = 0\nmin_gap = '1 dya'\n[consent]\nrequire = 'opt-in'\n\
                [reply]\nthen = 'wait'\n[[score]]\non = 'opened guide'\n[stage.mofo]\nwhen = 'fit >'\n";
    let (_, _, found) = read_text(text);
    let places: Vec<&str> = found.iter().map(|line| line.split(": ").next().unwrap_or("")).collect();
    assert_eq!(
        places,
        [
            "funnel.toml:2:11",
            "funnel.toml:4:12",
            "funnel.toml:5:12",
            "funnel.toml:6:10",
            "funnel.toml:7:9",
            "funnel.toml:8:13",
            "funnel.toml:10:8",
            "funnel.toml:11:9",
            "funnel.toml:12:11",
            "funnel.toml:16:12",
            "funnel.toml:17:11",
            "funnel.toml:19:11",
            "funnel.toml:21:8",
            "funnel.toml:22:1",
            "funnel.toml:23:14",
            "funnel.toml:24:8",
            "funnel.toml:25:14",
        ],
        "{found:#?}"
    );
}
