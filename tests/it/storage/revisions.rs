//! The tables `revisions`, `deployment` and `steps`.

use dripline::storage::Tx;
use dripline::storage::revisions::{self, Deployment, NumberedStep};

use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::at;

on_both!(
    a_revision_is_found_by_its_hash,
    the_deployment_is_replaced,
    the_first_reason_of_a_pause_stays,
    steps_are_numbered_for_good,
    a_renamed_sequence_takes_its_steps_along,
);
on_postgres!(the_deployment_is_shared_or_changed);

async fn a_revision_is_found_by_its_hash(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let first = revisions::store(&mut tx, "hash-a", "{\"funnel.toml\":\"ä\"}", at(1)).await.unwrap();
    let second = revisions::store(&mut tx, "hash-b", "{}", at(2)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(revisions::store(&mut tx, "hash-a", "{}", at(3)).await.unwrap(), first);
    let files = revisions::files(&mut tx, first).await.unwrap();
    assert_eq!(files.as_deref(), Some("{\"funnel.toml\":\"ä\"}"), "the hash stands for these files");
    assert_eq!(revisions::files(&mut tx, first + second).await.unwrap(), None);
}

async fn the_deployment_is_replaced(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(revisions::deployment(&mut tx).await.unwrap(), None);
    assert_eq!(revisions::lock_deployment(&mut tx).await.unwrap(), None);
    let first = revisions::store(&mut tx, "hash-a", "{}", at(1)).await.unwrap();
    let second = revisions::store(&mut tx, "hash-b", "{}", at(2)).await.unwrap();
    let changed = vec!["welcome".to_owned(), "mofu \"x\"".to_owned()];
    revisions::deploy(&mut tx, first, &changed, Some(0)).await.unwrap();
    let deployed = Deployment { revision: first, paused_because: None, changed, offered_to: Some(0) };
    assert_eq!(revisions::deployment(&mut tx).await.unwrap(), Some(deployed.clone()));

    revisions::offered(&mut tx, Some(40)).await.unwrap();
    let offered = Deployment { offered_to: Some(40), ..deployed };
    assert_eq!(revisions::share_deployment(&mut tx).await.unwrap(), Some(offered.clone()));
    revisions::offered(&mut tx, None).await.unwrap();
    let all = Deployment { offered_to: None, ..offered };
    assert_eq!(revisions::lock_deployment(&mut tx).await.unwrap(), Some(all));

    revisions::pause(&mut tx, "by hand", at(3)).await.unwrap();
    revisions::deploy(&mut tx, second, &[], None).await.unwrap();
    let paused_because = Some("by hand".to_owned());
    let replaced = Deployment { revision: second, paused_because, changed: vec![], offered_to: None };
    assert_eq!(revisions::deployment(&mut tx).await.unwrap(), Some(replaced));
}

async fn the_first_reason_of_a_pause_stays(db: TestDb) {
    async fn why(tx: &mut Tx) -> Option<String> {
        revisions::deployment(tx).await.unwrap().unwrap().paused_because
    }
    let mut tx = db.begin().await.unwrap();
    let id = revisions::store(&mut tx, "hash-a", "{}", at(1)).await.unwrap();
    revisions::deploy(&mut tx, id, &[], None).await.unwrap();
    revisions::pause(&mut tx, "too many bounces", at(2)).await.unwrap();
    revisions::pause(&mut tx, "by hand", at(3)).await.unwrap();
    assert_eq!(why(&mut tx).await.as_deref(), Some("too many bounces"));
    assert_eq!(revisions::resumed_at(&mut tx).await.unwrap(), None);
    revisions::resume(&mut tx, at(4)).await.unwrap();
    assert_eq!(why(&mut tx).await, None);
    assert_eq!(revisions::resumed_at(&mut tx).await.unwrap(), Some(at(4)));
    let when = tx.first("SELECT paused_at FROM deployment", vec![], |row| row.opt_at(0)).await.unwrap();
    assert_eq!(when, Some(None));
    revisions::pause(&mut tx, "by hand", at(5)).await.unwrap();
    assert_eq!(why(&mut tx).await.as_deref(), Some("by hand"));
}

fn step(seq: &str, number: i64, step: &str, anchor: Option<i64>) -> NumberedStep {
    NumberedStep { seq: seq.to_owned(), number, step: step.to_owned(), anchor }
}

async fn steps_are_numbered_for_good(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (seq, number, name) in [("b", 1, "hello"), ("a", 2, "guide"), ("a", 1, "hello")] {
        revisions::name_step(&mut tx, seq, number, name).await.unwrap();
    }
    revisions::anchor_step(&mut tx, "a", 2, 1).await.unwrap();
    let all = [step("a", 1, "hello", None), step("a", 2, "guide", Some(1)), step("b", 1, "hello", None)];
    assert_eq!(revisions::steps(&mut tx).await.unwrap(), all);

    // It comes back, under another name.
    revisions::name_step(&mut tx, "a", 2, "guide-de").await.unwrap();
    let all = [step("a", 1, "hello", None), step("a", 2, "guide-de", None), step("b", 1, "hello", None)];
    assert_eq!(revisions::steps(&mut tx).await.unwrap(), all);
}

async fn a_renamed_sequence_takes_its_steps_along(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (seq, number, name) in [("a", 1, "hello"), ("a", 2, "guide"), ("b", 1, "hello")] {
        revisions::name_step(&mut tx, seq, number, name).await.unwrap();
    }
    revisions::anchor_step(&mut tx, "a", 2, 1).await.unwrap();
    revisions::rename_sequence(&mut tx, "a", "c").await.unwrap();
    let all = [step("b", 1, "hello", None), step("c", 1, "hello", None), step("c", 2, "guide", Some(1))];
    assert_eq!(revisions::steps(&mut tx).await.unwrap(), all);
}

async fn the_deployment_is_shared_or_changed(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = revisions::store(&mut tx, "hash-a", "{}", at(1)).await.unwrap();
    revisions::deploy(&mut tx, id, &[], None).await.unwrap();
    tx.commit().await.unwrap();

    let mut one = db.begin().await.unwrap();
    let mut other = db.begin().await.unwrap();
    assert!(revisions::share_deployment(&mut one).await.unwrap().is_some());
    assert!(
        revisions::share_deployment(&mut other).await.unwrap().is_some(),
        "pumps do not wait for each other"
    );
    let mut change = db.begin_impatient().await;
    assert!(
        revisions::lock_deployment(&mut change).await.is_err(),
        "a pump runs the revision that is deployed"
    );
}
