//! The tables `consents` and `topic_choices`.

use dripline::domain::consent::{Basis, Channel, Consent};
use dripline::storage::consents;

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, new_leads};

on_both!(consents_come_back_as_given, withdrawn_consents_do_not_stand, the_last_choice_of_a_topic_counts);

fn consent(millis: i64) -> Consent {
    Consent {
        channel: Channel::Email,
        basis: Basis::OptIn,
        at: at(millis),
        wording: None,
        form: None,
        network: None,
    }
}

async fn consents_come_back_as_given(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    let later = Consent {
        channel: Channel::Phone,
        basis: Basis::DoubleOptIn,
        wording: Some("Yes, \"call\" me · ja".to_owned()),
        form: Some("whitepaper".to_owned()),
        network: Some("192.0.2.7".to_owned()),
        ..consent(2)
    };
    let given = [(leads[0], later.clone()), (leads[1], consent(3)), (leads[0], consent(1))];
    consents::insert(&mut tx, &given).await.unwrap();
    assert_eq!(consents::of_lead(&mut tx, leads[0]).await.unwrap(), [consent(1), later]);
    assert_eq!(consents::of_lead(&mut tx, leads[1]).await.unwrap(), [consent(3)]);
}

async fn withdrawn_consents_do_not_stand(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let lead = new_leads(&mut tx, 1).await[0];
    consents::insert(&mut tx, &[(lead, consent(1)), (lead, consent(2))]).await.unwrap();
    tx.execute("UPDATE consents SET withdrawn_at = 9 WHERE at = 1", vec![]).await.unwrap();
    assert_eq!(consents::of_lead(&mut tx, lead).await.unwrap(), [consent(2)]);
}

async fn the_last_choice_of_a_topic_counts(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 3).await;
    consents::choose_topic(&mut tx, leads[0], "guides", false, at(1)).await.unwrap();
    consents::choose_topic(&mut tx, leads[0], "news", false, at(1)).await.unwrap();
    consents::choose_topic(&mut tx, leads[0], "news", true, at(2)).await.unwrap();
    consents::choose_topic(&mut tx, leads[1], "news", true, at(1)).await.unwrap();
    consents::choose_topic(&mut tx, leads[1], "news", false, at(2)).await.unwrap();
    consents::choose_topic(&mut tx, leads[2], "news", false, at(2)).await.unwrap();
    let mut unwanted = consents::unwanted_topics(&mut tx, &leads[..2]).await.unwrap();
    unwanted.sort();
    assert_eq!(unwanted, [(leads[0], "guides".to_owned()), (leads[1], "news".to_owned())]);
}
