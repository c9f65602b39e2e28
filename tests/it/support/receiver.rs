//! A [`Receiver`] of webhooks: a small HTTP server that answers as the test says, and keeps what it was told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::fixtures::acceptor;
use super::pace::until;

const PATIENCE: Duration = Duration::from_secs(10);

/// The secret of every webhook here.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How a call is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// A status with a header and a body.
    Says(u16, String, String),
    /// The connection stays open, and nothing comes.
    Silence,
    /// A head without end.
    Flood,
}

/// A call that came in.
#[derive(Clone, Debug)]
pub struct Call {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Call {
    /// The body; its `type` and members.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("a text")
    }

    /// What is told, such as `handed_over`.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// The address of the lead that it is about.
    pub fn email(&self) -> String {
        self.json()["data"]["lead"]["email"].as_str().expect("an address").to_owned()
    }

    /// Whether it is signed as another implementation of Standard Webhooks signs it. The clock of the test is not that of
    /// the system, so that the age of the call is not looked at.
    pub fn is_signed(&self) -> bool {
        let theirs = Webhook::new(SECRET).expect("a secret");
        let seconds = self.header("webhook-timestamp").parse().expect("seconds");
        let signed = theirs.sign(self.header("webhook-id"), seconds, self.body.as_bytes()).expect("signed");
        self.header("webhook-signature").split(' ').any(|mine| mine == signed)
    }

    /// As a receiver checks it.
    pub fn verifies(&self) -> bool {
        Webhook::new(SECRET).expect("a secret").verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

type Answer = Box<dyn Fn(&Call, usize) -> Reply + Send + Sync>;

pub struct Receiver {
    pub address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    running: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Receiver {
    /// Answers each call as `answer` says, which is given the call and how many there were before.
    pub async fn start(answer: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", None, Box::new(answer)).await
    }

    /// As [`Receiver::start`], on a port that was in use before.
    pub async fn again(
        address: SocketAddr,
        answer: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::at(&address.to_string(), None, Box::new(answer)).await
    }

    /// As [`Receiver::start`], with TLS and the certificate for localhost.
    pub async fn encrypted(answer: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", Some(acceptor()), Box::new(answer)).await
    }

    async fn at(address: &str, tls: Option<TlsAcceptor>, answer: Answer) -> Self {
        // A receiver that was here before may need a moment to be gone.
        let listener = until(PATIENCE, async || TcpListener::bind(address).await.ok()).await;
        let address = listener.local_addr().expect("an address");
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let running = tokio::spawn(serve(listener, tls, calls.clone(), Arc::new(answer)));
        Self { address, calls, running }
    }

    /// What was told, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub fn kinds(&self) -> Vec<String> {
        self.calls().iter().map(Call::kind).collect()
    }
}

async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<Answer>,
) {
    // Connections end with the receiver.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (calls, answer, tls) = (calls.clone(), answer.clone(), tls.clone());
        connections.spawn(async move {
            match tls {
                None => session(stream, &calls, &answer).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => session(stream, &calls, &answer).await,
                    Err(_) => None,
                },
            }
        });
    }
}

/// One call over one connection. None: it was none.
async fn session<S>(stream: S, calls: &Mutex<Vec<Call>>, answer: &Answer) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let call = read(&mut stream).await?;
    let reply = {
        let mut calls = calls.lock().unwrap();
        let reply = answer(&call, calls.len());
        calls.push(call);
        reply
    };
    let text = match reply {
        Reply::Status(status) => format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"),
        Reply::Says(status, header, body) => {
            format!("HTTP/1.1 {status} X\r\n{header}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
        Reply::Silence => {
            // Until the other side has had enough.
            let _ = stream.read_u8().await;
            return None;
        }
        Reply::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\n").await;
            while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
            return None;
        }
    };
    stream.write_all(text.as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn read<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Call> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).ok()?, value.parse().ok()?);
    }
    let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Call { path, headers, body: String::from_utf8(body).ok()? })
}
