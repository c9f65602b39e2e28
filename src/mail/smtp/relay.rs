//! [`SmtpRelay`]: a mail server and how to speak with it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use tokio::sync::OnceCell;

use super::tls::TlsClient;
use crate::mail::url::authority;

/// How the connection to a relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (RFC 8314), with a certificate that was checked.
    Implicit,
    /// By STARTTLS (RFC 3207), with a certificate that was checked, or not at all.
    Required,
    /// By STARTTLS if the server can, with whatever certificate it shows; else in the clear.
    Opportunistic,
    /// Never.
    None,
}

/// How long each step may take; none is without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect to one address of the relay; and for a TLS handshake.
    pub connect: Duration,
    /// For the greeting and for the whole answer to each command.
    pub command: Duration,
    /// To write a message and get the whole answer to its final dot.
    pub data_end: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(60),
            data_end: Duration::from_secs(600),
        }
    }
}

/// A mail server and how to speak with it. Clones share what was loaded for TLS.
#[derive(Clone)]
pub struct SmtpRelay {
    host: String,
    port: u16,
    encryption: Encryption,
    login: Option<Credentials>,
    ca: Option<PathBuf>,
    timeouts: Timeouts,
    /// Made at the first use: reading the system's certificates takes some milliseconds.
    tls: Arc<OnceCell<TlsClient>>,
}

impl SmtpRelay {
    /// A relay without a login, with the default timeouts. `host` is a name or an address without brackets.
    pub fn new(host: String, port: u16, encryption: Encryption) -> Self {
        let (login, ca, timeouts, tls) = (None, None, Timeouts::default(), Arc::default());
        Self { host, port, encryption, login, ca, timeouts, tls }
    }

    /// The same relay with a login.
    pub fn with_login(mut self, user: String, password: String) -> Self {
        self.login = Some(Credentials::new(user, password));
        self
    }

    /// The same relay, trusting the certificates of this PEM file beside the system's.
    pub fn with_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca = Some(file.into());
        self.tls = Arc::default();
        self
    }

    /// The same relay with other timeouts.
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Its host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is encrypted.
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// How long each step may take.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(super) fn login(&self) -> Option<&Credentials> {
        self.login.as_ref()
    }

    /// What TLS needs, loaded once; the error is a text about the certificates.
    pub(super) async fn tls(&self) -> Result<&TlsClient, String> {
        let load = || TlsClient::load(self.host.clone(), self.encryption, self.ca.clone());
        self.tls.get_or_try_init(load).await
    }
}

/// As a URL, without the login.
impl fmt::Display for SmtpRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encryption == Encryption::Implicit { "smtps" } else { "smtp" };
        write!(f, "{scheme}://{}", authority(&self.host, self.port))
    }
}

/// Without the login.
impl fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpRelay")
            .field("url", &self.to_string())
            .field("encryption", &self.encryption)
            .field("login", &self.login.is_some())
            .field("ca", &self.ca)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}
