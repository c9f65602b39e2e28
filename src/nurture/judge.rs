//! Judging hits, once they are old enough for scanners to have shown themselves: likely a person, or a machine.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::{Deed, Record, StopTicket};
use crate::domain::enrollment::MessageState;
use crate::domain::event::{Details, EventKind};
use crate::domain::hit::{Hit, HitKind, Machine, MailHits, WINDOW};
use crate::domain::time::Timestamp;
use crate::storage::messages::{self, Message};
use crate::storage::{Tx, enrollments, hits, leads};

/// Hits looked at in one step.
const LOOK: i64 = 1_024;

/// Leads whose hits are judged in one transaction.
const BATCH: usize = 8;

/// The most clicks of others that are looked at.
const MOST_CLICKS: i64 = 20_000;

/// Judges what is old enough. False: nothing was.
///
/// # Errors
/// The database; what was not judged yet is judged later.
pub async fn step(engine: &Engine) -> NurtureResult<bool> {
    let due = engine.clock.now() - engine.config.tracking.judge_after;
    purge(engine, due - WINDOW).await?;
    let mut tx = engine.db.read().await?;
    let leads = hits::leads_of_old(&mut tx, due, LOOK).await?;
    let leads: Vec<i64> = leads.into_iter().collect::<BTreeSet<i64>>().into_iter().collect();
    if leads.is_empty() {
        return Ok(false);
    }
    let crowd = Crowd::read(&mut tx, &leads).await?;
    drop(tx);
    for leads in leads.chunks(BATCH) {
        judge_leads(engine, leads, due, &crowd).await?;
    }
    engine.hint();
    Ok(true)
}

/// Removes judged hits that are evidence for nothing any more: what was at most a minute behind them is judged, too.
async fn purge(engine: &Engine, before: Timestamp) -> NurtureResult<()> {
    let mut tx = engine.db.read().await?;
    let some = hits::any_judged(&mut tx, before).await?;
    drop(tx);
    if some {
        let mut tx = engine.db.begin().await?;
        hits::purge(&mut tx, before, LOOK).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// When the oldest hit is to be judged; none if there is no hit.
///
/// # Errors
/// The database.
pub async fn next(engine: &Engine, tx: &mut Tx) -> NurtureResult<Option<Timestamp>> {
    Ok(hits::oldest(tx).await?.map(|at| at + engine.config.tracking.judge_after))
}

/// Whether no hit is left to be judged, now or later.
///
/// # Errors
/// The database.
pub async fn is_done(engine: &Engine) -> NurtureResult<bool> {
    let mut tx = engine.db.read().await?;
    Ok(next(engine, &mut tx).await?.is_none())
}

/// Which networks clicked in the mails of which leads, and when.
struct Crowd(HashMap<String, Vec<(i64, Timestamp)>>);

impl Crowd {
    async fn read(tx: &mut Tx, leads: &[i64]) -> NurtureResult<Self> {
        let times: Vec<Timestamp> = hits::of_leads(tx, leads).await?.iter().map(|hit| hit.at).collect();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
            return Ok(Self(HashMap::new()));
        };
        let mut networks: HashMap<String, Vec<(i64, Timestamp)>> = HashMap::new();
        for hit in hits::clicks_between(tx, *first - WINDOW, *last + WINDOW, MOST_CLICKS).await? {
            networks.entry(hit.network).or_default().push((hit.lead, hit.at));
        }
        Ok(Self(networks))
    }

    /// In the mails of how many leads the network of a hit clicked at about the same time.
    fn leads_of_network(&self, hit: &Hit) -> usize {
        // A network that is not known is everybody's.
        let known = Some(&hit.network).filter(|network| !network.is_empty());
        let clicks = known.and_then(|network| self.0.get(network)).map_or(&[][..], Vec::as_slice);
        let near = clicks.iter().filter(|(_, at)| (*at - hit.at).abs() <= WINDOW);
        near.map(|(lead, _)| lead).collect::<HashSet<_>>().len()
    }
}

async fn judge_leads(engine: &Engine, ids: &[i64], due: Timestamp, crowd: &Crowd) -> NurtureResult<()> {
    let (mut tx, revision) = engine.begin().await?;
    leads::lock_all(&mut tx, ids).await?;
    let mut found: BTreeMap<i64, Vec<Hit>> = BTreeMap::new();
    for hit in hits::of_leads(&mut tx, ids).await? {
        found.entry(hit.lead).or_default().push(hit);
    }
    let mut record = Record { tx: &mut tx, engine, revision: &revision, now: engine.clock.now() };
    let mut ticket = StopTicket::nothing();
    for (lead, hits) in found {
        ticket = ticket.and(record.judge_hits(lead, &hits, due, crowd).await?);
    }
    tx.commit().await?;
    ticket.settle(engine).await?;
    Ok(())
}

impl Record<'_> {
    /// Judges the hits of a lead that are old enough. Its lock is held.
    async fn judge_hits(
        &mut self,
        lead: i64,
        all: &[Hit],
        due: Timestamp,
        crowd: &Crowd,
    ) -> NurtureResult<StopTicket> {
        let mut ticket = StopTicket::nothing();
        let tracked = leads::by_id(self.tx, lead).await?.is_some_and(|stored| stored.lead.tracking);
        if !tracked {
            // Whoever took their consent back is watched no longer.
            hits::forget(self.tx, lead).await?;
            return Ok(ticket);
        }
        let old: Vec<i64> = all.iter().filter(|hit| hit.at <= due).map(|hit| hit.id).collect();
        let mine: HashSet<i64> = hits::mark(self.tx, &old).await?.into_iter().collect();
        for deed in self.deeds_of(lead, all, &mine, crowd).await? {
            if let Some(noted) = self.deed(lead, deed).await? {
                ticket = ticket.and(noted.ticket);
            }
        }
        Ok(ticket)
    }

    /// What the hits that are judged now are: one deed for each thing done, however often within a minute it was.
    async fn deeds_of(
        &mut self,
        lead: i64,
        all: &[Hit],
        now: &HashSet<i64>,
        crowd: &Crowd,
    ) -> NurtureResult<Vec<Deed>> {
        let mut deeds = Vec::new();
        for (message, mail) in self.mails(lead, all).await? {
            let mut hits: Vec<&Hit> = all.iter().filter(|hit| hit.message == message).collect();
            hits.sort_by_key(|hit| hit.at);
            let judge = MailHits::new(hits.iter().copied(), mail.delivered_at);
            let mut last: HashMap<(HitKind, Option<i64>, Option<Machine>), Timestamp> = HashMap::new();
            for hit in hits {
                let machine = judge.judge(hit, crowd.leads_of_network(hit));
                let before = last.insert((hit.kind, hit.link.map(|(link, _)| link), machine), hit.at);
                let again = before.is_some_and(|before| hit.at - before <= WINDOW);
                deeds.extend(mail.deed(hit, machine).filter(|_| now.contains(&hit.id) && !again));
            }
        }
        deeds.sort_by_key(|deed| deed.at);
        Ok(deeds)
    }

    /// The mails that were hit, by the ids of their messages.
    async fn mails(&mut self, lead: i64, hits: &[Hit]) -> NurtureResult<Vec<(i64, HitMail)>> {
        let ids: Vec<i64> = hits.iter().map(|hit| hit.message).collect::<BTreeSet<_>>().into_iter().collect();
        let walks = enrollments::of_leads(self.tx, &[lead]).await?;
        let mut mails = Vec::new();
        for message in messages::by_ids(self.tx, &ids).await? {
            if message.lead != lead {
                continue;
            }
            let walk = walks.iter().find(|walk| walk.walk.enrollment == message.enrollment);
            let track = walk.and_then(|walk| self.revision.track(&walk.seq));
            let step = track.and_then(|track| track.by_number(message.step));
            let mail = HitMail {
                enrollment: message.enrollment,
                sequence: walk.map(|walk| walk.seq.clone()),
                step: step.map(|(_, step)| step.id.clone()),
                number: message.step,
                delivered_at: delivered_at(&message),
            };
            mails.push((message.id, mail));
        }
        Ok(mails)
    }
}

/// A mail that was hit.
struct HitMail {
    enrollment: i64,
    sequence: Option<String>,
    step: Option<String>,
    /// Of the step.
    number: i64,
    delivered_at: Option<Timestamp>,
}

impl HitMail {
    /// What was done. To look at the page for leaving is no deed.
    fn deed(&self, hit: &Hit, machine: Option<Machine>) -> Option<Deed> {
        let kind = match hit.kind {
            HitKind::Open => EventKind::Opened,
            HitKind::Click => EventKind::Clicked,
            HitKind::Leave => return None,
        };
        // A link is called by its name, or else by where it leads.
        let target = hit.target.as_deref().and_then(|target| target.split_once('\n'));
        let about = target.map(|(name, url)| if name.is_empty() { url } else { name }.to_owned());
        let details = Details {
            enrollment: Some(self.enrollment),
            sequence: self.sequence.clone(),
            step: self.step.clone(),
            number: Some(self.number),
            about,
            because: machine.map(|machine| format!("a machine: {}", machine.because())),
            machine,
            ..Details::default()
        };
        Some(Deed { kind, at: hit.at, message: Some(hit.message), details, client_id: None })
    }
}

fn delivered_at(message: &Message) -> Option<Timestamp> {
    (message.state == MessageState::Sent).then_some(message.at)
}
