//! What the story says, held against what is: the state of the product, and the mails as they lie in the inboxes. Each
//! check answers what was found instead if it is not so.

use mail_parser::{Message, MessageParser};
use serde_json::Value;

/// Whether a line of the story is true; else what was found.
pub type Claim = Result<(), String>;

/// Says what was found, unless it is as it should be.
pub fn ensure(holds: bool, found: impl FnOnce() -> String) -> Claim {
    if holds { Ok(()) } else { Err(found()) }
}

/// A field is as it should be.
pub fn is(value: &Value, pointer: &str, wanted: impl Into<Value>) -> Claim {
    let (found, wanted) = (at(value, pointer), wanted.into());
    ensure(*found == wanted, || format!("{pointer} is {found}, not {wanted}"))
}

/// So many mails are in an inbox.
pub fn mails(person: &Value, count: usize) -> Claim {
    let found = list(person, "/mails").len();
    ensure(found == count, || format!("there are {found} mails in the inbox, not {count}"))
}

/// Something happened, as the timeline of the lead tells it: all these fields are so.
pub fn happened(lead: &Value, fields: &[(&str, Value)]) -> Claim {
    let fits = |line: &&Value| fields.iter().all(|(name, wanted)| line[*name] == *wanted);
    let kinds: Vec<&str> = list(lead, "/timeline").iter().filter_map(|line| line["kind"].as_str()).collect();
    ensure(list(lead, "/timeline").iter().any(|line| fits(&line)), || {
        let wanted: Vec<String> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
        format!("no line of the timeline has {}; there are: {}", wanted.join(", "), kinds.join(", "))
    })
}

/// The answer of a stop says that one mail was called off: the one that was planned.
pub fn one_called_off(happened: &Value, planned: &Value) -> Claim {
    is(happened, "/called_off/count", 1)?;
    is(happened, "/called_off/planned/0/step", planned["step"].clone())?;
    is(happened, "/called_off/planned/0/sequence", planned["sequence"].clone())
}

/// A raw mail is from the company to this lead, says something, and can be left with one click.
pub fn nurturing_mail(raw: &[u8], to: &str, host: &str) -> Claim {
    let mail = parsed(raw)?;
    goes_to(&mail, to)?;
    let from = mail.from().and_then(|from| from.first()?.address()).unwrap_or_default();
    ensure(from.ends_with(&format!("@{host}")), || format!("it is from {from}"))?;
    ensure(!mail.subject().unwrap_or_default().is_empty(), || "it has no subject".into())?;
    ensure(mail.header_raw("List-Unsubscribe-Post").is_some(), || "it cannot be left with one click".into())
}

/// A raw mail brings a rep the words of a lead, and is answered to the lead.
pub fn words_for_rep(raw: &[u8], to: &str, lead: &str, words: &str) -> Claim {
    let mail = parsed(raw)?;
    goes_to(&mail, to)?;
    let reply_to = mail.reply_to().and_then(|to| to.first()?.address()).unwrap_or_default();
    ensure(reply_to == lead, || format!("its Reply-To is {reply_to:?}"))?;
    let text = mail.body_text(0).unwrap_or_default();
    let told = words.lines().all(|line| text.contains(&format!("> {line}")));
    ensure(told, || format!("it does not say {words:?}: {text}"))
}

/// The import took nobody, and says that the person left.
pub fn refused(happened: &Value) -> Claim {
    is(happened, "/import/new", 0)?;
    is(happened, "/import/stopped", 1)?;
    is(happened, "/import/stopped_rows/0/because", "the person unsubscribed")
}

/// The explanation gives this reason.
pub fn because(explanation: &Value, reason: &str) -> Claim {
    let reasons = list(explanation, "/not_sent_because");
    ensure(reasons.iter().any(|given| given == reason), || format!("the reasons are {reasons:?}"))
}

/// What stands at a place; null if nothing does.
pub fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// The entries at a place.
pub fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    at(value, pointer).as_array().map_or(&[], Vec::as_slice)
}

fn parsed(raw: &[u8]) -> Result<Message<'_>, String> {
    MessageParser::default().parse(raw).ok_or_else(|| "it is no mail".to_owned())
}

fn goes_to(mail: &Message, to: &str) -> Claim {
    let found = mail.to().and_then(|to| to.first()?.address()).unwrap_or_default();
    ensure(found == to, || format!("it is to {found:?}, not to {to}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RAW: &str = "From: Anna <anna@nordwerk.example>\r\nTo: eva@x.example\r\nReply-To: kim@x.example\r\n\
        Subject: Hello\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nEva wrote:\r\n\r\n> Yes\r\n> Eva\r\n";

    #[test]
    fn what_is_so_is_taken_for_true() {
        assert_eq!(nurturing_mail(RAW.as_bytes(), "eva@x.example", "nordwerk.example"), Ok(()));
        assert_eq!(words_for_rep(RAW.as_bytes(), "eva@x.example", "kim@x.example", "Yes\nEva"), Ok(()));
        let lead =
            json!({ "stage": "mofu", "mails": [1, 2], "timeline": [{ "kind": "clicked", "points": 20 }] });
        assert_eq!(is(&lead, "/stage", "mofu"), Ok(()));
        assert_eq!(mails(&lead, 2), Ok(()));
        assert_eq!(happened(&lead, &[("kind", "clicked".into()), ("points", 20.into())]), Ok(()));
        let planned = json!({ "sequence": "a", "step": "b" });
        let told = json!({ "called_off": { "count": 1, "planned": [planned] } });
        assert_eq!(one_called_off(&told, &planned), Ok(()));
        let report = json!({ "import": {
            "new": 0, "stopped": 1, "stopped_rows": [{ "because": "the person unsubscribed" }]
        } });
        assert_eq!(refused(&report), Ok(()));
        assert_eq!(because(&json!({ "not_sent_because": ["x"] }), "x"), Ok(()));
    }

    #[test]
    fn what_is_not_so_is_noticed() {
        let raw = |from: &str, to: &str| RAW.replace(from, to).into_bytes();
        for (from, to) in [
            ("To: eva@", "To: tom@"),
            ("anna@nordwerk", "anna@elsewhere"),
            ("Subject: Hello", "Subject:"),
            ("List-Unsubscribe-Post", "X-Post"),
        ] {
            assert!(nurturing_mail(&raw(from, to), "eva@x.example", "nordwerk.example").is_err(), "{to}");
        }
        for (from, to) in
            [("> Yes", "> No"), ("Reply-To: kim", "Reply-To: tom"), ("\r\nTo: eva@", "\r\nTo: tom@")]
        {
            assert!(words_for_rep(&raw(from, to), "eva@x.example", "kim@x.example", "Yes").is_err(), "{to}");
        }
        assert!(nurturing_mail(b"", "eva@x.example", "nordwerk.example").is_err());
        let lead =
            json!({ "stage": "tofu", "mails": [1], "timeline": [{ "kind": "clicked", "points": 10 }] });
        assert!(is(&lead, "/stage", "mofu").is_err() && is(&lead, "/nothing", "mofu").is_err());
        assert!(mails(&lead, 2).is_err() && mails(&Value::Null, 1).is_err());
        assert!(happened(&lead, &[("kind", "clicked".into()), ("points", 20.into())]).is_err());
        let planned = json!({ "sequence": "a", "step": "b" });
        for told in [
            json!({ "called_off": null }),
            json!({ "called_off": { "count": 0, "planned": [] } }),
            json!({ "called_off": { "count": 2, "planned": [planned] } }),
            json!({ "called_off": { "count": 1, "planned": [{ "sequence": "a", "step": "c" }] } }),
        ] {
            assert!(one_called_off(&told, &planned).is_err(), "{told}");
        }
        for report in [
            json!({ "import": null }),
            json!({ "import": { "new": 1, "stopped": 0, "stopped_rows": [] } }),
            json!({ "import": { "new": 0, "stopped": 1, "stopped_rows": [{ "because": "other" }] } }),
        ] {
            assert!(refused(&report).is_err(), "{report}");
        }
        assert!(because(&json!({ "not_sent_because": [] }), "x").is_err());
    }
}
