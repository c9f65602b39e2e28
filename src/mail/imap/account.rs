//! [`ImapAccount`]: where a mailbox is and how one logs in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use crate::mail::tls::{certificates, connector};
use crate::mail::url::{Place, PlaceError, authority, unescape};

/// How long an answer, or the next piece of one, is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the connection is encrypted. There is nothing between "well" and "not at all": a password goes over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (RFC 8314), with a certificate that was checked.
    Implicit,
    /// By STARTTLS, with a certificate that was checked.
    StartTls,
    /// Never; only for a server on this machine.
    None,
}

/// Where a mailbox is and how one logs in. Clones share what was loaded for TLS.
///
/// Its URL is one of
///
/// - `imaps://USER[:PASSWORD]@HOST[:PORT]`: encrypted from the first byte, port 993.
/// - `imap://USER[:PASSWORD]@HOST[:PORT][?tls=required|none]`: port 143; encrypted by STARTTLS, unless `tls=none` says
///   otherwise, which only a server on this machine may be spoken with.
///
/// Both take `ca=FILE`: certificates (PEM) to trust beside the system's. User, password and file may hold `%XX`.
#[derive(Clone)]
pub struct ImapAccount {
    host: String,
    port: u16,
    encryption: Encryption,
    user: String,
    password: String,
    ca: Option<PathBuf>,
    patience: Duration,
    tls: Arc<OnceCell<TlsConnector>>,
}

/// What is wrong with a mailbox's URL. It quotes nothing of it: what looks like a port may be half a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImapUrlError {
    /// Another scheme, or none.
    #[error("a mailbox's URL begins with imaps:// or imap://")]
    Scheme,
    /// The host, the port, or what is around them.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// No `USER@`, or an empty one.
    #[error("the URL names who logs in: imaps://USER:PASSWORD@HOST; an @ in the user is written %40")]
    User,
    /// An option that does not exist, or exists for the other scheme only.
    #[error("the options of imap:// are tls=required|none and ca=FILE, that of imaps:// is ca=FILE")]
    Option,
    /// The password could be read on the way.
    #[error("a password needs imaps:// or tls=required, unless the host is this machine")]
    InTheClear,
}

impl FromStr for ImapAccount {
    type Err = ImapUrlError;

    fn from_str(url: &str) -> Result<Self, ImapUrlError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(ImapUrlError::Scheme)?;
        let (implicit, port) = match scheme {
            "imaps" => (true, 993),
            "imap" => (false, 143),
            _ => return Err(ImapUrlError::Scheme),
        };
        let place = Place::parse(rest)?;
        let mut encryption = if implicit { Encryption::Implicit } else { Encryption::StartTls };
        let mut ca = None;
        for option in place.options() {
            match option {
                ("tls", Some("required")) if !implicit => encryption = Encryption::StartTls,
                ("tls", Some("none")) if !implicit => encryption = Encryption::None,
                ("ca", Some(file)) if !file.is_empty() => ca = Some(unescape(file)?.into()),
                _ => return Err(ImapUrlError::Option),
            }
        }
        if encryption == Encryption::None && !place.is_this_machine() {
            return Err(ImapUrlError::InTheClear);
        }
        let (user, password) = login(place.login.unwrap_or_default())?;
        let port = place.port.unwrap_or(port);
        Ok(Self {
            host: place.host,
            port,
            encryption,
            user,
            password,
            ca,
            patience: PATIENCE,
            tls: Arc::default(),
        })
    }
}

/// User and password; the latter is empty if it is not there.
fn login(login: &str) -> Result<(String, String), ImapUrlError> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if user.is_empty() {
        return Err(ImapUrlError::User);
    }
    Ok((unescape(user)?, unescape(password)?))
}

impl ImapAccount {
    /// The same account with this password.
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// The same account, with so much time for an answer, or for the next piece of one. 30 s.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether the password is known.
    pub fn has_password(&self) -> bool {
        !self.password.is_empty()
    }

    /// Its host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who logs in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How the connection is encrypted.
    pub fn encryption(&self) -> Encryption {
        self.encryption
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Whom TLS trusts, loaded once; the error is a text about the certificates.
    pub(super) async fn tls(&self) -> Result<&TlsConnector, String> {
        let load = || async {
            let ca = self.ca.clone();
            let load = move || connector(ca.as_deref().map(certificates).transpose()?.unwrap_or_default());
            tokio::task::spawn_blocking(load).await.map_err(|error| error.to_string())?
        };
        self.tls.get_or_try_init(load).await
    }
}

/// As a URL, without the login.
impl fmt::Display for ImapAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encryption == Encryption::Implicit { "imaps" } else { "imap" };
        write!(f, "{scheme}://{}", authority(&self.host, self.port))
    }
}

/// Without the login.
impl fmt::Debug for ImapAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapAccount")
            .field("url", &self.to_string())
            .field("encryption", &self.encryption)
            .field("ca", &self.ca)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_have_sensible_defaults() {
        let expected = [
            ("imaps://anna:x@mx.example", "mx.example", 993, Encryption::Implicit),
            ("imaps://anna@mx.example:9993?ca=x.pem", "mx.example", 9993, Encryption::Implicit),
            ("imap://anna:x@mx.example", "mx.example", 143, Encryption::StartTls),
            ("imap://anna:x@mx.example/?tls=required", "mx.example", 143, Encryption::StartTls),
            ("imap://anna:x@localhost:1143?tls=none", "localhost", 1143, Encryption::None),
            ("imap://anna:x@[::1]?tls=none", "::1", 143, Encryption::None),
        ];
        for (url, host, port, encryption) in expected {
            let account: ImapAccount = url.parse().unwrap();
            assert_eq!(
                (account.host(), account.port(), account.encryption()),
                (host, port, encryption),
                "{url}"
            );
        }
        let account: ImapAccount = "imaps://re%40x.example:p%3Aw@mx.example".parse().unwrap();
        assert_eq!((account.user(), account.password()), ("re@x.example", "p:w"));
        let account: ImapAccount = "imaps://re@x.example:p@mx.example".parse().unwrap();
        assert_eq!((account.user(), account.password()), ("re@x.example", "p"), "an @ may stand as it is");
    }

    #[test]
    fn mistakes_are_named() {
        let expected = [
            ("mx.example", ImapUrlError::Scheme),
            ("imap:mx.example", ImapUrlError::Scheme),
            ("pop3://a:b@mx.example", ImapUrlError::Scheme),
            ("imaps://mx.example", ImapUrlError::User),
            ("imaps://:x@mx.example", ImapUrlError::User),
            ("imaps://a:b@", ImapUrlError::Place(PlaceError::Host)),
            ("imaps://a:b@mx.example:0", ImapUrlError::Place(PlaceError::Port)),
            ("imaps://a:b@mx.example/INBOX", ImapUrlError::Place(PlaceError::Path)),
            ("imaps://a:%zz@mx.example", ImapUrlError::Place(PlaceError::Escape)),
            ("imaps://a:b@mx.example?tls=none", ImapUrlError::Option),
            ("imap://a:b@mx.example?tls=opportunistic", ImapUrlError::Option),
            ("imap://a:b@mx.example?tls=none", ImapUrlError::InTheClear),
        ];
        for (url, error) in expected {
            assert_eq!(url.parse::<ImapAccount>().unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let account: ImapAccount = "imaps://anna:s3cret@mx.example".parse().unwrap();
        assert_eq!(account.to_string(), "imaps://mx.example:993");
        assert!(!format!("{account:?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn no_url_makes_it_panic(url in "(imaps?://)?\\PC{0,30}") {
            let _ = url.parse::<ImapAccount>();
        }
    }
}
