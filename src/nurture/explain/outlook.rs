//! Where a lead stands, what comes next, and why nothing does.

use std::sync::Arc;

use chrono_tz::Tz;

use super::words::{date_and_time, soon, what};
use super::{LeadRecord, Next};
use crate::domain::enrollment::{EnrollmentState, MessageState};
use crate::domain::gate::{GateFacts, Refusal, lasting};
use crate::domain::sequence::Verb;
use crate::domain::stage::Party;
use crate::domain::temperature::Temperature;
use crate::domain::time::Timestamp;
use crate::domain::track::Track;
use crate::nurture::engine::Engine;
use crate::nurture::foresight::{Foresight, foresee};
use crate::nurture::record::obstacle;
use crate::storage::enrollments::Enrollment;
use crate::storage::messages::Message;

/// `MoFu · MQL · warm · with marketing · next mail Thu 09:00`
pub(super) fn sentence(
    record: &LeadRecord,
    engine: &Engine,
    temperature: Temperature,
    next: Option<&Next>,
    (zone, now): (Tz, Timestamp),
) -> String {
    let lead = &record.stored.lead;
    let stopped = record.stopped();
    let with = match (lead.with, &lead.owner) {
        (Party::Sales, Some(owner)) => format!("with sales ({})", record.rep(owner)),
        (Party::Sales, None) => "with sales".to_owned(),
        (Party::Marketing, _) => "with marketing".to_owned(),
    };
    let outlook = match next {
        _ if stopped => "stopped".to_owned(),
        _ if lead.with == Party::Sales => "no mail from marketing".to_owned(),
        Some(next) if record.step_of(next).is_none() => "no mail planned".to_owned(),
        Some(_) if record.active().is_some_and(|walk| !record.of_operation(walk, engine).is_empty()) => {
            "next mail waits".to_owned()
        }
        Some(next @ Next { at: Some(at), .. }) => {
            let kind = if record.is_mail(next) { "next mail" } else { "next step" };
            format!("{kind} {}", soon(*at, now, zone))
        }
        Some(_) => "next mail waits".to_owned(),
        None => "no mail planned".to_owned(),
    };
    let line = record.in_line.as_ref().map(ToString::to_string);
    let parts = [lead.stage.title(), lead.qualification.title(), temperature.as_str(), &with].into_iter();
    parts.chain(line.as_deref()).chain([outlook.as_str()]).collect::<Vec<_>>().join(" · ")
}

/// What comes next in the sequence that the lead walks.
pub(super) fn next(record: &LeadRecord, engine: &Engine, zone: Tz, now: Timestamp) -> Option<Next> {
    let walk = record.active()?;
    let track = record.revision.track(&walk.seq);
    let Foresight { step, at } = foresight(record, engine, walk, track, now);
    let step = track.zip(step).map(|(track, step)| &track.sequence.steps[step]);
    let sending = record.messages.iter().find(|message| message.state == MessageState::Sending);
    Some(Next {
        sequence: walk.seq.clone(),
        title: track.map_or_else(|| walk.seq.clone(), |track| track.sequence.title.clone()),
        step: step.map(|step| step.id.clone()),
        what: match (track, step) {
            (None, _) => "end: the sequence is gone".to_owned(),
            (_, None) => "end: every step is done".to_owned(),
            (_, Some(step)) => what(step),
        },
        at,
        local: at.map(|at| date_and_time(at, zone)),
        waits_for: match sending {
            Some(message) => Some(format!("the outcome of {}", record.mail(message))),
            None => walk.waits_for.clone().or_else(|| record.failed_try(walk, track)),
        },
    })
}

/// What comes next if nothing changes; what is stored if that cannot be said.
fn foresight(
    record: &LeadRecord,
    engine: &Engine,
    walk: &Enrollment,
    track: Option<&Arc<Track>>,
    now: Timestamp,
) -> Foresight {
    let ahead = track.and_then(|track| foresee(engine, &record.revision, &record.facts, walk, track, now));
    ahead.unwrap_or_else(|| Foresight {
        step: track.and_then(|track| track.next(&walk.walk.done)),
        at: walk.due_at.map(|due| due.max(now)),
    })
}

/// Everything that keeps mail from the lead now, in words that end "not sent because …".
pub(super) fn not_sent_because(
    record: &LeadRecord,
    engine: &Engine,
    (zone, now): (Tz, Timestamp),
) -> Vec<String> {
    let refusals = record.refusals(engine, now);
    let in_words = |refusal: &Refusal| {
        let until = refusal.until().map(|until| format!(" until {}", date_and_time(until, zone)));
        format!("{}{}", refusal.reason().because(), until.unwrap_or_default())
    };
    let mut reasons: Vec<String> = refusals.iter().map(in_words).collect();
    reasons.extend(record.hand_over.as_ref().map(|hand_over| format!("sales has it: {}", hand_over.cause)));
    let walk = record.active();
    if let Some(walk) = walk {
        // A walk that the gate rests waits for what the gate has said.
        let said = |cause: &String| refusals.iter().any(|refusal| refusal.reason().because() == cause);
        reasons.extend(walk.waits_for.clone().filter(|cause| !said(cause)));
        let track = record.revision.track(&walk.seq);
        reasons.extend(record.failed_try(walk, track));
        reasons.extend(record.of_operation(walk, engine));
    } else if reasons.is_empty() {
        reasons.extend(record.walks_nowhere(now));
    }
    let mut told: Vec<String> = Vec::with_capacity(reasons.len());
    for reason in reasons {
        if !told.contains(&reason) {
            told.push(reason);
        }
    }
    told
}

impl LeadRecord {
    fn active(&self) -> Option<&Enrollment> {
        self.walks.iter().find(|walk| walk.state == EnrollmentState::Active)
    }

    fn stopped(&self) -> bool {
        self.stored.lead.closed_by.is_some() || self.stored.suppressed_by.is_some()
    }

    fn step_of(&self, next: &Next) -> Option<&Verb> {
        let step = next.step.as_deref()?;
        Some(&self.revision.track(&next.sequence)?.sequence.step(step)?.1.verb)
    }

    fn is_mail(&self, next: &Next) -> bool {
        matches!(self.step_of(next), Some(Verb::Mail { .. }))
    }

    /// Why the gate is closed, caps aside: what lasts.
    fn refusals(&self, engine: &Engine, now: Timestamp) -> Vec<Refusal> {
        let lead = &self.stored.lead;
        let funnel = &self.revision.workspace.funnel;
        let topic =
            self.active().and_then(|walk| self.revision.track(&walk.seq)).map(|track| &track.sequence.topic);
        lasting(
            &GateFacts {
                closed_by: lead.closed_by,
                suppressed_by: self.stored.suppressed_by,
                with_sales: lead.with == Party::Sales,
                holds: &self.holds,
                basis: lead.basis,
                required: funnel.consent,
                topic_unwanted: topic.is_some_and(|topic| self.unwanted.contains(topic)),
                example: lead.example && engine.has_smtp(),
                sent: &[],
                caps: funnel.caps,
            },
            now,
        )
    }

    /// What the last try to send the mail of a walk met.
    fn failed_try(&self, walk: &Enrollment, track: Option<&Arc<Track>>) -> Option<String> {
        let open = |message: &&Message| {
            message.enrollment == walk.walk.enrollment
                && matches!(message.state, MessageState::Retry | MessageState::Held)
                && track.is_some_and(|track| track.by_number(message.step).is_some())
        };
        let message = self.messages.iter().find(open)?;
        Some(format!("the last try met: {}", message.reason.as_deref()?))
    }

    /// What keeps this node, or everybody, from sending.
    fn of_operation(&self, walk: &Enrollment, engine: &Engine) -> Vec<String> {
        let everything = self.paused.as_ref().map(|why| format!("all sending is paused: {why}"));
        let lane = self.lanes.iter().find(|(lane, _)| *lane == walk.lane);
        let lane =
            lane.map(|(lane, why)| format!("sending to {} is paused: {why}", engine.lanes.title(*lane)));
        let safety = !engine.config.safety.allows(&self.stored.lead.email);
        let safety = safety.then(|| "[safety] only_to in dripline.toml leaves this address out".to_owned());
        [everything, lane, safety].into_iter().flatten().collect()
    }

    /// Why the lead walks no sequence, given that it may be written to.
    fn walks_nowhere(&self, now: Timestamp) -> Vec<String> {
        let lead = &self.stored.lead;
        if !lead.enrolls {
            let until = match self.was_lost {
                true => {
                    "sales lost the lead: it enters no sequence until it buys, sales has it again, or somebody enrolls it"
                }
                false => {
                    "the lead enters no sequence by itself until its stage changes or somebody enrolls it"
                }
            };
            return vec![until.to_owned()];
        }
        let tracks = self.revision.tracks.values().filter(|track| track.sequence.stage == lead.stage);
        let mut reasons = Vec::new();
        for track in tracks {
            let title = &track.sequence.title;
            reasons.push(match obstacle(&self.revision, track, lead, &self.walks, &self.events, now) {
                Some(obstacle) => format!("\"{title}\" {obstacle}"),
                None => format!("\"{title}\" is entered at the next change of the lead or of the workspace"),
            });
        }
        if reasons.is_empty() {
            reasons.push(format!("there is no sequence for the stage {}", lead.stage.title()));
        }
        reasons
    }
}
