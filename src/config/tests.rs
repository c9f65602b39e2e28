use std::fs;

use super::*;
use crate::domain::event::EventKind;

const WHOLE: &str = r#"
[server]
listen = "0.0.0.0:80"
public_url = "https://mail.nordwerk.example/"
database = "postgres://app:geheim@db/dripline"
node = "b"
[relay.main]
url = "smtp://app:geheim@mx.example:587?tls=required"
max_connections = 4
rate = "100/second"
[relay.backup]
url = "smtps://mx2.example"
[lane.gmail]
domains = ["Gmail.com", "googlemail.com"]
max_connections = 2
rate = "2000/hour"
[inbound]
domain = "in.nordwerk.example"
key = "streng-geheim"
[mailbox.replies]
url = "imaps://re@nordwerk.example:geheim@imap.example?ca=x.pem"
folder = "Antworten"
then = "move Erledigt"
since = "3 days"
poll = "5 minutes"
[mailbox.sales]
url = "imap://sales@localhost?tls=none"
password = "ganz-geheim"
[tracking]
judge_after = "2 minutes"
[safety]
only_to = ["*@nordwerk.example", "kim@*"]
redirect_all_to = "test@nordwerk.example"
[fuse]
per_lead_per_day = 3
per_step_per_hour = 5000
complaint_rate = "0.1%"
bounce_rate = "2 %"
"#;

fn load(file: Option<&str>, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    if let Some(text) = file {
        fs::write(directory.path().join(FILE), text).expect("a file in it");
    }
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(directory.path(), variables).map_err(|found| found.iter().map(ToString::to_string).collect())
}

#[test]
fn without_a_file_there_are_defaults() {
    let config = load(None, &[]).expect("defaults");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url, "http://localhost:8080");
    assert_eq!(
        (config.server.database.as_str(), config.server.node.as_str()),
        ("sqlite:dripline.db", "main")
    );
    assert!(config.relays.is_empty() && config.lanes.is_empty());
    assert!(config.safety.allows(&"a@b.example".parse().expect("an address")));
    assert_eq!((config.fuse.per_lead_per_day, config.fuse.bounce_rate), (10, Ratio::from_percent(5.0)));
}

#[test]
fn every_key_is_read() {
    let config = load(Some(WHOLE), &[]).expect("no mistakes");
    assert_eq!(config.server.public_url, "https://mail.nordwerk.example");
    let main = &config.relays["main"];
    assert_eq!((main.max_connections, main.rate), (4, Some("100/second".parse().expect("a rate"))));
    assert_eq!((config.relays["backup"].max_connections, config.relays["backup"].rate), (16, None));
    assert_eq!(config.lanes["gmail"].domains, ["gmail.com", "googlemail.com"]);
    assert_eq!(config.inbound.key.as_deref(), Some("streng-geheim"));
    let replies = &config.mailboxes["replies"];
    assert_eq!(replies.place(), "re@nordwerk.example@imap.example:993/Antworten");
    assert_eq!((&replies.then, replies.since), (&Then::Move("Erledigt".to_owned()), 3 * DAY));
    assert_eq!(replies.poll.as_secs(), 300);
    let sales = &config.mailboxes["sales"];
    assert!(sales.account.has_password());
    assert_eq!((sales.folder.as_str(), &sales.then, sales.since), ("INBOX", &Then::Seen, DAY));
    assert_eq!(sales.poll.as_secs(), 60);
    assert_eq!(config.fuse.per_step_per_hour, Some(5000));
    for (address, allowed) in [("a@nordwerk.example", true), ("kim@x.example", true), ("a@x.example", false)]
    {
        assert_eq!(config.safety.allows(&address.parse().expect("an address")), allowed, "{address}");
    }
}

#[test]
fn debug_output_holds_no_secrets() {
    let shown = format!("{:?}", load(Some(WHOLE), &[]).expect("no mistakes"));
    assert!(!shown.contains("geheim"), "{shown}");
    assert!(
        shown.contains("smtp://…@mx.example:587") && shown.contains("postgres://…@db/dripline"),
        "{shown}"
    );
}

#[test]
fn variables_override_and_add() {
    let config = load(
        Some(WHOLE),
        &[
            ("DRIPLINE_SERVER__LISTEN", "127.0.0.1:0"),
            ("DRIPLINE_RELAY__MAIN__URL", "smtp://127.0.0.1:2525"),
            ("DRIPLINE_RELAY__MAIN__MAX_CONNECTIONS", "8"),
            ("DRIPLINE_RELAY__NEW__URL", "file:out"),
            ("DRIPLINE_LANE__GMAIL__DOMAINS", "gmail.com, x.example"),
            ("DRIPLINE_INBOUND__KEY", "4711"),
            ("DRIPLINE_MAILBOX__SALES__PASSWORD", "a,b"),
            ("DRIPLINE_MAILBOX__NEW__URL", "imaps://a:b@imap.example"),
            ("DRIPLINE_SECRET", "a:b"),
            ("DRIPLINE_WORKSPACE", "/srv"),
            ("PATH", "__"),
        ],
    );
    let config = config.expect("no mistakes");
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.server.node, "b");
    assert_eq!(
        (config.relays["main"].url.as_str(), config.relays["main"].max_connections),
        ("smtp://127.0.0.1:2525", 8)
    );
    assert_eq!(config.relays["main"].rate, Some("100/second".parse().expect("a rate")));
    assert_eq!(config.relays["new"].url, "file:out");
    assert_eq!(config.lanes["gmail"].domains, ["gmail.com", "x.example"]);
    assert_eq!(config.inbound.key.as_deref(), Some("4711"));
}

#[test]
fn all_mistakes_are_found_at_once() {
    let file = "[server]\nlisten = \"here\"\nprot = 1\n[relay.main]\nmax_connections = 0\n[lane.a]\nrate = 5\n[safty]\n";
    let found = load(Some(file), &[("DRIPLINE_SERVER__LISTNE", "x"), ("DRIPLINE_FUSE__BOUNCE_RATE", "5")]);
    assert_eq!(
        found.expect_err("mistakes"),
        [
            "dripline.toml:2:10: error[DL007]: `here` is not an address with a port",
            "dripline.toml:3:1: error[DL003]: there is no key `prot` in [server]",
            "dripline.toml:4:1: error[DL005]: `url` is missing in [relay.main]",
            "dripline.toml:5:19: error[DL007]: 0 is out of bounds for `max_connections`",
            "dripline.toml:6:1: error[DL005]: `domains` is missing in [lane.a]",
            "dripline.toml:7:8: error[DL004]: `rate` takes a text, but here it is a whole number",
            "dripline.toml:8:2: error[DL003]: there is no key `safty` in dripline.toml",
            "DRIPLINE_FUSE__BOUNCE_RATE: error[DL007]: `5` is not a share",
            "DRIPLINE_SERVER__LISTNE: error[DL003]: there is no key `listne` in [server]",
        ]
    );
}

#[test]
fn where_mail_and_records_go_is_checked_with_the_rest() {
    let found =
        load(Some("[server]\ndatabase = \"mysql://x\"\n[relay.main]\nurl = \"smpt://mx.example\"\n"), &[])
            .expect_err("two mistakes");
    assert_eq!(
        found,
        [
            "dripline.toml:2:12: error[DL007]: this is no database that can be used",
            "dripline.toml:4:7: error[DL007]: a relay's URL begins with smtp://, smtps:// or file:",
        ]
    );
}

#[test]
fn mistakes_of_mailboxes_are_found() {
    let file = "[mailbox.a]\nurl = \"imap://a:geheim@imap.example?tls=none\"\nthen = \"delete\"\npoll = \"1 hour\"\n\
                [mailbox.b]\nurl = \"imaps://b@imap.example\"\nthen = \"move INBOX\"\n[mailbox.c]\nfodler = \"x\"\n";
    assert_eq!(
        load(Some(file), &[]).expect_err("mistakes"),
        [
            "dripline.toml:2:7: error[DL007]: a password needs imaps:// or tls=required, unless the host is this machine",
            "dripline.toml:3:8: error[DL007]: `delete` is none of `keep`, `seen` and `move FOLDER`",
            "dripline.toml:4:8: error[DL007]: `poll` is from 1 to 25 minutes",
            "dripline.toml:6:7: error[DL005]: there is no password for this mailbox",
            "dripline.toml:7:8: error[DL007]: mails of `INBOX` cannot be moved to where they are",
            "dripline.toml:8:1: error[DL005]: `url` is missing in [mailbox.c]",
            "dripline.toml:9:1: error[DL003]: there is no key `fodler` in [mailbox.c]",
        ]
    );
}

#[test]
fn a_webhook_is_read_and_its_secrets_may_come_from_elsewhere() {
    let file = "[webhook.crm]\nurl = \"https://crm.example/x\"\nevents = \"won\"\n";
    let secrets = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_LaSwMfKQ9r8GKYqrTwjUPD8ILPZIo2La";
    let config = load(Some(file), &[("DRIPLINE_WEBHOOK__CRM__SECRET", secrets)]).expect("no mistakes");
    let crm = &config.webhooks["crm"];
    assert_eq!((crm.url.to_string().as_str(), crm.keys.len()), ("https://crm.example/…", 2));
    assert_eq!((crm.events.as_slice(), crm.allow_private), (&[EventKind::Won][..], false));
    let file = format!("{file}secret = \"{secrets}\"").replace("\"won\"", "\"*\"").replace(", ", "\"#");
    let all = &load(Some(&file), &[]).expect("no mistakes").webhooks["crm"].events;
    assert!(all.contains(&EventKind::Created) && !all.contains(&EventKind::Untold));
}

#[test]
fn mistakes_of_webhooks_are_found_and_show_no_secret() {
    let file = "[webhook.a]\nurl = \"crm.example\"\nsecret = \"streng-geheim\"\n\
                [webhook.b]\nurl = \"http://crm.example/geheim\"\nevents = [\"wonn\"]\n\
                [webhook.c]\nurl = \"https://localhost:8443/\"\nsecret = [\n  \"whsec_geheim\",\n]\n\
                [webhook.d]\nurl = \"https://me:geheim@crm.example/\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    let found = load(Some(file), &[]).expect_err("mistakes");
    let found: Vec<&str> =
        found.iter().map(|found| found.split(&[';', ','][..]).next().unwrap_or(found)).collect();
    assert_eq!(
        found,
        [
            "dripline.toml:2:7: error[DL007]: the url of a webhook begins with https://",
            "dripline.toml:3:10: error[DL007]: the secret is not `whsec_` and 24 to 64 random bytes in base64",
            "dripline.toml:4:1: error[DL005]: `secret` is missing in [webhook.b]",
            "dripline.toml:5:7: error[DL007]: the webhook is not encrypted",
            "dripline.toml:6:11: error[DL007]: \"wonn\" is not known here",
            "dripline.toml:8:7: error[DL007]: the webhook is on this machine or in a private network",
            "dripline.toml:10:3: error[DL007]: the secret is not `whsec_` and 24 to 64 random bytes in base64",
            "dripline.toml:13:7: error[DL007]: the url of a webhook has no login before an @",
        ]
    );
    assert!(!found.concat().contains("geheim"));
}
