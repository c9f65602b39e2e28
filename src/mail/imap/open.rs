//! From nothing to a [`Session`]: TCP, TLS, greeting, login.

use std::fmt;
use std::net::SocketAddr;

use data_encoding::BASE64;
use imap_proto::{Capability, Response, Status};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::account::{Encryption, ImapAccount};
use super::connection::{Connection, Failure, Stream, text};
use super::error::ImapError;
use super::folder::quoted;
use super::session::{Abilities, Session};

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`ImapError::Unreachable`], [`ImapError::Login`].
    pub async fn open(account: &ImapAccount) -> Result<Self, ImapError> {
        let opening = Opening { account };
        let socket = opening.connect().await?;
        let stream: Box<dyn Stream> = match account.encryption() {
            Encryption::Implicit => opening.encrypt(Box::new(socket)).await?,
            Encryption::StartTls | Encryption::None => Box::new(socket),
        };
        let mut connection = Connection::new(stream, account.patience());
        opening.greeting(&mut connection).await?;
        if account.encryption() == Encryption::StartTls {
            connection = opening.start_tls(connection).await?;
        }
        let offered = offered(&mut connection).await.map_err(|error| opening.unreachable(&error))?;
        opening.log_in(&mut connection, &offered).await?;
        // Most servers can more for whoever has logged in.
        let offered = self::offered(&mut connection).await.map_err(|error| opening.unreachable(&error))?;
        Ok(Self::new(connection, Abilities::of(&offered)))
    }
}

/// What a server can do, in capitals.
async fn offered(connection: &mut Connection) -> Result<Vec<String>, ImapError> {
    let mut offered = Vec::new();
    let asked = connection.command("CAPABILITY", |response| {
        if let Response::Capabilities(found) = response {
            offered.extend(found.iter().map(name));
        }
    });
    asked.await.map_err(|failure| failure.of("to say what it can do"))?;
    Ok(offered)
}

fn name(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(how) => format!("AUTH={}", how.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    }
}

struct Opening<'a> {
    account: &'a ImapAccount,
}

impl Opening<'_> {
    /// A connection to the first of the server's addresses that takes one.
    async fn connect(&self) -> Result<TcpStream, ImapError> {
        let lookup = lookup_host((self.account.host(), self.account.port()));
        let addresses = self.within(lookup).await?.map_err(|error| self.unreachable(&error))?;
        let mut failure = self.unreachable(&"the name has no address");
        for address in addresses {
            match self.connect_to(address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn connect_to(&self, address: SocketAddr) -> Result<TcpStream, ImapError> {
        let socket = self.within(TcpStream::connect(address)).await?;
        let socket = socket.map_err(|error| self.unreachable(&error))?;
        socket.set_nodelay(true).map_err(|error| self.unreachable(&error))?;
        Ok(socket)
    }

    async fn encrypt(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, ImapError> {
        let connector = self.account.tls().await.map_err(|error| self.unreachable(&error))?;
        let name = ServerName::try_from(self.account.host().to_owned());
        let name = name.map_err(|error| self.unreachable(&error))?;
        let encrypted = self.within(connector.connect(name, stream)).await?;
        Ok(Box::new(encrypted.map_err(|error| self.unreachable(&format!("TLS: {error}")))?))
    }

    async fn greeting(&self, connection: &mut Connection) -> Result<(), ImapError> {
        match connection.next().await.map_err(|error| self.unreachable(&error))? {
            Response::Data { status: Status::Ok, .. } => Ok(()),
            // Who is logged in already has logged in as somebody else.
            other => Err(self
                .unreachable(&format!("an odd greeting: {other:?}").chars().take(200).collect::<String>())),
        }
    }

    async fn start_tls(&self, mut connection: Connection) -> Result<Connection, ImapError> {
        let asked = connection.command("STARTTLS", |_| ()).await;
        asked.map_err(|failure| self.unreachable(&failure.of("to encrypt (STARTTLS)")))?;
        let talks_on =
            || self.unreachable(&"the server talked on in plain text after its answer to STARTTLS");
        let stream = connection.into_stream().ok_or_else(talks_on)?;
        Ok(Connection::new(self.encrypt(stream).await?, self.account.patience()))
    }

    /// By AUTHENTICATE PLAIN (RFC 4616), which takes every character, or by LOGIN.
    async fn log_in(&self, connection: &mut Connection, offered: &[String]) -> Result<(), ImapError> {
        let (user, password) = (self.account.user(), self.account.password());
        let logged_in = if offered.iter().any(|able| able == "AUTH=PLAIN") {
            plain(connection, &BASE64.encode(format!("\0{user}\0{password}").as_bytes())).await
        } else if offered.iter().any(|able| able == "LOGINDISABLED") {
            return Err(ImapError::Login("it takes no passwords".to_owned()));
        } else {
            let login = format!("LOGIN {} {}", quoted(user), quoted(password));
            connection.command(&login, |_| ()).await.map(|_| ())
        };
        logged_in.map_err(|failure| match failure {
            // RFC 5530: it is not the password's fault.
            Failure::Refused(refusal) if refusal.said.contains("[UNAVAILABLE]") => {
                self.unreachable(&refusal.said)
            }
            Failure::Refused(refusal) => ImapError::Login(refusal.said),
            Failure::Lost(error) => self.unreachable(&error),
        })
    }

    async fn within<T>(&self, step: impl Future<Output = T>) -> Result<T, ImapError> {
        let limit = self.account.patience();
        timeout(limit, step).await.map_err(|_| self.unreachable(&format!("no answer within {limit:?}")))
    }

    fn unreachable(&self, why: &dyn fmt::Display) -> ImapError {
        ImapError::Unreachable(format!("{}: {why}", self.account))
    }
}

async fn plain(connection: &mut Connection, words: &str) -> Result<(), Failure> {
    let tag = connection.begin("AUTHENTICATE PLAIN").await?;
    loop {
        match connection.next().await? {
            Response::Continue(_) => connection.send(words).await?,
            Response::Done { tag: done, status: Status::Ok, .. } if done.0 == tag => return Ok(()),
            Response::Done { outcome, .. } => {
                return Err(Failure::Refused(super::connection::Refusal {
                    said: text(&outcome),
                    try_create: false,
                }));
            }
            _ => {}
        }
    }
}
