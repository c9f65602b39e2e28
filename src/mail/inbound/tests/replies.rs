//! What people wrote, out of what their programs send.

use super::{judged, text_of, text_of_html};
use crate::domain::inbound::InboundKind;

const WORDS: &str = "Guten Tag Herr Nord,\n\nkommende Woche passt gut.\nDienstag um 10 Uhr?";

#[test]
fn history_below_the_reply_is_cut() {
    let histories = [
        (
            "Outlook, German",
            "Von: Jan Nord <jan@nordwerk.example>\nGesendet: Mittwoch, 11. November 2026 08:30\nAn: Petra Lang <petra.lang@kunde.example>\nBetreff: Angebot\n\nHallo Frau Lang,\nwann passt es?",
        ),
        (
            "Outlook, English",
            "________________________________\nFrom: Jan Nord <jan@nordwerk.example>\nSent: Wednesday, November 11, 2026 8:30 AM\nTo: Petra Lang <petra.lang@kunde.example>\nSubject: Offer\n\nWhen?",
        ),
        (
            "old Outlook, German",
            "-----Ursprüngliche Nachricht-----\nVon: Jan Nord [mailto:jan@nordwerk.example]\nGesendet: Mittwoch, 11. November 2026 08:30\nAn: Petra Lang\nBetreff: Angebot\n\nWann?",
        ),
        (
            "old Outlook, English",
            "-----Original Message-----\nFrom: Jan Nord\nSent: Wednesday, November 11, 2026 8:30 AM\nTo: Petra Lang\nSubject: Offer\n\nWhen?",
        ),
        (
            "Apple Mail, German",
            "> Am 11.11.2026 um 08:30 schrieb Jan Nord <jan@nordwerk.example>:\n> \n> Hallo Frau Lang,\n> wann passt es?\n> ",
        ),
        (
            "Apple Mail, English",
            "> On 11. Nov 2026, at 08:30, Jan Nord <jan@nordwerk.example> wrote:\n> \n> When?\n",
        ),
        (
            "Gmail, German",
            "Am Mi., 11. Nov. 2026 um 08:30 Uhr schrieb Jan Nord <\njan@nordwerk.example>:\n\n> Hallo Frau Lang,\n> wann passt es?\n>",
        ),
        (
            "Gmail, English",
            "On Wed, Nov 11, 2026 at 8:30 AM Jan Nord <jan@nordwerk.example>\nwrote:\n\n> When?\n> --\n> Jan",
        ),
        (
            "Thunderbird, German",
            "Am 11.11.26 um 08:30 schrieb Jan Nord:\n> Hallo Frau Lang,\n> wann passt es?\n",
        ),
        ("Thunderbird, English", "On 11/11/26 8:30 AM, Jan Nord wrote:\n> When?\n"),
        (
            "GMX",
            "Gesendet: Mittwoch, 11. November 2026 um 08:30 Uhr\nVon: \"Jan Nord\" <jan@nordwerk.example>\nAn: petra.lang@kunde.example\nBetreff: Angebot\nHallo Frau Lang,\nwann passt es?",
        ),
        (
            "iPhone, German",
            "Von meinem iPhone gesendet\n\n> Am 11.11.2026 um 08:30 schrieb Jan Nord <jan@nordwerk.example>:\n> \n> wann?\n",
        ),
        (
            "iPhone, English",
            "Sent from my iPhone\n\nOn 11 Nov 2026, at 08:30, Jan Nord <jan@nordwerk.example> wrote:\n\n> When?\n",
        ),
        (
            "Android",
            "Gesendet von meinem Galaxy\n\n-------- Ursprüngliche Nachricht --------\nVon: Jan Nord <jan@nordwerk.example>\nDatum: 11.11.26 08:30 (GMT+01:00)\nAn: petra.lang@kunde.example\nBetreff: Angebot\n\nWann?",
        ),
        (
            "a language that has no verb",
            "ср, 11 нояб. 2026 г. в 08:30, Jan Nord <jan@nordwerk.example>:\n\n> When?",
        ),
    ];
    for (program, history) in histories {
        assert_eq!(text_of(&format!("{WORDS}\n\n{history}\n")), WORDS, "{program}");
        assert_eq!(
            text_of(&format!("{WORDS}\n\n{history}\n").replace('\n', "\r\n")),
            WORDS,
            "{program}, CRLF"
        );
    }
}

#[test]
fn history_above_the_reply_is_cut() {
    let quoted = "Am 11.11.26 um 08:30 schrieb Jan Nord:\n> Hallo Frau Lang,\n> wann passt es?\n\n";
    assert_eq!(text_of(&format!("{quoted}{WORDS}\n\n-- \nPetra Lang\nKunde GmbH")), WORDS);
    let quoted = "On 11/11/26 8:30 AM, Jan Nord wrote:\n> When?\n\n";
    assert_eq!(text_of(&format!("{quoted}Tuesday.")), "Tuesday.");
}

#[test]
fn questions_that_are_answered_one_by_one_stay() {
    let body = "On 11/11/26 8:30 AM, Jan Nord wrote:\n> When?\n\nTuesday.\n\n> Where?\n\nHere.\n\n> Jan\n";
    assert_eq!(text_of(body), "> When?\n\nTuesday.\n\n> Where?\n\nHere.");
}

#[test]
fn signatures_and_legal_footers_are_cut() {
    let below = [
        "-- \nPetra Lang\nEinkauf",
        "--\nPetra Lang",
        "Sent from Outlook for iOS",
        "Holen Sie sich Outlook für Android",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie.",
        "This email and any attachments are confidential and intended for the addressee.",
        "Kunde GmbH, Sitz der Gesellschaft: Bremen, Amtsgericht Bremen HRB 1234, Geschäftsführer: P. Lang",
    ];
    for footer in below {
        assert_eq!(text_of(&format!("{WORDS}\n\n{footer}\n")), WORDS, "{footer}");
    }
}

#[test]
fn what_only_looks_like_history_stays() {
    for words in [
        "Wann? Am Dienstag schrieb ich Ihnen schon:\nes passt nicht.",
        "From: is what I would change in the form.\nThe rest is fine.",
        "On Monday we decide, and I wrote it down:\nthe 14th.",
        "Am 3. November 2026 schrieb ich Ihnen schon:\nes passt nicht.",
        "On Monday Kim wrote:\nit is too expensive.",
        "Sent via DHL yesterday.\nIt should be there.",
        "Das Angebot von 11.11.2026 ist gut.\n- Preis: passt\n- Termin: passt nicht",
    ] {
        assert_eq!(text_of(words), words);
    }
}

#[test]
fn html_is_read_as_its_reader_sees_it() {
    let cases = [
        (
            "Gmail",
            "<div dir=\"ltr\">Gern, <b>Dienstag</b>.<div><br></div><div>Petra</div></div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">Am Mi., 11. Nov. 2026 um 08:30&nbsp;Uhr schrieb Jan Nord &lt;<a href=\"mailto:jan@nordwerk.example\">jan@nordwerk.example</a>&gt;:<br></div><blockquote class=\"gmail_quote\">Wann?</blockquote></div>",
        ),
        (
            "Outlook on the web",
            "<html><head><style>p {margin:0}</style></head><body><p>Gern, Dienstag.</p><p>Petra</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>Von:</b> Jan Nord<br><b>Gesendet:</b> Mittwoch<br><b>An:</b> Petra</div><div>Wann?</div></body></html>",
        ),
        (
            "Outlook",
            "<body><p class=MsoNormal>Gern, Dienstag.<o:p></o:p></p><p class=MsoNormal>Petra<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>Von:</b> Jan Nord<br><b>Gesendet:</b> Mittwoch</p></div><p>Wann?</p></body>",
        ),
        (
            "Apple Mail",
            "<html><body>Gern, Dienstag.<div><br></div><div>Petra<br><div><br><blockquote type=\"cite\"><div>Am 11.11.2026 um 08:30 schrieb Jan Nord &lt;jan@nordwerk.example&gt;:</div><br><div>Wann?</div></blockquote></div></div></body></html>",
        ),
        (
            "GMX",
            "<html><body><div>Gern, Dienstag.</div><div>&nbsp;</div><div>Petra</div><div name=\"quote\" style=\"margin:10px\"><div><b>Gesendet:</b> Mittwoch<br><b>Von:</b> Jan</div><div name=\"quoted-content\">Wann?</div></div></body></html>",
        ),
    ];
    for (program, html) in cases {
        let text = text_of_html(html);
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>().join(" "),
            "Gern, Dienstag. Petra",
            "{program}"
        );
    }
    assert_eq!(
        text_of_html("<p>5 &lt; 6 &amp; caf&eacute;</p><script>alert(1)</script><ul><li>a<li>b</ul>"),
        "5 < 6 & café\n* a\n* b"
    );
}

#[test]
fn of_two_versions_the_plain_one_is_read() {
    let body = "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nRGllbnN0YWcsIGdlcm5lIGfDvHQ=\n--b\n\
                Content-Type: text/html\n\n<p>not this</p>\n--b--\n";
    let mail = judged(
        "Subject: =?utf-8?q?Re=3A_Gr=C3=B6=C3=9Fe?=\nContent-Type: multipart/alternative; boundary=b\n",
        body,
    );
    assert_eq!(mail.text, "Dienstag, gerne güt");
    assert_eq!(mail.subject, "Re: Größe");
    assert_eq!(mail.kind, InboundKind::HumanReply);
}

#[test]
fn who_wrote_to_whom_about_what_is_read() {
    let fields = "In-Reply-To: <a@nordwerk.example>\nReferences: <z@nordwerk.example> <a@nordwerk.example>\nDelivered-To: Reply+Tok@in.nordwerk.example\n\
                  Cc: \"Lang, O.\" <O.Lang@kunde.example>\nSubject: Re: Angebot\nContent-Type: multipart/mixed; boundary=\"x y\"\n";
    let body = "--x y\nContent-Type: text/plain\n\nJa.\n--x y\nContent-Type: application/pdf; name=\"a.pdf\"\nContent-Disposition: attachment;\n filename*=utf-8''pl%C3%A4ne.pdf\n\n%PDF\n--x y--";
    let mail = judged(fields, body);
    assert_eq!(mail.message_id.as_deref(), Some("m1@kunde.example"));
    let from = mail.from.expect("a sender");
    assert_eq!(
        (from.address.as_str(), from.name.as_deref()),
        ("petra.lang@kunde.example", Some("Petra Lang"))
    );
    assert_eq!(
        mail.recipients,
        ["jan@nordwerk.example", "o.lang@kunde.example", "reply+tok@in.nordwerk.example"]
    );
    assert_eq!(mail.referenced, ["a@nordwerk.example", "z@nordwerk.example"]);
    let names: Vec<&str> = mail.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["pläne.pdf"]);
    assert_eq!((mail.text.as_str(), mail.kind, mail.hard), ("Ja.", InboundKind::HumanReply, None));
}

#[test]
fn a_wish_to_leave_is_told_from_a_reply() {
    let history = "\n\nAm 11.11.26 um 08:30 schrieb Jan Nord:\n> Newsletter\n";
    for (subject, body, kind) in [
        ("Re: Neues", format!("Bitte abmelden. Danke{history}"), InboundKind::Unsubscribe),
        ("Re: Neues", "unsubscribe\n\n-- \nPetra Lang".to_owned(), InboundKind::Unsubscribe),
        ("unsubscribe", String::new(), InboundKind::Unsubscribe),
        (
            "Re: Neues",
            format!("Ich will mich nicht abmelden, ich will ein Angebot.{history}"),
            InboundKind::HumanReply,
        ),
        ("Re: abmelden", "Warum geht das nicht?".to_owned(), InboundKind::HumanReply),
    ] {
        let mail = judged(&format!("Subject: {subject}\n"), &body);
        assert_eq!(mail.kind, kind, "{subject}: {body}");
        assert!(!mail.evidence.is_empty());
    }
}
