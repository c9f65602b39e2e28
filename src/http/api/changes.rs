//! What can be asked for one lead: each is `POST /leads/{id or e-mail}/…` with a small body, and answers what it found
//! on the wire.

use axum::Json;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, post};
use chrono::DateTime;

use super::fields::Fields;
use crate::domain::consent::{Channel, Consent};
use crate::domain::feedback::Feedback;
use crate::domain::gate::StopKind;
use crate::domain::hand_over::Origin;
use crate::domain::time::Timestamp;
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::Change;
use crate::nurture::lookup::find;
use crate::nurture::record::{Found, LeadInput};
use crate::nurture::revision::Revision;

/// Reads a change from a body. None: something is wrong with the body, and noted in it.
type Read = fn(&mut Fields, &Revision) -> Option<Change>;

/// The route of a change. It is carried out also if the caller hangs up.
pub fn route(read: Read) -> MethodRouter<Site> {
    post(async move |State(site): State<Site>, Path(lead): Path<String>, mut body: Fields| {
        let engine = site.engine;
        let change = read(&mut body, &*engine.revision().await?);
        body.finish()?;
        let change = change.ok_or_else(Problem::internal)?;
        let mut tx = engine.db.read().await?;
        let lead = find(&mut tx, &lead).await?.lead.id;
        drop(tx);
        let found = uninterrupted(async move { change.carry_out(&engine, lead).await }).await??;
        Ok::<Json<Found>, Problem>(Json(found))
    })
}

/// `reason`, and `until` (RFC 3339) if it ends by itself.
pub fn pause(body: &mut Fields, _: &Revision) -> Option<Change> {
    let until = time(body, "until");
    Some(Change::Pause { until, because: body.required("reason") })
}

/// `basis` and `at` (RFC 3339); `channel` if it is not e-mail, `wording`, and `tracking` if that was agreed to or not.
pub fn consent(body: &mut Fields, _: &Revision) -> Option<Change> {
    let basis = must(body, "basis", |body| body.word("basis"));
    let channel = body.word("channel");
    let at = must(body, "at", |body| time(body, "at"));
    let (wording, tracking) = (body.text("wording"), body.flag("tracking"));
    let channel = channel.unwrap_or(Channel::Email);
    let form = Some("api".to_owned());
    let consent = Consent { channel, basis: basis?, at: at?, wording, form, network: None };
    Some(Change::Consent { consent, tracking })
}

/// No members.
pub fn resume(_: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::Resume)
}

/// `cause`, and `rep` if it is not left to the rules of routing.
pub fn hand_over(body: &mut Fields, revision: &Revision) -> Option<Change> {
    let rep = rep(body, revision);
    Some(Change::HandOver { cause: body.required("cause"), rep, origin: Origin::Api })
}

/// Sales took the lead on; `rep` if somebody else of the team did, and `opportunity` if sales sees one.
pub fn accept(body: &mut Fields, revision: &Revision) -> Option<Change> {
    let rep = rep(body, revision);
    Some(Change::Accept { rep, opportunity: body.flag("opportunity").unwrap_or(false) })
}

/// `amount` and `reason`, if they are known.
pub fn won(body: &mut Fields, _: &Revision) -> Option<Change> {
    let amount = body.number("amount");
    if amount.is_some_and(|amount| amount < 0.0) {
        body.wrong("amount", "must not be below 0");
    }
    Some(Change::Won { amount, reason: body.text("reason") })
}

/// `reason`: a `[lost.NAME]` of funnel.toml, or words; and `words` that say more.
pub fn lost(body: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::Lost { reason: body.required("reason"), words: body.text("words") })
}

/// `reason`: a `[returned.NAME]` of funnel.toml, or words; `words` that say more, and `sequence` if the lead is to walk
/// another one.
pub fn give_back(body: &mut Fields, revision: &Revision) -> Option<Change> {
    let sequences: Vec<&str> = revision.tracks.keys().map(String::as_str).collect();
    let (reason, words) = (body.required("reason"), body.text("words"));
    Some(Change::Return { reason, words, sequence: body.one_of("sequence", &sequences) })
}

/// The person is not interested: `never`, if nobody is to write to it again, and `words`.
pub fn no(body: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::No { never: body.flag("never").unwrap_or(false), words: body.text("words") })
}

/// `until`: when the rep comes back to the lead.
pub fn later(body: &mut Fields, _: &Revision) -> Option<Change> {
    let until = must(body, "until", |body| time(body, "until"))?;
    Some(Change::Later { until })
}

/// No members.
pub fn meeting(_: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::Meeting)
}

/// No members.
pub fn offer(_: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::Offer)
}

/// No members.
pub fn not_a_reply(_: &mut Fields, _: &Revision) -> Option<Change> {
    Some(Change::NotAReply)
}

/// `email` of the one to talk to, `first_name` and `last_name` if they are known, and `rep` if that person is not for the one
/// who has the lead.
pub fn wrong_person(body: &mut Fields, revision: &Revision) -> Option<Change> {
    let email = body.required("email").parse();
    if email.is_err() {
        body.wrong("email", "is not an e-mail address");
    }
    let (first_name, last_name) = (body.text("first_name"), body.text("last_name"));
    let rep = rep(body, revision);
    let right = LeadInput::named_by_sales(email.ok()?, first_name, last_name);
    Some(Change::WrongPerson { right: Box::new(right), rep })
}

/// `about` (address, benefit or tone) and `words`.
pub fn feedback(body: &mut Fields, _: &Revision) -> Option<Change> {
    let about = must(body, "about", |body| body.word("about"));
    let words = body.text("words").unwrap_or_default();
    Some(Change::Feedback(Feedback { about: about?, words }))
}

/// `reason`, and `kind` if it is not by hand.
pub fn stop(body: &mut Fields, _: &Revision) -> Option<Change> {
    // An erasure is more than a stop, and nothing that this request does.
    let kinds: Vec<&str> = StopKind::words().into_iter().filter(|kind| *kind != "erasure").collect();
    let kind = body.one_of("kind", &kinds).and_then(|kind| kind.parse().ok());
    Some(Change::Stop { kind: kind.unwrap_or(StopKind::ByHand), because: body.required("reason") })
}

/// A member that must be there.
fn must<T>(body: &mut Fields, field: &'static str, read: impl FnOnce(&mut Fields) -> Option<T>) -> Option<T> {
    let found = read(body);
    if found.is_none() {
        // Only if nothing else was wrong with it.
        body.wrong(field, "is missing");
    }
    found
}

fn time(body: &mut Fields, field: &'static str) -> Option<Timestamp> {
    let text = body.text(field)?;
    let time = DateTime::parse_from_rfc3339(&text).ok();
    if time.is_none() {
        body.wrong(field, "is no time of the form 2026-01-05T09:00:00Z");
    }
    time.map(|time| time.to_utc().into())
}

/// `rep`, a name of `[team.NAME]`.
pub(super) fn rep(body: &mut Fields, revision: &Revision) -> Option<String> {
    let team: Vec<&str> = revision.workspace.funnel.team.iter().map(|(name, _)| name.as_str()).collect();
    body.one_of("rep", &team)
}
