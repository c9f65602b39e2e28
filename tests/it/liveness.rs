//! Which node is alive, as others see it.

use std::time::Duration;

use dripline::domain::enrollment::MessageState;
use dripline::domain::gate::StopKind;
use dripline::nurture::liveness;
use dripline::nurture::record::Found;
use dripline::storage::messages::{self, NewClaim};

use crate::support::database::{TestDb, on_both};
use crate::support::world::{Setup, World, engine, workspace};

on_both!(a_lock_is_seen_from_elsewhere, a_stop_does_not_wait_for_a_node_that_is_gone);

const LATER: &str =
    "title = \"Later\"\nstage = \"tofu\"\n[[step]]\nwait = \"9 days\"\nmail = \"mail/later\"\n";

async fn a_lock_is_seen_from_elsewhere(db: TestDb) {
    let other = db.another().await;
    let world = World::begin(db, &workspace(&[("later", LATER)])).await;
    let other = engine(other, "other", &world.server, world.engine.clock.clone(), &Setup::default()).await;
    assert!(!liveness::is_held(&other, "main").await.unwrap());
    let alive = liveness::take(&world.engine).await.unwrap();
    assert!(liveness::is_held(&other, "main").await.unwrap());
    assert!(liveness::is_held(&world.engine, "main").await.unwrap(), "a process sees its own lock as well");
    drop(alive);
    while liveness::is_held(&other, "main").await.unwrap() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    liveness::take(&world.engine).await.expect("looking took nothing");
    world.end().await;
}

async fn a_stop_does_not_wait_for_a_node_that_is_gone(db: TestDb) {
    let world = World::begin(db, &workspace(&[("later", LATER)])).await;
    let lead = world.add("kim@example.org").await;
    let mut tx = world.engine.db.begin().await.unwrap();
    let claim = NewClaim { lead, enrollment: 1, step: 1, variant: 0 };
    let now = world.engine.clock.now();
    let claimed = messages::claim(&mut tx, &[claim], "gone", 1, now).await.unwrap();
    tx.commit().await.unwrap();
    let found = world.record(async |record| record.stop(lead, StopKind::ByHand, "x").await.unwrap()).await;
    assert_eq!(found, Found { in_flight_unknown: vec![claimed[0].id], ..Found::default() });
    assert_eq!(
        world.messages(lead).await[0].state,
        MessageState::Sending,
        "that node's successor settles it"
    );
    world.end().await;
}
