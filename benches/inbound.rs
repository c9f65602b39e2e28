//! How fast mail is taken in: `cargo bench --bench inbound`.
//!
//! First 5,000 mails (replies, absence notes, bounces, mails of strangers) by HTTP over 16 connections: mails a second, CPU,
//! memory. Then replies at 50 a second: how long from the first byte of a reply to the relay's 250 for the rep's mail about
//! it. `DRIPLINE_BENCH_MAILS` (5000), `DRIPLINE_BENCH_SECONDS` (20) and `DRIPLINE_BENCH_ROUNDS` (3) make it shorter or longer.

mod support;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use support::database::Cluster;
use support::process::{Running, Watch};
use support::server::{dripline, serve};
use support::sink::free_port;
use support::{median, setting, workspace};

const CONNECTIONS: usize = 16;
const REPLIES_A_SECOND: usize = 50;
const TEAM: &str = "[team.kim]\nname = \"Kim Meier\"\nemail = \"kim@nordwerk.example\"\n";

fn main() {
    let (mails, seconds) = (setting("DRIPLINE_BENCH_MAILS", 5_000), setting("DRIPLINE_BENCH_SECONDS", 20));
    let rounds = setting("DRIPLINE_BENCH_ROUNDS", 3);
    let home = tempfile::tempdir().expect("a folder");
    fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("readable");
    let cluster = Cluster::start(&home.path().join("postgres"));
    println!(
        "{mails} mails over {CONNECTIONS} connections; {REPLIES_A_SECOND} replies a second for {seconds} s; {rounds} rounds\n"
    );
    let mut rows: Vec<(&str, Vec<Run>)> = vec![("SQLite (FULL)", vec![]), ("PostgreSQL", vec![])];
    for round in 0..rounds {
        rows[0].1.push(run(&home.path().join(format!("sqlite{round}")), None, mails, seconds));
        if let Some(cluster) = &cluster {
            rows[1].1.push(run(&home.path().join(format!("postgres{round}")), Some(cluster), mails, seconds));
        }
    }
    report(&rows);
}

/// What one round came to.
struct Run {
    /// Mails a second.
    rate: f64,
    /// MiB.
    memory: f64,
    /// Microseconds of CPU a mail.
    cpu: f64,
    /// Milliseconds from a reply to the rep's mail.
    p50: f64,
    p99: f64,
    worst: f64,
    untold: usize,
}

fn run(dir: &Path, cluster: Option<&Cluster>, mails: usize, seconds: usize) -> Run {
    let relay = Relay::start();
    let file = format!("sqlite:{}", dir.join("dripline.db").display());
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let database = cluster.map_or(file, |cluster| cluster.fresh(&name));
    let leads = mails + seconds * REPLIES_A_SECOND;
    prepare(dir, &database, relay.port, leads);
    let port = free_port();
    let server = serve(dir, &[], &[("DRIPLINE_SERVER__LISTEN", format!("127.0.0.1:{port}"))]);
    await_port(port);
    let runtime = Runtime::new().expect("a runtime");
    let url = format!("http://127.0.0.1:{port}/inbound/mime?key=bench");
    let (rate, memory, cpu) = runtime.block_on(flood(&server, &url, mails));
    relay.until_quiet();
    let (times, untold) = runtime.block_on(trickle(&relay, &url, mails, seconds));
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Run {
        rate,
        memory,
        cpu,
        p50: at(0.5),
        p99: at(0.99),
        worst: times.last().copied().unwrap_or(f64::NAN),
        untold,
    }
}

/// A paused server's database with the leads: nothing but mail to the rep goes out.
fn prepare(dir: &Path, database: &str, port: u16, leads: usize) {
    workspace::write(dir, database, port, CONNECTIONS);
    let append = |file: &str, text: &str| {
        let mut file = File::options().append(true).open(dir.join(file)).expect("a file");
        writeln!(file, "{text}").expect("written");
    };
    append("dripline.toml", "[inbound]\ndomain = \"in.nordwerk.example\"\nkey = \"bench\"");
    append("funnel.toml", TEAM);
    let csv = dir.join("leads.csv");
    workspace::write_leads(&csv, leads);
    dripline(dir, &["serve", "--until-idle"]);
    dripline(dir, &["pause", "bench"]);
    dripline(dir, &["import", &csv.display().to_string()]);
}

/// Hands in all mails as fast as they are taken: mails a second, MiB, microseconds of CPU a mail.
async fn flood(server: &Running, url: &str, mails: usize) -> (f64, f64, f64) {
    let client = Client::new();
    let watch = Watch::begin(server.pid());
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for first in 0..CONNECTIONS {
        let (client, url) = (client.clone(), url.to_owned());
        senders.spawn(async move {
            for n in (first..mails).step_by(CONNECTIONS) {
                hand_in(&client, &url, mixed(n)).await;
            }
        });
    }
    senders.join_all().await;
    let took = began.elapsed().as_secs_f64();
    let (memory, threads) = watch.end();
    (mails as f64 / took, memory, threads.values().sum::<f64>() * 1e6 / mails as f64)
}

/// Hands in replies at an even pace. Milliseconds until the relay took the rep's mail, sorted; and how many it never did.
async fn trickle(relay: &Relay, url: &str, behind: usize, seconds: usize) -> (Vec<f64>, usize) {
    let client = Client::new();
    let mut pace =
        tokio::time::interval(Duration::from_secs(1) / u32::try_from(REPLIES_A_SECOND).unwrap_or(1));
    let mut senders = JoinSet::new();
    for n in behind..behind + seconds * REPLIES_A_SECOND {
        pace.tick().await;
        let (client, url) = (client.clone(), url.to_owned());
        senders.spawn(async move {
            let began = Instant::now();
            hand_in(&client, &url, reply(n)).await;
            (n, began)
        });
    }
    let began: HashMap<usize, Instant> = senders.join_all().await.into_iter().collect();
    relay.until_quiet();
    let told = relay.told.lock().expect("no panic");
    let mut times: Vec<f64> =
        began.iter().filter_map(|(n, began)| Some((*told.get(n)? - *began).as_secs_f64() * 1e3)).collect();
    times.sort_by(f64::total_cmp);
    (times, began.keys().filter(|n| !told.contains_key(n)).count())
}

async fn hand_in(client: &Client, url: &str, mail: String) {
    let answer = client.post(url).body(mail).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

/// Two replies, an absence note, a bounce and a mail of a stranger, in turn.
fn mixed(n: usize) -> String {
    match n % 5 {
        0 | 1 => reply(n),
        2 => mail(
            n,
            &workspace::email(n),
            "Auto-Submitted: auto-replied\r\n",
            "I am out of the office until 12 March.",
        ),
        3 => bounce(n),
        _ => mail(n, &format!("stranger{n}@elsewhere.example"), "", "What does it cost?"),
    }
}

fn reply(n: usize) -> String {
    mail(
        n,
        &workspace::email(n),
        "",
        &format!("token-{n}- please call me on Thursday.\r\n\r\nBest regards\r\nAnna"),
    )
}

/// A reply as Gmail writes it, with the mail of the benches quoted in both versions.
fn mail(n: usize, from: &str, fields: &str, text: &str) -> String {
    let history = "> you asked how a Head of Operations in Hamburg can plan shifts without spreadsheets.\r\n"
        .repeat(40);
    let html = format!(
        "<div dir=\"ltr\">{text}</div><blockquote class=\"gmail_quote\">{}</blockquote>",
        history.replace('>', "<p>")
    );
    format!(
        "Return-Path: <{from}>\r\nFrom: Anna <{from}>\r\nTo: <anna@nordwerk.example>\r\nSubject: Re: the guide\r\n\
         Message-ID: <bench-{n}@mail.example>\r\nDate: Mon, 08 Mar 2027 09:00:00 +0100\r\n{fields}MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {text}\r\n\r\nOn Mon, Mar 8, 2027 at 8:00 AM Anna Berg <anna@nordwerk.example> wrote:\r\n\r\n{history}\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
    )
}

fn bounce(n: usize) -> String {
    let email = workspace::email(n);
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: <bounces@in.nordwerk.example>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce-{n}@mx.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\n\
         Content-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {email}\r\nAction: failed\r\nStatus: 5.2.2\r\n\
         Diagnostic-Code: smtp; 552 5.2.2 mailbox full\r\n\r\n--b--\r\n"
    )
}

/// A relay that notes when it took which reply.
struct Relay {
    port: u16,
    told: Arc<Mutex<HashMap<usize, Instant>>>,
}

impl Relay {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let told = Arc::new(Mutex::new(HashMap::new()));
        let noted = told.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = noted.clone();
                std::thread::spawn(move || converse(stream, &noted));
            }
        });
        Self { port, told }
    }

    /// Waits until no mail has come for two seconds.
    fn until_quiet(&self) {
        let mut before = usize::MAX;
        loop {
            let now = self.told.lock().expect("no panic").len();
            if now == before {
                return;
            }
            before = now;
            std::thread::sleep(Duration::from_secs(2));
        }
    }
}

/// Speaks just enough SMTP.
fn converse(stream: TcpStream, told: &Mutex<HashMap<usize, Instant>>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut output = stream.try_clone().ok()?;
    output.write_all(b"220 bench\r\n").ok()?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        let answer: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                output.write_all(b"354 go\r\n").ok()?;
                let body: Vec<String> =
                    lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                let token =
                    body.iter().find_map(|line| line.split("token-").nth(1)?.split('-').next()?.parse().ok());
                output.write_all(b"250 taken\r\n").ok()?;
                told.lock().ok()?.extend(token.map(|token: usize| (token, Instant::now())));
                continue;
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        output.write_all(answer).ok()?;
    }
    None
}

fn await_port(port: u16) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < give_up, "nobody listens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn report(rows: &[(&str, Vec<Run>)]) {
    println!(
        "{:<16}{:>9}{:>9}{:>9}{:>15}{:>9}{:>10}{:>8}",
        "", "mails/s", "MiB", "CPU µs", "reply to rep", "p99 ms", "worst ms", "untold"
    );
    for (name, runs) in rows.iter().filter(|(_, runs)| !runs.is_empty()) {
        let middle = |of: fn(&Run) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
        println!(
            "{name:<16}{:>9.0}{:>9.1}{:>9.0}{:>12.1} ms{:>9.1}{:>10.1}{:>8}",
            middle(|run| run.rate),
            middle(|run| run.memory),
            middle(|run| run.cpu),
            middle(|run| run.p50),
            middle(|run| run.p99),
            middle(|run| run.worst),
            runs.iter().map(|run| run.untold).sum::<usize>(),
        );
    }
}
