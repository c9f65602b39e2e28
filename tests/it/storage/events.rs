//! The table `events`.

use dripline::domain::event::{Details, EventKind, Happening};
use dripline::domain::hit::Machine;
use dripline::storage::events::{self, Event};
use serde_json::json;

use crate::support::database::{TestDb, on_both};
use crate::support::records::at;

on_both!(
    the_timeline_shows_the_last_events,
    deeds_are_what_the_person_did,
    signs_of_life_and_bounces_name_their_mail,
    kinds_are_counted,
    the_same_key_of_a_client_is_one_event,
);

fn event(lead: i64, kind: EventKind, millis: i64) -> Event {
    Event { lead, message: None, kind, at: at(millis), details: Details::default() }
}

fn happening(event: &Event) -> Happening {
    Happening { kind: event.kind, at: event.at, details: event.details.clone() }
}

async fn the_timeline_shows_the_last_events(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let details = Details {
        enrollment: Some(7),
        sequence: Some("welcome".to_owned()),
        step: Some("guide".to_owned()),
        about: Some("a \"link\"".to_owned()),
        because: Some("weil · {}".to_owned()),
        number: Some(3),
        machine: Some(Machine::AllLinks),
        points: Some(-5),
        data: json!({ "text": "a \"b\"" }).as_object().cloned(),
    };
    let stored = [
        event(1, EventKind::Created, 30),
        Event { message: Some(8), details, ..event(1, EventKind::Clicked, 20) },
        event(1, EventKind::Enrolled, 30),
        event(1, EventKind::Consented, 10),
        event(2, EventKind::Created, 5),
    ];
    events::insert(&mut tx, &stored).await.unwrap();
    let whole = events::timeline(&mut tx, 1, 10).await.unwrap();
    assert_eq!(whole, [3, 1, 0, 2].map(|at| happening(&stored[at])));
    assert_eq!(events::timeline(&mut tx, 1, 2).await.unwrap(), whole[2..]);
    assert_eq!(events::timeline(&mut tx, 3, 10).await.unwrap(), []);
    let of_message = tx.first("SELECT message_id FROM events WHERE at = 20", vec![], |row| row.opt_int(0));
    assert_eq!(of_message.await.unwrap(), Some(Some(8)));
}

async fn deeds_are_what_the_person_did(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let all: Vec<Event> = EventKind::ALL.iter().map(|kind| event(1, *kind, 10)).collect();
    events::insert(&mut tx, &all).await.unwrap();
    events::insert(&mut tx, &[event(2, EventKind::Visited, 20), event(3, EventKind::Visited, 30)])
        .await
        .unwrap();
    let deeds = events::deeds(&mut tx, &[1, 2]).await.unwrap();
    let mut kinds: Vec<EventKind> =
        deeds.iter().filter(|(lead, _)| *lead == 1).map(|(_, deed)| deed.kind).collect();
    kinds.sort();
    use EventKind::*;
    assert_eq!(
        kinds,
        [Opened, Clicked, Visited, Replied, Submitted, MeetingBooked, Purchase, Custom, Scored]
    );
    let others: Vec<_> = deeds.into_iter().filter(|(lead, _)| *lead != 1).collect();
    assert_eq!(others, [(2, happening(&event(2, Visited, 20)))]);
}

async fn signs_of_life_and_bounces_name_their_mail(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let back = Event { message: Some(8), ..event(1, EventKind::BouncedSoftly, 10) };
    let note = event(1, EventKind::AutoReplied, 20);
    let others = [event(1, EventKind::Skipped, 30), event(2, EventKind::Opened, 40)];
    events::insert(&mut tx, &[back.clone(), note.clone()]).await.unwrap();
    events::insert(&mut tx, &others).await.unwrap();
    let mut signs = events::signs(&mut tx, 1).await.unwrap();
    signs.sort_by_key(|(_, sign)| sign.at);
    assert_eq!(signs, [(Some(8), happening(&back)), (None, happening(&note))]);
}

async fn kinds_are_counted(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(events::count_by_kind(&mut tx).await.unwrap(), []);
    let stored =
        [event(1, EventKind::Skipped, 1), event(2, EventKind::Skipped, 2), event(1, EventKind::Created, 3)];
    events::insert(&mut tx, &stored).await.unwrap();
    let mut counts = events::count_by_kind(&mut tx).await.unwrap();
    counts.sort_unstable();
    assert_eq!(counts, [(EventKind::Created, 1), (EventKind::Skipped, 2)]);
}

async fn the_same_key_of_a_client_is_one_event(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mine = event(1, EventKind::Custom, 10);
    let first = events::add(&mut tx, &mine, Some("a")).await.unwrap();
    assert!(first.is_some());
    assert_eq!(events::add(&mut tx, &mine, Some("a")).await.unwrap(), None);
    assert!(events::add(&mut tx, &mine, Some("b")).await.unwrap().is_some());
    assert!(events::add(&mut tx, &event(2, EventKind::Custom, 10), Some("a")).await.unwrap().is_some());
    for _ in 0..2 {
        assert!(events::add(&mut tx, &mine, None).await.unwrap().is_some());
    }
    assert_eq!(events::timeline(&mut tx, 1, 10).await.unwrap(), vec![happening(&mine); 4]);
}
