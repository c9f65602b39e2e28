//! `[mailbox.NAME]`: a mailbox from which mail is taken in.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::time::{DAY, MINUTE};
use crate::domain::wait::Wait;
use crate::mail::ImapAccount;
use crate::workspace::code::Code;
use crate::workspace::source::Finding;
use crate::workspace::table::Table;

/// `[mailbox.NAME]`
#[derive(Clone, Debug)]
pub struct MailboxConfig {
    /// `url`, and `password` if it does not stand in there. Must be given.
    pub account: ImapAccount,
    /// `INBOX`.
    pub folder: String,
    /// What is done to a mail once it is recorded. `seen`.
    pub then: Then,
    /// When the mailbox is first looked at, mails of so long are taken in; older ones are left alone. Milliseconds.
    /// 1 day.
    pub since: i64,
    /// It holds what the company sent: mails to leads that are with sales stop the rep's clock, and nothing is kept of all
    /// others. No.
    pub sent: bool,
    /// How often it is looked at, whatever the server tells by itself. 1 minute.
    pub poll: Duration,
}

/// What is done to a mail in the mailbox once it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Keep,
    /// It is marked as seen.
    Seen,
    /// It is moved into this folder, which is made if it is missing.
    Move(String),
}

/// Servers end a connection that is idle for half an hour.
const POLLS: RangeInclusive<i64> = MINUTE..=25 * MINUTE;

impl MailboxConfig {
    /// Which mailbox it is, for the record of how far it has been read.
    pub fn place(&self) -> String {
        let Self { account, folder, .. } = self;
        format!("{}@{}:{}/{folder}", account.user(), account.host(), account.port())
    }
}

impl FromStr for Then {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(' ') {
            None if text == "keep" => Ok(Self::Keep),
            None if text == "seen" => Ok(Self::Seen),
            Some(("move", folder)) if !folder.trim().is_empty() => Ok(Self::Move(folder.trim().to_owned())),
            _ => Err(format!("`{text}` is none of `keep`, `seen` and `move FOLDER`")),
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Seen => f.write_str("seen"),
            Self::Move(folder) => write!(f, "move {folder}"),
        }
    }
}

/// Reads a table. None if there is no mailbox without what is missing or wrong in it.
pub(super) fn read(mut table: Table) -> Option<MailboxConfig> {
    let password = table.text("password").map(|text| text.value.to_owned());
    let url = table.required("url", "\"imaps://USER:PASSWORD@imap.example.com\"");
    let account = url.as_ref().and_then(|url| url.parse::<ImapAccount>());
    let account = account.map(|account| match &password {
        Some(password) => account.with_password(password),
        None => account,
    });
    if let (Some(url), Some(account)) = (&url, &account)
        && !account.has_password()
    {
        let finding = Finding::new(Code::Missing, "there is no password for this mailbox");
        url.report(finding.help("write password = \"…\" beside it, or set DRIPLINE_MAILBOX__NAME__PASSWORD"));
    }
    let folder = table.text("folder").map_or("INBOX", |text| text.value).to_owned();
    let sent = table.flag("sent").unwrap_or(false);
    let (then, since, poll) = (then(&mut table, &folder), table.parse("since"), poll(&mut table));
    table.finish();
    Some(MailboxConfig {
        account: account?,
        folder,
        then: then.unwrap_or(Then::Seen),
        sent,
        since: since.map_or(DAY, millis),
        poll: poll.unwrap_or(Duration::from_secs(60)),
    })
}

fn then(table: &mut Table, folder: &str) -> Option<Then> {
    let text = table.text("then")?;
    text.read(|text| match text.parse()? {
        Then::Move(to) if to == folder => {
            Err(format!("mails of `{folder}` cannot be moved to where they are"))
        }
        then => Ok(then),
    })
}

fn poll(table: &mut Table) -> Option<Duration> {
    let text = table.text("poll")?;
    let millis = millis(text.parse()?);
    if POLLS.contains(&millis) {
        return u64::try_from(millis).ok().map(Duration::from_millis);
    }
    text.report(Finding::new(Code::BadValue, "`poll` is from 1 to 25 minutes"));
    None
}

fn millis(wait: Wait) -> i64 {
    match wait {
        Wait::Exact(millis) => millis,
        Wait::Days(days) => i64::from(days) * DAY,
    }
}
