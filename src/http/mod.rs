//! HTTP: the API, and the pages behind the links in mails. Routes over the use cases in [`crate::nurture`].

pub mod auth;

mod api;
mod error;
mod form;
mod guard;
mod health;
mod inbound;
mod language;
mod metrics;
mod network;
mod pages;
mod reader;
mod recipient;
mod sales;
mod test_mail;
mod tracking;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

use crate::nurture::Engine;
pub use api::LeadView;
use error::Problem;
use pages::Pages;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// What the handlers share.
#[derive(Clone)]
struct Site {
    engine: Arc<Engine>,
    pages: Arc<Pages>,
}

/// Everything that is served.
pub fn router(engine: Arc<Engine>) -> Router {
    let site = Site { engine, pages: Arc::new(Pages::new()) };
    let api = api::router().route_layer(from_fn_with_state(site.clone(), auth::require_key));
    let key = from_fn_with_state(site.clone(), auth::require_key);
    let metrics = Router::new().route("/metrics", get(metrics::metrics)).route_layer(key);
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/inbound/mime", inbound::route())
        .route("/inbound/{provider}", inbound::provider_route())
        .merge(metrics)
        .route("/u/{token}", get(recipient::ask).post(recipient::unsubscribe))
        .route("/s/{token}", get(sales::ask).post(sales::answer))
        .route("/f/{token}", get(form::ask).post(form::answer))
        .route("/t/{token}", get(test_mail::follow).post(test_mail::leave))
        .nest("/api/v1", api)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn(guard::limit_time))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(guard::protect))
        .layer(from_fn(guard::log))
        .with_state(site.clone())
        .merge(tracking::router(site))
}

async fn not_found(State(site): State<Site>, headers: HeaderMap, uri: Uri) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if accept.contains("text/html") && !uri.path().starts_with("/api/") {
        return recipient::no_such_page(&site, &headers).await;
    }
    Problem::not_found("there is nothing at this address").into_response()
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("this address does not take {method}"))
}
