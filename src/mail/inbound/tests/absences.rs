//! Absence notes and other answers of machines.

use super::judged;
use crate::domain::inbound::InboundKind;

/// What a note's field, subject and text say of the return.
const NOTES: &[(&str, &str, &str, Option<&str>)] = &[
    (
        "Auto-Submitted: auto-replied\n",
        "Automatische Antwort: Angebot",
        "Ich bin bis zum 27.11.2026 nicht im Büro.",
        Some("2026-11-27"),
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Abwesenheitsnotiz",
        "Ich bin vom 10.11. bis 20.11. im Urlaub und ab dem 23.11. wieder erreichbar.",
        Some("2026-11-23"),
    ),
    (
        "X-Autoreply: yes\n",
        "Re: Angebot",
        "Vielen Dank für Ihre Nachricht. Ich bin am 23. November wieder im Haus.",
        Some("2026-11-23"),
    ),
    (
        "",
        "Abwesend: Angebot",
        "Ab Montag, den 30. November 2026, bin ich wieder für Sie da. Ihre Mail wird nicht weitergeleitet.",
        Some("2026-11-30"),
    ),
    (
        "",
        "Abwesenheit bis 4.1.2027",
        "In dringenden Fällen wenden Sie sich an Herrn Ost.",
        Some("2027-01-04"),
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatische Antwort",
        "Ich bin zurzeit nicht erreichbar. Ihre Mail wird nicht gelesen.",
        None,
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatische Antwort",
        "Ab dem 12.11. bin ich im Urlaub. Meine Vertretung hat Frau West.",
        None,
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatische Antwort",
        "Seit dem 1.10.2026 arbeite ich nicht mehr hier. Ihr neuer Kontakt: ost@kunde.example",
        None,
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatische Antwort",
        "Unser Büro ist vom 24.12. bis einschließlich 3. Januar geschlossen.",
        Some("2027-01-03"),
    ),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatic reply: Offer",
        "I am out of the office until November 27, 2026 with limited access to email.",
        Some("2026-11-27"),
    ),
    (
        "Precedence: auto_reply\n",
        "Re: Offer",
        "I'll be back on 30 November. For urgent matters call +49 30 1234567.",
        Some("2026-11-30"),
    ),
    (
        "X-Autorespond: 1\n",
        "Re: Offer",
        "I am on leave from 9th to 20th November and will return on Monday, 23rd November 2026.",
        Some("2026-11-23"),
    ),
    (
        "Return-Path: <>\n",
        "Out of Office",
        "Thank you for your message. I will be travelling November 10-21.",
        Some("2026-11-21"),
    ),
    ("", "Out of Office Re: Offer", "I am away. Contact west@kunde.example for urgent matters.", None),
    ("Auto-Submitted: auto-replied\n", "Automatic reply", "I am away until 3/4/2027.", None),
    (
        "Auto-Submitted: auto-replied\n",
        "Automatic reply",
        "We received your request from 12/11/2026 and will answer within 2 days.",
        None,
    ),
    ("Auto-Submitted: auto-generated\n", "[#1234] Ihre Anfrage", "Ihr Ticket wurde angelegt.", None),
];

#[test]
fn a_machine_is_told_and_when_somebody_is_back() {
    for (fields, subject, body, back) in NOTES {
        let fields = format!("{fields}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n");
        let mail = judged(&fields, body);
        assert_eq!(mail.kind, InboundKind::AutoReply, "{subject}: {body}");
        let named = mail.absent_until.map(|date| date.to_string());
        assert_eq!(named.as_deref(), *back, "{subject}: {body}");
        assert!(!mail.evidence.is_empty() && mail.hard.is_none() && mail.reports.is_empty(), "{subject}");
    }
}

#[test]
fn the_date_of_the_mail_that_is_quoted_is_no_return() {
    let body = "I am out of the office.\n\nOn Wed, Nov 11, 2026, Jan Nord wrote:\n> The offer is good until November 30, 2026.\n";
    let mail = judged("Auto-Submitted: auto-replied\nSubject: Automatic reply: Offer\n", body);
    assert_eq!(mail.absent_until, None);
}

#[test]
fn a_person_is_no_machine() {
    for (fields, body) in [
        ("Auto-Submitted: no\nSubject: Re: Offer\n", "Yes."),
        ("Subject: Re: Automatic reply: Offer\n", "I am back."),
        ("Subject: Re: Offer\n", "I am out of the office until Friday, can we talk on Monday?"),
        ("Subject: AW: Angebot\n", "Bin bis 20.11. im Urlaub, danach gern."),
        (
            "List-Id: <sales.nordwerk.example>\nPrecedence: list\nIn-Reply-To: <a@nordwerk.example>\nSubject: Re: Offer\n",
            "Yes.",
        ),
        ("X-Auto-Response-Suppress: All\nSubject: Re: Offer\n", "Yes."),
        (
            "Return-Path: <petra.lang@kunde.example>\nSubject: Undeliverable offer\n",
            "Your offer sounds undeliverable to me.",
        ),
        (
            "Subject: Fwd: Undeliverable: Offer\n",
            "Your mail could not be delivered to kim@kunde.example, see below.",
        ),
    ] {
        let mail = judged(fields, body);
        assert_eq!((mail.kind, mail.absent_until), (InboundKind::HumanReply, None), "{fields}{body}");
    }
}

#[test]
fn a_newsletter_is_unrelated() {
    let mail = judged("List-Id: <news.example>\nPrecedence: bulk\nSubject: News\n", "Buy this.");
    assert_eq!(mail.kind, InboundKind::Unrelated);
}
