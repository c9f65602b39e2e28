//! The timeline of a lead in parts, so that the page can tell it in its own language.

use serde::Serialize;

use crate::domain::enrollment::MessageState;
use crate::domain::event::Happening;
use crate::domain::sequence::Verb;
use crate::domain::stage::Stage;
use crate::domain::time::Timestamp;
use crate::nurture::lookup::find;
use crate::nurture::revision::Revision;
use crate::nurture::timeline::{Item, in_order};
use crate::nurture::{Engine, NurtureResult};
use crate::storage::enrollments::{self, Enrollment};
use crate::storage::events;
use crate::storage::messages::{self, Message};

/// The most events that are shown.
const MOST: i64 = 1_000;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub at: Timestamp,
    /// The word of the event, or the state of the message.
    pub kind: &'static str,
    pub about: Option<String>,
    /// The title of the sequence, and its stage.
    pub sequence: Option<String>,
    pub stage: Option<Stage>,
    pub step: Option<String>,
    /// The template of a message.
    pub mail: Option<String>,
    pub points: Option<i64>,
    pub because: Option<String>,
    /// It was a machine's doing.
    pub machine: bool,
}

/// What happened to a lead, oldest first.
pub async fn lines(engine: &Engine, email: &str) -> NurtureResult<Vec<Line>> {
    let revision = engine.revision().await?;
    let mut tx = engine.db.read().await?;
    let id = find(&mut tx, email).await?.lead.id;
    let walks = enrollments::of_leads(&mut tx, &[id]).await?;
    let messages = messages::of_lead(&mut tx, id).await?;
    let happened = events::timeline(&mut tx, id, MOST).await?;
    let line = |item: Item| match item {
        Item::Event(event) => Some(of_event(&revision, event)),
        Item::Message(message) => of_message(&revision, &walks, message),
    };
    Ok(in_order(&happened, &messages).into_iter().filter_map(line).collect())
}

fn of_event(revision: &Revision, event: &Happening) -> Line {
    let details = &event.details;
    let track = details.sequence.as_deref().and_then(|seq| revision.track(seq));
    Line {
        at: event.at,
        kind: event.kind.as_str(),
        about: details.about.clone(),
        sequence: track.map(|track| track.sequence.title.clone()).or_else(|| details.sequence.clone()),
        stage: track.map(|track| track.sequence.stage),
        step: details.step.clone(),
        mail: None,
        points: details.points,
        because: details.because.clone(),
        machine: details.machine.is_some(),
    }
}

/// A message that was sent, or was to be sent.
fn of_message(revision: &Revision, walks: &[Enrollment], message: &Message) -> Option<Line> {
    if !matches!(message.state, MessageState::Sent | MessageState::Cancelled) {
        return None;
    }
    let walk = walks.iter().find(|walk| walk.walk.enrollment == message.enrollment)?;
    let track = revision.track(&walk.seq)?;
    let (_, step) = track.by_number(message.step)?;
    let mail = match &step.verb {
        Verb::Mail { variants, .. } => variants.get(usize::try_from(message.variant).ok()?).cloned(),
        _ => None,
    };
    Some(Line {
        at: message.at,
        kind: message.state.as_str(),
        about: None,
        sequence: Some(track.sequence.title.clone()),
        stage: Some(track.sequence.stage),
        step: Some(step.id.clone()),
        mail,
        points: None,
        because: message.reason.clone(),
        machine: false,
    })
}
