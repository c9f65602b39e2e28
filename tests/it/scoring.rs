//! What leads are worth: limits, personas, temperatures, and what other rules would make of all.

mod replay;

use dripline::domain::event::EventKind;
use dripline::domain::lead::Company;
use dripline::domain::stage::{Qualification, Stage};
use dripline::domain::time::{DAY, HOUR, Timestamp};
use dripline::nurture::record::{Deed, StopTicket};
use dripline::nurture::replay::Recount;
use dripline::nurture::score::account;
use dripline::storage::leads;

use crate::support::database::{TestDb, on_both};
use crate::support::world::{self, MONDAY, World, workspace_with};

on_both!(
    limits_count_in_the_order_of_deeds,
    new_rules_count_the_past_anew,
    leads_are_judged_by_who_they_are_and_what_they_did,
    a_stage_is_entered_with_one_mail_at_a_time,
);

const WELCOME: &str = "title = \"Welcome\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n\
                       [[step]]\nwait = \"3 days\"\nmail = \"mail/guide\"\n";

const BLOG: &str = r#"
[[score]]
on = "visited /blog*"
points = 2
at_most = 5
per = "1 day"
[[score]]
on = "opened a mail"
points = 1
at_most = 2
"#;

/// Something that a lead did so many hours after the beginning.
fn deed(kind: EventKind, about: &str, hour: i64) -> Deed {
    world::deed(kind, about, MONDAY + hour * HOUR)
}

async fn does(world: &World, lead: i64, deed: Deed) {
    world
        .record(async |record| match record.deed(lead, deed).await.unwrap() {
            Some(noted) => noted.ticket,
            None => StopTicket::nothing(),
        })
        .await;
}

/// A lead that agreed to be tracked.
async fn tracked(world: &World, email: &str) -> i64 {
    world.add_with(email, |input| input.tracking = true).await
}

/// The engagement of a lead at a moment, to a tenth of a thousandth, and its last sign of life.
async fn engagement(world: &World, lead: i64, at: Timestamp) -> (i64, Option<Timestamp>) {
    let mut tx = world.engine.db.read().await.unwrap();
    let lead = leads::by_id(&mut tx, lead).await.unwrap().unwrap().lead;
    ((lead.engagement.left_at(at, 30 * DAY) * 10_000.0).round() as i64, lead.alive_at)
}

/// Whatever the order in which visits become known, a lead has what it would have had in time.
async fn limits_count_in_the_order_of_deeds(db: TestDb) {
    let world = World::begin(db, &workspace_with(BLOG, &[("welcome", WELCOME)])).await;
    let (one, other) = (tracked(&world, "one@example.org").await, tracked(&world, "other@example.org").await);
    let unwatched = world.add("unwatched@example.org").await;
    world.pass(4 * DAY).await;
    does(&world, unwatched, deed(EventKind::Visited, "/blog/a", 0)).await;
    assert_eq!(engagement(&world, unwatched, MONDAY).await, (0, None), "whoever tells of it");
    assert_eq!(world.count(unwatched, EventKind::Visited).await, 0);
    // 2 and 2 and the 1 that is left; nothing; a day after the first 2 again; and so on.
    let hours = [0, 1, 2, 3, 24, 25, 47, 72];
    for hour in hours {
        does(&world, one, deed(EventKind::Visited, "/blog/a", hour)).await;
    }
    for hour in [47, 3, 0, 72, 25, 1, 24, 2] {
        does(&world, other, deed(EventKind::Visited, "/blog/a", hour)).await;
    }
    let given = [(0, 2), (1, 2), (2, 1), (24, 2), (25, 2), (47, 1), (72, 2)];
    let at = MONDAY + 100 * HOUR;
    let expected: f64 = given
        .iter()
        .map(|(hour, points)| f64::from(*points) * 0.5_f64.powf((100 - hour) as f64 / 720.0))
        .sum();
    let expected = ((expected * 10_000.0).round() as i64, Some(MONDAY + 72 * HOUR));
    assert_eq!(engagement(&world, one, at).await, expected);
    assert_eq!(engagement(&world, other, at).await, expected, "in another order");
    for lead in [one, other] {
        for _ in 0..3 {
            does(&world, lead, deed(EventKind::Opened, "", 80)).await;
        }
    }
    let told = account(&world.engine, "one@example.org").await.unwrap();
    let shares: Vec<_> = told
        .shares
        .iter()
        .map(|share| (share.on.as_deref().unwrap_or("-"), share.times, share.points, share.limited))
        .collect();
    assert_eq!(shares, [("visited /blog*", 7, 12, 3), ("opened a mail", 2, 2, 1)]);
    let left: f64 = told.shares.iter().map(|share| share.left).sum();
    assert!((left - told.judged.engagement).abs() < 1e-6, "{told:?}");
    world.end().await;
}

/// A changed rule changes what was given before, by the rollout; and what is stored wrong is mended by hand.
async fn new_rules_count_the_past_anew(db: TestDb) {
    let world = World::begin(db, &workspace_with(BLOG, &[("welcome", WELCOME)])).await;
    let lead = tracked(&world, "kim@example.org").await;
    for hour in [0, 0, 0, 0] {
        does(&world, lead, deed(EventKind::Visited, "/blog/a", hour)).await;
    }
    assert_eq!(engagement(&world, lead, MONDAY).await, (50_000, Some(MONDAY)));
    world.apply(&workspace_with(&BLOG.replace("at_most = 5", "at_most = 7"), &[("welcome", WELCOME)])).await;
    world.settle().await;
    assert_eq!(engagement(&world, lead, MONDAY).await.0, 70_000);
    let before = world.timeline(lead).await;
    let mut tx = world.engine.db.begin().await.unwrap();
    tx.execute("UPDATE leads SET engagement = 99, alive_at = NULL", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let mut recount = Recount::new(&world.engine);
    while recount.step().await.unwrap() {}
    assert_eq!((recount.leads, recount.changed), (1, 1));
    assert_eq!(engagement(&world, lead, MONDAY).await, (70_000, Some(MONDAY)));
    assert_eq!(world.timeline(lead).await, before, "a repair moves nobody");
    world.end().await;
}

const WHO: &str = r#"
[persona.owner]
title = "Owner of a small shop"
match = [{ when = 'company.size < 20' }]
[persona.it-lead]
title = "Head of IT"
at_least = 3
match = [
  { when = 'lead.job_title.matches("(?i)\\bIT\\b|CIO")', weight = 3 },
  { when = 'company.size >= 200' },
]
[contact]
complete = ["name", "company", "phone"]
[temperature]
hot = { score = 50, within = "2 days" }
[[fit]]
when = 'lead.persona == "it-lead" && lead.fields.budget >= 1000 && company.industry == "metal"'
points = 20
[[score]]
on = "did presentation"
points = 30
[qualification.mql]
when = 'lead.complete && lead.temperature == "hot"'
"#;

async fn leads_are_judged_by_who_they_are_and_what_they_did(db: TestDb) {
    let world = World::begin(db, &workspace_with(WHO, &[("welcome", WELCOME)])).await;
    let lead = world
        .add_with("kim@example.org", |input| {
            input.contact.job_title = Some("Leiter IT".into());
            input.contact.first_name = Some("Kim".into());
            input.contact.last_name = Some("Roth".into());
            input.contact.fields.insert("budget".into(), 5_000.into());
            let (industry, size) = (Some("metal".into()), Some(250));
            input.company = Some(Company { name: "Roth".into(), industry, size, ..Company::default() });
        })
        .await;
    world.pass(HOUR).await;
    does(&world, lead, deed(EventKind::Custom, "presentation", 1)).await;
    let told = account(&world.engine, "kim@example.org").await.unwrap();
    assert_eq!(told.score, 50.0);
    assert_eq!(told.judged.persona.as_deref(), Some("it-lead"));
    assert_eq!(told.judged.persona_title.as_deref(), Some("Head of IT"));
    assert_eq!(told.judged.missing, ["phone"]);
    assert_eq!(told.judged.temperature.as_str(), "hot");
    let likeness: Vec<_> = told.personas.iter().map(|like| (like.name.as_str(), like.weight)).collect();
    assert_eq!(likeness, [("it-lead", 4)]);
    assert_eq!(world.count(lead, EventKind::Qualified).await, 0, "not complete");
    world
        .record(async |record| {
            let set = |stored: &mut leads::StoredLead| stored.lead.contact.phone = Some("+49 40 1".into());
            record.edit(lead, EventKind::Updated, "phone", set).await.unwrap()
        })
        .await;
    let mut tx = world.engine.db.read().await.unwrap();
    let now = leads::by_id(&mut tx, lead).await.unwrap().unwrap().lead;
    drop(tx);
    assert_eq!((now.qualification, now.alive_at), (Qualification::Mql, Some(MONDAY + HOUR)));
    world.pass(3 * DAY).await;
    let later = account(&world.engine, "kim@example.org").await.unwrap().judged;
    assert_eq!(later.temperature.as_str(), "warm", "no sign of life for more than two days");
    assert_eq!(later.alive_at, Some(MONDAY + HOUR), "a mail that was sent is none");
    world.end().await;
}

const NEXT: &str = "title = \"Evaluation\"\nstage = \"mofu\"\npriority = 1\n[[step]]\nmail = \"mail/first\"\n\
                    [[step]]\nwait = \"1 day\"\nmail = \"mail/second\"\n";

const OTHER: &str = "title = \"Other\"\nstage = \"mofu\"\n[[step]]\nmail = \"mail/other\"\n";

/// While the next mail of the old stage is due, the lead moves on: that mail is gone, the best sequence of the new stage
/// begins, then the other one, and no two mails come at once.
async fn a_stage_is_entered_with_one_mail_at_a_time(db: TestDb) {
    let rules = "[[score]]\non = \"did demo\"\npoints = 30\n[stage.mofu]\nwhen = 'engagement >= 20'\n";
    let sequences = [("welcome", WELCOME), ("evaluation", NEXT), ("another", OTHER)];
    let world = World::begin(db, &workspace_with(rules, &sequences)).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    does(&world, lead, deed(EventKind::Custom, "demo", 0)).await;
    world.pass(10 * DAY).await;
    let subjects = world.subjects("kim@example.org");
    assert_eq!(subjects, ["About mail/hello", "About mail/first", "About mail/second", "About mail/other"]);
    let moves: Vec<_> = world
        .timeline(lead)
        .await
        .into_iter()
        .filter(|event| event.kind == EventKind::StageChanged)
        .collect();
    assert_eq!(moves.len(), 1);
    assert_eq!(moves[0].details.about.as_deref(), Some("tofu -> mofu"));
    assert_eq!(moves[0].details.because.as_deref(), Some("score 30: fit 0, engagement 30"));
    let mut tx = world.engine.db.read().await.unwrap();
    assert_eq!(leads::by_id(&mut tx, lead).await.unwrap().unwrap().lead.stage, Stage::Mofu);
    drop(tx);
    world.end().await;
}
