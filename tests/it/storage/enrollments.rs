//! The table `enrollments`.

use dripline::domain::enrollment::EnrollmentState;
use dripline::domain::time::Timestamp;
use dripline::domain::track::Done;
use dripline::storage::Tx;
use dripline::storage::enrollments::{self, Enrollment};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, enrollment, new_enrollments, new_leads};

on_both!(
    a_walk_comes_back_as_given,
    a_lead_has_one_active_walk,
    advancing_moves_each_walk_by_its_own,
    ending_a_walk_happens_once,
    waking_never_moves_later,
    leads_are_woken_by_their_ids,
    who_rests_for_a_reason_is_woken_from_it,
    resting_is_for_the_active_walk,
    changed_sequences_are_woken,
    renaming_takes_past_walks_along,
    lanes_show_their_earliest,
    what_is_due_is_counted_by_lane,
);

async fn stored(tx: &mut Tx, id: i64) -> Enrollment {
    enrollments::by_id(tx, id).await.unwrap().unwrap()
}

async fn due(tx: &mut Tx, id: i64) -> Option<Timestamp> {
    stored(tx, id).await.due_at
}

async fn a_walk_comes_back_as_given(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    let mut full = Enrollment { due_at: None, lane: -9, ..enrollment(tx.id().unwrap(), leads[0]) };
    full.walk.done = Done(vec![3, 1, 2]);
    (full.walk.place_at, full.started_at) = (at(77), at(55));
    let bare = enrollment(tx.id().unwrap(), leads[1]);
    enrollments::insert(&mut tx, &[full.clone(), bare.clone()]).await.unwrap();
    assert_eq!(enrollments::by_id(&mut tx, full.walk.enrollment).await.unwrap(), Some(full.clone()));
    assert_eq!(enrollments::by_id(&mut tx, 0).await.unwrap(), None);
    assert_eq!(enrollments::active(&mut tx, leads[0]).await.unwrap(), Some(full.clone()));
    assert_eq!(enrollments::of_leads(&mut tx, &[leads[1]]).await.unwrap(), [bare]);
}

async fn a_lead_has_one_active_walk(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 1).await;
    let first = new_enrollments(&mut tx, &leads).await[0];
    assert!(enrollments::end(&mut tx, first, EnrollmentState::Finished, at(8)).await.unwrap());
    assert_eq!(enrollments::active(&mut tx, leads[0]).await.unwrap(), None);
    let second = new_enrollments(&mut tx, &leads).await[0];
    assert_eq!(enrollments::active(&mut tx, leads[0]).await.unwrap().unwrap().walk.enrollment, second);
    let mut past = enrollments::of_leads(&mut tx, &leads).await.unwrap();
    past.sort_by_key(|enrollment| enrollment.walk.enrollment);
    let states: Vec<_> =
        past.iter().map(|enrollment| (enrollment.walk.enrollment, enrollment.state)).collect();
    assert_eq!(states, [(first, EnrollmentState::Finished), (second, EnrollmentState::Active)]);

    let third = enrollment(tx.id().unwrap(), leads[0]);
    assert!(enrollments::insert(&mut tx, &[third]).await.unwrap_err().is_unique_violation());
}

async fn advancing_moves_each_walk_by_its_own(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 3).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    let mut moved = vec![stored(&mut tx, ids[0]).await, stored(&mut tx, ids[1]).await];
    moved[0].walk.done = Done(vec![1]);
    moved[0].walk.place_at = at(500);
    moved[0].due_at = Some(at(9_000));
    moved[0].lane = 4;
    moved[1].due_at = None;
    moved[1].waits_for = Some("the lead is with sales".to_owned());
    enrollments::advance(&mut tx, &moved).await.unwrap();
    assert_eq!(stored(&mut tx, ids[0]).await, moved[0]);
    assert_eq!(stored(&mut tx, ids[1]).await, moved[1]);
    assert_eq!(stored(&mut tx, ids[2]).await, enrollment(ids[2], leads[2]));
}

async fn ending_a_walk_happens_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    enrollments::rest(&mut tx, leads[0], Some(at(5_000)), "away").await.unwrap();
    assert!(enrollments::end(&mut tx, ids[0], EnrollmentState::Stopped, at(8)).await.unwrap());
    assert!(!enrollments::end(&mut tx, ids[0], EnrollmentState::Left, at(9)).await.unwrap());
    assert!(!enrollments::end(&mut tx, 0, EnrollmentState::Left, at(9)).await.unwrap());
    let ended = Enrollment {
        state: EnrollmentState::Stopped,
        due_at: None,
        ended_at: Some(at(8)),
        ..enrollment(ids[0], leads[0])
    };
    assert_eq!(stored(&mut tx, ids[0]).await, ended);
    assert_eq!(stored(&mut tx, ids[1]).await, enrollment(ids[1], leads[1]));
}

async fn waking_never_moves_later(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 5).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    enrollments::rest(&mut tx, leads[1], None, "with sales").await.unwrap();
    enrollments::rest(&mut tx, leads[2], Some(at(100)), "its time").await.unwrap();
    enrollments::end(&mut tx, ids[3], EnrollmentState::Left, at(8)).await.unwrap();
    enrollments::wake(&mut tx, &ids[..4], at(500)).await.unwrap();
    assert_eq!(due(&mut tx, ids[0]).await, Some(at(500)), "was due at 1,000");
    assert_eq!(stored(&mut tx, ids[1]).await.waits_for, None);
    assert_eq!(due(&mut tx, ids[1]).await, Some(at(500)), "waited for an event");
    assert_eq!(due(&mut tx, ids[2]).await, Some(at(100)), "is due sooner");
    assert_eq!(stored(&mut tx, ids[2]).await.waits_for.as_deref(), Some("its time"));
    assert_eq!(due(&mut tx, ids[3]).await, None, "has ended");
    assert_eq!(due(&mut tx, ids[4]).await, Some(at(1_000)), "was not asked for");
}

async fn leads_are_woken_by_their_ids(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 5).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    enrollments::rest(&mut tx, leads[1], None, "with sales").await.unwrap();
    enrollments::rest(&mut tx, leads[2], Some(at(100)), "its time").await.unwrap();
    enrollments::end(&mut tx, ids[3], EnrollmentState::Left, at(8)).await.unwrap();
    enrollments::wake_leads(&mut tx, &leads[..4], at(500)).await.unwrap();
    let mut dues = Vec::new();
    for id in &ids {
        dues.push(due(&mut tx, *id).await);
    }
    assert_eq!(dues, [Some(at(500)), Some(at(500)), Some(at(100)), None, Some(at(1_000))]);
    assert_eq!(stored(&mut tx, ids[1]).await.waits_for, None);
    assert_eq!(stored(&mut tx, ids[2]).await.waits_for.as_deref(), Some("its time"));
}

async fn who_rests_for_a_reason_is_woken_from_it(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 4).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    for (lead, why) in [(0, "a colleague"), (1, "a reply"), (3, "a colleague")] {
        enrollments::rest(&mut tx, leads[lead], None, why).await.unwrap();
    }
    enrollments::wake_from(&mut tx, &leads[..3], "a colleague", at(500)).await.unwrap();
    let mut dues = Vec::new();
    for id in &ids {
        dues.push(due(&mut tx, *id).await);
    }
    assert_eq!(dues, [Some(at(500)), None, Some(at(1_000)), None]);
    assert_eq!(stored(&mut tx, ids[0]).await.waits_for, None);
}

async fn resting_is_for_the_active_walk(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 1).await;
    let past = new_enrollments(&mut tx, &leads).await[0];
    enrollments::end(&mut tx, past, EnrollmentState::Left, at(8)).await.unwrap();
    let ended = stored(&mut tx, past).await;
    let active = new_enrollments(&mut tx, &leads).await[0];
    enrollments::rest(&mut tx, leads[0], Some(at(9_000)), "away").await.unwrap();
    let resting = stored(&mut tx, active).await;
    assert_eq!((resting.due_at, resting.waits_for.as_deref()), (Some(at(9_000)), Some("away")));
    enrollments::rest(&mut tx, leads[0], None, "with sales").await.unwrap();
    let resting = stored(&mut tx, active).await;
    assert_eq!((resting.due_at, resting.waits_for.as_deref()), (None, Some("with sales")));
    assert_eq!(stored(&mut tx, past).await, ended);
}

async fn changed_sequences_are_woken(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 4).await;
    let mut new: Vec<Enrollment> = leads.iter().map(|lead| enrollment(tx.id().unwrap(), *lead)).collect();
    new[1].seq = "other".to_owned();
    enrollments::insert(&mut tx, &new).await.unwrap();
    let ids: Vec<i64> = new.iter().map(|enrollment| enrollment.walk.enrollment).collect();
    enrollments::end(&mut tx, ids[2], EnrollmentState::Finished, at(8)).await.unwrap();
    let changed = ["welcome".to_owned(), "new".to_owned()];
    enrollments::wake_changed(&mut tx, &leads[..3], &changed, at(500)).await.unwrap();
    assert_eq!(due(&mut tx, ids[0]).await, Some(at(500)));
    assert_eq!(due(&mut tx, ids[1]).await, Some(at(1_000)), "in another sequence");
    assert_eq!(due(&mut tx, ids[2]).await, None, "has ended");
    assert_eq!(due(&mut tx, ids[3]).await, Some(at(1_000)), "another lead");
}

async fn renaming_takes_past_walks_along(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 5).await;
    let ids = new_enrollments(&mut tx, &leads).await;
    enrollments::end(&mut tx, ids[0], EnrollmentState::Finished, at(8)).await.unwrap();
    assert_eq!(enrollments::rename(&mut tx, "welcome", "hello").await.unwrap(), 5);
    assert_eq!(enrollments::rename(&mut tx, "welcome", "hello").await.unwrap(), 0);
    let all = enrollments::of_leads(&mut tx, &leads).await.unwrap();
    assert!(all.len() == 5 && all.iter().all(|enrollment| enrollment.seq == "hello"));
}

async fn lanes_show_their_earliest(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(enrollments::lanes(&mut tx).await.unwrap(), []);
    let places =
        [(7, Some(30)), (-2, Some(50)), (7, Some(20)), (0, None), (-2, Some(60)), (63, Some(-4)), (7, None)];
    let leads = new_leads(&mut tx, places.len()).await;
    let of = |(lead, (lane, due)): (&i64, (i64, Option<i64>))| Enrollment {
        lane,
        due_at: due.map(at),
        ..enrollment(tx.id().unwrap(), *lead)
    };
    let new: Vec<Enrollment> = leads.iter().zip(places).map(of).collect();
    enrollments::insert(&mut tx, &new).await.unwrap();
    let mut lanes = enrollments::lanes(&mut tx).await.unwrap();
    lanes.sort();
    assert_eq!(lanes, [(-2, at(50)), (7, at(20)), (63, at(-4))]);

    enrollments::end(&mut tx, new[5].walk.enrollment, EnrollmentState::Ended, at(8)).await.unwrap();
    enrollments::rest(&mut tx, leads[2], Some(at(90)), "away").await.unwrap();
    let mut lanes = enrollments::lanes(&mut tx).await.unwrap();
    lanes.sort();
    assert_eq!(lanes, [(-2, at(50)), (7, at(30))]);
}

async fn what_is_due_is_counted_by_lane(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    let walks = new_enrollments(&mut tx, &leads).await;
    assert_eq!(enrollments::count_due(&mut tx, 1, at(999)).await.unwrap(), 0);
    assert_eq!(enrollments::count_due(&mut tx, 1, at(1_000)).await.unwrap(), 2);
    assert_eq!(enrollments::count_due(&mut tx, 2, at(1_000)).await.unwrap(), 0);
    assert_eq!(enrollments::lead_of(&mut tx, walks[1]).await.unwrap(), Some(leads[1]));
    assert_eq!(enrollments::lead_of(&mut tx, 1_000_000).await.unwrap(), None);
}
