//! What operators watch, in the text format of Prometheus: how much is due and how late, what came of the mails, how
//! long stops take, how opens and clicks share commits.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::engine::Engine;
use super::error::NurtureResult;
use super::mailbox::{Reading, State};
use super::notify::MAIL;
use crate::domain::enrollment::MessageState;
use crate::domain::time::SECOND;
use crate::storage::{enrollments, hits, inbound, outbox, revisions};

/// What a node has counted since it started.
#[derive(Clone, Debug)]
pub struct Metrics {
    outcomes: Family<Outcome, Counter>,
    calls: Family<Call, Counter>,
    stops: Histogram,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Call {
    webhook: String,
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        // A stop is quick unless something is on the wire; it never takes longer than ten seconds.
        let stops = Histogram::new([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
        Self { outcomes: Family::default(), calls: Family::default(), stops }
    }
}

impl Metrics {
    /// Counts tries to send that ended so.
    pub(super) fn ended(&self, outcome: MessageState, count: usize) {
        self.outcomes.get_or_create(&Outcome { outcome: outcome.as_str() }).inc_by(count as u64);
    }

    /// Counts a call of a webhook.
    pub(super) fn called(&self, webhook: &str, outcome: &'static str) {
        self.calls.get_or_create(&Call { webhook: webhook.to_owned(), outcome }).inc();
    }

    /// Notes how long a stop or hold took until it could answer.
    pub(super) fn stopped(&self, took: Duration) {
        self.stops.observe(took.as_secs_f64());
    }
}

/// Numbers that are read when somebody asks.
#[derive(Debug, Default)]
struct Now {
    due: i64,
    /// Seconds.
    overdue: f64,
    paused: bool,
    claimed: usize,
    on_wire: usize,
    outbox_overdue: f64,
    hits_waiting: f64,
    hits: u64,
    hit_commits: u64,
    inbound_waiting: i64,
}

impl Now {
    async fn read(engine: &Engine) -> NurtureResult<Self> {
        let now = engine.clock.now();
        let late = |due: Option<crate::domain::time::Timestamp>| {
            due.map_or(0.0, |due| (now - due).max(0) as f64 / SECOND as f64)
        };
        let mut tx = engine.db.read().await?;
        let lanes = enrollments::lanes(&mut tx).await?;
        let mut due = 0;
        for (lane, _) in lanes.iter().filter(|(_, due)| *due <= now) {
            due += enrollments::count_due(&mut tx, *lane, now).await?;
        }
        let (claimed, on_wire) = engine.registry.counts();
        let (hits, hit_commits) = engine.hits.counts();
        Ok(Self {
            due,
            overdue: late(lanes.iter().map(|(_, due)| *due).min()),
            paused: revisions::deployment(&mut tx).await?.is_some_and(|now| now.paused_because.is_some()),
            claimed,
            on_wire,
            outbox_overdue: late(outbox::next(&mut tx, MAIL).await?),
            hits_waiting: late(hits::oldest(&mut tx).await?),
            hits,
            hit_commits,
            inbound_waiting: inbound::count_waiting(&mut tx).await?,
        })
    }
}

/// How the mailboxes of this node do.
#[derive(Debug)]
struct Inbox(Vec<(Mailbox, State, f64)>);

#[derive(Clone, Debug, EncodeLabelSet)]
struct Mailbox {
    mailbox: String,
}

impl Inbox {
    fn read(engine: &Engine) -> Self {
        let now = engine.clock.now();
        let age = |state: &State| state.looked_at.map_or(f64::NAN, |at| (now - at) as f64 / SECOND as f64);
        let all = engine.mailboxes.all().into_iter();
        Self(all.map(|(mailbox, state)| (Mailbox { mailbox }, state.clone(), age(&state))).collect())
    }
}

impl Collector for Inbox {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let help = "Whether this node reads the mailbox";
        let mut family = encoder.encode_descriptor("mailbox_connected", help, None, MetricType::Gauge)?;
        for (name, state, _) in &self.0 {
            let connected = f64::from(u8::from(state.reading == Reading::Connected));
            ConstGauge::new(connected).encode(family.encode_family(name)?)?;
        }
        let help = "How long ago all that was there had been taken in";
        let unit = Some(&Unit::Seconds);
        let mut family = encoder.encode_descriptor("mailbox_looked", help, unit, MetricType::Gauge)?;
        for (name, _, age) in self.0.iter().filter(|(_, state, _)| state.looked_at.is_some()) {
            ConstGauge::new(*age).encode(family.encode_family(name)?)?;
        }
        let help = "Mails that this node has taken in";
        let mut family = encoder.encode_descriptor("mailbox_mails", help, None, MetricType::Counter)?;
        for (name, state, _) in &self.0 {
            ConstCounter::new(state.taken).encode(family.encode_family(name)?)?;
        }
        Ok(())
    }
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let gauges: [(&str, &str, f64, Option<Unit>); 8] = [
            ("queue_due", "Walks that are due now", self.due as f64, None),
            ("queue_oldest_overdue", "How late the oldest due walk is", self.overdue, Some(Unit::Seconds)),
            ("paused", "Whether all sending is paused", f64::from(u8::from(self.paused)), None),
            ("claimed", "Mails that this node has claimed", self.claimed as f64, None),
            ("on_wire", "Mails that this node is sending", self.on_wire as f64, None),
            (
                "inbound_waiting",
                "Mails that came in and wait for a person",
                self.inbound_waiting as f64,
                None,
            ),
            (
                "outbox_oldest_overdue",
                "How late the oldest mail to a rep is",
                self.outbox_overdue,
                Some(Unit::Seconds),
            ),
            (
                "hits_oldest",
                "How long the oldest open or click has not been judged",
                self.hits_waiting,
                Some(Unit::Seconds),
            ),
        ];
        for (name, help, value, unit) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), gauge.metric_type())?)?;
        }
        let counters = [
            ("hits", "Opens and clicks that this node has stored", self.hits),
            ("hit_commits", "Commits in which it stored them", self.hit_commits),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

/// Everything as text.
///
/// # Errors
/// The database.
pub async fn render(engine: &Engine) -> NurtureResult<String> {
    let metrics = &engine.metrics;
    let mut registry = Registry::with_prefix("dripline");
    registry.register("outcomes", "Tries to send that ended so", metrics.outcomes.clone());
    registry.register("webhook_calls", "Calls of webhooks that ended so", metrics.calls.clone());
    registry.register_with_unit(
        "stop",
        "How long stops and holds took until they could answer",
        Unit::Seconds,
        metrics.stops.clone(),
    );
    registry.register_collector(Box::new(Now::read(engine).await?));
    registry.register_collector(Box::new(Inbox::read(engine)));
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode(&mut text, &registry);
    Ok(text)
}
