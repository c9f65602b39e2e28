//! Stops and holds of every kind, against nodes that send to a slow mail server.

use std::collections::HashMap;
use std::time::Duration;

use dripline::domain::outcome::Phase;
use dripline::nurture::Engine;
use dripline::nurture::clock::Clock;
use dripline::storage::messages;
use tokio::task::JoinSet;

use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::nodes::Node;
use crate::support::pace;
use crate::support::smtp_server::{Fault, Offer, SmtpServer, Transaction};
use crate::support::stops::{KINDS, LATER, Stopped};
use crate::support::world::{MONDAY, Setup, add, lead, workspace};

on_both!(no_mail_begins_after_its_stop_has_answered);

const HELLO: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";

/// Leads that are stopped in one round.
const ROUND: usize = 100;

/// How long the mail server takes for a mail, and for how long stops come in a round: about as long as the nodes take
/// for its mails.
const DELAY: Duration = Duration::from_millis(40);
const SPREAD: u64 = 500;

async fn no_mail_begins_after_its_stop_has_answered(db: TestDb) {
    let server = SmtpServer::start(Offer::default()).await;
    server.delay(DELAY);
    // Three in ten are refused, and would be tried again.
    server.script(|transaction| {
        let to = transaction.to.as_deref().unwrap_or_default();
        let line = "451 4.3.0 not now";
        ["1@", "4@", "7@"].iter().any(|end| to.contains(end)).then_some(Fault::Reply { at: Phase::End, line })
    });
    let names: &[&str] = if db.postgres().is_some() { &["a", "b", "c"] } else { &["a"] };
    let nodes = begin(&db, &server, names).await;
    // As the command line beside a server: it stops, and sends nothing.
    let beside = Node::new(&db, "a", &server, nodes[0].engine.clock.clone(), &Setup::default()).await;
    let stoppers = nodes.iter().chain([&beside]).collect::<Vec<_>>();
    let mut random = Random(std::process::id().into());
    let mut tally = Tally::default();
    for round in 0..scaled(2_000).div_ceil(ROUND) {
        let stopped = race(&stoppers, round, &mut random).await;
        pace::settle(&nodes[0].engine).await;
        tally.check(&nodes[0].engine, &server, stopped).await;
    }
    assert!(tally.cancelled > 0 && tally.delivered > 0 && tally.nothing > 0, "{tally:?}");
    beside.end().await;
    for node in nodes {
        node.end().await;
    }
}

/// Nodes of these names that work.
async fn begin(db: &TestDb, server: &SmtpServer, names: &[&str]) -> Vec<Node> {
    // About six connections on the whole, so that most claims wait for one.
    let connections = 6 / names.len();
    let (clock, setup) = (Clock::manual(MONDAY), Setup { connections, ..Setup::default() });
    let files = workspace(&[("hello", HELLO), ("later", LATER)]);
    let mut nodes = Vec::new();
    for name in names {
        let node = Node::new(db, name, server, clock.clone(), &setup).await;
        node.apply(&files).await;
        node.take_lock().await;
        node.listen().await;
        node.work();
        nodes.push(node);
    }
    nodes
}

/// Adds leads whose mail is due, and stops each of them at a time of its own, on a node of its own.
async fn race(stoppers: &[&Node], round: usize, random: &mut Random) -> Vec<(i64, String, Stopped)> {
    let engine = &stoppers[0].engine;
    let emails: Vec<String> = (0..ROUND).map(|n| format!("r{round}n{n}@d{}.example", n % 20)).collect();
    let inputs = emails.iter().map(|email| lead(email, engine.clock.now())).collect();
    let ids = add(engine, inputs).await;
    let mut stops = JoinSet::new();
    for (n, (id, email)) in ids.into_iter().zip(emails).enumerate() {
        let kind = KINDS[(round + n) % KINDS.len()];
        let engine = stoppers[random.below(stoppers.len() as u64) as usize].engine.clone();
        let pause = Duration::from_millis(random.below(SPREAD));
        stops.spawn(async move {
            // The race itself: nothing here waits for something to have happened.
            tokio::time::sleep(pause).await;
            (id, email, kind.carry_out(&engine, id).await)
        });
    }
    stops.join_all().await
}

/// What the stops found, in how many races.
#[derive(Debug, Default)]
struct Tally {
    races: usize,
    cancelled: usize,
    delivered: usize,
    failed: usize,
    nothing: usize,
}

impl Tally {
    async fn check(&mut self, engine: &Engine, server: &SmtpServer, stopped: Vec<(i64, String, Stopped)>) {
        let transactions = server.transactions();
        let mut seen: HashMap<&str, Vec<&Transaction>> = HashMap::new();
        for transaction in &transactions {
            let to = transaction.to.as_deref().expect("each mail has come as far as its recipient");
            seen.entry(to).or_default().push(transaction);
        }
        for (lead, email, stop) in &stopped {
            let seen = seen.get(email.as_str()).map_or(&[][..], Vec::as_slice);
            stop.check(message(engine, *lead, seen).await, seen);
            self.count(stop);
        }
    }

    fn count(&mut self, stop: &Stopped) {
        let found = &stop.found;
        assert!(
            found.in_flight_unknown.is_empty(),
            "the mail server answers long before a stop gives up: {stop:?}"
        );
        self.races += 1;
        self.cancelled += found.cancelled.len();
        self.delivered += found.in_flight_delivered.len();
        self.failed += found.in_flight_failed.len();
        let all = [&found.cancelled, &found.in_flight_delivered, &found.in_flight_failed];
        self.nothing += usize::from(all.iter().all(|ids| ids.is_empty()));
    }
}

/// The message of a lead, which is the one that the mail server saw.
async fn message(engine: &Engine, lead: i64, seen: &[&Transaction]) -> Option<i64> {
    let mut tx = engine.db.read().await.unwrap();
    let messages = messages::of_lead(&mut tx, lead).await.unwrap();
    assert!(messages.len() <= 1, "{messages:?}");
    let message = messages.first();
    for mail in seen.iter().filter(|mail| !mail.body.is_empty()) {
        let message = message.expect("a mail without a message");
        let parsed = mail_parser::MessageParser::default().parse(&mail.body[..]).expect("a mail");
        let left = engine.keys.message_id(message.enrollment, message.step);
        let expected = format!("{left}@{}", engine.message_domain);
        assert_eq!(parsed.message_id(), Some(expected.as_str()));
    }
    message.map(|message| message.id)
}

/// Numbers without a pattern (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
