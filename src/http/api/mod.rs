//! `/api/v1`: for programs, with a key.

mod events;
mod fields;
mod lead_body;
mod lead_view;
mod leads;

use axum::Router;
use axum::routing::{get, post};

use super::Site;
pub use lead_view::LeadView;

/// The routes below `/api/v1`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/leads", post(leads::store))
        .route("/leads/{lead}", get(leads::show))
        .route("/leads/{lead}/hand-over", post(leads::hand_over))
        .route("/leads/{lead}/events", post(events::tell))
        .route("/leads/{lead}/accept", post(leads::accept))
        .route("/leads/{lead}/won", post(leads::won))
        .route("/leads/{lead}/lost", post(leads::lost))
        .route("/leads/{lead}/return", post(leads::give_back))
        .route("/leads/{lead}/stop", post(leads::stop))
}
