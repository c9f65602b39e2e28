//! [`Relay`]: where mail goes, parsed from a URL.

use std::fmt;
use std::str::FromStr;

use super::file::FileRelay;
use super::smtp::{Encryption, SmtpRelay};
use super::url::{Place, PlaceError, unescape};

/// Where mail goes.
///
/// Its URL is one of
///
/// - `smtp://[USER:PASSWORD@]HOST[:PORT][?tls=required|opportunistic|none]`: port 25 if none is named. Without
///   `tls` it is `opportunistic`: encrypted if the server offers it, whatever its certificate. A login makes it
///   `required`, unless the host is this machine; then the certificate must be good.
/// - `smtps://[USER:PASSWORD@]HOST[:PORT]`: encrypted from the first byte, port 465.
/// - `file:DIR`: see [`FileRelay`]. DIR is taken as it stands.
///
/// Both SMTP forms take `ca=FILE`: certificates (PEM) to trust beside the system's. User, password and file may
/// hold `%XX`.
#[derive(Clone, Debug)]
pub enum Relay {
    /// A mail server.
    Smtp(SmtpRelay),
    /// A directory.
    File(FileRelay),
}

/// What is wrong with a relay's URL. It quotes nothing of it: what looks like a port may be half a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// Another scheme, or none.
    #[error("a relay's URL begins with smtp://, smtps:// or file:")]
    Scheme,
    /// `file:` alone, or `file://HOST/`.
    #[error("file: needs a directory, as in file:outbox or file:/var/spool/outbox")]
    Directory,
    /// The host, the port, or what is around them.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Not `USER:PASSWORD@`.
    #[error("a login is USER:PASSWORD@, neither of them empty")]
    Login,
    /// An option that does not exist, or exists for the other scheme only.
    #[error(
        "the options of smtp:// are tls=required|opportunistic|none and ca=FILE, that of smtps:// is ca=FILE"
    )]
    Option,
    /// The login could be read on the way.
    #[error("a login needs tls=required or smtps://, unless the host is this machine")]
    LoginInTheClear,
}

impl FromStr for Relay {
    type Err = RelayUrlError;

    fn from_str(url: &str) -> Result<Self, RelayUrlError> {
        let (scheme, rest) = url.trim().split_once(':').ok_or(RelayUrlError::Scheme)?;
        let smtp = || rest.strip_prefix("//").ok_or(RelayUrlError::Scheme);
        match scheme {
            "smtp" => Ok(Self::Smtp(parse_smtp(smtp()?, false)?)),
            "smtps" => Ok(Self::Smtp(parse_smtp(smtp()?, true)?)),
            "file" => Ok(Self::File(FileRelay::new(directory(rest)?))),
            _ => Err(RelayUrlError::Scheme),
        }
    }
}

/// As a URL, without the login.
impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(relay) => relay.fmt(f),
            Self::File(relay) => write!(f, "file:{}", relay.dir().display()),
        }
    }
}

fn directory(rest: &str) -> Result<&str, RelayUrlError> {
    let dir = match rest.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => return Err(RelayUrlError::Directory),
        None => rest,
    };
    if dir.is_empty() { Err(RelayUrlError::Directory) } else { Ok(dir) }
}

/// Parses what stands behind `smtp://` or, with `implicit`, behind `smtps://`.
fn parse_smtp(rest: &str, implicit: bool) -> Result<SmtpRelay, RelayUrlError> {
    let place = Place::parse(rest)?;
    let options = Options::parse(&place)?;
    let (has_login, leaves) = (place.login.is_some(), !place.is_this_machine());
    let encryption = match options.tls {
        None if implicit => Encryption::Implicit,
        Some(_) if implicit => return Err(RelayUrlError::Option),
        None if has_login && leaves => Encryption::Required,
        None => Encryption::Opportunistic,
        Some(chosen) => chosen,
    };
    let in_the_clear = matches!(encryption, Encryption::Opportunistic | Encryption::None);
    if has_login && in_the_clear && leaves {
        return Err(RelayUrlError::LoginInTheClear);
    }
    let port = place.port.unwrap_or(if implicit { 465 } else { 25 });
    let mut relay = SmtpRelay::new(place.host, port, encryption);
    if let Some(login) = place.login {
        let (user, password) = user_and_password(login)?;
        relay = relay.with_login(user, password);
    }
    Ok(match options.ca {
        Some(file) => relay.with_ca(file),
        None => relay,
    })
}

fn user_and_password(login: &str) -> Result<(String, String), RelayUrlError> {
    let (user, password) = login.split_once(':').ok_or(RelayUrlError::Login)?;
    if user.is_empty() || password.is_empty() {
        return Err(RelayUrlError::Login);
    }
    Ok((unescape(user)?, unescape(password)?))
}

/// What may follow the `?`.
#[derive(Default)]
struct Options {
    tls: Option<Encryption>,
    ca: Option<String>,
}

impl Options {
    fn parse(place: &Place) -> Result<Self, RelayUrlError> {
        let mut options = Self::default();
        for option in place.options() {
            match option {
                ("tls", Some("required")) => options.tls = Some(Encryption::Required),
                ("tls", Some("opportunistic")) => options.tls = Some(Encryption::Opportunistic),
                ("tls", Some("none")) => options.tls = Some(Encryption::None),
                ("ca", Some(file)) if !file.is_empty() => options.ca = Some(unescape(file)?),
                _ => return Err(RelayUrlError::Option),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn smtp(url: &str) -> SmtpRelay {
        match url.parse() {
            Ok(Relay::Smtp(relay)) => relay,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn smtp_urls_have_sensible_defaults() {
        let expected = [
            ("smtp://mx.example", "mx.example", 25, Encryption::Opportunistic),
            ("smtp://mx.example/", "mx.example", 25, Encryption::Opportunistic),
            ("smtp://mx.example:587?tls=required", "mx.example", 587, Encryption::Required),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1", 2525, Encryption::None),
            ("smtp://[::1]:26", "::1", 26, Encryption::Opportunistic),
            ("smtp://Bücher.example", "xn--bcher-kva.example", 25, Encryption::Opportunistic),
            ("smtp://u:p@mx.example", "mx.example", 25, Encryption::Required),
            ("smtp://u:p@localhost", "localhost", 25, Encryption::Opportunistic),
            ("smtp://u:p@127.0.0.1?tls=none", "127.0.0.1", 25, Encryption::None),
            ("smtps://mx.example", "mx.example", 465, Encryption::Implicit),
            ("smtps://u:p@mx.example:10465?ca=x.pem", "mx.example", 10465, Encryption::Implicit),
        ];
        for (url, host, port, encryption) in expected {
            let relay = smtp(url);
            assert_eq!((relay.host(), relay.port(), relay.encryption()), (host, port, encryption), "{url}");
        }
    }

    #[test]
    fn file_urls_name_a_directory() {
        for (url, dir) in
            [("file:outbox", "outbox"), ("file:/var/x y", "/var/x y"), ("file:///var/x", "/var/x")]
        {
            match url.parse() {
                Ok(Relay::File(relay)) => assert_eq!(relay.dir().to_str(), Some(dir)),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let expected = [
            ("mx.example", RelayUrlError::Scheme),
            ("http://mx.example", RelayUrlError::Scheme),
            ("smtp:mx.example", RelayUrlError::Scheme),
            ("file:", RelayUrlError::Directory),
            ("file://host/x", RelayUrlError::Directory),
            ("smtp://", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://:25", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://a b", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://[::1", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://[::1]x", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://mx.example:smtp", RelayUrlError::Place(PlaceError::Port)),
            ("smtp://mx.example:0", RelayUrlError::Place(PlaceError::Port)),
            ("smtp://::1", RelayUrlError::Place(PlaceError::Host)),
            ("smtp://mx.example/inbox", RelayUrlError::Place(PlaceError::Path)),
            ("smtp://anna@mx.example", RelayUrlError::Login),
            ("smtp://anna:@mx.example", RelayUrlError::Login),
            ("smtp://a:%zz@mx.example", RelayUrlError::Place(PlaceError::Escape)),
            ("smtp://a:%4@mx.example", RelayUrlError::Place(PlaceError::Escape)),
            ("smtp://a:%ff@mx.example", RelayUrlError::Place(PlaceError::Escape)),
            ("smtp://mx.example?tls=perhaps", RelayUrlError::Option),
            ("smtp://mx.example?auth=plain", RelayUrlError::Option),
            ("smtps://mx.example?tls=none", RelayUrlError::Option),
            ("smtp://a:b@mx.example?tls=none", RelayUrlError::LoginInTheClear),
            ("smtp://a:b@mx.example?tls=opportunistic", RelayUrlError::LoginInTheClear),
        ];
        for (url, error) in expected {
            assert_eq!(url.parse::<Relay>().unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let relay: Relay = "smtps://anna:s3cret@mx.example".parse().unwrap();
        assert_eq!(relay.to_string(), "smtps://mx.example:465");
        assert!(!format!("{relay:?}").contains("s3cret"));
        for url in ["smtp://anna:s3cret/x", "smtp://anna:x?s3cret@mx.example", "smtp://anna:25s3cret"] {
            let error = url.parse::<Relay>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    proptest! {
        #[test]
        fn no_url_makes_it_panic(url in "(smtps?://|file:)?\\PC{0,30}") {
            let _ = url.parse::<Relay>();
        }
    }
}
