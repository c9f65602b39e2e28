//! `dripline demo`: the whole product in one process, with everybody who has to do with it: two leads, a rep, their mail
//! server, and a clock that moves only when somebody says so.
//!
//! [`Demo`] sets it up and runs it, [`Scene`] is what people do in it, [`view`] what they see, [`play`] presses the
//! buttons by itself and checks what it says.

mod act;
mod answer;
mod bell;
mod claims;
mod client;
mod folder;
pub mod play;
mod post;
mod sample;
mod server;
mod story;
pub mod view;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{App, AppError};
use crate::config::{Config, FILE};
use crate::domain::time::Timestamp;
use crate::nurture::NurtureError;
use crate::nurture::clock::Clock;
use crate::nurture::import::{ImportOptions, import};
use crate::secret::{self, SecretError};
pub use act::Scene;
use bell::Bell;
use client::Client;
use folder::Folder;
use post::{Inbound, Post};

/// The lead whose story is told.
pub const EVA: &str = "eva.mueller@mueller-praezision.example";

/// The lead who leaves.
pub const KIM: &str = "kim.kowalski@stahlbau-kowalski.example";

/// Monday, 9 November 2026, 08:00 UTC: 09:00 in Berlin, behind the consents of both, and no change of the clocks near.
pub const START: Timestamp = Timestamp::from_millis(1_794_211_200_000);

/// The domain of the signed addresses that answers go to.
const INBOUND: &str = "in.nordwerk.example";

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo needs a temporary folder, and none can be made in {}; TMPDIR names another place", std::env::temp_dir().display())]
    Folder(#[source] io::Error),
    #[error("the workspace of the demo cannot be written to {}", .0.display())]
    Workspace(PathBuf, #[source] io::Error),
    #[error(
        "port {0} of this machine cannot be used; --port names another, and without it a free one is taken"
    )]
    Port(u16, #[source] io::Error),
    #[error("no port of this machine is free for the mail server")]
    NoPort(#[source] io::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the workspace of the demo has mistakes: {0}")]
    Mistakes(String),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Nurture(#[from] NurtureError),
}

/// A demo that is ready to run. Its folder is gone when it ends.
pub struct Demo {
    app: App,
    scene: Arc<Scene>,
    http: TcpListener,
    smtp: TcpListener,
    address: SocketAddr,
    _folder: Folder,
}

impl Demo {
    /// Sets everything up: the workspace, the database, both leads. `port` 0 takes a free one.
    ///
    /// # Errors
    /// See [`DemoError`].
    pub async fn start(port: u16) -> Result<Self, DemoError> {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let http = http.map_err(|error| DemoError::Port(port, error))?;
        let address = http.local_addr().map_err(|error| DemoError::Port(port, error))?;
        let smtp = post::listen().await.map_err(DemoError::NoPort)?;
        let mail_server = smtp.local_addr().map_err(DemoError::NoPort)?;
        let folder = Folder::new().map_err(DemoError::Folder)?;
        let written = |error| DemoError::Workspace(folder.path().to_owned(), error);
        let keys = secret::load(None, folder.path())?;
        let key = secret::random_text()?;
        sample::write(folder.path()).map_err(written)?;
        let settings = settings(address, mail_server, &key);
        std::fs::write(folder.path().join(FILE), settings).map_err(written)?;
        // What the environment says is meant for another installation.
        let config = Config::load(folder.path(), []).map_err(in_words)?;
        let clock = Clock::manual(START);
        let app = App::build(config, folder.path(), clock.clone(), keys).await.map_err(of_app)?;
        let leads = sample::leads(&[EVA, KIM]);
        import(&app.engine, leads.as_bytes(), ImportOptions::default(), |_| ()).await?;
        let inbound = Inbound {
            domain: INBOUND.to_owned(),
            client: Client::new(address),
            path: format!("/inbound/mime?key={key}"),
        };
        let bell = Bell::new();
        let post = Post::new(clock, inbound, bell.clone());
        let scene = Arc::new(Scene::new(app.engine.clone(), post, bell, address, mail_server));
        Ok(Self { app, scene, http, smtp, address, _folder: folder })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves and sends until the shutdown, and removes what it made.
    ///
    /// # Errors
    /// [`AppError::Http`].
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), DemoError> {
        let Self { app, scene, http, smtp, address, _folder } = self;
        let post = tokio::spawn(scene.post.clone().run(smtp, shutdown.clone()));
        let routes = server::routes(scene, address, shutdown.clone());
        let ran = app.run_beside(routes, http, shutdown.clone()).await;
        shutdown.cancel();
        let _ = post.await;
        Ok(ran?)
    }
}

/// `dripline.toml` of the demo.
fn settings(http: SocketAddr, mail_server: SocketAddr, key: &str) -> String {
    format!(
        "[server]\nlisten = \"{http}\"\npublic_url = \"http://{http}\"\ndatabase = \"sqlite:dripline.db\"\n\
         [relay.main]\nurl = \"smtp://{mail_server}?tls=none\"\nmax_connections = 2\n\
         [inbound]\ndomain = \"{INBOUND}\"\nkey = \"{key}\"\n"
    )
}

fn in_words(found: Vec<crate::workspace::Diagnostic>) -> DemoError {
    DemoError::Mistakes(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn of_app(error: AppError) -> DemoError {
    match error {
        AppError::Mistakes(found) => in_words(found),
        other => other.into(),
    }
}
