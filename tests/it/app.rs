//! A server from its start to its end.

use std::time::Duration;

use dripline::app::{AppError, Running};
use dripline::domain::enrollment::MessageState;
use dripline::nurture::NurtureError;
use dripline::storage::messages;
use serde_json::json;

use crate::support::app::{Ground, TestApp};
use crate::support::database::{TestDb, on_both};
use crate::support::world::workspace;

on_both!(
    mistakes_keep_the_last_workspace,
    mistakes_keep_a_first_server_from_starting,
    a_name_is_taken_once,
    an_end_waits_for_the_wire,
    what_a_crash_left_is_repeated_once,
);

const WELCOME: &str = "title = \"Welcome\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n\
    [[step]]\nwait = \"3 days\"\nmail = \"mail/guide\"\n";

async fn ground(db: TestDb) -> Ground {
    Ground::new(db, &workspace(&[("welcome", WELCOME)])).await
}

async fn add(app: &TestApp) {
    let (status, _) =
        app.post("/leads", &json!({ "email": "kim@example.org", "basis": "double_opt_in" })).await;
    assert_eq!(status, 201);
}

/// The states of all messages, and how often each may have arrived twice.
async fn states(db: &TestDb) -> Vec<(MessageState, i64)> {
    let mut tx = db.read().await.unwrap();
    let ids = tx.all("SELECT id FROM messages ORDER BY id", vec![], |row| row.int(0)).await.unwrap();
    let messages = messages::by_ids(&mut tx, &ids).await.unwrap();
    messages.into_iter().map(|message| (message.state, message.ambiguous)).collect()
}

async fn mistakes_keep_the_last_workspace(db: TestDb) {
    let ground = ground(db).await;
    let app = ground.build().await.expect("a server");
    assert_eq!(app.apply().await.expect("applied"), Running::Files);
    let revision = app.engine.revision().await.unwrap().id;
    ground.edit("sequences/welcome.toml", "title = ");
    assert_eq!(app.apply().await.expect("looked at"), Running::Last);
    assert_eq!(app.engine.revision().await.unwrap().id, revision);
    drop(app);
    let app = ground.build().await.expect("a server after a restart");
    assert_eq!(app.engine.revision().await.unwrap().id, revision);
    ground.edit("sequences/welcome.toml", &WELCOME.replace("3 days", "4 days"));
    assert_eq!(app.apply().await.expect("applied"), Running::Files);
    assert_ne!(app.engine.revision().await.unwrap().id, revision);
}

async fn mistakes_keep_a_first_server_from_starting(db: TestDb) {
    let ground = ground(db).await;
    ground.edit("sequences/welcome.toml", "title = ");
    match ground.build().await {
        Err(AppError::Mistakes(found)) => {
            assert!(found.iter().any(|found| found.file == "sequences/welcome.toml"), "{found:?}");
        }
        other => panic!("{:?}", other.err()),
    }
    ground.edit("sequences/welcome.toml", WELCOME);
    assert!(ground.build().await.is_ok(), "the failed start left nothing behind");
}

async fn a_name_is_taken_once(db: TestDb) {
    let app = ground(db).await.start().await;
    let refused = app.build().await.err();
    assert!(matches!(refused, Some(AppError::Nurture(NurtureError::Refused(_)))), "{refused:?}");
    let ground = app.end().await;
    assert!(ground.build().await.is_ok(), "the name is free again");
}

async fn an_end_waits_for_the_wire(db: TestDb) {
    let app = ground(db).await.start().await;
    app.mail.delay(Duration::from_secs(1));
    add(&app).await;
    app.mail.wait_until(|server| !server.transactions().is_empty()).await;
    let ground = app.end().await;
    assert_eq!(ground.mail.accepted().len(), 1);
    assert_eq!(states(&ground.db).await, [(MessageState::Sent, 0)]);
}

async fn what_a_crash_left_is_repeated_once(db: TestDb) {
    let app = ground(db).await.start().await;
    add(&app).await;
    app.settle().await;
    let ground = app.end().await;
    // As if the process had died between the relay's answer and its record.
    let mut tx = ground.db.begin().await.unwrap();
    tx.execute("UPDATE messages SET state = 1", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let app = ground.start().await;
    app.settle().await;
    let ids: Vec<String> = app.mail.accepted().iter().map(|mail| message_id(&mail.body)).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    let ground = app.end().await;
    assert_eq!(states(&ground.db).await, [(MessageState::Sent, 1)]);
}

fn message_id(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).expect("a message");
    message.message_id().expect("a Message-ID").to_owned()
}
