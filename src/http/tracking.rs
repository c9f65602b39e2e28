//! The picture and the links of tracked mails: `GET /o/{token}.gif`, `GET /c/{token}`. What is seen is stored before it
//! is answered, and has no effect until it is judged. HEAD is answered alike, and betrays a machine.
//!
//! These are asked for far more often than anything else, so they stand beside what holds for other requests.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Site;
use super::network::Network;
use super::recipient;
use crate::domain::hit::{Hit, HitKind};
use crate::domain::token::Purpose;
use crate::nurture::hits;

/// A transparent GIF of one pixel.
const PIXEL: &[u8] = &[
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 0xf9, 4, 1, 0, 0, 0,
    0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// No browser says more about itself that would help, in characters.
const LONGEST_AGENT: usize = 300;

/// The routes of tracked mails.
pub fn router(site: Site) -> Router {
    Router::new().route("/o/{file}", get(open)).route("/c/{token}", get(click)).with_state(site)
}

/// Who asks, and how.
pub(super) struct Asker {
    head: bool,
    agent: String,
    network: String,
}

impl Asker {
    pub fn of(request: &Request) -> Self {
        let agent = request.headers().get(header::USER_AGENT).map_or(&[][..], HeaderValue::as_bytes);
        let agent = String::from_utf8_lossy(agent);
        Self {
            head: request.method() == Method::HEAD,
            agent: agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect(),
            network: Network::of(request).to_string(),
        }
    }

    /// What they did.
    pub fn hit(self, site: &Site, kind: HitKind, lead: i64, message: i64) -> Hit {
        Hit {
            // It is given one when it is stored.
            id: 0,
            lead,
            message,
            kind,
            at: site.engine.clock.now(),
            head: self.head,
            link: None,
            target: None,
            agent: self.agent,
            network: self.network,
        }
    }
}

/// `GET /o/{token}.gif`
async fn open(State(site): State<Site>, Path(file): Path<String>, request: Request) -> Response {
    let token = file.strip_suffix(".gif");
    let numbers = token.and_then(|token| site.engine.keys.verify(Purpose::Open, token));
    let Some([lead, message]) = numbers.as_deref() else { return StatusCode::NOT_FOUND.into_response() };
    let hit = Asker::of(&request).hit(&site, HitKind::Open, *lead, *message);
    if !hits::record(&site.engine, hit).await {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    pixel()
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The picture.
pub(super) fn pixel() -> Response {
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static("image/gif")), (header::CACHE_CONTROL, NO_STORE)];
    (headers, PIXEL).into_response()
}

/// `GET /c/{token}`: leads where the mail pointed, and nowhere else.
async fn click(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let Some((hit, target)) = read_click(&site, &token, &request) else {
        return no_such_page(&site, request.headers()).await;
    };
    // Somebody waits for the page. If a click cannot be stored, they get there all the same.
    hits::record(&site.engine, hit).await;
    target
}

/// The answer that leads to a page; none if there can be no such page.
pub(super) fn redirect(url: &str) -> Option<Response> {
    let headers = [
        (header::LOCATION, HeaderValue::try_from(in_ascii(url)).ok()?),
        (header::CACHE_CONTROL, NO_STORE),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Some((StatusCode::FOUND, headers).into_response())
}

/// The hit of a genuine token, and the answer that leads on.
fn read_click(site: &Site, token: &str, request: &Request) -> Option<(Hit, Response)> {
    let ([lead, message, link, links], target) = site.engine.keys.verify_text(Purpose::Click, token)?;
    let (_, url) = target.split_once('\n')?;
    let answer = redirect(url)?;
    let hit = Asker::of(request).hit(site, HitKind::Click, lead, message);
    Some((Hit { link: Some((link, links)), target: Some(target), ..hit }, answer))
}

/// A URL as headers hold it: what is not ASCII is escaped (RFC 3986 section 2.1).
fn in_ascii(url: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'!'..=b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    url.bytes().map(escaped).collect()
}

async fn no_such_page(site: &Site, headers: &HeaderMap) -> Response {
    recipient::no_such_page(site, headers).await
}
