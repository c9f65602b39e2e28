//! What the report counts, over several tables: each number once, by the database, for both of them.
//!
//! These read all that they are about. They are for people who ask, not for the engine.

use std::ops::AddAssign;

use super::error::DbResult;
use super::row::{Cells, word};
use super::sql::{Arg, args};
use super::tx::Tx;
use crate::domain::stage::{Qualification, Stage};
use crate::domain::time::Timestamp;

/// From a moment on, to before another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl Period {
    fn args(self) -> Vec<Arg> {
        let first = Timestamp::from_millis(i64::MIN);
        let last = Timestamp::from_millis(i64::MAX);
        args![self.since.unwrap_or(first), self.until.unwrap_or(last)]
    }

    /// Whether a moment is within it.
    pub fn holds(self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// Whether it is all of the time.
    pub fn is_ever(self) -> bool {
        self == Self::default()
    }
}

/// A step of a sequence, and which of its mails: a variant is another mail in a revision that has another template there.
/// All zero and empty: no mail is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailKey {
    pub seq: String,
    /// The number of the step.
    pub step: i64,
    /// From which the mail was written.
    pub revision: i64,
    pub variant: i64,
}

/// A count as it is read anywhere: sums are NUMERIC on PostgreSQL.
macro_rules! sum {
    ($when:literal) => {
        concat!("CAST(COALESCE(SUM(CASE WHEN ", $when, " THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
}

/// Whether something was done with the mail `m` by a person. Texts within JSON have a `\` before their quotation marks.
macro_rules! happened {
    ($kinds:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM events v WHERE v.message_id = m.id AND v.kind IN (",
            $kinds,
            ") AND v.data NOT LIKE '%\"machine\":\"%')"
        )
    };
}

/// The stages that a move leads from and to: the first thing in the details of its event. `_` is any sign, here the brace.
macro_rules! moves {
    () => {
        "SELECT e.id, e.lead_id, e.at, CASE WHEN e.data LIKE '_\"about\":\"tofu -> %' THEN 'tofu' \
         WHEN e.data LIKE '_\"about\":\"mofu -> %' THEN 'mofu' WHEN e.data LIKE '_\"about\":\"bofu -> %' THEN 'bofu' \
         ELSE 'customer' END AS was, \
         CASE WHEN e.data LIKE '_\"about\":\"____ -> tofu\"%' OR e.data LIKE '_\"about\":\"customer -> tofu\"%' THEN 'tofu' \
         WHEN e.data LIKE '_\"about\":\"____ -> mofu\"%' OR e.data LIKE '_\"about\":\"customer -> mofu\"%' THEN 'mofu' \
         WHEN e.data LIKE '_\"about\":\"____ -> bofu\"%' OR e.data LIKE '_\"about\":\"customer -> bofu\"%' THEN 'bofu' \
         ELSE 'customer' END AS became FROM events e WHERE e.kind = 'stage_changed'"
    };
}

const LEADS: &str = concat!(
    "SELECT stage, qualification, COUNT(*), ",
    sum!("tracking"),
    " FROM leads GROUP BY stage, qualification"
);
const MOVES: &str = concat!(
    "SELECT was, became, COUNT(*) FROM (",
    moves!(),
    " AND e.at >= $1 AND e.at < $2) moved GROUP BY was, became"
);
/// The median is the middle one, or between the two in the middle.
const TIMES: &str = concat!(
    "WITH moved AS (",
    moves!(),
    " AND e.at < $2), timed AS (SELECT m.was, m.at, m.at - COALESCE(LAG(m.at) OVER (PARTITION BY m.lead_id ORDER BY m.at, \
     m.id), (SELECT l.created_at FROM leads l WHERE l.id = m.lead_id)) AS spent FROM moved m), \
     ranked AS (SELECT was, spent, ROW_NUMBER() OVER (PARTITION BY was ORDER BY spent) AS place, \
     COUNT(*) OVER (PARTITION BY was) AS moves FROM timed WHERE at >= $1 AND spent IS NOT NULL) \
     SELECT was, MAX(moves), (MIN(spent) + MAX(spent)) / 2 FROM ranked \
     WHERE place IN ((moves + 1) / 2, (moves + 2) / 2) GROUP BY was"
);
const WALKS: &str = concat!(
    "SELECT seq, COUNT(*), ",
    sum!("state = 'active'"),
    ", ",
    sum!("state = 'finished'"),
    ", ",
    sum!("state = 'reached_goal'"),
    " FROM enrollments WHERE started_at >= $1 AND started_at < $2 GROUP BY seq ORDER BY seq"
);
const MAILS: &str = concat!(
    "SELECT e.seq, m.step, m.revision, m.variant, COUNT(*), ",
    sum!("l.tracking"),
    ", CAST(COALESCE(SUM(CASE WHEN l.tracking AND ",
    happened!("'opened'"),
    " THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN l.tracking AND ",
    happened!("'clicked'"),
    " THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN ",
    happened!("'replied'"),
    " THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN ",
    happened!("'unsubscribed'"),
    " THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN ",
    happened!("'complained'"),
    " THEN 1 ELSE 0 END), 0) AS BIGINT) FROM messages m JOIN enrollments e ON e.id = m.enrollment_id \
     JOIN leads l ON l.id = m.lead_id WHERE m.state = 2 AND m.at >= $1 AND m.at < $2 \
     GROUP BY e.seq, m.step, m.revision, m.variant ORDER BY e.seq, m.step, m.revision, m.variant"
);
/// A hand-over follows from the last mail before it.
const HANDED: &str = concat!(
    "SELECT e.seq, m.step, m.revision, m.variant, COUNT(*), ",
    sum!("h.state = 'won'"),
    " FROM hand_overs h JOIN messages m ON m.id = (SELECT b.id FROM messages b WHERE b.lead_id = h.lead_id AND b.state = 2 \
     AND b.at <= h.opened_at ORDER BY b.at DESC, b.id DESC LIMIT 1) JOIN enrollments e ON e.id = m.enrollment_id \
     WHERE m.at >= $1 AND m.at < $2 GROUP BY e.seq, m.step, m.revision, m.variant"
);
const SOURCES: &str = concat!(
    "SELECT COALESCE(l.source, ''), COUNT(*), ",
    sum!("l.qualification IN ('mql', 'sql')"),
    ", ",
    sum!("l.qualification = 'sql'"),
    ", ",
    sum!("EXISTS (SELECT 1 FROM hand_overs h WHERE h.lead_id = l.id)"),
    ", ",
    sum!("EXISTS (SELECT 1 FROM hand_overs h WHERE h.lead_id = l.id AND h.state = 'won')"),
    ", ",
    sum!(
        "l.stage = 'customer' AND EXISTS (SELECT 1 FROM events v WHERE v.lead_id = l.id AND v.kind = 'stage_changed')"
    ),
    ", CAST(COALESCE(SUM((SELECT SUM(h.amount) FROM hand_overs h WHERE h.lead_id = l.id AND h.state = 'won')), 0) \
     AS DOUBLE PRECISION) FROM leads l WHERE l.created_at >= $1 AND l.created_at < $2 \
     GROUP BY COALESCE(l.source, '') ORDER BY 2 DESC, 1"
);
const REASONS: &str = "SELECT state, COALESCE(reason, ''), COUNT(*) FROM hand_overs WHERE state IN ('lost', 'returned') \
    AND closed_at >= $1 AND closed_at < $2 GROUP BY state, COALESCE(reason, '') ORDER BY state DESC, 3 DESC, 2";

/// How many words of feedback there were of each kind.
macro_rules! feedback {
    ($of:literal, $joins:literal, $by:literal) => {
        concat!(
            "SELECT ",
            $of,
            ", ",
            sum!("v.data LIKE '%\"about\":\"address\"%'"),
            ", ",
            sum!("v.data LIKE '%\"about\":\"benefit\"%'"),
            ", ",
            sum!("v.data LIKE '%\"about\":\"tone\"%'"),
            " FROM events v ",
            $joins,
            " WHERE v.kind = 'feedback' AND v.at >= $1 AND v.at < $2 GROUP BY ",
            $by
        )
    };
}
const FEEDBACK_OF_MAILS: &str = feedback!(
    "COALESCE(e.seq, ''), COALESCE(m.step, 0), COALESCE(m.revision, 0), COALESCE(m.variant, 0)",
    "LEFT JOIN messages m ON m.id = v.message_id LEFT JOIN enrollments e ON e.id = m.enrollment_id",
    "e.seq, m.step, m.revision, m.variant"
);
const FEEDBACK_OF_SOURCES: &str =
    feedback!("COALESCE(l.source, '')", "JOIN leads l ON l.id = v.lead_id", "COALESCE(l.source, '')");

/// Leads of one stage and one qualification, now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadCount {
    pub stage: Stage,
    pub qualification: Qualification,
    pub leads: i64,
    /// How many of them agreed to tracking.
    pub tracked: i64,
}

/// How many leads there are of each stage and qualification.
pub async fn leads(tx: &mut Tx) -> DbResult<Vec<LeadCount>> {
    tx.all(LEADS, vec![], |row| {
        Ok(LeadCount {
            stage: word(&row.text(0)?, "stage")?,
            qualification: word(&row.text(1)?, "qualification")?,
            leads: row.int(2)?,
            tracked: row.int(3)?,
        })
    })
    .await
}

/// How often leads moved from one stage to another.
pub async fn moves(tx: &mut Tx, period: Period) -> DbResult<Vec<(Stage, Stage, i64)>> {
    tx.all(MOVES, period.args(), |row| {
        Ok((word(&row.text(0)?, "stage")?, word(&row.text(1)?, "stage")?, row.int(2)?))
    })
    .await
}

/// How long the leads that left a stage in the period had been in it: how many left, and the median in milliseconds.
pub async fn times(tx: &mut Tx, period: Period) -> DbResult<Vec<(Stage, i64, i64)>> {
    tx.all(TIMES, period.args(), |row| Ok((word(&row.text(0)?, "stage")?, row.int(1)?, row.int(2)?))).await
}

/// Walks of one sequence that began in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkCount {
    pub seq: String,
    pub entered: i64,
    pub active: i64,
    pub finished: i64,
    pub reached_goal: i64,
}

/// How many leads entered each sequence, and what became of them.
pub async fn walks(tx: &mut Tx, period: Period) -> DbResult<Vec<WalkCount>> {
    tx.all(WALKS, period.args(), |row| {
        let (seq, entered, active) = (row.text(0)?, row.int(1)?, row.int(2)?);
        Ok(WalkCount { seq, entered, active, finished: row.int(3)?, reached_goal: row.int(4)? })
    })
    .await
}

/// Mails of one variant that were sent in the period, and what came of them at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailCount {
    pub sent: i64,
    /// To leads that agree to tracking. Opens and clicks are of these.
    pub tracked: i64,
    pub opened: i64,
    pub clicked: i64,
    pub replied: i64,
    pub unsubscribed: i64,
    pub complained: i64,
}

impl AddAssign for MailCount {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.tracked += more.tracked;
        self.opened += more.opened;
        self.clicked += more.clicked;
        self.replied += more.replied;
        self.unsubscribed += more.unsubscribed;
        self.complained += more.complained;
    }
}

/// What came of the mails of each step, revision and variant.
pub async fn mails(tx: &mut Tx, period: Period) -> DbResult<Vec<(MailKey, MailCount)>> {
    tx.all(MAILS, period.args(), |row| {
        let count = MailCount {
            sent: row.int(4)?,
            tracked: row.int(5)?,
            opened: row.int(6)?,
            clicked: row.int(7)?,
            replied: row.int(8)?,
            unsubscribed: row.int(9)?,
            complained: row.int(10)?,
        };
        Ok((mail_key(row)?, count))
    })
    .await
}

fn mail_key(row: &dyn Cells) -> DbResult<MailKey> {
    Ok(MailKey { seq: row.text(0)?, step: row.int(1)?, revision: row.int(2)?, variant: row.int(3)? })
}

/// How many hand-overs came after the mails of each step, as the last ones before them, and how many of these were won.
pub async fn handed_over(tx: &mut Tx, period: Period) -> DbResult<Vec<(MailKey, i64, i64)>> {
    tx.all(HANDED, period.args(), |row| Ok((mail_key(row)?, row.int(4)?, row.int(5)?))).await
}

/// Leads of one source that came in the period, and what became of them until now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceCount {
    pub source: String,
    pub leads: i64,
    /// MQLs, and SQLs.
    pub mql: i64,
    pub sql: i64,
    pub handed_over: i64,
    /// By sales.
    pub won: i64,
    /// Customers that were none when they came.
    pub customers: i64,
    /// What sales won, in the currency of the house.
    pub amount: f64,
}

/// What became of the leads of each source, that with the most leads first.
pub async fn sources(tx: &mut Tx, period: Period) -> DbResult<Vec<SourceCount>> {
    tx.all(SOURCES, period.args(), |row| {
        Ok(SourceCount {
            source: row.text(0)?,
            leads: row.int(1)?,
            mql: row.int(2)?,
            sql: row.int(3)?,
            handed_over: row.int(4)?,
            won: row.int(5)?,
            customers: row.int(6)?,
            amount: row.opt_real(7)?.unwrap_or(0.0),
        })
    })
    .await
}

/// Why hand-overs were lost or returned in the period: `lost` or `returned`, the reason, how many.
pub async fn reasons(tx: &mut Tx, period: Period) -> DbResult<Vec<(String, String, i64)>> {
    tx.all(REASONS, period.args(), |row| Ok((row.text(0)?, row.text(1)?, row.int(2)?))).await
}

/// What sales said of mails: how often of the address, of the benefit, of the tone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedbackCount {
    pub address: i64,
    pub benefit: i64,
    pub tone: i64,
}

impl AddAssign for FeedbackCount {
    fn add_assign(&mut self, more: Self) {
        self.address += more.address;
        self.benefit += more.benefit;
        self.tone += more.tone;
    }
}

fn feedback(row: &dyn Cells, first: usize) -> DbResult<FeedbackCount> {
    Ok(FeedbackCount { address: row.int(first)?, benefit: row.int(first + 1)?, tone: row.int(first + 2)? })
}

/// What sales said of the mails of each step.
pub async fn feedback_of_mails(tx: &mut Tx, period: Period) -> DbResult<Vec<(MailKey, FeedbackCount)>> {
    tx.all(FEEDBACK_OF_MAILS, period.args(), |row| Ok((mail_key(row)?, feedback(row, 4)?))).await
}

/// What sales said of the mails to leads of each source.
pub async fn feedback_of_sources(tx: &mut Tx, period: Period) -> DbResult<Vec<(String, FeedbackCount)>> {
    tx.all(FEEDBACK_OF_SOURCES, period.args(), |row| Ok((row.text(0)?, feedback(row, 1)?))).await
}
