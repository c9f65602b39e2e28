//! `POST /inbound/mime?key=…`: a mail server hands in what it received, as it came. `POST /inbound/PROVIDER?key=…`: a
//! provider does, in its own JSON.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, post};
use serde::Deserialize;

use super::Site;
use super::error::Problem;
use super::guard::uninterrupted;
use crate::domain::UnknownWord;
use crate::domain::token::fingerprint;
use crate::mail::inbound::{Provider, SIZE_LIMIT};
use crate::nurture::receive::{Received, receive};

#[derive(Deserialize)]
pub(super) struct Access {
    key: Option<String>,
}

/// Bytes of a provider's JSON: it holds files in base64, and a raw mail with its line breaks escaped.
const JSON_LIMIT: usize = SIZE_LIMIT / 2 * 3;

/// The route for mails as they came.
pub(super) fn route() -> MethodRouter<Site> {
    post(mime).layer(DefaultBodyLimit::max(SIZE_LIMIT))
}

/// The route for mails as providers hand them in.
pub(super) fn provider_route() -> MethodRouter<Site> {
    post(provider).layer(DefaultBodyLimit::max(JSON_LIMIT))
}

/// Answers what the mail was taken for and whom it concerned. 200 means that it is stored; after anything else it has
/// to be handed in again.
async fn mime(
    State(site): State<Site>,
    Query(access): Query<Access>,
    request: Request,
) -> Result<Json<Received>, Problem> {
    let body = body(&site, &access, request).await?;
    take_in(site, body.to_vec()).await
}

/// The same for what a provider hands in.
async fn provider(
    State(site): State<Site>,
    Path(provider): Path<String>,
    Query(access): Query<Access>,
    request: Request,
) -> Result<Json<Received>, Problem> {
    let provider: Provider =
        provider.parse().map_err(|error: UnknownWord| Problem::not_found(error.to_string()))?;
    let body = body(&site, &access, request).await?;
    let mail = provider.mail(&body);
    let mail = mail.map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    take_in(site, mail).await
}

/// The body, once the key is known to be right: nobody else makes the server hold megabytes.
async fn body(site: &Site, access: &Access, request: Request) -> Result<Bytes, Problem> {
    check(site, access.key.as_deref())?;
    let body = Bytes::from_request(request, site).await;
    body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))
}

async fn take_in(site: Site, mail: Vec<u8>) -> Result<Json<Received>, Problem> {
    let engine = site.engine;
    Ok(Json(uninterrupted(async move { receive(&engine, &mail).await }).await??))
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
