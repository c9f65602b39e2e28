//! The links of a test mail, `GET /t/{token}`: they lead where those of a real mail would. Nothing is recorded, and
//! nobody is stopped.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Site;
use super::reader::Reader;
use super::tracking::{pixel, redirect};
use crate::domain::test_link::TestLink;

/// `GET /t/{token}`
pub async fn follow(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let reader = Reader::of(&site.engine, &headers).await;
    let no_such_page = || site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page());
    match TestLink::read(&site.engine.keys, &token) {
        Some(TestLink::Click(target)) => redirect(&target).unwrap_or_else(no_such_page),
        Some(TestLink::Leave) => site.pages.show(StatusCode::OK, &reader.only_a_test()),
        Some(TestLink::Form) => site.pages.show(StatusCode::OK, &reader.only_a_test_form()),
        Some(TestLink::Open) => pixel(),
        None => no_such_page(),
    }
}

/// `POST /t/{token}`: the button to unsubscribe in the mail program (RFC 8058).
pub async fn leave(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let reader = Reader::of(&site.engine, &headers).await;
    match TestLink::read(&site.engine.keys, &token) {
        Some(TestLink::Leave) => site.pages.show(StatusCode::OK, &reader.only_a_test()),
        _ => site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page()),
    }
}
