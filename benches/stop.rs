//! How soon a stop has answered: `cargo bench --bench stop`.
//!
//! A server sends at full speed into Postfix's `smtp-sink`. Meanwhile two clients hand leads over by the API, one after
//! the other: the first any lead, the second one whose mail is claimed or on the wire at that moment. The table shows
//! how long the answers took and what they said. `DRIPLINE_BENCH_LEADS` (100,000) and `DRIPLINE_BENCH_STOPS` (2,000 for
//! each client) make it shorter or longer; it ends with whichever runs out first.

mod support;

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dripline::storage::Db;
use reqwest::Client;
use serde_json::{Value, json};

use support::database::Cluster;
use support::server::{dripline, prepare, serve};
use support::sink::{self, Sink};
use support::{setting, workspace};

const CONNECTIONS: usize = 16;

/// What one client found.
#[derive(Default)]
struct Stops {
    /// Milliseconds.
    latencies: Vec<f64>,
    cancelled: usize,
    on_wire: usize,
    unknown: usize,
}

fn main() {
    sink::require();
    let leads = setting("DRIPLINE_BENCH_LEADS", 100_000);
    let stops = setting("DRIPLINE_BENCH_STOPS", 2_000);
    let home = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("readable");
    let csv = home.path().join("leads.csv");
    workspace::write_leads(&csv, leads);
    let cluster = Cluster::start(&home.path().join("postgres"));
    println!("{leads} mails over {CONNECTIONS} connections, {stops} stops of each client at most, in ms\n");
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>8}{:>11}{:>13}{:>9}{:>10}",
        "", "stops", "p50", "p99", "worst", "cancelled", "on the wire", "unknown", "mails/s"
    );
    run(home.path(), "SQLite", "sqlite:dripline.db", &csv, leads, stops);
    if let Some(cluster) = &cluster {
        run(home.path(), "PostgreSQL", &cluster.fresh("stop"), &csv, leads, stops);
    }
}

/// Sends and stops on one database.
fn run(home: &Path, name: &str, database: &str, csv: &Path, leads: usize, stops: usize) {
    let sink = Sink::start(home);
    let dir = home.join(name);
    workspace::write(&dir, database, sink.port, CONNECTIONS);
    prepare(&dir, csv);
    let key = dripline(&dir, &["key", "add", "--role", "api"]);
    let address = format!("127.0.0.1:{}", sink::free_port());
    let server = serve(&dir, &[], &[("DRIPLINE_SERVER__LISTEN", address.clone())]);
    while TcpStream::connect(&address).is_err() || sink.messages() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let url = database.replace("sqlite:", &format!("sqlite:{}/", dir.display()));
    let (began, before) = (Instant::now(), sink.messages());
    let over = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = |claimed| {
        let api = Api { address: address.clone(), key: key.clone(), client: Client::new() };
        runtime.spawn(stop_leads(api, url.clone(), claimed, leads, stops, over.clone()))
    };
    let clients = [client(false), client(true)];
    // What is stopped is not sent: the last mails may never come.
    let almost = leads - (2 * stops).min(leads / 4);
    while !clients.iter().all(|client| client.is_finished()) && sink.messages() < almost {
        std::thread::sleep(Duration::from_millis(2));
    }
    let rate = (sink.messages() - before) as f64 / began.elapsed().as_secs_f64();
    over.store(true, Ordering::SeqCst);
    for (client, what) in clients.into_iter().zip(["any lead", "a claimed mail"]) {
        let stops = runtime.block_on(client).expect("no panic");
        row(&format!("{name}, {what}"), stops, rate);
    }
    drop(server);
}

/// The API of the server.
struct Api {
    address: String,
    key: String,
    client: Client,
}

impl Api {
    async fn hand_over(&self, lead: &str) -> Value {
        let url = format!("http://{}/api/v1/leads/{lead}/hand-over", self.address);
        let request = self.client.post(url).bearer_auth(&self.key).json(&json!({ "cause": "bench" }));
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{lead}: {}", answer.status());
        answer.json().await.expect("JSON")
    }
}

/// Stops leads one after the other: any, or such as a mail is claimed for.
async fn stop_leads(
    api: Api,
    url: String,
    claimed: bool,
    leads: usize,
    count: usize,
    over: Arc<AtomicBool>,
) -> Stops {
    let db = Db::open(&url).await.expect("the database");
    let mut stops = Stops::default();
    // A prime step goes through all leads without a pattern.
    for n in (0..leads).map(|n| n * 7_919 % leads) {
        if stops.latencies.len() >= count || over.load(Ordering::SeqCst) {
            break;
        }
        let lead = if claimed { claimed_lead(&db).await } else { Some(workspace::email(n)) };
        let Some(lead) = lead else { continue };
        let began = Instant::now();
        let answer = api.hand_over(&lead).await;
        stops.latencies.push(began.elapsed().as_secs_f64() * 1e3);
        let ids = |name: &str| answer[name].as_array().map_or(0, Vec::len);
        stops.cancelled += ids("cancelled");
        stops.on_wire += ids("in_flight_delivered") + ids("in_flight_failed");
        stops.unknown += ids("in_flight_unknown");
    }
    db.close().await;
    stops
}

/// The lead of the mail that was claimed last.
async fn claimed_lead(db: &Db) -> Option<String> {
    let mut tx = db.read().await.expect("a transaction");
    let sql = "SELECT lead_id FROM messages WHERE state = 1 ORDER BY node DESC, id DESC LIMIT 1";
    let lead = tx.first(sql, vec![], |row| row.int(0)).await.expect("an answer");
    lead.map(|lead| lead.to_string())
}

fn row(name: &str, stops: Stops, rate: f64) {
    let mut sorted = stops.latencies;
    sorted.sort_by(f64::total_cmp);
    let part = |share: f64| sorted.get((sorted.len() as f64 * share) as usize).or(sorted.last());
    let part = |share: f64| part(share).copied().unwrap_or(f64::NAN);
    println!(
        "{name:<28}{:>8}{:>8.1}{:>8.1}{:>8.1}{:>11}{:>13}{:>9}{:>10.0}",
        sorted.len(),
        part(0.5),
        part(0.99),
        part(1.0),
        stops.cancelled,
        stops.on_wire,
        stops.unknown,
        rate,
    );
}
