//! How fast opens are taken: `cargo bench --bench track`.
//!
//! `wrk` asks for distinct pixels over 64 connections, of this server and of nginx, which answers the same picture from
//! memory and writes an unbuffered line of log for each. The two take turns. Then the server is killed (SIGKILL), and
//! every hit that was answered must be in the database. A second row does the same while mails go out, 1,000 a second.
//! `DRIPLINE_BENCH_SECONDS` (10) and `DRIPLINE_BENCH_ROUNDS` (3) make it shorter or longer.

mod support;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use dripline::domain::token::{KeyRing, Purpose};
use dripline::storage::Db;

use support::database::Cluster;
use support::process::{Running, Watch, machine_busy_seconds};
use support::sink::{self, Sink, free_port};
use support::{median, setting, workspace};

const DRIPLINE: &str = env!("CARGO_BIN_EXE_dripline");
const NGINX: &str = "/usr/sbin/nginx";
const SECRET: &str = "bench:0123456789abcdef0123456789abcdef";
const CONNECTIONS: usize = 64;

/// More pixels a second than anybody answers here.
const MOST_RATE: usize = 150_000;

const SCRIPT: &str = r#"
local paths, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
end
function request()
  at = at + 1
  return "GET " .. paths[at] .. " HTTP/1.1\r\nHost: bench.example\r\nAccept: image/*\r\n" ..
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n\r\n"
end
"#;

/// What `wrk` saw.
struct Run {
    rate: f64,
    /// Milliseconds.
    p50: f64,
    p99: f64,
    answered: u64,
    found: Option<u64>,
    /// Microseconds of CPU a request.
    cpu: f64,
    /// Cores that something else used.
    other: f64,
    mails: f64,
}

struct Bench {
    home: PathBuf,
    pixels: PathBuf,
    script: PathBuf,
    seconds: usize,
}

fn main() {
    sink::require();
    require(NGINX, "nginx-light");
    require("/usr/bin/wrk", "wrk");
    let (seconds, rounds) = (setting("DRIPLINE_BENCH_SECONDS", 10), setting("DRIPLINE_BENCH_ROUNDS", 3));
    let home = tempfile::tempdir().expect("a folder");
    fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("readable");
    let bench = Bench::prepare(home.path(), seconds);
    let cluster = Cluster::start(&home.path().join("postgres"));
    println!("{CONNECTIONS} connections, {rounds} rounds of {seconds} s after a warm-up\n");
    bench.ours("warm-up", None, false);
    let mut rows: Vec<(&str, Vec<Run>)> = vec![
        ("nginx, empty_gif, logged", vec![]),
        ("dripline, SQLite (FULL)", vec![]),
        ("the same, and 1,000 mails/s", vec![]),
        ("dripline, PostgreSQL", vec![]),
    ];
    for round in 0..rounds {
        rows[0].1.push(bench.nginx());
        rows[1].1.push(bench.ours(&format!("sqlite{round}"), None, false));
        rows[2].1.push(bench.ours(&format!("mails{round}"), None, true));
        if let Some(cluster) = &cluster {
            rows[3].1.push(bench.ours(&format!("postgres{round}"), Some(cluster), false));
        }
    }
    report(&rows);
}

fn require(program: &str, package: &str) {
    if !Path::new(program).exists() {
        eprintln!("{program} is missing: apt-get install -y --no-install-recommends {package}");
        std::process::exit(2);
    }
}

impl Bench {
    fn prepare(home: &Path, seconds: usize) -> Self {
        let (pixels, script) = (home.join("pixels"), home.join("pixels.lua"));
        fs::write(&script, SCRIPT).expect("a script");
        let keys = KeyRing::parse(SECRET).expect("a ring");
        let mut file = BufWriter::new(File::create(&pixels).expect("a file"));
        for n in 1..=(seconds * MOST_RATE) as i64 {
            writeln!(file, "/o/{}.gif", keys.sign(Purpose::Open, &[n, n])).expect("written");
        }
        Self { home: home.to_owned(), pixels, script, seconds }
    }

    fn nginx(&self) -> Run {
        let (dir, port) = (self.home.join("nginx"), free_port());
        fs::create_dir_all(&dir).expect("a folder");
        let place = dir.display();
        let config = format!(
            "worker_processes 1; master_process off; pid {place}/pid; error_log {place}/error.log; daemon off;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ keepalive_requests 1000000; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
             fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
             server {{ listen 127.0.0.1:{port}; access_log {place}/access.log combined; location /o/ {{ empty_gif; }} }} }}\n"
        );
        fs::write(dir.join("nginx.conf"), config).expect("a configuration");
        let mut nginx = Command::new(NGINX);
        let server = Running::start(nginx.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf")));
        await_port(port);
        let run = self.wrk(&server, port);
        let _ = Command::new("kill").arg(server.pid().to_string()).status();
        let _ = fs::remove_file(dir.join("access.log"));
        run
    }

    /// One run of ours, ended by SIGKILL.
    fn ours(&self, name: &str, cluster: Option<&Cluster>, mails: bool) -> Run {
        let (dir, port) = (self.home.join(name), free_port());
        let sink = Sink::start(&self.home);
        let file = format!("sqlite:{}", dir.join("dripline.db").display());
        let database = cluster.map_or(file, |cluster| cluster.fresh(name));
        workspace::write(&dir, &database, sink.port, 16);
        let mut config = File::options().append(true).open(dir.join("dripline.toml")).expect("a file");
        writeln!(config, "rate = \"1000/second\"\n[tracking]\njudge_after = \"1 day\"").expect("written");
        if mails {
            self.import(&dir);
        }
        let mut command = dripline(&dir);
        command.arg("serve").env("DRIPLINE_SERVER__LISTEN", format!("127.0.0.1:{port}"));
        let server = Running::start(&mut command);
        await_port(port);
        let before = sink.messages();
        let run = self.wrk(&server, port);
        let sent = sink.messages() - before;
        // Dropped, it is killed.
        drop(server);
        let found = Some(hits(&database));
        Run { found, mails: sent as f64 / self.seconds as f64, ..run }
    }

    /// Leads enough for the whole run, one mail each.
    fn import(&self, dir: &Path) {
        let csv = dir.join("leads.csv");
        workspace::write_leads(&csv, self.seconds * 1_500);
        for args in [&["serve", "--until-idle"][..], &["import", &csv.display().to_string()]] {
            let mut command = dripline(dir);
            let output = command.args(args).env("DRIPLINE_SERVER__LISTEN", "127.0.0.1:0").output();
            assert!(output.expect("dripline runs").status.success(), "{args:?}");
        }
    }

    fn wrk(&self, server: &Running, port: u16) -> Run {
        let (began, busy) = (Instant::now(), machine_busy_seconds());
        let watch = Watch::begin(server.pid());
        let output = Command::new("wrk")
            .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", self.seconds), "--latency", "-s"])
            .arg(&self.script)
            .arg(format!("http://127.0.0.1:{port}"))
            .arg("--")
            .arg(&self.pixels)
            .output()
            .expect("wrk runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let own: f64 = watch.end().1.values().sum();
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{text}");
        let answered: u64 = word_before(&text, "requests in").parse().unwrap_or_else(|_| panic!("{text}"));
        let wall = began.elapsed().as_secs_f64();
        Run {
            rate: word_behind(&text, "Requests/sec:").parse().unwrap_or_else(|_| panic!("{text}")),
            p50: milliseconds(&word_behind(&text, "50%")),
            p99: milliseconds(&word_behind(&text, "99%")),
            answered,
            found: None,
            cpu: own * 1e6 / answered as f64,
            // wrk itself keeps one core busy.
            other: ((machine_busy_seconds() - busy - own) / wall - 1.0).max(0.0),
            mails: 0.0,
        }
    }
}

fn dripline(dir: &Path) -> Command {
    let mut command = Command::new(DRIPLINE);
    command.arg("--workspace").arg(dir).env("DRIPLINE_SECRET", SECRET).env("DRIPLINE_LOG", "warn");
    command
}

fn await_port(port: u16) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < give_up, "nobody listens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The hits in a database whose server is gone.
fn hits(url: &str) -> u64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let db = Db::open(url).await.expect("the database opens");
        let mut tx = db.read().await.expect("it can be read");
        let count = tx.first("SELECT COUNT(*) FROM hits", vec![], |row| row.int(0)).await.expect("a count");
        count.unwrap_or(0).unsigned_abs()
    })
}

fn word_before(text: &str, mark: &str) -> String {
    let before = text.split(mark).next().unwrap_or_default();
    before.split_whitespace().next_back().unwrap_or_default().to_owned()
}

fn word_behind(text: &str, mark: &str) -> String {
    let behind = text.split_once(mark).map_or("", |(_, behind)| behind);
    behind.split_whitespace().next().unwrap_or_default().to_owned()
}

/// From `1.23ms`, `450.00us` or `1.02s`.
fn milliseconds(text: &str) -> f64 {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    let us = number("us").map(|us| us / 1_000.0);
    us.or(number("ms")).or(number("s").map(|s| s * 1_000.0)).unwrap_or(f64::NAN)
}

fn report(rows: &[(&str, Vec<Run>)]) {
    println!(
        "{:<30}{:>10}{:>7}{:>9}{:>9}{:>8}{:>11}{:>11}{:>9}{:>7}",
        "", "pixels/s", "ratio", "p50 ms", "p99 ms", "CPU µs", "answered", "lost", "mails/s", "other"
    );
    for (name, runs) in rows.iter().filter(|(_, runs)| !runs.is_empty()) {
        let middle = |of: fn(&Run) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
        let ratios: Vec<f64> =
            runs.iter().zip(&rows[0].1).map(|(run, nginx)| run.rate / nginx.rate).collect();
        let lost: u64 = runs.iter().filter_map(|run| Some(run.answered.saturating_sub(run.found?))).sum();
        println!(
            "{name:<30}{:>10.0}{:>7.2}{:>9.2}{:>9.2}{:>8.0}{:>11}{:>11}{:>9.0}{:>7.2}",
            middle(|run| run.rate),
            median(&ratios),
            middle(|run| run.p50),
            middle(|run| run.p99),
            middle(|run| run.cpu),
            runs.iter().map(|run| run.answered).sum::<u64>(),
            if runs[0].found.is_some() { lost.to_string() } else { "-".to_owned() },
            middle(|run| run.mails),
            middle(|run| run.other),
        );
    }
}
