//! What `serve` tells people: how it starts, and what was done.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use crate::domain::enrollment::MessageState;
use crate::domain::event::EventKind;
use crate::domain::time::Timestamp;
use crate::mail::relay::Relay;
use crate::nurture::{Engine, NurtureResult};
use crate::storage::{Tx, enrollments, events, inbound, leads, messages, revisions};

/// The server as it starts.
pub struct Started {
    /// Where HTTP is served.
    address: SocketAddr,
    public_url: String,
    workspace: PathBuf,
    revision: i64,
    database: String,
    /// Each relay by name.
    relays: Vec<(String, String)>,
    /// Mails go into files below this directory: there is no relay.
    outbox: Option<PathBuf>,
    leads: i64,
    /// How many of them were imported as examples just now.
    examples: u64,
    /// The address of one, if it is an example.
    example: Option<String>,
    next: Next,
    /// Mails that came in and wait for a person.
    waiting: i64,
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

impl Started {
    pub async fn read(
        engine: &Engine,
        address: SocketAddr,
        workspace: &Path,
        examples: u64,
    ) -> NurtureResult<Self> {
        let revision = engine.revision().await?.id;
        let next = Next::read(engine).await?;
        let mut tx = engine.db.read().await?;
        let deployment = revisions::deployment(&mut tx).await?;
        let relays = engine.relays.iter().map(|line| (line.name.clone(), line.relay.to_string()));
        let files = |relay: &Relay| match relay {
            Relay::File(files) => Some(files.dir().to_owned()),
            Relay::Smtp(_) => None,
        };
        let unconfigured = engine.config.relays.is_empty();
        Ok(Self {
            address,
            public_url: engine.config.server.public_url.clone(),
            workspace: workspace.to_owned(),
            revision,
            database: engine.db.to_string(),
            relays: relays.collect(),
            outbox: engine.relays.iter().find_map(|line| files(&line.relay)).filter(|_| unconfigured),
            leads: leads::count(&mut tx).await?,
            examples,
            example: example(&mut tx).await?,
            next,
            waiting: inbound::count_waiting(&mut tx).await?,
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
fn program() -> String {
    std::env::args().next().filter(|called| called.contains('/')).unwrap_or_else(|| "dripline".to_owned())
}

impl fmt::Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Dripline {} walks leads through their sequences.\n", env!("CARGO_PKG_VERSION"))?;
        writeln!(f, "  http       http://{} (links in mails begin with {})", self.address, self.public_url)?;
        writeln!(f, "  workspace  {} (revision {})", self.workspace.display(), self.revision)?;
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
        match self.examples {
            0 => writeln!(f, "  leads      {}", self.leads)?,
            examples => {
                writeln!(f, "  leads      {examples} examples, imported from sequences/leads.example.csv")?
            }
        }
        writeln!(f, "  next step  {}", self.next)?;
        if self.waiting > 0 {
            writeln!(f, "  inbound    {} mails wait for a person: `dripline inbound list`", self.waiting)?;
        }
        if let Some(because) = &self.paused {
            writeln!(f, "  PAUSED     {because}; `dripline resume` lets sending go on")?;
        }
        self.what_next(f)
    }
}

impl Started {
    fn what_next(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut hints, program): (Vec<(String, &str)>, String) = (Vec::new(), program());
        if let Some(dir) = &self.outbox {
            hints.push((format!("ls {}", dir.display()), "the mails, a file each"));
        }
        if self.leads == 0 {
            hints.push((format!("{program} import leads.csv"), "bring in your leads"));
        } else {
            let lead = self.example.as_deref().unwrap_or("EMAIL");
            hints.push((
                format!("{program} explain {lead}"),
                "why a lead got what it got, and what comes next",
            ));
        }
        hints.push((format!("{program} check"), "look for mistakes after an edit; SIGHUP applies it"));
        if self.outbox.is_some() {
            hints.push((
                "edit dripline.toml".into(),
                "[relay.main] url sends real mail; examples never get any",
            ));
        }
        let width = hints.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        writeln!(f, "\nWhat next:")?;
        hints.iter().try_for_each(|(command, why)| writeln!(f, "  {command:<width$}  {why}"))?;
        writeln!(f, "Ctrl-C ends.\n")
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
        writeln!(f, "  sent       {} mails", grown(MessageState::Sent))?;
        writeln!(f, "  skipped    {} steps", self.after.skipped - self.before.skipped)?;
        let rare = [
            ("failed", grown(MessageState::Failed), "`dripline explain EMAIL` says why"),
            ("unknown", grown(MessageState::Unknown), "these may have arrived"),
            ("to retry", self.after.count(MessageState::Retry), "a later try may succeed"),
            ("held", self.after.count(MessageState::Held), "a template or a lead needs a correction"),
        ];
        for (name, count, note) in rare.iter().filter(|(_, count, _)| *count > 0) {
            writeln!(f, "  {name:<9}  {count} mails: {note}")?;
        }
        writeln!(f, "  next step  {}", self.after.next)
    }
}
