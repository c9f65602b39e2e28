//! `GET /metrics`: for Prometheus, with an API key.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::error::Problem;
use crate::nurture::metrics;

/// The media type of OpenMetrics.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub async fn metrics(State(site): State<Site>) -> Result<Response, Problem> {
    let text = metrics::render(&site.engine).await?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}
