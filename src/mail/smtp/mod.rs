//! SMTP with lettre's connection, driven by us a message at a time.
//!
//! lettre's own transport is not used: it answers "sent" to any 2xx or 3xx, has no timeout on replies, and parks a
//! connection whose dialogue was cut off in the middle. Here a connection belongs to one sender, every step has a
//! timeout, only 250 after the final dot counts, and after any doubt the connection is given up.
//!
//! - [`relay`]: the server and how to speak with it.
//! - [`open`]: from nothing to a connection: TCP, TLS, greeting, login.
//! - [`connection`]: one message after another.
//! - `command`, `answer`: what is written for a message, and what is read; `stream`: the bytes below lettre.

pub mod connection;
pub mod open;
pub mod relay;

mod answer;
mod command;
mod features;
mod stream;
mod tls;

pub use connection::Connection;
pub use open::{OpenError, OpenErrorKind};
pub use relay::{Encryption, SmtpRelay, Timeouts};
