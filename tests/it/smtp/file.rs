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

    for (id, raw) in [("<1@x.example>", "first"), ("<2@x.example>", "second"), ("<1@x.example>", "again")] {
        let delivery = relay.send(id, raw.as_bytes(), || true).await;
        assert!(matches!(&delivery, Delivery::Answered(reply) if reply.accepted()), "{delivery:?}");
    }

    assert_eq!(names(&dir), ["1@x.example.eml", "2@x.example.eml"]);
    assert_eq!(fs::read_to_string(dir.join("1@x.example.eml")).unwrap(), "again");
}

#[tokio::test]
async fn nothing_is_written_when_start_says_no() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("outbox");
    assert_eq!(FileRelay::new(&dir).send("<1@x.example>", RAW, || false).await, Delivery::Refused);
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_a_loss_before() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a file");
    fs::write(&file, "").unwrap();
    let delivery = FileRelay::new(&file).send("<1@x.example>", RAW, || true).await;
    assert!(matches!(&delivery, Delivery::LostBefore(why) if why.contains("a file")), "{delivery:?}");
}
