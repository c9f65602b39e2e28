//! A [`World`]: the engine with its loops, a mail server, and a clock that moves when the test says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dripline::config::{Config, WebhookConfig};
use dripline::domain::consent::{Basis, Channel, Consent};
use dripline::domain::event::{Details, EventKind, Happening};
use dripline::domain::hand_over::Origin;
use dripline::domain::lead::Contact;
use dripline::domain::stage::Stage;
use dripline::domain::time::Timestamp;
use dripline::domain::token::KeyRing;
use dripline::mail::{Relay, Timeouts};
use dripline::nurture::clock::Clock;
use dripline::nurture::record::{Deed, Found, LeadInput, Record, StopTicket};
use dripline::nurture::relays::Relays;
use dripline::nurture::revision::{Applied, apply};
use dripline::nurture::webhook::network::Network;
use dripline::nurture::{Change, Engine};
use dripline::storage::messages::Message;
use dripline::storage::{Db, events, messages, revisions};
use dripline::worker;
use dripline::workspace::Files;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::database::TestDb;
use super::pace;
use super::smtp_server::{Offer, SmtpServer, Transaction};

/// Monday, 2026-01-05, 08:00 UTC: 09:00 in Berlin.
pub const MONDAY: Timestamp = Timestamp::from_millis(1_767_600_000_000);

/// A funnel with one of everything, that sends at any time and as often as it likes.
pub const FUNNEL: &str = r#"
[company]
name = "Nordwerk GmbH"
imprint = "Nordwerk GmbH, Hafenstr. 1, 20457 Hamburg"
[defaults]
language = "en"
timezone = "Europe/Berlin"
sender = "anna"
topic = "guides"
send = "always"
[sender.anna]
name = "Anna Berg"
email = "anna@nordwerk.example"
[topic.guides]
title = "Guides"
[team.kim]
name = "Kim Meier"
email = "kim@nordwerk.example"
[caps]
min_gap = "0 minutes"
per_week = 100
"#;

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test may want otherwise.
pub struct Setup {
    pub offer: Offer,
    pub tls: &'static str,
    pub timeouts: Timeouts,
    pub connections: usize,
    pub edit: fn(&mut Config),
    /// `[webhook.NAME]`, as it would stand in dripline.toml.
    pub webhooks: String,
    pub network: Network,
}

impl Default for Setup {
    fn default() -> Self {
        let (offer, timeouts) = (Offer::default(), Timeouts::default());
        let (webhooks, network) = (String::new(), Network::default());
        Self { offer, tls: "none", timeouts, connections: 16, edit: |_| {}, webhooks, network }
    }
}

pub struct World {
    pub engine: Arc<Engine>,
    pub server: SmtpServer,
    /// Kept so that the database lives as long as the world.
    _db: TestDb,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// The files of a workspace: each path with its text.
pub fn files(texts: &[(&str, &str)]) -> Files {
    let files = texts.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    Files::from_map(files.collect::<BTreeMap<_, _>>())
}

/// [`FUNNEL`], these sequences (by their ids), and a short template for each mail they name.
pub fn workspace(sequences: &[(&str, &str)]) -> Files {
    workspace_with("", sequences)
}

/// As [`workspace`], with more at the end of the funnel.
pub fn workspace_with(more: &str, sequences: &[(&str, &str)]) -> Files {
    let funnel = format!("{FUNNEL}{more}").into_bytes();
    let mut all = BTreeMap::from([("funnel.toml".to_owned(), funnel)]);
    for (id, text) in sequences {
        all.insert(format!("sequences/{id}.toml"), text.as_bytes().to_vec());
        for mail in text.split('"').filter(|word| word.starts_with("mail/")) {
            let template =
                format!("+++\nsubject = \"About {mail}\"\n+++\nThis is {mail} for {{{{lead.email}}}}.\n");
            all.insert(format!("templates/mail/{mail}.md"), template.into_bytes());
        }
    }
    Files::from_map(all)
}

impl World {
    /// Starts the loops over a fresh database, with a mail server and these files.
    pub async fn begin(db: TestDb, files: &Files) -> World {
        Self::begin_with(db, files, Setup::default()).await
    }

    /// As [`World::begin`], with settings of the test's own.
    pub async fn begin_with(db: TestDb, files: &Files, setup: Setup) -> World {
        let server = SmtpServer::start(setup.offer.clone()).await;
        let mut engine = engine(db.another().await, "main", &server, Clock::manual(MONDAY), &setup).await;
        engine.network = setup.network;
        let world = World {
            engine: Arc::new(engine),
            server,
            _db: db,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        world.apply(files).await;
        worker::start(&world.engine, &world.tasks, &world.shutdown);
        world
    }

    /// Applies a workspace, which must be without mistakes.
    pub async fn apply(&self, files: &Files) {
        run(&self.engine, files).await;
    }

    /// Waits until nothing is due, on the wire, or left to be told.
    pub async fn settle(&self) {
        pace::settle(&self.engine).await;
    }

    /// Lets time pass, stopping at everything that falls due on the way.
    pub async fn pass(&self, millis: i64) {
        pace::pass(&self.engine, millis).await;
    }

    /// Adds a lead in `tofu` that has confirmed its consent.
    pub async fn add(&self, email: &str) -> i64 {
        self.add_with(email, |_| {}).await
    }

    /// As [`World::add`], changed by the test.
    pub async fn add_with(&self, email: &str, edit: impl FnOnce(&mut LeadInput)) -> i64 {
        let mut input = lead(email, self.engine.clock.now());
        edit(&mut input);
        add(&self.engine, vec![input]).await.remove(0)
    }

    /// Does something to a record, commits, and settles the ticket.
    pub async fn record<F>(&self, act: F) -> Found
    where
        F: AsyncFnOnce(&mut Record<'_>) -> StopTicket,
    {
        record(&self.engine, act).await
    }

    /// What the mail server took for this address: the subjects, in order.
    pub fn subjects(&self, email: &str) -> Vec<String> {
        self.mails(email).iter().map(|mail| subject(&mail.body)).collect()
    }

    /// What the mail server took for this address.
    pub fn mails(&self, email: &str) -> Vec<Transaction> {
        let taken = self.server.transactions().into_iter().filter(|taken| taken.accepted);
        taken.filter(|taken| taken.to.as_deref() == Some(email)).collect()
    }

    /// The messages of a lead.
    pub async fn messages(&self, lead: i64) -> Vec<Message> {
        let mut tx = self.engine.db.read().await.unwrap();
        messages::of_lead(&mut tx, lead).await.unwrap()
    }

    /// How many events of a kind there are on a lead's timeline.
    pub async fn count(&self, lead: i64, kind: EventKind) -> usize {
        self.timeline(lead).await.iter().filter(|event| event.kind == kind).count()
    }

    /// Why all sending is paused, if it is.
    pub async fn paused(&self) -> Option<String> {
        let mut tx = self.engine.db.read().await.unwrap();
        revisions::deployment(&mut tx).await.unwrap().and_then(|deployment| deployment.paused_because)
    }

    /// The timeline of a lead.
    pub async fn timeline(&self, lead: i64) -> Vec<Happening> {
        let mut tx = self.engine.db.read().await.unwrap();
        events::timeline(&mut tx, lead, 1_000).await.unwrap()
    }

    /// Ends the loops as a shutdown does.
    pub async fn end(self) {
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(PATIENCE, self.tasks.wait()).await.expect("the loops end");
    }
}

/// Has an engine run these files, which must be without mistakes.
pub async fn run(engine: &Engine, files: &Files) {
    match apply(&engine.db, files, engine.clock.now()).await.unwrap().0 {
        Applied::New(revision) | Applied::Unchanged(revision) => engine.run(revision),
        Applied::Mistaken(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

/// Adds leads; their ids.
pub async fn add(engine: &Engine, inputs: Vec<LeadInput>) -> Vec<i64> {
    let (mut tx, revision) = engine.begin().await.unwrap();
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let (stored, ticket) = record.store_leads(inputs, None).await.unwrap();
    tx.commit().await.unwrap();
    ticket.settle(engine).await.unwrap();
    stored.into_iter().map(|stored| stored.unwrap().id).collect()
}

/// Does something to a record, commits, and settles the ticket.
pub async fn record<F>(engine: &Engine, act: F) -> Found
where
    F: AsyncFnOnce(&mut Record<'_>) -> StopTicket,
{
    let (mut tx, revision) = engine.begin().await.unwrap();
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let ticket = act(&mut record).await;
    tx.commit().await.unwrap();
    ticket.settle(engine).await.unwrap()
}

/// An engine of its own over a database, as a node would have.
pub async fn engine(db: Db, node: &str, server: &SmtpServer, clock: Clock, setup: &Setup) -> Engine {
    let variables = [("DRIPLINE_SERVER__NODE".to_owned(), node.to_owned())];
    let mut config = Config::load(Path::new("/nonexistent"), variables).expect("a configuration");
    config.webhooks = webhooks(&setup.webhooks);
    // Tests complain as they like; those of the fuse say otherwise.
    config.fuse.complaint_rate = "100%".parse().expect("a share");
    (setup.edit)(&mut config);
    let url = format!("smtp://127.0.0.1:{}?tls={}", server.port(), setup.tls);
    let Ok(Relay::Smtp(relay)) = url.parse() else { panic!("{url} is a relay") };
    let relay = Relay::Smtp(relay.with_timeouts(setup.timeouts));
    let relays = Relays::of([("main".to_owned(), relay, setup.connections)]);
    let keys = KeyRing::parse("test:0123456789abcdef0123456789abcdef").expect("a ring");
    Engine::new(db, clock, keys, Arc::new(config), relays).await.expect("an engine")
}

/// The webhooks of a dripline.toml.
fn webhooks(text: &str) -> BTreeMap<String, WebhookConfig> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("dripline.toml"), text).expect("written");
    Config::load(folder.path(), []).expect("webhooks").webhooks
}

/// A lead in `tofu` that has confirmed its consent.
pub fn lead(email: &str, at: Timestamp) -> LeadInput {
    let consent = Consent {
        channel: Channel::Email,
        basis: Basis::DoubleOptIn,
        at,
        wording: None,
        form: None,
        network: None,
    };
    LeadInput {
        email: email.parse().expect("an address"),
        contact: Contact::default(),
        company: None,
        tags: Vec::new(),
        stage: Some(Stage::Tofu),
        source: None,
        external_id: None,
        consents: vec![consent],
        tracking: false,
        example: false,
    }
}

/// What a lead did by itself.
pub fn deed(kind: EventKind, about: &str, at: Timestamp) -> Deed {
    let details = Details { about: Some(about.to_owned()), ..Details::default() };
    Deed { kind, at, message: None, details, client_id: None }
}

/// Somebody hands a lead to sales, to whomever the rules of routing choose.
pub fn hand_over(cause: impl Into<String>) -> Change {
    Change::HandOver { cause: cause.into(), rep: None, origin: Origin::Person }
}

/// The subject of a raw message.
pub fn subject(raw: &[u8]) -> String {
    let message = mail_parser::MessageParser::default().parse(raw).expect("a message");
    message.subject().unwrap_or_default().to_owned()
}
