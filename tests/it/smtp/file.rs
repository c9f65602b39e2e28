//! The relay that writes files.

use std::fs;
use std::path::Path;

use dripline::mail::FileRelay;

use super::*;

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn each_message_is_one_file_however_often_it_is_written() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("not/yet/there");
    let relay = FileRelay::new(&dir);

    let date = "Date: Tue, 24 Nov 2026 09:31:05 +0000\r\n\r\n";
    for (id, raw) in [("<1@x.example>", "first"), ("<2@x.example>", "second")] {
        written(&relay, id, &format!("{date}{raw}")).await;
    }
    let first = names(&dir);
    assert_eq!(first.len(), 2);
    for name in &first {
        assert!(name.starts_with("2026-11-2") && name.contains("_kim@x.example_"), "{name}");
    }

    let later = "Date: Wed, 25 Nov 2026 09:31:05 +0000\r\n\r\nagain";
    written(&relay, "<1@x.example>", later).await;
    // After a restart, too.
    written(&FileRelay::new(&dir), "<1@x.example>", later).await;
    assert_eq!(names(&dir), first, "a repeat has the name of the first try");
    let texts: Vec<String> = first.iter().map(|name| fs::read_to_string(dir.join(name)).unwrap()).collect();
    assert!(texts.contains(&later.to_owned()) && texts.contains(&format!("{date}second")), "{texts:?}");
}

async fn written(relay: &FileRelay, id: &str, raw: &str) {
    let delivery = relay.send(id, "kim@x.example", raw.as_bytes(), || true).await;
    assert!(matches!(&delivery, Delivery::Answered(reply) if reply.accepted()), "{delivery:?}");
}

#[tokio::test]
async fn nothing_is_written_when_start_says_no() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("outbox");
    assert_eq!(
        FileRelay::new(&dir).send("<1@x.example>", "kim@x.example", RAW, || false).await,
        Delivery::Refused
    );
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_a_loss_before() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a file");
    fs::write(&file, "").unwrap();
    let delivery = FileRelay::new(&file).send("<1@x.example>", "kim@x.example", RAW, || true).await;
    assert!(matches!(&delivery, Delivery::LostBefore(why) if why.contains("a file")), "{delivery:?}");
}
