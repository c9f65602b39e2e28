//! Importing leads from a file.

use dripline::domain::consent::Basis;
use dripline::domain::event::EventKind;
use dripline::domain::gate::StopKind;
use dripline::domain::stage::Stage;
use dripline::domain::time::DAY;
use dripline::nurture::import::row::Given;
use dripline::nurture::import::{ImportOptions, ImportReport, Progress, import};
use dripline::nurture::lookup::find;
use dripline::nurture::{Engine, NurtureResult};
use dripline::storage::leads::StoredLead;
use dripline::storage::{consents, leads};

use crate::support::database::{TestDb, on_both};
use crate::support::world::{MONDAY, Setup, World, engine, workspace};

on_both!(
    good_rows_walk_and_bad_rows_are_named,
    what_spreadsheets_write_is_taken,
    a_repeat_changes_nothing,
    new_contact_data_is_taken_and_nothing_else,
    a_stopped_lead_stays_stopped,
    a_later_row_updates_an_earlier_one,
    an_external_id_has_one_owner,
    what_the_file_lacks_is_given,
    a_file_of_many_rows_is_taken_in_parts,
    the_same_file_twice_at_once_is_each_lead_once,
    a_file_that_is_none_changes_nothing,
);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";
const GUIDE: &str = "title = \"Guide\"\nstage = \"mofu\"\n[[step]]\nmail = \"mail/guide\"\n";

async fn begin(db: TestDb) -> World {
    World::begin(db, &workspace(&[("hello", HELLO), ("guide", GUIDE)])).await
}

async fn take(engine: &Engine, file: &str) -> ImportReport {
    take_with(engine, file, ImportOptions::default()).await.unwrap()
}

async fn take_with(engine: &Engine, file: &str, options: ImportOptions) -> NurtureResult<ImportReport> {
    import(engine, file.as_bytes(), options, |_| ()).await
}

async fn lead(world: &World, email: &str) -> StoredLead {
    let mut tx = world.engine.db.read().await.unwrap();
    find(&mut tx, email).await.unwrap()
}

async fn count(world: &World) -> i64 {
    let mut tx = world.engine.db.read().await.unwrap();
    leads::count(&mut tx).await.unwrap()
}

/// New, updated, unchanged, bad, stopped.
fn sums(report: &ImportReport) -> [u64; 5] {
    [report.new, report.updated, report.unchanged, report.bad, report.stopped]
}

async fn good_rows_walk_and_bad_rows_are_named(db: TestDb) {
    let world = begin(db).await;
    let file = "email;first_name;stage;basis;language;colour\n\
        ann@x.example;Ann;tofu;double_opt_in;de;red\n\
        bob@x.example;Bob;mofu;double_opt_in;en;\n\
        \n\
        nobody;Nix;tofu;double_opt_in;de;\n\
        cid@x.example;Cid;top;double_opt_in;Deutsch;\n\
        ;;;;;\n\
        dan@x.example;Dan;tofu;;;\n";
    let report = take(&world.engine, file).await;
    assert_eq!(sums(&report), [3, 0, 0, 2, 0]);
    assert_eq!(report.ignored[0].name, "colour");
    let bad: Vec<(u64, Vec<&str>)> = report
        .bad_rows
        .iter()
        .map(|row| (row.line, row.faults.iter().filter_map(|fault| fault.column.as_deref()).collect()))
        .collect();
    assert_eq!(bad, [(5, vec!["email"]), (6, vec!["stage", "language"])]);
    world.settle().await;
    assert_eq!(world.subjects("ann@x.example"), ["About mail/hello"]);
    assert_eq!(world.subjects("bob@x.example"), ["About mail/guide"]);
    assert_eq!(world.subjects("dan@x.example"), [""; 0], "nobody is written to without a basis");
    assert_eq!(lead(&world, "ann@x.example").await.lead.contact.first_name.as_deref(), Some("Ann"));
    world.end().await;
}

async fn what_spreadsheets_write_is_taken(db: TestDb) {
    let world = begin(db).await;
    let file = "email;basis;consent_at;tracking\n\
        ann@x.example;double_opt_in;2026-01-02;TRUE\n\
        bob@x.example;double_opt_in;02.01.2026;nein\n";
    let report = take(&world.engine, file).await;
    assert_eq!(sums(&report), [2, 0, 0, 0, 0], "{:?}", report.bad_rows);
    for (email, tracking) in [("ann@x.example", true), ("bob@x.example", false)] {
        let lead = lead(&world, email).await.lead;
        let mut tx = world.engine.db.read().await.unwrap();
        let [consent] = &consents::of_lead(&mut tx, lead.id).await.unwrap()[..] else { panic!("one") };
        assert_eq!(consent.at.to_string(), "2026-01-01T23:00:00Z", "when the day begins in Berlin");
        assert_eq!(lead.tracking, tracking, "{email}");
    }
    world.end().await;
}

async fn a_repeat_changes_nothing(db: TestDb) {
    let world = begin(db).await;
    let file = "email,first_name,tags,company,company_domain,basis,external_id,field.size\n\
        ann@x.example,Ann,a;b,Acme,acme.example,opt_in,C-1,12\nbob@x.example,Bob,,,,opt_in,,\n";
    assert_eq!(sums(&take(&world.engine, file).await), [2, 0, 0, 0, 0]);
    world.settle().await;
    let before = world.timeline(lead(&world, "ann@x.example").await.lead.id).await;
    assert_eq!(sums(&take(&world.engine, file).await), [0, 0, 2, 0, 0]);
    let ann = lead(&world, "ann@x.example").await.lead;
    assert_eq!(world.timeline(ann.id).await, before);
    let mut tx = world.engine.db.read().await.unwrap();
    assert_eq!(consents::of_lead(&mut tx, ann.id).await.unwrap().len(), 1);
    drop(tx);
    world.end().await;
}

async fn new_contact_data_is_taken_and_nothing_else(db: TestDb) {
    let world = begin(db).await;
    let first = "email,first_name,city,stage,basis,source,tags\nann@x.example,Ann,Kiel,tofu,opt_in,fair,a\n";
    take(&world.engine, first).await;
    let second = "email,first_name,city,stage,basis,source,tags,company\n\
        Ann@X.example,Anne,,bofu,double_opt_in,web,b,Acme\n";
    assert_eq!(sums(&take(&world.engine, second).await), [0, 1, 0, 0, 0]);
    let ann = lead(&world, "ann@x.example").await.lead;
    assert_eq!(ann.contact.first_name.as_deref(), Some("Anne"));
    assert_eq!(ann.contact.city.as_deref(), Some("Kiel"), "an empty cell says nothing");
    assert_eq!(ann.company.map(|company| company.name).as_deref(), Some("Acme"));
    assert_eq!(ann.tags, ["a", "b"]);
    assert_eq!((ann.stage, ann.basis), (Stage::Tofu, Some(Basis::OptIn)));
    assert_eq!(ann.source.as_deref(), Some("fair"), "the channel of first contact stays");
    assert_eq!(world.count(ann.id, EventKind::Updated).await, 1);
    world.end().await;
}

async fn a_stopped_lead_stays_stopped(db: TestDb) {
    let world = begin(db).await;
    let file = "email,first_name,basis\nann@x.example,Ann,double_opt_in\nbob@x.example,Bob,double_opt_in\n";
    take(&world.engine, file).await;
    world.settle().await;
    let ann = lead(&world, "ann@x.example").await.lead.id;
    world.pass(DAY).await;
    world.record(async |record| record.stop(ann, StopKind::Unsubscribe, "by link").await.unwrap()).await;
    world.pass(DAY).await;
    let report = take(&world.engine, &file.replace(",Ann,", ",Anne,")).await;
    assert_eq!(sums(&report), [0, 1, 1, 0, 1]);
    let [stopped] = &report.stopped_rows[..] else { panic!("{:?}", report.stopped_rows) };
    assert_eq!((stopped.line, stopped.stopped_at), (2, MONDAY + DAY));
    assert_eq!(stopped.because, "the person unsubscribed");
    let stored = lead(&world, "ann@x.example").await;
    assert_eq!(stored.lead.contact.first_name.as_deref(), Some("Anne"));
    assert_eq!(stored.lead.closed_by, Some(StopKind::Unsubscribe));
    assert_eq!(stored.suppressed_by, Some(StopKind::Unsubscribe));
    world.pass(60 * DAY).await;
    assert_eq!(world.subjects("ann@x.example").len(), 1);
    world.end().await;
}

async fn a_later_row_updates_an_earlier_one(db: TestDb) {
    let world = begin(db).await;
    let file = "email,first_name,city,basis\n\
        ann@x.example,Ann,Kiel,opt_in\nANN@x.example,Anne,,opt_in\nann@x.example,,Bonn,opt_in\n";
    assert_eq!(sums(&take(&world.engine, file).await), [1, 2, 0, 0, 0]);
    let contact = lead(&world, "ann@x.example").await.lead.contact;
    assert_eq!(contact.first_name.as_deref(), Some("Anne"));
    assert_eq!(contact.city.as_deref(), Some("Bonn"));
    world.end().await;
}

async fn an_external_id_has_one_owner(db: TestDb) {
    let world = begin(db).await;
    take(&world.engine, "email,external_id\nann@x.example,C-1\n").await;
    let file =
        "email,external_id\nbob@x.example,C-1\ncid@x.example,C-2\ndan@x.example,C-2\nann@x.example,C-1\n";
    let report = take(&world.engine, file).await;
    assert_eq!(sums(&report), [1, 0, 1, 2, 0]);
    let lines: Vec<u64> = report.bad_rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(report.bad_rows[0].faults[0].column.as_deref(), Some("external_id"));
    assert_eq!(count(&world).await, 2);
    world.end().await;
}

async fn what_the_file_lacks_is_given(db: TestDb) {
    let world = begin(db).await;
    let options = ImportOptions {
        file: "fair.csv".into(),
        mappings: vec!["Mail=email".parse().unwrap()],
        given: Given {
            basis: Some(Basis::OptIn),
            consent_at: Some(MONDAY - DAY),
            consent_text: Some("Send me the guide".into()),
            source: Some("fair".into()),
            form: Some("fair.csv".into()),
            example: true,
            zone: None,
        },
    };
    let report = take_with(&world.engine, "Mail\nann@x.example\n", options).await.unwrap();
    assert_eq!(sums(&report), [1, 0, 0, 0, 0]);
    let ann = lead(&world, "ann@x.example").await.lead;
    assert_eq!((ann.source.as_deref(), ann.example, ann.basis), (Some("fair"), true, Some(Basis::OptIn)));
    let mut tx = world.engine.db.read().await.unwrap();
    let [consent] = &consents::of_lead(&mut tx, ann.id).await.unwrap()[..] else { panic!("one consent") };
    assert_eq!((consent.at, consent.wording.as_deref()), (MONDAY - DAY, Some("Send me the guide")));
    assert_eq!(consent.form.as_deref(), Some("fair.csv"));
    drop(tx);
    world.end().await;
}

fn many(rows: usize) -> String {
    let rows: String = (0..rows).map(|row| format!("lead{row}@d{}.example,Lead {row}\n", row % 7)).collect();
    format!("email,last_name\n{rows}")
}

async fn a_file_of_many_rows_is_taken_in_parts(db: TestDb) {
    let world = begin(db).await;
    let file = many(1_300);
    let mut seen = vec![Progress::default()];
    let report =
        import(&world.engine, file.as_bytes(), ImportOptions::default(), |progress| seen.push(progress));
    assert_eq!(sums(&report.await.unwrap()), [1_300, 0, 0, 0, 0]);
    assert_eq!(count(&world).await, 1_300);
    assert!(seen.len() > 3, "{seen:?}");
    assert!(seen.is_sorted_by_key(|progress| (progress.rows, progress.bytes)), "{seen:?}");
    assert_eq!(seen.last(), Some(&Progress { bytes: file.len() as u64, rows: 1_300, taken: 1_300 }));
    world.end().await;
}

async fn the_same_file_twice_at_once_is_each_lead_once(db: TestDb) {
    let other = db.another().await;
    let world = begin(db).await;
    let clock = world.engine.clock.clone();
    let other = engine(other, "other", &world.server, clock, &Setup::default()).await;
    let file = many(600);
    let (one, two) = tokio::join!(take(&world.engine, &file), take(&other, &file));
    assert_eq!((one.new + two.new, one.unchanged + two.unchanged), (600, 600));
    assert_eq!(count(&world).await, 600);
    world.end().await;
}

async fn a_file_that_is_none_changes_nothing(db: TestDb) {
    let world = begin(db).await;
    for (file, why) in [
        ("", "the file is empty"),
        ("name\nAnn\n", "no column \"email\""),
        ("\u{0}\u{0}", "no text"),
        ("email,email\n", "two columns"),
    ] {
        let refused = take_with(&world.engine, file, ImportOptions::default()).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(sums(&take(&world.engine, "email\n").await), [0; 5]);
    assert_eq!(count(&world).await, 0);
    world.end().await;
}
