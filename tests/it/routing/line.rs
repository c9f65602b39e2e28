//! Several nodes look at the line, each when it comes to it: here step by step, as no loop would do it.

use std::sync::Arc;

use dripline::nurture::clock::Clock;
use dripline::nurture::explain::explain;
use dripline::nurture::routing;
use dripline::storage::routing as stored;

use super::{Engine, desk, of, owner, rep, submit_to};
use crate::support::database::{TestDb, on_both};
use crate::support::smtp_server::{Offer, SmtpServer};
use crate::support::world::{MONDAY, Setup, add, engine, lead, run};

on_both!(more_room_counts_on_a_node_that_has_not_heard_of_it, who_joins_behind_a_look_is_looked_at);

async fn nodes(db: &TestDb) -> [Arc<Engine>; 2] {
    let server = SmtpServer::start(Offer::default()).await;
    let (clock, setup) = (Clock::manual(MONDAY), Setup::default());
    let one = engine(db.another().await, "one", &server, clock.clone(), &setup).await;
    let two = engine(db.another().await, "two", &server, clock, &setup).await;
    [Arc::new(one), Arc::new(two)]
}

async fn add_from(engine: &Engine, email: &str, country: &str) -> i64 {
    let mut input = lead(email, MONDAY);
    of(country, "")(&mut input);
    add(engine, vec![input]).await.remove(0)
}

async fn look(engine: &Engine) {
    while routing::step(engine).await.unwrap() {}
}

async fn more_room_counts_on_a_node_that_has_not_heard_of_it(db: TestDb) {
    let [node, slow] = nodes(&db).await;
    run(&node, &desk("capacity = 1", "")).await;
    let (ann, bob) =
        (add_from(&node, "ann@x.example", "AT").await, add_from(&node, "bob@x.example", "AT").await);
    submit_to(&node, ann).await;
    submit_to(&node, bob).await;
    look(&slow).await;
    assert_eq!(owner(&slow, bob).await, None);
    run(&node, &desk("capacity = 2", "")).await;
    look(&slow).await;
    assert_eq!(owner(&slow, bob).await.as_deref(), Some("kim"), "by the node that knew the smaller team");
}

async fn who_joins_behind_a_look_is_looked_at(db: TestDb) {
    let [node, _] = nodes(&db).await;
    let route = "[[route]]\nwhen = 'lead.country == \"AT\"'\nteam = \"lee\"\n[[route]]\nteam = \"kim\"\n";
    run(&node, &desk("capacity = 1", &format!("{}{route}", rep("lee", "capacity = 1")))).await;
    let [ann, bob] =
        [add_from(&node, "ann@x.example", "CH").await, add_from(&node, "bob@x.example", "CH").await];
    let cid = add_from(&node, "cid@x.example", "AT").await;
    submit_to(&node, ann).await;
    submit_to(&node, bob).await;
    look(&node).await;
    let mut tx = node.db.begin().await.unwrap();
    stored::freed(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = node.db.read().await.unwrap();
    let seen = stored::state(&mut tx).await.unwrap().expect("a row").freed;
    drop(tx);
    // Another node looks, and finds a place for nobody; before it notes that, cid joins the line.
    submit_to(&node, cid).await;
    assert_eq!(owner(&node, cid).await, None);
    let told = explain(&node, "cid@x.example").await.expect("an explanation");
    let waits = told.timeline.into_iter().find(|entry| entry.kind == "waits_for_sales").expect("a line");
    let because = "is ready; the next place is for whoever is first in line";
    assert_eq!(waits.because.as_deref(), Some(because), "lee has a place");
    let mut tx = node.db.begin().await.unwrap();
    stored::looked(&mut tx, seen, None).await.unwrap();
    tx.commit().await.unwrap();
    look(&node).await;
    assert_eq!(owner(&node, cid).await.as_deref(), Some("lee"));
    assert_eq!(owner(&node, bob).await, None, "kim has none");
}
