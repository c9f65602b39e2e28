//! One mail, judged as `dripline inbound --classify` judges it, in a thread that may panic or hang.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use dripline::domain::inbound::{Hard, InboundKind};
use dripline::mail::inbound::{InboundMail, read};

use crate::support::memory::peak;

/// What takes longer than this hangs. Nothing takes a hundredth of it, so that a slow machine is none.
const HANGS: Duration = Duration::from_secs(60);

/// What a mail was taken for.
#[derive(Debug)]
pub struct Verdict {
    pub kind: InboundKind,
    pub hard: Option<Hard>,
    pub recipients: Vec<String>,
    pub absent_until: Option<String>,
    pub text: String,
    pub evidence: String,
    pub took: Duration,
    /// The most bytes that were held at once, without the mail itself.
    pub memory: usize,
}

impl Verdict {
    pub fn says_hard(&self) -> bool {
        self.kind == InboundKind::Bounce && matches!(self.hard, Some(Hard::Yes | Hard::Mixed))
    }
}

/// Judges a mail. None: it crashed the classifier, or hung it.
pub fn judge(mail: Vec<u8>) -> Option<Verdict> {
    let (tell, told) = mpsc::channel();
    // The channel closes when the thread panics. One that hangs is left behind: the test fails, and the process ends.
    thread::spawn(move || {
        let began = Instant::now();
        let (read, memory) = peak(|| read(&mail));
        // Nobody listens any more where it took too long.
        let _ = tell.send(verdict(read, began.elapsed(), memory));
    });
    told.recv_timeout(HANGS).ok()
}

fn verdict<E: ToString>(read: Result<InboundMail, E>, took: Duration, memory: usize) -> Verdict {
    match read {
        Ok(mail) => Verdict {
            kind: mail.kind,
            hard: mail.hard,
            recipients: mail.reports.into_iter().map(|report| report.address).collect(),
            absent_until: mail.absent_until.map(|day| day.to_string()),
            text: mail.text,
            evidence: mail.evidence,
            took,
            memory,
        },
        Err(why) => Verdict {
            kind: InboundKind::Unrelated,
            hard: None,
            recipients: Vec::new(),
            absent_until: None,
            text: String::new(),
            evidence: why.to_string(),
            took,
            memory,
        },
    }
}
