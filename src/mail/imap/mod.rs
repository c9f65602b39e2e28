//! A mailbox on an IMAP server (RFC 3501): what came in is fetched, then marked or moved.
//!
//! - [`ImapAccount`]: where the mailbox is and how one logs in, parsed from a URL.
//! - [`Session`]: one connection that has logged in; `search`, `fetch` and `change` are what it can do with the folder
//!   that it has opened, `idle` waits for what comes.
//! - `connection` writes commands and reads responses, which imap-proto parses; `open` gets us there.
//!
//! Nothing here knows what becomes of a mail, or how far somebody has read.

mod account;
mod change;
mod connection;
mod error;
mod fetch;
mod folder;
mod idle;
mod open;
mod search;
mod session;
mod set;

pub use account::{Encryption, ImapAccount, ImapUrlError};
pub use error::ImapError;
pub use session::{Selected, Session};
