//! What can be asked for one lead: each is `POST /leads/{id or e-mail}/…` with a small body, and answers what it found
//! on the wire.

use axum::Json;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, post};
use chrono::DateTime;

use super::fields::Fields;
use crate::domain::consent::{Basis, Channel, Consent};
use crate::domain::feedback::{Feedback, FeedbackKind};
use crate::domain::gate::StopKind;
use crate::domain::hand_over::Origin;
use crate::domain::time::Timestamp;
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::Change;
use crate::nurture::lookup::find;
use crate::nurture::record::Found;
use crate::nurture::revision::Revision;

/// Reads a change from a body. What is wrong with the body is noted in it.
type Read = fn(&mut Fields, &Revision) -> Change;

/// The route of a change. It is carried out also if the caller hangs up.
pub fn route(read: Read) -> MethodRouter<Site> {
    post(async move |State(site): State<Site>, Path(lead): Path<String>, mut body: Fields| {
        let engine = site.engine;
        let change = read(&mut body, &*engine.revision().await?);
        body.finish()?;
        let mut tx = engine.db.read().await?;
        let lead = find(&mut tx, &lead).await?.lead.id;
        drop(tx);
        let found = uninterrupted(async move { change.carry_out(&engine, lead).await }).await??;
        Ok::<Json<Found>, Problem>(Json(found))
    })
}

/// `reason`, and `until` (RFC 3339) if it ends by itself.
pub fn pause(body: &mut Fields, _: &Revision) -> Change {
    let until = time(body, "until");
    Change::Pause { until, because: body.required("reason") }
}

fn time(body: &mut Fields, field: &'static str) -> Option<Timestamp> {
    let text = body.text(field)?;
    let time = DateTime::parse_from_rfc3339(&text).ok();
    if time.is_none() {
        body.wrong(field, "is no time of the form 2026-01-05T09:00:00Z");
    }
    time.map(|time| time.to_utc().into())
}

/// `basis` and `at` (RFC 3339); `channel` if it is not e-mail, `wording`, and `tracking` if that was agreed to or not.
pub fn consent(body: &mut Fields, _: &Revision) -> Change {
    let basis = body.required("basis").parse();
    if basis.is_err() {
        body.wrong("basis", format!("must be one of: {}", Basis::words().join(", ")));
    }
    let channel = body.one_of("channel", &Channel::words()).and_then(|channel| channel.parse().ok());
    let at = time(body, "at");
    if at.is_none() {
        body.wrong("at", "is missing");
    }
    let consent = Consent {
        channel: channel.unwrap_or(Channel::Email),
        basis: basis.unwrap_or(Basis::OptIn),
        at: at.unwrap_or_default(),
        wording: body.text("wording"),
        form: Some("api".to_owned()),
        network: None,
    };
    Change::Consent { consent, tracking: body.flag("tracking") }
}

/// No members.
pub fn resume(_: &mut Fields, _: &Revision) -> Change {
    Change::Resume
}

/// `cause`, and `rep` if it is not left to the rules of routing.
pub fn hand_over(body: &mut Fields, revision: &Revision) -> Change {
    let rep = body.one_of("rep", &team(revision));
    Change::HandOver { cause: body.required("cause"), rep, origin: Origin::Api }
}

/// Sales took the lead on; `rep` if somebody else of the team did, and `opportunity` if sales sees one.
pub fn accept(body: &mut Fields, revision: &Revision) -> Change {
    let rep = body.one_of("rep", &team(revision));
    Change::Accept { rep, opportunity: body.flag("opportunity").unwrap_or(false) }
}

/// `amount` and `reason`, if they are known.
pub fn won(body: &mut Fields, _: &Revision) -> Change {
    Change::Won { amount: body.number("amount"), reason: body.text("reason") }
}

/// `reason`: a `[lost.NAME]` of funnel.toml, or words; and `words` that say more.
pub fn lost(body: &mut Fields, _: &Revision) -> Change {
    Change::Lost { reason: body.required("reason"), words: body.text("words") }
}

/// `reason`: a `[returned.NAME]` of funnel.toml, or words; `words` that say more, and `sequence` if the lead is to walk
/// another one.
pub fn give_back(body: &mut Fields, revision: &Revision) -> Change {
    let sequences: Vec<&str> = revision.tracks.keys().map(String::as_str).collect();
    let (reason, words) = (body.required("reason"), body.text("words"));
    Change::Return { reason, words, sequence: body.one_of("sequence", &sequences) }
}

/// The person is not interested: `never`, if nobody is to write to it again, and `words`.
pub fn no(body: &mut Fields, _: &Revision) -> Change {
    Change::No { never: body.flag("never").unwrap_or(false), words: body.text("words") }
}

/// `until`: when the rep comes back to the lead.
pub fn later(body: &mut Fields, _: &Revision) -> Change {
    let until = time(body, "until");
    if until.is_none() {
        body.wrong("until", "is missing");
    }
    Change::Later { until: until.unwrap_or_default() }
}

/// No members.
pub fn meeting(_: &mut Fields, _: &Revision) -> Change {
    Change::Meeting
}

/// No members.
pub fn offer(_: &mut Fields, _: &Revision) -> Change {
    Change::Offer
}

/// No members.
pub fn not_a_reply(_: &mut Fields, _: &Revision) -> Change {
    Change::NotAReply
}

/// `about` (address, benefit or tone) and `words`.
pub fn feedback(body: &mut Fields, _: &Revision) -> Change {
    let about = body.one_of("about", &FeedbackKind::words()).and_then(|about| about.parse().ok());
    if about.is_none() {
        body.wrong("about", "is missing");
    }
    let words = body.text("words").unwrap_or_default();
    Change::Feedback(Feedback { about: about.unwrap_or(FeedbackKind::Address), words })
}

/// `reason`, and `kind` if it is not by hand.
pub fn stop(body: &mut Fields, _: &Revision) -> Change {
    // An erasure is more than a stop, and nothing that this request does.
    let kinds: Vec<&str> = StopKind::words().into_iter().filter(|kind| *kind != "erasure").collect();
    let kind = body.one_of("kind", &kinds).and_then(|kind| kind.parse().ok());
    Change::Stop { kind: kind.unwrap_or(StopKind::ByHand), because: body.required("reason") }
}

fn team(revision: &Revision) -> Vec<&str> {
    revision.workspace.funnel.team.iter().map(|(name, _)| name.as_str()).collect()
}
