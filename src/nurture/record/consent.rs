//! What a person agreed to after it became a lead.

use super::Record;
use crate::domain::consent::{Channel, Consent};
use crate::domain::event::{Details, EventKind};
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::storage::{consents, leads};

impl Record<'_> {
    /// Records a consent of a known lead, and perhaps that it agreed, or no longer agrees, to be tracked.
    ///
    /// # Errors
    /// [`NurtureError::Refused`] if the lead is stopped: only the person opens that again, by a form of its own.
    pub async fn consent(
        &mut self,
        lead: i64,
        consent: Consent,
        tracking: Option<bool>,
    ) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        if let Some(kind) = stored.lead.closed_by.or(stored.suppressed_by) {
            return Err(NurtureError::Refused(format!(
                "no consent is recorded for somebody who is not written to because {}: only the person can undo that",
                kind.because()
            )));
        }
        if consent.at > self.now {
            return Err(NurtureError::Refused("nobody has agreed in the future".to_owned()));
        }
        let basis = consent.basis;
        if consent.channel == Channel::Email && stored.lead.basis.is_none_or(|known| known < basis) {
            leads::set_basis(self.tx, lead, basis).await?;
        }
        if let Some(tracking) = tracking.filter(|tracking| *tracking != stored.lead.tracking) {
            leads::set_tracking(self.tx, lead, tracking).await?;
        }
        let details = Details {
            about: Some(format!("{} ({basis})", consent.channel)),
            because: consent.wording.clone(),
            ..Details::default()
        };
        consents::insert(self.tx, &[(lead, consent)]).await?;
        self.event(lead, EventKind::Consented, details).await?;
        self.wake(&[lead]).await?;
        self.offer(&[lead]).await.map(|_| ())
    }
}
