//! The [`Engine`]: what the use cases share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::Notify;

use super::clock::Clock;
use super::error::{NurtureError, NurtureResult};
use super::fuse::StepCounts;
use super::hits::HitQueue;
use super::mailbox::Mailboxes;
use super::metrics::Metrics;
use super::registry::Registry;
use super::relays::{RelayLine, Relays};
use super::revision::{self, Revision};
use super::telling::Telling;
use super::webhook::network::Network;
use crate::config::Config;
use crate::domain::breaker::Breaker;
use crate::domain::lane::Lanes;
use crate::domain::rate::Rate;
use crate::domain::token::{KeyRing, Purpose};
use crate::mail::compose::{Enclosure, Letter};
use crate::mail::delivery::{Delivery, Envelope};
use crate::storage::{Db, Tx, meta, revisions};

/// What the use cases share: the database, the clock, the keys, and what this node has claimed.
pub struct Engine {
    pub db: Db,
    pub clock: Clock,
    pub keys: KeyRing,
    pub config: Arc<Config>,
    pub lanes: Lanes,
    pub relays: Relays,
    pub registry: Registry,
    /// The host part of every Message-ID.
    pub message_domain: String,
    /// Opens and clicks that wait to be stored.
    pub hits: HitQueue,
    pub metrics: Metrics,
    pub mailboxes: Mailboxes,
    /// Something may have fallen due. A hint, never a fact.
    hint: Notify,
    /// How webhooks are reached.
    pub network: Network,
    /// Reps, or webhooks, are being told something.
    pub telling: Telling,
    /// Why all sending is to be paused, once the transaction that found it out is over: its locks and those of the pause
    /// would be taken in the wrong order.
    to_pause: Mutex<Option<String>>,
    revision: RwLock<Option<Arc<Revision>>>,
    breaker: Mutex<Breaker>,
    /// Somebody complained, and nobody has looked since whether too many do.
    complaint: AtomicBool,
    /// Mails of each step within the hour that is counted: for the fuse.
    steps: Mutex<StepCounts>,
}

impl Engine {
    /// Brings the parts together.
    ///
    /// # Errors
    /// [`NurtureError::WrongKeys`] if the database was made with another first key.
    pub async fn new(
        db: Db,
        clock: Clock,
        keys: KeyRing,
        config: Arc<Config>,
        relays: Relays,
    ) -> NurtureResult<Self> {
        check_keys(&db, &keys).await?;
        let lanes = Lanes::new(config.lanes.iter().map(|(name, lane)| (name.as_str(), &lane.domains[..])));
        let most = config
            .lanes
            .values()
            .filter_map(|lane| Some((lanes.of(lane.domains.first()?), lane.max_connections?)));
        let registry = Registry::new(relays.connections() * super::registry::CLAIM_AHEAD, most.collect());
        let message_domain = message_domain(&db, &config).await?;
        let bounce_rate = config.fuse.bounce_rate.get();
        let mailboxes = Mailboxes::new(config.mailboxes.keys().cloned());
        Ok(Self {
            db,
            clock,
            keys,
            config,
            lanes,
            relays,
            registry,
            message_domain,
            hits: HitQueue::default(),
            metrics: Metrics::default(),
            mailboxes,
            hint: Notify::new(),
            network: Network::default(),
            telling: Telling::default(),
            to_pause: Mutex::default(),
            revision: RwLock::new(None),
            breaker: Mutex::new(Breaker::new(bounce_rate)),
            // Whatever ended before it was looked at.
            complaint: AtomicBool::new(true),
            steps: Mutex::default(),
        })
    }

    /// The name of this node.
    pub fn node(&self) -> &str {
        &self.config.server.node
    }

    /// Says that something may have fallen due.
    pub fn hint(&self) {
        self.hint.notify_one();
    }

    /// Waits for a hint.
    pub async fn until_hint(&self) {
        self.hint.notified().await;
    }

    /// The revision that this node runs, loaded when it is first asked for.
    pub async fn revision(&self) -> NurtureResult<Arc<Revision>> {
        if let Some(revision) = self.loaded() {
            return Ok(revision);
        }
        self.reload().await
    }

    /// Loads the revision that is deployed now.
    pub async fn reload(&self) -> NurtureResult<Arc<Revision>> {
        let mut tx = self.db.read().await?;
        let revision = revision::deployed(&mut tx).await?;
        self.run(revision.clone());
        Ok(revision)
    }

    /// Begins a transaction that writes, under the revision that stays deployed until it ends.
    ///
    /// # Errors
    /// The database; [`NurtureError::NothingApplied`].
    pub async fn begin(&self) -> NurtureResult<(Tx, Arc<Revision>)> {
        loop {
            let revision = self.revision().await?;
            let mut tx = self.db.begin().await?;
            match revisions::share_deployment(&mut tx).await? {
                Some(deployment) if deployment.revision == revision.id => return Ok((tx, revision)),
                _ => {
                    drop(tx);
                    self.reload().await?;
                }
            }
        }
    }

    /// Runs a revision from now on.
    pub fn run(&self, revision: Arc<Revision>) {
        *self.revision.write().unwrap_or_else(PoisonError::into_inner) = Some(revision);
        self.hint();
    }

    /// The revision that this node runs, if it has loaded one.
    pub(super) fn loaded(&self) -> Option<Arc<Revision>> {
        self.revision.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the revision: another one is deployed, and is loaded when it is next asked for.
    pub(super) fn stale(&self) {
        *self.revision.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether mail leaves this machine.
    pub fn has_smtp(&self) -> bool {
        self.relays.has_smtp()
    }

    /// The place of the relay by which a sender's mail goes out.
    pub(super) fn relay_of(&self, revision: &Revision, sender: &str) -> usize {
        let sender = revision.workspace.funnel.senders.get(sender);
        self.relays.place(sender.and_then(|sender| sender.relay.as_deref()))
    }

    /// Why the relay at a place is left alone now; none if it is not.
    pub(super) fn relay_down(&self, place: usize) -> Option<String> {
        self.relays.at(place).and_then(RelayLine::down)
    }

    /// The rates that bind a lane, by the name under which each is counted: its own, and those of the relays.
    pub(super) fn rates(&self, lane: i64) -> Vec<(String, Rate)> {
        let own = self.lanes.name(lane).and_then(|name| Some((name, self.config.lanes.get(name)?.rate?)));
        let own = own.map(|(name, rate)| (format!("lane.{name}"), rate));
        let relays = self.relays.iter().filter_map(|line| Some((format!("relay.{}", line.name), line.rate?)));
        own.into_iter().chain(relays).collect()
    }

    /// Counts a mail of a step; how many there were within this hour.
    pub(super) fn count_step(&self, step: i64, sequence: &str, hour: i64) -> u64 {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).count(step, sequence, hour)
    }

    /// The link by which a lead leaves.
    pub fn unsubscribe_link(&self, lead: i64, message: i64) -> String {
        let token = self.keys.sign(Purpose::Unsubscribe, &[lead, message]);
        format!("{}/u/{token}", self.config.server.public_url)
    }

    /// The link by which a lead fills in what is not known of it.
    pub fn form_link(&self, lead: i64, message: i64) -> String {
        let token = self.keys.sign(Purpose::Form, &[lead, message]);
        format!("{}/f/{token}", self.config.server.public_url)
    }

    /// The picture by which it is seen that a mail was opened.
    pub(super) fn pixel_link(&self, lead: i64, message: i64) -> String {
        let token = self.keys.sign(Purpose::Open, &[lead, message]);
        format!("{}/o/{token}.gif", self.config.server.public_url)
    }

    /// The address by which a link of a mail is followed: the link is one of so many, has perhaps a name, and leads to
    /// `target` and nowhere else.
    pub fn click_link(
        &self,
        (lead, message): (i64, i64),
        (number, of): (usize, usize),
        name: &str,
        target: &str,
    ) -> String {
        let numbers = [lead, message, number as i64, of as i64];
        let token = self.keys.sign_text(Purpose::Click, &numbers, &format!("{name}\n{target}"));
        format!("{}/c/{token}", self.config.server.public_url)
    }

    /// Sends one letter, with files, over a connection of its own.
    ///
    /// # Errors
    /// Why the relay cannot be reached.
    pub(super) async fn send_alone(
        &self,
        letter: &Letter<'_>,
        files: &[Enclosure<'_>],
        envelope: Envelope,
    ) -> Result<Delivery, String> {
        let relay = self.relays.at(self.relays.place(None)).ok_or("there is no relay")?;
        let mut line = relay.open(&self.message_domain).await?;
        let delivery = line.send(&letter.message_id, &envelope, &letter.to_bytes_with(files), || true).await;
        line.close().await;
        Ok(delivery)
    }

    /// Has all sending paused by [`pause::if_asked`](super::pause::if_asked), after the transaction.
    pub(super) fn ask_for_pause(&self, because: String) {
        self.to_pause.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(because);
    }

    /// Why sending is to be paused, if it is.
    pub(super) fn pause_asked_for(&self) -> Option<String> {
        self.to_pause.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Says that somebody complained.
    pub(super) fn note_complaint(&self) {
        self.complaint.store(true, Ordering::Relaxed);
    }

    /// Whether somebody complained since this was last asked.
    pub(super) fn take_complaint(&self) -> bool {
        self.complaint.swap(false, Ordering::Relaxed)
    }

    /// The breaker that stops sending when too many addresses are said not to exist.
    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const KEY_CHECK: &str = "key_check";
const MESSAGE_DOMAIN: &str = "message_domain";

/// Refuses a ring that lost its first key: links and suppressions would be worth nothing.
async fn check_keys(db: &Db, keys: &KeyRing) -> NurtureResult<()> {
    let known = remembered(db, KEY_CHECK, &keys.check_value()).await?;
    if known == keys.check_value() { Ok(()) } else { Err(NurtureError::WrongKeys) }
}

/// The host part of every Message-ID, fixed when the database is made: a repeat must bear the same id.
async fn message_domain(db: &Db, config: &Config) -> NurtureResult<String> {
    let host = config.inbound.domain.clone().unwrap_or_else(|| config.server.public_host().to_owned());
    remembered(db, MESSAGE_DOMAIN, &host).await
}

/// The value that the database knows under a name; `first`, if it knows none yet.
async fn remembered(db: &Db, name: &str, first: &str) -> NurtureResult<String> {
    let mut tx = db.begin().await?;
    if let Some(value) = meta::value(&mut tx, name).await? {
        return Ok(value);
    }
    meta::set_value(&mut tx, name, first).await?;
    tx.commit().await?;
    Ok(first.to_owned())
}
