//! The unsubscribe link of every mail. GET and HEAD show a page with a button and change nothing; POST is the button,
//! and the one click in the mail program (RFC 8058).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Site;
use super::error::Problem;
use super::guard::uninterrupted;
use super::reader::Reader;
use super::tracking::Asker;
use crate::domain::hit::HitKind;
use crate::domain::token::Purpose;
use crate::nurture::{Change, Engine, NurtureResult, hits};
use crate::storage::leads::{self, StoredLead};

/// The body that mail programs post (RFC 8058 section 3.2).
const ONE_CLICK: &[u8] = b"List-Unsubscribe=One-Click";

/// `GET /u/{token}`: asks.
pub async fn ask(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let reader = Reader::of(&site.engine, request.headers()).await;
    let asker = Asker::of(&request);
    match lead_of(&site.engine, Purpose::Unsubscribe, &token).await {
        Ok(Some((stored, message))) => {
            if stored.lead.tracking {
                // Scanners follow this link too, and betray themselves.
                hits::record(&site.engine, asker.hit(&site, HitKind::Leave, stored.lead.id, message)).await;
            }
            let reader = reader.who_reads(&stored);
            let closed = stored.lead.closed_by.or(stored.suppressed_by).is_some();
            let page = if closed { reader.already() } else { reader.question(&stored.lead.email) };
            site.pages.show(StatusCode::OK, &page)
        }
        Ok(None) => site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page()),
        Err(error) => broken(&site, &reader, error.into()),
    }
}

/// `POST /u/{token}`: unsubscribes, as often as it is asked to. Whatever the body says: somebody pressed something.
pub async fn unsubscribe(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let reader = Reader::of(&site.engine, &headers).await;
    let (stored, message) = match lead_of(&site.engine, Purpose::Unsubscribe, &token).await {
        Ok(Some(found)) => found,
        Ok(None) => return site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page()),
        Err(error) => return broken(&site, &reader, error.into()),
    };
    let one_click = body.is_ok_and(|body| body.windows(ONE_CLICK.len()).any(|part| part == ONE_CLICK));
    let because = if one_click { "by one click in the mail program" } else { "by the button on the page" };
    let change = Change::Unsubscribe { message, because: because.to_owned() };
    let (engine, lead) = (site.engine.clone(), stored.lead.id);
    let reader = reader.who_reads(&stored);
    match uninterrupted(async move { change.carry_out(&engine, lead).await }).await {
        Ok(Ok(found)) => site.pages.show(StatusCode::OK, &reader.done(&stored.lead.email, &found)),
        Ok(Err(error)) => broken(&site, &reader, error.into()),
        Err(problem) => broken(&site, &reader, problem),
    }
}

/// The page for an address at which there is none.
pub async fn no_such_page(site: &Site, headers: &HeaderMap) -> Response {
    let reader = Reader::of(&site.engine, headers).await;
    site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page())
}

/// The lead that a genuine token was made for, if there still is one, and the message that it was in.
pub(super) async fn lead_of(
    engine: &Engine,
    purpose: Purpose,
    token: &str,
) -> NurtureResult<Option<(StoredLead, i64)>> {
    let numbers = engine.keys.verify(purpose, token);
    let Some([lead, message]) = numbers.as_deref() else { return Ok(None) };
    let mut tx = engine.db.read().await?;
    Ok(leads::by_id(&mut tx, *lead).await?.map(|stored| (stored, *message)))
}

/// The page that asks to try again.
pub(super) fn broken(site: &Site, reader: &Reader, problem: Problem) -> Response {
    site.pages.show(problem.status, &reader.try_again())
}
