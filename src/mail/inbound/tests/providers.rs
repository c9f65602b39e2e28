//! Mails as providers hand them in.

use serde_json::json;

use super::super::{Provider, read};
use crate::domain::inbound::InboundKind;

fn of_postmark(body: &serde_json::Value) -> super::super::InboundMail {
    let mail = Provider::Postmark.mail(body.to_string().as_bytes()).expect("JSON of Postmark");
    read(&mail).expect("a mail")
}

#[test]
fn a_mail_of_postmark_is_put_together_again() {
    let mail = of_postmark(&json!({
        "FromName": "Petra Lang", "From": "petra.lang@kunde.example",
        "FromFull": { "Email": "petra.lang@kunde.example", "Name": "Petra Löng, Einkauf", "MailboxHash": "" },
        "ToFull": [{ "Email": "r.abc@in.nordwerk.example", "Name": "", "MailboxHash": "" }],
        "OriginalRecipient": "r.abc@in.nordwerk.example", "Subject": "Re: Größe, 30 Stück", "MessageID": "73e6d360",
        "Date": "Mon, 8 Mar 2027 11:42:10 +0100", "TextBody": "Ja, gern.\n\nAm 08.03.27 um 09:00 schrieb Anna:\n> Wann?\n",
        "HtmlBody": "<p>Ja, gern.</p>", "StrippedTextReply": "",
        "Headers": [
            { "Name": "Message-ID", "Value": "<a1@kunde.example>" },
            { "Name": "In-Reply-To", "Value": "<sent@nordwerk.example>" },
            { "Name": "MIME-Version", "Value": "1.0" },
            { "Name": "X-Odd\r\nBcc", "Value": "x" },
        ],
        "Attachments": [{ "Name": "Plan.pdf", "Content": "JVBERi0=", "ContentType": "application/pdf", "ContentLength": 5 }],
    }));
    let from = mail.from.expect("a sender");
    assert_eq!(
        (from.address.as_str(), from.name.as_deref()),
        ("petra.lang@kunde.example", Some("Petra Löng, Einkauf"))
    );
    assert_eq!(mail.message_id.as_deref(), Some("a1@kunde.example"));
    assert_eq!(mail.referenced, ["sent@nordwerk.example"]);
    assert_eq!(mail.recipients, ["r.abc@in.nordwerk.example"]);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Re: Größe, 30 Stück", "Ja, gern."));
    assert_eq!((mail.attachments[0].name.as_str(), mail.attachments[0].size), ("Plan.pdf", 5));
    assert_eq!(mail.kind, InboundKind::HumanReply);
}

#[test]
fn the_raw_mail_is_taken_where_it_is_given() {
    let raw = "From: <petra@kunde.example>\r\nSubject: x\r\nAuto-Submitted: auto-replied\r\n\r\nweg\r\n";
    let mail = of_postmark(&json!({ "RawEmail": raw, "Subject": "something else" }));
    assert_eq!((mail.subject.as_str(), mail.kind), ("x", InboundKind::AutoReply));
}

#[test]
fn what_is_no_json_of_a_provider_is_refused() {
    for body in ["", "[]", "{\"Headers\": 1}", "From: a@b.example"] {
        assert!(Provider::Postmark.mail(body.as_bytes()).is_err(), "{body}");
    }
    assert!("pigeon".parse::<Provider>().is_err());
}
