//! What holds for every request: a bound on its time, safe headers, one line in the log.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{error, info};

use super::error::Problem;

/// The longest that a request may take. A stop waits ten seconds at most for what is on the wire.
const LONGEST: Duration = Duration::from_secs(30);

/// Gives up a request that takes too long.
pub async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this took too long").into_response(),
    }
}

/// Carries out work that must not end halfway because somebody hung up.
pub async fn uninterrupted<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|failed| {
        error!("a request failed: {failed}");
        Problem::internal()
    })
}

/// The answer of a handler that panicked.
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    error!("a request failed: it panicked: {text}");
    Problem::internal().into_response()
}

/// Answers are of today, of the type they say, and for nobody's frame. A page says itself what it may load.
pub async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// Notes each request by its route: the path itself may hold tokens and addresses. Health is asked for all the time,
/// and worth a line only if it is bad.
pub async fn log(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    if route == "/healthz" && response.status().is_success() {
        return response;
    }
    info!(
        http.method = %method,
        http.route = route,
        http.status = response.status().as_u16(),
        http.ms = began.elapsed().as_millis() as u64,
        "request"
    );
    response
}
