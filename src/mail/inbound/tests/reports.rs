//! Reports that follow the standards.

use super::super::{InboundMail, read};
use crate::domain::inbound::{DeliveryAction, Hard, InboundKind};

/// A delivery status with groups for recipients.
fn dsn(groups: &str) -> InboundMail {
    let mail = format!(
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: bounce+tok@in.nordwerk.example\nSubject: Undelivered Mail Returned to Sender\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n boundary=\"r/1\"\n\n\
         --r/1\nContent-Type: text/plain\n\nThis is the mail system at mx.example. See below (in reply to RCPT TO command).\n\n\
         --r/1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nArrival-Date: Thu, 12 Nov 2026 10:15:00 +0100\n\n{groups}\n\
         --r/1\nContent-Type: message/rfc822\n\nFrom: jan@nordwerk.example\nTo: kim@kunde.example\nMessage-ID: <sent-1@nordwerk.example>\nSubject: Offer\n\nHello\n--r/1--\n"
    );
    read(mail.as_bytes()).expect("a mail")
}

fn group(address: &str, action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}\n\n"
    )
}

#[test]
fn a_dead_address_is_hard() {
    let mail =
        dsn(&group("Kim@kunde.example", "failed", "5.1.1", "550 5.1.1 <Kim@kunde.example>: user unknown"));
    assert_eq!((mail.kind, mail.hard), (InboundKind::Bounce, Some(Hard::Yes)));
    let recipient = &mail.reports[0];
    assert_eq!(recipient.address, "kim@kunde.example");
    assert_eq!(recipient.status.as_deref(), Some("5.1.1"));
    assert_eq!(recipient.action, Some(DeliveryAction::Failed));
    assert_eq!(recipient.diagnostic.as_deref(), Some("550 5.1.1 <Kim@kunde.example>: user unknown"));
    assert_eq!(mail.referenced, ["sent-1@nordwerk.example"]);
    assert!(mail.evidence.contains("kim@kunde.example"), "{}", mail.evidence);
}

#[test]
fn only_dead_addresses_are_hard() {
    for (status, diagnostic, hard) in [
        ("5.1.1", "550 5.1.1 no such user", true),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", true),
        ("5.1.3", "501 5.1.3 bad address syntax", true),
        ("5.1.6", "551 5.1.6 moved", true),
        ("5.1.2", "550 5.1.2 host unknown", true),
        ("5.0.0", "550 that mailbox does not exist (in reply to RCPT TO)", true),
        ("5.0.0", "550 Empfänger unbekannt", true),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", true),
        ("5.2.2", "552 5.2.2 mailbox full", false),
        ("5.1.1", "552 5.2.2 over quota", false),
        ("5.1.1", "550 5.1.1 user's mailbox is over quota", false),
        ("5.7.1", "550 5.7.1 user unknown or blocked by policy", false),
        ("5.7.1", "554 5.7.1 spam", false),
        ("5.1.8", "553 5.1.8 sender's domain does not exist", false),
        ("5.0.0", "550 sender address rejected: domain does not exist", false),
        ("5.0.0", "550 refused", false),
        ("5.4.7", "delivery time expired", false),
        ("4.4.1", "user unknown, perhaps", false),
    ] {
        let mail = dsn(&group("kim@kunde.example", "failed", status, diagnostic));
        let expected = if hard { Hard::Yes } else { Hard::No };
        assert_eq!((mail.kind, mail.hard), (InboundKind::Bounce, Some(expected)), "{status} {diagnostic}");
    }
}

#[test]
fn several_recipients_may_differ() {
    let groups = group("a@kunde.example", "failed", "5.1.1", "550 5.1.1 user unknown")
        + &group("b@kunde.example", "failed", "5.2.2", "552 5.2.2 full")
        + &group("c@kunde.example", "delayed", "4.4.1", "timed out");
    let mail = dsn(&groups);
    assert_eq!((mail.kind, mail.hard), (InboundKind::Bounce, Some(Hard::Mixed)));
    let dead: Vec<bool> = mail.reports.iter().map(|recipient| recipient.dead).collect();
    assert_eq!(dead, [true, false, false]);
}

#[test]
fn what_is_not_over_is_delayed_and_what_arrived_is_a_success() {
    let delayed = dsn(&group("kim@kunde.example", "delayed", "4.4.1", "connection timed out"));
    assert_eq!((delayed.kind, delayed.hard), (InboundKind::Delayed, None));
    for action in ["delivered", "relayed", "expanded"] {
        let arrived = dsn(&group("kim@kunde.example", action, "2.0.0", "250 ok"));
        assert_eq!((arrived.kind, arrived.hard), (InboundKind::DsnSuccess, None), "{action}");
    }
}

#[test]
fn a_missing_action_is_taken_from_the_status() {
    for (status, kind) in
        [("5.1.1", InboundKind::Bounce), ("4.0.0", InboundKind::Delayed), ("2.1.5", InboundKind::DsnSuccess)]
    {
        let mail = dsn(&format!("Final-Recipient: rfc822; kim@kunde.example\nStatus: {status}\n\n"));
        assert_eq!(mail.kind, kind, "{status}");
    }
}

#[test]
fn of_a_forwarded_mail_the_address_is_ours() {
    let mail = dsn(
        "Original-Recipient: rfc822;kim@kunde.example\nFinal-Recipient: rfc822;kim.old@elsewhere.example\nAction: failed\nStatus: 5.1.1\n\n",
    );
    assert_eq!(mail.reports[0].address, "kim@kunde.example");
    assert_eq!(mail.reports[0].forwarded_to.as_deref(), Some("kim.old@elsewhere.example"));
}

fn feedback(report: &str) -> InboundMail {
    let mail = format!(
        "From: feedback@provider.example\nTo: abuse@nordwerk.example\nSubject: FW: Offer\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=f\n\n--f\nContent-Type: text/plain\n\nThis is a report.\n\
         --f\nContent-Type: message/feedback-report\n\n{report}\n--f\nContent-Type: text/rfc822-headers\n\nMessage-ID: <sent-1@nordwerk.example>\nTo: kim@kunde.example\n--f--\n"
    );
    read(mail.as_bytes()).expect("a mail")
}

#[test]
fn feedback_is_a_complaint_unless_it_is_about_authentication() {
    let mail = feedback(
        "Feedback-Type: abuse\nUser-Agent: Loop/1\nVersion: 1\nOriginal-Rcpt-To: <kim@kunde.example>\n",
    );
    assert_eq!((mail.kind, mail.hard), (InboundKind::Complaint, None));
    assert_eq!(mail.reports[0].address, "kim@kunde.example");
    assert_eq!(mail.referenced, ["sent-1@nordwerk.example"]);
    let report =
        "Feedback-Type: auth-failure\nAuth-Failure: dmarc\nVersion: 1\nOriginal-Rcpt-To: kim@kunde.example\n";
    assert_eq!(feedback(report).kind, InboundKind::AuthFailureReport);
    assert_eq!(feedback("Feedback-Type: not-spam\nVersion: 1\n").kind, InboundKind::Unrelated);
}

#[test]
fn a_read_receipt_is_no_answer() {
    let mail = "From: petra@kunde.example\nTo: jan@nordwerk.example\nSubject: Gelesen: Angebot\n\
                Content-Type: multipart/report; report-type=disposition-notification; boundary=d\n\n--d\nContent-Type: text/plain\n\nGelesen.\n\
                --d\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; petra@kunde.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--d--\n";
    assert_eq!(read(mail.as_bytes()).expect("a mail").kind, InboundKind::Unrelated);
}
