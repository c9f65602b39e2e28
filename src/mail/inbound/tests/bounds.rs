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

/// A mail whose only part is encoded so.
fn encoded(encoding: &str, body: &str) -> String {
    format!(
        "From: a@b.example\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: {encoding}\n\n{body}"
    )
}

#[test]
fn encodings_and_headers_grow_without_end_in_no_mail() {
    let zeros = format!("{}\n", "A".repeat(76)).repeat(30_000);
    let mails = [
        encoded("base64", &zeros),
        encoded("base64", &"=".repeat(2_000_000)),
        encoded("base64", "not base64 at all!"),
        encoded("quoted-printable", &"=\n".repeat(1_000_000)),
        encoded("quoted-printable", &"=41".repeat(700_000)),
        encoded("quoted-printable", &"=".repeat(2_000_000)),
        format!("Subject: {}\n\nx", "=?utf-8?B?QUFB?= ".repeat(25_000)),
        format!("Subject: {}\n\nx", "=?utf-8?Q?=".repeat(40_000)),
        format!("To: {}\n\nx", "a@b.example, ".repeat(35_000)),
        format!("To: {}\n\nx", "(".repeat(400_000)),
        format!("To: {}\n\nx", "\"a".repeat(200_000)),
        format!("References: {}\n\nx", "<a@b.example> ".repeat(30_000)),
        format!("Subject: x\n{}\nx", " y\n".repeat(150_000)),
        format!("X-A: {}\n\nx", "y".repeat(500_000)),
        format!("Content-Type: text/plain; name*0=\"{}\n\nx", "a".repeat(400_000)),
    ];
    for mail in mails {
        let read = read(mail.as_bytes()).unwrap_or_else(|why| panic!("{why}: {}", &mail[..60]));
        assert!(read.text.len() <= mail.len(), "{}", &mail[..60]);
        assert!(read.subject.len() <= 64 * 1024 && read.referenced.len() <= 100, "{}", &mail[..60]);
    }
}

#[test]
fn parts_within_mails_are_bounded() {
    let deep = |levels: usize| {
        let open: String = (0..levels)
            .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
            .collect();
        format!("From: a@b.example\n{open}Content-Type: text/plain\n\ndeep\n")
    };
    assert_eq!(read(deep(10).as_bytes()).map(|mail| mail.text), Ok("deep".to_owned()));
    assert_eq!(read(deep(20).as_bytes()).err(), Some(Unreadable::TooManyParts));
    assert_eq!(read(deep(100_000).as_bytes()).err(), Some(Unreadable::TooManyParts));
    let part =
        "--a\nContent-Type: application/pdf; name=x.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n";
    let files = |count: usize| {
        format!("From: a@b.example\nContent-Type: multipart/mixed; boundary=a\n\n{}", part.repeat(count))
    };
    assert_eq!(read(files(900).as_bytes()).map(|mail| mail.attachments.len()), Ok(100));
    assert_eq!(read(files(100_000).as_bytes()).err(), Some(Unreadable::TooManyParts));
    // Each boundary is also the start of another.
    let mut nested = "From: a@b.example\nContent-Type: multipart/mixed; boundary=\"\"\n\n".to_owned();
    nested += &"--\n".repeat(100_000);
    assert!(
        read(nested.as_bytes()).is_ok() || read(nested.as_bytes()).err() == Some(Unreadable::TooManyParts)
    );
    let table = format!("<table>{}", "<tr>".to_owned() + &"<td>x</td>".repeat(200)).repeat(250);
    let mail = format!("From: a@b.example\nContent-Type: text/html\n\n{table}");
    assert!(read(mail.as_bytes()).is_ok());
}

#[test]
fn large_files_are_named_and_not_sent_on() {
    let file = |name: &str, bytes: usize| {
        let lines = format!("{}\n", "QUFB".repeat(19)).repeat(bytes / 57);
        format!(
            "--a\nContent-Type: application/pdf; name={name}\nContent-Transfer-Encoding: base64\n\n{lines}"
        )
    };
    let files =
        file("small.pdf", 100_000) + &file("large.pdf", 11_000_000) + &file("../other.pdf", 1_000_000);
    let mail = format!(
        "From: a@b.example\nSubject: Re: x\nContent-Type: multipart/mixed; boundary=a\n\n{files}--a--\n"
    );
    let read = read(mail.as_bytes()).expect("a mail");
    let named: Vec<_> = read.attachments.iter().map(|file| (file.name.as_str(), file.passed_on)).collect();
    assert_eq!(named, [("small.pdf", true), ("large.pdf", false), ("other.pdf", true)]);
    let (_, sent) = super::super::read_with_files(mail.as_bytes()).expect("a mail");
    assert_eq!(sent.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["small.pdf", "other.pdf"]);
    for (file, listed) in sent.iter().zip(read.attachments.iter().filter(|file| file.passed_on)) {
        assert_eq!(file.bytes.len(), listed.size, "{}", file.name);
    }
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
