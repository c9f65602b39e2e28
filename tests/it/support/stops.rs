//! Every kind of stop and hold, and the look at what the mail server saw afterwards.

use std::time::Instant;

use dripline::domain::gate::{Hold, HoldKind, StopKind};
use dripline::domain::hand_over::Origin;
use dripline::domain::stage::Stage;
use dripline::domain::time::DAY;
use dripline::nurture::Engine;
use dripline::nurture::record::{Found, Record, StopTicket};

use super::smtp_server::Transaction;
use super::world::record;

/// A sequence for leads to be enrolled in that must not get a mail yet.
pub const LATER: &str =
    "title = \"Later\"\nstage = \"customer\"\n[[step]]\nwait = \"9 days\"\nmail = \"mail/later\"\n";

/// What stops or holds a lead.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Stop(StopKind),
    /// Until its cause ends.
    Hold(HoldKind),
    /// Until a time.
    HoldUntil(HoldKind),
    HandOver,
    Unenroll,
    /// In [`LATER`].
    Enroll,
    /// To one without a sequence.
    Stage,
}

pub const KINDS: [Kind; 13] = [
    Kind::Stop(StopKind::Unsubscribe),
    Kind::HandOver,
    Kind::Stop(StopKind::Objection),
    Kind::Hold(HoldKind::Reply),
    Kind::Stop(StopKind::Complaint),
    Kind::HoldUntil(HoldKind::Absence),
    Kind::Stop(StopKind::HardBounce),
    Kind::Unenroll,
    Kind::Stop(StopKind::ByHand),
    Kind::Stage,
    Kind::Stop(StopKind::Erasure),
    Kind::HoldUntil(HoldKind::Pause),
    Kind::Enroll,
];

impl Kind {
    /// Does it to a record.
    pub async fn act(self, record: &mut Record<'_>, lead: i64) -> StopTicket {
        let hold = |kind, until| Hold { kind, until };
        let ticket = match self {
            Kind::Stop(kind) => record.stop(lead, kind, "a test").await,
            Kind::Hold(kind) => record.hold(lead, hold(kind, None), "a test").await,
            Kind::HoldUntil(kind) => {
                let until = record.now + DAY;
                record.hold(lead, hold(kind, Some(until)), "a test").await
            }
            Kind::HandOver => record.hand_over(lead, "a test", None, Origin::Person).await,
            Kind::Unenroll => record.unenroll(lead).await,
            Kind::Enroll => record.enroll(lead, "later").await,
            Kind::Stage => record.change_stage(lead, Stage::Bofu, "a test").await,
        };
        ticket.unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// Does it, commits and settles.
    pub async fn carry_out(self, engine: &Engine, lead: i64) -> Stopped {
        let found = record(engine, async |record| self.act(record, lead).await).await;
        Stopped { kind: self, found, answered: Instant::now() }
    }
}

/// A stop that has answered.
#[derive(Clone, Debug)]
pub struct Stopped {
    pub kind: Kind,
    pub found: Found,
    pub answered: Instant,
}

impl Stopped {
    /// Checks the promise for the lead with this message, of which the mail server saw this: no `MAIL FROM` after the
    /// answer, unless the answer named the mail as on the wire without knowing its end.
    pub fn check(&self, message: Option<i64>, seen: &[&Transaction]) {
        let (kind, found) = (self.kind, &self.found);
        let late = seen.iter().map(|mail| mail.began.saturating_duration_since(self.answered)).max();
        let late = late.filter(|late| !late.is_zero());
        let named = message.is_some_and(|id| found.in_flight_unknown.contains(&id));
        assert!(late.is_none() || named, "{kind:?}: a mail began {late:?} after the answer, {found:?}");
        let taken = seen.iter().any(|mail| mail.accepted);
        assert!(
            !taken || found.cancelled.is_empty(),
            "{kind:?}: it arrived, and is no cancelled mail: {found:?}"
        );
        assert!(taken || found.in_flight_delivered.is_empty(), "{kind:?}: it did not arrive: {found:?}");
    }
}
