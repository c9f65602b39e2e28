//! Hostile mails: nothing panics, nothing grows without end.

use proptest::prelude::*;

use super::super::{SIZE_LIMIT, Unreadable, read, reply_text};

#[test]
fn what_is_no_mail_is_said_so() {
    assert_eq!(read(b"").err(), Some(Unreadable::Empty));
    assert_eq!(read(b"\r\n \n").err(), Some(Unreadable::Empty));
    assert_eq!(read(b"no header at all").err(), Some(Unreadable::NoHeader));
    assert_eq!(read(&vec![b'a'; SIZE_LIMIT + 1]).err(), Some(Unreadable::TooLarge));
}

#[test]
fn bombs_are_set_aside() {
    let long = format!("Subject: {}\n\nx", "a ".repeat(400_000));
    assert_eq!(read(long.as_bytes()).err(), Some(Unreadable::HeaderTooLong));
    let many = format!("{}\nx", "X-A: b\n".repeat(10_000));
    assert_eq!(read(many.as_bytes()).err(), Some(Unreadable::HeaderTooLong));
    let parts = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", "--a\n\nx\n".repeat(100_000));
    assert_eq!(read(parts.as_bytes()).err(), Some(Unreadable::TooManyParts));
    let mut deep = String::new();
    for level in 0..1_000 {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    }
    assert_eq!(read(deep.as_bytes()).err(), Some(Unreadable::TooManyParts));
}

#[test]
fn large_and_odd_mails_are_read() {
    let head = "From: a@b.example\nSubject: Re: x\nContent-Type: text/html\n\n";
    let bodies = [
        "<div>".repeat(100_000),
        "<b a=1><i><p>".repeat(40_000),
        "<table><tr><td>".repeat(40_000),
        "</p>".repeat(100_000),
        "<".repeat(500_000),
        "<".repeat(500_000) + ">",
        "<!--".repeat(100_000),
        "<a b='".repeat(80_000),
        "&amp".repeat(100_000),
        "<ul><li>".repeat(50_000),
        "x".repeat(SIZE_LIMIT - 200),
        "<script>".repeat(100_000),
        "<blockquote>x".repeat(50_000),
    ];
    for body in bodies {
        assert!(read(format!("{head}{body}").as_bytes()).is_ok());
    }
    let head = "From: mailer-daemon@b.example\nReturn-Path: <>\nSubject: Undeliverable\n\n";
    for line in [
        "a@b.example ",
        "On a wrote:\n",
        "@",
        "> x\n\n",
        "550 5.1.1 a@b.example\n",
        "--\n",
        "5.5.",
        "=?a?q?",
        "From: a\n",
        "1.1.",
        "user unknown ",
    ] {
        assert!(read(format!("{head}{}", line.repeat(900_000 / line.len())).as_bytes()).is_ok(), "{line}");
    }
    let nested = "Content-Type: message/rfc822\n\n".repeat(100_000);
    assert!(read(nested.as_bytes()).is_ok());
    let part = format!("--a\nContent-Type: text/html\n\n{}\n", "<i>x<p>".repeat(1_000));
    let parts = format!("Content-Type: multipart/mixed; boundary=a\n\n{}", part.repeat(900));
    assert!(read(parts.as_bytes()).is_ok());
    let parameters = format!("Content-Type: a/b; {}\n\nx", "a*1=b; ".repeat(60_000));
    assert!(read(parameters.as_bytes()).is_ok());
}

/// Bytes that look like a mail here and there.
fn mailish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Content-Type: multipart/report; boundary=b\n".to_vec()),
        Just(b"Content-Type: message/delivery-status\n".to_vec()),
        Just(b"Content-Type: message/feedback-report\n".to_vec()),
        Just(b"Content-Type: text/html; charset=x\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\n".to_vec()),
        Just(b"From: MAILER-DAEMON\n".to_vec()),
        Just(b"Subject: Automatische Antwort bis 30.2.\n".to_vec()),
        Just(b"Date: Thu, 12 Nov 2026 10:15:00 +0100\n".to_vec()),
        Just(b"Auto-Submitted: auto-replied\n".to_vec()),
        Just(b"Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n".to_vec()),
        Just(b"Feedback-Type: abuse\n".to_vec()),
        Just(b"\n--b\n".to_vec()),
        Just(b"--b--\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"On 1.1.2026 a wrote:\n> x\n".to_vec()),
        Just("Am 1. März schrieb Ä <ä@ö.example>:\n".as_bytes().to_vec()),
        Just(b"<blockquote><div class=gmail_quote>".to_vec()),
        Just(b"550 5.1.1 <a@b.example> user unknown\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
        ".{0,40}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(raw in prop::collection::vec(any::<u8>(), 0..500)) {
        let _ = read(&raw);
    }

    #[test]
    fn what_looks_like_a_mail_is_read_or_refused(raw in mailish()) {
        let _ = read(&raw);
    }

    #[test]
    fn what_is_new_is_in_what_was_there(text in "[a-zäß >:\n.@-]{0,300}") {
        let new = reply_text(&text);
        for line in new.lines().filter(|line| !line.is_empty()) {
            prop_assert!(text.contains(line), "{line:?}");
        }
        prop_assert_eq!(reply_text(&new.replace('\n', "\r\n")), reply_text(&new));
    }
}
