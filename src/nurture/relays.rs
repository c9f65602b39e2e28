//! The relays of this node: which mail goes out by which, and whether one is down.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Config;
use crate::domain::rate::Rate;
use crate::mail::delivery::{Delivery, Envelope};
use crate::mail::file::FileRelay;
use crate::mail::relay::{Relay, RelayUrlError};
use crate::mail::smtp::Connection;

/// Where mail goes that is written without any relay, below the workspace.
const OUTBOX: &str = "outbox";

/// How long a relay that cannot be reached is left alone, at first and at most.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// The relays by their place in the configuration.
pub struct Relays {
    all: Vec<RelayLine>,
}

/// One relay, and how it does.
pub struct RelayLine {
    pub name: String,
    pub relay: Relay,
    pub max_connections: usize,
    pub rate: Option<Rate>,
    down: Mutex<Option<Down>>,
}

struct Down {
    until: Instant,
    rest: Duration,
    why: String,
}

/// An open way to a relay.
pub enum Line {
    Smtp(Box<Connection>),
    File(FileRelay),
}

impl Relays {
    /// The relays of the configuration; without any, files.
    ///
    /// # Errors
    /// A URL that is none, with the relay's name.
    pub fn new(config: &Config, workspace: &Path) -> Result<Self, (String, RelayUrlError)> {
        let mut all = Vec::new();
        for (name, relay) in &config.relays {
            let parsed: Relay = relay.url.parse().map_err(|error| (name.clone(), error))?;
            all.push(RelayLine::new(name, below(parsed, workspace), relay.max_connections, relay.rate));
        }
        if all.is_empty() {
            let files = Relay::File(FileRelay::new(workspace.join(OUTBOX)));
            all.push(RelayLine::new(OUTBOX, files, 4, None));
        }
        Ok(Self { all })
    }

    /// Relays that are made already, each with its name and its number of connections.
    pub fn of(relays: impl IntoIterator<Item = (String, Relay, usize)>) -> Self {
        Self {
            all: relays
                .into_iter()
                .map(|(name, relay, most)| RelayLine::new(&name, relay, most, None))
                .collect(),
        }
    }

    /// The relay with this name, else the one called `main`, else the first: its place.
    pub fn place(&self, name: Option<&str>) -> usize {
        let named = |name: &str| self.all.iter().position(|line| line.name == name);
        name.and_then(named).or_else(|| named("main")).unwrap_or(0)
    }

    /// The relay at a place.
    pub fn at(&self, place: usize) -> Option<&RelayLine> {
        self.all.get(place)
    }

    pub fn iter(&self) -> impl Iterator<Item = &RelayLine> {
        self.all.iter()
    }

    /// Connections of all relays together.
    pub fn connections(&self) -> usize {
        self.all.iter().map(|line| line.max_connections).sum()
    }

    /// Whether any relay is a mail server.
    pub fn has_smtp(&self) -> bool {
        self.all.iter().any(|line| matches!(line.relay, Relay::Smtp(_)))
    }
}

/// A directory of files is meant relative to the workspace.
fn below(relay: Relay, workspace: &Path) -> Relay {
    match relay {
        Relay::File(files) => Relay::File(FileRelay::new(workspace.join(files.dir()))),
        smtp => smtp,
    }
}

impl RelayLine {
    fn new(name: &str, relay: Relay, max_connections: usize, rate: Option<Rate>) -> Self {
        Self { name: name.to_owned(), relay, max_connections, rate, down: Mutex::new(None) }
    }

    fn state(&self) -> MutexGuard<'_, Option<Down>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the relay is left alone now; none if it is not.
    pub fn down(&self) -> Option<String> {
        self.state().as_ref().filter(|down| down.until > Instant::now()).map(|down| down.why.clone())
    }

    /// Opens a way to the relay. A relay that cannot be reached is left alone for a while, longer each time.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn open(&self, hello: &str) -> Result<Line, String> {
        match &self.relay {
            Relay::File(relay) => Ok(Line::File(relay.clone())),
            Relay::Smtp(relay) => match Connection::open(relay, hello).await {
                Ok(connection) => {
                    *self.state() = None;
                    Ok(Line::Smtp(Box::new(connection)))
                }
                Err(error) => {
                    let why = error.to_string();
                    self.rest(&why);
                    Err(why)
                }
            },
        }
    }

    fn rest(&self, why: &str) {
        let mut state = self.state();
        let rest = match state.as_ref() {
            // Connections that fail together are one failure.
            Some(down) if down.until > Instant::now() => return,
            Some(down) => (down.rest * 2).min(LONGEST_REST),
            None => FIRST_REST,
        };
        *state = Some(Down { until: Instant::now() + rest, rest, why: why.to_owned() });
    }
}

impl Line {
    /// Sends one message. `id` names it for a relay that writes files.
    pub async fn send(
        &mut self,
        id: &str,
        envelope: &Envelope,
        raw: &[u8],
        start: impl FnOnce() -> bool,
    ) -> Delivery {
        match self {
            Line::Smtp(connection) => connection.send(envelope, raw, start).await,
            Line::File(relay) => relay.send(id, &envelope.to, raw, start).await,
        }
    }

    /// Whether another message may be sent.
    pub fn usable(&self) -> bool {
        match self {
            Line::Smtp(connection) => connection.usable(),
            Line::File(_) => true,
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Line::Smtp(connection) = self {
            connection.quit().await;
        }
    }
}
