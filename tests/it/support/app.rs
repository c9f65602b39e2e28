//! A [`TestApp`]: the whole server over a workspace in a folder, with a mail server, a clock that moves when the test
//! says so, and HTTP on a free port.

use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dripline::app::{App, AppError};
use dripline::config::Config;
use dripline::domain::token::KeyRing;
use dripline::http::auth::{Role, add_key};
use dripline::nurture::Engine;
use dripline::nurture::clock::Clock;
use dripline::nurture::explain::{Explanation, explain};
use dripline::workspace::Files;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::database::TestDb;
use super::pace;
use super::smtp_server::{Offer, SmtpServer};
use super::world::{MONDAY, run};

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server stands on; it outlives the server.
pub struct Ground {
    pub db: TestDb,
    /// The folder of the workspace.
    pub workspace: TempDir,
    pub mail: SmtpServer,
    adjust: Adjust,
}

/// What a test changes in the configuration, after the files are read.
type Adjust = Box<dyn Fn(&mut Config) + Send + Sync>;

impl Ground {
    /// A folder with these files, and a mail server.
    pub async fn new(db: TestDb, files: &Files) -> Ground {
        let workspace = TempDir::new().expect("a temporary folder");
        write(workspace.path(), files);
        let adjust: Adjust = Box::new(|_| ());
        Ground { db, workspace, mail: SmtpServer::start(Offer::default()).await, adjust }
    }

    /// Has the configuration changed after the files are read.
    pub fn adjusted(mut self, adjust: impl Fn(&mut Config) + Send + Sync + 'static) -> Ground {
        self.adjust = Box::new(adjust);
        self
    }

    /// Replaces a file of the workspace. Nothing is applied yet.
    pub fn edit(&self, path: &str, text: &str) {
        fs::write(self.workspace.path().join(path), text).expect("written");
    }

    /// Replaces some of funnel.toml. Nothing is applied yet.
    pub fn reword(&self, from: &str, to: &str) {
        let funnel = fs::read_to_string(self.workspace.path().join("funnel.toml")).expect("a file");
        assert!(funnel.contains(from), "{funnel}");
        self.edit("funnel.toml", &funnel.replace(from, to));
    }

    /// Builds a server as `dripline serve` does, on a manual clock.
    pub async fn build(&self) -> Result<App, AppError> {
        let variables = [
            ("DRIPLINE_SERVER__DATABASE".to_owned(), self.db.url()),
            (
                "DRIPLINE_RELAY__MAIN__URL".to_owned(),
                format!("smtp://127.0.0.1:{}?tls=none", self.mail.port()),
            ),
        ];
        let mut config = Config::load(self.workspace.path(), variables).expect("a configuration");
        (self.adjust)(&mut config);
        let keys = KeyRing::parse("test:0123456789abcdef0123456789abcdef").expect("a ring");
        App::build(config, self.workspace.path(), Clock::manual(MONDAY), keys).await
    }

    /// Builds a server, which must succeed, and runs it.
    pub async fn start(self) -> TestApp {
        let app = self.build().await.expect("the server starts");
        let engine = app.engine.clone();
        let key = add_key(&engine, Role::Admin, None).await.expect("a key").key;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shutdown = CancellationToken::new();
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        let running = tokio::spawn(app.run(listener, shutdown.clone()));
        TestApp { engine, ground: self, key, url, client, shutdown, running }
    }
}

pub struct TestApp {
    pub engine: Arc<Engine>,
    ground: Ground,
    /// An API key of the role `admin`.
    key: String,
    url: String,
    client: Client,
    shutdown: CancellationToken,
    running: JoinHandle<Result<(), AppError>>,
}

impl Deref for TestApp {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl TestApp {
    /// A server with these files, as `dripline serve` would run it.
    pub async fn start(db: TestDb, files: &Files) -> TestApp {
        Ground::new(db, files).await.start().await
    }

    /// Has the server run the files of its folder as they are now.
    pub async fn apply(&self) {
        run(&self.engine, &Files::read(self.workspace.path()).expect("files")).await;
    }

    /// A request with the API key.
    pub fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("/api/v1{path}")).bearer_auth(&self.key)
    }

    /// A request of anybody.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Where a browser finds a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Posts to the API: the status and the JSON of the answer.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        json(self.api(Method::POST, path).json(body)).await
    }

    /// Gets from the API: the status and the JSON of the answer.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        json(self.api(Method::GET, path)).await
    }

    /// Opens a page: the status and the HTML.
    pub async fn open(&self, path: &str) -> (u16, String) {
        text(self.request(Method::GET, path)).await
    }

    /// Presses the button on a page.
    pub async fn press(&self, path: &str) -> (u16, String) {
        text(self.request(Method::POST, path).body("from=page")).await
    }

    /// Fills in a form, as browsers send it: the status and the page.
    pub async fn fill(&self, path: &str, answers: &[(&str, &str)]) -> (u16, String) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(answers).finish();
        self.post_form(path, body).await
    }

    /// Posts what is said to be a form: the status and the page.
    pub async fn post_form(&self, path: &str, body: impl Into<String>) -> (u16, String) {
        let request =
            self.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
        text(request.body(body.into())).await
    }

    /// A request with a certain program, which follows no redirects.
    pub async fn browse(&self, method: Method, path: &str, agent: &str) -> Response {
        let request = self.request(method, path).header("User-Agent", agent);
        request.send().await.expect("an answer")
    }

    /// The raw mails that were taken for an address.
    pub fn mails(&self, email: &str) -> Vec<Vec<u8>> {
        let taken = self.mail.accepted().into_iter().filter(|mail| mail.to.as_deref() == Some(email));
        taken.map(|mail| mail.body).collect()
    }

    /// Hands in a raw mail, as a mail server does that received it; what it was taken for.
    pub async fn hand_in(&self, raw: &[u8]) -> Value {
        let request = self.request(Method::POST, "/inbound/mime?key=post-key").body(raw.to_vec());
        let (status, received) = json(request).await;
        assert_eq!(status, 200, "{received}");
        received
    }

    /// Why a lead did or did not get a mail.
    pub async fn explain(&self, email: &str) -> Explanation {
        explain(&self.engine, email).await.expect("an explanation")
    }

    /// What Prometheus would read.
    pub async fn metrics(&self) -> String {
        text(self.request(Method::GET, "/metrics").bearer_auth(&self.key)).await.1
    }

    /// Unsubscribes as a mail program does (RFC 8058).
    pub async fn click_once(&self, path: &str) -> (u16, String) {
        self.post_form(path, "List-Unsubscribe=One-Click").await
    }

    /// The path of the unsubscribe link in a lead's mails.
    pub fn unsubscribe_path(&self, lead: i64) -> String {
        let link = self.engine.unsubscribe_link(lead, 1);
        link.strip_prefix(&self.engine.config.server.public_url).expect("a link of this server").to_owned()
    }

    /// Waits until nothing is due, on the wire, or left to be told.
    pub async fn settle(&self) {
        pace::settle(&self.engine).await;
    }

    /// Lets time pass, stopping at everything that falls due on the way.
    pub async fn pass(&self, millis: i64) {
        pace::pass(&self.engine, millis).await;
    }

    /// Ends the server as a signal does.
    pub async fn end(self) -> Ground {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.running).await.expect("the server ends");
        ended.expect("no panic").expect("no error");
        self.ground
    }
}

/// Writes files into a folder.
pub fn write(folder: &Path, files: &Files) {
    for (path, bytes) in files.below("") {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

async fn json(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

async fn text(request: RequestBuilder) -> (u16, String) {
    let response: Response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a text"))
}
