//! `GET /healthz`: whether this server can do its work.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tracing::error;

use super::Site;
use super::error::Problem;
use crate::nurture::{Engine, NurtureResult};
use crate::storage::revisions;

/// How long the database may take. Who asks after health asks often, and does not wait long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Healthy is a server whose database answers. That sending is paused is no illness, nor a mailbox out of reach; both
/// are told beside.
pub async fn healthz(State(site): State<Site>) -> Result<Json<Value>, Problem> {
    let why = match tokio::time::timeout(PATIENCE, paused(&site.engine)).await {
        Ok(Ok(paused)) => {
            let mut health = json!({ "status": "ok", "sending": if paused { "paused" } else { "on" } });
            let mailboxes = site.engine.mailboxes.all();
            if !mailboxes.is_empty() {
                let told = mailboxes.iter().map(|(name, state)| (name, state.reading.as_str()));
                health["mailboxes"] = json!(told.collect::<BTreeMap<_, _>>());
            }
            return Ok(Json(health));
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    error!("the database does not answer: {why}");
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"))
}

async fn paused(engine: &Engine) -> NurtureResult<bool> {
    let mut tx = engine.db.read().await?;
    let deployment = revisions::deployment(&mut tx).await?;
    Ok(deployment.is_some_and(|deployment| deployment.paused_because.is_some()))
}
