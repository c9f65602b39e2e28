//! Whether work is proportional to what is due: `cargo bench --bench tick`.
//!
//! The pump claims 1,000 due mails among 10,000 and among 1,000,000 leads, whose walks are all due later. What is
//! measured is the time of the steps that claim them; nothing is sent. `DRIPLINE_BENCH_LEADS` (1,000,000) and
//! `DRIPLINE_BENCH_ROUNDS` (5) make it shorter or longer.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dripline::config::Config;
use dripline::domain::consent::Basis;
use dripline::domain::enrollment::{EnrollmentState, Walk};
use dripline::domain::lead::{Contact, Lead};
use dripline::domain::score::Engagement;
use dripline::domain::stage::{Party, Qualification, Stage};
use dripline::domain::time::{DAY, Timestamp};
use dripline::domain::token::KeyRing;
use dripline::domain::track::Done;
use dripline::mail::{FileRelay, Relay};
use dripline::nurture::Engine;
use dripline::nurture::clock::Clock;
use dripline::nurture::pump::Pump;
use dripline::nurture::relays::Relays;
use dripline::nurture::revision::{Applied, apply};
use dripline::storage::enrollments::{self, Enrollment};
use dripline::storage::leads::{self, StoredLead};
use dripline::storage::{Db, addresses};
use dripline::workspace::Files;

use support::database::Cluster;
use support::{median, setting, workspace};

const DUE: usize = 1_000;
const FEW: usize = 10_000;
const BATCH: usize = 500;

/// Connections whose claims ahead hold all that is due.
const CONNECTIONS: usize = 300;

fn main() {
    let many = setting("DRIPLINE_BENCH_LEADS", 1_000_000);
    let rounds = setting("DRIPLINE_BENCH_ROUNDS", 5);
    let home = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("readable");
    let cluster = Cluster::start(&home.path().join("postgres"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!(
        "claiming {DUE} due mails, {rounds} rounds, medians\n{:<14}{:>10}{:>12}{:>8}",
        "", "leads", "ms", "ratio"
    );
    let file = |name: &str| format!("sqlite:{}", home.path().join(name).display());
    let mut databases = vec![("SQLite", file("few.db"), file("many.db"))];
    if let Some(cluster) = &cluster {
        databases.push(("PostgreSQL", cluster.fresh("few"), cluster.fresh("many")));
    }
    for (name, few, all) in databases {
        let [few, all] = runtime.block_on(async {
            let (few, all) =
                (Stock::fill(&few, FEW, home.path()).await, Stock::fill(&all, many, home.path()).await);
            interleave(few, all, rounds).await
        });
        println!("{name:<14}{FEW:>10}{few:>12.1}");
        println!("{name:<14}{many:>10}{all:>12.1}{:>8.2}", all / few);
    }
}

async fn interleave(mut few: Stock, mut many: Stock, rounds: usize) -> [f64; 2] {
    let (mut fews, mut manys) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let times = [few.round().await, many.round().await];
        // The first round warms the caches.
        if round > 0 {
            fews.push(times[0]);
            manys.push(times[1]);
        }
    }
    [median(&fews), median(&manys)]
}

/// A database with so many walking leads.
struct Stock {
    engine: Engine,
    leads: Vec<i64>,
    now: Timestamp,
    round: usize,
}

impl Stock {
    async fn fill(url: &str, count: usize, home: &Path) -> Self {
        workspace::write(home, url, 1, 1);
        let now = Timestamp::from_millis(1_767_600_000_000);
        let engine = engine(Db::open(url).await.expect("a database"), now).await;
        let files = Files::read(home).expect("the workspace");
        let (applied, _) = apply(&engine.db, &files, now).await.expect("the workspace is applied");
        if let Applied::New(revision) | Applied::Unchanged(revision) = applied {
            engine.run(revision);
        }
        let mut stock = Self { engine, leads: Vec::new(), now, round: 0 };
        for from in (0..count).step_by(BATCH) {
            stock.store(from, BATCH.min(count - from)).await;
        }
        stock
    }

    async fn store(&mut self, from: usize, count: usize) {
        let mut tx = self.engine.db.begin().await.expect("a transaction");
        let new: Vec<StoredLead> =
            (from..from + count).map(|n| lead(tx.id().expect("an id"), n, &self.engine, self.now)).collect();
        let hashes: Vec<&str> = new.iter().map(|stored| stored.address.as_str()).collect();
        addresses::know(&mut tx, &hashes).await.expect("addresses");
        leads::insert(&mut tx, &new, None).await.expect("leads");
        let walks: Vec<Enrollment> =
            new.iter().map(|stored| walk(tx.id().expect("an id"), stored, &self.engine, self.now)).collect();
        enrollments::insert(&mut tx, &walks).await.expect("walks");
        tx.commit().await.expect("a commit");
        self.leads.extend(walks.iter().map(|walk| walk.walk.enrollment));
    }

    /// Makes some walks due that were not before, and claims them; milliseconds of the claiming.
    async fn round(&mut self) -> f64 {
        // Spread over all that is stored, so that neighbours do not share pages.
        let step = self.leads.len() / DUE;
        let due: Vec<i64> = self.leads.iter().skip(self.round).step_by(step).take(DUE).copied().collect();
        self.round += 1;
        // The revision is loaded before the clock runs.
        self.engine.revision().await.expect("the revision");
        let mut tx = self.engine.db.begin().await.expect("a transaction");
        enrollments::wake(&mut tx, &due, self.now).await.expect("due");
        tx.commit().await.expect("a commit");
        let (mut pump, mut claimed) = (Pump::default(), 0);
        let began = Instant::now();
        while claimed < DUE {
            let stepped = pump.step(&self.engine).await.expect("a step");
            assert!(stepped.claimed > 0, "{claimed} of {DUE} claimed");
            claimed += stepped.claimed;
        }
        let millis = began.elapsed().as_secs_f64() * 1e3;
        // Nothing is delivered here: a fresh engine has claimed nothing.
        self.engine = engine(self.engine.db.clone(), self.now).await;
        millis
    }
}

async fn engine(db: Db, now: Timestamp) -> Engine {
    let config = Config::load(Path::new("/nonexistent"), Vec::new()).expect("a configuration");
    let relays = Relays::of([("main".to_owned(), Relay::File(FileRelay::new("/nonexistent")), CONNECTIONS)]);
    let keys = KeyRing::parse("bench:0123456789abcdef").expect("a ring");
    Engine::new(db, Clock::manual(now), keys, Arc::new(config), relays).await.expect("an engine")
}

fn lead(id: i64, n: usize, engine: &Engine, now: Timestamp) -> StoredLead {
    let email = format!("lead{n}@d{}.example", n % 1_000).parse().expect("an address");
    let address = engine.keys.address_hash(&email);
    let contact =
        Contact { first_name: Some("Anna".into()), language: Some("en".into()), ..Contact::default() };
    let lead = Lead {
        id,
        email,
        contact,
        company: None,
        tags: Vec::new(),
        stage: Stage::Tofu,
        qualification: Qualification::Unqualified,
        with: Party::Marketing,
        owner: None,
        closed_by: None,
        basis: Some(Basis::DoubleOptIn),
        source: None,
        external_id: None,
        tracking: false,
        enrolls: true,
        example: false,
        prospect_since: None,
        engagement: Engagement::default(),
        alive_at: None,
        created_at: now,
    };
    StoredLead { lead, address, suppressed_by: None }
}

fn walk(id: i64, stored: &StoredLead, engine: &Engine, now: Timestamp) -> Enrollment {
    Enrollment {
        walk: Walk { enrollment: id, done: Done::default(), place_at: now },
        lead: stored.lead.id,
        seq: "bench".into(),
        state: EnrollmentState::Active,
        lane: engine.lanes.of(stored.lead.email.domain()),
        due_at: Some(now + 30 * DAY),
        waits_for: None,
        started_at: now,
        ended_at: None,
    }
}
