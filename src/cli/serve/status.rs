//! What `serve` tells people: how it starts, and what was done.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use crate::config;
use crate::domain::enrollment::MessageState;
use crate::domain::event::EventKind;
use crate::domain::time::Timestamp;
use crate::mail::relay::Relay;
use crate::nurture::{Engine, NurtureResult};
use crate::storage::{Tx, enrollments, events, leads, messages, revisions};

/// How the server is started.
pub struct Start<'a> {
    /// Where HTTP is served.
    pub address: SocketAddr,
    pub workspace: &'a Path,
    /// How many leads were imported as examples just now.
    pub examples: u64,
    /// It ends by itself.
    pub until_idle: bool,
}

/// The server as it starts.
pub struct Started<'a> {
    start: Start<'a>,
    public_url: String,
    /// Whether there is a dripline.toml.
    configured: bool,
    revision: i64,
    database: String,
    /// Each relay by name.
    relays: Vec<(String, String)>,
    /// Each mailbox by name, with its folder.
    mailboxes: Vec<(String, String)>,
    /// Mails go into files below this directory: there is no relay.
    outbox: Option<PathBuf>,
    leads: i64,
    /// The address of one, if it is an example.
    example: Option<String>,
    next: Next,
    paused: Option<String>,
}

/// When the next step of any lead is due.
struct Next {
    due: Option<Timestamp>,
    now: Timestamp,
    zone: Tz,
}

impl Next {
    async fn read(engine: &Engine) -> NurtureResult<Self> {
        let zone = engine.revision().await?.workspace.funnel.defaults.timezone;
        let mut tx = engine.db.read().await?;
        let due = enrollments::lanes(&mut tx).await?.into_iter().map(|(_, due)| due).min();
        Ok(Self { due, now: engine.clock.now(), zone })
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.due {
            None => f.write_str("nothing is due"),
            Some(due) if due <= self.now => f.write_str("due now"),
            Some(due) => {
                let local = due.utc().with_timezone(&self.zone);
                write!(f, "{} ({})", local.format("%a %Y-%m-%d %H:%M"), self.zone)
            }
        }
    }
}

impl<'a> Started<'a> {
    pub async fn read(engine: &Engine, start: Start<'a>) -> NurtureResult<Self> {
        let revision = engine.revision().await?.id;
        let next = Next::read(engine).await?;
        let mut tx = engine.db.read().await?;
        let deployment = revisions::deployment(&mut tx).await?;
        let relays = engine.relays.iter().map(|line| (line.name.clone(), line.relay.to_string()));
        let mailboxes = engine.config.mailboxes.iter();
        let mailboxes = mailboxes
            .map(|(name, mailbox)| (name.clone(), format!("{} {}", mailbox.account, mailbox.folder)));
        let files = |relay: &Relay| match relay {
            Relay::File(files) => Some(files.dir().to_owned()),
            Relay::Smtp(_) => None,
        };
        let unconfigured = engine.config.relays.is_empty();
        Ok(Self {
            public_url: engine.config.server.public_url.clone(),
            configured: start.workspace.join(config::FILE).exists(),
            start,
            revision,
            database: engine.db.to_string(),
            relays: relays.collect(),
            mailboxes: mailboxes.collect(),
            outbox: engine.relays.iter().find_map(|line| files(&line.relay)).filter(|_| unconfigured),
            leads: leads::count(&mut tx).await?,
            example: example(&mut tx).await?,
            next,
            paused: deployment.and_then(|deployment| deployment.paused_because),
        })
    }
}

/// The address of the first lead, if it is an example.
async fn example(tx: &mut Tx) -> NurtureResult<Option<String>> {
    let first = leads::behind(tx, 0, 1).await?;
    let first = leads::by_ids(tx, &first).await?.pop();
    Ok(first.filter(|stored| stored.lead.example).map(|stored| stored.lead.email.to_string()))
}

/// How this program was called, so that the hints can be copied.
fn program(workspace: &Path) -> String {
    let called = std::env::args().next().filter(|called| called.contains('/'));
    let called = called.unwrap_or_else(|| "dripline".to_owned());
    let is_found = std::env::var_os("DRIPLINE_WORKSPACE").is_some() || shown(workspace) == Path::new("");
    if is_found { called } else { format!("{called} --workspace {}", shown(workspace).display()) }
}

/// A path as somebody in the current folder would write it.
fn shown(path: &Path) -> &Path {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}

impl fmt::Display for Started<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Dripline {} walks leads through their sequences.\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(
            f,
            "  http       http://{} (links in mails begin with {})",
            self.start.address, self.public_url
        )?;
        writeln!(f, "  workspace  {} (revision {})", self.start.workspace.display(), self.revision)?;
        writeln!(f, "  database   {}", self.database)?;
        match &self.outbox {
            Some(dir) => {
                writeln!(f, "  mail       no relay is configured: mails are written to {}", dir.display())?
            }
            None => {
                self.relays
                    .iter()
                    .try_for_each(|(name, url)| writeln!(f, "  mail       {url} ([relay.{name}])"))?;
            }
        }
        let mut mailboxes = self.mailboxes.iter();
        mailboxes.try_for_each(|(name, place)| writeln!(f, "  replies    {place} ([mailbox.{name}])"))?;
        match self.start.examples {
            0 => writeln!(f, "  leads      {}", self.leads)?,
            examples => {
                writeln!(f, "  leads      {examples} examples, imported from sequences/leads.example.csv")?
            }
        }
        writeln!(f, "  next step  {}", self.next)?;
        if let Some(because) = &self.paused {
            writeln!(f, "  PAUSED     {because}; `dripline resume` lets sending go on")?;
        }
        self.what_next(f)
    }
}

impl Started<'_> {
    fn what_next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = program(self.start.workspace);
        writeln!(f, "\nWhat next:")?;
        if let Some(dir) = &self.outbox {
            hint(f, &format!("ls {}", shown(dir).display()), "the mails, a file each")?;
        }
        if self.leads == 0 {
            hint(f, &format!("{program} import leads.csv"), "bring in your leads")?;
        } else {
            let lead = self.example.as_deref().unwrap_or("EMAIL");
            let why = "why a lead got what it got, and what comes next";
            hint(f, &format!("{program} explain {lead}"), why)?;
        }
        hint(f, &format!("{program} check"), "look for mistakes after an edit; SIGHUP applies it")?;
        if self.outbox.is_some() {
            let file = if self.configured { "edit dripline.toml" } else { "write dripline.toml" };
            hint(f, file, "[relay.main] url sends real mail; examples never get any")?;
        }
        let end = if self.start.until_idle { "Ends when nothing is due." } else { "Ctrl-C ends." };
        writeln!(f, "{end}\n")
    }
}

/// A command and what it is good for; beside it if there is room.
fn hint(f: &mut fmt::Formatter<'_>, command: &str, why: &str) -> fmt::Result {
    match command.chars().count() {
        ..=24 => writeln!(f, "  {command:<24}  {why}"),
        _ => writeln!(f, "  {command}\n  {:24}  {why}", ""),
    }
}

/// What was done so far, counted over the whole database.
pub struct Tally {
    messages: BTreeMap<MessageState, i64>,
    skipped: i64,
    next: Next,
}

impl Tally {
    pub async fn read(engine: &Engine) -> NurtureResult<Self> {
        let next = Next::read(engine).await?;
        let mut tx = engine.db.read().await?;
        let messages = messages::count_by_state(&mut tx).await?.into_iter().collect();
        let events = events::count_by_kind(&mut tx).await?;
        let skipped =
            events.iter().find(|(kind, _)| *kind == EventKind::Skipped).map_or(0, |(_, count)| *count);
        Ok(Self { messages, skipped, next })
    }

    fn count(&self, state: MessageState) -> i64 {
        self.messages.get(&state).copied().unwrap_or(0)
    }

    /// What was done since `before`. What waits is counted as it is now.
    pub fn since<'a>(&'a self, before: &'a Tally) -> Done<'a> {
        Done { before, after: self }
    }
}

/// What one run of the server did.
pub struct Done<'a> {
    before: &'a Tally,
    after: &'a Tally,
}

impl fmt::Display for Done<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grown = |state| self.after.count(state) - self.before.count(state);
        writeln!(f, "Nothing more is due now.")?;
        writeln!(f, "  sent       {}", count(grown(MessageState::Sent), "mail"))?;
        writeln!(f, "  skipped    {}", count(self.after.skipped - self.before.skipped, "step"))?;
        let rare = [
            ("failed", grown(MessageState::Failed), "`dripline explain EMAIL` says why"),
            ("unknown", grown(MessageState::Unknown), "these may have arrived"),
            ("to retry", self.after.count(MessageState::Retry), "a later try may succeed"),
            ("held", self.after.count(MessageState::Held), "a template or a lead needs a correction"),
        ];
        for (name, number, note) in rare.iter().filter(|(_, number, _)| *number > 0) {
            writeln!(f, "  {name:<9}  {}: {note}", count(*number, "mail"))?;
        }
        writeln!(f, "  next step  {}", self.after.next)
    }
}

fn count(number: i64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
