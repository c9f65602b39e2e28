//! Leads by HTTP: store, show, hand over, return, stop.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fields::Fields;
use super::lead_body::read_lead;
use super::lead_view::LeadView;
use crate::domain::gate::StopKind;
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::change::store_lead;
use crate::nurture::lookup::find;
use crate::nurture::record::{Found, How};
use crate::nurture::{Change, Engine, NurtureError};

/// `POST /leads`: 201 for a new lead, 200 for one that was known, whose contact data is brought up to date.
pub async fn store(State(site): State<Site>, body: Fields) -> Result<Response, Problem> {
    let engine = &site.engine;
    let input = read_lead(body, engine.clock.now())?;
    let stored = match store_lead(engine, input.clone()).await {
        // Somebody else stored the same address or external id at the same time: now it is known.
        Err(NurtureError::Db(error)) if error.is_unique_violation() => store_lead(engine, input).await,
        stored => stored,
    }?;
    let status = if stored.how == How::New { StatusCode::CREATED } else { StatusCode::OK };
    let id = stored.id.to_string();
    let view = LeadView::read(engine, &id).await?;
    let mut response = (status, Json(view)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/leads/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `GET /leads/{id or e-mail}`
pub async fn show(State(site): State<Site>, Path(lead): Path<String>) -> Result<Json<LeadView>, Problem> {
    Ok(Json(LeadView::read(&site.engine, &lead).await?))
}

/// `POST /leads/{id or e-mail}/hand-over`: `cause`, and `rep` if not the owner or the first of the team.
pub async fn hand_over(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let revision = site.engine.revision().await?;
    let team: Vec<&str> = revision.workspace.funnel.team.iter().map(|(name, _)| name.as_str()).collect();
    let (cause, rep) = (body.required("cause"), body.one_of("rep", &team));
    body.finish()?;
    carry_out(site.engine, &lead, Change::HandOver { cause, rep }).await
}

/// `POST /leads/{id or e-mail}/return`: `reason`, and `sequence` if the lead is to walk another one.
pub async fn give_back(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let revision = site.engine.revision().await?;
    let sequences: Vec<&str> = revision.tracks.keys().map(String::as_str).collect();
    let (reason, sequence) = (body.required("reason"), body.one_of("sequence", &sequences));
    body.finish()?;
    carry_out(site.engine, &lead, Change::Return { reason, sequence }).await
}

/// `POST /leads/{id or e-mail}/accept`: sales took the lead on; `rep` if somebody else of the team did, and
/// `opportunity` if sales sees one.
pub async fn accept(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let revision = site.engine.revision().await?;
    let team: Vec<&str> = revision.workspace.funnel.team.iter().map(|(name, _)| name.as_str()).collect();
    let (rep, opportunity) = (body.one_of("rep", &team), body.flag("opportunity").unwrap_or(false));
    body.finish()?;
    carry_out(site.engine, &lead, Change::Accept { rep, opportunity }).await
}

/// `POST /leads/{id or e-mail}/won`: `amount` and `reason`, if they are known.
pub async fn won(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let (amount, reason) = (body.number("amount"), body.text("reason"));
    body.finish()?;
    carry_out(site.engine, &lead, Change::Won { amount, reason }).await
}

/// `POST /leads/{id or e-mail}/lost`: `reason`.
pub async fn lost(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let reason = body.required("reason");
    body.finish()?;
    carry_out(site.engine, &lead, Change::Lost { reason }).await
}

/// `POST /leads/{id or e-mail}/stop`: `reason`, and `kind` if it is not by hand.
pub async fn stop(
    State(site): State<Site>,
    Path(lead): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    // An erasure is more than a stop, and nothing that this request does.
    let kinds: Vec<&str> =
        StopKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| *kind != "erasure").collect();
    let (kind, because) = (body.one_of("kind", &kinds), body.required("reason"));
    body.finish()?;
    let kind = kind.and_then(|kind| kind.parse().ok()).unwrap_or(StopKind::ByHand);
    carry_out(site.engine, &lead, Change::Stop { kind, because }).await
}

/// Carries a change out, also if the caller hangs up, and answers what it found on the wire.
async fn carry_out(engine: Arc<Engine>, lead: &str, change: Change) -> Result<Json<Found>, Problem> {
    let mut tx = engine.db.read().await?;
    let lead = find(&mut tx, lead).await?.lead.id;
    drop(tx);
    Ok(Json(uninterrupted(async move { change.carry_out(&engine, lead).await }).await??))
}
