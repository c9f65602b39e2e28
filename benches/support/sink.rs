//! Postfix's `smtp-sink` and `smtp-source`: the receiver of every run, and the sender beside ours.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::process::{Running, cpu_seconds};

const SINK: &str = "/usr/sbin/smtp-sink";
const SOURCE: &str = "/usr/sbin/smtp-source";

/// A sink that counts what it takes.
pub struct Sink {
    pub port: u16,
    running: Running,
    counter: PathBuf,
    cpu_at_start: f64,
}

/// When messages came.
#[derive(Clone, Copy, Debug)]
pub struct Arrivals {
    pub first: Instant,
    pub last: Instant,
    pub count: usize,
}

impl Arrivals {
    /// Messages a second from the first to the last.
    pub fn rate(&self) -> f64 {
        self.count as f64 / (self.last - self.first).as_secs_f64()
    }
}

/// Says what to install if the programs are missing.
pub fn require() {
    if !std::path::Path::new(SINK).exists() {
        eprintln!(
            "smtp-sink is missing: apt-get install -y --no-install-recommends postfix (it need not run)"
        );
        std::process::exit(2);
    }
}

impl Sink {
    /// Starts a fresh sink on a free port.
    pub fn start(dir: &std::path::Path) -> Self {
        let port = free_port();
        let counter = dir.join(format!("sink-{port}"));
        let mut command = Command::new(SINK);
        command.args(["-c", "-u", "nobody", "-m", "1000", &format!("127.0.0.1:{port}"), "1024"]);
        let output = File::create(&counter).expect("a file for the counter");
        let child = command.stdin(Stdio::null()).stdout(output).stderr(Stdio::null()).spawn();
        let running = Running(child.expect("smtp-sink starts"));
        let give_up = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < give_up, "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        let cpu_at_start = cpu_seconds(running.pid());
        Self { port, running, counter, cpu_at_start }
    }

    /// How many messages it has taken: it writes `mesg=N` again and again.
    pub fn messages(&self) -> usize {
        let bytes = fs::read(&self.counter).unwrap_or_default();
        let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(200)..]).into_owned();
        let numbers = tail.split("mesg=").skip(1);
        let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        numbers.last().and_then(|part| digits(part).parse().ok()).unwrap_or(0)
    }

    /// Waits until so many messages came, or until `over` says that no more will.
    pub fn watch(&self, count: usize, mut over: impl FnMut() -> bool) -> Arrivals {
        let mut first = None;
        loop {
            let (seen, now) = (self.messages(), Instant::now());
            if seen > 0 && first.is_none() {
                first = Some(now);
            }
            if seen >= count || over() {
                return Arrivals { first: first.unwrap_or(now), last: now, count: self.messages() };
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Seconds of CPU since it began to listen.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.running.pid()) - self.cpu_at_start
    }
}

/// Sends messages with `smtp-source` over kept connections.
pub fn source(port: u16, sessions: usize, messages: usize, size: usize) -> Running {
    Running::start(Command::new(SOURCE).args([
        "-d",
        "-s",
        &sessions.to_string(),
        "-m",
        &messages.to_string(),
        "-l",
        &size.to_string(),
        "-N",
        "-M",
        "bench.example",
        "-f",
        "from@bench.example",
        "-t",
        "to@bench.example",
        &format!("127.0.0.1:{port}"),
    ]))
}

/// A port of this machine that nobody uses.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
