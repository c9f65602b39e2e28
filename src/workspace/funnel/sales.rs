//! [`SalesRules`]: by when a rep answers, and what becomes of leads that come back: `[hand_over]`, `[returned.NAME]` and
//! `[lost.NAME]` of funnel.toml.

use super::super::mention::{Noun, Role};
use super::super::names;
use super::super::table::{Table, Text};
use crate::domain::stage::Stage;
use crate::domain::suggest::nearest;
use crate::domain::wait::Wait;

/// What marketing and sales agreed on for the time in which a lead is with sales, and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SalesRules {
    /// `[hand_over] respond_within`: the rep's working time in which a lead hears from sales, in milliseconds. None: there
    /// is no deadline.
    pub respond_within: Option<i64>,
    /// `[hand_over] escalate_after`: the working time after the reminder, in milliseconds. None: nobody else is told.
    pub escalate_after: Option<i64>,
    /// `[returned.NAME]`, in the order of the file. None.
    pub returns: Vec<(String, ReturnRule)>,
    /// `[lost.NAME]`, in the order of the file. None.
    pub losses: Vec<(String, LossRule)>,
    /// `[hand_over] quiet`: how long a returned lead rests. Until the next day.
    pub quiet: Option<Wait>,
}

/// `[returned.NAME]`: why sales gives a lead back, and what marketing does then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnRule {
    /// What a rep chooses. The name.
    pub title: String,
    /// How long nothing is sent. As `[hand_over] quiet` says.
    pub quiet: Option<Wait>,
    /// The stage that the lead goes to. The one that it is in.
    pub stage: Option<Stage>,
    /// The id of the sequence that it walks. It goes on where it was.
    pub sequence: Option<String>,
}

/// `[lost.NAME]`: why sales lost a lead, and whether marketing begins again some day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LossRule {
    /// What a rep chooses. The name.
    pub title: String,
    /// After this time marketing begins again. None: never.
    pub again: Option<Wait>,
    /// The id of the sequence that it begins with. It goes on where it was, or with the best of its stage.
    pub sequence: Option<String>,
}

impl SalesRules {
    /// What follows from a return for this reason. One that funnel.toml does not name has no rule of its own.
    pub fn returned(&self, reason: &str) -> ReturnRule {
        let rule = self.returns.iter().find(|(name, _)| name == reason).map(|(_, rule)| rule.clone());
        let rule = rule.unwrap_or_else(|| ReturnRule { title: reason.to_owned(), ..ReturnRule::default() });
        ReturnRule { quiet: rule.quiet.or(self.quiet), ..rule }
    }

    /// The `[returned.NAME]` that a reason is probably meant to be, and is not: any words will do, but one word that nearly is a
    /// name is a slip.
    pub fn meant_return(&self, reason: &str) -> Option<&str> {
        meant(reason, self.returns.iter().map(|(name, _)| name.as_str()))
    }

    /// The same of `[lost.NAME]`.
    pub fn meant_loss(&self, reason: &str) -> Option<&str> {
        meant(reason, self.losses.iter().map(|(name, _)| name.as_str()))
    }

    /// What follows from a loss for this reason.
    pub fn lost(&self, reason: &str) -> LossRule {
        let rule = self.losses.iter().find(|(name, _)| name == reason).map(|(_, rule)| rule.clone());
        rule.unwrap_or_else(|| LossRule { title: reason.to_owned(), ..LossRule::default() })
    }
}

fn meant<'r>(reason: &str, names: impl Iterator<Item = &'r str>) -> Option<&'r str> {
    let one_word = !reason.contains(char::is_whitespace);
    nearest(reason, names).filter(|name| one_word && *name != reason)
}

/// Reads the tables. What is wrong is reported.
pub(super) fn read(root: &mut Table) -> SalesRules {
    let mut table = root.table("hand_over");
    let respond_within = table.text("respond_within").and_then(|text| text.read(working));
    let escalate_after = table.text("escalate_after").and_then(|text| text.read(working));
    let quiet = table.parse("quiet");
    table.finish();
    SalesRules { respond_within, escalate_after, returns: returns(root), losses: losses(root), quiet }
}

/// Working time: days of it have no length that all would agree on.
fn working(text: &str) -> Result<i64, String> {
    match text.parse::<Wait>() {
        Ok(Wait::Exact(millis)) if millis > 0 => Ok(millis),
        Ok(_) => {
            Err(format!("`{text}` is no working time; write it in hours or minutes, such as \"8 hours\""))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn returns(root: &mut Table) -> Vec<(String, ReturnRule)> {
    let rule = |(name, mut table): (Text, Table)| {
        let rule = ReturnRule {
            title: title(&mut table, &name),
            quiet: table.parse("quiet"),
            stage: table.parse("stage"),
            sequence: sequence(&mut table),
        };
        table.finish();
        (name.value.to_owned(), rule)
    };
    names::tables(root, "returned").into_iter().map(rule).collect()
}

fn losses(root: &mut Table) -> Vec<(String, LossRule)> {
    let rule = |(name, mut table): (Text, Table)| {
        let rule = LossRule {
            title: title(&mut table, &name),
            again: table.parse("again"),
            sequence: sequence(&mut table),
        };
        table.finish();
        (name.value.to_owned(), rule)
    };
    names::tables(root, "lost").into_iter().map(rule).collect()
}

fn title(table: &mut Table, name: &Text) -> String {
    table.text("title").map_or(name.value, |title| title.one_line()).to_owned()
}

fn sequence(table: &mut Table) -> Option<String> {
    let text = table.text("sequence")?;
    // The sequences are read after this file.
    text.mention(Noun::Sequence, Role::Asks);
    Some(text.value.to_owned())
}
