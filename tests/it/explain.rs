//! One log for one lead: why this mail, why not that one, what comes next and when.

use dripline::domain::gate::{Hold, HoldKind, StopKind};
use dripline::domain::hand_over::Origin;
use dripline::domain::outcome::Phase;
use dripline::domain::stage::Stage;
use dripline::domain::time::{DAY, HOUR};
use dripline::nurture::explain::{Explanation, explain};
use dripline::nurture::pause;

use crate::support::database::{TestDb, on_both};
use crate::support::smtp_server::Fault;
use crate::support::world::{FUNNEL, World, files, workspace};

on_both!(
    a_walk_is_told_with_its_reasons,
    a_change_of_stage_is_told,
    nothing_comes_without_a_basis,
    a_stop_a_hold_and_a_hand_over_say_why,
    what_the_server_said_is_told,
    a_pause_of_everything_is_told,
    a_lead_without_a_sequence_learns_why,
    mails_are_named_as_they_were_when_they_went_out,
    a_sequence_that_is_gone_keeps_its_name,
    what_comes_next_is_what_will_come,
    what_happened_at_one_moment_is_told_in_its_order,
);

const GUIDE: &str = r#"
title = "Evaluation guide"
stage = "tofu"
[[step]]
mail = "mail/guide"
[[step]]
only_if = "has phone"
mail = "mail/call"
[[step]]
wait = "3 days"
tag = "keen"
[[step]]
wait = "2 days"
send = "Mon-Fri 09:00-17:00"
mail = ["mail/roi-a", "mail/roi-a2"]
"#;

const MAIL: &str = "+++\nsubject = \"Hello\"\n+++\nHello.\n";

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

async fn told(world: &World, lead: i64) -> Explanation {
    explain(&world.engine, &lead.to_string()).await.unwrap()
}

/// The timeline as people read it.
fn lines(explanation: &Explanation) -> Vec<String> {
    let line = |entry: &dripline::nurture::explain::Entry| {
        let because = entry.because.as_ref().map(|because| format!(", because {because}"));
        format!("{} {}{}", entry.local, entry.what, because.unwrap_or_default())
    };
    explanation.timeline.iter().map(line).collect()
}

async fn a_walk_is_told_with_its_reasons(db: TestDb) {
    let world = World::begin(db, &workspace(&[("guide", GUIDE)])).await;
    let lead = world
        .add_with("kim@example.org", |lead| {
            lead.source = Some("fair".into());
            lead.contact.timezone = Some("America/New_York".into());
        })
        .await;
    world.settle().await;
    let first = told(&world, lead).await;
    assert_eq!(first.timezone, "America/New_York");
    assert_eq!(first.sentence, "ToFu · unqualified · cold · with marketing · next step Thu 03:00");
    assert_eq!(first.not_sent_because, [""; 0]);
    let expected = [
        "Mon 2026-01-05 03:00 came in by fair",
        "Mon 2026-01-05 03:00 entered \"Evaluation guide\"",
        "Mon 2026-01-05 03:00 sent mail/guide (step guide of \"Evaluation guide\")",
        "Mon 2026-01-05 03:00 skipped step call of \"Evaluation guide\", because only_if \"has phone\" does not hold",
    ];
    let mut lines_by_kind = lines(&first);
    lines_by_kind.sort();
    assert_eq!(lines_by_kind, expected);
    world.pass(4 * DAY).await;
    let later = told(&world, lead).await;
    assert_eq!(later.sentence, "ToFu · unqualified · cold · with marketing · next mail Mon 09:00");
    let next = later.next.clone().expect("something comes next");
    assert_eq!((next.step.as_deref(), next.local.as_deref()), (Some("roi-a"), Some("Mon 2026-01-12 09:00")));
    assert_eq!(
        (next.title.as_str(), next.what.as_str()),
        ("Evaluation guide", "mail mail/roi-a or mail/roi-a2")
    );
    assert!(lines(&later).iter().any(|line| line == "Thu 2026-01-08 03:00 got the tag keen"));
    world.pass(10 * DAY).await;
    let last = told(&world, lead).await;
    assert_eq!(last.sentence, "ToFu · unqualified · cold · with marketing · no mail planned");
    assert_eq!(last.not_sent_because, ["\"Evaluation guide\" was entered before"]);
    let mail = &last.timeline[last.timeline.len() - 2];
    assert_eq!((mail.kind, mail.local.as_str()), ("sent", "Mon 2026-01-12 09:00"));
    assert!(mail.what.ends_with("of 2)") && mail.what.contains("mail/roi-a"), "{}", mail.what);
    assert_eq!(last.timeline.last().map(|entry| entry.what.as_str()), Some("finished \"Evaluation guide\""));
    world.end().await;
}

async fn a_change_of_stage_is_told(db: TestDb) {
    let offer = "title = \"Offer\"\nstage = \"bofu\"\n[[step]]\nwait = \"1 day\"\nmail = \"mail/offer\"\n";
    let world = World::begin(db, &workspace(&[("hello", HELLO), ("offer", offer)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    world
        .record(async |record| record.change_stage(lead, Stage::Bofu, "asked for a price").await.unwrap())
        .await;
    let told = told(&world, lead).await;
    assert_eq!(told.sentence, "BoFu · unqualified · cold · with marketing · next mail Tue 09:00");
    let lines = lines(&told);
    for line in [
        "Mon 2026-01-05 09:00 moved from ToFu to BoFu, because asked for a price",
        "Mon 2026-01-05 09:00 entered \"Offer\"",
    ] {
        assert!(lines.iter().any(|told| told == line), "{lines:#?}");
    }
    world.end().await;
}

async fn nothing_comes_without_a_basis(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    let lead = world.add_with("kim@example.org", |lead| lead.consents.clear()).await;
    world.settle().await;
    let told = told(&world, lead).await;
    assert_eq!(told.not_sent_because, ["no consent to e-mail is recorded"]);
    assert_eq!(told.sentence, "ToFu · unqualified · cold · with marketing · next mail waits");
    let next = told.next.as_ref().expect("it would come");
    assert_eq!((next.at, next.waits_for.as_deref()), (None, Some("no consent to e-mail is recorded")));
    let line =
        "Mon 2026-01-05 09:00 sends nothing of \"Hello\" for now, because no consent to e-mail is recorded";
    assert!(lines(&told).iter().any(|told| told == line), "{:#?}", lines(&told));
    world.end().await;
}

async fn a_stop_a_hold_and_a_hand_over_say_why(db: TestDb) {
    let world = World::begin(db, &workspace(&[("guide", GUIDE)])).await;
    let stopped = world.add("ann@example.org").await;
    let held = world.add("bob@example.org").await;
    let sales = world.add("cid@example.org").await;
    world.pass(HOUR).await;
    let hold = Hold { kind: HoldKind::Absence, until: Some(world.engine.clock.now() + 30 * DAY) };
    world.record(async |record| record.stop(stopped, StopKind::Unsubscribe, "by link").await.unwrap()).await;
    world.record(async |record| record.hold(held, hold, "is on holiday").await.unwrap()).await;
    world
        .record(async |record| {
            record.hand_over(sales, "asked for a call", None, Origin::Person).await.unwrap()
        })
        .await;
    world.pass(HOUR).await;

    let told_stopped = told(&world, stopped).await;
    assert_eq!(told_stopped.sentence, "ToFu · unqualified · cold · with marketing · stopped");
    assert_eq!(told_stopped.not_sent_because, ["the person unsubscribed"]);
    assert_eq!(told_stopped.next, None);
    assert_eq!(
        lines(&told_stopped).last().map(String::as_str),
        Some("Mon 2026-01-05 10:00 unsubscribed, because by link")
    );

    let told_held = told(&world, held).await;
    assert_eq!(told_held.not_sent_because, ["the person is away until Wed 2026-02-04 10:00"]);
    let next = told_held.next.as_ref().expect("it goes on");
    assert_eq!(next.local.as_deref(), Some("Wed 2026-02-04 10:00"));
    let line = "Mon 2026-01-05 10:00 held: the person is away, because is on holiday";
    assert!(lines(&told_held).iter().any(|told| told == line), "{:#?}", lines(&told_held));

    let told_sales = told(&world, sales).await;
    assert_eq!(
        told_sales.sentence,
        "ToFu · unqualified · cold · with sales (Kim Meier) · no mail from marketing"
    );
    assert_eq!(told_sales.not_sent_because, ["the lead is with sales", "sales has it: asked for a call"]);
    let line = "Mon 2026-01-05 10:00 handed over to Kim Meier, because asked for a call";
    assert!(lines(&told_sales).iter().any(|told| told == line), "{:#?}", lines(&told_sales));
    world.end().await;
}

async fn what_the_server_said_is_told(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    world.server.script(|transaction| {
        let first = transaction.number == 1;
        first.then_some(Fault::Reply { at: Phase::Rcpt, line: "451 4.3.0 come back later" })
    });
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let waiting = told(&world, lead).await;
    assert_eq!(waiting.not_sent_because, ["the last try met: 451 4.3.0 come back later"]);
    assert_eq!(waiting.next.as_ref().and_then(|next| next.step.as_deref()), Some("hello"));
    world.pass(DAY).await;
    let lines = lines(&told(&world, lead).await);
    let tried =
        "tried to send step hello of \"Hello\" in vain, and will again, because 451 4.3.0 come back later";
    assert!(lines.iter().any(|line| line.ends_with(tried)), "{lines:#?}");
    let sent = "sent mail/hello (step hello of \"Hello\"), at attempt 2";
    assert!(lines.iter().any(|line| line.ends_with(sent)), "{lines:#?}");
    world.end().await;
}

async fn a_pause_of_everything_is_told(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    pause::pause(&world.engine, "wrong prices").await.unwrap();
    let lead = world.add("kim@example.org").await;
    let told = told(&world, lead).await;
    assert_eq!(told.not_sent_because, ["all sending is paused: wrong prices"]);
    assert_eq!(told.sentence, "ToFu · unqualified · cold · with marketing · next mail waits");
    world.end().await;
}

async fn a_lead_without_a_sequence_learns_why(db: TestDb) {
    let paused = "title = \"Paused\"\nstage = \"tofu\"\npaused = true\n[[step]]\nmail = \"mail/a\"\n";
    let picky =
        "title = \"Picky\"\nstage = \"tofu\"\nenroll_if = \"has phone\"\n[[step]]\nmail = \"mail/b\"\n";
    let world = World::begin(db, &workspace(&[("a-paused", paused), ("b-picky", picky)])).await;
    let tofu = world.add("ann@example.org").await;
    let bofu = world.add_with("bob@example.org", |lead| lead.stage = Some(Stage::Bofu)).await;
    let told_tofu = told(&world, tofu).await;
    let reasons = ["\"Paused\" is paused", "\"Picky\" asks for \"has phone\", which does not hold"];
    assert_eq!(told_tofu.not_sent_because, reasons);
    assert_eq!((told_tofu.next, told_tofu.sentence.ends_with("no mail planned")), (None, true));
    let told_bofu = told(&world, bofu).await;
    assert_eq!(told_bofu.not_sent_because, ["there is no sequence for the stage BoFu"]);
    world.end().await;
}

async fn mails_are_named_as_they_were_when_they_went_out(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let edited = "title = \"Good day\"\nstage = \"tofu\"\n[[step]]\nid = \"greet\"\nrenamed_from = \"hello\"\n\
        mail = \"mail/good-day\"\n[[step]]\nwait = \"1 day\"\nmail = \"mail/more\"\n";
    world.apply(&workspace(&[("hello", edited)])).await;
    world.settle().await;
    let lines_now = lines(&told(&world, lead).await);
    let sent = "sent mail/hello (step greet of \"Good day\")";
    assert!(lines_now.iter().any(|line| line.ends_with(sent)), "{lines_now:#?}");
    world.end().await;
}

async fn a_sequence_that_is_gone_keeps_its_name(db: TestDb) {
    let world = World::begin(db, &workspace(&[("hello", HELLO)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    world.apply(&files(&[("funnel.toml", FUNNEL)])).await;
    world.settle().await;
    let gone = told(&world, lead).await;
    assert_eq!(gone.not_sent_because, ["there is no sequence for the stage ToFu"]);
    let sent = "sent mail/hello (step hello of \"Hello\")";
    assert!(lines(&gone).iter().any(|line| line.ends_with(sent)), "{:#?}", lines(&gone));
    world.end().await;
}

/// The promise is looked up before and kept after: whatever the gate, windows and conditions say on the way.
async fn what_comes_next_is_what_will_come(db: TestDb) {
    let sequence = r#"
title = "Gaps"
stage = "tofu"
send = "Mon-Fri 09:00-17:00"
[[step]]
mail = "mail/a"
[[step]]
only_if = "has phone"
mail = "mail/b"
[[step]]
mail = "mail/c"
"#;
    let funnel = FUNNEL.replace("0 minutes", "1 day");
    let mails = ["a", "b", "c"].map(|name| (format!("templates/mail/mail/{name}.md"), MAIL));
    let mut given = vec![("funnel.toml", funnel.as_str()), ("sequences/gaps.toml", sequence)];
    given.extend(mails.iter().map(|(path, text)| (path.as_str(), *text)));
    let world = World::begin(db, &files(&given)).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let soon = told(&world, lead).await;
    let next = soon.next.as_ref().expect("something comes next");
    assert_eq!((next.step.as_deref(), next.local.as_deref()), (Some("c"), Some("Tue 2026-01-06 09:00")));
    assert_eq!(soon.sentence, "ToFu · unqualified · cold · with marketing · next mail Tue 09:00");
    let hold = Hold { kind: HoldKind::Absence, until: Some(world.engine.clock.now() + 3 * DAY + 10 * HOUR) };
    world.record(async |record| record.hold(lead, hold, "is on holiday").await.unwrap()).await;
    let held = told(&world, lead).await;
    assert_eq!(held.sentence, "ToFu · unqualified · cold · with marketing · next mail Fri 09:00");
    world.pass(5 * DAY).await;
    let sent = lines(&told(&world, lead).await);
    assert!(sent.iter().any(|line| line.starts_with("Fri 2026-01-09 09:00 sent mail/c")), "{sent:#?}");
    world.end().await;
}

async fn what_happened_at_one_moment_is_told_in_its_order(db: TestDb) {
    let first = "title = \"First\"\nstage = \"tofu\"\npriority = 5\n[[step]]\nmail = \"mail/a\"\n";
    let second = "title = \"Second\"\nstage = \"tofu\"\n[[step]]\nwait = \"1 day\"\nmail = \"mail/b\"\n";
    let world = World::begin(db, &workspace(&[("first", first), ("second", second)])).await;
    let lead = world.add("kim@example.org").await;
    world.settle().await;
    let told = told(&world, lead).await;
    let what: Vec<&str> = told.timeline.iter().map(|entry| entry.what.as_str()).collect();
    let expected = [
        "came in",
        "entered \"First\"",
        "sent mail/a (step a of \"First\")",
        "finished \"First\"",
        "entered \"Second\"",
    ];
    assert_eq!(what, expected);
    world.end().await;
}
