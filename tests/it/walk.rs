//! Leads walk: what the engine does with time, a database and a mail server.

use dripline::domain::enrollment::MessageState;
use dripline::domain::gate::StopKind;
use dripline::domain::hand_over::Origin;
use dripline::domain::time::{DAY, HOUR};
use dripline::nurture::record::Found;

use crate::support::database::{TestDb, on_both};
use crate::support::world::{World, workspace};

on_both!(steps_follow_each_other, a_hand_over_is_silence, a_stop_ends_the_walk);

const WELCOME: &str = r#"
title = "Welcome"
stage = "tofu"
[[step]]
mail = "mail/hello"
[[step]]
wait = "3 days"
mail = "mail/guide"
[[step]]
wait = "2 days"
mail = "mail/last"
"#;

async fn steps_follow_each_other(db: TestDb) {
    let world = World::begin(db, &workspace(&[("welcome", WELCOME)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    assert_eq!(world.subjects("kim@example.org"), ["About mail/hello"]);
    world.pass(3 * DAY - HOUR).await;
    assert_eq!(world.subjects("kim@example.org").len(), 1);
    world.pass(30 * DAY).await;
    assert_eq!(
        world.subjects("kim@example.org"),
        ["About mail/hello", "About mail/guide", "About mail/last"]
    );
    let messages = world.messages(lead).await;
    assert!(messages.iter().all(|message| message.state == MessageState::Sent && message.attempt == 1));
    world.end().await;
}

async fn a_hand_over_is_silence(db: TestDb) {
    let world = World::begin(db, &workspace(&[("welcome", WELCOME)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let found = world
        .record(async |record| {
            record.hand_over(lead, "asked for a call", None, Origin::Person).await.unwrap()
        })
        .await;
    let called_off: Vec<&str> = found.planned.iter().map(|planned| planned.step.as_str()).collect();
    assert_eq!(called_off, ["guide"]);
    assert_eq!(Found { planned: Vec::new(), ..found }, Found::default());
    world.pass(60 * DAY).await;
    assert_eq!(world.subjects("kim@example.org"), ["About mail/hello"]);
    assert_eq!(world.subjects("kim@nordwerk.example"), ["New contact: kim@example.org"]);
    world.record(async |record| record.give_back(lead, "too early", None, None).await.unwrap()).await;
    world.settle().await;
    assert_eq!(world.subjects("kim@example.org").len(), 1, "not before the next day");
    world.pass(DAY).await;
    assert_eq!(world.subjects("kim@example.org"), ["About mail/hello", "About mail/guide"]);
    world.end().await;
}

async fn a_stop_ends_the_walk(db: TestDb) {
    let world = World::begin(db, &workspace(&[("welcome", WELCOME)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    world.record(async |record| record.stop(lead, StopKind::Unsubscribe, "by link").await.unwrap()).await;
    world.pass(60 * DAY).await;
    assert_eq!(world.subjects("kim@example.org").len(), 1);
    world.add("kim@example.org").await;
    world.pass(60 * DAY).await;
    assert_eq!(world.subjects("kim@example.org").len(), 1, "nothing reopens a stop");
    world.end().await;
}
