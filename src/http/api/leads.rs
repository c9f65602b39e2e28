//! Leads by HTTP: store and show.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fields::Fields;
use super::lead_body::read_lead;
use super::lead_view::LeadView;
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::NurtureError;
use crate::nurture::change::store_lead;
use crate::nurture::record::How;

/// `POST /leads`: 201 for a new lead, 200 for one that was known, whose contact data is brought up to date.
pub async fn store(State(site): State<Site>, body: Fields) -> Result<Response, Problem> {
    let engine = site.engine;
    let input = read_lead(body, engine.clock.now())?;
    let own = engine.clone();
    let stored = uninterrupted(async move {
        match store_lead(&own, input.clone()).await {
            // Somebody else stored the same address or external id at the same time: now it is known.
            Err(NurtureError::Db(error)) if error.is_unique_violation() => store_lead(&own, input).await,
            stored => stored,
        }
    });
    let stored = stored.await??;
    let status = if stored.how == How::New { StatusCode::CREATED } else { StatusCode::OK };
    let id = stored.id.to_string();
    let view = LeadView::read(&engine, &id).await?;
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
