//! What reps say to hand-overs, and by when.

use dripline::domain::event::{Details, EventKind};
use dripline::domain::hand_over::HandOverState;
use dripline::storage::events::{self, Event};
use dripline::storage::hand_overs::{self, Closing};
use dripline::storage::{Tx, leads, responses};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, new_leads};

on_both!(
    a_clock_runs_until_somebody_answers,
    a_day_is_kept_and_told_once,
    what_is_noted_is_noted_once,
    an_event_can_be_marked,
);

/// Opens a hand-over of a new lead: its id, and that of the lead.
async fn opened(tx: &mut Tx) -> (i64, i64) {
    let lead = new_leads(tx, 1).await[0];
    let id = tx.id().unwrap();
    let sql = "INSERT INTO hand_overs (id, lead_id, state, cause, rep, opened_at) VALUES ($1, $2, 'open', 'replied', 'kim', 5)";
    tx.execute(sql, vec![id.into(), lead.into()]).await.unwrap();
    (id, lead)
}

async fn a_clock_runs_until_somebody_answers(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let (id, lead) = opened(&mut tx).await;
    assert_eq!(responses::next(&mut tx).await.unwrap(), None);
    responses::start(&mut tx, id, at(100)).await.unwrap();
    assert_eq!(responses::next(&mut tx).await.unwrap(), Some(at(100)));
    assert_eq!(responses::due(&mut tx, at(99), 10).await.unwrap(), []);
    assert_eq!(responses::due(&mut tx, at(100), 10).await.unwrap(), [(id, lead)]);
    responses::reminded(&mut tx, id, at(100), Some(at(200))).await.unwrap();
    let found = responses::by_id(&mut tx, id).await.unwrap().expect("it is there");
    assert_eq!(
        (found.reminded_at, found.due_at, found.respond_by),
        (Some(at(100)), Some(at(200)), Some(at(100)))
    );
    assert!(found.is_awaited());
    assert!(responses::answered(&mut tx, id, at(150)).await.unwrap());
    assert!(!responses::answered(&mut tx, id, at(160)).await.unwrap(), "once");
    let found = responses::open_of(&mut tx, lead).await.unwrap().expect("it is open");
    assert_eq!((found.answered_at, found.due_at), (Some(at(150)), None));
    assert!(!found.is_awaited());
    responses::start(&mut tx, id, at(300)).await.unwrap();
    responses::escalated(&mut tx, id, at(300)).await.unwrap();
    assert_eq!(responses::next(&mut tx).await.unwrap(), None);
}

async fn a_day_is_kept_and_told_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let (id, lead) = opened(&mut tx).await;
    responses::postpone(&mut tx, id, at(500)).await.unwrap();
    let found = responses::newest_of(&mut tx, lead).await.unwrap().expect("it is there");
    assert_eq!((found.later_until, found.due_at), (Some(at(500)), Some(at(500))));
    responses::start(&mut tx, id, at(300)).await.unwrap();
    responses::stop_clock(&mut tx, id).await.unwrap();
    assert_eq!(responses::next(&mut tx).await.unwrap(), Some(at(500)), "only the clock stops");
    assert!(responses::answered(&mut tx, id, at(350)).await.unwrap());
    let found = responses::by_id(&mut tx, id).await.unwrap().expect("it is there");
    assert_eq!(
        (found.later_until, found.due_at),
        (Some(at(500)), Some(at(500))),
        "an answer is no end of it"
    );
    responses::silence(&mut tx, id).await.unwrap();
    assert_eq!(responses::next(&mut tx).await.unwrap(), None);
    let lost = Closing { state: HandOverState::Lost, reason: Some("late"), amount: None };
    hand_overs::close(&mut tx, id, &lost, at(6)).await.unwrap();
    responses::postpone(&mut tx, id, at(600)).await.unwrap();
    assert_eq!(responses::next(&mut tx).await.unwrap(), None, "what is closed waits for nothing");
    assert_eq!(responses::open_of(&mut tx, lead).await.unwrap(), None);
}

async fn what_is_noted_is_noted_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let (id, _) = opened(&mut tx).await;
    assert!(responses::meeting(&mut tx, id, at(7)).await.unwrap());
    assert!(!responses::meeting(&mut tx, id, at(8)).await.unwrap());
    assert!(responses::offer(&mut tx, id, at(9)).await.unwrap());
    assert!(!responses::offer(&mut tx, id, at(10)).await.unwrap());
    let found = responses::by_id(&mut tx, id).await.unwrap().expect("it is there");
    assert_eq!((found.meeting_at, found.offer_at), (Some(at(7)), Some(at(9))));
}

async fn an_event_can_be_marked(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    let reply =
        |at| Event { lead, message: Some(9), kind: EventKind::Replied, at, details: Details::default() };
    events::insert(&mut tx, &[reply(at(6)), reply(at(5))]).await.unwrap();
    let (event, message, last) = events::last(&mut tx, lead, EventKind::Replied).await.unwrap().expect("one");
    assert_eq!((message, last.at), (Some(9), at(6)));
    let marked = Details { because: Some("no reply".to_owned()), ..Details::default() };
    events::mark(&mut tx, event, &marked).await.unwrap();
    let last = events::last(&mut tx, lead, EventKind::Replied).await.unwrap().expect("one").2;
    assert_eq!(last.details, marked);
    assert_eq!(events::last(&mut tx, lead, EventKind::Visited).await.unwrap(), None);
    assert!(leads::set_prospect(&mut tx, lead, at(6), event).await.unwrap());
    leads::clear_prospect(&mut tx, lead, event + 1).await.unwrap();
    let since = |stored: Option<leads::StoredLead>| stored.expect("it is there").lead.prospect_since;
    assert_eq!(since(leads::by_id(&mut tx, lead).await.unwrap()), Some(at(6)), "another event made it one");
    leads::clear_prospect(&mut tx, lead, event).await.unwrap();
    assert_eq!(since(leads::by_id(&mut tx, lead).await.unwrap()), None);
    assert_eq!(leads::of_company(&mut tx, 4711, lead, 5).await.unwrap(), []);
}
