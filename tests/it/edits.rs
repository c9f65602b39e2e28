//! Edits of a workspace in use: nobody gets a step twice, nobody starts over.

use dripline::domain::enrollment::EnrollmentState;
use dripline::domain::event::EventKind;
use dripline::domain::time::{DAY, HOUR};
use dripline::storage::enrollments;

use crate::support::database::{TestDb, on_both};
use crate::support::world::{World, workspace};

on_both!(
    a_renamed_step_is_the_same_step,
    an_inserted_step_reaches_those_before_it,
    a_removed_step_is_passed_over,
    reordered_steps_are_not_repeated,
    a_removed_sequence_ends_its_walks,
    a_renamed_sequence_goes_on,
    a_shorter_wait_is_taken_up,
    a_paused_sequence_goes_on_later,
    a_mended_template_frees_what_it_held,
);

const KIM: &str = "kim@example.org";

/// A sequence of mails a day apart.
fn daily(head: &str, mails: &[&str]) -> String {
    let step = |(at, mail): (usize, &&str)| {
        let wait = if at == 0 { "" } else { "wait = \"1 day\"\n" };
        format!("[[step]]\n{wait}mail = \"mail/{mail}\"\n")
    };
    let steps: String = mails.iter().enumerate().map(step).collect();
    format!("title = \"Daily\"\nstage = \"tofu\"\n{head}{steps}")
}

/// A world in which Kim has had `a` and `b` of four mails.
async fn after_two(db: TestDb) -> World {
    let world = World::begin(db, &workspace(&[("daily", &daily("", &["a", "b", "c", "d"]))])).await;
    world.add(KIM).await;
    world.pass(DAY + HOUR).await;
    assert_eq!(world.subjects(KIM), ["About mail/a", "About mail/b"]);
    world
}

/// What Kim gets from now on under another version of the sequence.
async fn and_then(world: &World, text: &str) -> Vec<String> {
    let before = world.subjects(KIM).len();
    world.apply(&workspace(&[("daily", text)])).await;
    world.pass(30 * DAY).await;
    let subjects = world.subjects(KIM).split_off(before);
    subjects.into_iter().map(|subject| subject.replace("About mail/", "")).collect()
}

async fn a_renamed_step_is_the_same_step(db: TestDb) {
    let world = after_two(db).await;
    let renamed =
        daily("", &["a", "b2", "c", "d"]).replace("mail/b2\"\n", "mail/b2\"\nrenamed_from = \"b\"\n");
    assert_eq!(and_then(&world, &renamed).await, ["c", "d"]);
    world.end().await;
}

async fn an_inserted_step_reaches_those_before_it(db: TestDb) {
    let world = after_two(db).await;
    assert_eq!(and_then(&world, &daily("", &["a", "new1", "b", "new2", "c", "d"])).await, ["new2", "c", "d"]);
    world.end().await;
}

async fn a_removed_step_is_passed_over(db: TestDb) {
    let world = after_two(db).await;
    assert_eq!(and_then(&world, &daily("", &["a", "c", "d"])).await, ["c", "d"]);
    world.end().await;
}

async fn reordered_steps_are_not_repeated(db: TestDb) {
    let world = after_two(db).await;
    assert_eq!(and_then(&world, &daily("", &["d", "b", "a", "c"])).await, ["c"]);
    world.end().await;
}

async fn a_removed_sequence_ends_its_walks(db: TestDb) {
    let world = after_two(db).await;
    world.apply(&workspace(&[("other", &daily("", &["x", "y"]))])).await;
    world.pass(30 * DAY).await;
    assert_eq!(world.subjects(KIM)[2..], ["About mail/x", "About mail/y"], "the next sequence of its stage");
    let lead = world.add(KIM).await;
    let mut tx = world.engine.db.read().await.unwrap();
    let walks = enrollments::of_leads(&mut tx, &[lead]).await.unwrap();
    let ended = walks.iter().find(|walk| walk.seq == "daily").expect("the first walk");
    assert_eq!(ended.state, EnrollmentState::Ended);
    drop(tx);
    world.end().await;
}

async fn a_renamed_sequence_goes_on(db: TestDb) {
    let world = after_two(db).await;
    let renamed = daily("renamed_from = \"daily\"\n", &["a", "b", "c", "d"]);
    world.apply(&workspace(&[("every-day", &renamed)])).await;
    world.pass(30 * DAY).await;
    assert_eq!(world.subjects(KIM)[2..], ["About mail/c", "About mail/d"]);
    world.end().await;
}

async fn a_shorter_wait_is_taken_up(db: TestDb) {
    let world = after_two(db).await;
    let soon = daily("", &["a", "b", "c", "d"]).replace("1 day", "2 hours");
    world.apply(&workspace(&[("daily", &soon)])).await;
    world.pass(HOUR).await;
    assert_eq!(world.subjects(KIM)[2..], ["About mail/c"], "two hours after b");
    world.end().await;
}

async fn a_paused_sequence_goes_on_later(db: TestDb) {
    let world = after_two(db).await;
    let text = daily("", &["a", "b", "c", "d"]);
    let paused = daily("paused = true\n", &["a", "b", "c", "d"]);
    assert_eq!(and_then(&world, &paused).await, [""; 0]);
    assert_eq!(and_then(&world, &text).await, ["c", "d"]);
    world.end().await;
}

async fn a_mended_template_frees_what_it_held(db: TestDb) {
    let sequence = daily("", &["a"]);
    let files = |line: &str| {
        let template = format!("+++\nsubject = \"Hello\"\n+++\n{line}\n");
        crate::support::world::files(&[
            ("funnel.toml", crate::support::world::FUNNEL),
            ("sequences/daily.toml", &sequence),
            ("templates/mail/mail/a.md", &template),
        ])
    };
    let world = World::begin(db, &files("Hello {{lead.first_name}}")).await;
    // The roll-out of the first revision tries what is held again, too.
    world.settle().await;
    let lead = world.add(KIM).await;
    world.pass(DAY).await;
    assert_eq!(world.subjects(KIM), [""; 0]);
    assert_eq!(world.count(lead, EventKind::Held).await, 1);
    world.apply(&files("Hello {{default lead.first_name \"there\"}}")).await;
    world.pass(DAY).await;
    assert_eq!(world.subjects(KIM), ["Hello"]);
    world.end().await;
}
