//! The rows of the report, as programs read them. Shares are from 0 to 1; none where there is nothing to have a share of.

use serde::Serialize;

use crate::domain::hand_over::HandOverState;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::time::DAY;
use crate::nurture::record::{NOT_A_REPLY, NOT_INTERESTED, WRONG_PERSON};
use crate::storage::report::{FeedbackCount, LeadCount, SourceCount};
use crate::workspace::funnel::SalesRules;

/// A part of a whole, to four decimals.
pub(super) fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0)
}

/// Leads of one stage and one qualification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeadRow {
    pub stage: Stage,
    pub qualification: Qualification,
    pub leads: i64,
    pub tracked: i64,
}

impl From<LeadCount> for LeadRow {
    fn from(count: LeadCount) -> Self {
        let LeadCount { stage, qualification, leads, tracked } = count;
        Self { stage, qualification, leads, tracked }
    }
}

/// Moves from one stage to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MoveRow {
    pub from: Stage,
    pub to: Stage,
    pub moves: i64,
}

impl From<(Stage, Stage, i64)> for MoveRow {
    fn from((from, to, moves): (Stage, Stage, i64)) -> Self {
        Self { from, to, moves }
    }
}

/// How long leads were in a stage before they left it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageRow {
    pub stage: Stage,
    /// How often it was left.
    pub left: i64,
    pub median_days: f64,
}

impl From<(Stage, i64, i64)> for StageRow {
    fn from((stage, left, median): (Stage, i64, i64)) -> Self {
        Self { stage, left, median_days: (median as f64 / DAY as f64 * 100.0).round() / 100.0 }
    }
}

/// A sequence, and the sums of its mails.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SequenceRow {
    pub sequence: String,
    pub title: String,
    pub entered: i64,
    pub active: i64,
    pub finished: i64,
    pub reached_goal: i64,
    pub goal_rate: Option<f64>,
    pub sent: i64,
    pub replied: i64,
    pub unsubscribed: i64,
    pub complained: i64,
    pub handed_over: i64,
    pub won: i64,
}

impl SequenceRow {
    pub(super) fn add(&mut self, mail: &MailRow) {
        self.sent += mail.sent;
        self.replied += mail.replied;
        self.unsubscribed += mail.unsubscribed;
        self.complained += mail.complained;
        self.handed_over += mail.handed_over;
        self.won += mail.won;
    }
}

/// The mails of one step, one variant of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MailRow {
    pub sequence: String,
    pub step: String,
    /// The template that was sent; empty if nobody can tell any more.
    pub mail: String,
    /// From 1; where the template stood last.
    pub variant: i64,
    pub sent: i64,
    pub tracked: i64,
    pub tracked_share: Option<f64>,
    pub opened: i64,
    pub open_rate: Option<f64>,
    pub clicked: i64,
    pub click_rate: Option<f64>,
    pub replied: i64,
    pub reply_rate: Option<f64>,
    pub unsubscribed: i64,
    pub complained: i64,
    pub leave_rate: Option<f64>,
    pub handed_over: i64,
    pub won: i64,
}

/// A source of leads.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceRow {
    /// Empty: no source is known.
    pub source: String,
    pub title: Option<String>,
    pub leads: i64,
    /// Leads of whom all of `[contact] complete` is known; none if funnel.toml asks for nothing.
    pub complete: Option<i64>,
    pub complete_rate: Option<f64>,
    pub mql: i64,
    pub mql_rate: Option<f64>,
    pub sql: i64,
    pub sql_rate: Option<f64>,
    pub handed_over: i64,
    pub won: i64,
    pub amount: f64,
    pub customers: i64,
    pub cost: Option<i64>,
    /// Cost by new customer.
    pub cac: Option<f64>,
    pub address: i64,
    pub benefit: i64,
    pub tone: i64,
}

impl SourceRow {
    pub(super) fn new(count: SourceCount, said: FeedbackCount) -> Self {
        let SourceCount { source, leads, mql, sql, handed_over, won, customers, amount } = count;
        let FeedbackCount { address, benefit, tone } = said;
        let (mql_rate, sql_rate) = (share(mql, leads), share(sql, leads));
        let (title, complete, complete_rate, cost, cac) = (None, None, None, None, None);
        Self {
            source,
            title,
            leads,
            complete,
            complete_rate,
            mql,
            mql_rate,
            sql,
            sql_rate,
            handed_over,
            won,
            amount,
            customers,
            cost,
            cac,
            address,
            benefit,
            tone,
        }
    }

    /// Says how many of the leads are complete.
    pub(super) fn complete(&mut self, count: i64) {
        self.complete = Some(count);
        self.complete_rate = share(count, self.leads);
    }

    /// Says what the source cost.
    pub(super) fn spend(&mut self, cost: Option<i64>) {
        self.cost = cost;
        self.cac = cost
            .filter(|_| self.customers > 0)
            .map(|cost| (cost as f64 / self.customers as f64 * 100.0).round() / 100.0);
    }
}

/// Why hand-overs were lost or returned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReasonRow {
    /// `lost` or `returned`.
    pub state: String,
    pub reason: String,
    /// None: the reason is in somebody's own words.
    pub title: Option<String>,
    pub hand_overs: i64,
}

impl ReasonRow {
    /// With what funnel.toml calls the reason, if it is known.
    pub(super) fn new(
        (state, reason, hand_overs): (String, String, i64),
        rules: Option<&SalesRules>,
    ) -> Self {
        let title = rules.and_then(|rules| titled(rules, &state, &reason)).or_else(|| own_word(&reason));
        Self { title: title.map(str::to_owned), state, reason, hand_overs }
    }
}

fn titled<'r>(rules: &'r SalesRules, state: &str, reason: &str) -> Option<&'r str> {
    if state == HandOverState::Returned.as_str() {
        let rule = rules.returns.iter().find(|(name, _)| name == reason);
        return rule.map(|(_, rule)| rule.title.as_str());
    }
    rules.losses.iter().find(|(name, _)| name == reason).map(|(_, rule)| rule.title.as_str())
}

/// What a reason is called that the program gives itself.
fn own_word(reason: &str) -> Option<&'static str> {
    match reason {
        NOT_A_REPLY => Some("it was no reply"),
        NOT_INTERESTED => Some("not interested"),
        WRONG_PERSON => Some("the wrong person"),
        _ => None,
    }
}

/// What sales said of a mail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeedbackRow {
    /// Empty, as the others: of no certain mail.
    pub sequence: String,
    pub step: String,
    pub mail: String,
    /// How often of the address, of the benefit, of the tone.
    pub address: i64,
    pub benefit: i64,
    pub tone: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_something() {
        assert_eq!([share(1, 3), share(0, 5), share(0, 0)], [Some(0.3333), Some(0.0), None]);
    }

    #[test]
    fn a_customer_costs_what_was_spent() {
        let mut row = SourceRow { customers: 3, ..SourceRow::default() };
        row.spend(Some(1_000));
        assert_eq!((row.cost, row.cac), (Some(1_000), Some(333.33)));
        row.customers = 0;
        row.spend(Some(1_000));
        assert_eq!((row.cost, row.cac), (Some(1_000), None), "nobody was won by it");
    }
}
