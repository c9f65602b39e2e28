//! How fast mail goes out: `cargo bench --bench send`.
//!
//! Distinct leads with one due mail each are sent into Postfix's `smtp-sink`; beside it `smtp-source` sends mails of
//! the same size over the same number of connections into a sink of the same kind. The two take turns; the table
//! shows medians, and the median of the ratios of neighbours. `DRIPLINE_BENCH_LEADS` (100,000) and
//! `DRIPLINE_BENCH_ROUNDS` (3) make it shorter or longer.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use support::database::Cluster;
use support::process::{Watch, machine_busy_seconds};
use support::server::{prepare, serve};
use support::sink::{self, Sink};
use support::{median, setting, workspace};

const CONNECTIONS: usize = 16;

/// The size that `smtp-source` sends: that of our mails, headers included.
const SIZE: usize = 4_600;

struct Run {
    rate: f64,
    /// Seconds until every outcome was recorded and the server had ended.
    wall: f64,
    /// Microseconds a mail.
    own_cpu: f64,
    sink_cpu: f64,
    database_cpu: f64,
    /// Cores that something else used.
    other: f64,
    peak_mib: f64,
    threads: BTreeMap<String, f64>,
}

fn main() {
    sink::require();
    let leads = setting("DRIPLINE_BENCH_LEADS", 100_000);
    let rounds = setting("DRIPLINE_BENCH_ROUNDS", 3);
    let home = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("readable");
    let csv = home.path().join("leads.csv");
    workspace::write_leads(&csv, leads);
    let cluster = Cluster::start(&home.path().join("postgres"));
    println!(
        "{leads} mails of about {SIZE} bytes, {CONNECTIONS} connections, {rounds} rounds after a warm-up\n"
    );
    ours(home.path(), "warm-up", &csv, leads.min(10_000), None);
    let (mut sources, mut sqlite, mut postgres) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        sources.push(theirs(home.path(), leads));
        sqlite.push(ours(home.path(), &format!("sqlite{round}"), &csv, leads, None));
        if let Some(cluster) = &cluster {
            postgres.push(ours(home.path(), &format!("postgres{round}"), &csv, leads, Some(cluster)));
        }
    }
    report(&sources, &[("dripline, SQLite (FULL)", &sqlite), ("dripline, PostgreSQL", &postgres)]);
}

/// One run of `smtp-source`.
fn theirs(home: &Path, count: usize) -> Run {
    let sink = Sink::start(home);
    let (began, busy) = (Instant::now(), machine_busy_seconds());
    let mut source = sink::source(sink.port, CONNECTIONS, count, SIZE);
    let watch = Watch::begin(source.pid());
    let arrivals = sink.watch(count, || matches!(source.0.try_wait(), Ok(Some(_))));
    let (peak_mib, threads) = watch.end();
    let own = threads.values().sum::<f64>();
    let sink_cpu = sink.cpu_seconds();
    let wall = began.elapsed().as_secs_f64();
    let per_mail = 1e6 / count as f64;
    let other = (machine_busy_seconds() - busy - own - sink_cpu).max(0.0) / wall;
    Run {
        rate: arrivals.rate(),
        wall,
        own_cpu: own * per_mail,
        sink_cpu: sink_cpu * per_mail,
        database_cpu: 0.0,
        other,
        peak_mib,
        threads,
    }
}

/// One run of ours: an import that is not measured, then the server until nothing is due.
fn ours(home: &Path, name: &str, csv: &Path, count: usize, cluster: Option<&Cluster>) -> Run {
    let sink = Sink::start(home);
    let dir = home.join(name);
    let database = cluster.map_or("sqlite:dripline.db".to_owned(), |cluster| cluster.fresh(name));
    workspace::write(&dir, &database, sink.port, CONNECTIONS);
    prepare(&dir, csv);
    let (began, busy) = (Instant::now(), machine_busy_seconds());
    let database_before = cluster.map_or(0.0, Cluster::cpu_seconds);
    let mut server = serve(&dir, &["--until-idle"], &[]);
    let watch = Watch::begin(server.pid());
    let arrivals = sink.watch(count, || matches!(server.0.try_wait(), Ok(Some(_))));
    server.0.wait().expect("the server ends by itself");
    let wall = began.elapsed().as_secs_f64();
    let (peak_mib, threads) = watch.end();
    let (own, sink_cpu) = (threads.values().sum::<f64>(), sink.cpu_seconds());
    let database = cluster.map_or(0.0, Cluster::cpu_seconds) - database_before;
    let taken = sink.messages();
    assert!(name == "warm-up" || taken == count, "{taken} of {count} mails arrived");
    let per_mail = 1e6 / count as f64;
    Run {
        rate: arrivals.rate(),
        wall,
        own_cpu: own * per_mail,
        sink_cpu: sink_cpu * per_mail,
        database_cpu: database * per_mail,
        other: (machine_busy_seconds() - busy - own - sink_cpu - database).max(0.0) / wall,
        peak_mib,
        threads,
    }
}

fn report(sources: &[Run], ours: &[(&str, &[Run])]) {
    println!(
        "{:<26}{:>10}{:>8}{:>9}{:>11}{:>11}{:>9}{:>10}{:>8}",
        "", "mails/s", "ratio", "wall s", "CPU µs own", "database", "sink", "RssAnon", "other"
    );
    row("smtp-source", sources, sources);
    for (name, runs) in ours.iter().filter(|(_, runs)| !runs.is_empty()) {
        row(name, runs, sources);
    }
    println!("\nCPU µs a mail by thread of ours:");
    for (name, runs) in ours.iter().filter(|(_, runs)| !runs.is_empty()) {
        let last = &runs[runs.len() - 1];
        let total: f64 = last.threads.values().sum();
        let shares = last
            .threads
            .iter()
            .map(|(thread, seconds)| format!("{thread} {:.0}", last.own_cpu * seconds / total.max(1e-9)));
        println!("  {name}: {}", shares.collect::<Vec<_>>().join(", "));
    }
}

fn row(name: &str, runs: &[Run], sources: &[Run]) {
    let middle = |of: fn(&Run) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
    let ratios: Vec<f64> = runs.iter().zip(sources).map(|(run, source)| run.rate / source.rate).collect();
    println!(
        "{name:<26}{:>10.0}{:>8.2}{:>9.1}{:>11.0}{:>11.0}{:>9.0}{:>8.1} M{:>8.2}",
        middle(|run| run.rate),
        median(&ratios),
        middle(|run| run.wall),
        middle(|run| run.own_cpu),
        middle(|run| run.database_cpu),
        middle(|run| run.sink_cpu),
        middle(|run| run.peak_mib),
        middle(|run| run.other),
    );
}
