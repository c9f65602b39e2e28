//! The table `hand_overs`.

use dripline::domain::hand_over::{HandOver, HandOverState, Origin};
use dripline::domain::routing::Load;
use dripline::storage::hand_overs::{self, Closing};
use dripline::storage::responses;

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, new_leads};

on_both!(
    one_is_open_at_a_time,
    a_closed_one_stays_as_it_ended,
    sales_takes_it_on,
    one_that_was_answered_can_wait_again,
    the_latest_is_found_open_or_closed,
    loads_are_those_of_open_ones
);

fn hand_over(id: i64, lead: i64) -> HandOver {
    HandOver {
        id,
        lead,
        state: HandOverState::Open,
        cause: "looked at pricing".to_owned(),
        origin: Origin::Step,
        rep: Some("kim".to_owned()),
        opened_at: at(5),
        closed_at: None,
        reason: None,
    }
}

async fn one_is_open_at_a_time(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    let first = hand_over(tx.id().unwrap(), leads[0]);
    let second = HandOver { rep: None, ..hand_over(tx.id().unwrap(), leads[0]) };
    let other = HandOver { rep: None, ..hand_over(tx.id().unwrap(), leads[1]) };
    assert!(hand_overs::open(&mut tx, &first).await.unwrap());
    assert!(!hand_overs::open(&mut tx, &second).await.unwrap());
    assert!(hand_overs::open(&mut tx, &other).await.unwrap());
    assert_eq!(hand_overs::open_of(&mut tx, leads[0]).await.unwrap(), Some(first.clone()));
    assert_eq!(hand_overs::open_of(&mut tx, leads[1]).await.unwrap(), Some(other));

    let returned = Closing { state: HandOverState::Returned, reason: Some("no budget"), amount: None };
    hand_overs::close(&mut tx, first.id, &returned, at(9)).await.unwrap();
    assert_eq!(hand_overs::open_of(&mut tx, leads[0]).await.unwrap(), None);
    assert!(hand_overs::open(&mut tx, &second).await.unwrap());
    assert_eq!(hand_overs::open_of(&mut tx, leads[0]).await.unwrap(), Some(second.clone()));

    assert!(!hand_overs::was_lost(&mut tx, leads[0]).await.unwrap());
    let lost = Closing { state: HandOverState::Lost, reason: None, amount: None };
    hand_overs::close(&mut tx, second.id, &lost, at(11)).await.unwrap();
    assert!(hand_overs::was_lost(&mut tx, leads[0]).await.unwrap());
    assert!(!hand_overs::was_lost(&mut tx, leads[1]).await.unwrap());
}

async fn a_closed_one_stays_as_it_ended(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    let id = tx.id().unwrap();
    hand_overs::open(&mut tx, &hand_over(id, lead)).await.unwrap();
    let won = Closing { state: HandOverState::Won, reason: None, amount: Some(1.5) };
    hand_overs::close(&mut tx, id, &won, at(9)).await.unwrap();
    let lost = Closing { state: HandOverState::Lost, reason: Some("late"), amount: None };
    hand_overs::close(&mut tx, id, &lost, at(10)).await.unwrap();
    hand_overs::accept(&mut tx, id, HandOverState::Accepted, Some("lee"), at(11)).await.unwrap();
    let sql = "SELECT state, closed_at, reason FROM hand_overs WHERE amount = 1.5 AND rep = 'kim'";
    let ended = tx.all(sql, vec![], |row| Ok((row.text(0)?, row.opt_at(1)?, row.opt_text(2)?)));
    assert_eq!(ended.await.unwrap(), [("won".to_owned(), Some(at(9)), None)]);
}

async fn one_that_was_answered_can_wait_again(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    let id = tx.id().unwrap();
    hand_overs::open(&mut tx, &hand_over(id, lead)).await.unwrap();
    assert!(responses::answered(&mut tx, id, at(7)).await.unwrap());
    hand_overs::await_answer(&mut tx, id).await.unwrap();
    assert_eq!(responses::by_id(&mut tx, id).await.unwrap().and_then(|open| open.answered_at), None);
    assert!(responses::answered(&mut tx, id, at(9)).await.unwrap(), "for the second time");
    let lost = Closing { state: HandOverState::Lost, reason: Some("late"), amount: None };
    hand_overs::close(&mut tx, id, &lost, at(10)).await.unwrap();
    hand_overs::await_answer(&mut tx, id).await.unwrap();
    let closed = responses::by_id(&mut tx, id).await.unwrap().expect("a hand-over");
    assert_eq!(closed.answered_at, Some(at(9)), "what is closed waits for nothing");
}

async fn sales_takes_it_on(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    assert_eq!(hand_overs::causes(&mut tx, lead).await.unwrap(), [""; 0]);
    let id = tx.id().unwrap();
    hand_overs::open(&mut tx, &hand_over(id, lead)).await.unwrap();
    hand_overs::accept(&mut tx, id, HandOverState::Accepted, Some("lee"), at(11)).await.unwrap();
    hand_overs::accept(&mut tx, id, HandOverState::Opportunity, None, at(12)).await.unwrap();
    hand_overs::accept(&mut tx, id, HandOverState::Accepted, None, at(13)).await.unwrap();
    let sql = "SELECT state, rep, accepted_at FROM hand_overs";
    let now = tx.all(sql, vec![], |row| Ok((row.text(0)?, row.text(1)?, row.opt_at(2)?)));
    assert_eq!(now.await.unwrap(), [("opportunity".to_owned(), "lee".to_owned(), Some(at(11)))]);
    assert_eq!(hand_overs::causes(&mut tx, lead).await.unwrap(), ["looked at pricing"]);
}

async fn the_latest_is_found_open_or_closed(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    assert_eq!(hand_overs::latest(&mut tx, lead).await.unwrap(), None);
    let (first, second) = (tx.id().unwrap(), tx.id().unwrap());
    // The ids of two nodes are in no order.
    hand_overs::open(&mut tx, &HandOver { opened_at: at(5), ..hand_over(second, lead) }).await.unwrap();
    let won = Closing { state: HandOverState::Won, reason: None, amount: Some(1.5) };
    hand_overs::close(&mut tx, second, &won, at(9)).await.unwrap();
    let latest = hand_overs::latest(&mut tx, lead).await.unwrap().unwrap();
    assert_eq!((latest.hand_over.id, latest.hand_over.state), (second, HandOverState::Won));
    assert_eq!(latest.amount, Some(1.5));
    hand_overs::open(&mut tx, &HandOver { opened_at: at(10), ..hand_over(first, lead) }).await.unwrap();
    let latest = hand_overs::latest(&mut tx, lead).await.unwrap().unwrap();
    assert_eq!((latest.hand_over.id, latest.amount), (first, None));
}

async fn loads_are_those_of_open_ones(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 5).await;
    let of = |rep: &str, origin| (Some(rep.to_owned()), origin);
    let all = [
        of("kim", Origin::Rule),
        of("kim", Origin::Rule),
        of("kim", Origin::Reply),
        of("lee", Origin::Step),
        (None, Origin::Rule),
    ];
    for (lead, (rep, origin)) in leads.iter().zip(all) {
        let hand_over = HandOver { rep, origin, ..hand_over(tx.id().unwrap(), *lead) };
        hand_overs::open(&mut tx, &hand_over).await.unwrap();
        assert_eq!(hand_overs::open_of(&mut tx, *lead).await.unwrap().unwrap().origin, origin);
    }
    let closed = hand_overs::open_of(&mut tx, leads[0]).await.unwrap().unwrap();
    let won = Closing { state: HandOverState::Won, reason: None, amount: None };
    hand_overs::close(&mut tx, closed.id, &won, at(9)).await.unwrap();
    let mut loads = hand_overs::loads(&mut tx, &["kim", "lee", "zoe"]).await.unwrap();
    loads.sort_by(|a, b| a.0.cmp(&b.0));
    let load = |all, scored| Load { all, scored };
    assert_eq!(loads, [("kim".to_owned(), load(2, 1)), ("lee".to_owned(), load(1, 0))]);
    assert_eq!(hand_overs::loads(&mut tx, &[]).await.unwrap(), []);
}
