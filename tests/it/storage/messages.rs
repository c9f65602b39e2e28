//! The table `messages`.

use dripline::domain::enrollment::MessageState;
use dripline::storage::Tx;
use dripline::storage::messages::{self, ClaimedRow, Message, NewClaim, Settlement};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, first_mail};

on_both!(
    a_claim_comes_back_as_a_message,
    only_open_steps_are_claimed_again,
    a_repeat_keeps_what_counts,
    sent_is_for_the_node_that_sends,
    settling_is_for_what_is_being_sent,
    settling_is_for_the_node_that_sends,
    a_long_reason_is_cut,
    cancelling_is_for_what_waits,
    recent_messages_are_young_or_not_sent,
    a_lead_has_its_messages_in_order,
    orphans_are_a_nodes_own,
    held_walks_are_paged,
    states_are_counted,
);

const NODE: &str = "main";

async fn claim_one(tx: &mut Tx, lead: i64, step: i64) -> Option<ClaimedRow> {
    let claims = [NewClaim { step, ..first_mail(lead, 10 * lead) }];
    let rows = messages::claim(tx, &claims, NODE, 1, at(100)).await.unwrap();
    assert!(rows.len() <= 1);
    rows.into_iter().next()
}

/// A new message of this lead and step, in this state.
async fn message(tx: &mut Tx, lead: i64, step: i64, state: MessageState) -> i64 {
    let id = claim_one(tx, lead, step).await.expect("the step was not claimed before").id;
    match state {
        MessageState::Sending => {}
        MessageState::Sent => messages::sent(tx, &[id], NODE, at(200)).await.unwrap(),
        _ => assert!(settle(tx, id, state).await),
    }
    id
}

async fn settle(tx: &mut Tx, id: i64, state: MessageState) -> bool {
    let end = Settlement { state, reason: "because".to_owned(), uncounted: false, ambiguous: false };
    messages::settle(tx, id, NODE, &end, at(200)).await.unwrap()
}

async fn stored(tx: &mut Tx, id: i64) -> Message {
    messages::by_id(tx, id).await.unwrap().unwrap()
}

async fn a_claim_comes_back_as_a_message(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let claims = [NewClaim { lead: 1, enrollment: 10, step: 3, variant: 1 }, first_mail(2, 20)];
    let mut rows = messages::claim(&mut tx, &claims, NODE, 7, at(100)).await.unwrap();
    rows.sort_by_key(|row| row.lead);
    let (first, second) = (rows[0], rows[1]);
    assert_ne!(first.id, second.id);
    assert_eq!(first, ClaimedRow { id: first.id, lead: 1, attempt: 1, ambiguous: 0, first_at: at(100) });
    let expected = Message {
        id: first.id,
        lead: 1,
        enrollment: 10,
        step: 3,
        state: MessageState::Sending,
        node: NODE.to_owned(),
        revision: 7,
        variant: 1,
        attempt: 1,
        ambiguous: 0,
        first_at: at(100),
        at: at(100),
        reason: None,
    };
    assert_eq!(messages::by_id(&mut tx, first.id).await.unwrap(), Some(expected.clone()));
    assert_eq!(messages::by_id(&mut tx, 0).await.unwrap(), None);
    assert_eq!(messages::by_ids(&mut tx, &[first.id, 0]).await.unwrap(), [expected]);
}

async fn only_open_steps_are_claimed_again(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (lead, state) in (1..).zip(MessageState::ALL) {
        let id = message(&mut tx, lead, 1, *state).await;
        let before = stored(&mut tx, id).await;
        assert_eq!(before.state, *state);
        let again = claim_one(&mut tx, lead, 1).await;
        assert_eq!(again.map(|row| row.id), state.open().then_some(id), "{state}");
        if !state.open() {
            assert_eq!(stored(&mut tx, id).await, before, "{state}");
        }
    }
}

async fn a_repeat_keeps_what_counts(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = message(&mut tx, 1, 1, MessageState::Sending).await;
    let lost = Settlement {
        state: MessageState::Retry,
        reason: "lost after the final dot".to_owned(),
        uncounted: false,
        ambiguous: true,
    };
    assert!(messages::settle(&mut tx, id, NODE, &lost, at(150)).await.unwrap());
    assert_eq!(stored(&mut tx, id).await.reason.as_deref(), Some("lost after the final dot"));
    let claims = [NewClaim { variant: 2, ..first_mail(1, 10) }, first_mail(2, 20)];
    let rows = messages::claim(&mut tx, &claims, "other", 8, at(300)).await.unwrap();
    let again = rows.iter().find(|row| row.lead == 1).unwrap();
    assert_eq!(*again, ClaimedRow { id, lead: 1, attempt: 2, ambiguous: 1, first_at: at(100) });
    let expected = Message { attempt: 2, ambiguous: 1, first_at: at(100), ..stored(&mut tx, id).await };
    assert_eq!(stored(&mut tx, id).await, expected);
    assert_eq!((expected.node.as_str(), expected.revision, expected.variant), ("other", 8, 2));
    assert_eq!((expected.state, expected.at, expected.reason), (MessageState::Sending, at(300), None));

    let never_started = Settlement { uncounted: true, ambiguous: false, ..lost };
    assert!(messages::settle(&mut tx, id, "other", &never_started, at(400)).await.unwrap());
    let message = stored(&mut tx, id).await;
    assert_eq!((message.attempt, message.ambiguous), (1, 1));
}

async fn sent_is_for_the_node_that_sends(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let sending = message(&mut tx, 1, 1, MessageState::Sending).await;
    let retry = message(&mut tx, 2, 1, MessageState::Retry).await;
    let not_asked = message(&mut tx, 3, 1, MessageState::Sending).await;
    messages::sent(&mut tx, &[sending, retry], "other", at(300)).await.unwrap();
    assert_eq!(stored(&mut tx, sending).await.state, MessageState::Sending);
    messages::sent(&mut tx, &[sending, retry], NODE, at(300)).await.unwrap();
    let message = stored(&mut tx, sending).await;
    assert_eq!((message.state, message.at, message.first_at), (MessageState::Sent, at(300), at(100)));
    assert_eq!(stored(&mut tx, retry).await.state, MessageState::Retry);
    assert_eq!(stored(&mut tx, not_asked).await.state, MessageState::Sending);
    assert_eq!(messages::sent_since(&mut tx, at(299)).await.unwrap(), 1);
    assert_eq!(messages::sent_since(&mut tx, at(300)).await.unwrap(), 0, "after that time");
}

async fn settling_is_for_what_is_being_sent(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    for (lead, state) in (1..).zip(MessageState::ALL) {
        let id = message(&mut tx, lead, 1, *state).await;
        let before = stored(&mut tx, id).await;
        let settled = settle(&mut tx, id, MessageState::Failed).await;
        assert_eq!(settled, *state == MessageState::Sending, "{state}");
        if !settled {
            assert_eq!(stored(&mut tx, id).await, before, "{state}");
        }
    }
    assert!(!settle(&mut tx, 0, MessageState::Failed).await);
}

async fn settling_is_for_the_node_that_sends(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = message(&mut tx, 1, 1, MessageState::Sending).await;
    let state = MessageState::Failed;
    let end = Settlement { state, reason: "because".to_owned(), uncounted: false, ambiguous: false };
    let taken_over = messages::settle(&mut tx, id, "other", &end, at(200)).await.unwrap();
    assert!(!taken_over, "a node that lost its claim to another has no say any more");
    assert_eq!(stored(&mut tx, id).await.state, MessageState::Sending);
    assert!(messages::settle(&mut tx, id, NODE, &end, at(200)).await.unwrap());
}

async fn a_long_reason_is_cut(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let id = message(&mut tx, 1, 1, MessageState::Sending).await;
    let reason = "ä".repeat(10_000);
    let end = Settlement { state: MessageState::Failed, reason, uncounted: false, ambiguous: false };
    assert!(messages::settle(&mut tx, id, NODE, &end, at(200)).await.unwrap());
    assert_eq!(stored(&mut tx, id).await.reason, Some("ä".repeat(500)));
}

async fn cancelling_is_for_what_waits(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mut waiting = Vec::new();
    let mut all = Vec::new();
    for (step, state) in (1..).zip(MessageState::ALL) {
        let id = message(&mut tx, 1, step, *state).await;
        all.push((id, *state));
        waiting.extend(matches!(state, MessageState::Retry | MessageState::Held).then_some(id));
    }
    let other = message(&mut tx, 2, 1, MessageState::Retry).await;
    let mut cancelled = messages::cancel_waiting(&mut tx, 1, "stopped", at(300)).await.unwrap();
    cancelled.sort();
    assert_eq!(cancelled, waiting);
    for (id, state) in all {
        let message = stored(&mut tx, id).await;
        let expected = if waiting.contains(&id) { MessageState::Cancelled } else { state };
        assert_eq!(message.state, expected, "{state}");
        assert_eq!(message.reason.as_deref() == Some("stopped"), waiting.contains(&id), "{state}");
    }
    assert_eq!(messages::cancel_waiting(&mut tx, 1, "again", at(400)).await.unwrap(), [0; 0]);

    let sent = message(&mut tx, 3, 1, MessageState::Sent).await;
    messages::cancel_one(&mut tx, other, "the step is gone", at(500)).await.unwrap();
    messages::cancel_one(&mut tx, sent, "the step is gone", at(500)).await.unwrap();
    let message = stored(&mut tx, other).await;
    assert_eq!((message.state, message.at), (MessageState::Cancelled, at(500)));
    assert_eq!(message.reason.as_deref(), Some("the step is gone"));
    assert_eq!(stored(&mut tx, sent).await.state, MessageState::Sent);
}

async fn recent_messages_are_young_or_not_sent(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mut expected = Vec::new();
    for (step, state) in (1..).zip(MessageState::ALL) {
        let id = message(&mut tx, 1, step, *state).await;
        expected.extend((*state != MessageState::Sent).then_some(id));
    }
    let younger = message(&mut tx, 2, 1, MessageState::Sending).await;
    messages::sent(&mut tx, &[younger], NODE, at(201)).await.unwrap();
    expected.push(younger);
    message(&mut tx, 3, 1, MessageState::Retry).await;
    let recent = messages::recent(&mut tx, &[1, 2], at(200)).await.unwrap();
    let mut ids: Vec<i64> = recent.iter().map(|message| message.id).collect();
    ids.sort();
    assert_eq!(ids, expected, "the sent one of lead 1 is as old as 200");
    assert_eq!(messages::recent(&mut tx, &[1, 2], at(199)).await.unwrap().len(), expected.len() + 1);
}

async fn a_lead_has_its_messages_in_order(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let later = message(&mut tx, 1, 1, MessageState::Sent).await;
    let sending = message(&mut tx, 1, 2, MessageState::Sending).await;
    message(&mut tx, 2, 1, MessageState::Sending).await;
    let ids: Vec<i64> =
        messages::of_lead(&mut tx, 1).await.unwrap().iter().map(|message| message.id).collect();
    assert_eq!(ids, [sending, later]);
    assert_eq!(messages::sending(&mut tx, &[1]).await.unwrap(), [(sending, NODE.to_owned())]);
    assert_eq!(messages::sending(&mut tx, &[3]).await.unwrap(), []);
}

async fn orphans_are_a_nodes_own(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(messages::sending_nodes(&mut tx).await.unwrap(), [""; 0]);
    let mut ids = Vec::new();
    for lead in 1..=3 {
        ids.push(message(&mut tx, lead, 1, MessageState::Sending).await);
    }
    message(&mut tx, 4, 1, MessageState::Sent).await;
    messages::claim(&mut tx, &[first_mail(5, 50)], "Other", 1, at(100)).await.unwrap();
    messages::claim(&mut tx, &[first_mail(6, 60)], "a", 1, at(100)).await.unwrap();
    let mut nodes = messages::sending_nodes(&mut tx).await.unwrap();
    nodes.sort();
    assert_eq!(nodes, ["Other", "a", NODE]);
    let orphans = messages::orphans(&mut tx, NODE, 10).await.unwrap();
    assert_eq!(orphans.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    let first = messages::orphans(&mut tx, NODE, 2).await.unwrap();
    assert_eq!(first, orphans[..2]);
    assert_eq!(messages::orphans(&mut tx, "gone", 10).await.unwrap(), []);
}

async fn held_walks_are_paged(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let mut held = Vec::new();
    for lead in 1..=4 {
        held.push(message(&mut tx, lead, 1, MessageState::Held).await);
        message(&mut tx, lead, 2, MessageState::Retry).await;
    }
    let all: Vec<(i64, i64)> = held.into_iter().zip([10, 20, 30, 40]).collect();
    assert_eq!(messages::held(&mut tx, 0, 3).await.unwrap(), all[..3]);
    assert_eq!(messages::held(&mut tx, all[1].0, 3).await.unwrap(), all[2..]);
    assert_eq!(messages::held(&mut tx, all[3].0, 3).await.unwrap(), []);
}

async fn states_are_counted(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    assert_eq!(messages::count_by_state(&mut tx).await.unwrap(), []);
    for (lead, state) in [(1, MessageState::Sent), (2, MessageState::Retry), (3, MessageState::Sent)] {
        message(&mut tx, lead, 1, state).await;
    }
    let mut counts = messages::count_by_state(&mut tx).await.unwrap();
    counts.sort();
    assert_eq!(counts, [(MessageState::Sent, 2), (MessageState::Retry, 1)]);
}
