//! Mails that cannot be taken in.

use data_encoding::BASE64;

use crate::domain::inbound::InboundKind;
use crate::domain::token::fingerprint;
use crate::nurture::change::patiently;
use crate::nurture::engine::Engine;
use crate::nurture::error::NurtureResult;
use crate::storage::inbound::{InboundRow, insert};

/// Keeps a mail that cannot be taken in, or what there is of it, for a person to look at. The same one twice is one.
///
/// # Errors
/// The database; then nothing is recorded.
pub(super) async fn set_aside(engine: &Engine, raw: &[u8], why: &str) -> NurtureResult<()> {
    let raw = BASE64.encode(raw);
    // Of two that left nothing, each is one of its own.
    let hash = fingerprint(if raw.is_empty() { why } else { &raw });
    patiently(|| async {
        let mut tx = engine.db.begin().await?;
        let row = InboundRow {
            id: tx.id()?,
            hash: hash.clone(),
            received_at: engine.clock.now(),
            kind: InboundKind::Unrelated,
            // PostgreSQL takes no NUL.
            evidence: why.replace(char::is_control, " "),
            matched_by: None,
            lead: None,
            message: None,
        };
        insert(&mut tx, &row, raw.clone()).await?;
        Ok(tx.commit().await?)
    })
    .await
}
