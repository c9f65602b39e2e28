//! One call: a POST that follows no redirect, and of whose answer little is read.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

use super::network::Network;
use crate::config::{WebhookConfig, WebhookUrl};
use crate::domain::visible::one_line;

/// Bytes of an answer's head; whoever answers with more is not understood.
const LONGEST_HEAD: usize = 16 * 1024;

/// Bytes of an answer that are looked at, and characters that are kept: why it was no yes.
const LONGEST_BODY: usize = 1024;
const LONGEST_WORDS: usize = 200;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Seconds until the receiver wants to be asked again.
    pub retry_after: Option<i64>,
    /// How its text begins, on one line.
    pub words: String,
}

/// What is posted, beside its address.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    pub id: &'a str,
    /// Since 1970.
    pub seconds: i64,
    pub signature: &'a str,
    pub body: &'a str,
}

/// Posts once, over a connection of its own.
///
/// # Errors
/// Why there is no answer, in words.
pub async fn post(network: &Network, webhook: &WebhookConfig, post: Post<'_>) -> Result<Answer, String> {
    let WebhookUrl { tls, host, port, .. } = &webhook.url;
    let stream = network.connect(host, *port, webhook.allow_private).await?;
    let request = request(&webhook.url, post).map_err(|error| error.to_string())?;
    if !tls {
        return exchange(stream, request).await.map_err(|error| words_of(&error));
    }
    let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
    let stream = network.tls()?.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
    exchange(stream, request).await.map_err(|error| words_of(&error))
}

fn request(url: &WebhookUrl, post: Post<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    Request::builder()
        .method(Method::POST)
        .uri(url.path.as_str())
        .header(HOST, url.authority())
        .header(USER_AGENT, concat!("dripline/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", post.id)
        .header("webhook-timestamp", post.seconds)
        .header("webhook-signature", post.signature)
        .body(Full::new(Bytes::from(post.body.to_owned())))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(LONGEST_HEAD).handshake(TokioIo::new(stream)).await?;
    // It ends with the sender, or with the future that is dropped when time is up.
    let connection = AbortOnDrop(tokio::spawn(connection));
    let response = sender.send_request(request).await?;
    let answer = read(response).await;
    drop(connection);
    Ok(answer)
}

struct AbortOnDrop(tokio::task::JoinHandle<Result<(), hyper::Error>>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn read(response: Response<Incoming>) -> Answer {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let words = if status.is_success() { String::new() } else { beginning(response.into_body()).await };
    Answer { status: status.as_u16(), retry_after: after, words }
}

/// How the text of an answer begins. What comes after that is not asked for.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY
        && let Some(Ok(frame)) = body.frame().await
    {
        bytes.extend(frame.data_ref().into_iter().flatten().take(LONGEST_BODY - bytes.len()));
    }
    let text = String::from_utf8_lossy(&bytes);
    one_line(text.trim()).chars().take(LONGEST_WORDS).collect()
}

fn words_of(error: &hyper::Error) -> String {
    if error.is_incomplete_message() { "it hung up without an answer".to_owned() } else { error.to_string() }
}
