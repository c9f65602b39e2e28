//! The score of a corpus: what was right, of how many, and what was not.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use dripline::domain::inbound::InboundKind;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::record::Record;
use super::verdict::Verdict;

/// Right ones among all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    pub right: usize,
    pub of: usize,
}

impl Share {
    fn add(&mut self, right: bool) -> bool {
        self.of += 1;
        self.right += usize::from(right);
        right
    }

    /// None of none is all of them.
    pub fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { 100.0 * self.right as f64 / self.of as f64 }
    }
}

/// What a corpus came to.
#[derive(Debug, Default)]
pub struct Table {
    pub mails: usize,
    pub kind: Share,
    pub kinds: BTreeMap<String, Share>,
    pub precision: Share,
    pub recall: Share,
    pub recipients: Share,
    pub text: Share,
    pub partial: Share,
    pub returns: Share,
    /// Mails that a person wrote and that were taken for a machine's, or the other way round.
    pub confused: Vec<String>,
    pub crashed: Vec<String>,
    /// Mails of the malformed ones that took more than 50 times their size.
    pub swollen: Vec<String>,
    /// What was wrong, mail by mail.
    pub wrong: Vec<String>,
    /// The most memory of a malformed mail, in its own sizes.
    swelling: f64,
    slowest: Duration,
    all: Duration,
}

impl Table {
    /// Scores one mail of so many bytes.
    pub fn add(&mut self, record: &Record, size: usize, verdict: Option<Verdict>) {
        self.mails += 1;
        let name = record.file.display().to_string();
        let Some(verdict) = verdict else { return self.crashed.push(name) };
        self.slowest = self.slowest.max(verdict.took);
        self.all += verdict.took;
        match record.task.as_str() {
            "classify" => self.add_kind(record, &verdict, &name),
            "parse_only" => self.add_memory(size, &verdict, &name),
            _ => {}
        }
        self.add_text(record, &verdict, &name);
        if let Some(expected) = &record.absent_until {
            let named = verdict.absent_until.clone().unwrap_or_default();
            if !self.returns.add(*expected == named) {
                self.wrong.push(format!("{name}: back on {expected:?}, read {named:?}"));
            }
        }
    }

    fn add_kind(&mut self, record: &Record, verdict: &Verdict, name: &str) {
        let right = is_right(record, verdict);
        self.kind.add(right);
        self.kinds.entry(record.kind().to_owned()).or_default().add(right);
        if !right {
            let kind = verdict.kind;
            self.wrong.push(format!("{name}: {} taken for {kind} ({})", record.kind(), verdict.evidence));
        }
        let person = |kind: InboundKind| matches!(kind, InboundKind::HumanReply | InboundKind::Unsubscribe);
        let by_person = matches!(record.kind.as_str(), "human_reply" | "unsubscribe");
        let at_stake = verdict.kind == InboundKind::HumanReply || record.kind == "human_reply";
        if by_person != person(verdict.kind) && record.kind != "not_bounce" && at_stake {
            self.confused.push(name.to_owned());
        }
        self.add_hard(record, verdict, name);
        let expected = record.bounced();
        if record.kind == "bounce" && !expected.is_empty() {
            let found = &verdict.recipients;
            if !self.recipients.add(expected.iter().all(|address| found.contains(address))) {
                self.wrong.push(format!("{name}: recipients {expected:?}, read {found:?}"));
            }
        }
    }

    /// Whether the address is dead. Where two sources of an expectation disagree, either is right.
    fn add_hard(&mut self, record: &Record, verdict: &Verdict, name: &str) {
        let says = verdict.says_hard();
        let other = |hard: bool| record.alternatives.iter().any(|other| other["hard"] == Value::Bool(hard));
        if record.kind != "bounce" {
            if says {
                self.precision.add(false);
            }
            return;
        }
        let is = match &record.hard {
            Value::Null => return,
            hard => *hard == Value::Bool(true) || *hard == "mixed",
        };
        let mut wrong = |what: &str| self.wrong.push(format!("{name}: {what} ({})", verdict.evidence));
        match (says, is) {
            (true, true) => {
                self.precision.add(true);
                self.recall.add(true);
            }
            (true, false) if !other(true) => {
                self.precision.add(false);
                wrong("a living address taken for dead");
            }
            (false, true) if !other(false) => {
                self.recall.add(false);
                wrong("a dead address taken for alive");
            }
            _ => {}
        }
    }

    fn add_text(&mut self, record: &Record, verdict: &Verdict, name: &str) {
        let written = squeezed(&verdict.text);
        let right = if let Some(expected) = &record.stripped {
            self.text.add(squeezed(expected) == written)
        } else if let Some(expected) = &record.stripped_sha256 {
            self.text.add(HEXLOWER.encode(&Sha256::digest(written.as_bytes())) == *expected)
        } else if record.task == "strip" {
            let there = |part: &String| written.contains(&squeezed(part));
            let fine = record.must_contain.iter().all(there) && !record.must_not_contain.iter().any(there);
            self.partial.add(fine)
        } else {
            true
        };
        if !right {
            let expected = record.stripped.as_deref().unwrap_or_default();
            self.wrong
                .push(format!("{name}: text\n--- expected\n{expected}\n--- read\n{}\n---", verdict.text));
        }
    }

    fn add_memory(&mut self, size: usize, verdict: &Verdict, name: &str) {
        let swelling = verdict.memory as f64 / size.max(1) as f64;
        self.swelling = self.swelling.max(swelling);
        if swelling > 50.0 {
            self.swollen.push(format!("{name}: {size} bytes took {}", verdict.memory));
        }
    }
}

fn is_right(record: &Record, verdict: &Verdict) -> bool {
    let kind = verdict.kind;
    match (record.kind.as_str(), &record.is_final) {
        ("bounce", Value::Bool(false)) => {
            matches!(kind, InboundKind::Bounce | InboundKind::Delayed) && !verdict.says_hard()
        }
        ("bounce", Value::Null) => matches!(kind, InboundKind::Bounce | InboundKind::Delayed),
        ("not_bounce", _) => !matches!(kind, InboundKind::Bounce | InboundKind::Delayed),
        ("autoreply", _) => kind == InboundKind::AutoReply,
        (expected, _) => kind.as_str() == expected,
    }
}

/// Without white space: line breaks are a matter of taste.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("kind right", self.kind),
            ("hard precision", self.precision),
            ("hard recall", self.recall),
            ("recipients", self.recipients),
            ("reply text exact", self.text),
            ("reply text partial", self.partial),
            ("return date", self.returns),
        ];
        let kinds = self.kinds.iter().map(|(kind, share)| (format!("kind {kind}"), *share));
        let rows = rows.iter().map(|(name, share)| ((*name).to_owned(), *share)).chain(kinds);
        for (name, share) in rows.filter(|(_, share)| share.of > 0) {
            writeln!(f, "  {name:<26}{:>6.1} %  of {}", share.percent(), share.of)?;
        }
        let (confused, crashed) = (self.confused.len(), self.crashed.len());
        writeln!(
            f,
            "  {confused} persons and machines confused, {crashed} crashes or hangs, {} mails",
            self.mails
        )?;
        let mean = self.all / u32::try_from(self.mails.max(1)).unwrap_or(u32::MAX);
        writeln!(
            f,
            "  {mean:.1?} a mail, {:.1?} the slowest; malformed ones took up to {:.1} times their size",
            self.slowest, self.swelling
        )
    }
}
