//! A reply, a threshold and a hand-over by hand for one lead at the same moment: one hand-over, one mail to sales.

use dripline::domain::event::EventKind;
use dripline::domain::time::SECOND;
use dripline::nurture::Engine;
use dripline::nurture::change::record_deed;
use dripline::nurture::receive::receive;
use dripline::storage::{events, hand_overs};

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::post::{Written, body};
use crate::support::world::{FUNNEL, World, deed, files, hand_over};

on_both!(three_causes_at_once_are_one_hand_over);

const RULES: &str = r#"
[[score]]
on = "submitted demo"
points = 50
[qualification.mql]
when = "engagement >= 50"
hand_over = "is ready"
"#;

const RUNS: usize = 500;

/// Leads at the same time; each has its three causes.
const AT_ONCE: usize = 10;

async fn three_causes_at_once_are_one_hand_over(db: TestDb) {
    let funnel = format!("{FUNNEL}{RULES}");
    let sequence = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"hello\"\n";
    let mail = "+++\nsubject = \"Hello\"\n+++\nHello.\n";
    let world = World::begin(
        db,
        &files(&[
            ("funnel.toml", &funnel),
            ("sequences/hello.toml", sequence),
            ("templates/mail/hello.md", mail),
        ]),
    )
    .await;
    let runs = scaled(RUNS);
    let mut leads = Vec::new();
    for n in 0..runs {
        let email = format!("lead{n}@d{}.example", n % 20);
        leads.push((world.add(&email).await, email));
    }
    world.settle().await;
    for batch in leads.chunks(AT_ONCE) {
        let causes = batch.iter().map(|(id, email)| {
            let answer = Written::reply_to(&world.mails(email)[0].body, email, "Ruft mich bitte an.").raw;
            let engine = world.engine.clone();
            let id = *id;
            tokio::spawn(async move { all_at_once(&engine, id, &answer).await })
        });
        for done in causes.collect::<Vec<_>>() {
            done.await.expect("no panic");
        }
    }
    // A mail of a hand-over waits a moment for what comes with it.
    world.pass(5 * SECOND).await;
    let told: Vec<String> = world.mails("kim@nordwerk.example").iter().map(|mail| body(&mail.body)).collect();
    for (id, email) in &leads {
        let mine: Vec<&String> =
            told.iter().filter(|text| text.contains(&format!("email: {email}\n"))).collect();
        assert_eq!(mine.len(), 1, "{email}: {mine:#?}");
        assert!(mine[0].contains("> Ruft mich bitte an."), "{email}: the words are in it: {}", mine[0]);
        assert_eq!(world.count(*id, EventKind::HandedOver).await, 1, "{email}");
        let mut tx = world.engine.db.read().await.unwrap();
        assert_eq!(hand_overs::causes(&mut tx, *id).await.unwrap().len(), 1, "{email}");
        assert_eq!(events::deeds(&mut tx, &[*id]).await.unwrap().len(), 2, "the reply and the form");
    }
    assert_eq!(told.len(), runs);
    world.end().await;
}

async fn all_at_once(engine: &Engine, lead: i64, answer: &[u8]) {
    let form = deed(EventKind::Submitted, "demo", engine.clock.now());
    let by_hand = hand_over("by hand");
    let (reply, threshold, by_hand) = tokio::join!(
        receive(engine, answer),
        record_deed(engine, lead, form),
        by_hand.carry_out(engine, lead),
    );
    assert_eq!(reply.expect("received").lead, Some(lead));
    assert!(threshold.expect("recorded").is_some());
    by_hand.expect("carried out");
}
