//! Mail: composing it, sending it by SMTP.
//!
//! - [`Relay`]: where mail goes, parsed from a URL.
//! - [`smtp`]: one SMTP connection, driven a message at a time.
//! - [`file`]: the relay that writes files.
//! - [`compose`]: a letter becomes bytes.
//! - [`inbound`]: bytes that came in become a mail that is understood.
//! - [`imap`]: a mailbox on a server, from which mail is fetched.
//! - [`delivery`]: what is handed to a relay and what came of it.

pub mod compose;
pub mod delivery;
pub mod file;
pub mod imap;
pub mod inbound;
pub mod relay;
pub mod smtp;

mod tls;
mod url;

pub use delivery::{Delivery, Envelope, Reply};
pub use file::FileRelay;
pub use imap::{ImapAccount, ImapError};
pub use relay::Relay;
pub use smtp::{Connection, OpenError, OpenErrorKind, SmtpRelay, Timeouts};
pub use tls::connector;
pub use url::{PlaceError, authority, host_and_port};

/// Chooses ring as the process's TLS cryptography, unless one was chosen before. Call it first in `main`.
pub fn install_crypto() {
    // An error means that a provider is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
