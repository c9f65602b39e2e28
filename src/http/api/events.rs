//! What leads do elsewhere, told by other programs: `POST /leads/{id or e-mail}/events`, and `POST /events` for many.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::purchase;
use crate::domain::event::{Details, EventKind};
use crate::domain::time::{MINUTE, Timestamp};
use crate::http::Site;
use crate::http::error::{FieldError, Problem};
use crate::http::guard::uninterrupted;
use crate::nurture::change::{record_deed, record_deeds};
use crate::nurture::lookup::{find, find_each};
use crate::nurture::record::{Deed, Found};
use crate::workspace::check_word;

/// How far the clock of another machine may be ahead, in milliseconds.
const AHEAD: i64 = 5 * MINUTE;

/// Events in one request.
const MOST_EVENTS: usize = 1_000;

/// What became of an event.
#[derive(Debug, Default, Serialize)]
struct Told {
    recorded: bool,
    /// Why it was not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'static str>,
    /// What is wrong with it, if it could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<i64>,
    /// What it stopped, if it led to a hand-over or another stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

impl Told {
    fn not(because: &'static str) -> Self {
        Self { because: Some(because), ..Self::default() }
    }

    fn wrong(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::default() }
    }

    /// From what [`record_deed`] answers.
    fn of(recorded: Option<(i64, Found)>) -> Self {
        match recorded {
            Some((event, found)) => {
                Self { recorded: true, event: Some(event), found: Some(found), ..Self::default() }
            }
            None => Self::not("an event with this id is known already"),
        }
    }
}

/// What became of many events, in their order.
#[derive(Debug, Serialize)]
struct AllTold {
    recorded: usize,
    events: Vec<Told>,
}

/// Kinds that mean something by themselves.
const KNOWN: [&str; 4] = ["visited", "submitted", "meeting_booked", "purchase"];

const UNTRACKED: &str = "the lead did not agree to be tracked";

/// `kind`, and if known `at` (RFC 3339; now), `id` (the same one twice is one event) and `data`.
pub async fn tell(
    State(site): State<Site>,
    Path(lead): Path<String>,
    body: Fields,
) -> Result<Response, Problem> {
    let engine = site.engine;
    let deed = read(body, engine.clock.now())?;
    let mut tx = engine.db.read().await?;
    let lead = find(&mut tx, &lead).await?.lead;
    drop(tx);
    if deed.kind == EventKind::Visited && !lead.tracking {
        return Ok(Json(Told::not(UNTRACKED)).into_response());
    }
    let told = Told::of(uninterrupted(async move { record_deed(&engine, lead.id, deed).await }).await??);
    let status = if told.recorded { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(told)).into_response())
}

/// `events`: each with `lead` (id or e-mail) and the members of a single one. What is wrong with one of them does not
/// touch the others.
pub async fn tell_many(State(site): State<Site>, mut body: Fields) -> Result<Response, Problem> {
    let engine = site.engine;
    let events = body.list("events", MOST_EVENTS);
    body.finish()?;
    let now = engine.clock.now();
    let read: Vec<Result<(String, Deed), Vec<FieldError>>> =
        events.into_iter().map(|event| read_one(event, now)).collect();
    let names: Vec<&str> = read.iter().flatten().map(|(lead, _)| lead.as_str()).collect();
    let mut tx = engine.db.read().await?;
    let leads = find_each(&mut tx, &names).await?;
    drop(tx);
    let mut told: Vec<Option<Told>> = Vec::with_capacity(read.len());
    let mut deeds = Vec::new();
    for read in read {
        told.push(match read {
            Err(errors) => Some(Told::wrong(errors)),
            Ok((name, deed)) => match leads.get(&name) {
                None => Some(Told::not("there is no such lead")),
                Some(lead) if deed.kind == EventKind::Visited && !lead.tracking => Some(Told::not(UNTRACKED)),
                Some(lead) => {
                    deeds.push((lead.id, deed));
                    None
                }
            },
        });
    }
    let recorded = uninterrupted(async move { record_deeds(&engine, deeds).await }).await??;
    let mut recorded = recorded.into_iter().map(Told::of);
    let events: Vec<Told> = told.into_iter().filter_map(|told| told.or_else(|| recorded.next())).collect();
    let recorded = events.iter().filter(|told| told.recorded).count();
    Ok(Json(AllTold { recorded, events }).into_response())
}

/// One of many events: of which lead, and what.
fn read_one(event: Value, now: Timestamp) -> Result<(String, Deed), Vec<FieldError>> {
    let Value::Object(members) = event else {
        let message = "must be an object".to_owned();
        return Err(vec![FieldError { field: "event".to_owned(), message }]);
    };
    let mut body = Fields::of(members);
    let lead = body.id("lead");
    read(body, now).map(|deed| (lead, deed)).map_err(|problem| problem.errors)
}

fn read(mut body: Fields, now: Timestamp) -> Result<Deed, Problem> {
    let word = body.required("kind");
    let at = body.text("at");
    let client_id = body.text("id");
    let is_purchase = word == "purchase";
    let mut data = body.map_with("data", if is_purchase { purchase::STRUCTURED } else { &[] });
    if is_purchase {
        purchase::check(&mut body, &mut data);
    }
    let at = at.map_or(Some(now), |at| moment(&mut body, &at, now));
    let (kind, about) = kind(&mut body, &word, &data);
    body.finish()?;
    let details = Details { about, data: (!data.is_empty()).then_some(data), ..Details::default() };
    Ok(Deed { kind, at: at.unwrap_or(now), message: None, details, client_id })
}

fn moment(body: &mut Fields, text: &str, now: Timestamp) -> Option<Timestamp> {
    let Ok(at) = DateTime::parse_from_rfc3339(text) else {
        body.wrong("at", "is no time of the form 2026-01-05T09:00:00Z");
        return None;
    };
    let at = Timestamp::from(at.to_utc());
    if at > now + AHEAD {
        body.wrong("at", "is in the future");
        return None;
    }
    Some(at.min(now))
}

/// The kind of the event, and what it is about.
fn kind(body: &mut Fields, word: &str, data: &Map<String, Value>) -> (EventKind, Option<String>) {
    let mut named = |key: &str| {
        let text = data.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        if text.is_none() {
            body.wrong(&format!("data.{key}"), "is missing");
        }
        text.map(str::to_owned)
    };
    match word {
        "visited" => (EventKind::Visited, named("path")),
        "submitted" => (EventKind::Submitted, named("form")),
        "meeting_booked" => (EventKind::MeetingBooked, None),
        "purchase" => (EventKind::Purchase, None),
        other => {
            if other.parse::<EventKind>().is_ok() {
                body.wrong("kind", "is recorded by Dripline itself");
            } else if let Some(meant) = meant(other) {
                // It would have no effect, and nobody would notice.
                body.wrong("kind", format!("did you mean \"{meant}\"? A word of your own must differ more"));
            } else if let Err(why) = check_word(other) {
                body.wrong("kind", why);
            }
            (EventKind::Custom, Some(other.to_owned()))
        }
    }
}

/// The kind that a word is a slip of: one letter is wrong, or it lacks its ending.
fn meant(word: &str) -> Option<&'static str> {
    let lacks_ending = |known: &str| known.strip_prefix(word).is_some_and(|end| matches!(end, "ed" | "ted"));
    KNOWN.into_iter().find(|known| strsim::osa_distance(word, known) <= 1 || lacks_ending(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_600_000_000);

    fn read_json(json: &str) -> Result<Deed, Problem> {
        read(Fields::parse(json.as_bytes())?, NOW)
    }

    #[test]
    fn every_kind_says_what_it_is_about() {
        let about = |json: &str| {
            let deed = read_json(json).unwrap_or_else(|problem| panic!("{json}: {problem:?}"));
            (deed.kind, deed.details.about)
        };
        let visited = about(r#"{"kind": "visited", "data": {"path": "/pricing"}}"#);
        assert_eq!(visited, (EventKind::Visited, Some("/pricing".to_owned())));
        let submitted = about(r#"{"kind": "submitted", "data": {"form": "demo"}}"#);
        assert_eq!(submitted, (EventKind::Submitted, Some("demo".to_owned())));
        assert_eq!(about(r#"{"kind": "meeting_booked"}"#), (EventKind::MeetingBooked, None));
        let bought = read_json(
            r#"{"kind": "purchase", "data": {"amount": 9.5, "currency": "eur", "items": [{"name": "Licence", "quantity": 2}]}}"#,
        );
        let data = bought.ok().and_then(|deed| deed.details.data).unwrap_or_default();
        assert_eq!((&data["currency"], &data["items"][0]["name"]), (&"EUR".into(), &"Licence".into()));
        let custom = about(r#"{"kind": "webinar", "data": {"minutes": 40}}"#);
        assert_eq!(custom, (EventKind::Custom, Some("webinar".to_owned())));
    }

    #[test]
    fn a_slip_is_no_word_of_ones_own() {
        for slip in ["visit", "submit", "purchased", "purchases", "meeting-booked", "vistied"] {
            assert!(meant(slip).is_some(), "{slip}");
        }
        for own in ["meeting", "revisited", "repurchase", "admitted", "meeting_missed", "listed", "webinar"] {
            assert_eq!(meant(own), None, "{own}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (json, field) in [
            (r#"{}"#, "kind"),
            (r#"{"kind": "opened"}"#, "kind"),
            (r#"{"kind": "two words"}"#, "kind"),
            (r#"{"kind": "visit", "data": {"path": "/pricing"}}"#, "kind"),
            (r#"{"kind": "purchased"}"#, "kind"),
            (r#"{"kind": "visited"}"#, "data.path"),
            (r#"{"kind": "submitted", "data": {"form": 5}}"#, "data.form"),
            (r#"{"kind": "webinar", "at": "yesterday"}"#, "at"),
            (r#"{"kind": "webinar", "at": "2126-01-05T09:00:00Z"}"#, "at"),
            (r#"{"kind": "webinar", "when": "now"}"#, "when"),
            (r#"{"kind": "webinar", "data": {"items": []}}"#, "data.items"),
            (r#"{"kind": "purchase", "data": {"amount": -1}}"#, "data.amount"),
            (r#"{"kind": "purchase", "data": {"amount": "9"}}"#, "data.amount"),
            (r#"{"kind": "purchase", "data": {"currency": "Euro"}}"#, "data.currency"),
            (r#"{"kind": "purchase", "data": {"items": 5}}"#, "data.items"),
            (r#"{"kind": "purchase", "data": {"items": [5]}}"#, "data.items[0]"),
            (r#"{"kind": "purchase", "data": {"items": [{"name": "a"}, {"price": 5}]}}"#, "data.items[1]"),
            (
                r#"{"kind": "purchase", "data": {"items": [{"sku": "a", "quantity": -1}]}}"#,
                "data.items[0].quantity",
            ),
            (r#"{"kind": "purchase", "data": {"items": [{"sku": "a", "x": {}}]}}"#, "data.items[0].x"),
            (r#"{"kind": "purchase", "data": {"order": {"a": 1}}}"#, "data.order"),
        ] {
            let problem = read_json(json).expect_err(json);
            assert!(problem.errors.iter().any(|error| error.field == field), "{json}: {problem:?}");
        }
    }
}
