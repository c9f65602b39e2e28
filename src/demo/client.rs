//! HTTP as the people of the demo use it: a mail program that loads a picture, a browser that follows a link, a mail
//! server that hands in what it took, and `--play`, which presses the buttons.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What the browser of `--play` says that it is.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// The longest that a request may take: a stop waits ten seconds for what is on the wire, thirty days pass in some.
const PATIENCE: Duration = Duration::from_secs(90);

/// Somebody who asks one server.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    server: SocketAddr,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    pub fn new(server: SocketAddr) -> Self {
        Self { server }
    }

    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask(Method::GET, path, "", Vec::new()).await
    }

    pub async fn post(&self, path: &str, kind: &str, body: Vec<u8>) -> Result<Answer, String> {
        self.ask(Method::POST, path, kind, body).await
    }

    /// Asks once, over a connection of its own; follows no redirect.
    async fn ask(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Result<Answer, String> {
        let asked = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let answered = tokio::time::timeout(PATIENCE, self.exchange(method, path, kind, body)).await;
        let answered = answered.map_err(|_| format!("{asked}: no answer within {PATIENCE:?}"))?;
        answered.map_err(|error| format!("{asked}: {error}"))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Trouble> {
        let stream = TcpStream::connect(self.server).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.server.to_string());
        request = request.header(USER_AGENT, BROWSER);
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let location =
            response.headers().get(LOCATION).and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes().to_vec();
        drop(sender);
        connection.abort();
        Ok(Answer { status, location, body })
    }
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;
