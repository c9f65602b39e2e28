//! Processes that the benches start, and what they cost: from `/proc`, as Linux shows it.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Ticks of `/proc/PID/stat` in a second; Linux has shown hundredths on every machine for decades.
const TICKS: f64 = 100.0;

/// A child that is ended when dropped.
pub struct Running(pub Child);

impl Running {
    /// Starts a program, without its output.
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}")))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds of CPU, user and system, that a process has used.
pub fn cpu_seconds(pid: u32) -> f64 {
    stat_seconds(&format!("/proc/{pid}/stat"))
}

/// Seconds of CPU of a process and all below it, ended ones included.
pub fn tree_cpu_seconds(pid: u32) -> f64 {
    let own = stat_fields(&format!("/proc/{pid}/stat"), 4);
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let below: f64 =
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(tree_cpu_seconds).sum();
    own + below
}

/// Seconds of CPU by the names of a process's threads.
pub fn cpu_by_thread(pid: u32) -> BTreeMap<String, f64> {
    let mut threads = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        *threads.entry(name.trim().to_owned()).or_default() +=
            stat_seconds(&task.path().join("stat").to_string_lossy());
    }
    threads
}

fn stat_seconds(path: &str) -> f64 {
    stat_fields(path, 2)
}

/// The sum of the first fields from `utime` on: utime, stime, cutime, cstime (proc(5)).
fn stat_fields(path: &str, count: usize) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(count);
    ticks.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Seconds in which the machine's processors were busy since it started.
pub fn machine_busy_seconds() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let busy = |range: std::ops::Range<usize>| fields.get(range).map_or(0.0, |part| part.iter().sum());
    (busy(0..3) + busy(5..8)) / TICKS
}

/// Watches how much memory of its own (RssAnon) a process uses at most, and what its threads used last.
pub struct Watch {
    over: Arc<AtomicBool>,
    peak: Arc<AtomicU64>,
    thread: JoinHandle<BTreeMap<String, f64>>,
}

impl Watch {
    pub fn begin(pid: u32) -> Self {
        let (over, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, most) = (over.clone(), peak.clone());
        let thread = std::thread::spawn(move || {
            let mut threads = BTreeMap::new();
            while !until.load(Ordering::Relaxed) {
                let now = cpu_by_thread(pid);
                if !now.is_empty() {
                    threads = now;
                }
                most.fetch_max(rss_anon_kib(pid), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
            threads
        });
        Self { over, peak, thread }
    }

    /// The peak in MiB, and the seconds of CPU by thread.
    pub fn end(self) -> (f64, BTreeMap<String, f64>) {
        self.over.store(true, Ordering::Relaxed);
        let threads = self.thread.join().expect("the watch ends");
        (self.peak.load(Ordering::Relaxed) as f64 / 1024.0, threads)
    }
}

fn rss_anon_kib(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
