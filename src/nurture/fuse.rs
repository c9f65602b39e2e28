//! The fuse: when something has run wild, all sending halts until a person resumes it.

use std::collections::HashMap;

use tracing::error;

use super::engine::Engine;
use super::error::NurtureResult;
use super::record::Record;
use crate::domain::time::{DAY, HOUR, Timestamp, WEEK};
use crate::domain::track::Track;
use crate::storage::leads::StoredLead;
use crate::storage::messages::{self, Message};
use crate::storage::{addresses, revisions};

/// So many complaints it takes at least: one among the first hundred mails says nothing yet.
const HANDFUL: i64 = 3;

/// Whether one more mail to this lead would be more than `[fuse]` allows. If so, all sending is paused, and the
/// reason answered.
pub fn blows(
    record: &Record<'_>,
    messages: &[Message],
    lead: &StoredLead,
    track: &Track,
    step: usize,
) -> Option<String> {
    let why = reason(record, messages, lead, track, step)?;
    let because = format!("the fuse blew: {why}; look into it, then run `dripline resume`");
    error!("sending is paused: {because}");
    record.engine.ask_for_pause(because.clone());
    Some(because)
}

fn reason(
    record: &Record<'_>,
    messages: &[Message],
    lead: &StoredLead,
    track: &Track,
    step: usize,
) -> Option<String> {
    let fuse = &record.engine.config.fuse;
    let day = messages.iter().filter(|message| message.at > record.now - DAY).count();
    if day >= fuse.per_lead_per_day as usize {
        return Some(format!("lead {} would get its mail number {} within a day", lead.lead.id, day + 1));
    }
    let most = fuse.per_step_per_hour?;
    let hour = record.now.millis() / HOUR;
    let sent = record.engine.count_step(track.numbers[step], &track.sequence.id, hour);
    (sent > u64::from(most)).then(|| {
        let id = &track.sequence.steps[step].id;
        format!("step {id} of {} would go out more than {most} times within an hour", track.sequence.id)
    })
}

/// If somebody complained: whether more do than `[fuse]` allows, of the mails of a week. Then all sending is to be paused.
/// What a person has seen who resumed the sending counts no more.
pub(super) async fn look_at_complaints(engine: &Engine) -> NurtureResult<()> {
    if !engine.take_complaint() {
        return Ok(());
    }
    let because = too_many_complain(engine).await.inspect_err(|_| engine.note_complaint())?;
    if let Some(because) = because {
        error!("sending is paused: {because}");
        engine.ask_for_pause(because);
    }
    Ok(())
}

async fn too_many_complain(engine: &Engine) -> NurtureResult<Option<String>> {
    let rate = engine.config.fuse.complaint_rate.get();
    if rate >= 1.0 {
        return Ok(None);
    }
    let mut tx = engine.db.read().await?;
    let week = engine.clock.now() - WEEK;
    let since = revisions::resumed_at(&mut tx).await?.map_or(week, |resumed: Timestamp| resumed.max(week));
    let complaints = addresses::complained(&mut tx, since).await?;
    if complaints < HANDFUL {
        return Ok(None);
    }
    // Complaints come days after their mails.
    let mails = messages::sent_since(&mut tx, week).await?;
    let most = rate * mails as f64;
    Ok((complaints as f64 > most).then(|| {
        format!(
            "the fuse blew: {complaints} people complained of spam since {since}, of {mails} mails within a week; \
             look into it, then run `dripline resume`"
        )
    }))
}

/// How many mails of each step this node claimed within an hour.
#[derive(Debug, Default)]
pub struct StepCounts {
    hour: i64,
    /// By sequence and number of the step.
    claimed: HashMap<(String, i64), u64>,
}

impl StepCounts {
    /// Counts one more; how many there were within this hour.
    pub fn count(&mut self, step: i64, sequence: &str, hour: i64) -> u64 {
        if self.hour != hour {
            *self = Self { hour, claimed: HashMap::new() };
        }
        let count = self.claimed.entry((sequence.to_owned(), step)).or_default();
        *count += 1;
        *count
    }
}
