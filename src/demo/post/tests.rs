use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::demo::START;

/// A mail server, what it has, and where it listens.
async fn begin() -> (Post, SocketAddr, tokio_util::sync::DropGuard) {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let inbound = Inbound { domain: "in.example".into(), client: Client::new(nowhere), path: "/".into() };
    let post = Post::new(Clock::manual(START), inbound, Bell::new());
    let listener = listen().await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    tokio::spawn(post.clone().run(listener, shutdown.clone()));
    (post, address, shutdown.drop_guard())
}

/// Says all of it at once, and reads until the server hangs up: the codes of its answers.
async fn codes(address: SocketAddr, dialogue: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(dialogue.replace('\n', "\r\n").as_bytes()).await.expect("written");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("read");
    answers
        .lines()
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| line[..3].to_owned())
        .collect()
}

#[tokio::test]
async fn mail_is_taken_as_it_comes() {
    let (post, address, _running) = begin().await;
    let dialogue =
        "EHLO x\nMAIL FROM:<> SIZE=10\nRCPT TO:<Eva@Y.example>\nDATA\nSubject: a\n\n..dots\n.\n..\n.\nQUIT\n"
            .replacen("\n.\n..", "\n...\n..", 1);
    assert_eq!(codes(address, &dialogue).await, ["220", "250", "250", "250", "354", "250", "221"]);
    let mails = post.mails(|to| to == "eva@y.example");
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].id, mails[0].at), (1, START));
    assert_eq!(String::from_utf8_lossy(&mails[0].raw), "Subject: a\r\n\r\n.dots\r\n..\r\n.\r\n");
    assert!(post.mail(1).is_some() && post.mail(0).is_none() && post.mail(2).is_none());
}

#[tokio::test]
async fn what_is_out_of_order_is_refused() {
    let (post, address, _running) = begin().await;
    let dialogue =
        "RCPT TO:<a@b>\nDATA\nMAIL FROM\nMAIL FROM:<a@b>\nRCPT TO:<nobody>\nNOOP\nRSET\nDATA\nWHAT\nQUIT\n";
    let expected = ["220", "503", "554", "501", "250", "501", "250", "250", "554", "502", "221"];
    assert_eq!(codes(address, dialogue).await, expected);
    assert_eq!(post.count(), 0);
}

#[tokio::test]
async fn what_dripline_does_not_take_is_not_taken() {
    let (post, address, _running) = begin().await;
    let dialogue = "MAIL FROM:<a@b>\nRCPT TO:<r.1@IN.example>\nDATA\nSubject: a\n\nb\n.\nQUIT\n";
    assert_eq!(codes(address, dialogue).await, ["220", "250", "250", "354", "451", "221"]);
    assert!(post.count() == 0 && post.take_answer().is_none());
}

#[test]
fn only_this_machine_is_served() {
    assert!(is_here(SocketAddr::from(([127, 0, 0, 1], 1))));
    assert!(
        is_here("[::1]:1".parse().expect("an address"))
            && is_here("[::ffff:127.0.0.1]:1".parse().expect("one"))
    );
    assert!(!is_here(SocketAddr::from(([192, 168, 0, 1], 1))));
}
