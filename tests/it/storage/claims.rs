//! Claiming what is due: in order, within a lane, and never twice.

use std::collections::BTreeSet;

use dripline::domain::time::Timestamp;
use dripline::storage::enrollments::{self, Enrollment};
use dripline::storage::{Db, Tx, leads};

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both, on_postgres};
use crate::support::records::{at, enrollment, new_enrollments, new_leads};

on_both!(what_is_due_comes_first, nodes_share_the_work);
on_postgres!(two_claims_at_once_share_nothing, a_locked_lead_is_passed_over, a_claimed_lead_is_locked);

async fn claimed(tx: &mut Tx, lane: i64, now: Timestamp, limit: i64) -> Vec<i64> {
    let found = enrollments::claim(tx, lane, now, limit).await.unwrap();
    found.iter().map(|enrollment| enrollment.walk.enrollment).collect()
}

async fn what_is_due_comes_first(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let places = [(1, Some(30)), (1, Some(10)), (2, Some(5)), (1, None), (1, Some(31)), (1, Some(20))];
    let leads = new_leads(&mut tx, places.len()).await;
    let of = |(lead, (lane, due)): (&i64, (i64, Option<i64>))| Enrollment {
        lane,
        due_at: due.map(at),
        ..enrollment(tx.id().unwrap(), *lead)
    };
    let new: Vec<Enrollment> = leads.iter().zip(places).map(of).collect();
    enrollments::insert(&mut tx, &new).await.unwrap();
    let id = |place: usize| new[place].walk.enrollment;
    assert_eq!(claimed(&mut tx, 1, at(30), 10).await, [id(1), id(5), id(0)]);
    assert_eq!(claimed(&mut tx, 1, at(30), 2).await, [id(1), id(5)]);
    assert_eq!(claimed(&mut tx, 1, at(9), 10).await, [0; 0]);
    assert_eq!(enrollments::claim(&mut tx, 2, at(30), 10).await.unwrap(), [new[2].clone()]);
    assert_eq!(claimed(&mut tx, 3, at(30), 10).await, [0; 0]);
}

/// Takes what is due until nothing is; the ids it took.
async fn drain(db: &Db) -> Vec<i64> {
    let mut taken = Vec::new();
    loop {
        let mut tx = db.begin().await.unwrap();
        let mut part = enrollments::claim(&mut tx, 1, at(1_000), 16).await.unwrap();
        part.iter_mut().for_each(|enrollment| enrollment.due_at = None);
        enrollments::advance(&mut tx, &part).await.unwrap();
        tx.commit().await.unwrap();
        if part.is_empty() {
            return taken;
        }
        taken.extend(part.iter().map(|enrollment| enrollment.walk.enrollment));
    }
}

async fn nodes_share_the_work(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, scaled(4_000)).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    tx.commit().await.unwrap();
    let other = db.another().await;
    let (a, b, c, d) = tokio::join!(drain(&db), drain(&db), drain(&other), drain(&other));
    let taken = [a, b, c, d].concat();
    assert_eq!(taken.len(), ids.len());
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), ids.into_iter().collect());
}

async fn two_claims_at_once_share_nothing(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 10).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    tx.commit().await.unwrap();
    let (mut first, mut second) = (db.begin().await.unwrap(), db.begin_impatient().await);
    let mut taken = claimed(&mut first, 1, at(1_000), 4).await;
    let rest = claimed(&mut second, 1, at(1_000), 100).await;
    assert_eq!((taken.len(), rest.len()), (4, 6));
    taken.extend(rest);
    taken.sort();
    assert_eq!(taken, ids);
}

async fn a_locked_lead_is_passed_over(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 3).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    tx.commit().await.unwrap();
    let mut stop = db.begin().await.unwrap();
    assert!(leads::lock(&mut stop, leads[1]).await.unwrap());
    let mut pump = db.begin_impatient().await;
    let mut taken = claimed(&mut pump, 1, at(1_000), 10).await;
    taken.sort();
    assert_eq!(taken, [ids[0], ids[2]]);
    // Dropped, they would be rolled back some time later.
    pump.commit().await.unwrap();
    stop.commit().await.unwrap();
    let mut pump = db.begin().await.unwrap();
    assert_eq!(claimed(&mut pump, 1, at(1_000), 10).await.len(), 3);
}

async fn a_claimed_lead_is_locked(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    new_enrollments(&mut tx, &leads).await;
    tx.commit().await.unwrap();
    let mut pump = db.begin().await.unwrap();
    let taken = enrollments::claim(&mut pump, 1, at(1_000), 1).await.unwrap();
    let mut stop = db.begin_impatient().await;
    let other = leads.iter().find(|lead| **lead != taken[0].lead).unwrap();
    assert!(leads::lock(&mut stop, *other).await.unwrap());
    assert!(leads::lock(&mut stop, taken[0].lead).await.is_err());
}
