//! What else sales says of a lead while it has it: later, a meeting, an offer, no reply at all; and what is seen of its
//! answers.

use super::{Record, StopTicket};
use crate::domain::enrollment::MessageState;
use crate::domain::event::{Details, EventKind};
use crate::domain::feedback::Feedback;
use crate::domain::hand_over::{HandOverState, Origin};
use crate::domain::hit::Machine;
use crate::domain::stage::{Party, Qualification};
use crate::domain::time::Timestamp;
use crate::nurture::error::{NurtureError, NurtureResult};
use crate::nurture::notify;
use crate::storage::hand_overs::Closing;
use crate::storage::{events, hand_overs, leads, messages, responses};

/// The reason of a hand-over that came by what was no reply.
pub const NOT_A_REPLY: &str = "not_a_reply";

/// The reason of a hand-over of somebody who is not the one to talk to.
pub const WRONG_PERSON: &str = "wrong_person";

/// The reason of a lead that is not interested.
pub const NOT_INTERESTED: &str = "not_interested";

impl Record<'_> {
    /// The rep wants to be reminded at a time. The lead stays with sales until then.
    pub async fn postpone(&mut self, lead: i64, until: Timestamp) -> NurtureResult<()> {
        self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        responses::postpone(self.tx, open.id, until).await?;
        let details = Details { about: Some(until.to_string()), ..Details::default() };
        self.event(lead, EventKind::Postponed, details).await
    }

    /// Sales and the lead agreed to meet.
    pub async fn meeting(&mut self, lead: i64) -> NurtureResult<()> {
        let id = self.commit_to(lead, "a meeting is agreed").await?;
        if responses::meeting(self.tx, id, self.now).await? {
            self.event(lead, EventKind::MeetingAgreed, Details::default()).await?;
        }
        Ok(())
    }

    /// The lead wants an offer.
    pub async fn offer_asked(&mut self, lead: i64) -> NurtureResult<()> {
        let id = self.commit_to(lead, "an offer was asked for").await?;
        if responses::offer(self.tx, id, self.now).await? {
            self.event(lead, EventKind::OfferAsked, Details::default()).await?;
        }
        Ok(())
    }

    /// A commitment of the lead is an opportunity, and makes it an SQL. The hand-over that it is of.
    async fn commit_to(&mut self, lead: i64, because: &str) -> NurtureResult<i64> {
        let stored = self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        hand_overs::accept(self.tx, open.id, HandOverState::Opportunity, None, self.now).await?;
        responses::stop_clock(self.tx, open.id).await?;
        self.qualify(&stored, Qualification::Sql, because).await?;
        Ok(open.id)
    }

    /// Somebody else of the team has the lead from now on, and knows of it.
    pub(crate) async fn take_over(&mut self, lead: i64, rep: &str) -> NurtureResult<()> {
        let stored = self.lead(lead).await?;
        let open = self.open_hand_over(lead).await?;
        hand_overs::accept(self.tx, open.id, HandOverState::Accepted, Some(rep), self.now).await?;
        leads::set_party(self.tx, lead, Party::Sales, Some(rep)).await?;
        notify::taken_over(self, &stored, open.rep.as_deref(), rep).await?;
        self.release(&stored).await?;
        let about = Some(rep.to_owned());
        self.event(lead, EventKind::Accepted, Details { about, ..Details::default() }).await
    }

    /// What came in was no reply: marketing goes on as if it had not been. The event stays, and is marked.
    pub async fn not_a_reply(&mut self, lead: i64) -> NurtureResult<StopTicket> {
        self.lead(lead).await?;
        let refused = |why: &str| NurtureError::Refused(why.into());
        let open = self.open_hand_over(lead).await?;
        let replied = events::last(self.tx, lead, EventKind::Replied).await?;
        // Whoever was handed over for another reason stays with sales, whatever came in since.
        let came_by_reply = open.origin == Origin::Reply;
        let Some((event, _, reply)) = replied.filter(|_| came_by_reply) else {
            return Err(refused("the lead did not come to sales by a reply"));
        };
        // And so does whoever was in touch once more.
        let met = events::last(self.tx, lead, EventKind::MeetingBooked).await?;
        let since = [Some(reply.at), met.map(|(_, _, met)| met.at)].into_iter().flatten().max();
        if since.is_some_and(|at| at > open.opened_at) || open.state == HandOverState::Opportunity {
            return Err(refused("the lead has been in touch since; `return` gives it back to marketing"));
        }
        let details = Details { machine: Some(Machine::SaidSo), points: None, ..reply.details };
        events::mark(self.tx, event, &details).await?;
        leads::clear_prospect(self.tx, lead, event).await?;
        self.recount(&[lead]).await?;
        let closing = Closing { state: HandOverState::Returned, reason: Some(NOT_A_REPLY), amount: None };
        self.close_as(lead, closing, EventKind::NotAReply, None).await?;
        self.wake(&[lead]).await?;
        self.offer(&[lead]).await?;
        // What it did meanwhile may make it ready: the rules were not asked while sales had it.
        self.appraise(&[lead], self.now).await
    }

    /// Somebody else is the one to talk to: marketing lets go of this one.
    pub async fn refer(&mut self, lead: i64, to: &str) -> NurtureResult<StopTicket> {
        let closing = Closing { state: HandOverState::Lost, reason: Some(WRONG_PERSON), amount: None };
        self.lead(lead).await?;
        self.close_as(lead, closing, EventKind::Referred, Some(to)).await?;
        leads::set_enrolls(self.tx, lead, false).await?;
        self.end_walk(lead, "somebody else is the one to talk to").await
    }

    /// Keeps what sales says of the mail that the lead answered; of the last one that it got, if it answered none.
    pub async fn feedback(&mut self, lead: i64, feedback: &Feedback) -> NurtureResult<()> {
        let answered = events::last(self.tx, lead, EventKind::Replied).await?;
        let answered = answered.and_then(|(_, message, _)| message);
        let message = match answered {
            Some(message) => Some(message),
            None => {
                let sent = messages::of_lead(self.tx, lead).await?;
                let sent = sent.iter().rev().find(|message| message.state == MessageState::Sent);
                sent.map(|message| message.id)
            }
        };
        let because = (!feedback.words.is_empty()).then(|| feedback.words.clone());
        let details = Details { about: Some(feedback.about.to_string()), because, ..Details::default() };
        self.event_of(lead, message, EventKind::Feedback, details).await
    }

    /// A mail of sales to the lead was seen: the clock stops. False: nothing waited for it.
    pub(crate) async fn seen_answer(&mut self, lead: i64, by: &str, subject: &str) -> NurtureResult<bool> {
        self.lead(lead).await?;
        let Some(open) = responses::open_of(self.tx, lead).await? else { return Ok(false) };
        if !responses::answered(self.tx, open.hand_over, self.now).await? {
            return Ok(false);
        }
        let because = (!subject.is_empty()).then(|| subject.to_owned());
        let details = Details { about: Some(by.to_owned()), because, ..Details::default() };
        self.event(lead, EventKind::Answered, details).await?;
        Ok(true)
    }
}
