//! The fuse: what has run wild halts all sending, says so, and goes on when a person says so.

use dripline::config::Config;
use dripline::domain::gate::StopKind;
use dripline::domain::time::{DAY, HOUR};
use dripline::nurture::{Change, pause};

use crate::support::database::{TestDb, on_both};
use crate::support::world::{Setup, World, workspace};

on_both!(
    a_lead_that_would_drown_in_mail_halts_everything,
    a_step_that_goes_out_too_often_halts_everything,
    more_complaints_than_are_borne_halt_everything,
    fewer_complaints_are_borne,
);

const DAILY: &str = "title = \"Daily\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/one\"\n\
    [[step]]\nwait = \"1 hour\"\nmail = \"mail/two\"\n[[step]]\nwait = \"1 hour\"\nmail = \"mail/three\"\n";

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n\
    [[step]]\nwait = \"2 days\"\nmail = \"mail/more\"\n";

async fn begin(db: TestDb, sequence: &str, edit: fn(&mut Config)) -> World {
    World::begin_with(db, &workspace(&[("hello", sequence)]), Setup { edit, ..Setup::default() }).await
}

/// Adds so many leads, and lets what is due go out.
async fn add(world: &World, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(world.add(&format!("lead{number}@d{}.example", number % 20)).await);
    }
    world.settle().await;
    ids
}

async fn complain(world: &World, leads: &[i64]) {
    for lead in leads {
        let because = "a report of the provider".to_owned();
        let stop = Change::Stop { kind: StopKind::Complaint, because };
        stop.carry_out(&world.engine, *lead).await.unwrap();
    }
}

async fn a_lead_that_would_drown_in_mail_halts_everything(db: TestDb) {
    let world = begin(db, DAILY, |config| config.fuse.per_lead_per_day = 2).await;
    let lead = add(&world, 1).await[0];
    world.pass(3 * HOUR).await;
    assert_eq!(world.mails("lead0@d0.example").len(), 2);
    let because = world.paused().await.expect("everything is halted");
    assert!(because.contains(&format!("lead {lead} would get its mail number 3 within a day")), "{because}");
    world.pass(DAY).await;
    assert_eq!(world.mails("lead0@d0.example").len(), 2, "until a person resumes");
    pause::resume(&world.engine).await.unwrap();
    world.settle().await;
    assert_eq!(world.mails("lead0@d0.example").len(), 3);
    assert_eq!(world.paused().await, None);
    world.end().await;
}

async fn a_step_that_goes_out_too_often_halts_everything(db: TestDb) {
    let world = begin(db, HELLO, |config| config.fuse.per_step_per_hour = Some(5)).await;
    add(&world, 20).await;
    assert_eq!(world.server.accepted().len(), 5);
    let because = world.paused().await.expect("everything is halted");
    assert!(because.contains("of hello would go out more than 5 times within an hour"), "{because}");
    world.end().await;
}

async fn more_complaints_than_are_borne_halt_everything(db: TestDb) {
    let world = begin(db, HELLO, |config| config.fuse.complaint_rate = "5%".parse().unwrap()).await;
    let leads = add(&world, 40).await;
    complain(&world, &leads[..2]).await;
    assert_eq!(world.paused().await, None, "two are no pattern, though they are five percent");
    complain(&world, &leads[2..3]).await;
    let because = world.paused().await.expect("everything is halted");
    assert!(because.contains("3 people complained of spam") && because.contains("of 40 mails"), "{because}");
    pause::resume(&world.engine).await.unwrap();
    world.pass(2 * DAY).await;
    assert_eq!(world.server.accepted().len(), 40 + 37, "it goes on");
    complain(&world, &leads[3..6]).await;
    assert_eq!(world.paused().await, None, "what a person has looked at counts no more: three of 77");
    complain(&world, &leads[6..7]).await;
    assert!(world.paused().await.is_some(), "four of 77");
    world.end().await;
}

async fn fewer_complaints_are_borne(db: TestDb) {
    let world = begin(db, HELLO, |config| config.fuse.complaint_rate = "10%".parse().unwrap()).await;
    let leads = add(&world, 40).await;
    complain(&world, &leads[..4]).await;
    assert_eq!(world.paused().await, None);
    world.end().await;
}
