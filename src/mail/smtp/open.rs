//! From nothing to a [`Connection`]: TCP, TLS, greeting, EHLO, login.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::answer::refusal;
use super::connection::{Connection, Watch};
use super::features::Features;
use super::relay::{Encryption, SmtpRelay, Timeouts};
use super::stream::{BufferedStream, EncryptedStream, Probe, Progress};
use super::tls::TlsClient;
use crate::domain::outcome::Phase;
use crate::mail::delivery::Reply;

/// Why there is no connection. No message is concerned: nothing was lost, and it is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct OpenError {
    /// What kind of obstacle it is.
    pub kind: OpenErrorKind,
    /// In words, with the relay's address and without the login.
    pub text: String,
}

/// What kind of obstacle kept a connection from being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// No such host, no connection, or no answer in time.
    Unreachable,
    /// No STARTTLS where it is required, a handshake that failed, a certificate that is not trusted.
    Tls,
    /// The relay did not take the login.
    Login,
    /// The relay greeted with a refusal, or refused EHLO.
    Greeting(Reply),
}

impl Connection {
    /// Connects to a relay, greets it as `hello` (our host name), and logs in if the relay has a login.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: nothing was sent.
    pub async fn open(relay: &SmtpRelay, hello: &str) -> Result<Self, OpenError> {
        let opening = Opening { relay, hello: client_id(hello), timeouts: relay.timeouts() };
        match relay.encryption() {
            Encryption::Implicit | Encryption::Required => opening.encrypted().await,
            Encryption::None => opening.plain().await,
            // lettre hangs up when STARTTLS comes to nothing, so going on in the clear takes a second connection.
            Encryption::Opportunistic => match opening.encrypted().await {
                Err(OpenError { kind: OpenErrorKind::Tls, .. }) => opening.plain().await,
                opened => opened,
            },
        }
    }
}

struct Opening<'a> {
    relay: &'a SmtpRelay,
    hello: ClientId,
    timeouts: Timeouts,
}

/// A TCP connection to the relay, and what is watched of it.
struct Line {
    stream: BufferedStream,
    watch: Watch,
}

impl Opening<'_> {
    async fn plain(&self) -> Result<Connection, OpenError> {
        let Line { stream, watch } = self.connect().await?;
        let smtp = self.greet(Box::new(stream)).await?;
        self.ready(smtp, watch).await
    }

    async fn encrypted(&self) -> Result<Connection, OpenError> {
        let tls = self.relay.tls().await.map_err(|text| self.tls_error(&text))?;
        let Line { stream, watch } = self.connect().await?;
        let smtp = match tls {
            TlsClient::Implicit(connector, name) => {
                let handshake = connector.connect(name.clone(), stream);
                let stream = self.within(self.timeouts.connect, handshake).await?;
                self.greet(Box::new(EncryptedStream(stream.map_err(|error| self.tls_error(&error))?))).await?
            }
            TlsClient::StartTls(parameters) => {
                let mut smtp = self.greet(Box::new(stream)).await?;
                if smtp.can_starttls() || self.relay.encryption() == Encryption::Required {
                    watch.progress.expect_lone_reply();
                    self.starttls(&mut smtp, parameters.clone()).await?;
                }
                smtp
            }
        };
        self.ready(smtp, watch).await
    }

    /// A connection to the first of the relay's addresses that takes one.
    async fn connect(&self) -> Result<Line, OpenError> {
        let lookup = lookup_host((self.relay.host(), self.relay.port()));
        let addresses = self.within(self.timeouts.connect, lookup).await?;
        let mut failure = self.unreachable(&"the name has no address");
        for address in addresses.map_err(|error| self.unreachable(&error))? {
            match self.connect_to(address).await {
                Ok(line) => return Ok(line),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<Line, OpenError> {
        let socket = self.within(self.timeouts.connect, TcpStream::connect(address)).await?;
        socket.and_then(prepare).map_err(|error| self.unreachable(&error))
    }

    /// Waits for the greeting and says EHLO.
    async fn greet(&self, stream: Box<dyn AsyncTokioStream>) -> Result<AsyncSmtpConnection, OpenError> {
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &self.hello);
        let greeted = self.within(self.timeouts.command, greeting).await?;
        greeted.map_err(|error| self.greeting_error(&error))
    }

    async fn starttls(&self, smtp: &mut AsyncSmtpConnection, tls: TlsParameters) -> Result<(), OpenError> {
        match timeout(self.timeouts.connect, smtp.starttls(tls, &self.hello)).await {
            Ok(upgraded) => upgraded.map_err(|error| self.tls_error(&error)),
            Err(elapsed) => Err(self.tls_error(&elapsed)),
        }
    }

    /// Learns what the server offers, and logs in.
    async fn ready(&self, mut smtp: AsyncSmtpConnection, watch: Watch) -> Result<Connection, OpenError> {
        // lettre keeps the answer to its own EHLO to itself, so we ask once more.
        let ehlo = smtp.command(Ehlo::new(self.hello.clone()));
        let ehlo = self.within(self.timeouts.command, ehlo).await?;
        let features = Features::read(&ehlo.map_err(|error| self.greeting_error(&error))?);
        if let Some(login) = self.relay.login() {
            self.log_in(&mut smtp, login).await?;
        }
        Ok(Connection::new(smtp, watch, features, self.timeouts))
    }

    async fn log_in(&self, smtp: &mut AsyncSmtpConnection, login: &Credentials) -> Result<(), OpenError> {
        let login = smtp.auth(DEFAULT_MECHANISMS, login);
        match self.within(self.timeouts.command, login).await? {
            Ok(reply) if u16::from(reply.code()) == 235 => Ok(()),
            Ok(reply) => {
                Err(self.error(OpenErrorKind::Login, &format!("odd answer {} to the login", reply.code())))
            }
            Err(error) if error.status().is_some() || error.is_client() || error.is_response() => {
                Err(self.error(OpenErrorKind::Login, &error))
            }
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    async fn within<T>(&self, limit: Duration, step: impl Future<Output = T>) -> Result<T, OpenError> {
        let no_answer = || self.unreachable(&format!("no answer within {limit:?}"));
        timeout(limit, step).await.map_err(|_| no_answer())
    }

    fn error(&self, kind: OpenErrorKind, cause: &dyn fmt::Display) -> OpenError {
        OpenError { kind, text: format!("{}: {cause}", self.relay) }
    }

    fn unreachable(&self, cause: &dyn fmt::Display) -> OpenError {
        self.error(OpenErrorKind::Unreachable, cause)
    }

    fn tls_error(&self, cause: &dyn fmt::Display) -> OpenError {
        self.error(OpenErrorKind::Tls, cause)
    }

    fn greeting_error(&self, error: &Error) -> OpenError {
        match refusal(Phase::Greeting, error) {
            Some(reply) => self.error(OpenErrorKind::Greeting(reply), error),
            None => self.unreachable(error),
        }
    }
}

/// Without TCP_NODELAY each mail would wait for the server's delayed acknowledgement.
fn prepare(socket: TcpStream) -> io::Result<Line> {
    socket.set_nodelay(true)?;
    let (socket, probe) = Probe::beside(socket)?;
    let progress = Arc::new(Progress::default());
    let stream = BufferedStream::new(socket, Arc::clone(&progress));
    Ok(Line { stream, watch: Watch { progress, probe } })
}

/// How we name ourselves in EHLO (RFC 5321 section 4.1.4): a name, else an address literal.
fn client_id(hello: &str) -> ClientId {
    match hello.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => return ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => return ClientId::Ipv6(address),
        Err(_) => {}
    }
    let plain = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    };
    match idna::domain_to_ascii(hello).ok().filter(plain) {
        Some(name) => ClientId::Domain(name),
        None => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_name_ourselves_by_a_name_or_a_literal() {
        let expected = [
            ("mail.example", "mail.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("192.0.2.1", "[192.0.2.1]"),
            ("2001:db8::1", "[IPv6:2001:db8::1]"),
            ("", "[127.0.0.1]"),
            ("x\r\nMAIL FROM:<>", "[127.0.0.1]"),
        ];
        for (hello, named) in expected {
            assert_eq!(client_id(hello).to_string(), named, "{hello:?}");
        }
    }
}
