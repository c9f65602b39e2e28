//! The table `outbox`.

use dripline::storage::Tx;
use dripline::storage::outbox::{self, OutboxItem};

use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::at;

on_both!(
    items_come_back_as_given,
    each_lead_has_its_order,
    the_order_is_that_of_the_inserts_and_not_of_the_ids,
    kinds_do_not_wait_for_each_other,
    a_leased_item_comes_back,
    a_failed_item_blocks_those_behind_it,
    what_is_done_stays_done,
    what_nobody_has_tried_can_be_amended,
);
on_postgres!(what_another_node_takes_is_passed_over);

const MAIL: &str = "mail";

fn item(id: i64, lead: i64) -> OutboxItem {
    let payload = "{\"to\":\"kim\"}".to_owned();
    OutboxItem { id, lead, kind: MAIL.to_owned(), payload, attempt: 0, first_at: at(7) }
}

async fn put(tx: &mut Tx, id: i64, lead: i64, due: i64) {
    outbox::insert(tx, &item(id, lead), at(due)).await.unwrap();
}

async fn due(tx: &mut Tx, now: i64) -> Vec<i64> {
    let items = outbox::due(tx, MAIL, at(now), 10).await.unwrap();
    items.into_iter().map(|item| item.id).collect()
}

async fn items_come_back_as_given(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(outbox::next(&mut tx, MAIL).await.unwrap(), None);
    put(&mut tx, 1, 5, 100).await;
    put(&mut tx, 2, 6, 90).await;
    assert_eq!(outbox::next(&mut tx, MAIL).await.unwrap(), Some(at(90)));
    assert_eq!(outbox::due(&mut tx, MAIL, at(89), 10).await.unwrap(), []);
    assert_eq!(outbox::due(&mut tx, MAIL, at(100), 10).await.unwrap(), [item(2, 6), item(1, 5)]);
    assert_eq!(outbox::due(&mut tx, MAIL, at(100), 1).await.unwrap(), [item(2, 6)]);
}

async fn each_lead_has_its_order(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (id, lead) in [(1, 5), (2, 5), (3, 6)] {
        put(&mut tx, id, lead, 10 * id).await;
    }
    assert_eq!(due(&mut tx, 50).await, [1, 3]);
    outbox::done(&mut tx, 1, None, at(50)).await.unwrap();
    assert_eq!(due(&mut tx, 50).await, [2, 3]);
}

async fn the_order_is_that_of_the_inserts_and_not_of_the_ids(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    // Each node takes its ids from blocks of its own.
    for id in [1_001, 2, 1_002] {
        put(&mut tx, id, 5, 10).await;
    }
    let mut seen = Vec::new();
    while let [next] = due(&mut tx, 50).await[..] {
        seen.push(next);
        outbox::done(&mut tx, next, None, at(50)).await.unwrap();
        if seen.len() == 1 {
            put(&mut tx, 1, 5, 10).await;
        }
    }
    assert_eq!(seen, [1_001, 2, 1_002, 1]);
}

async fn kinds_do_not_wait_for_each_other(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let kinds = ["webhook crm", MAIL, "webhook erp"];
    for (id, kind) in [1, 2, 3].into_iter().zip(kinds) {
        let item = OutboxItem { kind: kind.to_owned(), ..item(id, 5) };
        outbox::insert(&mut tx, &item, at(10)).await.unwrap();
    }
    outbox::retry(&mut tx, 1, at(90), "it is away").await.unwrap();
    assert_eq!(due(&mut tx, 50).await, [2]);
    assert_eq!(outbox::next(&mut tx, "webhook crm").await.unwrap(), Some(at(90)));
    assert_eq!(outbox::next(&mut tx, "webhook erp").await.unwrap(), Some(at(10)));
    assert_eq!(outbox::kinds(&mut tx).await.unwrap(), [MAIL, "webhook crm", "webhook erp"]);
    outbox::done(&mut tx, 2, None, at(50)).await.unwrap();
    assert_eq!(outbox::kinds(&mut tx).await.unwrap(), ["webhook crm", "webhook erp"]);
}

async fn a_leased_item_comes_back(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, 1, 5, 10).await;
    put(&mut tx, 2, 5, 10).await;
    outbox::lease(&mut tx, &[1], at(60)).await.unwrap();
    assert_eq!(due(&mut tx, 59).await, [0; 0], "nobody overtakes an item that is being sent");
    let again = outbox::due(&mut tx, MAIL, at(60), 10).await.unwrap();
    assert_eq!(again, [OutboxItem { attempt: 1, ..item(1, 5) }]);
}

async fn a_failed_item_blocks_those_behind_it(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, 1, 5, 10).await;
    put(&mut tx, 2, 5, 10).await;
    outbox::retry(&mut tx, 1, at(80), "the relay is away").await.unwrap();
    assert_eq!(due(&mut tx, 79).await, [0; 0]);
    assert_eq!(due(&mut tx, 80).await, [1]);
    assert_eq!(outbox::next(&mut tx, MAIL).await.unwrap(), Some(at(80)), "nobody looks at what waits");
    put(&mut tx, 3, 5, 20).await;
    assert_eq!(outbox::next(&mut tx, MAIL).await.unwrap(), Some(at(80)));
    outbox::done(&mut tx, 1, None, at(80)).await.unwrap();
    assert_eq!(due(&mut tx, 80).await, [2]);
}

async fn what_is_done_stays_done(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, 1, 5, 10).await;
    outbox::done(&mut tx, 1, Some("given up"), at(20)).await.unwrap();
    // A slow node whose lease ran out.
    outbox::retry(&mut tx, 1, at(30), "timeout").await.unwrap();
    outbox::done(&mut tx, 1, None, at(31)).await.unwrap();
    outbox::lease(&mut tx, &[1], at(40)).await.unwrap();
    assert_eq!(due(&mut tx, 99).await, [0; 0]);
    let sql = "SELECT attempt, done_at, reason FROM outbox";
    let ended = tx.all(sql, vec![], |row| Ok((row.int(0)?, row.opt_at(1)?, row.opt_text(2)?)));
    assert_eq!(ended.await.unwrap(), [(0, Some(at(20)), Some("given up".to_owned()))]);
}

async fn what_another_node_takes_is_passed_over(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    put(&mut tx, 1, 5, 10).await;
    put(&mut tx, 2, 6, 10).await;
    put(&mut tx, 3, 5, 10).await;
    tx.commit().await.unwrap();
    let mut first = db.begin().await.unwrap();
    assert_eq!(outbox::due(&mut first, MAIL, at(50), 1).await.unwrap().len(), 1);
    let mut second = db.begin_impatient().await;
    let others = due(&mut second, 50).await;
    assert_eq!(others.len(), 1, "of the two leads, one is taken");
    assert!(!others.contains(&3), "item 1 goes first, whoever sends it");
}

async fn untried(tx: &mut Tx) -> Vec<i64> {
    outbox::untried(tx, 5, MAIL).await.unwrap().into_iter().map(|item| item.id).collect()
}

async fn what_nobody_has_tried_can_be_amended(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(untried(&mut tx).await, [0; 0]);
    put(&mut tx, 1, 5, 10).await;
    put(&mut tx, 2, 5, 90).await;
    assert_eq!(untried(&mut tx).await, [2, 1], "the newest first");
    assert!(outbox::amend(&mut tx, 2, "{}", at(20)).await.unwrap());
    outbox::lease(&mut tx, &[2], at(60)).await.unwrap();
    assert!(!outbox::amend(&mut tx, 2, "[]", at(30)).await.unwrap(), "somebody sends it");
    assert_eq!(untried(&mut tx).await, [1]);
    let payload = tx.all("SELECT payload FROM outbox WHERE id = 2", vec![], |row| row.text(0)).await.unwrap();
    assert_eq!(payload, ["{}"]);
}
