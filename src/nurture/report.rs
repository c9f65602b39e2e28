//! The report: how many leads there are, how they move, what came of each mail and of each source, and what sales says.

mod names;
mod rows;

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::{NurtureError, NurtureResult};
use super::revision::{self, Revision};
use crate::domain::time::{Timestamp, as_rfc3339};
use crate::storage::report::{self, FeedbackCount, MailCount, MailKey};
use crate::storage::{Db, Tx, leads};
use crate::workspace::funnel::Completeness;
use names::Names;
pub use report::Period;
pub use rows::{FeedbackRow, LeadRow, MailRow, MoveRow, ReasonRow, SequenceRow, SourceRow, StageRow};

/// Leads that are in memory at once.
const LOOK: i64 = 256;

/// Hand-overs after a mail, and how many of them were won.
#[derive(Clone, Copy, Debug, Default)]
struct HandedCount {
    opened: i64,
    won: i64,
}

/// Everything that is reported. Its JSON is what `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(serialize_with = "as_rfc3339")]
    pub at: Timestamp,
    pub since: Option<String>,
    pub until: Option<String>,
    /// Leads now, by stage and qualification.
    pub leads: Vec<LeadRow>,
    /// Moves between stages in the period.
    pub moves: Vec<MoveRow>,
    /// Time in each stage, of leads that left it in the period.
    pub stages: Vec<StageRow>,
    /// Sequences: walks that began, and mails that were sent, in the period.
    pub sequences: Vec<SequenceRow>,
    /// Each step and variant: mails sent in the period, and what came of them.
    pub mails: Vec<MailRow>,
    /// Sources: leads that came in the period, and what became of them.
    pub sources: Vec<SourceRow>,
    /// Why hand-overs were lost or returned in the period.
    pub reasons: Vec<ReasonRow>,
    /// What sales said of mails in the period, by mail.
    pub feedback: Vec<FeedbackRow>,
}

/// Reads the report. `reading` is told what is being read now.
///
/// # Errors
/// The database.
pub async fn read(db: &Db, period: Period, now: Timestamp, reading: impl Fn(&str)) -> NurtureResult<Report> {
    let mut tx = db.read().await?;
    let revision = match revision::deployed(&mut tx).await {
        Ok(revision) => Some(revision),
        // What was sent can be told without the files that say so.
        Err(NurtureError::NothingApplied | NurtureError::Unreadable(..)) => None,
        Err(error) => return Err(error),
    };
    reading("leads");
    let leads = report::leads(&mut tx).await?;
    let moves = report::moves(&mut tx, period).await?;
    let times = report::times(&mut tx, period).await?;
    reading("mails");
    let sent = report::mails(&mut tx, period).await?;
    let handed = report::handed_over(&mut tx, period).await?;
    let walks = report::walks(&mut tx, period).await?;
    reading("sources");
    let sources = sources(&mut tx, period, revision.as_deref()).await?;
    reading("what sales says");
    let reasons = report::reasons(&mut tx, period).await?;
    let said = report::feedback_of_mails(&mut tx, period).await?;
    reading("names");
    let keys = sent.iter().map(|(key, _)| key).chain(said.iter().map(|(key, _)| key));
    let rules = revision.as_deref().map(|revision| &revision.workspace.funnel.sales);
    let names = Names::read(&mut tx, revision.as_deref(), keys).await?;
    let mails = mails(&names, sent, handed);
    Ok(Report {
        at: now,
        since: period.since.map(|at| at.to_string()),
        until: period.until.map(|at| at.to_string()),
        leads: leads.into_iter().map(LeadRow::from).collect(),
        moves: moves.into_iter().map(MoveRow::from).collect(),
        stages: times.into_iter().map(StageRow::from).collect(),
        sequences: sequences(walks, &mails, &names),
        mails,
        sources,
        reasons: reasons.into_iter().map(|row| ReasonRow::new(row, rules)).collect(),
        feedback: feedback(&names, said),
    })
}

fn mails(
    names: &Names<'_>,
    mails: Vec<(MailKey, MailCount)>,
    handed: Vec<(MailKey, i64, i64)>,
) -> Vec<MailRow> {
    let mut handed: BTreeMap<MailKey, HandedCount> =
        handed.into_iter().map(|(key, opened, won)| (key, HandedCount { opened, won })).collect();
    let counts = mails.into_iter().map(|(key, count)| {
        let handed = handed.remove(&key).unwrap_or_default();
        (key, (count, handed))
    });
    let rows = names.in_order(names.merged(counts.collect(), |sum, more| {
        sum.0 += more.0;
        sum.1.opened += more.1.opened;
        sum.1.won += more.1.won;
    }));
    rows.into_iter()
        .map(|(key, (count, handed))| MailRow::new(&key, names.step(&key), names.mail(&key), &count, handed))
        .collect()
}

fn feedback(names: &Names<'_>, said: Vec<(MailKey, FeedbackCount)>) -> Vec<FeedbackRow> {
    let rows = names.in_order(names.merged(said, |sum, more| *sum += more));
    let row = |(key, count): (MailKey, FeedbackCount)| FeedbackRow {
        step: names.step(&key).to_owned(),
        mail: names.mail(&key).to_owned(),
        sequence: key.seq,
        address: count.address,
        benefit: count.benefit,
        tone: count.tone,
    };
    rows.into_iter().map(row).collect()
}

/// A row for each sequence that leads entered or that sent a mail: the sums of its mails.
fn sequences(walks: Vec<report::WalkCount>, mails: &[MailRow], names: &Names<'_>) -> Vec<SequenceRow> {
    let mut rows: BTreeMap<String, SequenceRow> = BTreeMap::new();
    let begun = |seq: &str| SequenceRow {
        sequence: seq.to_owned(),
        title: names.title(seq),
        ..SequenceRow::default()
    };
    for walk in walks {
        let row = rows.entry(walk.seq.clone()).or_insert_with(|| begun(&walk.seq));
        (row.entered, row.active) = (walk.entered, walk.active);
        (row.finished, row.reached_goal) = (walk.finished, walk.reached_goal);
    }
    for mail in mails {
        rows.entry(mail.sequence.clone()).or_insert_with(|| begun(&mail.sequence)).add(mail);
    }
    let mut rows: Vec<SequenceRow> = rows.into_values().collect();
    rows.iter_mut().for_each(|row| row.goal_rate = rows::share(row.reached_goal, row.entered));
    rows
}

async fn sources(tx: &mut Tx, period: Period, revision: Option<&Revision>) -> NurtureResult<Vec<SourceRow>> {
    let known = revision.map(|revision| &revision.workspace.funnel.sources);
    let mut feedback: BTreeMap<String, FeedbackCount> =
        report::feedback_of_sources(tx, period).await?.into_iter().collect();
    let mut rows = Vec::new();
    for count in report::sources(tx, period).await? {
        let said = feedback.remove(&count.source).unwrap_or_default();
        rows.push(SourceRow::new(count, said));
    }
    // What cost something without bringing anybody is worth a line, too.
    for name in known.into_iter().flat_map(|known| known.keys()) {
        if !rows.iter().any(|row| row.source == *name) {
            let count = report::SourceCount { source: name.clone(), ..report::SourceCount::default() };
            rows.push(SourceRow::new(count, feedback.remove(name).unwrap_or_default()));
        }
    }
    // What was said in the period of leads that came before it.
    rows.extend(feedback.into_iter().map(|(source, said)| {
        SourceRow::new(report::SourceCount { source, ..report::SourceCount::default() }, said)
    }));
    let complete = match revision {
        Some(revision) => complete(tx, period, &revision.workspace.funnel.rules.completeness).await?,
        None => None,
    };
    for row in &mut rows {
        if let Some(complete) = &complete {
            row.complete(complete.get(&row.source).copied().unwrap_or(0));
        }
        let known = known.and_then(|known| known.get(&row.source));
        row.title = known.and_then(|known| known.title.clone());
        // The costs of all time say nothing about the leads of a part of it.
        row.spend(known.and_then(|known| known.cost).filter(|_| period.is_ever()));
    }
    Ok(rows)
}

/// How many of the leads of each source are complete, a few of them at a time: what is complete is decided by funnel.toml,
/// not by the database. None: it asks for nothing.
async fn complete(
    tx: &mut Tx,
    period: Period,
    completeness: &Completeness,
) -> NurtureResult<Option<BTreeMap<String, i64>>> {
    if completeness.fields().is_empty() {
        return Ok(None);
    }
    let (mut counts, mut behind) = (BTreeMap::new(), 0);
    loop {
        let ids = leads::behind(tx, behind, LOOK).await?;
        let Some(last) = ids.last() else { return Ok(Some(counts)) };
        behind = *last;
        for lead in leads::by_ids(tx, &ids).await?.into_iter().map(|stored| stored.lead) {
            if period.holds(lead.created_at) && completeness.is_met(&lead) {
                *counts.entry(lead.source.unwrap_or_default()).or_default() += 1;
            }
        }
    }
}

impl MailRow {
    fn new(key: &MailKey, step: &str, mail: &str, count: &MailCount, handed: HandedCount) -> Self {
        let MailCount { sent, tracked, opened, clicked, replied, unsubscribed, complained } = *count;
        Self {
            sequence: key.seq.clone(),
            step: step.to_owned(),
            mail: mail.to_owned(),
            variant: key.variant + 1,
            sent,
            tracked,
            tracked_share: rows::share(tracked, sent),
            opened,
            open_rate: rows::share(opened, tracked),
            clicked,
            click_rate: rows::share(clicked, tracked),
            replied,
            reply_rate: rows::share(replied, sent),
            unsubscribed,
            complained,
            leave_rate: rows::share(unsubscribed + complained, sent),
            handed_over: handed.opened,
            won: handed.won,
        }
    }
}
