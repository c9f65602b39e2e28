//! What leads do elsewhere, told by other programs: `POST /leads/{id or e-mail}/events`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::domain::event::{Details, EventKind};
use crate::domain::time::{MINUTE, Timestamp};
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::change::record_deed;
use crate::nurture::lookup::find;
use crate::nurture::record::{Deed, Found};
use crate::workspace::check_word;

/// How far the clock of another machine may be ahead, in milliseconds.
const AHEAD: i64 = 5 * MINUTE;

/// What became of an event.
#[derive(Debug, Serialize)]
struct Told {
    recorded: bool,
    /// Why it was not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<i64>,
    /// What it stopped, if it led to a hand-over or another stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
}

impl Told {
    fn not(because: &'static str) -> Response {
        Json(Self { recorded: false, because: Some(because), event: None, found: None }).into_response()
    }
}

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
        return Ok(Told::not("the lead did not agree to be tracked"));
    }
    let recorded = uninterrupted(async move { record_deed(&engine, lead.id, deed).await }).await??;
    Ok(match recorded {
        Some((event, found)) => {
            let told = Told { recorded: true, because: None, event: Some(event), found: Some(found) };
            (StatusCode::CREATED, Json(told)).into_response()
        }
        None => Told::not("an event with this id is known already"),
    })
}

fn read(mut body: Fields, now: Timestamp) -> Result<Deed, Problem> {
    let word = body.required("kind");
    let at = body.text("at");
    let client_id = body.text("id");
    let data = body.map("data");
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
            } else if let Err(why) = check_word(other) {
                body.wrong("kind", why);
            }
            (EventKind::Custom, Some(other.to_owned()))
        }
    }
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
        let custom = about(r#"{"kind": "webinar", "data": {"minutes": 40}}"#);
        assert_eq!(custom, (EventKind::Custom, Some("webinar".to_owned())));
    }

    #[test]
    fn mistakes_are_named() {
        for (json, field) in [
            (r#"{}"#, "kind"),
            (r#"{"kind": "opened"}"#, "kind"),
            (r#"{"kind": "two words"}"#, "kind"),
            (r#"{"kind": "visited"}"#, "data.path"),
            (r#"{"kind": "submitted", "data": {"form": 5}}"#, "data.form"),
            (r#"{"kind": "webinar", "at": "yesterday"}"#, "at"),
            (r#"{"kind": "webinar", "at": "2126-01-05T09:00:00Z"}"#, "at"),
            (r#"{"kind": "webinar", "when": "now"}"#, "when"),
        ] {
            let problem = read_json(json).expect_err(json);
            assert!(problem.errors.iter().any(|error| error.field == field), "{json}: {problem:?}");
        }
    }
}
