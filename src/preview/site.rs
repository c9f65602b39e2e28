//! The gallery over HTTP: a page, its data, a frame for each mail, and a stream that tells of edits.
//!
//! The page may load from here and nowhere else. A frame holds what marketers wrote: it has no script, and loads images
//! from the web only if somebody asks for them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{Stream, unfold};
use serde::Deserialize;
use tokio::sync::watch::Receiver;

use super::frame::{Colours, in_colours};
use super::shot::Camera;
use super::watch::{Preview, Print};
use crate::workspace::RenderError;

pub(super) const INDEX: &str = include_str!("page/index.html");
pub(super) const STYLE: &str =
    concat!(include_str!("page/base.css"), include_str!("page/strip.css"), include_str!("page/mail.css"),);
pub(super) const SCRIPT: &str = concat!(
    include_str!("page/dom.js"),
    include_str!("page/state.js"),
    include_str!("page/frame.js"),
    include_str!("page/problems.js"),
    include_str!("page/strip.js"),
    include_str!("page/mail.js"),
    include_str!("page/main.js"),
);

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FRAME_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'";
const FRAME_POLICY_WITH_IMAGES: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    img-src data: http: https:; form-action 'none'; frame-ancestors 'self'";

/// The routes. Unless `open` to the network, only what was asked for by a name of this machine is answered: pages of
/// others must not read here by a name of theirs that leads to it.
pub fn router(preview: Arc<Preview>, open: bool) -> Router {
    let routes = Router::new()
        .route("/", get(|| page(Html(INDEX))))
        .route("/preview.css", get(|| page(([(header::CONTENT_TYPE, "text/css")], STYLE))))
        .route("/preview.js", get(|| page(([(header::CONTENT_TYPE, "text/javascript")], SCRIPT))))
        .route("/gallery.json", get(gallery))
        .route("/frame/{lead}/{language}/{colours}/{*mail}", get(frame))
        .route("/live", get(live))
        .layer(from_fn(protect))
        .with_state(preview);
    if open { routes } else { routes.layer(from_fn(only_this_machine)) }
}

async fn page(content: impl IntoResponse) -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], content)
}

async fn gallery(State(preview): State<Arc<Preview>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], preview.current().json.clone())
}

/// How a frame is wanted.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    images: bool,
}

async fn frame(
    State(preview): State<Arc<Preview>>,
    Path((lead, language, colours, mail)): Path<(String, String, Colours, String)>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let print = preview.current();
    let policy = if wanted.images { FRAME_POLICY_WITH_IMAGES } else { FRAME_POLICY };
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    match document(&print, preview.public_url(), (&lead, &language), &mail) {
        Some(Ok(document)) => (policy, Html(in_colours(&document, colours))).into_response(),
        // The page says it better.
        Some(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, policy, error.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn document(
    print: &Print,
    public_url: &str,
    (lead, language): (&str, &str),
    mail: &str,
) -> Option<Result<String, RenderError>> {
    let workspace = print.edition.workspace.as_deref()?;
    let persona = print.edition.persona(lead)?;
    workspace.templates.languages(mail).find(|known| *known == language)?;
    Some(Camera { workspace, public_url }.document(mail, language, persona))
}

/// The version at once, and then whenever it changes.
async fn live(State(preview): State<Arc<Preview>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut prints = preview.subscribe();
    prints.mark_changed();
    let events = unfold(prints, async |mut prints: Receiver<Arc<Print>>| {
        prints.changed().await.ok()?;
        let version = prints.borrow_and_update().version.clone();
        Some((Ok(Event::default().data(version)), prints))
    });
    Sse::new(Box::pin(events)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn only_this_machine(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if is_this_machine(host) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "the preview answers to localhost only; --host says otherwise").into_response()
}

/// Whether the host of a request is a name of this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_this_machine_are_not_answered() {
        for host in ["localhost:8081", "127.0.0.1", "[::1]:8081", "LOCALHOST"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example:8081", "localhost.evil.example", "192.168.0.5:80", "[::"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
