//! What the URLs of mail servers have in common: [`Place`].

use std::net::IpAddr;

use data_encoding::HEXLOWER_PERMISSIVE;
use rustls::pki_types::ServerName;

/// What stands behind `smtp://` or `imap://`: `[LOGIN@]HOST[:PORT][/][?OPTION&OPTION]`.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// As it is written, `%XX` and all.
    pub login: Option<&'a str>,
    /// A name, in ASCII, or an address without brackets.
    pub host: String,
    pub port: Option<u16>,
    query: &'a str,
}

/// What is wrong with it. It quotes nothing: what looks like a port may be half a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// No host, or one that is neither a name nor an address.
    #[error("the host is missing or is neither a name nor an address (IPv6 addresses stand in [])")]
    Host,
    /// Not a port number.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// Something between the port and the options.
    #[error(
        "nothing but options (?tls=…) may follow the host and the port; ? and % in a password are written %3F and %25"
    )]
    Path,
    /// `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("% must be followed by two hexadecimal digits, and the whole be UTF-8; a % itself is %25")]
    Escape,
}

impl<'a> Place<'a> {
    pub fn parse(text: &'a str) -> Result<Self, PlaceError> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (login, address) = match place.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, place),
        };
        let (host, port) = host_and_port(address.strip_suffix('/').unwrap_or(address))?;
        Ok(Self { login, host, port, query })
    }

    /// Names and values behind the `?`; no value for what has no `=`.
    pub fn options(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let options = self.query.split('&').filter(|option| !option.is_empty());
        options.map(|option| match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        })
    }

    /// Whether what is sent there leaves this machine.
    pub fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// `HOST[:PORT]`, where HOST may be an IPv6 address in brackets. The host is a name in ASCII, or an address without brackets.
///
/// # Errors
/// Neither a name nor an address; a port that is none; something behind them.
pub fn host_and_port(address: &str) -> Result<(String, Option<u16>), PlaceError> {
    if address.contains('/') {
        return Err(PlaceError::Path);
    }
    let (host, port) = match address.strip_prefix('[') {
        Some(bracketed) => {
            let (host, behind) = bracketed.split_once(']').ok_or(PlaceError::Host)?;
            match behind.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if behind.is_empty() => (host, None),
                None => return Err(PlaceError::Host),
            }
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    Ok((host_name(host)?, port.map(port_number).transpose()?))
}

fn host_name(host: &str) -> Result<String, PlaceError> {
    let ascii = match host.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => idna::domain_to_ascii(host).map_err(|_| PlaceError::Host)?,
    };
    match ServerName::try_from(ascii.as_str()) {
        Ok(_) => Ok(ascii),
        Err(_) => Err(PlaceError::Host),
    }
}

fn port_number(port: &str) -> Result<u16, PlaceError> {
    match port.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(PlaceError::Port),
    }
}

/// `HOST:PORT`, an IPv6 address in brackets.
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Undoes `%XX` (RFC 3986 section 2.1).
pub(super) fn unescape(text: &str) -> Result<String, PlaceError> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, plain) = piece.as_bytes().split_at_checked(2).ok_or(PlaceError::Escape)?;
        bytes.extend(HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| PlaceError::Escape)?);
        bytes.extend(plain);
    }
    String::from_utf8(bytes).map_err(|_| PlaceError::Escape)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("p%40ss%C3%BC%25").unwrap(), "p@ssü%");
    }

    #[test]
    fn options_are_told_apart() {
        let place = Place::parse("a@b:c@Host.example:1/?tls=none&&x").unwrap();
        assert_eq!((place.login, place.host.as_str(), place.port), (Some("a@b:c"), "host.example", Some(1)));
        assert!(place.options().eq([("tls", Some("none")), ("x", None)]));
    }

    proptest! {
        #[test]
        fn every_text_survives_its_escape(text in "\\PC{0,20}") {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(unescape(&escaped), Ok(text));
        }
    }
}
