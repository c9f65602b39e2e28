//! The table `hits`.

use dripline::domain::hit::{Hit, HitKind};
use dripline::storage::{Tx, hits};

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(hits_come_back_as_given, the_oldest_come_first, a_hit_is_judged_once, clicks_of_others_are_found);

fn click(lead: i64, millis: i64) -> Hit {
    Hit {
        id: 0,
        lead,
        message: 70 + lead,
        kind: HitKind::Click,
        at: at(millis),
        head: false,
        link: Some((1, 3)),
        target: Some("price\nhttps://x.example/".to_owned()),
        agent: "Mozilla/5.0 \"x\"".to_owned(),
        network: "192.0.2.0".to_owned(),
    }
}

fn open(lead: i64, millis: i64) -> Hit {
    Hit { kind: HitKind::Open, link: None, target: None, head: true, ..click(lead, millis) }
}

async fn of_lead(tx: &mut Tx, lead: i64) -> Vec<Hit> {
    let mut found = hits::of_leads(tx, &[lead]).await.unwrap();
    found.sort_by_key(|hit| hit.at);
    found
}

async fn hits_come_back_as_given(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(hits::oldest(&mut tx).await.unwrap(), None);
    let given = [click(1, 20), open(1, 10), open(2, 30)];
    hits::insert(&mut tx, &given).await.unwrap();
    let found = of_lead(&mut tx, 1).await;
    let without_id = |hit: &Hit| Hit { id: 0, ..hit.clone() };
    assert_eq!(found.iter().map(without_id).collect::<Vec<_>>(), [given[1].clone(), given[0].clone()]);
    assert_ne!(found[0].id, found[1].id);
    assert_eq!(hits::oldest(&mut tx).await.unwrap(), Some(at(10)));
}

async fn the_oldest_come_first(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    hits::insert(&mut tx, &[click(1, 30), click(2, 10), click(3, 20), click(1, 5)]).await.unwrap();
    assert_eq!(hits::leads_of_old(&mut tx, at(20), 10).await.unwrap(), [1, 2, 3]);
    assert_eq!(hits::leads_of_old(&mut tx, at(99), 2).await.unwrap(), [1, 2]);
    let mut unjudged = hits::unjudged(&mut tx, &[1, 3, 4]).await.unwrap();
    unjudged.sort_unstable();
    assert_eq!(unjudged, [(1, at(5)), (1, at(30)), (3, at(20))]);
}

async fn a_hit_is_judged_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    hits::insert(&mut tx, &[click(1, 10), click(1, 20), click(2, 30)]).await.unwrap();
    let ids: Vec<i64> = of_lead(&mut tx, 1).await.iter().map(|hit| hit.id).collect();
    assert_eq!(hits::mark(&mut tx, &ids[..1]).await.unwrap(), [ids[0]]);
    assert_eq!(hits::mark(&mut tx, &ids).await.unwrap(), [ids[1]], "the first is somebody else's");
    assert_eq!(of_lead(&mut tx, 1).await.len(), 2, "they stay as evidence");
    assert_eq!(hits::unjudged(&mut tx, &[1]).await.unwrap(), []);
    assert_eq!(hits::oldest(&mut tx).await.unwrap(), Some(at(30)));
    assert_eq!(hits::leads_of_old(&mut tx, at(99), 10).await.unwrap(), [2]);
    assert!(!hits::any_judged(&mut tx, at(10)).await.unwrap());
    assert!(hits::any_judged(&mut tx, at(11)).await.unwrap());
    assert_eq!(hits::purge(&mut tx, at(20), 10).await.unwrap(), 1);
    assert_eq!(hits::purge(&mut tx, at(99), 10).await.unwrap(), 1, "not the one that is to be judged");
    assert_eq!(of_lead(&mut tx, 1).await, []);
    hits::forget(&mut tx, 2).await.unwrap();
    assert_eq!(of_lead(&mut tx, 2).await, []);
}

async fn clicks_of_others_are_found(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    hits::insert(&mut tx, &[click(1, 10), open(2, 20), click(3, 30), click(4, 40)]).await.unwrap();
    let leads = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.lead).collect::<Vec<_>>();
    let found = hits::clicks_between(&mut tx, at(10), at(30), 10).await.unwrap();
    assert_eq!(leads(found), [1, 3]);
    let found = hits::clicks_between(&mut tx, at(0), at(99), 2).await.unwrap();
    assert_eq!(leads(found), [1, 3]);
}
