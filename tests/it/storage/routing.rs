//! The tables `routing` and `rep_turns`.

use dripline::storage::routing::{self, Routing};

use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::at;

on_both!(turns_are_numbered_through, what_became_free_is_looked_at_once);
on_postgres!(reps_are_chosen_one_after_the_other);

async fn turns_are_numbered_through(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(routing::turns(&mut tx).await.unwrap(), []);
    for rep in ["kim", "lee", "kim"] {
        routing::take_turn(&mut tx, rep).await.unwrap();
    }
    let mut turns = routing::turns(&mut tx).await.unwrap();
    turns.sort();
    assert_eq!(turns, [("kim".to_owned(), 3), ("lee".to_owned(), 2)]);
}

async fn what_became_free_is_looked_at_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let state = routing::lock(&mut tx).await.unwrap().unwrap();
    assert_eq!(state, Routing { freed: 0, looked: 0, look_at: None });
    assert!(!state.is_due(at(5)));
    routing::freed(&mut tx).await.unwrap();
    routing::freed(&mut tx).await.unwrap();
    assert!(routing::state(&mut tx).await.unwrap().unwrap().is_due(at(0)));
    routing::looked(&mut tx, 1, Some(at(9))).await.unwrap();
    let state = routing::state(&mut tx).await.unwrap().unwrap();
    assert_eq!(state, Routing { freed: 2, looked: 1, look_at: Some(at(9)) });
    assert!(state.is_due(at(0)), "once more since");
    routing::looked(&mut tx, 2, None).await.unwrap();
    routing::looked(&mut tx, 1, Some(at(3))).await.unwrap();
    let state = routing::state(&mut tx).await.unwrap().unwrap();
    assert_eq!(state, Routing { freed: 2, looked: 2, look_at: None }, "who comes late changes nothing");
    routing::look_at(&mut tx, at(9)).await.unwrap();
    routing::look_at(&mut tx, at(7)).await.unwrap();
    routing::look_at(&mut tx, at(8)).await.unwrap();
    let state = routing::state(&mut tx).await.unwrap().unwrap();
    assert_eq!(state.look_at, Some(at(7)));
    assert!(!state.is_due(at(6)) && state.is_due(at(7)));
}

async fn reps_are_chosen_one_after_the_other(db: TestDb) {
    let mut first = db.begin().await.unwrap();
    routing::lock(&mut first).await.unwrap();
    routing::freed(&mut first).await.unwrap();
    let mut second = db.begin().await.unwrap();
    let waits = async {
        let state = routing::lock(&mut second).await.unwrap().unwrap();
        state.freed
    };
    let mut waits = std::pin::pin!(waits);
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), waits.as_mut()).await;
    assert!(early.is_err(), "the lock is held");
    first.commit().await.unwrap();
    assert_eq!(waits.await, 1, "what the first one did is seen");
}
