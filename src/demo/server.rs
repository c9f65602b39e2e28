//! The page of the demo and its API, beside what Dripline itself serves. For this machine only, and for no other page
//! that its browser shows: acts come as JSON, which a page of another origin may not send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::act::{Act, ActError, ActResult, Scene};
use super::view::{self, State};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// How long a question for news waits for some.
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// What the page may load and do: its own files, and nothing from elsewhere.
const OF_PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a mail may do in its frame: look as it does, and show its pictures. No script runs in it.
const OF_MAIL: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin";

/// The files of the page.
const FILES: &[(&str, &str, &str)] = &[
    ("demo.css", "text/css; charset=utf-8", include_str!("page/demo.css")),
    ("mail.css", "text/css; charset=utf-8", include_str!("page/mail.css")),
    ("demo.js", JAVASCRIPT, include_str!("page/demo.js")),
    ("acts.js", JAVASCRIPT, include_str!("page/acts.js")),
    ("dom.js", JAVASCRIPT, include_str!("page/dom.js")),
    ("inbox.js", JAVASCRIPT, include_str!("page/inbox.js")),
    ("lead-mail.js", JAVASCRIPT, include_str!("page/lead-mail.js")),
    ("lead.js", JAVASCRIPT, include_str!("page/lead.js")),
    ("news.js", JAVASCRIPT, include_str!("page/news.js")),
    ("rep-mail.js", JAVASCRIPT, include_str!("page/rep-mail.js")),
    ("story.js", JAVASCRIPT, include_str!("page/story.js")),
    ("why.js", JAVASCRIPT, include_str!("page/why.js")),
    ("words.js", JAVASCRIPT, include_str!("page/words.js")),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const INDEX: &str = include_str!("page/index.html");

#[derive(Clone)]
struct Site {
    scene: Arc<Scene>,
    address: SocketAddr,
    shutdown: CancellationToken,
}

/// The routes of the demo.
pub fn routes(scene: Arc<Scene>, address: SocketAddr, shutdown: CancellationToken) -> Router {
    let site = Site { scene, address, shutdown };
    Router::new()
        .route("/", get(index))
        .route("/demo/page/{file}", get(file))
        .route("/demo/mail/{id}", get(mail))
        .route("/demo/mail/{id}/raw", get(raw))
        .route("/demo/api/state", get(state))
        .route("/demo/api/act", post(act))
        .route("/demo/api/why", post(why))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

/// Lets in who calls this machine by its number, and nobody whom another name has led here. The links in the mails bear
/// the number, so the page does, too.
async fn guard(Shared(site): Shared<Site>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if host != site.address.to_string() {
        let here = format!("http://{}/", site.address);
        return match request.method().is_safe() && host == format!("localhost:{}", site.address.port()) {
            true => Redirect::temporary(&here).into_response(),
            false => (StatusCode::MISDIRECTED_REQUEST, format!("the demo is at {here}\n")).into_response(),
        };
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(OF_PAGE));
    response
}

async fn index() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], INDEX).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A mail as it is shown.
async fn mail(Shared(site): Shared<Site>, Path(id): Path<usize>) -> Response {
    let html = site.scene.post.mail(id).and_then(|mail| view::mail::html(&mail));
    let Some(html) = html else { return StatusCode::NOT_FOUND.into_response() };
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, OF_MAIL)];
    (headers, html).into_response()
}

/// A mail as it came.
async fn raw(Shared(site): Shared<Site>, Path(id): Path<usize>) -> Response {
    let Some(mail) = site.scene.post.mail(id) else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response()
}

#[derive(Deserialize)]
struct News {
    /// The version that is known already: this is answered when there is a later one.
    after: Option<u64>,
}

async fn state(Shared(site): Shared<Site>, Query(news): Query<News>) -> Response {
    if let Some(known) = news.after {
        let waiting = site.scene.bell.until_after(known, LONGEST_POLL);
        site.shutdown.run_until_cancelled(waiting).await;
    }
    answer(State::read(&site.scene).await)
}

async fn act(Shared(site): Shared<Site>, Json(act): Json<Act>) -> Response {
    // Whoever hangs up leaves nothing half done.
    let done = tokio::spawn(async move { site.scene.perform(act).await }).await;
    answer(done.unwrap_or_else(|failed| Err(ActError::Failed(failed.to_string()))))
}

#[derive(Deserialize)]
struct Asked {
    lead: String,
}

async fn why(Shared(site): Shared<Site>, Json(asked): Json<Asked>) -> Response {
    answer(site.scene.why(&asked.lead).await)
}

fn answer(found: ActResult<impl serde::Serialize>) -> Response {
    match found {
        Ok(found) => Json(found).into_response(),
        Err(refused @ ActError::Refused(_)) => problem(StatusCode::CONFLICT, &refused),
        Err(failed) => {
            error!("the demo: {failed}");
            problem(StatusCode::INTERNAL_SERVER_ERROR, &failed)
        }
    }
}

fn problem(status: StatusCode, error: &ActError) -> Response {
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}
