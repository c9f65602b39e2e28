//! `POST /inbound/mime?key=…`: a mail server hands in what it received, as it came.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, post};
use serde::Deserialize;

use super::Site;
use super::error::Problem;
use super::guard::uninterrupted;
use crate::domain::token::fingerprint;
use crate::mail::inbound::SIZE_LIMIT;
use crate::nurture::receive::{Received, receive};

#[derive(Deserialize)]
pub(super) struct Access {
    key: Option<String>,
}

/// The route.
pub(super) fn route() -> MethodRouter<Site> {
    post(mime).layer(DefaultBodyLimit::max(SIZE_LIMIT))
}

/// Answers what the mail was taken for and whom it concerned. 200 means that it is stored; after anything else it has
/// to be handed in again.
async fn mime(
    State(site): State<Site>,
    Query(access): Query<Access>,
    request: Request,
) -> Result<Json<Received>, Problem> {
    // Before the body is read: nobody else makes the server hold ten megabytes.
    check(&site, access.key.as_deref())?;
    let body = Bytes::from_request(request, &site).await;
    let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let engine = site.engine;
    Ok(Json(uninterrupted(async move { receive(&engine, &body).await }).await??))
}

/// The key of `[inbound]`. Hashes are compared, so that the time this takes tells nothing.
fn check(site: &Site, given: Option<&str>) -> Result<(), Problem> {
    let Some(key) = &site.engine.config.inbound.key else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "no mail is taken in: set key in [inbound] of dripline.toml",
        ));
    };
    match given {
        Some(given) if fingerprint(given) == fingerprint(key) => Ok(()),
        Some(_) => {
            Err(Problem::new(StatusCode::UNAUTHORIZED, "this is not the key in [inbound] of dripline.toml"))
        }
        None => Err(Problem::new(StatusCode::UNAUTHORIZED, "hand in the key: /inbound/mime?key=KEY")),
    }
}
