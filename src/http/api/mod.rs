//! `/api/v1`: for programs, with a key.

mod changes;
mod companies;
mod events;
mod fields;
mod lead_body;
mod lead_list;
mod lead_view;
mod leads;
mod purchase;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::Site;
pub use lead_view::LeadView;

/// The largest body with many events, in bytes: some 4 KB for each.
const LARGEST_BATCH: usize = 4 * 1024 * 1024;

/// The routes below `/api/v1`.
pub fn router() -> Router<Site> {
    Router::new()
        .route("/leads", get(lead_list::list).post(leads::store))
        .route("/leads/{lead}", get(leads::show))
        .route("/leads/{lead}/hand-over", changes::route(changes::hand_over))
        .route("/leads/{lead}/events", post(events::tell))
        .route("/events", post(events::tell_many).layer(DefaultBodyLimit::max(LARGEST_BATCH)))
        .route("/leads/{lead}/consent", changes::route(changes::consent))
        .route("/leads/{lead}/accept", changes::route(changes::accept))
        .route("/leads/{lead}/won", changes::route(changes::won))
        .route("/leads/{lead}/lost", changes::route(changes::lost))
        .route("/leads/{lead}/return", changes::route(changes::give_back))
        .route("/leads/{lead}/no", changes::route(changes::no))
        .route("/leads/{lead}/later", changes::route(changes::later))
        .route("/leads/{lead}/meeting", changes::route(changes::meeting))
        .route("/leads/{lead}/offer", changes::route(changes::offer))
        .route("/leads/{lead}/not-a-reply", changes::route(changes::not_a_reply))
        .route("/leads/{lead}/wrong-person", changes::route(changes::wrong_person))
        .route("/leads/{lead}/feedback", changes::route(changes::feedback))
        .route("/leads/{lead}/pause", changes::route(changes::pause))
        .route("/leads/{lead}/resume", changes::route(changes::resume))
        .route("/leads/{lead}/stop", changes::route(changes::stop))
        .route("/companies/{company}/deal", post(companies::deal))
}
