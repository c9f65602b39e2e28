//! Who may use the API: bearers of a key that `dripline key add` printed once. The database knows its hash only.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::Site;
use super::error::Problem;
use crate::domain::token::fingerprint;
use crate::domain::words::words;
use crate::nurture::{Engine, NurtureResult};
use crate::secret::{self, SecretError};
use crate::storage::meta;

words! {
    /// What the bearer of a key may do.
    pub enum Role {
        /// Everything.
        Admin = "admin",
        /// All that is done for single leads.
        Api = "api",
    }
}

/// What keys begin with, so that people and secret scanners know one when they see it.
const PREFIX: &str = "dripline_";

/// Why there is no new key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Random(#[from] SecretError),
    #[error(transparent)]
    Nurture(#[from] crate::nurture::NurtureError),
}

/// A key that was made just now. Nobody else knows it.
pub struct NewKey {
    /// What it is called in lists.
    pub id: i64,
    pub key: String,
}

/// Makes a key and stores its hash. The key itself is the answer, and is known nowhere else.
///
/// # Errors
/// No randomness, or the database.
pub async fn add_key(engine: &Engine, role: Role, name: Option<&str>) -> Result<NewKey, KeyError> {
    let key = format!("{PREFIX}{}", secret::random_text()?);
    let id = store(engine, &key, role, name).await?;
    Ok(NewKey { id, key })
}

async fn store(engine: &Engine, key: &str, role: Role, name: Option<&str>) -> NurtureResult<i64> {
    let mut tx = engine.db.begin().await?;
    let id = meta::add_api_key(&mut tx, &fingerprint(key), role.as_str(), name, engine.clock.now()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Lets a request pass whose key is known. It is looked up by its hash, so that the time this takes tells nothing
/// about the keys that exist.
pub(super) async fn require_key(
    State(site): State<Site>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let refuse = |why| Problem::new(StatusCode::UNAUTHORIZED, why);
    let key = bearer(&request).ok_or_else(|| refuse("send an API key: \"Authorization: Bearer KEY\""))?;
    let mut tx = site.engine.db.read().await?;
    let role = meta::role_of_api_key(&mut tx, &fingerprint(key)).await?;
    drop(tx);
    let role = role.ok_or_else(|| refuse("this API key is not known"))?;
    if role.parse::<Role>().is_err() {
        // A newer version may know roles that are narrower than the ones here.
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            format!("a key of the role \"{role}\" may not do this"),
        ));
    }
    Ok(next.run(request).await)
}

/// The scheme's name is taken in any case (RFC 9110 section 11.1).
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| key.trim())
}
