//! What can go wrong with a mailbox.

/// What can go wrong with a mailbox. No text of it holds the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImapError {
    /// No such host, no connection, a certificate that is not trusted, a server that does not want us now.
    #[error("{0}")]
    Unreachable(String),
    /// User or password are wrong, or the server wants another way to log in.
    #[error("the server refuses the login: {0}")]
    Login(String),
    /// The folder is not there, or must not be opened.
    #[error("the folder {folder} cannot be opened: {said}")]
    Folder { folder: String, said: String },
    /// The connection broke, or nothing came over it any more.
    #[error("the connection is lost: {0}")]
    Lost(String),
    /// The server says no to something else.
    #[error("the server refuses {what}: {said}")]
    Refused { what: &'static str, said: String },
}

/// Characters that are kept of what a server says.
const LONGEST: usize = 200;

/// What a server said, fit for a line of the log.
pub(super) fn said(text: &str) -> String {
    let text: String =
        text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if text.is_empty() { "it does not say why".to_owned() } else { text }
}
