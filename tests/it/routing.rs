//! Which rep takes a lead, and who waits for a place with sales.

mod company;
mod line;
mod nodes;

use dripline::domain::event::EventKind;
use dripline::domain::gate::StopKind;
use dripline::domain::hand_over::Origin;
use dripline::domain::lead::Company;
use dripline::domain::time::{DAY, HOUR, MINUTE, SECOND};
use dripline::nurture::change::record_deed;
use dripline::nurture::explain::{Explanation, explain};
use dripline::nurture::record::LeadInput;
use dripline::nurture::{Change, Engine};
use dripline::storage::leads;
use dripline::workspace::Files;

use crate::support::database::{TestDb, on_both};
use crate::support::world::{FUNNEL, Setup, World, deed, engine, files};

on_both!(
    routes_owners_and_colleagues_decide,
    whoever_leads_sales_gets_what_no_route_does,
    who_is_away_has_a_deputy_and_who_is_at_work_comes_first,
    who_finds_no_place_waits_by_rank_and_is_nurtured,
    a_place_is_free_when_somebody_comes_back,
    turns_outlive_restarts_and_changes_of_the_team,
);

const DAILY: &str = "title = \"Daily\"\nstage = \"tofu\"\n[[step]]\nmail = \"one\"\n[[step]]\nwait = \"1 day\"\n\
    mail = \"two\"\n[[step]]\nwait = \"1 day\"\nmail = \"three\"\n";

const RULES: &str = r#"
[[score]]
on = "submitted demo"
points = 50
[[fit]]
when = 'lead.country == "DE"'
points = 40
[qualification.mql]
when = "engagement >= 50"
hand_over = "is ready"
"#;

/// A rep besides kim, who is in the funnel of every test, and the head of sales.
fn rep(key: &str, more: &str) -> String {
    format!("[team.{key}]\nname = \"{key}\"\nemail = \"{key}@nordwerk.example\"\n{more}\n")
}

/// A workspace with a mail a day, rules, and this at the end of kim's table and of the funnel.
fn desk(kim: &str, more: &str) -> Files {
    let mark = "email = \"kim@nordwerk.example\"\n";
    let funnel = FUNNEL.replace(mark, &format!("{mark}{kim}\n"));
    let funnel = format!("{funnel}{RULES}{more}");
    let mail = |name: &str| format!("+++\nsubject = \"{name}\"\n+++\nHello.\n");
    let [one, two, three] = ["one", "two", "three"].map(mail);
    files(&[
        ("funnel.toml", &funnel),
        ("sequences/daily.toml", DAILY),
        ("templates/mail/one.md", &one),
        ("templates/mail/two.md", &two),
        ("templates/mail/three.md", &three),
    ])
}

fn of(country: &str, company: &str) -> impl FnOnce(&mut LeadInput) {
    let (country, company) = (country.to_owned(), company.to_owned());
    move |input| {
        input.contact.country = Some(country);
        let domain = Some(format!("{company}.example"));
        input.company =
            (!company.is_empty()).then(|| Company { name: company, domain, ..Company::default() });
    }
}

async fn ask(engine: &Engine, lead: i64, rep: Option<&str>) -> Option<String> {
    let change = Change::HandOver {
        cause: "called us".to_owned(),
        rep: rep.map(str::to_owned),
        origin: Origin::Person,
    };
    change.carry_out(engine, lead).await.expect("handed over");
    owner(engine, lead).await
}

async fn give_back(world: &World, lead: i64) {
    let change = Change::Return { reason: "not now".to_owned(), words: None, sequence: None };
    change.carry_out(&world.engine, lead).await.expect("returned");
}

/// The lead does what its rule hands it over for.
async fn submit(world: &World, lead: i64) {
    submit_to(&world.engine, lead).await;
}

/// The same, at this node.
async fn submit_to(engine: &Engine, lead: i64) {
    let deed = deed(EventKind::Submitted, "demo", engine.clock.now());
    record_deed(engine, lead, deed).await.expect("recorded");
}

/// Who has or had the lead.
async fn owner(engine: &Engine, lead: i64) -> Option<String> {
    let mut tx = engine.db.read().await.unwrap();
    leads::by_id(&mut tx, lead).await.unwrap().expect("a lead").lead.owner
}

async fn told(world: &World, lead: i64) -> Explanation {
    explain(&world.engine, &lead.to_string()).await.expect("an explanation")
}

/// The line of the timeline about the last hand-over.
async fn handed_over(world: &World, lead: i64) -> String {
    let told = told(world, lead).await;
    told.timeline.into_iter().rfind(|entry| entry.kind == "handed_over").expect("a hand-over").what
}

async fn routes_owners_and_colleagues_decide(db: TestDb) {
    let routes = "[[route]]\nwhen = 'lead.country == \"AT\"'\nteam = \"tarek\"\n[[route]]\nteam = [\"kim\", \"lee\"]\n";
    let more = format!("{}{}{routes}", rep("tarek", ""), rep("lee", ""));
    let world = World::begin(db, &desk("", &more)).await;
    let anna = world.add_with("anna@x.example", of("AT", "alpha")).await;
    let [ben, carl, dora] = ["ben", "carl", "dora"].map(|name| format!("{name}@x.example"));
    let [ben, carl, dora] = [world.add(&ben).await, world.add(&carl).await, world.add(&dora).await];
    let eve = world.add_with("eve@x.example", of("DE", "alpha")).await;
    let engine = &world.engine;
    assert_eq!(ask(engine, anna, None).await.as_deref(), Some("tarek"));
    assert_eq!(ask(engine, ben, None).await.as_deref(), Some("kim"));
    assert_eq!(ask(engine, carl, None).await.as_deref(), Some("lee"));
    assert_eq!(ask(engine, eve, None).await.as_deref(), Some("tarek"), "who has a colleague of hers");
    give_back(&world, ben).await;
    assert_eq!(ask(engine, dora, Some("tarek")).await.as_deref(), Some("tarek"), "who is named");
    give_back(&world, carl).await;
    assert_eq!(ask(engine, carl, None).await.as_deref(), Some("lee"), "although it is kim's turn");
    assert_eq!(ask(engine, ben, None).await.as_deref(), Some("kim"));
    let refused = Change::HandOver { cause: "x".into(), rep: Some("zoe".into()), origin: Origin::Api };
    let wanda = world.add("wanda@x.example").await;
    let error = refused.carry_out(engine, wanda).await.expect_err("nobody of the team").to_string();
    assert_eq!(error, "there is no [team.zoe] in funnel.toml");
    assert_eq!(handed_over(&world, anna).await, "handed over to tarek, whose turn it was");
    assert_eq!(handed_over(&world, eve).await, "handed over to tarek, who has a colleague of it");
    assert_eq!(handed_over(&world, carl).await, "handed over to lee, who had the lead before");
    assert_eq!(handed_over(&world, dora).await, "handed over to tarek");
    world.end().await;
}

async fn whoever_leads_sales_gets_what_no_route_does(db: TestDb) {
    let route = "[[route]]\nwhen = 'lead.country == \"AT\"'\nteam = \"tarek\"\n";
    let more = format!("{}{}{route}", rep("tarek", ""), rep("lee", ""));
    let world = World::begin(db, &desk("", &more)).await;
    let (ann, bob) = (world.add("ann@x.example").await, world.add("bob@x.example").await);
    assert_eq!(ask(&world.engine, ann, None).await.as_deref(), Some("kim"));
    let why = ", who leads sales (no route had anybody for it)";
    assert_eq!(handed_over(&world, ann).await, format!("handed over to Kim Meier{why}"));
    world.apply(&desk("away = [\"2026-01-05..2026-01-06\"]\ndeputy = \"lee\"", &more)).await;
    assert_eq!(ask(&world.engine, bob, None).await.as_deref(), Some("lee"));
    assert_eq!(
        handed_over(&world, bob).await,
        format!("handed over to lee in place of Kim Meier (away){why}")
    );
    world.end().await;
}

async fn who_is_away_has_a_deputy_and_who_is_at_work_comes_first(db: TestDb) {
    let kim = "away = [\"2026-01-05..2026-01-06\"]\ndeputy = \"tarek\"";
    let route = "[[route]]\nteam = [\"kim\", \"lee\"]\n";
    let more = format!("{}{}{route}", rep("tarek", ""), rep("lee", "hours = \"Mon-Fri 12:00-18:00\""));
    let world = World::begin(db, &desk(kim, &more)).await;
    let mut leads = Vec::new();
    for n in 0..6 {
        leads.push(world.add(&format!("lead{n}@x.example")).await);
    }
    let engine = &world.engine;
    assert_eq!(ask(engine, leads[0], None).await.as_deref(), Some("tarek"));
    assert_eq!(ask(engine, leads[1], None).await.as_deref(), Some("tarek"), "lee is not at work before noon");
    assert_eq!(
        handed_over(&world, leads[0]).await,
        "handed over to tarek in place of Kim Meier (away), whose turn it was"
    );
    world.pass(3 * HOUR + 30 * MINUTE).await;
    assert_eq!(ask(engine, leads[2], None).await.as_deref(), Some("lee"), "it is half past twelve");
    assert_eq!(ask(engine, leads[3], None).await.as_deref(), Some("tarek"));
    world.pass(2 * DAY).await;
    assert_eq!(ask(engine, leads[4], None).await.as_deref(), Some("kim"), "back again");
    assert_eq!(ask(engine, leads[5], None).await.as_deref(), Some("lee"), "and not every lead is kim's");
    world.end().await;
}

async fn who_finds_no_place_waits_by_rank_and_is_nurtured(db: TestDb) {
    let world = World::begin(db, &desk("capacity = 2", "")).await;
    let [ann, bob, cid] = ["ann@x.example", "bob@x.example", "cid@x.example"];
    let [ann, bob, cid] = [world.add(ann).await, world.add(bob).await, world.add(cid).await];
    let dan = world.add_with("dan@x.example", of("DE", "")).await;
    let (eli, fay) = (world.add("eli@x.example").await, world.add("fay@x.example").await);
    world.settle().await;
    for lead in [ann, bob, cid, fay, dan] {
        submit(&world, lead).await;
        world.pass(SECOND).await;
    }
    let now = told(&world, dan).await;
    let sentence =
        "ToFu · MQL · hot · with marketing · waits for a place with sales, rank 1 of 3 · next mail Tue 09:00";
    assert_eq!(now.sentence, sentence, "the highest score");
    let why = now.timeline.iter().find(|entry| entry.kind == "waits_for_sales").expect("a line");
    assert_eq!(why.what, "waits for a place with sales");
    let because = "is ready; Kim Meier has as many leads as the capacity allows";
    assert_eq!(why.because.as_deref(), Some(because));
    assert_eq!(told(&world, cid).await.waits_for_sales.map(|line| line.rank), Some(2), "longer than fay");
    assert_eq!(
        ask(&world.engine, eli, None).await.as_deref(),
        Some("kim"),
        "by hand there is always a place"
    );

    world.pass(DAY).await;
    assert_eq!(world.subjects("dan@x.example"), ["one", "two"], "marketing goes on");
    assert_eq!(world.subjects("ann@x.example"), ["one"], "sales has her");
    submit(&world, cid).await;
    world.settle().await;
    assert_eq!(world.count(cid, EventKind::WaitsForSales).await, 1);
    assert_eq!(told(&world, cid).await.waits_for_sales.map(|line| line.rank), Some(1), "she did more");

    give_back(&world, eli).await;
    world.settle().await;
    assert_eq!(owner(&world.engine, cid).await, None, "what came by hand took no place");
    give_back(&world, ann).await;
    world.settle().await;
    assert_eq!(owner(&world.engine, cid).await.as_deref(), Some("kim"));
    assert_eq!(told(&world, dan).await.waits_for_sales.map(|line| (line.rank, line.of)), Some((1, 2)));
    let stop = Change::Stop { kind: StopKind::ByHand, because: "asked for it".to_owned() };
    stop.carry_out(&world.engine, fay).await.expect("stopped");
    world.apply(&desk("capacity = 4", "")).await;
    world.settle().await;
    assert_eq!(owner(&world.engine, dan).await.as_deref(), Some("kim"), "there is more room");
    assert_eq!((owner(&world.engine, fay).await, told(&world, fay).await.waits_for_sales), (None, None));
    world.pass(5 * SECOND).await;
    for (lead, email) in [(bob, "bob"), (cid, "cid"), (dan, "dan")] {
        assert_eq!(world.count(lead, EventKind::HandedOver).await, 1, "{email}");
        let subject = format!("New contact: {email}@x.example");
        let told = world.subjects("kim@nordwerk.example").iter().filter(|line| **line == subject).count();
        assert_eq!(told, 1, "{email}");
    }
    world.end().await;
}

async fn a_place_is_free_when_somebody_comes_back(db: TestDb) {
    let route = "[[route]]\nteam = [\"kim\", \"tarek\"]\n";
    let more = format!("{}{route}", rep("tarek", "away = \"2026-01-05..2026-01-06\""));
    let world = World::begin(db, &desk("capacity = 1", &more)).await;
    let (ann, bob) = (world.add("ann@x.example").await, world.add("bob@x.example").await);
    submit(&world, ann).await;
    submit(&world, bob).await;
    world.pass(DAY).await;
    assert_eq!(owner(&world.engine, ann).await.as_deref(), Some("kim"));
    assert_eq!(owner(&world.engine, bob).await, None);
    world.pass(DAY).await;
    assert_eq!(owner(&world.engine, bob).await.as_deref(), Some("tarek"));
    let told = told(&world, bob).await;
    let entry = told.timeline.iter().find(|entry| entry.kind == "handed_over").expect("a hand-over");
    assert_eq!(entry.at.to_string(), "2026-01-06T23:00:00Z", "when the seventh begins on tarek's clock");
    world.end().await;
}

async fn turns_outlive_restarts_and_changes_of_the_team(db: TestDb) {
    let other = db.another().await;
    let more = |team: &str, reps: &[&str]| {
        let reps: String = reps.iter().map(|key| rep(key, "")).collect();
        format!("{reps}[[route]]\nteam = [{team}]\n")
    };
    let world = World::begin(db, &desk("", &more("\"kim\", \"tarek\", \"lee\"", &["tarek", "lee"]))).await;
    let other = engine(other, "other", &world.server, world.engine.clock.clone(), &Setup::default()).await;
    let mut leads = Vec::new();
    for n in 0..8 {
        leads.push(world.add(&format!("lead{n}@x.example")).await);
    }
    assert_eq!(ask(&world.engine, leads[0], None).await.as_deref(), Some("kim"));
    assert_eq!(ask(&other, leads[1], None).await.as_deref(), Some("tarek"), "another process");
    let four = more("\"kim\", \"tarek\", \"lee\", \"zoe\"", &["tarek", "lee", "zoe"]);
    world.apply(&desk("", &four)).await;
    let mut order = Vec::new();
    for lead in &leads[2..8] {
        order.extend(ask(&other, *lead, None).await);
    }
    assert_eq!(order, ["lee", "zoe", "kim", "tarek", "lee", "zoe"], "zoe is new, and has one lead in turn");
    // tarek leaves the company: what was tarek's goes by the routes again.
    world.apply(&desk("", &more("\"kim\", \"lee\", \"zoe\"", &["lee", "zoe"]))).await;
    give_back(&world, leads[1]).await;
    assert_eq!(ask(&world.engine, leads[1], None).await.as_deref(), Some("kim"));
    world.end().await;
}
