//! Bounces that follow no standard.

use super::super::{InboundMail, read};
use crate::domain::inbound::{Hard, InboundKind};

fn bounce(fields: &str, body: &str) -> InboundMail {
    let mail = format!("{fields}To: jan@nordwerk.example\nDate: Thu, 12 Nov 2026 10:15:00 +0100\n\n{body}");
    read(mail.as_bytes()).expect("a mail")
}

const RETURNED: &str = "Received: from a by b\nMessage-ID: <sent-1@nordwerk.example>\nFrom: jan@nordwerk.example\nTo: kim@kunde.example\nSubject: Offer\n\nHello\n";

#[test]
fn a_daemon_that_quotes_a_refusal_bounces() {
    let cases = [
        (
            "qmail",
            "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n",
            "I could not send it.\n\n<kim@kunde.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\n",
            Hard::Yes,
        ),
        (
            "exim",
            "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: kim@kunde.example\nSubject: Mail delivery failed\nAuto-Submitted: auto-replied\n",
            "It failed:\n\n  kim@kunde.example\n    SMTP error after RCPT TO:<kim@kunde.example>:\n    host mx.kunde.example: 550 Unrouteable address\n\n------ This is a copy of the message ------\n\n",
            Hard::Yes,
        ),
        (
            "a full mailbox",
            "From: \"Postmaster\" <postmaster@mx.example>\nSubject: Undeliverable Mail\n",
            "User mailbox exceeds allowed size: kim@kunde.example\n\nOriginal message follows.\n\n",
            Hard::No,
        ),
        (
            "a program without a null sender",
            "From: Mail <robot@mx.example>\nSubject: Undelivered message\n",
            "Your message could not be delivered.\n\nRecipient: <kim@kunde.example>\nReason: the mailbox does not exist\n\n--- original message ---\n\n",
            Hard::Yes,
        ),
    ];
    for (manner, fields, body, hard) in cases {
        let mail = bounce(fields, &format!("{body}{RETURNED}"));
        assert_eq!((mail.kind, mail.hard), (InboundKind::Bounce, Some(hard)), "{manner}: {}", mail.evidence);
        let addresses: Vec<&str> = mail.reports.iter().map(|recipient| recipient.address.as_str()).collect();
        assert_eq!(addresses, ["kim@kunde.example"], "{manner}");
        assert_eq!(mail.referenced, ["sent-1@nordwerk.example"], "{manner}");
    }
}

#[test]
fn each_recipient_is_judged_by_what_is_said_of_it() {
    let body = "Not delivered (answers to RCPT TO):\n\n<a@kunde.example>: 550 5.1.1 no such user\n<b@kunde.example>: 552 5.2.2 mailbox full\n\n\
                Ask <postmaster@mx.example> or from us help@mx.example.\n";
    let mail = bounce("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Returned mail\n", body);
    let told: Vec<(&str, bool)> =
        mail.reports.iter().map(|found| (found.address.as_str(), found.dead)).collect();
    assert_eq!(told, [("a@kunde.example", true), ("b@kunde.example", false)]);
    assert_eq!(mail.hard, Some(Hard::Mixed));
}

#[test]
fn a_server_that_still_tries_only_warns() {
    let body =
        "This is a warning message only. Your message to kim@kunde.example is delayed and will be retried.\n";
    let mail = bounce(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Warning: message delayed 24 hours\n",
        body,
    );
    assert_eq!((mail.kind, mail.hard), (InboundKind::Delayed, None));
    assert_eq!(mail.reports[0].address, "kim@kunde.example");
}

#[test]
fn an_absence_note_of_a_null_sender_is_no_bounce() {
    let body =
        "I have left the company. Your mail is not forwarded, write to kim@kunde.example (room 550).\n";
    let mail = bounce("Return-Path: <>\nFrom: petra@kunde.example\nSubject: Re: Offer\n", body);
    assert_eq!(mail.kind, InboundKind::AutoReply);
}

#[test]
fn ses_notices_are_read() {
    let notice = r#"{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"Kim@kunde.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{}}"#;
    let mail = bounce(
        "From: no-reply@sns.example\nSubject: Notification\n",
        &format!("{notice}\n\n--\nUnsubscribe\n"),
    );
    assert_eq!((mail.kind, mail.hard), (InboundKind::Bounce, Some(Hard::Yes)));
    let notice = r#"{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"kim@kunde.example"}]}}"#;
    assert_eq!(bounce("Subject: Notification\n", notice).kind, InboundKind::Complaint);
}

#[test]
fn a_person_whose_title_sounds_like_a_daemon_answers() {
    let quoted = "Ja, gern.\n\n-----Original Message-----\nFrom: Anna <anna@us.example>\n\
                  To: max@kunde.example\nSubject: Angebot\n\nPasst das?\n";
    let fields = "From: \"Max Muster, System Administrator\" <max@kunde.example>\nSubject: AW: Angebot\n";
    assert_eq!(bounce(fields, quoted).kind, InboundKind::HumanReply);
    let fields = "From: System Administrator <max@kunde.example>\nSubject: AW: Angebot\n";
    assert_eq!(bounce(fields, quoted).kind, InboundKind::HumanReply);
}

#[test]
fn goods_that_did_not_arrive_are_no_bounce() {
    let fields = "From: Max Muster <max@kunde.example>\nSubject: Delivery problem with order 4711\n";
    let body = "Hello,\n\nthe goods have not been delivered.\n\nMax Muster\nmax@kunde.example\n";
    assert_eq!(bounce(fields, body).kind, InboundKind::HumanReply);
}
